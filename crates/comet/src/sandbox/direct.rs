//! Calls that go to the shim itself and come back from it; the agent is told only of those
//! that take long. The rules are in `nova_agent::protocol`.
//!
//! What is sent ahead and was not begun can be taken back: the kernel gives each packet to
//! one reader, the shim or us.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use nova_agent::descriptors;
use nova_agent::protocol::{
    Cancel, DIRECT_MAX, End, GuestError, GuestErrorKind, GuestMessage, HostMessage, PACKET_MAX, RING, Resp,
    Watch,
};
use nova_domain::log::LogLine;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use super::channel::{Channel, add_lines, log_line};
use super::{Answer, SandboxError};

type Reply = oneshot::Sender<Result<Answer, SandboxError>>;

/// A call that takes longer than this is watched by the agent, and what was sent ahead of it
/// is taken back. Looked at every so often.
const WATCH_AFTER: Duration = Duration::from_millis(5);
/// Functions whose calls take longer on average get none ahead, microseconds.
const SHORT_US: u64 = 2_000;

struct Sent {
    id: Box<str>,
    reply: Reply,
    timeout_ms: u64,
    sent: Instant,
    /// Since when it is the first that has no answer, so that the shim is at it.
    first: Option<Instant>,
    /// Its caller left after it had begun.
    cancelled: bool,
}

/// What the agent watches, which was the first call when it was asked to.
struct Watched {
    id: Box<str>,
    logs: Vec<LogLine>,
    /// The shim's answer; the agent's follows.
    answer: Option<Answer>,
}

#[derive(Default)]
struct State {
    calls: VecDeque<Sent>,
    watched: Option<Watched>,
    /// Moving average of times in user code, microseconds.
    usual_us: u64,
    /// The task looks at the clock.
    ticking: bool,
    /// Calls came since the agent was asked to clean up.
    used: bool,
    /// The agent cleans up; no call may run meanwhile.
    tidying: bool,
    /// What was wrong with a packet that was taken outside the task.
    broken: Option<String>,
}

pub(super) struct Direct {
    /// Our end, looked at only for what can be read: else each packet that the shim takes would
    /// wake us, because there is room for another.
    socket: AsyncFd<OwnedFd>,
    shim: OwnedFd,
    channel: Weak<Channel>,
    state: Mutex<State>,
    tick: Notify,
}

impl Direct {
    /// Takes over both ends of the pair, if they are what they should be.
    pub(super) fn open(mut fds: Vec<OwnedFd>, channel: &Arc<Channel>) -> Option<Arc<Self>> {
        let (Some(shim), Some(host), None) = (fds.pop(), fds.pop(), fds.pop()) else { return None };
        if !(descriptors::is_packet_socket(host.as_fd()) && descriptors::is_packet_socket(shim.as_fd())) {
            return None;
        }
        // Sends and receives say for themselves that they must not wait.
        // SAFETY: the descriptor is owned by the `AsyncFd` from here on, and never changed or closed before it.
        let socket = unsafe { AsyncFd::register_with_interest(host, Interest::READABLE) }.ok()?;
        let channel = Arc::downgrade(channel);
        let direct = Arc::new(Self { socket, shim, channel, state: Mutex::default(), tick: Notify::new() });
        tokio::spawn(direct.clone().work());
        Some(direct)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The state is consistent between any two statements under this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether another call may be sent before those in it have ended.
    pub(super) fn takes_ahead(&self) -> bool {
        let state = self.state();
        let short = state.usual_us < SHORT_US && state.calls.len() < DIRECT_MAX;
        short && state.watched.is_none() && !state.tidying && !self.agent_has_calls()
    }

    /// Runs `begin`, which gives a call to the agent, if no call is here or there. In one step,
    /// because the agent could not tell the lines of two calls apart.
    pub(super) fn if_idle<T>(&self, begin: impl FnOnce() -> T) -> Option<T> {
        let state = self.state();
        (state.calls.is_empty() && !self.agent_has_calls()).then(begin)
    }

    fn agent_has_calls(&self) -> bool {
        self.channel.upgrade().is_some_and(|channel| channel.has_waiting())
    }

    /// Whether calls came since the last time this was asked. If so, nothing is sent ahead until
    /// [`Self::tidied`]: the caller has the agent clean up.
    pub(super) fn take_used(&self) -> bool {
        let mut state = self.state();
        state.tidying |= state.used;
        std::mem::take(&mut state.used)
    }

    /// The agent has cleaned up.
    pub(super) fn tidied(&self) {
        self.state().tidying = false;
    }

    /// Sends a call. `Err(None)`: there is no room.
    pub(super) fn send(
        &self,
        id: &str,
        body: &[u8],
        timeout_ms: u64,
    ) -> Result<oneshot::Receiver<Result<Answer, SandboxError>>, Option<SandboxError>> {
        let (reply, receiver) = oneshot::channel();
        let mut state = self.state();
        let takes_none =
            |channel: Arc<Channel>| channel.is_closed() || channel.is_fatal() || channel.has_waiting();
        if self.channel.upgrade().is_none_or(takes_none) {
            return Err(Some(SandboxError::TakenBack));
        }
        // Whoever looked whether one more may be sent may have looked before the agent was asked
        // to watch. From then on nothing may follow: the agent could not tell whose lines it reads.
        if state.watched.is_some() || state.calls.len() >= DIRECT_MAX {
            return Err(Some(SandboxError::TakenBack));
        }
        match descriptors::send_packet(self.socket.as_fd(), body) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(None),
            Err(_) => return Err(Some(SandboxError::Ended)),
        }
        let sent = Instant::now();
        let first = state.calls.is_empty().then_some(sent);
        state.calls.push_back(Sent { id: id.into(), reply, timeout_ms, sent, first, cancelled: false });
        state.used = true;
        if !std::mem::replace(&mut state.ticking, true) {
            self.tick.notify_one();
        }
        Ok(receiver)
    }

