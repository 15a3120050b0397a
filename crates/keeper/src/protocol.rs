//! What server and keeper say to each other: one JSON document per packet on a
//! `SOCK_SEQPACKET` Unix socket, descriptors beside it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use nova_agent::guest::Program;

/// Version of this protocol; `hello` compares it.
pub const PROTOCOL_VERSION: u32 = 2;
/// Largest packet, bytes.
pub const PACKET_MAX: usize = 128 * 1024;

/// One request; `id` comes back in the [`Reply`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Request {
    pub id: u64,
    #[serde(flatten)]
    pub body: RequestBody,
}

/// The requests there are.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum RequestBody {
    /// Must be the first on a connection.
    Hello { protocol: u32, build: String },
    /// What to keep in stock from now on, whole; runtimes not named are emptied.
    Stock { stock: Vec<StockSpec> },
    /// Hands out a sandbox, from stock if there is one. Reply carries three descriptors: the
    /// channel to the agent, a pidfd of the sandbox's first process, and the link on which the
    /// agent asks for connections (packets of `nova_agent::protocol::egress`).
    Launch(Box<LaunchSpec>),
    /// Every sandbox there is.
    List,
    /// The channel, pidfd and link of a sandbox whose server is gone; it belongs to the caller from then on.
    Adopt { sandbox: u64 },
    /// Sends a signal to the first process of a sandbox; 9 ends all of it.
    Signal { sandbox: u64, signal: i32 },
    /// Ends a sandbox: SIGTERM, and SIGKILL after `grace_ms`.
    Stop { sandbox: u64, grace_ms: u64 },
    /// What a sandbox used so far.
    Usage { sandbox: u64 },
    /// State of the keeper and of the layers of isolation it can give.
    Status,
    /// Ends all sandboxes and the keeper.
    Shutdown,
}

/// Pre-started sandboxes of one runtime.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct StockSpec {
    /// Name that [`LaunchSpec::stock`] refers to, e.g. `python-3.11.2`; the empty name has no runtime.
    pub key: String,
    /// The interpreter with its shim; `None` for a sandbox with the agent alone.
    pub runtime: Option<Program>,
    /// How many to keep.
    pub target: u32,
}

/// A folder of the host that appears in a sandbox.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct MountSpec {
    /// Absolute path; must lie below a folder that the keeper was started with.
    pub source: String,
    /// Absolute path in the sandbox; must exist there.
    pub target: String,
}

/// Limits of a sandbox.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, PartialEq, Eq)]
pub struct SandboxLimits {
    pub memory_bytes: u64,
    /// CPU time per wall time, thousandths of one CPU.
    pub cpu_millis: u32,
    pub pids: u32,
    /// Size of `/tmp`, bytes.
    pub tmp_bytes: u64,
}

impl Default for SandboxLimits {
    /// What a sandbox in stock has; a launch with these is the fastest.
    fn default() -> Self {
        Self { memory_bytes: 128 << 20, cpu_millis: 1000, pids: 128, tmp_bytes: 64 << 20 }
    }
}

/// What becomes of a sandbox when its server is gone.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Lifetime {
    /// Ends after the keeper's grace period.
    Server,
    /// Goes on until it is stopped.
    Keeper,
}

/// A sandbox to hand out.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LaunchSpec {
    /// Take one from this stock; one is made from scratch if it is empty.
    pub stock: String,
    /// Used when the stock is not known (or made from scratch).
    pub runtime: Option<Program>,
    pub mounts: Vec<MountSpec>,
    pub limits: SandboxLimits,
    pub lifetime: Lifetime,
    /// Whose it is, for `list` and the log.
    pub label: String,
    /// Body of the first frame to the agent, sent as soon as the mounts are there. The keeper
    /// does not look at it. Empty: the server sends everything itself.
    #[serde(default)]
    pub opening: String,
}

/// The answer to a request.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Reply {
    pub id: u64,
    #[serde(flatten)]
    pub body: ReplyBody,
}

/// The answers there are.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum ReplyBody {
    Hello {
        protocol: u32,
        build: String,
        pid: u32,
        rootless: bool,
    },
    Done,
    Launched {
        sandbox: u64,
        pid: u32,
        from_stock: bool,
        memory_peak_file: Option<String>,
        /// Whether [`LaunchSpec::opening`] was sent.
        #[serde(default)]
        opened: bool,
    },
    Sandboxes {
        sandboxes: Vec<SandboxInfo>,
    },
    Usage(Usage),
    Status(Box<Status>),
    Error {
        error: String,
        kind: ErrorKind,
    },
}

/// Why a request failed.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The request is wrong.
    Invalid,
    /// No such sandbox (any more).
    Gone,
    /// No room: all host uids are in use.
    Full,
    /// The kernel refused.
    System,
}

/// What the keeper says unasked.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A sandbox of this connection ended.
    Exited {
        sandbox: u64,
        /// Why it could not be made, if that was it.
        setup_error: Option<String>,
        usage: Usage,
    },
}

/// A packet from the keeper.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FromKeeper {
    Event(Event),
    Reply(Reply),
}

/// What a sandbox used.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, PartialEq, Eq)]
pub struct Usage {
    /// Processes that the kernel killed at the memory limit.
    pub oom_kills: u64,
    /// Highest memory use, bytes; 0 where unknown.
    pub memory_peak: u64,
    /// CPU time, microseconds; 0 where unknown.
    pub cpu_us: u64,
}

/// A sandbox, for `list`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SandboxInfo {
    pub sandbox: u64,
    pub pid: u32,
    pub uid: u32,
    pub label: String,
    pub stock: String,
    pub leased: bool,
    pub age_ms: u64,
    pub memory_bytes: u64,
    /// Name of its control groups, which says nothing to whoever sees it from inside.
    #[serde(default)]
    pub group: String,
}

/// One layer of isolation and whether this host gives it.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct Layer {
    pub name: String,
    pub active: bool,
    /// How it is given, or what is lost without it and how to get it.
    pub detail: String,
}

/// State of the keeper.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Status {
    pub pid: u32,
    pub rootless: bool,
    pub layers: Vec<Layer>,
    /// Per stock: ready, starting, target.
    pub stock: BTreeMap<String, StockState>,
    pub sandboxes: u32,
    pub launched_total: u64,
    pub from_stock_total: u64,
    /// Latest error while refilling, if the last try failed.
    pub refill_error: Option<String>,
}

/// How one stock stands.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, PartialEq, Eq)]
pub struct StockState {
    pub ready: u32,
    pub starting: u32,
    pub target: u32,
    /// Memory of those in stock together, bytes.
    pub memory_bytes: u64,
}
