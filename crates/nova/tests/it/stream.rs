//! Reading a streamed answer event by event.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use base64::Engine as _;
use serde_json::Value;

use crate::server::Server;

/// How a stream ended.
#[derive(Debug)]
#[allow(dead_code, reason = "shown when a test fails")]
pub(crate) enum Ended {
    Done(Value),
    Error(Value),
    /// No stream began: status and body.
    Refused(u16, String),
    /// The connection broke off.
    Cut,
}

#[derive(Debug)]
pub(crate) struct Stream {
    /// When each chunk came, and what it was.
    pub(crate) chunks: Vec<(Duration, Vec<u8>)>,
    pub(crate) ended: Ended,
}

impl Stream {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.chunks.iter().flat_map(|(_, chunk)| chunk.clone()).collect()
    }

    /// Chunks came while the function wrote, not all at its end.
    pub(crate) fn came_over(&self, least: Duration) {
        let (Some(first), Some(last)) = (self.chunks.first(), self.chunks.last()) else {
            panic!("no chunks: {self:?}");
        };
        assert!(last.0 - first.0 >= least, "{self:?}");
    }
}

/// Calls a function and reads its stream to the end.
pub(crate) fn events(server: &Server, name: &str, event: &str) -> Stream {
    let begun = Instant::now();
    let mut socket = TcpStream::connect(&server.address).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    write!(
        socket,
        "POST /functions/{name}/invoke-stream HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
         Connection: close\r\nContent-Length: {}\r\n\r\n{event}",
        server.address,
        event.len()
    )
    .unwrap();
    let mut stream = Stream { chunks: Vec::new(), ended: Ended::Cut };
    let (mut status, mut in_head, mut rest, mut kind) = (0, true, String::new(), String::new());
    for line in BufReader::new(socket).lines() {
        let Ok(line) = line else { return stream };
        let line = line.trim_end();
        if in_head {
            if let Some(after) = line.strip_prefix("HTTP/1.1 ") {
                status = after[..3].parse().unwrap();
            }
            in_head = !line.is_empty();
        } else if status != 200 {
            rest.push_str(line);
        } else if let Some(name) = line.strip_prefix("event: ") {
            name.clone_into(&mut kind);
        } else if let Some(data) = line.strip_prefix("data: ") {
            match kind.as_str() {
                "" => {
                    let bytes = base64::engine::general_purpose::STANDARD.decode(data).unwrap();
                    stream.chunks.push((begun.elapsed(), bytes));
                }
                "done" => stream.ended = Ended::Done(serde_json::from_str(data).unwrap()),
                _ => stream.ended = Ended::Error(serde_json::from_str(data).unwrap()),
            }
            kind.clear();
        }
    }
    if status != 200 {
        stream.ended = Ended::Refused(status, rest);
    }
    stream
}
