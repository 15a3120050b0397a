//! Far more callers than a function can serve: each gets an answer that says what happened,
//! the server's memory stays within bounds, and afterwards everything is as before.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::sync::Barrier;

use crate::server::Server;

/// Callers with a connection of their own, and callers that share one by HTTP/2: 10,000
/// together. All of them on own connections would need more descriptors than some hosts allow.
const ALONE: usize = 3000;
const CONNECTIONS: usize = 28;
const STREAMS: usize = 250;
/// Calls that may wait; more are refused at once.
const QUEUE: usize = 3000;

const CODE: &str = "import os, time\ncount = 0\ndef handler(e, c):\n    global count\n    count += 1\n    \
                    time.sleep(0.004)\n    return [ME, count]\n\
                    ME = os.urandom(8).hex()\n";

/// What a caller got: status, body, `Retry-After`.
type Got = (u16, Value, Option<u64>);

fn request(address: SocketAddr, http2: bool) -> Request<Full<Bytes>> {
    let path = "/functions/crowded/invoke";
    let uri = if http2 { format!("http://{address}{path}") } else { path.to_owned() };
    let mut request = Request::post(uri).header("content-type", "application/json");
    if !http2 {
        request = request.header("host", address.to_string());
    }
    request.body(Full::new(Bytes::from_static(b"{}"))).unwrap()
}

async fn read(response: hyper::Response<hyper::body::Incoming>) -> Got {
    let status = response.status().as_u16();
    let after = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null), after)
}

async fn connect(address: SocketAddr) -> TokioIo<TcpStream> {
    // The kernel's line of new connections is short; who does not fit tries again.
    for _ in 0..200 {
        if let Ok(stream) = TcpStream::connect(address).await {
            return TokioIo::new(stream);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no connection");
}

/// One caller on a connection of its own.
async fn alone(address: SocketAddr, start: Arc<Barrier>) -> Vec<Got> {
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(connect(address).await).await.unwrap();
    tokio::spawn(connection);
    start.wait().await;
    let answer = sender.send_request(request(address, false)).await.expect("an answer");
    vec![read(answer).await]
}

async fn together(address: SocketAddr, start: Arc<Barrier>) -> Vec<Got> {
    let (sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), connect(address).await).await.unwrap();
    tokio::spawn(connection);
    start.wait().await;
    let calls = (0..STREAMS).map(|_| {
        let mut sender = sender.clone();
        async move { read(sender.send_request(request(address, true)).await.expect("an answer")).await }
    });
    futures::future::join_all(calls).await
}

/// Resident memory of a process now and at its highest, MiB.
fn memory(pid: i32) -> (u64, u64) {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let of = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.split_whitespace().next().unwrap().parse::<u64>().unwrap() / 1024
    };
    (of("VmRSS:"), of("VmHWM:"))
}

fn descriptors(pid: i32) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count()
}

fn allow_descriptors(wanted: u64) {
    // SAFETY: `limit` is a valid place for the answer, and valid for the second call.
    unsafe {
        let mut limit: libc::rlimit = std::mem::zeroed();
        assert_eq!(libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit), 0);
        assert!(
            limit.rlim_max >= wanted,
            "this test needs {wanted} open files; raise the hard limit (ulimit -Hn)"
        );
        limit.rlim_cur = limit.rlim_max;
        assert_eq!(libc::setrlimit(libc::RLIMIT_NOFILE, &limit), 0);
    }
}

#[test]
fn each_of_ten_thousand_callers_gets_a_typed_answer_and_the_server_is_well_afterwards() {
    allow_descriptors(ALONE as u64 + 1000);
    let server = Server::start(&["--set", "log.level=error"]);
    let more = format!("\"max_replicas\": 2, \"max_queue\": {QUEUE}, \"max_wait_ms\": 4000");
    server.create("crowded", "python", Some("main.handler"), CODE, &more);
    assert_eq!(server.invoke("crowded", "{}").0, 200);
    let (before, files) = (memory(server.pid()).0, descriptors(server.pid()));
    let address: SocketAddr = server.address.parse().unwrap();

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let began = Instant::now();
    let answers: Vec<Got> = runtime.block_on(async {
        let start = Arc::new(Barrier::new(ALONE + CONNECTIONS));
        let alone = (0..ALONE).map(|_| tokio::spawn(alone(address, start.clone())));
        let together = (0..CONNECTIONS).map(|_| tokio::spawn(together(address, start.clone())));
        let callers: Vec<_> = alone.chain(together).collect();
        let all = futures::future::join_all(callers);
        let all = tokio::time::timeout(Duration::from_secs(120), all).await.expect("all are answered");
        all.into_iter().flat_map(|got| got.expect("an answer")).collect()
    });
    let took = began.elapsed();
    assert_eq!(answers.len(), ALONE + CONNECTIONS * STREAMS);

    let mut kinds = BTreeMap::<String, usize>::new();
    let mut ran = BTreeMap::<String, Vec<u64>>::new();
    for (status, body, after) in &answers {
        let code = body["code"].as_str().unwrap_or("ok");
        *kinds.entry(format!("{status} {code}")).or_default() += 1;
        match status {
            200 => {
                assert!(body["error"].is_null(), "{body}");
                let of = ran.entry(body["output"][0].as_str().unwrap().to_owned()).or_default();
                of.push(body["output"][1].as_u64().unwrap());
            }
            429 | 503 => {
                assert!(after.is_some_and(|seconds| seconds >= 1), "{status} {body} without Retry-After");
                assert_eq!(
                    (&body["retryable"], &body["status"]),
                    (&true.into(), &(*status).into()),
                    "{body}"
                );
                assert!(body["request_id"].is_string() && body["detail"].is_string(), "{body}");
            }
            _ => panic!("{status}: {body}"),
        }
    }
    println!("{kinds:?} in {took:?}, memory {before} MiB, {:?} MiB", memory(server.pid()));
    // Each ran once, none twice, none without an answer.
    let mut first = true;
    for counts in ran.values_mut() {
        counts.sort_unstable();
        counts.dedup();
        let lowest = counts[0];
        assert!(lowest == 1 || (first && lowest == 2), "{lowest}");
        first &= lowest == 1;
        assert_eq!(counts.len() as u64, counts.last().unwrap() - lowest + 1);
    }
    let served: usize = ran.values().map(Vec::len).sum();
    assert_eq!(kinds.get("200 ok"), Some(&served), "{kinds:?}");
    assert!(kinds.get("429 queue_full").is_some_and(|count| *count > 1000), "{kinds:?}");
    assert!(kinds.keys().any(|kind| kind.ends_with("queue_timeout")), "{kinds:?}");

    let (_, highest) = memory(server.pid());
    assert!(highest < before + 250, "{before} MiB before, {highest} MiB at the highest");
    // The connections are gone, and the next call is served at once.
    let begun = Instant::now();
    while descriptors(server.pid()) > files + 20 {
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "{} descriptors, {files} before",
            descriptors(server.pid())
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    let (status, answer) = server.invoke("crowded", "{}");
    assert_eq!((status, answer["error"].is_null()), (200, true), "{answer}");
    assert_eq!(server.get("/health/ready").0, 200);
    // The number is taken once a second.
    let begun = Instant::now();
    loop {
        let (_, text) = server.get("/metrics");
        let waits = |line: &&str| line.starts_with("nova_calls_waiting") && !line.ends_with(" 0");
        let Some(waiting) = text.lines().find(waits) else { break };
        assert!(begun.elapsed() < Duration::from_secs(20), "{waiting}");
        std::thread::sleep(Duration::from_millis(100));
    }
}
