//! The runtime that stays up, with its shim: its messages, its output, its end.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use super::direct::Direct;
use super::errors::{end_error, not_begun, stop_error};
use super::{Agent, RUNTIME, RUNTIME_ERR, RUNTIME_OUT};
use crate::guest::call::Place;
use crate::guest::conn::Conn;
use crate::guest::logs::{LineSplitter, Source};
use crate::guest::process::{self, Program};
use crate::guest::sys::{self, Ended, READ, WRITE};
use crate::guest::tree::{self, Swept};
use crate::protocol::message::PING;
use crate::protocol::{GuestError, GuestErrorKind, GuestMessage, INIT_ID, Resp};

pub(super) struct Runtime {
    pub(super) pid: i32,
    pub(super) conn: Conn,
    stdout: OwnedFd,
    pub(super) stderr: OwnedFd,
    out: LineSplitter,
    err: LineSplitter,
    /// User code closed the other end.
    out_over: bool,
    err_over: bool,
}

impl Runtime {
    /// Its outputs with their tokens, and whether anything can still come.
    pub(super) fn outputs(&self) -> [(&OwnedFd, u64, bool); 2] {
        [(&self.stdout, RUNTIME_OUT, !self.out_over), (&self.stderr, RUNTIME_ERR, !self.err_over)]
    }
}

impl Agent {
    pub(super) fn start_runtime(&mut self, program: &Program) -> io::Result<()> {
        let started = process::start_runtime(program, &self.oom)?;
        let runtime = Runtime {
            pid: started.pid,
            conn: Conn::new(started.socket),
            stdout: started.stdout,
            stderr: started.stderr,
            out: LineSplitter::new(Source::Stdout),
            err: LineSplitter::new(Source::Stderr),
            out_over: false,
            err_over: false,
        };
        if let Some((host, shim)) = started.direct {
            self.direct = Direct::Offered(host, shim);
        }
        self.epoll.add(runtime.conn.raw(), RUNTIME, READ)?;
        self.epoll.add(runtime.stdout.as_raw_fd(), RUNTIME_OUT, READ)?;
        self.epoll.add(runtime.stderr.as_raw_fd(), RUNTIME_ERR, READ)?;
        self.runtime = Some(runtime);
        Ok(())
    }

    /// Reads once; how many bytes came.
    pub(super) fn read_runtime_output(&mut self, token: u64) -> usize {
        let Some(runtime) = &mut self.runtime else { return 0 };
        for line in self.egress.take_spoken() {
            runtime.err.expect(line);
        }
        let (fd, splitter, over) = match token {
            RUNTIME_OUT => (runtime.stdout.as_raw_fd(), &mut runtime.out, &mut runtime.out_over),
            _ => (runtime.stderr.as_raw_fd(), &mut runtime.err, &mut runtime.err_over),
        };
        // With several calls in one runtime nobody can tell whose line it is: the latest gets it.
        let log = self.calls.last_mut().map_or(&mut self.stray, |call| &mut call.log);
        match sys::read(fd, &mut self.buffer) {
            Ok(Some(0)) | Err(_) => {
                // User code closed its stdout: nothing more to watch.
                *over = true;
                // An end is reported also to one who asks for nothing.
                let _ = self.epoll.remove(fd);
                splitter.finish(log);
                0
            }
            Ok(Some(count)) => {
                splitter.feed(&self.buffer[..count], log);
                count
            }
            Ok(None) => 0,
        }
    }

    pub(super) fn on_runtime(&mut self, ready: u32) -> io::Result<()> {
        let Some(runtime) = &mut self.runtime else { return Ok(()) };
        if ready & WRITE != 0 && runtime.conn.flush().is_err() {
            return self.break_runtime("closed its channel");
        }
        if ready & !WRITE == 0 {
            return Ok(());
        }
        match runtime.conn.fill() {
            Ok(true) => {}
            // It is about to end; SIGCHLD tells how. If it only closed the channel, end it.
            Ok(false) | Err(_) => return self.break_runtime("closed its channel"),
        }
        self.take_messages()
    }

    /// What was read from the runtime's channel.
    fn take_messages(&mut self) -> io::Result<()> {
        loop {
            let Some(runtime) = &mut self.runtime else { return Ok(()) };
            let frame = match runtime.conn.frames().next_frame() {
                Ok(Some(frame)) => frame.to_vec(),
                Ok(None) => return Ok(()),
                Err(_) => return self.break_runtime("wrote a broken frame to its channel"),
            };
            match GuestMessage::parse(&frame) {
                Ok(GuestMessage::Ping) => self.host.send(PING)?,
                Ok(GuestMessage::Resp(resp)) if resp.request_id == INIT_ID => self.on_init_answer(&resp)?,
                Ok(GuestMessage::Resp(resp)) => self.on_answer(resp)?,
                Ok(GuestMessage::Stream(chunk)) => {
                    // Only calls in flight may stream, and only if they were asked to.
                    let known = self
                        .calls
                        .iter()
                        .any(|call| call.stream && call.stopped.is_none() && call.id == chunk.request_id);
                    if known {
                        self.host.send(&frame)?;
                    }
                }
                Ok(GuestMessage::Log(_)) | Err(_) => {
                    return self.break_runtime("wrote something that is no message to its channel");
                }
            }
        }
    }

