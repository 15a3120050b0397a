//! The real binary, used as a person would: a server in a temporary folder, the CLI, and
//! plain HTTP. One server serves all tests of this file's modules that only need one.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod access;
mod audit;
mod cli;
mod content;
mod crowd;
mod dependencies;
mod examples;
mod failures;
mod http;
mod jobs;
mod lambda;
mod lambda_programs;
mod lifecycle;
mod logs;
#[path = "../../../store/tests/support/postgres.rs"]
mod postgres;
mod proxies;
mod quotas;
mod rollouts;
mod rootless;
mod secrets;
mod server;
mod stream;
mod tls;
mod traces;
mod versions;
