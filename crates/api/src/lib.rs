//! The wire of Nova: versioned request and response types, the problem document, the
//! table of endpoints, the OpenAPI document made from it, and (feature `client`) a
//! typed client.
//!
//! To add an endpoint: its types in [`v1`], its row in [`endpoints::ENDPOINTS`], its
//! handler in `zenith/src/routes`, then write `openapi/v1.json` anew
//! (`cargo xtask generated --write`, or `NOVA_BLESS=1 cargo test -p nova-api`).

pub mod aws;
#[cfg(feature = "client")]
pub mod client;
pub mod endpoints;
pub mod headers;
pub mod openapi;
mod schema;
pub mod time;
pub mod v1;
