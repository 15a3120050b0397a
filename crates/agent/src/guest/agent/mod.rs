//! The agent's event loop: readiness, time and signals. What they mean is in the files beside.

mod answer;
mod direct;
mod errors;
mod host;
mod program;
mod runtime;

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use super::Start;
use super::call::{Call, Place, Stopped};
use super::conn::Conn;
use super::egress::{EGRESS_BASE, Egress};
use super::logs::LogBuffer;
use super::sys::{self, Epoll, OomScore, READ, WRITE};
use super::tree::PidWatch;
use crate::protocol::message::PING;
use crate::protocol::{GuestError, Init, LogMessage};
use direct::Direct;
use runtime::Runtime;

// Tokens of descriptors in epoll; those of calls follow from CALL_BASE on, four each.
const HOST: u64 = 0;
const SIGNAL: u64 = 1;
const RUNTIME: u64 = 2;
const RUNTIME_OUT: u64 = 3;
const RUNTIME_ERR: u64 = 4;
const CALL_BASE: u64 = 16;
const STDIN: u64 = 0;
const STDOUT: u64 = 1;
const STDERR: u64 = 2;

/// Unsent bytes to the host above which nothing more is read from user code.
const BACKLOG_MAX: usize = 256 * 1024;
/// How long lines of a running call wait to be sent together.
const LOG_DELAY: Duration = Duration::from_millis(100);

pub(super) struct Agent {
    epoll: Epoll,
    signals: OwnedFd,
    host: Conn,
    egress: Egress,
    runtime: Option<Runtime>,
    direct: Direct,
    /// Output of the runtime is read as it comes.
    listening: bool,
    init: Option<Box<Init>>,
    /// Init was passed to the shim and not answered yet.
    initialising: bool,
    init_error: Option<GuestError>,
    calls: Vec<Call>,
    numbers: u64,
    /// Output that came while no call was running.
    stray: LogBuffer,
    pids: PidWatch,
    oom: OomScore,
    paused: bool,
    host_writing: bool,
    runtime_writing: bool,
    finished: bool,
    buffer: Vec<u8>,
}

impl Agent {
    pub(super) fn new(channel: OwnedFd, link: OwnedFd, start: Start, oom: OomScore) -> io::Result<Self> {
        sys::set_nonblocking(channel.as_raw_fd())?;
        let epoll = Epoll::new()?;
        let signals = sys::signal_fd()?;
        epoll.add(signals.as_raw_fd(), SIGNAL, READ)?;
        epoll.add(channel.as_raw_fd(), HOST, READ)?;
        let egress = Egress::start(link, &epoll)?;
        let mut agent = Self {
            epoll,
            signals,
            host: Conn::new(channel),
            egress,
            runtime: None,
            direct: Direct::None,
            listening: true,
            init: None,
            initialising: false,
            init_error: None,
            calls: Vec::new(),
            numbers: 0,
            stray: LogBuffer::default(),
            pids: PidWatch::new(),
            oom,
            paused: false,
            host_writing: false,
            runtime_writing: false,
            finished: false,
            buffer: vec![0; 64 * 1024],
        };
        match start.runtime {
            Some(program) => agent.start_runtime(&program)?,
            None => agent.host.send(PING)?,
        }
        Ok(agent)
    }

    pub(super) fn run(mut self) -> io::Result<i32> {
        let mut events = Vec::with_capacity(32);
        while !self.finished {
            self.adjust_interest()?;
            self.adjust_listening()?;
            let timeout = self.next_timeout();
            self.epoll.wait(timeout, &mut events)?;
            // Output first: what was printed before an answer belongs to that call.
            for (token, _) in events.iter().filter(|(token, _)| matches!(*token, RUNTIME_OUT | RUNTIME_ERR)) {
                self.read_runtime_output(*token);
            }
            for (token, ready) in events.iter().filter(|(token, _)| *token >= EGRESS_BASE) {
                self.on_egress(*token, *ready)?;
            }
            // Then the host: what it said before the shim began a call is heard before what the
            // shim says of it. The kernel does not keep that order.
            for (_, ready) in events.iter().filter(|(token, _)| *token == HOST) {
                self.on_host(*ready)?;
            }
            for (token, ready) in &events {
                match *token {
                    RUNTIME_OUT | RUNTIME_ERR | HOST | EGRESS_BASE.. => {}
                    SIGNAL => self.on_signals(),
                    RUNTIME => self.on_runtime(*ready)?,
                    token => self.on_call(token)?,
                }
            }
            self.on_time()?;
        }
        // Everything else in the pid namespace ends with us.
        let _ = self.host.flush();
        Ok(0)
    }

