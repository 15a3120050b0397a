//! The server over HTTP: real control plane and store (SQLite), scripted execution.

mod calls;
mod client;
mod code;
mod connection;
mod edge;
mod functions;
mod logs;
mod platform;
mod runs;
mod stats;
mod streams;
mod support;
mod sweep;
mod versions;
