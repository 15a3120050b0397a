//! The contract of the repositories, run on both engines, and what only one engine has.

mod contract;
mod crash;
mod fixture;
mod postgres;
mod sqlite;
#[path = "../support/postgres.rs"]
mod support;
mod tls;
