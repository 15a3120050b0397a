//! Frames to and from the agent of one sandbox. A task of its own reads, so that a caller
//! who goes away loses nothing but its own answer.

use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::{Buf, Bytes, BytesMut};
use nova_agent::descriptors;
use nova_agent::protocol::message::PING;
use nova_agent::protocol::{
    FRAME_MAX, GuestError, GuestLine, GuestMessage, INIT_ID, RUNTIME_ID, Resp, encode_frame,
};
use nova_domain::Timestamp;
use nova_domain::log::{LogLine, LogStream};
use tokio::io::Interest;
use tokio::net::UnixStream;
use tokio::sync::{Notify, mpsc, oneshot};

use super::direct::Direct;
use super::{Answer, Listener, Mask, SandboxError};

/// Unsent bytes to one sandbox above which a call is refused: several calls of the largest size.
const UNSENT_MAX: usize = 4 * FRAME_MAX;
/// The guest bounds the log of a call; this bounds a guest that does not.
pub(super) const LINES_MAX: usize = 100_000;

/// How long a Ping may take: on a busy machine the agent must get a CPU, and end processes.
const PONG_MAX: Duration = Duration::from_secs(5);

type Reply = oneshot::Sender<Result<Answer, SandboxError>>;

struct Waiting {
    reply: Reply,
    stream: Option<mpsc::Sender<Bytes>>,
    logs: Vec<LogLine>,
}

#[derive(Default)]
struct State {
    waiting: HashMap<Box<str>, Waiting>,
    unsent: BytesMut,
    init_logs: Vec<LogLine>,
}

pub(super) struct Channel {
    stream: UnixStream,
    state: Mutex<State>,
    /// Wakes the task when something could not be sent at once.
    blocked: Notify,
    pong: Notify,
    /// The way to the shim itself, once Init is answered, if it has one.
    direct: OnceLock<Arc<Direct>>,
    closed: AtomicBool,
    fatal: AtomicBool,
    opened: Instant,
    init_us: AtomicU64,
    mask: Mask,
    listener: Option<Listener>,
}

