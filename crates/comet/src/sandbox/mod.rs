//! One sandbox, seen from the host: calls go in, answers and chunks come out.

mod channel;
mod direct;
mod listener;
mod mask;

use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use nova_agent::protocol::{Cancel, Exec, GuestError, PACKET_MAX};
use nova_domain::log::LogLine;
use thiserror::Error;
use tokio::sync::{mpsc, oneshot, watch};

use crate::backend::{Backend, Exit, Launched, SandboxSpec, SandboxUsage};
use channel::Channel;
pub(crate) use listener::Listener;
pub(crate) use mask::Mask;

/// What the guest answered.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// Raw JSON; empty when there is none.
    pub(crate) output: bytes::Bytes,
    pub(crate) error: Option<GuestError>,
    pub(crate) exec_us: u64,
    /// How long it was in the sandbox before it began, microseconds.
    pub(crate) queued_us: u64,
    pub(crate) logs: Vec<LogLine>,
    pub(crate) logs_dropped: u64,
}

/// Why there is no answer.
#[derive(Debug, Error)]
pub(crate) enum SandboxError {
    /// The sandbox ended, or its channel did.
    #[error("the sandbox ended during the call")]
    Ended,
    /// It sent something that is no message.
    #[error("the sandbox broke the protocol: {0}")]
    Protocol(String),
    /// It had not begun when something else came in the way: it may run elsewhere.
    #[error("the sandbox could not come to the call")]
    TakenBack,
    /// The request does not fit into a frame.
    #[error("the call is larger than a frame")]
    TooLarge,
}

/// How old a reading of the memory use may be.
const PEAK_AGE: Duration = Duration::from_millis(1);

/// A call on its way.
pub(crate) struct Pending {
    pub(crate) answer: oneshot::Receiver<Result<Answer, SandboxError>>,
}

/// A running sandbox of one function version (or build).
pub(crate) struct Sandbox {
    pub(crate) id: u64,
    pub(crate) from_stock: bool,
    channel: Arc<Channel>,
    backend: Arc<dyn Backend>,
    exit: watch::Receiver<Option<Exit>>,
    memory_peak: Option<Arc<std::fs::File>>,
    peak_read: Mutex<Option<(Instant, u64)>>,
    /// It must not take another call.
    tainted: AtomicBool,
    /// Kills at the memory limit that earlier calls were told of.
    oom_seen: AtomicU64,
}

impl Sandbox {
    /// Takes over what a backend made and sends Init if the backend did not. Answers may
    /// still be far: calls queue in the channel meanwhile.
    pub(crate) fn start(
        launched: Launched,
        spec: &SandboxSpec,
        backend: Arc<dyn Backend>,
        mask: Mask,
        listener: Option<Listener>,
    ) -> Result<Self, SandboxError> {
        let channel = Channel::open(launched.channel, mask, listener);
        let sandbox = Self {
            id: launched.id,
            from_stock: launched.from_stock,
            channel,
            backend,
            exit: launched.exit,
            memory_peak: launched.memory_peak,
            peak_read: Mutex::new(None),
            tainted: AtomicBool::new(false),
            oom_seen: AtomicU64::new(0),
        };
        if !launched.opened {
            sandbox.channel.send(spec.opening.as_bytes())?;
        }
        Ok(sandbox)
    }

    /// Sends a call. With `stream`, chunks go there; a full `stream` slows the function.
    pub(crate) fn exec(
        &self,
        exec: &Exec<'_>,
        stream: Option<mpsc::Sender<bytes::Bytes>>,
    ) -> Result<Pending, SandboxError> {
        let body = serde_json::to_vec(exec).map_err(|error| SandboxError::Protocol(error.to_string()))?;
        if stream.is_none()
            && body.len() <= PACKET_MAX
            && let Some(direct) = self.channel.direct()
        {
            match direct.send(&exec.request_id, &body, exec.timeout_ms) {
                Ok(answer) => return Ok(Pending { answer }),
                Err(Some(error)) => return Err(error),
                Err(None) => {}
            }
        }
        let mut answer = Err(SandboxError::TakenBack);
        if self.channel.direct().is_none() {
            answer = self.channel.expect(&exec.request_id, stream.clone(), false);
        }
        if matches!(answer, Err(SandboxError::TakenBack))
            && let Some(direct) = self.channel.direct()
        {
            // With the agent there is one at a time, and none beside it.
            let idle = direct.if_idle(|| self.channel.expect(&exec.request_id, stream, true));
            answer = idle.unwrap_or(Err(SandboxError::TakenBack));
        }
        let answer = answer?;
        if let Err(error) = self.channel.send(&body) {
            self.channel.forget(&exec.request_id);
            return Err(error);
        }
        Ok(Pending { answer })
    }

