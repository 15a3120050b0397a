//! Calls that are a process each: event on stdin, response on stdout.

use std::io;
use std::os::fd::AsRawFd;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::errors::{end_error, output_json, stop_error};
use super::{Agent, CALL_BASE, STDIN, STDOUT, to_json};
use crate::guest::call::{Place, ProcessCall, Stopped};
use crate::guest::process::{self, Program};
use crate::guest::sys::{self, Ended};
use crate::guest::tree::{self, Swept};
use crate::protocol::{Exec, GuestError, GuestErrorKind, StreamChunk};

impl Agent {
    pub(super) fn start_process(&mut self, exec: &Exec<'_>) -> io::Result<ProcessCall> {
        let init = self.init.as_ref().ok_or_else(|| io::Error::other("no Init"))?;
        let mut program = Program { argv: init.command.clone(), env: init.env.clone() };
        program.env.insert("NOVA_REQUEST_ID".to_owned(), exec.request_id.as_ref().to_owned());
        if exec.stream {
            program.env.insert("NOVA_STREAMING".to_owned(), "true".to_owned());
        }
        for (name, value) in [("TRACEPARENT", &exec.traceparent), ("TRACESTATE", &exec.tracestate)] {
            if let Some(value) = value {
                program.env.insert(name.to_owned(), value.as_ref().to_owned());
            }
        }
        let process = process::start_call(&program, &init.code_dir, init.file_size, &self.oom)?;
        Ok(ProcessCall::new(process, exec.input.get().as_bytes().to_vec()))
    }

    pub(super) fn start_error(&self, error: &io::Error) -> GuestError {
        let command = self.init.as_ref().and_then(|init| init.command.first()).cloned().unwrap_or_default();
        let advice = match error.raw_os_error() {
            Some(libc::ENOEXEC) => ": it is no executable for this host (or a script without `#!` line)",
            Some(libc::EACCES) => ": it is not executable (mode 0755 is needed)",
            Some(libc::ENOENT) => ": it, or the interpreter or loader that it names, does not exist",
            Some(libc::EAGAIN) => ": the limit of processes is used up",
            _ => "",
        };
        GuestError {
            kind: GuestErrorKind::Init,
            error_type: "StartError".to_owned(),
            message: format!("`{command}` could not be started{advice} ({error})"),
            ..GuestError::default()
        }
    }

    pub(super) fn on_call(&mut self, token: u64) -> io::Result<()> {
        let (number, which) = ((token - CALL_BASE) / 4, (token - CALL_BASE) % 4);
        let Some(index) = self.calls.iter().position(|call| call.number == number) else { return Ok(()) };
        match which {
            STDIN => self.write_stdin(index),
            STDOUT => self.read_stdout(index).map(drop)?,
            _ => drop(self.read_stderr(index)),
        }
        Ok(())
    }

    pub(super) fn write_stdin(&mut self, index: usize) {
        let Place::Process(process) = &mut self.calls[index].place else { return };
        let Some(stdin) = &process.stdin else { return };
        match sys::write(stdin.as_raw_fd(), &process.input[process.sent..]) {
            Ok(count) => process.sent += count.unwrap_or(0),
            // It does not read its input, which is its right.
            Err(_) => process.sent = process.input.len(),
        }
        if process.sent == process.input.len() {
            process.stdin = None;
            process.input = Vec::new();
        }
    }

    /// Reads once; whether more may be there.
    pub(super) fn read_stdout(&mut self, index: usize) -> io::Result<bool> {
        let (chunk_size, output_max) = self
            .init
            .as_ref()
            .map_or((4096, 0), |init| (init.streaming_chunk.clamp(1, 1 << 20), init.output_max));
        let call = &mut self.calls[index];
        let Place::Process(process) = &mut call.place else { return Ok(false) };
        let Some(stdout) = &process.stdout else { return Ok(false) };
        let limit = if call.stream { chunk_size.min(self.buffer.len()) } else { self.buffer.len() };
        match sys::read(stdout.as_raw_fd(), &mut self.buffer[..limit]) {
            Ok(None) => Ok(false),
            Ok(Some(0)) | Err(_) => {
                process.stdout = None;
                Ok(false)
            }
            Ok(Some(count)) if call.stream => {
                let data = BASE64.encode(&self.buffer[..count]);
                let body = to_json(&StreamChunk::new(&call.id, &data));
                self.host.send(&body)?;
                Ok(true)
            }
            Ok(Some(count)) => {
                process.output.extend_from_slice(&self.buffer[..count]);
                if process.output.len() > output_max && call.stopped.is_none() {
                    self.stop_call(index, Stopped::TooLarge)?;
                    return Ok(false);
                }
                Ok(true)
            }
        }
    }

    pub(super) fn read_stderr(&mut self, index: usize) -> bool {
        let call = &mut self.calls[index];
        let Place::Process(process) = &mut call.place else { return false };
        let Some(stderr) = &process.stderr else { return false };
        match sys::read(stderr.as_raw_fd(), &mut self.buffer) {
            Ok(None) => false,
            Ok(Some(0)) | Err(_) => {
                process.stderr = None;
                false
            }
            Ok(Some(count)) => {
                process.errors.feed(&self.buffer[..count], &mut call.log);
                true
            }
        }
    }

    /// The process of call `index` ended: take what it still had written, then answer.
    pub(super) fn finish_process(&mut self, index: usize) {
        let number = self.calls[index].number;
        // A pipe holds at most 1 MiB; a daemon that goes on writing does not keep the call.
        for _ in 0..256 {
            let Some(index) = self.calls.iter().position(|call| call.number == number) else { return };
            let more_out = self.read_stdout(index).unwrap_or(false);
            let Some(index) = self.calls.iter().position(|call| call.number == number) else { return };
            if !self.read_stderr(index) && !more_out {
                break;
            }
        }
        let Some(index) = self.calls.iter().position(|call| call.number == number) else { return };
        let mut call = self.calls.remove(index);
        let swept = if self.calls.is_empty() {
            tree::sweep(self.runtime.as_ref().map(|r| r.pid))
        } else {
            Swept::Clean
        };
        let Place::Process(process) = &mut call.place else { return };
        process.errors.finish(&mut call.log);
        let ended = process.ended.unwrap_or(Ended::Exited(0));
        let tail = process.errors.tail();
        let output = std::mem::take(&mut process.output);
        let (json, error) = match (call.stopped, ended) {
            (Some(why), _) => (None, Some(stop_error(why, &call))),
            (None, Ended::Exited(0)) if call.stream => (None, None),
            (None, Ended::Exited(0)) => (Some(output_json(output)), None),
            (None, ended) => (None, Some(end_error(ended, &tail))),
        };
        let _ = self.answer(call, json.as_deref(), error, swept == Swept::Dirty);
    }
}
