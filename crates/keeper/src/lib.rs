//! The privileged side of Nova: makes, limits, signals and buries sandboxes.
//!
//! [`process::run`] is the keeper process: one thread, no network, no async runtime. It
//! listens on a Unix socket and answers [`protocol`]; [`client`] is the other end.
//!
//! ```text
//! nova serve --seqpacket socket, fds--> keeper --clone3--> sandbox (agent = pid 1)
//!      \________________ stream socket, frames of nova-agent __________/
//! ```
//!
//! What the keeper must not do: parse what user code writes, open paths that the server
//! names outside the folders it was started with, or keep state that a restart loses: it
//! finds its own leftovers by label ([`process::leftovers`]).

pub mod client;
pub mod process;
pub mod protocol;
mod sandbox;
mod socket;
mod sys;

/// The static agent, as it is placed in every sandbox.
pub static AGENT: &[u8] = include_bytes!(env!("NOVA_AGENT_BINARY"));
