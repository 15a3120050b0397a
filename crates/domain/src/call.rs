//! A call into user code and what comes back.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::access::Principal;
use crate::fault::{Code, Fault, FaultResult};
use crate::function::{Function, Mode, PoolSettings, VersionSpec};
use crate::id::{Digest, FunctionId, RunId};
use crate::log::LogLine;
use crate::name::{AliasName, FunctionName, Scope};
use crate::run::Usage;

/// Largest event that a synchronous call takes, bytes.
pub const PAYLOAD_IN_MAX: usize = 6 * 1024 * 1024;
/// Largest answer that a synchronous call gives, bytes.
pub const PAYLOAD_OUT_MAX: usize = 6 * 1024 * 1024;
/// Deepest chain of calls that call each other.
pub const CALL_DEPTH_MAX: u32 = 32;

/// Which version of a function is meant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum Qualifier {
    /// The active version.
    #[default]
    Active,
    /// The version with the highest number (`$LATEST`).
    Latest,
    /// That very version.
    Number(u32),
    /// Whatever version the alias means for this call.
    Alias(AliasPick),
}

/// An alias, and what decides between its versions: calls with the same point run the same version
/// as long as that version's weight does not shrink.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AliasPick {
    pub name: AliasName,
    /// `None`: its main version.
    pub point: Option<u64>,
}

impl Qualifier {
    /// Parses `?qualifier=`: empty, `active`, `$LATEST`, `latest`, a version number or an alias.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        match text {
            "" | "active" => Ok(Self::Active),
            "$LATEST" | "latest" => Ok(Self::Latest),
            _ => match text.trim_start_matches('v').parse() {
                Ok(number) => Ok(Self::Number(number)),
                Err(_) => AliasName::new(text).map(Self::alias).map_err(|_| {
                    let shown: String = text.chars().take(40).collect();
                    Fault::invalid(format!(
                        "qualifier {shown:?} is neither a version number, nor $LATEST, nor the name of an alias"
                    ))
                }),
            },
        }
    }

    /// The alias of that name; its main version unless a point is given.
    pub fn alias(name: AliasName) -> Self {
        Self::Alias(AliasPick { name, point: None })
    }

    /// The same, with what decides between the versions of an alias.
    #[must_use]
    pub fn at_point(mut self, point: u64) -> Self {
        if let Self::Alias(pick) = &mut self {
            pick.point = Some(point);
        }
        self
    }
}

/// A function and which version of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FunctionRef {
    pub name: FunctionName,
    pub qualifier: Qualifier,
}

/// Everything that running code needs; resolved once, then passed along unchanged.
#[derive(Debug, Clone)]
pub struct FunctionSnapshot {
    pub function: Function,
    /// The version that runs.
    pub version: u32,
    pub spec: VersionSpec,
    /// The tree that is mounted as `/code`.
    pub code: Digest,
    /// The tree of installed packages beside it.
    pub installed: Option<Digest>,
    /// Changes whenever a secret that the environment refers to changes (value or grants), so
    /// that no sandbox with an old value gets another call. 0 without references.
    pub secrets: u64,
}

/// What a sandbox belongs to, for ever: one version of a function, with one state of its secrets.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SandboxKey {
    pub function: FunctionId,
    pub version: u32,
    pub secrets: u64,
}

impl FunctionSnapshot {
    /// What a sandbox belongs to, for ever.
    pub fn key(&self) -> SandboxKey {
        SandboxKey { function: self.function.id.clone(), version: self.version, secrets: self.secrets }
    }

    /// How its sandboxes are pooled. The Lambda Runtime API gives a program one call at a
    /// time, whatever the function is set to.
    pub fn pool(&self) -> PoolSettings {
        let mut pool = self.function.pool.clone();
        if self.spec.mode == Mode::Lambda {
            pool.instance_concurrency = 1;
        }
        pool
    }
}

/// How a run was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallSource {
    /// A synchronous request to the API.
    Api,
    /// A streaming request to the API.
    Stream,
    /// Running code that called another function.
    Function,
    /// A request to the content listener.
    Http,
    /// An attempt of a job.
    Queue,
}

impl CallSource {
    /// Every source there is.
    pub const ALL: &'static [CallSource] =
        &[CallSource::Api, CallSource::Stream, CallSource::Function, CallSource::Http, CallSource::Queue];

    /// The name in the API and in storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            CallSource::Http => "http",
            CallSource::Queue => "queue",
            CallSource::Api => "api",
            CallSource::Stream => "stream",
            CallSource::Function => "function",
        }
    }
}

/// W3C trace context of a call. Both values are as in the headers of that name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TraceContext {
    pub traceparent: Option<String>,
    pub tracestate: Option<String>,
}

/// Which functions led to this call, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallChain(pub Vec<FunctionName>);

