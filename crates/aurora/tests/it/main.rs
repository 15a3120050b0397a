//! Recording, storing and reading back, with a scripted invoker and a real store.

mod calls;
mod follow;
mod live;
mod retention;
mod sink;
mod streams;
mod support;
