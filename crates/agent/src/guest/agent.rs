//! The agent's event loop.

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::value::RawValue;

use super::Start;
use super::call::{Call, Place, ProcessCall, Stopped};
use super::conn::Conn;
use super::egress::{EGRESS_BASE, Egress};
use super::logs::{LineSplitter, LogBuffer, Source};
use super::process::{self, Program};
use super::sys::{self, Ended, Epoll, OomScore, READ, WRITE};
use super::tree::{self, PidWatch, Swept};
use crate::protocol::message::PING;
use crate::protocol::{
    Exec, GuestError, GuestErrorKind, GuestMessage, GuestMode, HostMessage, INIT_ID, Init, LogMessage,
    PROTOCOL_VERSION, Resp, StreamChunk,
};

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
/// How long a cancelled handler may take to end by itself.
const CANCEL_GRACE: Duration = Duration::from_millis(100);
/// Calls at once that a sandbox takes at most, whatever Init says.
const CALLS_MAX: usize = 1000;

struct Runtime {
    pid: i32,
    conn: Conn,
    stdout: OwnedFd,
    stderr: OwnedFd,
    out: LineSplitter,
    err: LineSplitter,
}

pub(super) struct Agent {
    epoll: Epoll,
    signals: OwnedFd,
    host: Conn,
    egress: Egress,
    runtime: Option<Runtime>,
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

    fn start_runtime(&mut self, program: &Program) -> io::Result<()> {
        let started = process::start_runtime(program, &self.oom)?;
        let runtime = Runtime {
            pid: started.pid,
            conn: Conn::new(started.socket),
            stdout: started.stdout,
            stderr: started.stderr,
            out: LineSplitter::new(Source::Stdout),
            err: LineSplitter::new(Source::Stderr),
        };
        self.epoll.add(runtime.conn.raw(), RUNTIME, READ)?;
        self.epoll.add(runtime.stdout.as_raw_fd(), RUNTIME_OUT, READ)?;
        self.epoll.add(runtime.stderr.as_raw_fd(), RUNTIME_ERR, READ)?;
        self.runtime = Some(runtime);
        Ok(())
    }

