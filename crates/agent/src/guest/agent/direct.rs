//! Direct calls: the host talks with the shim itself, and the agent is asked only when there
//! is something to do. The rules are in [`crate::protocol`].

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use super::{Agent, RUNTIME_ERR, RUNTIME_OUT, to_json};
use crate::descriptors;
use crate::guest::call::{Call, Place};
use crate::guest::logs::LogBuffer;
use crate::guest::sys::READ;
use crate::guest::tree::Swept;
use crate::protocol::message::PING;
use crate::protocol::{DIRECT_MAX, End, FRAME_MAX, GuestError, RING, RUNTIME_ID, Resp, Watch};

/// Where direct calls of this sandbox stand.
#[derive(Debug, Default)]
pub(super) enum Direct {
    /// The runtime knows nothing of it.
    #[default]
    None,
    /// The pair that the runtime was started with: the host's end and the shim's.
    Offered(OwnedFd, OwnedFd),
    /// The host has both; ours rings.
    Open { ring: OwnedFd, answered: Answered },
}

/// The calls that were handed over and answered last. A Watch of one of them is late: the
/// host sent it before it had read our answer, and the shim may be calls further by now.
#[derive(Debug, Default)]
pub(super) struct Answered(VecDeque<String>);

impl Answered {
    fn add(&mut self, id: &str) {
        if self.0.len() == DIRECT_MAX {
            self.0.pop_front();
        }
        self.0.push_back(id.to_owned());
    }

    fn has(&self, id: &str) -> bool {
        self.0.iter().any(|answered| answered == id)
    }
}

impl Agent {
    pub(super) fn is_direct(&self) -> bool {
        matches!(self.direct, Direct::Open { .. })
    }

    /// Sends a frame to the shim, which may be waiting at either socket. That it has closed
    /// them is noticed elsewhere too. `false`: it will not get the frame.
    pub(super) fn send_to_shim(&mut self, frame: &[u8]) -> bool {
        let Some(runtime) = &mut self.runtime else { return false };
        let sent = runtime.conn.send(frame).is_ok();
        if let Direct::Open { ring, .. } = &self.direct {
            // There is room for more packets than there are calls ahead.
            let _ = descriptors::send_packet(ring.as_fd(), RING);
        }
        sent
    }

    /// Opens direct calls with the answer to Init, which it sends. Without a pair, or if the
    /// host does not read at the moment, the answer goes without.
    pub(super) fn answer_init_directly(&mut self) -> io::Result<()> {
        let mut resp = Resp::new(crate::protocol::INIT_ID);
        resp.logs = self.stray.take();
        let Direct::Offered(host, shim) = std::mem::take(&mut self.direct) else {
            return self.host.send(&to_json(&resp));
        };
        self.host.flush()?;
        if self.host.backlog() > 0 {
            return self.host.send(&to_json(&resp));
        }
        resp.direct = true;
        self.host.send_with(&to_json(&resp), &[host.as_fd(), shim.as_fd()])?;
        self.send_to_shim(PING);
        self.direct = Direct::Open { ring: host, answered: Answered::default() };
        self.egress.speak_by(self.runtime.as_ref().map(|runtime| runtime.stderr.as_raw_fd()));
        Ok(())
    }

    /// Whether output of the runtime is read as it comes. Without a call that we know it waits
    /// in the pipes until we hear whose it is.
    pub(super) fn listens(&self) -> bool {
        !self.is_direct() || !self.calls.is_empty()
    }

    pub(super) fn adjust_listening(&mut self) -> io::Result<()> {
        let listens = self.listens();
        if listens == self.listening {
            return Ok(());
        }
        self.listening = listens;
        let interest = if listens { READ } else { 0 };
        if let Some(runtime) = &self.runtime {
            for (fd, token, open) in runtime.outputs() {
                if open {
                    self.epoll.change(fd.as_raw_fd(), token, interest)?;
                }
            }
        }
        Ok(())
    }

