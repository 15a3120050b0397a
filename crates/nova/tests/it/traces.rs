//! One trace from HTTP to user code, sent by OTLP.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use crate::server::Server;

/// Takes OTLP over HTTP and keeps the bodies.
fn collector() -> (String, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = seen.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let (mut request, mut buffer) = (Vec::new(), [0u8; 8192]);
            while let Ok(count) = stream.read(&mut buffer) {
                if count == 0 {
                    break;
                }
                request.extend_from_slice(&buffer[..count]);
                let head = String::from_utf8_lossy(&request).to_ascii_lowercase();
                let Some((head, _)) = head.split_once("\r\n\r\n") else { continue };
                let length: usize = head
                    .lines()
                    .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok())
                    .unwrap_or(0);
                if request.len() >= head.len() + 4 + length {
                    let _ = stream
                        .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                    break;
                }
            }
            kept.lock().unwrap().extend_from_slice(&request);
        }
    });
    (format!("http://{address}"), seen)
}

#[test]
fn a_call_is_one_trace_from_the_caller_to_user_code() {
    let (endpoint, seen) = collector();
    let mut server = Server::start(&["--set", &format!("traces.otlp_endpoint={endpoint}")]);
    let code = "import os\ndef handler(e, c):\n    return os.environ['TRACEPARENT']\n";
    server.create("traced", "python", Some("main.handler"), code, "");
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let header = format!("traceparent: 00-{trace}-00f067aa0ba902b7-01");
    let (status, text) = server.request(
        "POST",
        "/functions/traced/invoke",
        &[&header, "Content-Type: application/json"],
        b"{}",
    );
    assert_eq!(status, 200, "{text}");
    assert!(text.contains(&format!("\"00-{trace}-")) && !text.contains("00f067aa0ba902b7"), "{text}");
    // Stopping sends what waits.
    assert_eq!(server.stop(), Some(0), "{}", server.log());
    let bytes = seen.lock().unwrap().clone();
    let has = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    let id: Vec<u8> =
        (0..32).step_by(2).map(|at| u8::from_str_radix(&trace[at..at + 2], 16).unwrap()).collect();
    assert!(has(b"invoke traced") && has(b"user code") && has(&id), "{} bytes came", bytes.len());
}
