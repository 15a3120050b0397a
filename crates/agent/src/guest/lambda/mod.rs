//! The AWS Lambda Runtime API (2018-06-01) as a shim: to the agent it is a runtime like the
//! interpreters with their shims (frames on descriptor 3), to the user's program the service
//! at `AWS_LAMBDA_RUNTIME_API`.
//!
//! ```text
//! agent (pid 1) <- frames -> this process <- HTTP on loopback -> /code/bootstrap
//! ```
//!
//! It is a process of its own and not a part of the agent, so that nothing that user code
//! sends is ever parsed by pid 1, which holds the host's channel. It has one thread and one
//! event loop, hides itself from user code as the agent does, and whatever a client does
//! costs it bounded memory. Time limits, log lines and the end of everything are the agent's.

mod api;
mod body;
mod connection;
mod http;

use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::conn::Conn;
use super::process::Program;
use super::sys::{self, Ended, Epoll, READ, WRITE};
use crate::protocol::{
    GuestError, GuestErrorKind, HostMessage, INIT_ID, Init, PROTOCOL_VERSION, Resp, StreamChunk,
};
use api::Route;
use body::Taken;
use connection::{Connection, Reading, State};
use http::{BadHead, HEAD_MAX, Head};

/// The first argument that makes the agent's binary this shim.
pub const ARGUMENT: &str = "lambda";
/// Where AWS has its Runtime API; another port if user code in the way took it.
const PORT: u16 = 9001;
/// Connections at once; more are closed at once.
const CONNECTIONS_MAX: usize = 32;
/// Longest report of an error, bytes.
const ERROR_MAX: usize = 1 << 20;
/// Unsent bytes to the agent above which nothing more is read from user code.
const BACKLOG_MAX: usize = 256 * 1024;

const AGENT: u64 = 0;
const SIGNAL: u64 = 1;
const LISTENER: u64 = 2;
const CONNECTION_BASE: u64 = 16;

/// A call that came and was not answered.
#[derive(Default)]
struct Call {
    id: String,
    event: Vec<u8>,
    deadline_ms: f64,
    stream: bool,
    trace_id: Option<String>,
    client_context: Option<String>,
}

struct Shim {
    epoll: Epoll,
    signals: OwnedFd,
    agent: Conn,
    agent_writing: bool,
    listener: TcpListener,
    connections: Vec<Option<Connection>>,
    init: Option<Box<Init>>,
    /// The answer to Init was sent.
    ready: bool,
    /// The program fetched a call.
    served: bool,
    child: Option<i32>,
    /// Not fetched yet.
    queue: VecDeque<Call>,
    /// Fetched, not answered.
    current: Option<Call>,
    buffer: Vec<u8>,
}

/// Runs the shim until the agent or the user's program ends; then ends as that did.
pub fn run() -> io::Result<i32> {
    sys::hide_self()?;
    sys::close_on_exec(super::CHANNEL_FD)?;
    sys::set_nonblocking(super::CHANNEL_FD)?;
    // SAFETY: the agent hands its socket over as descriptor 3 and nothing else uses it.
    let channel = unsafe { OwnedFd::from_raw_fd(super::CHANNEL_FD) };
    Shim::new(channel)?.run()
}

