//! Observability: run records, logs and their retention.
//!
//! (Being written by the lead since 08:02; helpers: leave this crate alone.)
