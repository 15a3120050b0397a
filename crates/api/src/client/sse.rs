//! Server-sent events out of an answer's body, as far as Nova uses them.

use std::collections::VecDeque;

use bytes::{Buf as _, Bytes, BytesMut};
use futures::{Stream, StreamExt as _};
use reqwest::Response;

use super::ClientError;

/// Longest line that is taken, bytes: the largest answer in base64 with room for its frame.
const LINE_MAX: usize = 12 * 1024 * 1024;

/// One event; `name` is empty for the default kind.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) name: String,
    pub(super) data: String,
}

/// The events of an answer.
pub(super) fn events(
    response: Response,
    address: String,
) -> impl Stream<Item = Result<Event, ClientError>> + Send {
    let body = response.bytes_stream();
    let state = (Box::pin(body), Parser::default(), VecDeque::new(), false, address);
    futures::stream::unfold(state, |(mut body, mut parser, mut ready, mut over, address)| async move {
        loop {
            if let Some(event) = ready.pop_front() {
                return Some((event, (body, parser, ready, over, address)));
            }
            if over {
                return None;
            }
            match body.next().await {
                Some(Ok(bytes)) => match parser.feed(&bytes) {
                    Ok(events) => ready.extend(events.into_iter().map(Ok)),
                    Err(error) => {
                        ready.push_back(Err(error));
                        over = true;
                    }
                },
                Some(Err(source)) => {
                    ready.push_back(Err(ClientError::unreachable(&address, source)));
                    over = true;
                }
                None => over = true,
            }
        }
    })
}

/// Cuts bytes into lines and lines into events.
#[derive(Debug, Default)]
struct Parser {
    rest: BytesMut,
    event: Event,
    filled: bool,
}

impl Parser {
    fn feed(&mut self, bytes: &Bytes) -> Result<Vec<Event>, ClientError> {
        let mut searched = self.rest.len();
        self.rest.extend_from_slice(bytes);
        let mut events = Vec::new();
        while let Some(at) = self.rest[searched..].iter().position(|byte| *byte == b'\n') {
            let mut line = self.rest.split_to(searched + at);
            self.rest.advance(1);
            searched = 0;
            if line.ends_with(b"\r") {
                line.truncate(line.len() - 1);
            }
            let line = std::str::from_utf8(&line).map_err(|_| ClientError::BadStream("it is not UTF-8"))?;
            events.extend(self.line(line));
        }
        if self.rest.len() > LINE_MAX {
            return Err(ClientError::BadStream("a line is too long"));
        }
        Ok(events)
    }

    /// Takes one line; an empty one ends an event.
    fn line(&mut self, line: &str) -> Option<Event> {
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            return std::mem::take(&mut self.filled).then_some(event);
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => {
                if self.filled {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
                self.filled = true;
            }
            "event" => value.clone_into(&mut self.event.name),
            // Comments (heartbeats), ids and retry times carry nothing for us.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(parts: &[&str]) -> Vec<Event> {
        let mut parser = Parser::default();
        let feed = |part: &&str| parser.feed(&Bytes::from((*part).to_owned())).expect("valid");
        parts.iter().flat_map(feed).collect()
    }

    fn event(name: &str, data: &str) -> Event {
        Event { name: name.to_owned(), data: data.to_owned() }
    }

    #[test]
    fn events_are_found_wherever_the_network_cuts_them() {
        let text = ": hi\n\ndata: YQ==\n\nid: 7\nevent: done\r\ndata: {\"a\":1}\r\n\r\ndata: x\ndata: y\n\n";
        let whole = vec![event("", "YQ=="), event("done", "{\"a\":1}"), event("", "x\ny")];
        assert_eq!(parse(&[text]), whole);
        for cut in 1..text.len() {
            assert_eq!(parse(&[&text[..cut], &text[cut..]]), whole, "cut at {cut}");
        }
    }

    #[test]
    fn an_event_that_is_cut_off_is_not_delivered() {
        assert_eq!(parse(&["data: half\n"]), vec![]);
    }
}
