//! Wire between host and guest: each frame is a 4-byte big-endian length and that many
//! bytes of JSON, at most [`FRAME_MAX`]. The first field of every message is `type`.
//!
//! | type | message | direction |
//! |---|---|---|
//! | 1 | Init | host to guest |
//! | 2 | Exec | host to guest |
//! | 3 | Resp | guest to host, also the answer to Init (`request_id` = `init`) |
//! | 4 | Ping | both ways; the guest also sends one when it is up |
//! | 5 | Stop | host to guest |
//! | 6 | Cancel | host to guest: the caller of a request went away |
//! | 7 | Stream | guest to host |
//! | 10 | Log | guest to host: lines of a call that still runs |
//! | 11 | Watch | host to guest: a direct call takes long, or is to be cancelled |
//! | 12 | End | host to guest: a watched call has answered |
//!
//! 8 (Call) and 9 (Reply) are reserved for calls that running code makes.
//! The same frames go between agent and language shim, over a socket pair of their own.
//! One connection carries many calls, told apart by `request_id`.
//!
//! **Direct calls.** A shim that runs one call at a time and says `direct` in its answer to
//! Init gets short calls without the agent in between: over a pair of packet sockets whose
//! ends the agent hands to the host with the answer to Init. One packet is the body of one
//! Exec or Resp. The rules:
//!
//! * The agent begins it with a Ping to the shim. From then on the shim reads packets, and
//!   the agent sends the packet [`RING`] along with every frame on the shim's stream.
//! * The shim takes one packet at a time and answers it before it takes the next. So the
//!   host can take back what was not begun: it holds the shim's end too, and the kernel
//!   gives each packet to one reader only.
//! * If a call printed something or started a process, the shim answers it to the agent
//!   instead and waits for a Ping. The agent collects the lines, ends the processes, and
//!   passes the answer on with them. So lines get to their call and nothing is left running
//!   for the next, exactly as without direct calls.
//! * The end of the runtime is a Resp with the `request_id` [`RUNTIME_ID`]: it is the answer
//!   of the call that the shim had taken, if there is one.
//! * A call that takes longer than a moment is watched: the agent keeps its time and passes
//!   its lines on as for any other.
//! * A Watch may come late: the host sends it before it has read that the agent answered the
//!   call, and the shim may have gone on by then. The host has at most [`DIRECT_MAX`] direct
//!   calls without an answer, and the agent remembers at least as many that it answered, so
//!   it never watches a call that is over.
//! * Either the shim has direct calls, or the agent has one call: the host never mixes them,
//!   because the agent could not tell whose lines it reads.
//! * With Ping the host asks the agent to end what is left running while no call is.

pub mod egress;
pub mod frame;
pub mod message;

pub use frame::{FRAME_MAX, FrameBuffer, FrameError, encode_frame};
pub use message::{
    Cancel, End, Exec, GuestError, GuestErrorKind, GuestLine, GuestMessage, GuestMode, HostMessage, Init,
    LogMessage, MessageError, Resp, StreamChunk, Watch,
};

/// Version of this protocol. Init carries it; a guest that speaks another refuses.
pub const PROTOCOL_VERSION: u32 = 1;
/// The `request_id` of the answer to Init.
pub const INIT_ID: &str = "init";
/// The `request_id` of the news that the runtime ended.
pub const RUNTIME_ID: &str = "runtime";
/// The packet that tells a shim that a frame is on its stream.
pub const RING: &[u8] = b"!";
/// Longest body of a direct Exec, bytes: what a shim reads at once.
pub const PACKET_MAX: usize = 64 * 1024;
/// Direct calls of one sandbox that may be without an answer at the host.
pub const DIRECT_MAX: usize = 16;
/// The argument that tells a shim that descriptor 4 is its packet socket.
pub const DIRECT_ARGUMENT: &str = "--direct";
/// Size of a stream chunk when Init names none, bytes.
pub const STREAM_CHUNK_DEFAULT: usize = 4096;
