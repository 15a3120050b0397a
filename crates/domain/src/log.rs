//! Log lines that user code writes.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// Where a line was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogStream {
    Stdout,
    Stderr,
    /// Nova's own remark about the run (output cut, sandbox ended ..).
    Platform,
}

impl LogStream {
    /// The name in the API and in storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            LogStream::Stdout => "stdout",
            LogStream::Stderr => "stderr",
            LogStream::Platform => "platform",
        }
    }
}

/// One line of output, without its line end. Invalid UTF-8 is replaced by U+FFFD.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    pub at: Timestamp,
    pub stream: LogStream,
    pub text: String,
}

/// Longest line that is kept, bytes; the rest of a longer one is cut and marked.
pub const LOG_LINE_MAX: usize = 16 * 1024;
/// Most bytes of log that are kept per call; what comes later is counted and dropped.
pub const LOG_CALL_MAX: usize = 256 * 1024;
