//! Messages inside the frames. Payloads are raw JSON in the frame, never JSON in a string.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use thiserror::Error;

/// Why a frame's body is no message.
#[derive(Debug, Error)]
pub enum MessageError {
    /// Not JSON, or not of the shape.
    #[error("malformed message: {0}")]
    Json(#[from] serde_json::Error),
    /// A type number that this side does not take.
    #[error("message type {0} is not expected here")]
    Type(u8),
}

/// How the guest runs code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GuestMode {
    /// The pre-started interpreter loads the handler.
    Handler,
    /// `command` is started for each call: event on stdin, response on stdout.
    Process,
}

/// Makes a sandbox a function's. Sent once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Init {
    #[serde(rename = "type")]
    kind: u8,
    pub protocol: u32,
    /// Version of the host's build, for the log.
    pub build: String,
    pub mode: GuestMode,
    pub handler: String,
    /// File that is imported or started, relative to `code_dir`.
    pub entry: String,
    /// Program and arguments of mode `process`.
    pub command: Vec<String>,
    pub function: String,
    pub version: u32,
    pub memory_mb: u32,
    pub timeout_s: u32,
    /// Largest file that user code may write, bytes.
    pub file_size: u64,
    pub env: BTreeMap<String, String>,
    /// Calls at once.
    pub concurrency: u32,
    /// Bytes in one chunk of a streamed stdout.
    pub streaming_chunk: usize,
    pub code_dir: String,
    pub layers: Vec<String>,
    /// Longest response that mode `process` may give, bytes.
    pub output_max: usize,
    /// What the runtime started stays between calls (and ends with the sandbox).
    #[serde(default)]
    pub keeps_processes: bool,
    /// Ports to which code may connect; none: there is no network.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub egress_ports: Vec<u16>,
}

impl Init {
    /// An Init with empty text fields and the defaults of the protocol.
    pub fn new(mode: GuestMode) -> Self {
        Self {
            kind: 1,
            protocol: super::PROTOCOL_VERSION,
            build: env!("CARGO_PKG_VERSION").to_owned(),
            mode,
            handler: String::new(),
            entry: String::new(),
            command: Vec::new(),
            function: String::new(),
            version: 0,
            memory_mb: 128,
            timeout_s: 30,
            file_size: 64 << 20,
            env: BTreeMap::new(),
            concurrency: 1,
            streaming_chunk: super::STREAM_CHUNK_DEFAULT,
            code_dir: "/code".to_owned(),
            layers: Vec::new(),
            output_max: 6 << 20,
            keeps_processes: false,
            egress_ports: Vec::new(),
        }
    }
}

/// Runs one call.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Exec<'a> {
    #[serde(rename = "type")]
    kind: u8,
    #[serde(borrow)]
    pub request_id: Cow<'a, str>,
    #[serde(borrow)]
    pub input: &'a RawValue,
    /// When user code must be done, milliseconds since the Unix epoch (for `context`).
    pub deadline_ms: f64,
    /// How long user code may take, milliseconds (kept by the agent).
    pub timeout_ms: u64,
    pub stream: bool,
    /// With `stream`: what a handler returns without having written a chunk is the result, not a chunk.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole: bool,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<Cow<'a, str>>,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    pub tracestate: Option<Cow<'a, str>>,
    /// JSON text of a client of AWS, for the handler's context.
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    pub client_context: Option<Cow<'a, str>>,
}

impl<'a> Exec<'a> {
    /// A call without streaming and trace.
    pub fn new(request_id: &'a str, input: &'a RawValue, deadline_ms: f64, timeout_ms: u64) -> Self {
        Self {
            kind: 2,
            request_id: Cow::Borrowed(request_id),
            input,
            deadline_ms,
            timeout_ms,
            stream: false,
            whole: false,
            traceparent: None,
            tracestate: None,
            client_context: None,
        }
    }
}

/// Ends one call because its caller went away.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Cancel {
    #[serde(rename = "type")]
    kind: u8,
    pub request_id: String,
}

impl Cancel {
    /// Cancels the call of that id.
    pub fn new(request_id: impl Into<String>) -> Self {
        Self { kind: 6, request_id: request_id.into() }
    }
}

/// Has the agent look after a call that the host gave to the shim directly: keep its time,
/// collect its lines. The answer comes from the agent then, after an [`End`] at the latest.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Watch {
    #[serde(rename = "type")]
    kind: u8,
    pub request_id: String,
    /// How long the call runs already, microseconds.
    pub elapsed_us: u64,
    /// How long user code may take in all, milliseconds.
    pub timeout_ms: u64,
}