    /// Time from Init to its answer, microseconds; 0 while it is not there.
    pub(crate) fn init_us(&self) -> u64 {
        self.channel.init_us()
    }

    /// Lines printed while the code was loaded; once.
    pub(crate) fn take_init_logs(&self) -> Vec<LogLine> {
        let mut lines = self.channel.take_init_logs();
        self.mask().lines(&mut lines);
        lines
    }

    /// What must not be in texts that others see.
    pub(crate) fn mask(&self) -> &Mask {
        self.channel.mask()
    }

    /// Who hears of its calls while they run.
    pub(crate) fn listener(&self) -> Option<&Listener> {
        self.channel.listener()
    }

    /// Tells the guest that the caller went away.
    pub(crate) fn cancel(&self, request_id: &str) {
        if self.channel.cancel(request_id) {
            return;
        }
        if let Ok(body) = serde_json::to_vec(&Cancel::new(request_id)) {
            let _ = self.channel.send(&body);
        }
    }

    /// Whether it may take another call.
    pub(crate) fn is_usable(&self) -> bool {
        !self.tainted.load(Ordering::Relaxed) && !self.channel.is_closed() && !self.channel.is_fatal()
    }

    /// Whether a short call may be sent before those in it have ended: its calls are short,
    /// and what is not begun can be taken back.
    pub(crate) fn takes_ahead(&self) -> bool {
        self.channel.direct().is_some_and(|direct| direct.takes_ahead())
    }

    /// Whether calls ran since the last time this was asked, without the agent seeing them.
    pub(crate) fn take_unseen(&self) -> bool {
        self.channel.direct().is_some_and(|direct| direct.take_used())
    }

    /// Has the agent end what is left running. No call may run meanwhile.
    pub(crate) async fn clean_up(&self) {
        // One that is late would end processes of a later call.
        if !self.channel.ping().await {
            self.taint();
        }
        if let Some(direct) = self.channel.direct() {
            direct.tidied();
        }
    }

    /// It must not take another call.
    pub(crate) fn taint(&self) {
        self.tainted.store(true, Ordering::Relaxed);
    }

    /// How it ended, waiting a moment for the news.
    pub(crate) async fn exit(&self) -> Option<Exit> {
        let mut exit = self.exit.clone();
        let ended = exit.wait_for(Option::is_some);
        match tokio::time::timeout(Duration::from_secs(2), ended).await {
            Ok(Ok(exit)) => exit.clone(),
            _ => None,
        }
    }

    /// Whether the kernel killed something in it at the memory limit since the last call of this.
    pub(crate) async fn ran_out_of_memory(&self) -> Option<SandboxUsage> {
        let usage = match self.backend.usage(self.id).await {
            Ok(usage) => usage,
            // Gone: its last words tell.
            Err(_) => self.exit().await?.usage,
        };
        let before = self.oom_seen.swap(usage.oom_kills, Ordering::Relaxed);
        (usage.oom_kills > before).then_some(usage)
    }

    /// Highest memory use so far, bytes; 0 where unknown. Read again once what was read is a
    /// millisecond old: a call that takes less cannot add much, and the reading costs more than
    /// such a call can use.
    pub(crate) fn memory_peak(&self) -> u64 {
        let mut last = self.peak_read.lock().unwrap_or_else(PoisonError::into_inner);
        match *last {
            Some((at, peak)) if at.elapsed() < PEAK_AGE => peak,
            _ => {
                let peak = self.read_memory_peak();
                *last = Some((Instant::now(), peak));
                peak
            }
        }
    }

    fn read_memory_peak(&self) -> u64 {
        let mut text = [0u8; 32];
        self.memory_peak
            .as_ref()
            .and_then(|file| file.read_at(&mut text, 0).ok())
            .and_then(|count| std::str::from_utf8(&text[..count]).ok()?.trim().parse().ok())
            .unwrap_or(0)
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.channel.close();
        if self.exit.borrow().is_none() {
            self.backend.stop(self.id);
        }
    }
}
