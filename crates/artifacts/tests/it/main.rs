//! Trees, objects and the code cache against real files and a real S3 protocol server.

mod archives;
mod cache;
mod objects;
mod trees;