impl Shim {
    fn new(channel: OwnedFd) -> io::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, PORT)))
            .or_else(|_| TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))))?;
        listener.set_nonblocking(true)?;
        let epoll = Epoll::new()?;
        let signals = sys::signal_fd()?;
        epoll.add(channel.as_raw_fd(), AGENT, READ)?;
        epoll.add(signals.as_raw_fd(), SIGNAL, READ)?;
        epoll.add(listener.as_raw_fd(), LISTENER, READ)?;
        let mut agent = Conn::new(channel);
        agent.send(crate::protocol::message::PING)?;
        Ok(Self {
            epoll,
            signals,
            agent,
            agent_writing: false,
            listener,
            connections: Vec::new(),
            init: None,
            ready: false,
            served: false,
            child: None,
            queue: VecDeque::new(),
            current: None,
            buffer: vec![0; 64 * 1024],
        })
    }

    fn run(mut self) -> io::Result<i32> {
        let mut events = Vec::with_capacity(32);
        loop {
            self.adjust_interest()?;
            self.epoll.wait(None, &mut events)?;
            for (token, ready) in &events {
                match *token {
                    AGENT => {
                        if !self.on_agent(*ready)? {
                            return Ok(0);
                        }
                    }
                    SIGNAL => {
                        if let Some(ended) = self.on_signals() {
                            return self.end_like(ended);
                        }
                    }
                    LISTENER => self.accept()?,
                    token => self.on_connection((token - CONNECTION_BASE) as usize, *ready)?,
                }
            }
        }
    }

    /// Reads from user code only while the agent keeps up, and writes where something waits.
    fn adjust_interest(&mut self) -> io::Result<()> {
        let backlog = self.agent.backlog();
        if (backlog > 0) != self.agent_writing {
            self.agent_writing = backlog > 0;
            let interest = READ | if self.agent_writing { WRITE } else { 0 };
            self.epoll.change(self.agent.raw(), AGENT, interest)?;
        }
        for (index, connection) in self.connections.iter_mut().enumerate() {
            let Some(connection) = connection else { continue };
            let reading = if backlog > BACKLOG_MAX || connection.closing { 0 } else { READ };
            let interest = reading | if connection.has_output() { WRITE } else { 0 };
            if interest != connection.interest {
                connection.interest = interest;
                self.epoll.change(connection.raw(), CONNECTION_BASE + index as u64, interest)?;
            }
        }
        Ok(())
    }

    // ---- the agent ---------------------------------------------------------

    /// `false`: the end.
    fn on_agent(&mut self, ready: u32) -> io::Result<bool> {
        if ready & WRITE != 0 {
            self.agent.flush()?;
        }
        if ready & !WRITE == 0 {
            return Ok(true);
        }
        if !self.agent.fill()? {
            return Ok(false);
        }
        loop {
            let frame = match self.agent.frames().next_frame() {
                Ok(Some(frame)) => frame.to_vec(),
                Ok(None) => return Ok(true),
                Err(error) => return Err(io::Error::other(error)),
            };
            match HostMessage::parse(&frame).map_err(io::Error::other)? {
                HostMessage::Init(init) => self.on_init(init)?,
                HostMessage::Exec(exec) => {
                    self.queue.push_back(Call {
                        id: exec.request_id.clone().into_owned(),
                        event: exec.input.get().as_bytes().to_vec(),
                        deadline_ms: exec.deadline_ms,
                        stream: exec.stream,
                        client_context: exec.client_context.as_deref().map(str::to_owned),
                        trace_id: exec.traceparent.as_deref().and_then(api::trace_id),
                    });
                    self.hand_out()?;
                }
                HostMessage::Stop => {
                    if let Some(pid) = self.child {
                        sys::kill(pid, libc::SIGTERM);
                    }
                }
                // Ends of calls and their time are the agent's.
                _ => {}
            }
        }
    }

    fn on_init(&mut self, init: Box<Init>) -> io::Result<()> {
        if init.protocol != PROTOCOL_VERSION || self.init.is_some() {
            return Err(io::Error::other("an Init that this shim does not take"));
        }
        let mut program = Program { argv: init.command.clone(), env: init.env.clone() };
        let api = self.listener.local_addr()?.to_string();
        program.env.insert("AWS_LAMBDA_RUNTIME_API".to_owned(), api);
        let started = program.command(None).and_then(|mut command| {
            command.current_dir(&init.code_dir).stdin(std::process::Stdio::null()).spawn()
        });
        match started {
            Ok(child) => self.child = Some(child.id() as i32),
            Err(error) => {
                let command = init.command.first().map_or("", String::as_str);
                let message = format!(
                    "`{command}` could not be started ({error}); it must be an executable for this host, \
                     or a script with a `#!` line whose interpreter is there"
                );
                let error_type = "StartError".to_owned();
                self.fail_init(GuestError { error_type, message, ..GuestError::default() })?;
            }
        }
        self.init = Some(init);
        Ok(())
    }

    fn fail_init(&mut self, error: GuestError) -> io::Result<()> {
        if !std::mem::replace(&mut self.ready, true) {
            let mut resp = Resp::new(INIT_ID);
            resp.error = Some(GuestError { kind: GuestErrorKind::Init, ..error });
            self.send(&resp)?;
        }
        Ok(())
    }

    fn send(&mut self, message: &impl serde::Serialize) -> io::Result<()> {
        self.agent.send(&serde_json::to_vec(message)?)
    }

    /// Answers the call that was fetched.
    fn answer(&mut self, result: Result<&[u8], GuestError>) -> io::Result<()> {
        let Some(call) = self.current.take() else { return Ok(()) };
        let mut resp = Resp::new(call.id.as_str());
        let output = result.as_ref().ok().map(|body| api::output(body));
        // A stream that was passed on has no output beside it.
        resp.output = output.as_deref().filter(|output| !(call.stream && output.get() == "null"));
        resp.error = result.err();
        self.send(&resp)
    }

    // ---- the user's program ------------------------------------------------

    /// How the user's program ended, if it did.
    fn on_signals(&mut self) -> Option<Ended> {
        let _ = sys::read_signals(self.signals.as_fd());
        while let Some((pid, ended)) = sys::reap() {
            if self.child == Some(pid) {
                return Some(ended);
            }
        }
        None
    }

    /// Passes on what the program said before its end, and ends in the same way: the agent
    /// tells exit codes and signals of a runtime apart.
    fn end_like(mut self, ended: Ended) -> io::Result<i32> {
        // Bounded: as much as the kernel holds of a connection whose writer is gone.
        for _ in 0..8 {
            for index in 0..self.connections.len() {
                self.on_connection(index, READ)?;
            }
        }
        self.give_back()?;
        sys::set_blocking(self.agent.raw())?;
        self.agent.flush()?;
        match ended {
            Ended::Exited(code) => Ok(code),
            Ended::Signaled(signal) => {
                sys::die_by(signal);
                Ok(128 + signal)
            }
        }
    }

    /// Gives calls back that the program did not fetch before it ended, if it ever fetched
    /// one: they may run elsewhere.
    fn give_back(&mut self) -> io::Result<()> {
        if !self.served {
            return Ok(());
        }
        // One may be on its way from the agent, which is told by its socket that no other is
        // taken.
        sys::shut_reading(self.agent.raw())?;
        while self.agent.fill().unwrap_or(false) {
            while let Ok(Some(frame)) = self.agent.frames().next_frame() {
                if let Ok(HostMessage::Exec(exec)) = HostMessage::parse(frame) {
                    let id = exec.request_id.into_owned();
                    self.queue.push_back(Call { id, ..Call::default() });
                }
            }
        }
        for call in std::mem::take(&mut self.queue) {
            let mut resp = Resp::new(call.id.as_str());
            resp.error = Some(GuestError {
                kind: GuestErrorKind::NotBegun,
                error_type: "NotBegun".to_owned(),
                message: "the program ended before it fetched the call".to_owned(),
                ..GuestError::default()
            });
            self.send(&resp)?;
        }
        Ok(())
    }

    fn accept(&mut self) -> io::Result<()> {
        loop {
            let stream = match self.listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                // The client is gone again, or descriptors are short: others go on.
                Err(_) => return Ok(()),
            };
            let free = self.connections.iter().position(Option::is_none);
            let index = match free {
                Some(index) => index,
                None if self.connections.len() < CONNECTIONS_MAX => {
                    self.connections.push(None);
                    self.connections.len() - 1
                }
                None => continue,
            };
            let connection = Connection::new(stream)?;
            self.epoll.add(connection.raw(), CONNECTION_BASE + index as u64, READ)?;
            self.connections[index] = Some(connection);
        }
    }

    fn on_connection(&mut self, index: usize, ready: u32) -> io::Result<()> {
        let Some(mut connection) = self.connections.get_mut(index).and_then(Option::take) else {
            return Ok(());
        };
        let alive = self.serve(&mut connection, ready)?;
        if alive && (connection.has_output() || !connection.closing) {
            self.connections[index] = Some(connection);
            return Ok(());
        }
        // Dropped, it leaves epoll by itself. Its answer may have been cut off.
        if let State::Body(reading) = &connection.state
            && let Route::Response(id) = &reading.route
            && self.is_current(id)
        {
            self.answer(Err(bad_response("Truncated", "the response ended before it was complete")))?;
        }
        Ok(())
    }

    /// `Ok(false)`: the connection is of no more use.
    fn serve(&mut self, connection: &mut Connection, ready: u32) -> io::Result<bool> {
        if ready & WRITE != 0 && connection.flush().is_err() {
            return Ok(false);
        }
        if ready & !WRITE != 0 && !connection.closing {
            // Several reads while there is more, but not without end: others wait.
            for _ in 0..16 {
                match connection.fill(&mut self.buffer) {
                    Ok(Some(true)) => self.advance(connection)?,
                    Ok(Some(false)) | Err(_) => {
                        let _ = connection.flush();
                        return Ok(false);
                    }
                    Ok(None) => break,
                }
                if connection.closing || self.agent.backlog() > BACKLOG_MAX {
                    break;
                }
            }
        }
        Ok(connection.flush().is_ok())
    }

    /// Makes what can be made of the bytes that were read.
    fn advance(&mut self, connection: &mut Connection) -> io::Result<()> {
        loop {
            match std::mem::take(&mut connection.state) {
                State::Waiting { keep_alive } => {
                    connection.state = State::Waiting { keep_alive };
                    // A client that goes on talking while it waits is none that we know.
                    connection.closing |= connection.input.len() > HEAD_MAX;
                    return Ok(());
                }
                State::Head => {
                    if connection.input.is_empty() || connection.closing {
                        return Ok(());
                    }
                    match Head::parse(&connection.input) {
                        Ok(Some((head, used))) => {
                            connection.input.drain(..used);
                            connection.state = self.begin(connection, head);
                        }
                        Ok(None) => return Ok(()),
                        Err(bad) => {
                            let status = match bad {
                                BadHead::Malformed => "400 Bad Request",
                                BadHead::TooLarge => "431 Request Header Fields Too Large",
                            };
                            let body = api::problem("InvalidRequest", "the request cannot be read");
                            http::answer(&mut connection.output, status, &[], true, &body);
                            connection.closing = true;
                            return Ok(());
                        }
                    }
                }
                State::Body(mut reading) => match reading.body.take(&connection.input) {
                    Ok(Taken::Data { from, to }) => {
                        self.take_piece(&mut reading, &connection.input[from..to])?;
                        connection.input.drain(..to);
                        connection.state = State::Body(reading);
                    }
                    Ok(Taken::More(used)) => {
                        connection.input.drain(..used);
                        connection.state = State::Body(reading);
                        return Ok(());
                    }
                    Ok(Taken::End(used)) => {
                        connection.input.drain(..used);
                        self.finish(connection, *reading)?;
                    }
                    Err(_) => {
                        let body = api::problem("InvalidRequest", "the body is not well formed");
                        http::answer(&mut connection.output, "400 Bad Request", &[], true, &body);
                        connection.closing = true;
                        // Tells that a response broke off.
                        connection.state = State::Body(reading);
                        return Ok(());
                    }
                },
            }
        }
    }

    fn begin(&self, connection: &mut Connection, head: Head) -> State {
        if head.expects_continue {
            connection.output.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
        let route = Route::of(&head.method, &head.path);
        let passes_on = head.streaming
            && matches!(&route, Route::Response(id) if self.is_current(id))
            && self.current.as_ref().is_some_and(|call| call.stream);
        State::Body(Box::new(Reading {
            route,
            body: head.body,
            collected: Vec::new(),
            too_large: false,
            passes_on,
            streaming: head.streaming,
            error_type: head.error_type,
            keep_alive: head.keep_alive,
        }))
    }

    fn is_current(&self, id: &str) -> bool {
        self.current.as_ref().is_some_and(|call| call.id == id)
    }

    /// A piece of a body: to the caller, or kept within bounds.
    fn take_piece(&mut self, reading: &mut Reading, piece: &[u8]) -> io::Result<()> {
        if reading.passes_on {
            let Some(call) = &self.current else { return Ok(()) };
            let size = self.init.as_ref().map_or(4096, |init| init.streaming_chunk.clamp(1, 1 << 20));
            for chunk in piece.chunks(size) {
                let data = BASE64.encode(chunk);
                let body = serde_json::to_vec(&StreamChunk::new(&call.id, &data))?;
                self.agent.send(&body)?;
            }
            return Ok(());
        }
        let max = match &reading.route {
            Route::Response(_) => self.init.as_ref().map_or(0, |init| init.output_max),
            Route::Error(_) | Route::InitError => ERROR_MAX,
            Route::Next | Route::Refused(_) => 0,
        };
        if reading.collected.len() + piece.len() > max {
            reading.too_large = true;
            reading.collected = Vec::new();
        } else if !reading.too_large {
            reading.collected.extend_from_slice(piece);
        }
        Ok(())
    }

    /// A request is there as a whole.
    fn finish(&mut self, connection: &mut Connection, reading: Reading) -> io::Result<()> {
        const ACCEPTED: (&str, &[u8]) = ("202 Accepted", b"{\"status\":\"OK\"}");
        let unknown =
            || ("400 Bad Request", api::problem("InvalidRequestID", "no call of this id is running"));
        let (status, body) = match &reading.route {
            Route::Next => return self.on_next(connection, reading.keep_alive),
            Route::Refused(status) => (*status, api::problem("InvalidRequest", "there is no such resource")),
            Route::InitError => {
                let header = reading.error_type.as_deref();
                self.fail_init(api::error(GuestErrorKind::Init, header, &reading.collected))?;
                (ACCEPTED.0, ACCEPTED.1.to_vec())
            }
            Route::Response(id) | Route::Error(id) if !self.is_current(id) => unknown(),
            Route::Error(_) => {
                let header = reading.error_type.as_deref();
                self.answer(Err(api::error(GuestErrorKind::Error, header, &reading.collected)))?;
                (ACCEPTED.0, ACCEPTED.1.to_vec())
            }
            Route::Response(_) if reading.too_large => {
                let limit = self.init.as_ref().map_or(0, |init| init.output_max);
                let message = format!("the response is larger than {limit} bytes; stream it instead");
                self.answer(Err(bad_response("ResponseTooLarge", &message)))?;
                ("413 Payload Too Large", api::problem("RequestEntityTooLarge", &message))
            }
            Route::Response(_) => {
                let trailer = |name| reading.body.trailer(name);
                let failed = trailer("lambda-runtime-function-error-type").filter(|_| reading.streaming);
                self.answer(match failed {
                    Some(kind) => {
                        Err(api::trailer_error(kind, trailer("lambda-runtime-function-error-body")))
                    }
                    None => Ok(&reading.collected),
                })?;
                (ACCEPTED.0, ACCEPTED.1.to_vec())
            }
        };
        connection.closing |= !reading.keep_alive;
        http::answer(&mut connection.output, status, &[], connection.closing, &body);
        Ok(())
    }

    /// The program asks for a call: it has loaded its code.
    fn on_next(&mut self, connection: &mut Connection, keep_alive: bool) -> io::Result<()> {
        if !std::mem::replace(&mut self.ready, true) {
            self.send(&Resp::new(INIT_ID))?;
        }
        let taken = self.connections.iter().flatten().any(|one| matches!(one.state, State::Waiting { .. }));
        if self.current.is_some() || taken {
            let body = api::problem("InvalidStateTransition", "answer the call that was fetched first");
            connection.closing |= !keep_alive;
            http::answer(&mut connection.output, "403 Forbidden", &[], connection.closing, &body);
            return Ok(());
        }
        match self.queue.pop_front() {
            Some(call) => self.give(connection, call, keep_alive),
            None => connection.state = State::Waiting { keep_alive },
        }
        Ok(())
    }

    /// Gives the next call to a connection that waits, if there are both.
    fn hand_out(&mut self) -> io::Result<()> {
        let waits = |one: &Option<Connection>| {
            one.as_ref().is_some_and(|one| matches!(one.state, State::Waiting { .. }))
        };
        if self.current.is_some() {
            return Ok(());
        }
        let Some(index) = self.connections.iter().position(waits) else { return Ok(()) };
        let Some(call) = self.queue.pop_front() else { return Ok(()) };
        let Some(mut connection) = self.connections[index].take() else { return Ok(()) };
        let State::Waiting { keep_alive } = std::mem::take(&mut connection.state) else { return Ok(()) };
        self.give(&mut connection, call, keep_alive);
        self.connections[index] = Some(connection);
        // Sends it, and goes on with what came meanwhile; one that is gone loses the call to
        // the time limit, as it would have a moment later.
        self.on_connection(index, WRITE)
    }

    fn give(&mut self, connection: &mut Connection, call: Call, keep_alive: bool) {
        let deadline = format!("{:.0}", call.deadline_ms);
        let arn = self.init.as_ref().map(|init| arn(init)).unwrap_or_default();
        let mut headers = vec![
            ("Lambda-Runtime-Aws-Request-Id", call.id.as_str()),
            ("Lambda-Runtime-Deadline-Ms", &deadline),
            ("Lambda-Runtime-Invoked-Function-Arn", &arn),
        ];
        if let Some(trace_id) = &call.trace_id {
            headers.push(("Lambda-Runtime-Trace-Id", trace_id));
        }
        if let Some(context) = call.client_context.as_deref().filter(|text| !text.contains(['\r', '\n'])) {
            headers.push(("Lambda-Runtime-Client-Context", context));
        }
        connection.closing |= !keep_alive;
        http::answer(&mut connection.output, "200 OK", &headers, connection.closing, &call.event);
        self.served = true;
        self.current = Some(call);
    }
}

fn bad_response(error_type: &str, message: &str) -> GuestError {
    GuestError {
        kind: GuestErrorKind::BadResponse,
        error_type: error_type.to_owned(),
        message: message.to_owned(),
        ..GuestError::default()
    }
}

/// A name of the shape of AWS's; region and account are no place.
fn arn(init: &Init) -> String {
    let region = init.env.get("AWS_REGION").map_or("us-east-1", String::as_str);
    format!("arn:aws:lambda:{region}:000000000000:function:{}:{}", init.function, init.version)
}
