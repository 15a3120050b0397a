//! The queue over a store of its own, with an invoker and a clock that do as told.
#![allow(clippy::unwrap_used)]

mod enqueue;
mod jobs;
mod stop;
mod support;
mod worker;