    async fn work(self: Arc<Self>) {
        let mut buffer = BytesMut::new();
        let timer = tokio::time::sleep(WATCH_AFTER);
        let mut timer = std::pin::pin!(timer);
        let mut ticking = false;
        loop {
            tokio::select! {
                biased;
                ready = self.socket.readable() => {
                    if ready.is_err() {
                        return;
                    }
                    if let Err(why) = self.read(&mut buffer) {
                        return self.fail(&why);
                    }
                }
                () = self.tick.notified() => {
                    timer.as_mut().reset(Instant::now() + WATCH_AFTER);
                    ticking = true;
                }
                () = timer.as_mut(), if ticking => {
                    ticking = self.look_at_the_clock();
                    timer.as_mut().reset(Instant::now() + WATCH_AFTER);
                }
            }
            let broken = self.state().broken.take();
            if let Some(why) = broken {
                return self.fail(&why);
            }
            if self.channel.upgrade().is_none_or(|channel| channel.is_closed()) {
                return;
            }
        }
    }

    /// The shim sent something that is no answer: this sandbox is of no more use.
    fn fail(&self, why: &str) {
        let error = GuestError {
            kind: GuestErrorKind::Crash,
            error_type: "Protocol".to_owned(),
            message: format!("the runtime wrote something that is no message to its channel: {why}"),
            ..GuestError::default()
        };
        let channel = self.channel.upgrade();
        if let Some(channel) = &channel {
            channel.set_fatal();
        }
        self.end_calls(&error, Vec::new(), 0);
        if let Some(channel) = channel {
            channel.end_waiting(&error);
            channel.close();
        }
    }

    /// Takes the answers that are there.
    fn read(&self, buffer: &mut BytesMut) -> Result<(), String> {
        let mut result = Ok(());
        let _ = self.socket.try_io(Interest::READABLE, |socket| {
            let mut state = self.state();
            loop {
                let taken = take(socket, buffer);
                let more = taken.and_then(|packet| match packet {
                    Some(packet) => self.on_packet(&mut state, &packet).map(|()| true),
                    None => Ok(false),
                });
                match more {
                    // If nothing else is expected the look whether there is more is saved.
                    Ok(true) if !state.calls.is_empty() => {}
                    Ok(_) => return Err::<(), _>(io::ErrorKind::WouldBlock.into()),
                    Err(why) => {
                        result = Err(why);
                        return Ok(());
                    }
                }
            }
        });
        result
    }

    fn on_packet(&self, state: &mut State, packet: &Bytes) -> Result<(), String> {
        let GuestMessage::Resp(resp) = GuestMessage::parse(packet).map_err(|error| error.to_string())? else {
            return Err("a message that is no answer".to_owned());
        };
        // An answer of a call that is not running (any more) is no answer.
        let Some((call, mut answer)) = end(state, &resp, packet) else { return Ok(()) };
        answer.error = resp.error.map(GuestError::of_shim);
        if answer.error.is_some() {
            answer.output = Bytes::new();
        }
        if let Some(watched) = state.watched.as_mut().filter(|watched| watched.id == call.id) {
            // The agent has its lines, and deals with its remains first.
            watched.answer = Some(answer);
            self.tell(serde_json::to_vec(&End::new(call.id.as_ref())));
            state.calls.push_front(call);
        } else {
            let _ = call.reply.send(Ok(answer));
        }
        Ok(())
    }

