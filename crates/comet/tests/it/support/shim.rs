//! The shim of a fake sandbox that takes direct calls, with the agent beside it.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nova_agent::descriptors;
use nova_agent::protocol::{
    GuestError, GuestErrorKind, GuestLine, HostMessage, INIT_ID, PACKET_MAX, RUNTIME_ID, Resp, encode_frame,
};
use serde_json::Value;
use serde_json::value::to_raw_value;
use tokio::io::Interest;
use tokio::net::UnixDatagram;
use tokio::sync::{mpsc, watch};

use super::Guest;

type Answers = mpsc::UnboundedSender<Vec<u8>>;

/// What the agent knows of the call at the shim.
#[derive(Default)]
struct Agent {
    watched: Option<String>,
    /// The call that was handed over last.
    answered: String,
}

#[derive(Default)]
pub struct Shim(Option<(Arc<Mutex<Agent>>, watch::Sender<String>)>);

/// Answers Init, with both ends of the pair beside the answer.
pub fn answer_init(socket: BorrowedFd<'_>, host: &OwnedFd, shim: &OwnedFd) {
    let mut resp = Resp::new(INIT_ID);
    resp.direct = true;
    let mut frame = Vec::new();
    encode_frame(&serde_json::to_vec(&resp).unwrap(), &mut frame).unwrap();
    let sent = descriptors::send_with(socket, &frame, &[host.as_fd(), shim.as_fd()]).unwrap();
    assert_eq!(sent, frame.len());
}

impl Shim {
    /// A task takes packets from now on, one at a time.
    pub fn begin(guest: &Guest, end: &OwnedFd, answers: Answers) -> Self {
        let socket = std::os::unix::net::UnixDatagram::from(end.try_clone().unwrap());
        socket.set_nonblocking(true).unwrap();
        let socket = UnixDatagram::from_std(socket).unwrap();
        let agent = Arc::new(Mutex::new(Agent::default()));
        let (cancel, cancelled) = watch::channel(String::new());
        let guest = Guest {
            id: guest.id,
            running: guest.running.clone(),
            peak: guest.peak.clone(),
            begun: guest.begun.clone(),
            direct: true,
        };
        tokio::spawn(work(guest, socket, agent.clone(), cancelled, answers));
        Self(Some((agent, cancel)))
    }

    /// What the host says about direct calls. `false`: it is about something else.
    pub fn on_message(&self, message: &HostMessage<'_>, answers: &Answers) -> bool {
        let Some((agent, cancel)) = &self.0 else { return false };
        let mut agent = agent.lock().unwrap();
        match message {
            HostMessage::Watch(watch) => {
                if agent.answered != watch.request_id {
                    agent.watched = Some(watch.request_id.clone());
                }
                true
            }
            HostMessage::End(end) => {
                if agent.watched.take_if(|id| *id == end.request_id).is_some() {
                    let mut resp = Resp::new(end.request_id.as_str());
                    resp.logs = vec![line("the agent looked after it")];
                    answers.send(serde_json::to_vec(&resp).unwrap()).unwrap();
                }
                true
            }
            HostMessage::Cancel(request) => {
                let watched = agent.watched.take_if(|id| *id == request.request_id);
                if let Some(id) = &watched {
                    let mut resp = Resp::new(id.as_str());
                    resp.error =
                        Some(GuestError { kind: GuestErrorKind::Cancelled, ..GuestError::default() });
                    cancel.send_replace(id.clone());
                    answers.send(serde_json::to_vec(&resp).unwrap()).unwrap();
                }
                watched.is_some()
            }
            _ => false,
        }
    }
}

fn line(text: &str) -> GuestLine {
    GuestLine { at: 0, stream: 1, text: text.to_owned() }
}

async fn work(
    guest: Guest,
    socket: UnixDatagram,
    agent: Arc<Mutex<Agent>>,
    mut cancelled: watch::Receiver<String>,
    answers: Answers,
) {
    let mut buffer = vec![0; PACKET_MAX];
    while let Ok(()) = socket.readable().await {
        let taken =
            socket.try_io(Interest::READABLE, || descriptors::take_packet(socket.as_fd(), &mut buffer));
        let count = match taken {
            Ok(0) => return,
            Ok(count) => count,
            Err(_) => continue,
        };
        let Ok(HostMessage::Exec(exec)) = HostMessage::parse(&buffer[..count]) else { continue };
        let event: Value = serde_json::from_str(exec.input.get()).unwrap();
        guest.note(&event);
        let running = guest.running.fetch_add(1, Ordering::SeqCst) + 1;
        guest.peak.fetch_max(running, Ordering::SeqCst);
        let id = exec.request_id.to_string();
        let time = Duration::from_millis(event["sleep_ms"].as_u64().unwrap_or(0));
        let was_cancelled = tokio::select! {
            () = tokio::time::sleep(time) => false,
            () = async { drop(cancelled.wait_for(|which| *which == id).await) } => true,
        };
        guest.running.fetch_sub(1, Ordering::SeqCst);
        if was_cancelled {
            continue;
        }
        if event["vanish"] == true {
            let _ = answers.send(Vec::new());
            return;
        }
        let output = to_raw_value(&guest.id).unwrap();
        let mut resp = Resp::new(id.as_str());
        resp.output = Some(&output);
        if event["crash"] == true {
            resp.request_id = RUNTIME_ID.into();
            resp.output = None;
            resp.error = Some(GuestError { kind: GuestErrorKind::Crash, ..GuestError::default() });
            resp.fatal = true;
            resp.logs = vec![line("last words")];
            let _ = answers.send(serde_json::to_vec(&resp).unwrap());
            return;
        }
        if event["prints"] == true || event["fatal"] == true {
            resp.logs = vec![line("handed over")];
            resp.fatal = event["fatal"] == true;
            let mut agent = agent.lock().unwrap();
            agent.watched = None;
            agent.answered.clone_from(&id);
            let _ = answers.send(serde_json::to_vec(&resp).unwrap());
        } else {
            descriptors::send_packet(socket.as_fd(), &serde_json::to_vec(&resp).unwrap()).unwrap();
        }
    }
}