impl Watch {
    /// Watches the call of that id.
    pub fn new(request_id: impl Into<String>, elapsed_us: u64, timeout_ms: u64) -> Self {
        Self { kind: 11, request_id: request_id.into(), elapsed_us, timeout_ms }
    }
}

/// The shim has answered a watched call: the agent answers with its lines.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct End {
    #[serde(rename = "type")]
    kind: u8,
    pub request_id: String,
}

impl End {
    /// Ends the watch over the call of that id.
    pub fn new(request_id: impl Into<String>) -> Self {
        Self { kind: 12, request_id: request_id.into() }
    }
}

/// What kind of failure a [`GuestError`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum GuestErrorKind {
    /// The handler raised.
    #[default]
    Error,
    /// The code could not be loaded.
    Init,
    Timeout,
    /// It exited with a code other than 0, or ended although it should stay.
    Exit,
    /// It was ended by a signal.
    Crash,
    /// Its answer is no valid response.
    BadResponse,
    /// The host cancelled it.
    Cancelled,
    /// The message cannot be served: no Init yet, too many calls, an unknown id.
    Protocol,
    /// The runtime ended, for a reason of its own, before it took the call: it may run elsewhere.
    NotBegun,
}

/// Why a call has no output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct GuestError {
    #[serde(default)]
    pub kind: GuestErrorKind,
    #[serde(rename = "type", default)]
    pub error_type: String,
    #[serde(default)]
    pub message: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stack: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
}

impl GuestError {
    /// What a shim may say of its call: user code writes to the same descriptors, so the kinds
    /// that only the agent can know are not taken from there.
    pub fn of_shim(self) -> Self {
        let kind = match self.kind {
            GuestErrorKind::Exit
            | GuestErrorKind::BadResponse
            | GuestErrorKind::Init
            | GuestErrorKind::NotBegun => self.kind,
            _ => GuestErrorKind::Error,
        };
        Self { kind, signal: None, ..self }
    }
}

/// One line that user code printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestLine {
    /// Microseconds since the Unix epoch.
    #[serde(rename = "t")]
    pub at: i64,
    /// 1 stdout, 2 stderr, 0 a remark of the agent.
    #[serde(rename = "s")]
    pub stream: u8,
    #[serde(rename = "l")]
    pub text: String,
}

/// The end of a call (or of Init).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Resp<'a> {
    #[serde(rename = "type")]
    kind: u8,
    #[serde(borrow)]
    pub request_id: Cow<'a, str>,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    pub output: Option<&'a RawValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<GuestError>,
    /// Time in user code, microseconds.
    #[serde(default)]
    pub exec_us: u64,
    /// The sandbox cannot take another call.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fatal: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub logs: Vec<GuestLine>,
    /// Bytes of log that were dropped.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub logs_dropped: u64,
    /// In the answer to Init: calls may go to the shim directly from now on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub direct: bool,
}

fn is_zero(value: &u64) -> bool {
    *value == 0
}

impl<'a> Resp<'a> {
    /// An empty answer to `request_id`.
    pub fn new(request_id: impl Into<Cow<'a, str>>) -> Self {
        Self {
            kind: 3,
            request_id: request_id.into(),
            output: None,
            error: None,
            exec_us: 0,
            fatal: false,
            logs: Vec::new(),
            logs_dropped: 0,
            direct: false,
        }
    }
}

/// Bytes of a streaming call, base64.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StreamChunk<'a> {
    #[serde(rename = "type")]
    kind: u8,
    #[serde(borrow)]
    pub request_id: Cow<'a, str>,
    #[serde(borrow)]
    pub data: Cow<'a, str>,
    #[serde(default)]
    pub is_last: bool,
}

impl<'a> StreamChunk<'a> {
    /// A chunk of `request_id` holding base64 `data`.
    pub fn new(request_id: &'a str, data: &'a str) -> Self {
        Self { kind: 7, request_id: Cow::Borrowed(request_id), data: Cow::Borrowed(data), is_last: false }
    }
}

/// Lines of a call that still runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LogMessage {
    #[serde(rename = "type")]
    kind: u8,
    pub request_id: String,
    pub logs: Vec<GuestLine>,
}

impl LogMessage {
    /// Lines of the call `request_id`.
    pub fn new(request_id: impl Into<String>, logs: Vec<GuestLine>) -> Self {
        Self { kind: 10, request_id: request_id.into(), logs }
    }
}

