//! The document is valid, complete and checked in; the types are strict.

mod document;
mod types;
