//! The control plane over a real SQLite store, with scripted sandboxes.

mod alias;
mod build;
mod catalog;
mod change;
mod code;
mod create;
mod quota;
mod secret;
mod support;
mod version;
