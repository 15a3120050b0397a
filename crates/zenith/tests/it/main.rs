//! The server over HTTP: real control plane and store (SQLite, for access PostgreSQL too), scripted execution.

mod access;
mod aliases;
mod audit;
mod authorisation;
mod aws;
mod calls;
mod client;
mod code;
mod connection;
mod content;
mod edge;
mod functions;
mod issuer;
mod jobs;
mod logs;
mod narrow;
mod oidc;
mod people;
mod platform;
#[path = "../../../store/tests/support/postgres.rs"]
mod postgres;
mod quotas;
mod runs;
mod stats;
mod streams;
mod support;
mod sweep;
mod tokens;
mod versions;
mod visitors;
