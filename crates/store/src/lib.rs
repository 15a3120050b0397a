//! Repositories per noun over SQLite or PostgreSQL.
//!
//! [`repo`] holds one trait per noun and is all that planes see; `sqlite` and
//! `postgres` implement them, each in its engine's own best SQL. SQLite is three
//! files in one directory (`nova.db` configuration, `work.db` queue and journals,
//! `log.db` run records and logs, which may be dropped); no transaction spans two.
//!
//! Every method takes a [`Scope`](nova_domain::Scope), or [`System`] where it looks
//! across tenants. To add a noun: a trait in `repo`, a migration of the same number for
//! both engines, an implementation in each engine's folder with its statements listed in
//! that engine's registry, and cases in `tests/it/contract`.

mod access_rows;
pub mod audit;
mod error;
mod migrate;
mod observe;
pub mod options;
pub mod page;
mod postgres;
pub mod repo;
mod rows;
mod sqlite;
mod statement;
pub mod store;
pub mod url;

pub use options::StoreOptions;
pub use page::{Page, PageRequest};
pub use store::{Store, System};
pub use url::DatabaseUrl;