/// A message to the guest.
#[derive(Debug)]
pub enum HostMessage<'a> {
    Init(Box<Init>),
    Exec(Exec<'a>),
    Ping,
    Stop,
    Cancel(Cancel),
    Watch(Watch),
    End(End),
}

/// A message to the host (or from a shim to the agent).
#[derive(Debug)]
pub enum GuestMessage<'a> {
    Resp(Resp<'a>),
    Ping,
    Stream(StreamChunk<'a>),
    Log(LogMessage),
}

#[derive(Deserialize)]
struct Head {
    #[serde(rename = "type")]
    kind: u8,
}

/// The type number. Every writer of ours puts it first, so the common case is one look.
fn kind_of(body: &[u8]) -> Result<u8, MessageError> {
    if let Some(rest) = body.strip_prefix(b"{\"type\":") {
        match rest {
            [digit @ b'0'..=b'9', b',' | b'}', ..] => return Ok(digit - b'0'),
            [b'1', digit @ b'0'..=b'9', b',' | b'}', ..] => return Ok(10 + digit - b'0'),
            _ => {}
        }
    }
    Ok(serde_json::from_slice::<Head>(body)?.kind)
}

impl<'a> HostMessage<'a> {
    /// Parses the body of a frame from the host.
    pub fn parse(body: &'a [u8]) -> Result<Self, MessageError> {
        Ok(match kind_of(body)? {
            1 => Self::Init(serde_json::from_slice(body)?),
            2 => Self::Exec(serde_json::from_slice(body)?),
            4 => Self::Ping,
            5 => Self::Stop,
            6 => Self::Cancel(serde_json::from_slice(body)?),
            11 => Self::Watch(serde_json::from_slice(body)?),
            12 => Self::End(serde_json::from_slice(body)?),
            other => return Err(MessageError::Type(other)),
        })
    }
}

impl<'a> GuestMessage<'a> {
    /// Parses the body of a frame from the guest.
    pub fn parse(body: &'a [u8]) -> Result<Self, MessageError> {
        Ok(match kind_of(body)? {
            3 => Self::Resp(serde_json::from_slice(body)?),
            4 => Self::Ping,
            7 => Self::Stream(serde_json::from_slice(body)?),
            10 => Self::Log(serde_json::from_slice(body)?),
            other => return Err(MessageError::Type(other)),
        })
    }
}

/// The frame body of a Ping.
pub const PING: &[u8] = b"{\"type\":4}";
/// The frame body of a Stop.
pub const STOP: &[u8] = b"{\"type\":5}";

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_exec_carries_its_payload_as_raw_json() {
        let input: &RawValue = serde_json::from_str(r#"{"a": [1,  2]}"#).expect("json");
        let exec = Exec::new("r1", input, 1.5, 1000);
        let body = serde_json::to_vec(&exec).expect("serialises");
        assert!(body.starts_with(b"{\"type\":2,"));
        match HostMessage::parse(&body).expect("parses") {
            HostMessage::Exec(parsed) => assert_eq!(parsed.input.get(), r#"{"a": [1,  2]}"#),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn wrong_types_and_malformed_bodies_are_typed_errors() {
        assert!(matches!(HostMessage::parse(b"{\"type\":3}"), Err(MessageError::Type(3))));
        assert!(matches!(GuestMessage::parse(b"{\"type\":1}"), Err(MessageError::Type(1))));
        assert!(matches!(GuestMessage::parse(b"[]"), Err(MessageError::Json(_))));
        assert!(matches!(GuestMessage::parse(b"{\"type\":3}"), Err(MessageError::Json(_))));
        assert!(matches!(GuestMessage::parse(b"{\"type\": 300}"), Err(MessageError::Json(_))));
    }

    #[test]
    fn a_type_that_is_not_first_is_still_found() {
        let body = br#"{"request_id":"x","type":3}"#;
        assert!(matches!(GuestMessage::parse(body), Ok(GuestMessage::Resp(_))));
    }

    proptest! {
        #[test]
        fn random_bodies_never_panic(body in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = HostMessage::parse(&body);
            let _ = GuestMessage::parse(&body);
        }

        #[test]
        fn bodies_that_begin_like_messages_never_panic(kind in 0u8..20, rest in ".{0,200}") {
            let body = format!("{{\"type\":{kind},{rest}");
            let _ = HostMessage::parse(body.as_bytes());
            let _ = GuestMessage::parse(body.as_bytes());
        }
    }
}
