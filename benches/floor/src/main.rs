//! The floors of `make bench`: the least that can be done on this machine.
//!
//! * `/` answers a constant: what HTTP alone costs.
//! * `POST /call` passes the body to a Python process over a Unix socket and its answer
//!   back: what any server must pay that runs Python elsewhere. No isolation, no queue, no
//!   limits, no records.
//!
//! `nova-floor PORT SOCKET WORKERS` listens on 127.0.0.1:PORT, waits at SOCKET for WORKERS
//! connections of `benches/floor_worker.py`, and serves until it is ended. One thread.

use std::collections::VecDeque;
use std::io;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{any, post};
use bytes::{Buf as _, Bytes, BytesMut};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{mpsc, oneshot};

/// Calls that may wait for one worker.
const QUEUE_MAX: usize = 1024;
/// Longest frame, bytes.
const FRAME_MAX: usize = 8 * 1024 * 1024;

type Answer = oneshot::Sender<Bytes>;
/// Callers of one worker in the order of their frames: it answers in that order.
type Waiting = Arc<Mutex<VecDeque<Answer>>>;

struct Call {
    body: Bytes,
    answer: Answer,
}

/// The workers and how many calls each has.
struct Workers {
    queues: Vec<(mpsc::Sender<Call>, AtomicUsize)>,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let parsed = match arguments.as_slice() {
        [port, socket, workers] => {
            port.parse().ok().zip(workers.parse().ok()).map(|(p, w)| (p, socket.clone(), w))
        }
        _ => None,
    };
    let Some((port, socket, workers)) = parsed else {
        eprintln!("usage: nova-floor PORT SOCKET WORKERS");
        return ExitCode::from(2);
    };
    let result = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .and_then(|runtime| runtime.block_on(serve(port, &socket, workers)));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("nova-floor: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(port: u16, socket: &str, count: usize) -> io::Result<()> {
    let socket = UnixListener::bind(socket)?;
    let mut queues = Vec::with_capacity(count);
    for _ in 0..count {
        let (stream, _) = socket.accept().await?;
        let (reading, writing) = stream.into_split();
        let (sender, calls) = mpsc::channel(QUEUE_MAX);
        let waiting = Waiting::default();
        tokio::spawn(write(writing, calls, Arc::clone(&waiting)));
        tokio::spawn(read(reading, waiting));
        queues.push((sender, AtomicUsize::new(0)));
    }
    let app = Router::new()
        .route("/", any(async || "hello"))
        .route("/call", post(call))
        .with_state(Arc::new(Workers { queues }));
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    axum::serve(listener, app).await
}

/// Gives the call to the worker with the fewest.
async fn call(State(workers): State<Arc<Workers>>, body: Bytes) -> Result<Bytes, StatusCode> {
    let (queue, load) = workers
        .queues
        .iter()
        .min_by_key(|(_, load)| load.load(Ordering::Relaxed))
        .ok_or(StatusCode::SERVICE_UNAVAILABLE)?;
    let (answer, result) = oneshot::channel();
    load.fetch_add(1, Ordering::Relaxed);
    let sent = queue.send(Call { body, answer }).await;
    let result = if sent.is_ok() { result.await.ok() } else { None };
    load.fetch_sub(1, Ordering::Relaxed);
    result.ok_or(StatusCode::BAD_GATEWAY)
}

/// Writes calls as frames, those that wait together in one write.
async fn write(mut socket: OwnedWriteHalf, mut calls: mpsc::Receiver<Call>, waiting: Waiting) {
    let mut frames = BytesMut::new();
    while let Some(first) = calls.recv().await {
        let mut next = Some(first);
        while let Some(call) = next {
            frame(&mut frames, &call.body);
            if let Ok(mut waiting) = waiting.lock() {
                waiting.push_back(call.answer);
            }
            next = calls.try_recv().ok();
        }
        if socket.write_all(&frames).await.is_err() {
            return;
        }
        frames.clear();
    }
}

/// The same fields as Nova's Exec, so that the worker parses as much.
fn frame(out: &mut BytesMut, body: &[u8]) {
    const HEAD: &[u8] = br#"{"type":2,"request_id":"0190a3771234567890abcdef12345678","input":"#;
    const TAIL: &[u8] = br#","deadline_ms":1795248000000.0,"timeout_ms":30000,"stream":false}"#;
    let length = HEAD.len() + body.len() + TAIL.len();
    out.reserve(4 + length);
    out.extend_from_slice(&(length as u32).to_be_bytes());
    out.extend_from_slice(HEAD);
    out.extend_from_slice(body);
    out.extend_from_slice(TAIL);
}

/// Reads answers and hands each to the caller that waits longest. Ends with the worker,
/// and with it every caller that still waits.
async fn read(mut socket: OwnedReadHalf, waiting: Waiting) {
    let mut buffer = BytesMut::with_capacity(64 * 1024);
    while matches!(socket.read_buf(&mut buffer).await, Ok(count) if count > 0) {
        while let Some(head) = buffer.first_chunk::<4>() {
            let length = u32::from_be_bytes(*head) as usize;
            if length > FRAME_MAX {
                return;
            }
            if buffer.len() < 4 + length {
                break;
            }
            buffer.advance(4);
            let body = buffer.split_to(length).freeze();
            let answer = waiting.lock().ok().and_then(|mut waiting| waiting.pop_front());
            if let Some(answer) = answer {
                // A caller that went away needs none.
                let _ = answer.send(body);
            }
        }
        buffer.reserve(64 * 1024);
    }
    if let Ok(mut waiting) = waiting.lock() {
        waiting.clear();
    }
}