    /// The agent answers for a call: it watched it, or the shim handed it over.
    pub(super) fn on_agent(&self, resp: Resp<'_>, frame: &Bytes) {
        let mut state = self.state();
        let Some((call, mut answer)) = end(&mut state, &resp, frame) else { return };
        if let Some(watched) = state.watched.take_if(|watched| watched.id == call.id) {
            if let (None, Some(given)) = (&resp.error, watched.answer) {
                answer = given;
            }
            answer.logs = watched.logs;
        }
        if resp.exec_us > 0 {
            answer.exec_us = resp.exec_us;
        }
        if resp.error.is_some() {
            answer.error = resp.error;
            answer.output = Bytes::new();
        }
        answer.logs.extend(resp.logs.into_iter().map(log_line));
        answer.logs_dropped = resp.logs_dropped;
        if resp.fatal {
            let unread = self.unread();
            self.give_back(&mut state, &unread);
        }
        let _ = call.reply.send(Ok(answer));
    }

    /// Lines of the watched call, after those of Init if it is the first. What was added to its log.
    pub(super) fn on_log(
        &self,
        id: &str,
        lines: Vec<LogLine>,
        init: impl FnOnce() -> Vec<LogLine>,
    ) -> Vec<LogLine> {
        let mut state = self.state();
        match &mut state.watched {
            Some(watched) if *watched.id == *id => add_lines(&mut watched.logs, &mut init(), lines),
            _ => Vec::new(),
        }
    }

    /// The runtime ended. What it had answered is answered, what it had not taken is taken
    /// back, and the one that it was at ends with it.
    pub(super) fn on_runtime_end(&self, resp: Resp<'_>) {
        let logs = resp.logs.into_iter().map(log_line).collect();
        self.end_calls(&resp.error.unwrap_or_default(), logs, resp.logs_dropped);
    }

    fn end_calls(&self, error: &GuestError, mut logs: Vec<LogLine>, logs_dropped: u64) {
        for call in self.settle() {
            let answer = Answer {
                output: Bytes::new(),
                error: Some(error.clone()),
                exec_us: micros(call.first.unwrap_or(call.sent)),
                queued_us: 0,
                logs: std::mem::take(&mut logs),
                logs_dropped,
            };
            let _ = call.reply.send(Ok(answer));
        }
    }

    /// The channel to the agent ended.
    pub(super) fn on_end(&self, error: Option<&str>) {
        for call in self.settle() {
            let error = error.map_or(SandboxError::Ended, |text| SandboxError::Protocol(text.to_owned()));
            let _ = call.reply.send(Err(error));
        }
        // The task sees that the channel is closed.
        self.tick.notify_one();
    }

    /// Takes answers that are there, and back what was not begun. What remains had begun.
    fn settle(&self) -> VecDeque<Sent> {
        let mut state = self.state();
        let unread = self.unread();
        // A watched call is the agent's to answer, and there is no more to come from it.
        if let Some(Watched { id, logs, answer: Some(answer) }) = state.watched.take()
            && let Some(index) = state.calls.iter().position(|call| call.id == id)
            && let Some(call) = state.calls.remove(index)
        {
            let _ = call.reply.send(Ok(Answer { logs, ..answer }));
        }
        self.drain(&mut state);
        self.give_back(&mut state, &unread);
        std::mem::take(&mut state.calls)
    }

    /// Takes answers that are there already.
    fn drain(&self, state: &mut State) {
        let mut buffer = BytesMut::new();
        loop {
            let handled = match take(&self.socket, &mut buffer) {
                Ok(Some(packet)) => self.on_packet(state, &packet),
                Ok(None) => return,
                Err(why) => Err(why),
            };
            if let Err(why) = handled {
                state.broken.get_or_insert(why);
                self.tick.notify_one();
                return;
            }
        }
    }

    /// Takes what the shim has not taken yet: those calls have not begun.
    fn unread(&self) -> Vec<Bytes> {
        let mut buffer = BytesMut::new();
        let mut packets = Vec::new();
        while let Ok(Some(packet)) = take(&self.shim, &mut buffer) {
            packets.push(packet);
        }
        packets
    }

    /// Tells the callers of unread calls that they may run elsewhere.
    fn give_back(&self, state: &mut State, unread: &[Bytes]) {
        for packet in unread {
            let at = position(state, packet);
            if let Some(call) = at.and_then(|index| state.calls.remove(index)) {
                let _ = call.reply.send(Err(SandboxError::TakenBack));
            } else if packet[..] == *RING {
                self.send_again(packet);
            }
        }
        // The first may have been among them.
        if let Some(call) = state.calls.front_mut() {
            call.first.get_or_insert_with(Instant::now);
        }
    }

    fn send_again(&self, packet: &[u8]) {
        // There was room for it before.
        let _ = descriptors::send_packet(self.socket.as_fd(), packet);
    }

