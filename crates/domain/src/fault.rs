//! The one error that crosses planes. It has two voices: a public message (what,
//! where, what now) that any caller may see, and an internal source for the log.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Result with a [`Fault`].
pub type FaultResult<T> = Result<T, Fault>;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident => $text:literal, $status:literal, $retry:literal;)*) => {
        /// Stable, documented reason of a [`Fault`]. The text form is part of the API.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Code { $($(#[$doc])* $variant,)* }

        impl Code {
            /// Every code there is.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];

            /// The text form, as in the `code` field of a problem document.
            pub const fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $text,)* }
            }

            /// The HTTP status that answers a request that failed so.
            pub const fn http_status(self) -> u16 {
                match self { $(Code::$variant => $status,)* }
            }

            /// Whether the same request may succeed later, unchanged.
            pub const fn retryable(self) -> bool {
                match self { $(Code::$variant => $retry,)* }
            }
        }
    };
}

codes! {
    /// The request itself is wrong: a value, a name, a shape.
    InvalidArgument => "invalid_argument", 400, false;
    /// No or bad credentials.
    Unauthenticated => "unauthenticated", 401, false;
    /// Known caller, not allowed.
    PermissionDenied => "permission_denied", 403, false;
    /// The thing named does not exist (or must not be known to the caller).
    NotFound => "not_found", 404, false;
    /// The method is not offered at this path.
    MethodNotAllowed => "method_not_allowed", 405, false;
    /// A thing of that name exists already.
    AlreadyExists => "already_exists", 409, false;
    /// The thing is not in a state that allows this, or was changed by somebody else meanwhile.
    Conflict => "conflict", 409, false;
    /// The function has no version that can run (not built yet, or its build failed).
    NotReady => "not_ready", 409, true;
    /// The function refers to a secret that does not exist or was not granted to it.
    SecretUnavailable => "secret_unavailable", 409, false;
    /// A quota of the tenant leaves no room for this thing; it stays so until something is deleted.
    QuotaExceeded => "quota_exceeded", 409, false;
    /// The body is larger than the limit in the message.
    PayloadTooLarge => "payload_too_large", 413, false;
    /// The body's content type is not accepted here.
    UnsupportedMediaType => "unsupported_media_type", 415, false;
    /// The function's answer is larger than the limit in the message.
    ResponseTooLarge => "response_too_large", 413, false;
    /// A quota or rate limit is used up.
    ResourceExhausted => "resource_exhausted", 429, true;
    /// Too many calls wait for this function.
    QueueFull => "queue_full", 429, true;
    /// A call waited for a sandbox as long as its function lets calls wait.
    QueueTimeout => "queue_timeout", 503, true;
    /// The caller went away before the answer was there.
    Cancelled => "cancelled", 499, true;
    /// Calls call each other too deeply or in a circle.
    LoopDetected => "loop_detected", 508, false;
    /// The time that the caller gave was over before user code began.
    DeadlineExceeded => "deadline_exceeded", 504, true;
    /// A needed part of the platform is not there right now.
    Unavailable => "unavailable", 503, true;
    /// The host lacks something (an interpreter, a toolchain, a kernel feature).
    MissingOnHost => "missing_on_host", 501, false;
    /// The sandbox broke while the call was in it; user code may have run in part.
    SandboxLost => "sandbox_lost", 502, true;
    /// The function that serves this address failed.
    FunctionFailed => "function_failed", 502, false;
    /// The function that serves this address took longer than it may.
    FunctionTimeout => "function_timeout", 504, false;
    /// The function that serves this address answered with what is no HTTP answer.
    BadAnswer => "bad_answer", 502, false;
    /// A fault of Nova itself.
    Internal => "internal", 500, true;
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What went wrong, for a caller and for the log. Cheap to move: one pointer.
pub struct Fault(Box<Inner>);

struct Inner {
    code: Code,
    message: String,
    source: Option<Box<dyn Error + Send + Sync>>,
    retry_after: Option<Duration>,
    fields: Vec<(String, String)>,
}

impl Fault {
    /// A fault with a public message: what happened, where, what to do now.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            code,
            message: message.into(),
            source: None,
            retry_after: None,
            fields: Vec::new(),
        }))
    }

    /// [`Code::InvalidArgument`].
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Code::InvalidArgument, message)
    }

    /// [`Code::NotFound`] for `what` called `name`.
    pub fn not_found(what: &str, name: impl fmt::Display) -> Self {
        Self::new(Code::NotFound, format!("{what} `{name}` does not exist"))
    }

    /// A fault of Nova itself: the public text says only that, `context` and `source` go to the log.
    pub fn internal(context: impl Into<String>) -> Self {
        let context: String = context.into();
        Self::new(
            Code::Internal,
            "Nova could not finish this request; the log has the cause under this request id",
        )
        .with_source(context)
    }

    /// Adds the internal cause. It is logged, never sent to a caller.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Adds how long a caller should wait before it tries again.
    #[must_use]
    pub fn with_retry_after(mut self, after: Duration) -> Self {
        self.0.retry_after = Some(after);
        self
    }

    /// Adds a complaint about one field of the request (dotted path).
    #[must_use]
    pub fn with_field(mut self, field: impl Into<String>, message: impl Into<String>) -> Self {
        self.0.fields.push((field.into(), message.into()));
        self
    }

    /// The stable reason.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The public message.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// How long to wait before the next try, if known.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Complaints about single fields: (dotted path, message).
    pub fn fields(&self) -> &[(String, String)] {
        &self.0.fields
    }

    /// Code, public message and the whole chain of causes in one line, for the log.
    pub fn log_line(&self) -> String {
        let mut line = format!("{}: {}", self.0.code, self.0.message);
        let mut cause = self.source();
        while let Some(error) = cause {
            line.push_str(": ");
            line.push_str(&error.to_string());
            cause = error.source();
        }
        line
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.log_line())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl Error for Fault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn internal_faults_tell_a_caller_nothing_of_their_cause() {
        let fault = Fault::internal("password=hunter2 in /etc/x");
        assert!(!fault.message().contains("hunter2"));
        assert!(!fault.to_string().contains("hunter2"));
        assert!(fault.log_line().contains("hunter2"));
    }

    #[test]
    fn every_code_has_its_own_text() {
        let mut seen: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), Code::ALL.len());
    }
}