impl Channel {
    pub(super) fn open(stream: UnixStream, mask: Mask, listener: Option<Listener>) -> Arc<Self> {
        let channel = Arc::new(Self {
            stream,
            state: Mutex::default(),
            blocked: Notify::new(),
            pong: Notify::new(),
            direct: OnceLock::new(),
            closed: AtomicBool::new(false),
            fatal: AtomicBool::new(false),
            opened: Instant::now(),
            init_us: AtomicU64::new(0),
            mask,
            listener,
        });
        tokio::spawn(channel.clone().work());
        channel
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The state is consistent between any two statements under this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// The sandbox cannot take another call.
    pub(super) fn set_fatal(&self) {
        self.fatal.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_fatal(&self) -> bool {
        self.fatal.load(Ordering::Relaxed)
    }

    /// The way to the shim itself.
    pub(super) fn direct(&self) -> Option<&Arc<Direct>> {
        self.direct.get()
    }

    /// Whether a call is with the agent.
    pub(super) fn has_waiting(&self) -> bool {
        !self.state().waiting.is_empty()
    }

    pub(super) fn cancel(&self, id: &str) -> bool {
        self.direct.get().is_some_and(|direct| direct.cancel(id))
    }

    pub(super) fn mask(&self) -> &Mask {
        &self.mask
    }

    pub(super) fn listener(&self) -> Option<&Listener> {
        self.listener.as_ref()
    }

    pub(super) fn init_us(&self) -> u64 {
        self.init_us.load(Ordering::Relaxed)
    }

    pub(super) fn take_init_logs(&self) -> Vec<LogLine> {
        std::mem::take(&mut self.state().init_logs)
    }

    /// Registers a call before it is sent to the agent. Once there are direct calls, it is
    /// [`Direct`] that asks for it; `direct` says whether there were any.
    pub(super) fn expect(
        &self,
        id: &str,
        stream: Option<mpsc::Sender<Bytes>>,
        direct: bool,
    ) -> Result<oneshot::Receiver<Result<Answer, SandboxError>>, SandboxError> {
        let (reply, receiver) = oneshot::channel();
        let mut state = self.state();
        if self.is_closed() {
            return Err(SandboxError::Ended);
        }
        if self.direct.get().is_some() != direct {
            return Err(SandboxError::TakenBack);
        }
        state.waiting.insert(id.into(), Waiting { reply, stream, logs: Vec::new() });
        Ok(receiver)
    }

    pub(super) fn forget(&self, id: &str) {
        self.state().waiting.remove(id);
    }

    /// Sends a frame: at once if the socket takes it, else by the task.
    pub(super) fn send(&self, body: &[u8]) -> Result<(), SandboxError> {
        let mut frame = Vec::new();
        encode_frame(body, &mut frame).map_err(|_| SandboxError::TooLarge)?;
        let mut state = self.state();
        if self.is_closed() {
            return Err(SandboxError::Ended);
        }
        let mut rest = &frame[..];
        if state.unsent.is_empty() {
            match self.stream.try_write(rest) {
                Ok(count) => rest = &rest[count..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return Err(SandboxError::Ended),
            }
        }
        if rest.is_empty() {
            return Ok(());
        }
        if state.unsent.len() + rest.len() > UNSENT_MAX {
            return Err(SandboxError::TooLarge);
        }
        state.unsent.extend_from_slice(rest);
        drop(state);
        self.blocked.notify_one();
        Ok(())
    }

    /// Waits until the agent answers a Ping, at most some seconds. `false`: it did not.
    pub(super) async fn ping(&self) -> bool {
        let pong = self.pong.notified();
        self.send(PING).is_ok() && tokio::time::timeout(PONG_MAX, pong).await.is_ok()
    }

    /// Ends the calls that the agent has with an error of the function.
    pub(super) fn end_waiting(&self, error: &GuestError) {
        let waiting = std::mem::take(&mut self.state().waiting);
        for (_, call) in waiting {
            let answer = Answer {
                output: Bytes::new(),
                error: Some(error.clone()),
                exec_us: 0,
                queued_us: 0,
                logs: call.logs,
                logs_dropped: 0,
            };
            let _ = call.reply.send(Ok(answer));
        }
    }

    /// Ends the task and fails what still waits.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        self.blocked.notify_one();
    }

    async fn work(self: Arc<Self>) {
        let result = self.pump().await;
        self.closed.store(true, Ordering::Relaxed);
        let waiting = std::mem::take(&mut self.state().waiting);
        let text = result.err();
        if let Some(direct) = self.direct.get() {
            direct.on_end(text.as_deref());
        }
        for (_, call) in waiting {
            let error = text.clone().map_or(SandboxError::Ended, SandboxError::Protocol);
            let _ = call.reply.send(Err(error));
        }
    }

    async fn pump(self: &Arc<Self>) -> Result<(), String> {
        let mut input = BytesMut::with_capacity(8 * 1024);
        loop {
            if self.is_closed() {
                return Ok(());
            }
            let unsent = !self.state().unsent.is_empty();
            let interest = if unsent { Interest::READABLE | Interest::WRITABLE } else { Interest::READABLE };
            let ready = tokio::select! {
                biased;
                ready = self.stream.ready(interest) => ready.map_err(|_| "channel".to_owned())?,
                () = self.blocked.notified() => continue,
            };
            if ready.is_writable() && !self.flush() {
                return Ok(());
            }
            if ready.is_readable() && !self.read(&mut input).await? {
                return Ok(());
            }
        }
    }

    /// Sends what waits. `false`: the other side is gone.
    fn flush(&self) -> bool {
        let mut state = self.state();
        while !state.unsent.is_empty() {
            match self.stream.try_write(&state.unsent) {
                Ok(count) => state.unsent.advance(count),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return true,
                Err(_) => return false,
            }
        }
        if state.unsent.capacity() > 1 << 20 {
            state.unsent = BytesMut::new();
        }
        true
    }

    /// Reads what is there and hands it out. `Ok(false)`: the end.
    async fn read(self: &Arc<Self>, input: &mut BytesMut) -> Result<bool, String> {
        loop {
            let missing = missing(input)?;
            input.reserve(missing.clamp(8 * 1024, 1 << 20));
            let mut fds = Vec::new();
            let read = if self.init_us() == 0 {
                self.read_with_descriptors(input, &mut fds)
            } else {
                self.stream.try_read_buf(input)
            };
            match read {
                Ok(0) => return Ok(false),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
                Err(_) => return Ok(false),
            }
            let full = input.len() == input.capacity();
            while let Some(frame) = next_frame(input)? {
                self.on_frame(frame, &mut fds).await?;
            }
            if input.is_empty() && input.capacity() > 1 << 20 {
                *input = BytesMut::with_capacity(8 * 1024);
            }
            // A read that did not fill the buffer emptied the socket.
            if !full {
                return Ok(true);
            }
        }
    }

    /// Until Init is answered descriptors may come along.
    fn read_with_descriptors(&self, input: &mut BytesMut, fds: &mut Vec<OwnedFd>) -> io::Result<usize> {
        const SIZE: usize = 8 * 1024;
        let used = input.len();
        input.resize(used + SIZE, 0);
        let read = self.stream.try_io(Interest::READABLE, || {
            descriptors::receive_with(self.stream.as_fd(), &mut input[used..], fds)
        });
        input.truncate(used + read.as_ref().map_or(0, |count| *count));
        read
    }

    async fn on_frame(self: &Arc<Self>, frame: Bytes, fds: &mut Vec<OwnedFd>) -> Result<(), String> {
        match GuestMessage::parse(&frame).map_err(|error| error.to_string())? {
            GuestMessage::Ping => {
                self.pong.notify_waiters();
                Ok(())
            }
            GuestMessage::Resp(resp) if resp.request_id == INIT_ID => {
                self.on_init(resp, std::mem::take(fds));
                Ok(())
            }
            GuestMessage::Resp(resp) if resp.request_id == RUNTIME_ID => {
                self.fatal.store(true, Ordering::Relaxed);
                if let Some(direct) = self.direct.get() {
                    direct.on_runtime_end(resp);
                }
                Ok(())
            }
            GuestMessage::Resp(resp) => {
                self.on_answer(resp, &frame);
                Ok(())
            }
            GuestMessage::Log(message) => {
                let lines = message.logs.into_iter().map(log_line).collect();
                self.on_lines(&message.request_id, lines);
                Ok(())
            }
            GuestMessage::Stream(chunk) => {
                let stream =
                    self.state().waiting.get(chunk.request_id.as_ref()).and_then(|call| call.stream.clone());
                let Some(stream) = stream else { return Ok(()) };
                let data = BASE64.decode(chunk.data.as_bytes()).map_err(|error| error.to_string())?;
                // A slow reader stops us here, then the agent, then user code. One who is
                // gone is no reason to stop: the call is being cancelled.
                let _ = stream.send(Bytes::from(data)).await;
                Ok(())
            }
        }
    }

    fn on_init(self: &Arc<Self>, resp: Resp<'_>, fds: Vec<OwnedFd>) {
        if let Some(direct) = resp.direct.then(|| Direct::open(fds, self)).flatten() {
            // Under the lock: a call that found none is registered before, or not at all.
            let _state = self.state();
            let _ = self.direct.set(direct);
        }
        let took = self.opened.elapsed().as_micros() as u64;
        self.init_us.store(took.max(1), Ordering::Relaxed);
        if resp.fatal {
            self.fatal.store(true, Ordering::Relaxed);
        }
        self.state().init_logs.extend(resp.logs.into_iter().map(log_line));
    }

    /// Lines of a call that runs: kept for its end, and told to who listens.
    fn on_lines(&self, id: &str, lines: Vec<LogLine>) {
        let added = {
            let mut state = self.state();
            let State { waiting, init_logs, .. } = &mut *state;
            waiting.get_mut(id).map(|call| add_lines(&mut call.logs, init_logs, lines.clone()))
        };
        let added = match (added, self.direct.get()) {
            (Some(added), _) => added,
            (None, Some(direct)) => direct.on_log(id, lines, || self.take_init_logs()),
            (None, None) => return,
        };
        if let (Some(listener), false) = (&self.listener, added.is_empty()) {
            listener.printed(id, &self.mask, added);
        }
    }

    fn on_answer(&self, resp: Resp<'_>, frame: &Bytes) {
        if resp.fatal {
            self.fatal.store(true, Ordering::Relaxed);
        }
        let call = self.state().waiting.remove(resp.request_id.as_ref());
        let Some(mut call) = call else {
            // An answer that nobody waits for (any more) is dropped.
            return self.direct.get().map_or((), |direct| direct.on_agent(resp, frame));
        };
        call.logs.extend(resp.logs.into_iter().map(log_line));
        let answer = Answer {
            output: resp.output.map_or_else(Bytes::new, |raw| frame.slice_ref(raw.get().as_bytes())),
            error: resp.error,
            exec_us: resp.exec_us,
            queued_us: 0,
            logs: call.logs,
            logs_dropped: resp.logs_dropped,
        };
        let _ = call.reply.send(Ok(answer));
    }
}

/// Adds to the lines of a call, after those that were printed while its code was loaded. What was
/// added.
pub(super) fn add_lines(
    logs: &mut Vec<LogLine>,
    init: &mut Vec<LogLine>,
    lines: Vec<LogLine>,
) -> Vec<LogLine> {
    let mut added = std::mem::take(init);
    if logs.len() < LINES_MAX {
        added.extend(lines);
    }
    logs.extend(added.iter().cloned());
    added
}

pub(super) fn log_line(line: GuestLine) -> LogLine {
    let stream = match line.stream {
        1 => LogStream::Stdout,
        2 => LogStream::Stderr,
        _ => LogStream::Platform,
    };
    LogLine { at: Timestamp::from_micros(line.at), stream, text: line.text }
}

/// Bytes that the frame at the start of `input` still misses.
fn missing(input: &BytesMut) -> Result<usize, String> {
    let Some(head) = input.first_chunk::<4>() else { return Ok(0) };
    let length = u32::from_be_bytes(*head) as usize;
    if length == 0 || length > FRAME_MAX {
        return Err(format!("a frame of {length} bytes"));
    }
    Ok((4 + length).saturating_sub(input.len()))
}

fn next_frame(input: &mut BytesMut) -> Result<Option<Bytes>, String> {
    if input.len() < 4 || missing(input)? > 0 {
        return Ok(None);
    }
    let length = input.get_u32() as usize;
    Ok(Some(input.split_to(length).freeze()))
}
