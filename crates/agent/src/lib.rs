//! The framed protocol between Nova and the agent in a sandbox ([`protocol`]), the
//! agent itself ([`guest`]), and the language shims that the agent starts ([`shims`]).

pub mod descriptors;
pub mod guest;
pub mod packet;
pub mod protocol;
pub mod shims;