    /// Ends a call whose caller left. `false`: it is none of ours.
    pub(super) fn cancel(&self, id: &str) -> bool {
        let mut state = self.state();
        let is_it = |call: &Sent| *call.id == *id;
        if !state.calls.iter().any(is_it) {
            return false;
        }
        let unread = self.unread();
        // The shim answers before it takes the next: now the first call is the one it is at.
        self.drain(&mut state);
        let not_begun = unread
            .iter()
            .position(|packet| position(&state, packet).is_some_and(|index| is_it(&state.calls[index])));
        if let Some(which) = not_begun {
            for packet in unread.iter().enumerate().filter(|(index, _)| *index != which) {
                self.send_again(packet.1);
            }
            self.give_back(&mut state, &unread[which..=which]);
            return true;
        }
        self.give_back(&mut state, &unread);
        if let Some(call) = state.calls.iter_mut().find(|call| *call.id == *id) {
            call.cancelled = true;
        }
        self.end_cancelled(&mut state);
        true
    }

    /// Has the agent end the first call if its caller left. For another one that has begun an
    /// answer of the agent is on its way, after which that call is the first.
    fn end_cancelled(&self, state: &mut State) {
        let Some(call) = state.calls.front_mut() else { return };
        if !std::mem::take(&mut call.cancelled) {
            return;
        }
        let cancel = Cancel::new(call.id.as_ref());
        self.watch(state);
        self.tell(serde_json::to_vec(&cancel));
    }

    /// Has the agent watch the first call. Nothing may be unread, lest the shim goes on to it.
    fn watch(&self, state: &mut State) {
        if state.watched.is_some() {
            return;
        }
        let Some(call) = state.calls.front() else { return };
        let elapsed_us = micros(call.first.unwrap_or(call.sent));
        let message = Watch::new(call.id.as_ref(), elapsed_us, call.timeout_ms);
        state.watched = Some(Watched { id: call.id.clone(), logs: Vec::new(), answer: None });
        state.usual_us = state.usual_us.max(SHORT_US * 2);
        self.tell(serde_json::to_vec(&message));
    }

    /// Watches what takes long. `false`: nothing is running, the clock may stop.
    fn look_at_the_clock(&self) -> bool {
        let mut state = self.state();
        let Some(call) = state.calls.front() else {
            state.ticking = false;
            return false;
        };
        let late = call.first.is_some_and(|since| since.elapsed() >= WATCH_AFTER);
        if (late || call.cancelled) && state.watched.is_none() {
            let unread = self.unread();
            self.drain(&mut state);
            self.give_back(&mut state, &unread);
            self.watch(&mut state);
        }
        self.end_cancelled(&mut state);
        true
    }

    fn tell(&self, message: serde_json::Result<Vec<u8>>) {
        if let (Some(channel), Ok(body)) = (self.channel.upgrade(), message) {
            let _ = channel.send(&body);
        }
    }
}

/// Takes the call that `resp` answers out of the line; the next one is first now.
fn end(state: &mut State, resp: &Resp<'_>, frame: &Bytes) -> Option<(Sent, Answer)> {
    let index = state.calls.iter().position(|call| *call.id == *resp.request_id)?;
    let call = state.calls.remove(index)?;
    let now = Instant::now();
    if let Some(next) = state.calls.front_mut() {
        next.first.get_or_insert(now);
    }
    let begun = call.first.unwrap_or(now);
    let exec_us = now.duration_since(begun).as_micros() as u64;
    state.usual_us = (state.usual_us * 7 + exec_us) / 8;
    let answer = Answer {
        output: resp.output.map_or_else(Bytes::new, |raw| frame.slice_ref(raw.get().as_bytes())),
        error: None,
        exec_us,
        queued_us: begun.duration_since(call.sent).as_micros() as u64,
        logs: Vec::new(),
        logs_dropped: 0,
    };
    Some((call, answer))
}

fn position(state: &State, packet: &[u8]) -> Option<usize> {
    let Ok(HostMessage::Exec(exec)) = HostMessage::parse(packet) else { return None };
    state.calls.iter().position(|call| *call.id == *exec.request_id)
}

fn micros(since: Instant) -> u64 {
    since.elapsed().as_micros() as u64
}

/// The next packet, if there is one.
fn take(socket: &impl AsFd, buffer: &mut BytesMut) -> Result<Option<Bytes>, String> {
    buffer.resize(PACKET_MAX, 0);
    match descriptors::take_packet(socket.as_fd(), buffer) {
        Ok(count @ 1..=PACKET_MAX) => Ok(Some(Bytes::copy_from_slice(&buffer[..count]))),
        Ok(0) => Ok(None),
        Ok(count) => Err(format!("a packet of {count} bytes")),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}
