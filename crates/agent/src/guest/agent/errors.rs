//! Errors of calls, as the agent words them.

use std::os::fd::RawFd;

use serde_json::value::RawValue;

use crate::guest::call::{Call, Stopped};
use crate::guest::sys::Ended;
use crate::protocol::{FRAME_MAX, GuestError, GuestErrorKind};

/// JSON as it is; anything else as a JSON string; nothing as null.
pub(super) fn output_json(output: Vec<u8>) -> Box<RawValue> {
    let text = String::from_utf8_lossy(&output);
    let text = text.trim();
    if let Ok(raw) = serde_json::from_str::<&RawValue>(text) {
        return raw.to_owned();
    }
    let value = if text.is_empty() { serde_json::Value::Null } else { text.into() };
    serde_json::value::to_raw_value(&value).unwrap_or_default()
}

pub(super) fn protocol_error(message: String) -> GuestError {
    GuestError {
        kind: GuestErrorKind::Protocol,
        error_type: "Protocol".to_owned(),
        message,
        ..GuestError::default()
    }
}

/// A call that came after the runtime had ended.
pub(super) fn not_begun() -> GuestError {
    GuestError {
        kind: GuestErrorKind::NotBegun,
        error_type: "NotBegun".to_owned(),
        message: "the runtime ended before it took the call".to_owned(),
        ..GuestError::default()
    }
}

/// An answer that does not fit even into a frame.
pub(super) fn too_large_for_a_frame() -> GuestError {
    GuestError {
        kind: GuestErrorKind::BadResponse,
        error_type: "ResponseTooLarge".to_owned(),
        message: format!("the response is larger than {FRAME_MAX} bytes"),
        ..GuestError::default()
    }
}

pub(super) fn stop_error(why: Stopped, call: &Call) -> GuestError {
    let (kind, error_type, message) = match why {
        Stopped::Timeout => (
            GuestErrorKind::Timeout,
            "Timeout",
            format!("the call took longer than {} ms and was ended", call.timeout_ms),
        ),
        Stopped::Cancelled => (GuestErrorKind::Cancelled, "Cancelled", "the caller went away".to_owned()),
        Stopped::TooLarge => (
            GuestErrorKind::BadResponse,
            "ResponseTooLarge",
            "the response is larger than the limit; stream it, or answer with a reference".to_owned(),
        ),
    };
    GuestError { kind, error_type: error_type.to_owned(), message, ..GuestError::default() }
}

pub(super) fn end_error(ended: Ended, stderr: &str) -> GuestError {
    let last = if stderr.is_empty() { String::new() } else { format!(": {stderr}") };
    match ended {
        Ended::Exited(code) => GuestError {
            kind: GuestErrorKind::Exit,
            error_type: "Exit".to_owned(),
            message: format!("the process ended with exit code {code}{last}"),
            exit_code: Some(code),
            ..GuestError::default()
        },
        Ended::Signaled(signal) => GuestError {
            kind: GuestErrorKind::Crash,
            error_type: "Signal".to_owned(),
            message: format!("the process was ended by signal {signal} ({}){last}", signal_name(signal)),
            signal: Some(signal),
            ..GuestError::default()
        },
    }
}

pub(super) fn signal_name(signal: RawFd) -> &'static str {
    match signal {
        libc::SIGABRT => "SIGABRT",
        libc::SIGBUS => "SIGBUS",
        libc::SIGFPE => "SIGFPE",
        libc::SIGILL => "SIGILL",
        libc::SIGKILL => "SIGKILL",
        libc::SIGPIPE => "SIGPIPE",
        libc::SIGSEGV => "SIGSEGV",
        libc::SIGSYS => "SIGSYS",
        libc::SIGTERM => "SIGTERM",
        libc::SIGXFSZ => "SIGXFSZ: it wrote more than the file size limit",
        _ => "another signal",
    }
}