    /// The host has us look after the call that the shim is at.
    pub(super) fn on_watch(&mut self, watch: &Watch) {
        let Direct::Open { answered, .. } = &self.direct else { return };
        // Its answer and this crossed, or the runtime is gone and so is the call.
        if answered.has(&watch.request_id) || self.runtime.is_none() {
            return;
        }
        self.numbers += 1;
        let now = Instant::now();
        let elapsed = Duration::from_micros(watch.elapsed_us.min(60_000_000));
        let started = now.checked_sub(elapsed).unwrap_or(now);
        let mut log = LogBuffer::default();
        log.prepend(std::mem::take(&mut self.stray));
        self.calls.push(Call {
            number: self.numbers,
            id: watch.request_id.clone(),
            place: Place::Direct,
            stream: false,
            started,
            deadline: started + Duration::from_millis(watch.timeout_ms.min(3_600_000)),
            timeout_ms: watch.timeout_ms,
            log,
            stopped: None,
        });
    }

    /// The shim answered a watched call to the host.
    pub(super) fn on_end(&mut self, end: &End) -> io::Result<()> {
        self.drain_output();
        let known = |call: &Call| call.id == end.request_id && matches!(call.place, Place::Direct);
        let position = self.calls.iter().position(known);
        let Some(index) = position else { return Ok(()) };
        if self.runtime.as_mut().is_some_and(|runtime| runtime.conn.frames().is_partial()) {
            // Nobody but user code writes there while the shim answers to the host.
            return self.break_runtime("wrote a broken frame to its channel");
        }
        let call = self.calls.remove(index);
        let swept = self.sweep_if_idle();
        self.answer(call, None, None, swept == Swept::Dirty)
    }

    /// The shim hands a direct call over to us that we do not watch: it printed something, or
    /// started a process. The host knows whether such a call runs.
    pub(super) fn on_handed_over(&mut self, mut resp: Resp<'_>, error: Option<GuestError>) -> io::Result<()> {
        self.drain_output();
        let swept = self.sweep_if_idle();
        let mut log = std::mem::take(&mut self.stray);
        if let Direct::Open { answered, .. } = &mut self.direct {
            answered.add(&resp.request_id);
        }
        if error.is_some() {
            resp.output = None;
        }
        resp.error = error;
        resp.fatal = swept == Swept::Dirty;
        resp.exec_us = 0;
        resp.logs_dropped = log.dropped();
        resp.logs = log.take();
        resp.direct = false;
        self.send_answer(resp)?;
        // With something left running no other call may begin: those ahead are taken back.
        if swept != Swept::Dirty {
            self.let_go();
        }
        Ok(())
    }

    /// The shim waits after a call that it handed over; there is nothing to ring for.
    pub(super) fn let_go(&mut self) {
        if let Some(runtime) = &mut self.runtime {
            let _ = runtime.conn.send(PING);
        }
    }

    /// Reads what the runtime has printed so far. Its call ended, and so does its last line.
    pub(super) fn drain_output(&mut self) {
        for token in [RUNTIME_OUT, RUNTIME_ERR] {
            // One read takes what a pipe holds, unless user code made it larger (1 MiB at most).
            for _ in 0..16 {
                if self.read_runtime_output(token) < self.buffer.len() {
                    break;
                }
            }
        }
        self.end_lines();
    }

    /// No call is running, says the host: what is left of one must not go on.
    pub(super) fn on_ping(&mut self) -> io::Result<()> {
        if self.is_direct() && self.sweep_if_idle() == Swept::Dirty {
            self.tell_runtime_end(None)?;
        }
        self.host.send(PING)
    }

    /// Tells the host that this sandbox takes no more calls, and the call at the shim its end.
    pub(super) fn tell_runtime_end(&mut self, error: Option<GuestError>) -> io::Result<()> {
        let mut log = std::mem::take(&mut self.stray);
        let mut resp = Resp::new(RUNTIME_ID);
        resp.error = error;
        resp.fatal = true;
        resp.logs_dropped = log.dropped();
        resp.logs = log.take();
        self.send_answer(resp)
    }

    pub(super) fn send_answer(&mut self, mut resp: Resp<'_>) -> io::Result<()> {
        let body = to_json(&resp);
        if body.len() <= FRAME_MAX {
            return self.host.send(&body);
        }
        resp.output = None;
        resp.error = Some(super::errors::too_large_for_a_frame());
        self.host.send(&to_json(&resp))
    }
}
