//! A backend in this process: its sandboxes are tasks that speak the agent's protocol.

use std::collections::HashMap;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use nova_agent::descriptors;
use nova_agent::protocol::message::PING;
use nova_agent::protocol::{
    FrameBuffer, GuestError, GuestErrorKind, HostMessage, INIT_ID, Resp, encode_frame,
};
use nova_comet::backend::{Backend, BackendError, Exit, Launched, SandboxSpec, SandboxUsage};
use serde_json::Value;
use serde_json::value::to_raw_value;
use shim::Shim;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::sync::{mpsc, watch};

#[path = "shim.rs"]
mod shim;

/// Counts what was made, and makes it as slowly and as badly as a test asks.
#[derive(Default)]
pub struct FakeBackend {
    pub launched: AtomicU64,
    /// Calls in sandboxes now, and the most there ever were.
    pub running: Arc<AtomicUsize>,
    pub peak: Arc<AtomicUsize>,
    /// How long a launch takes.
    pub launch_time: Mutex<Duration>,
    /// Sandboxes take direct calls.
    pub direct: AtomicBool,
    /// Calls in the order in which they began: the sandbox, and the event's `n`.
    pub begun: Arc<Mutex<Vec<(u64, u64)>>>,
    /// So many launches fail from now on.
    pub failures: AtomicU64,
    alive: Mutex<HashMap<u64, watch::Sender<Option<Exit>>>>,
}

impl FakeBackend {
    pub fn alive(&self) -> usize {
        self.alive.lock().unwrap().len()
    }

    pub fn launched(&self) -> u64 {
        self.launched.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Backend for FakeBackend {
    async fn launch(&self, _: &SandboxSpec) -> Result<Launched, BackendError> {
        let time = *self.launch_time.lock().unwrap();
        if !time.is_zero() {
            tokio::time::sleep(time).await;
        }
        let failing =
            self.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if failing.is_ok() {
            return Err(BackendError::Refused("as the test asked".to_owned()));
        }
        let id = self.launched.fetch_add(1, Ordering::SeqCst) + 1;
        let (channel, guest) = UnixStream::pair()?;
        let (sender, exit) = watch::channel(None);
        let ended = sender.subscribe();
        self.alive.lock().unwrap().insert(id, sender);
        let sandbox = Guest {
            id,
            running: self.running.clone(),
            peak: self.peak.clone(),
            begun: self.begun.clone(),
            direct: self.direct.load(Ordering::SeqCst),
        };
        tokio::spawn(sandbox.run(guest, ended));
        Ok(Launched { id, channel, link: None, exit, from_stock: false, opened: false, memory_peak: None })
    }

    fn stop(&self, sandbox: u64) {
        if let Some(sender) = self.alive.lock().unwrap().remove(&sandbox) {
            sender.send_replace(Some(Exit { setup_error: None, usage: SandboxUsage::default() }));
        }
    }

    async fn usage(&self, _: u64) -> Result<SandboxUsage, BackendError> {
        Ok(SandboxUsage::default())
    }
}

/// One sandbox. The event of a call says what happens: `sleep_ms`, `fatal`, `vanish`
/// (the sandbox ends without an answer); the answer is the sandbox's id. Of direct calls also
/// `crash` (the runtime ends) and `prints` (a line, so that the agent is asked).
struct Guest {
    id: u64,
    running: Arc<AtomicUsize>,
    peak: Arc<AtomicUsize>,
    begun: Arc<Mutex<Vec<(u64, u64)>>>,
    direct: bool,
}

impl Guest {
    async fn run(self, stream: UnixStream, mut ended: watch::Receiver<Option<Exit>>) {
        let pair = self.direct.then(|| descriptors::packet_pair().unwrap());
        let socket = stream.as_fd().try_clone_to_owned().unwrap();
        let (mut reader, mut writer) = stream.into_split();
        let (sender, mut answers) = mpsc::unbounded_channel::<Vec<u8>>();
        let mut frames = FrameBuffer::default();
        let mut cancels: HashMap<String, watch::Sender<bool>> = HashMap::new();
        let mut shim = Shim::default();
        let mut buffer = vec![0; 64 * 1024];
        loop {
            tokio::select! {
                () = async { drop(ended.wait_for(Option::is_some).await) } => return,
                Some(body) = answers.recv() => {
                    if body.is_empty() {
                        return;
                    }
                    let mut frame = Vec::new();
                    encode_frame(&body, &mut frame).unwrap();
                    if writer.write_all(&frame).await.is_err() {
                        return;
                    }
                }
                read = reader.read(&mut buffer) => {
                    let Ok(count @ 1..) = read else { return };
                    frames.extend(&buffer[..count]);
                    while let Some(frame) = frames.next_frame().unwrap() {
                        let message = HostMessage::parse(frame).unwrap();
                        if let (HostMessage::Init(_), Some((host, end))) = (&message, &pair) {
                            shim = Shim::begin(&self, end, sender.clone());
                            shim::answer_init(socket.as_fd(), host, end);
                        } else if !shim.on_message(&message, &sender) {
                            self.on_message(message, &mut cancels, &sender);
                        }
                    }
                }
            }
        }
    }

    fn note(&self, event: &Value) {
        if let Some(n) = event["n"].as_u64() {
            self.begun.lock().unwrap().push((self.id, n));
        }
    }

    fn on_message(
        &self,
        message: HostMessage<'_>,
        cancels: &mut HashMap<String, watch::Sender<bool>>,
        answers: &mpsc::UnboundedSender<Vec<u8>>,
    ) {
        match message {
            HostMessage::Init(_) => answers.send(serde_json::to_vec(&Resp::new(INIT_ID)).unwrap()).unwrap(),
            HostMessage::Exec(exec) => {
                let (cancel, cancelled) = watch::channel(false);
                cancels.insert(exec.request_id.to_string(), cancel);
                let event: Value = serde_json::from_str(exec.input.get()).unwrap();
                self.note(&event);
                let count = self.running.fetch_add(1, Ordering::SeqCst) + 1;
                self.peak.fetch_max(count, Ordering::SeqCst);
                let (id, running, answers) = (self.id, self.running.clone(), answers.clone());
                let request = exec.request_id.to_string();
                tokio::spawn(async move {
                    let body = answer(id, &request, &event, cancelled).await;
                    running.fetch_sub(1, Ordering::SeqCst);
                    let _ = answers.send(body);
                });
            }
            HostMessage::Cancel(cancel) => {
                if let Some(cancel) = cancels.get(&cancel.request_id) {
                    cancel.send_replace(true);
                }
            }
            HostMessage::Ping => answers.send(PING.to_vec()).unwrap(),
            HostMessage::Stop | HostMessage::Watch(_) | HostMessage::End(_) => {}
        }
    }
}

async fn answer(id: u64, request: &str, event: &Value, mut cancelled: watch::Receiver<bool>) -> Vec<u8> {
    let mut resp = Resp::new(request);
    let output = to_raw_value(&id).unwrap();
    let time = Duration::from_millis(event["sleep_ms"].as_u64().unwrap_or(0));
    let was_cancelled = tokio::select! {
        () = tokio::time::sleep(time) => false,
        () = async { drop(cancelled.wait_for(|cancelled| *cancelled).await) } => true,
    };
    if event["vanish"] == true {
        return Vec::new();
    }
    if was_cancelled {
        resp.error = Some(GuestError { kind: GuestErrorKind::Cancelled, ..GuestError::default() });
    } else {
        resp.output = Some(&output);
    }
    resp.fatal = event["fatal"] == true;
    serde_json::to_vec(&resp).unwrap()
}