    // ---- interest and time -------------------------------------------------

    fn adjust_interest(&mut self) -> io::Result<()> {
        let backlog = self.host.backlog();
        let host_writing = backlog > 0;
        if host_writing != self.host_writing {
            self.host_writing = host_writing;
            let interest = READ | if host_writing { WRITE } else { 0 };
            self.epoll.change(self.host.raw(), HOST, interest)?;
        }
        let paused = backlog > BACKLOG_MAX;
        let runtime_writing = self.runtime.as_ref().is_some_and(|runtime| runtime.conn.backlog() > 0);
        if paused != self.paused || runtime_writing != self.runtime_writing {
            let changed = paused != self.paused;
            self.paused = paused;
            self.runtime_writing = runtime_writing;
            let reading = if paused { 0 } else { READ };
            if let Some(runtime) = &self.runtime {
                let writing = if runtime_writing { WRITE } else { 0 };
                self.epoll.change(runtime.conn.raw(), RUNTIME, reading | writing)?;
            }
            if changed {
                for call in &self.calls {
                    if let Place::Process(process) = &call.place
                        && let Some(stdout) = &process.stdout
                    {
                        self.epoll.change(stdout.as_raw_fd(), token_of(call.number, STDOUT), reading)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn next_timeout(&self) -> Option<Duration> {
        let mut next: Option<Duration> = None;
        let now = Instant::now();
        for call in &self.calls {
            let mut wait = call.deadline.saturating_duration_since(now);
            if call.log.oldest().is_some() {
                wait = wait.min(LOG_DELAY);
            }
            next = Some(next.map_or(wait, |other| other.min(wait)));
        }
        next
    }

    fn on_time(&mut self) -> io::Result<()> {
        if self.calls.is_empty() {
            return Ok(());
        }
        let now = Instant::now();
        let micros = sys::now_micros();
        let mut index = 0;
        while index < self.calls.len() {
            let call = &mut self.calls[index];
            let due = call.log.oldest().is_some_and(|at| micros - at >= LOG_DELAY.as_micros() as i64);
            if due {
                let message = LogMessage::new(call.id.clone(), call.log.take());
                self.host.send(&to_json(&message))?;
            }
            if now >= self.calls[index].deadline {
                let why = self.calls[index].stopped.unwrap_or(Stopped::Timeout);
                if self.stop_call(index, why)? {
                    continue;
                }
            }
            index += 1;
        }
        Ok(())
    }

    // ---- the network -------------------------------------------------------

    fn on_egress(&mut self, token: u64, ready: u32) -> io::Result<()> {
        self.egress.on_event(token, ready, &self.epoll)?;
        // As with output, the latest of several calls gets it.
        let log = self.calls.last_mut().map_or(&mut self.stray, |call| &mut call.log);
        for note in self.egress.take_notes() {
            log.remark(&note);
        }
        Ok(())
    }

    // ---- signals -----------------------------------------------------------

    fn on_signals(&mut self) {
        let signals = sys::read_signals(self.signals.as_fd());
        if signals.iter().any(|signal| *signal == libc::SIGTERM || *signal == libc::SIGINT) {
            self.stop_sandbox();
        }
        while let Some((pid, ended)) = sys::reap() {
            if self.runtime.as_ref().is_some_and(|runtime| runtime.pid == pid) {
                self.on_runtime_end(ended);
                continue;
            }
            let position = self
                .calls
                .iter()
                .position(|call| matches!(&call.place, Place::Process(process) if process.pid == pid));
            if let Some(index) = position {
                if let Place::Process(process) = &mut self.calls[index].place {
                    process.ended = Some(ended);
                }
                self.finish_process(index);
            }
        }
    }

    /// Passes a stop on to user code and ends the sandbox.
    fn stop_sandbox(&mut self) {
        if let Some(runtime) = &mut self.runtime {
            let _ = runtime.conn.send(crate::protocol::message::STOP);
            sys::kill(runtime.pid, libc::SIGTERM);
        }
        for call in &self.calls {
            if let Place::Process(process) = &call.place {
                sys::kill(process.pid, libc::SIGTERM);
            }
        }
        self.finished = true;
    }
}

fn token_of(number: u64, which: u64) -> u64 {
    CALL_BASE + number * 4 + which
}

/// Serialising our own messages to memory cannot fail.
fn to_json<T: serde::Serialize>(message: &T) -> Vec<u8> {
    serde_json::to_vec(message).unwrap_or_default()
}
