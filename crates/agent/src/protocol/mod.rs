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
//!
//! 8 (Call) and 9 (Reply) are reserved for calls that running code makes.
//! The same frames go between agent and language shim, over a socket pair of their own.
//! One connection carries many calls, told apart by `request_id`.

pub mod egress;
pub mod frame;
pub mod message;

pub use frame::{FRAME_MAX, FrameBuffer, FrameError, encode_frame};
pub use message::{
    Cancel, Exec, GuestError, GuestErrorKind, GuestLine, GuestMessage, GuestMode, HostMessage, Init,
    LogMessage, MessageError, Resp, StreamChunk,
};

/// Version of this protocol. Init carries it; a guest that speaks another refuses.
pub const PROTOCOL_VERSION: u32 = 1;
/// The `request_id` of the answer to Init.
pub const INIT_ID: &str = "init";
/// Size of a stream chunk when Init names none, bytes.
pub const STREAM_CHUNK_DEFAULT: usize = 4096;
