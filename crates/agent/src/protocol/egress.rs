//! What agent and host say on the link for connections: one JSON document per packet, apart
//! from the frames of calls, so that neither waits for the other.
//!
//! The agent decides nothing. It passes on which name is asked for, and each connection that
//! code in the sandbox opened: the packet of a [`GuestRequest::Connect`] carries the accepted
//! socket itself, and the host moves its bytes from then on. A backend that cannot pass
//! descriptors gives each connection a stream of its own beside such a packet.

use serde::{Deserialize, Serialize};

/// Largest packet, bytes.
pub const PACKET_MAX: usize = 4096;

/// From the agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum GuestRequest {
    /// Somebody asks for the address of a name.
    Resolve { id: u32, name: String },
    /// Somebody connected to this address; the socket is beside the packet.
    Connect { address: [u8; 4], port: u16 },
}

/// From the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum HostReply {
    /// The address under which the name can be reached inside.
    Resolved { id: u32, address: [u8; 4] },
    /// There is none.
    Unresolved { id: u32, why: Unresolved },
    /// A line for the function's log.
    Note { text: String },
}

/// Why a name has no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unresolved {
    /// It does not exist, or must not be reached.
    NoSuchName,
    /// It could not be looked up.
    Failed,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn messages_survive_the_wire() {
        let request = GuestRequest::Connect { address: [127, 64, 0, 1], port: 443 };
        let bytes = serde_json::to_vec(&request).expect("plain data");
        assert_eq!(serde_json::from_slice::<GuestRequest>(&bytes).expect("ours"), request);
        let reply = HostReply::Unresolved { id: 7, why: Unresolved::Failed };
        let bytes = serde_json::to_vec(&reply).expect("plain data");
        assert_eq!(serde_json::from_slice::<HostReply>(&bytes).expect("ours"), reply);
    }

    proptest! {
        #[test]
        fn a_request_with_any_name_fits_into_a_packet(name in "\\PC{0,253}") {
            let bytes = serde_json::to_vec(&GuestRequest::Resolve { id: u32::MAX, name }).expect("plain data");
            prop_assert!(bytes.len() <= PACKET_MAX);
        }

        #[test]
        fn random_packets_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = serde_json::from_slice::<GuestRequest>(&bytes);
            let _ = serde_json::from_slice::<HostReply>(&bytes);
        }
    }
}