    /// The runtime's channel is of no more use: end the runtime, SIGCHLD does the rest.
    pub(super) fn break_runtime(&mut self, what: &str) -> io::Result<()> {
        if let Some(runtime) = &self.runtime {
            let _ = self.epoll.change(runtime.conn.raw(), RUNTIME, 0);
            self.stray.note(format!("the runtime {what}"));
            // A runtime that is exiting gets a moment to do so with its own exit code.
            let pid = runtime.pid;
            for _ in 0..20 {
                self.on_signals();
                if self.runtime.is_none() {
                    return Ok(());
                }
                std::thread::sleep(Duration::from_millis(1));
            }
            sys::kill(pid, libc::SIGKILL);
        }
        Ok(())
    }

    pub(super) fn on_init_answer(&mut self, resp: &Resp<'_>) -> io::Result<()> {
        if !self.initialising {
            return Ok(());
        }
        self.initialising = false;
        let error = resp.error.clone().map(|error| GuestError { kind: GuestErrorKind::Init, ..error });
        self.init_error.clone_from(&error);
        // What was printed while loading goes to the call that waits, or with this answer.
        let alone = self.init.as_ref().is_some_and(|init| init.concurrency == 1);
        if error.is_none() && resp.direct && alone {
            self.answer_init_directly()?;
        } else {
            self.direct = Direct::None;
            self.answer_init(error.clone())?;
        }
        let now = Instant::now();
        for call in &mut self.calls {
            call.started = now;
        }
        let Some(error) = error else {
            self.pids.changed();
            return Ok(());
        };
        while let Some(call) = self.calls.pop() {
            self.answer(call, None, Some(error.clone()), true)?;
        }
        Ok(())
    }

    pub(super) fn on_answer(&mut self, resp: Resp<'_>) -> io::Result<()> {
        let position = self.calls.iter().position(|call| {
            call.id == resp.request_id && matches!(call.place, Place::Runtime | Place::Direct)
        });
        let Some(index) = position else {
            if self.is_direct() {
                let error = resp.error.clone().map(GuestError::of_shim);
                return self.on_handed_over(resp, error);
            }
            // An answer of a call that is not running (any more) is no answer.
            return Ok(());
        };
        if self.init.as_ref().is_some_and(|init| init.concurrency == 1) {
            self.drain_output();
        }
        let call = self.calls.remove(index);
        let handed_over = matches!(call.place, Place::Direct);
        let swept = self.sweep_if_idle();
        let stopped = call.stopped.map(|why| stop_error(why, &call));
        let error = stopped.or_else(|| resp.error.clone().map(GuestError::of_shim));
        let output = if error.is_some() { None } else { resp.output };
        self.answer(call, output, error, swept == Swept::Dirty)?;
        if handed_over {
            self.let_go();
        }
        Ok(())
    }

    /// Ends what a call left running, once none is in flight.
    pub(super) fn sweep_if_idle(&mut self) -> Swept {
        let keeps = self.init.as_ref().is_some_and(|init| init.keeps_processes);
        if keeps || !self.calls.is_empty() || !self.pids.changed() {
            return Swept::Clean;
        }
        let swept = tree::sweep(self.runtime.as_ref().map(|runtime| runtime.pid));
        // The next call shall not even see their remains.
        self.on_signals();
        self.pids.changed();
        swept
    }

    pub(super) fn on_runtime_end(&mut self, ended: Ended) {
        self.finish_runtime_output();
        // What it answered before its end counts. Bounded: what the kernel holds of a socket.
        for _ in 0..8 {
            let filled = self.runtime.as_mut().map(|runtime| runtime.conn.fill());
            if !matches!(filled, Some(Ok(true))) || self.take_messages().is_err() {
                break;
            }
        }
        let Some(runtime) = self.runtime.take() else { return };
        let error = end_error(ended, &runtime.err.tail());
        sys::kill_everyone_else();
        if self.initialising {
            self.initialising = false;
            let _ = self.answer_init(Some(error.clone()));
            self.init_error = Some(error.clone());
        } else {
            // It had loaded its code: its end says nothing of calls that come now.
            self.init_error = Some(not_begun());
        }
        while let Some(call) = self.calls.pop() {
            let error = call.stopped.map_or_else(|| error.clone(), |why| stop_error(why, &call));
            let _ = self.answer(call, None, Some(error), true);
        }
        if self.is_direct() {
            let _ = self.tell_runtime_end(Some(error));
        }
    }

    /// Takes what the runtime still had written, with lines that have no end.
    pub(super) fn finish_runtime_output(&mut self) {
        for token in [RUNTIME_OUT, RUNTIME_ERR] {
            // Bounded: what one pipe holds (1 MiB at most), since nobody writes any more.
            for _ in 0..16 {
                self.read_runtime_output(token);
            }
        }
        self.end_lines();
    }

    /// Ends lines that have no line end yet.
    pub(super) fn end_lines(&mut self) {
        let Some(runtime) = &mut self.runtime else { return };
        let log = self.calls.last_mut().map_or(&mut self.stray, |call| &mut call.log);
        runtime.out.finish(log);
        runtime.err.finish(log);
    }
}
