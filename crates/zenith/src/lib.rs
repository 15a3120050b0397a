//! The only network server: HTTP to calls on planes, and results to HTTP.
//!
//! ```text
//! serve (accept, bounds, drain) > edge (id, guard, identity, scope, trace; problem, metrics, log)
//!     > authorise (the row's permission) > routes/<noun>/<verb>
//! ```
//!
//! The content listener (`content/`) is another server beside it, which shares nothing with it but the
//! planes: what users wrote is served there and nowhere else.
//!
//! The router is built from `nova_api::endpoints`; a route without a row there cannot exist. The
//! edge is one function rather than a stack of layers, because every call to a function passes it.

mod app;
mod body;
mod content;
mod edge;
mod leftover;
mod query;
mod refused;
mod routes;
mod serve;
mod sse;
mod tls;

pub use app::{App, Check, Parts, Readiness, SystemReport};
pub use content::ContentSite;
pub use edge::guard::DevGuard;
pub use edge::proxies::TrustedProxies;
pub use edge::site::Site;
pub use serve::{ServeSettings, serve, serve_content};
pub use tls::Tls;