    pub(super) fn run(mut self) -> io::Result<i32> {
        let mut events = Vec::with_capacity(32);
        while !self.finished {
            self.adjust_interest()?;
            let timeout = self.next_timeout();
            self.epoll.wait(timeout, &mut events)?;
            // Output first: what was printed before an answer belongs to that call.
            for (token, _) in events.iter().filter(|(token, _)| matches!(*token, RUNTIME_OUT | RUNTIME_ERR)) {
                self.read_runtime_output(*token);
            }
            for (token, ready) in events.iter().filter(|(token, _)| *token >= EGRESS_BASE) {
                self.on_egress(*token, *ready)?;
            }
            for (token, ready) in &events {
                match *token {
                    RUNTIME_OUT | RUNTIME_ERR | EGRESS_BASE.. => {}
                    SIGNAL => self.on_signals(),
                    HOST => self.on_host(*ready)?,
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

    // ---- host --------------------------------------------------------------

    fn on_host(&mut self, ready: u32) -> io::Result<()> {
        if ready & WRITE != 0 {
            self.host.flush()?;
        }
        if ready & !WRITE == 0 {
            return Ok(());
        }
        if !self.host.fill()? {
            self.finished = true;
            return Ok(());
        }
        loop {
            let frame = match self.host.frames().next_frame() {
                Ok(Some(frame)) => frame.to_vec(),
                Ok(None) => return Ok(()),
                Err(error) => return Err(io::Error::other(error)),
            };
            match HostMessage::parse(&frame) {
                Ok(HostMessage::Exec(exec)) => self.on_exec(&exec, &frame)?,
                Ok(HostMessage::Init(init)) => self.on_init(init, &frame)?,
                Ok(HostMessage::Ping) => self.host.send(PING)?,
                Ok(HostMessage::Cancel(cancel)) => self.on_cancel(&cancel.request_id)?,
                Ok(HostMessage::Stop) => self.stop_sandbox(),
                Err(error) => return Err(io::Error::other(error)),
            }
        }
    }

    fn on_init(&mut self, init: Box<Init>, frame: &[u8]) -> io::Result<()> {
        if init.protocol != PROTOCOL_VERSION {
            let message = format!("agent speaks protocol {PROTOCOL_VERSION}, host {}", init.protocol);
            return self.answer_init(Some(protocol_error(message)));
        }
        self.egress.open(&init.function, &init.egress_ports, &self.epoll)?;
        match (init.mode, &mut self.runtime) {
            (GuestMode::Handler, Some(runtime)) => {
                // The runtime is started before its limit is known.
                sys::limit_file_size(runtime.pid, init.file_size)?;
                runtime.conn.send(frame)?;
                self.initialising = true;
                self.init = Some(init);
                Ok(())
            }
            (GuestMode::Handler, None) => {
                let message = "this sandbox has no runtime, or it ended before it was used".to_owned();
                self.answer_init(Some(protocol_error(message)))
            }
            (GuestMode::Process, _) => {
                self.init = Some(init);
                self.answer_init(None)
            }
        }
    }

    fn answer_init(&mut self, error: Option<GuestError>) -> io::Result<()> {
        let mut resp = Resp::new(INIT_ID);
        resp.fatal = error.is_some();
        resp.error = error;
        resp.logs = self.stray.take();
        self.host.send(&to_json(&resp))
    }

    fn on_exec(&mut self, exec: &Exec<'_>, frame: &[u8]) -> io::Result<()> {
        let refused = match &self.init {
            None => Some(protocol_error("a call came before Init".to_owned())),
            Some(_) if self.init_error.is_some() => self.init_error.clone(),
            Some(init) if self.calls.len() >= (init.concurrency as usize).min(CALLS_MAX) => {
                Some(protocol_error("more calls at once than this sandbox takes".to_owned()))
            }
            Some(_) if self.calls.iter().any(|call| call.id == exec.request_id) => {
                Some(protocol_error("a call of this id is running".to_owned()))
            }
            Some(_) => None,
        };
        if let Some(error) = refused {
            let mut resp = Resp::new(exec.request_id.as_ref());
            resp.error = Some(error);
            resp.fatal = self.init_error.is_some();
            return self.host.send(&to_json(&resp));
        }
        let place = if self.init.as_ref().is_some_and(|init| init.mode == GuestMode::Process) {
            match self.start_process(exec) {
                Ok(process) => Place::Process(Box::new(process)),
                Err(error) => {
                    let mut resp = Resp::new(exec.request_id.as_ref());
                    resp.error = Some(self.start_error(&error));
                    return self.host.send(&to_json(&resp));
                }
            }
        } else {
            let Some(runtime) = &mut self.runtime else { return Ok(()) };
            runtime.conn.send(frame)?;
            Place::Runtime
        };
        self.numbers += 1;
        self.egress.forget_notes();
        let started = Instant::now();
        let mut call = Call {
            number: self.numbers,
            id: exec.request_id.as_ref().to_owned(),
            place,
            stream: exec.stream,
            started,
            deadline: started + Duration::from_millis(exec.timeout_ms.min(3_600_000)),
            timeout_ms: exec.timeout_ms,
            log: LogBuffer::default(),
            stopped: None,
        };
        call.log.prepend(std::mem::take(&mut self.stray));
        if let Place::Process(process) = &call.place {
            let reading = if self.paused { 0 } else { READ };
            for (fd, which, interest) in [
                (&process.stdin, STDIN, WRITE),
                (&process.stdout, STDOUT, reading),
                (&process.stderr, STDERR, READ),
            ] {
                if let Some(fd) = fd {
                    self.epoll.add(fd.as_raw_fd(), token_of(call.number, which), interest)?;
                }
            }
        }
        self.calls.push(call);
        Ok(())
    }

    fn start_error(&self, error: &io::Error) -> GuestError {
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

    fn start_process(&mut self, exec: &Exec<'_>) -> io::Result<ProcessCall> {
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

    fn on_cancel(&mut self, id: &str) -> io::Result<()> {
        let Some(index) = self.calls.iter().position(|call| call.id == id) else { return Ok(()) };
        let alone = self.calls.len() == 1;
        let call = &mut self.calls[index];
        match &call.place {
            Place::Process(_) => self.stop_call(index, Stopped::Cancelled).map(drop),
            // The runtime cannot be told to end one of several calls: its answer is dropped.
            Place::Runtime if !alone => self.stop_call(index, Stopped::Cancelled).map(drop),
            Place::Runtime => {
                call.stopped = Some(Stopped::Cancelled);
                call.deadline = call.deadline.min(Instant::now() + CANCEL_GRACE);
                Ok(())
            }
        }
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

    // ---- the runtime -------------------------------------------------------

    fn read_runtime_output(&mut self, token: u64) {
        let Some(runtime) = &mut self.runtime else { return };
        let (fd, splitter) = match token {
            RUNTIME_OUT => (runtime.stdout.as_raw_fd(), &mut runtime.out),
            _ => (runtime.stderr.as_raw_fd(), &mut runtime.err),
        };
        // With several calls in one runtime nobody can tell whose line it is: the latest gets it.
        let log = self.calls.last_mut().map_or(&mut self.stray, |call| &mut call.log);
        match sys::read(fd, &mut self.buffer) {
            Ok(Some(0)) | Err(_) => {
                // User code closed its stdout: nothing more to watch.
                let _ = self.epoll.change(fd, token, 0);
                splitter.finish(log);
            }
            Ok(Some(count)) => splitter.feed(&self.buffer[..count], log),
            Ok(None) => {}
        }
    }

    fn on_runtime(&mut self, ready: u32) -> io::Result<()> {
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
                Ok(GuestMessage::Resp(resp)) => self.on_answer(&resp)?,
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
    fn break_runtime(&mut self, what: &str) -> io::Result<()> {
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

    fn on_init_answer(&mut self, resp: &Resp<'_>) -> io::Result<()> {
        if !self.initialising {
            return Ok(());
        }
        self.initialising = false;
        let error = resp.error.clone().map(|error| GuestError { kind: GuestErrorKind::Init, ..error });
        self.init_error.clone_from(&error);
        // What was printed while loading goes to the call that waits, or with this answer.
        self.answer_init(error.clone())?;
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

    fn on_answer(&mut self, resp: &Resp<'_>) -> io::Result<()> {
        let position = self
            .calls
            .iter()
            .position(|call| call.id == resp.request_id && matches!(call.place, Place::Runtime));
        // An answer of a call that is not running (any more) is no answer.
        let Some(index) = position else { return Ok(()) };
        let call = self.calls.remove(index);
        let swept = self.sweep_if_idle();
        let stopped = call.stopped.map(|why| stop_error(why, &call));
        let error = stopped.or_else(|| resp.error.clone().map(shim_error));
        let output = if error.is_some() { None } else { resp.output };
        self.answer(call, output, error, swept == Swept::Dirty)
    }

    /// Ends what a call left running, once none is in flight.
    fn sweep_if_idle(&mut self) -> Swept {
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

    fn on_runtime_end(&mut self, ended: Ended) {
        self.finish_runtime_output();
        let Some(runtime) = self.runtime.take() else { return };
        let error = end_error(ended, &runtime.err.tail());
        sys::kill_everyone_else();
        if self.initialising {
            self.initialising = false;
            let error = GuestError { kind: error.kind, ..error.clone() };
            let _ = self.answer_init(Some(error));
        }
        self.init_error = Some(error.clone());
        while let Some(call) = self.calls.pop() {
            let error = call.stopped.map_or_else(|| error.clone(), |why| stop_error(why, &call));
            let _ = self.answer(call, None, Some(error), true);
        }
    }

    /// Takes what the runtime still had written, with lines that have no end.
    fn finish_runtime_output(&mut self) {
        for token in [RUNTIME_OUT, RUNTIME_ERR] {
            // Bounded: what one pipe holds (64 KiB), since nobody writes any more.
            for _ in 0..4 {
                self.read_runtime_output(token);
            }
        }
        let Some(runtime) = &mut self.runtime else { return };
        let log = self.calls.last_mut().map_or(&mut self.stray, |call| &mut call.log);
        runtime.out.finish(log);
        runtime.err.finish(log);
    }

    // ---- processes of calls ------------------------------------------------

    fn on_call(&mut self, token: u64) -> io::Result<()> {
        let (number, which) = ((token - CALL_BASE) / 4, (token - CALL_BASE) % 4);
        let Some(index) = self.calls.iter().position(|call| call.number == number) else { return Ok(()) };
        match which {
            STDIN => self.write_stdin(index),
            STDOUT => self.read_stdout(index).map(drop)?,
            _ => drop(self.read_stderr(index)),
        }
        Ok(())
    }

    fn write_stdin(&mut self, index: usize) {
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
    fn read_stdout(&mut self, index: usize) -> io::Result<bool> {
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

    fn read_stderr(&mut self, index: usize) -> bool {
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
    fn finish_process(&mut self, index: usize) {
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

    // ---- ends --------------------------------------------------------------

    /// Ends a call before its time. Whether it is gone from the list.
    fn stop_call(&mut self, index: usize, why: Stopped) -> io::Result<bool> {
        let alone = self.calls.len() == 1;
        let call = &mut self.calls[index];
        call.stopped = Some(why);
        match &call.place {
            Place::Process(process) => {
                let pid = process.pid;
                // Once killed, its end comes by SIGCHLD.
                call.deadline = Instant::now() + Duration::from_secs(3600);
                if alone && self.runtime.is_none() {
                    sys::kill_everyone_else();
                } else {
                    for pid in tree::descendants(pid) {
                        sys::kill(pid, libc::SIGKILL);
                    }
                }
                Ok(false)
            }
            Place::Runtime if alone => {
                sys::kill_everyone_else();
                self.finish_runtime_output();
                let call = self.calls.remove(index);
                let error = stop_error(why, &call);
                // Taken out: the runtime's end is no news then.
                self.runtime = None;
                self.init_error = Some(error.clone());
                if std::mem::take(&mut self.initialising) {
                    self.answer_init(Some(error.clone()))?;
                }
                self.answer(call, None, Some(error), true)?;
                Ok(true)
            }
            // Others run in the same runtime: it is used no more, but may end their calls.
            Place::Runtime => {
                let call = self.calls.remove(index);
                let error = stop_error(why, &call);
                self.answer(call, None, Some(error), true)?;
                Ok(true)
            }
        }
    }

    fn answer(
        &mut self,
        mut call: Call,
        output: Option<&RawValue>,
        error: Option<GuestError>,
        fatal: bool,
    ) -> io::Result<()> {
        let mut resp = Resp::new(call.id.as_str());
        resp.exec_us = call.started.elapsed().as_micros() as u64;
        resp.output = output;
        resp.error = error;
        resp.fatal = fatal;
        resp.logs = call.log.take();
        resp.logs_dropped = call.log.dropped();
        let body = to_json(&resp);
        if body.len() <= crate::protocol::FRAME_MAX {
            return self.host.send(&body);
        }
        resp.output = None;
        resp.error = Some(GuestError {
            kind: GuestErrorKind::BadResponse,
            error_type: "ResponseTooLarge".to_owned(),
            message: format!("the response is larger than {} bytes", crate::protocol::FRAME_MAX),
            ..GuestError::default()
        });
        self.host.send(&to_json(&resp))
    }
}

fn token_of(number: u64, which: u64) -> u64 {
    CALL_BASE + number * 4 + which
}

/// Serialising our own messages to memory cannot fail.
fn to_json<T: serde::Serialize>(message: &T) -> Vec<u8> {
    serde_json::to_vec(message).unwrap_or_default()
}

/// JSON as it is; anything else as a JSON string; nothing as null.
fn output_json(output: Vec<u8>) -> Box<RawValue> {
    let text = String::from_utf8_lossy(&output);
    let text = text.trim();
    if let Ok(raw) = serde_json::from_str::<&RawValue>(text) {
        return raw.to_owned();
    }
    let value = if text.is_empty() { serde_json::Value::Null } else { text.into() };
    serde_json::value::to_raw_value(&value).unwrap_or_default()
}

fn protocol_error(message: String) -> GuestError {
    GuestError {
        kind: GuestErrorKind::Protocol,
        error_type: "Protocol".to_owned(),
        message,
        ..GuestError::default()
    }
}

/// What a shim may say of its call: user code writes to the same descriptor, so the kinds
/// that only the agent can know are not taken from there.
fn shim_error(error: GuestError) -> GuestError {
    let kind = match error.kind {
        GuestErrorKind::Exit | GuestErrorKind::BadResponse | GuestErrorKind::Init => error.kind,
        _ => GuestErrorKind::Error,
    };
    GuestError { kind, signal: None, ..error }
}

fn stop_error(why: Stopped, call: &Call) -> GuestError {
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

fn end_error(ended: Ended, stderr: &str) -> GuestError {
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

fn signal_name(signal: RawFd) -> &'static str {
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