impl CallChain {
    /// Refuses a further call that would be too deep, or go round in a circle (`LoopDetected`).
    pub fn admit(&self, target: &FunctionName) -> FaultResult<()> {
        if self.0.len() >= CALL_DEPTH_MAX as usize {
            return Err(Fault::new(
                Code::LoopDetected,
                format!("the call is {} calls deep; the limit is {CALL_DEPTH_MAX}", self.0.len() + 1),
            ));
        }
        if self.0.contains(target) {
            let mut circle: Vec<_> = self.0.iter().map(|name| name.as_str()).collect();
            circle.push(target.as_str());
            return Err(Fault::new(
                Code::LoopDetected,
                format!("functions call each other in a circle: {}", circle.join(" > ")),
            ));
        }
        Ok(())
    }
}

/// One call, as it enters `Invoker`.
#[derive(Debug, Clone)]
pub struct Call {
    pub id: RunId,
    pub scope: Scope,
    pub target: FunctionRef,
    /// The event: JSON text.
    pub payload: Bytes,
    pub source: CallSource,
    pub chain: CallChain,
    pub trace: TraceContext,
    /// Time the caller is willing to wait in all, if it said so.
    pub deadline: Option<Duration>,
    /// Fires when the caller went away.
    pub cancel: CancellationToken,
    /// Who calls; `None`: the server itself, or somebody who need not be known.
    pub caller: Option<Arc<Principal>>,
    /// JSON that an AWS client sends along, for the function's context.
    pub client_context: Option<Arc<str>>,
}

/// What became of a call that its caller left.
pub fn cancelled() -> Fault {
    Fault::new(Code::Cancelled, "the caller went away and the call was ended")
}

/// Why user code gave no result. The platform did its part; the answer is 200 with this in `error`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionError {
    pub kind: FunctionErrorKind,
    /// The language's name of the error (`ValueError`), or a name of ours (`Timeout`).
    #[serde(rename = "type")]
    pub error_type: String,
    pub message: String,
    /// Frames of user code, innermost last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stack: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
}

impl FunctionError {
    /// The `error_type` of a response over [`PAYLOAD_OUT_MAX`], whoever noticed (shim, agent, comet).
    pub const RESPONSE_TOO_LARGE: &str = "ResponseTooLarge";

    /// What a record says of a call that the platform could not bring to its end.
    pub fn of_fault(fault: &Fault) -> Self {
        Self {
            kind: FunctionErrorKind::Error,
            error_type: fault.code().as_str().to_owned(),
            message: fault.message().to_owned(),
            stack: Vec::new(),
            exit_code: None,
            signal: None,
        }
    }

    /// Whether the response was over the limit.
    pub fn is_too_large(&self) -> bool {
        self.kind == FunctionErrorKind::BadResponse && self.error_type == Self::RESPONSE_TOO_LARGE
    }
}

/// Kinds of [`FunctionError`] that are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FunctionErrorKind {
    /// The handler raised or returned an error.
    Error,
    /// The code could not be loaded: syntax error, missing module or handler.
    Init,
    /// It took longer than `timeout_s`.
    Timeout,
    /// The memory limit was reached and the kernel ended it.
    OutOfMemory,
    /// It ended with a non-zero exit code.
    Exit,
    /// It was ended by a signal.
    Crash,
    /// It answered with something that is no valid response, or too large.
    BadResponse,
}

impl FunctionErrorKind {
    /// The name in the API and in storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            FunctionErrorKind::Error => "error",
            FunctionErrorKind::Init => "init",
            FunctionErrorKind::Timeout => "timeout",
            FunctionErrorKind::OutOfMemory => "out_of_memory",
            FunctionErrorKind::Exit => "exit",
            FunctionErrorKind::Crash => "crash",
            FunctionErrorKind::BadResponse => "bad_response",
        }
    }
}

/// What came of a call that reached a function.
#[derive(Debug, Clone)]
pub struct Outcome {
    pub function: Arc<FunctionSnapshot>,
    /// JSON text, or why there is none.
    pub result: Result<Bytes, FunctionError>,
    pub usage: Usage,
    /// What user code printed, bounded by `log::LOG_CALL_MAX`.
    pub logs: Vec<LogLine>,
    /// Bytes of log that were dropped over the bound.
    pub logs_dropped: u64,
}

/// One thing that comes out of a streaming call, in order; `Done` or `Failed` is the last.
#[derive(Debug)]
pub enum StreamEvent {
    /// Bytes that the function wrote.
    Chunk(Bytes),
    /// The function ended; its result is `null` unless it returned one besides the stream.
    Done(Box<Outcome>),
    /// The platform failed in the middle.
    Failed(Fault),
}

/// The events of a streaming call. Dropping it cancels the call.
pub type EventStream = Pin<Box<dyn futures::Stream<Item = StreamEvent> + Send>>;
