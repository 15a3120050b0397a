//! Output of user code as bounded log lines.

use std::collections::VecDeque;

use super::sys;
use crate::protocol::GuestLine;

/// Longest line that is kept, bytes.
const LINE_MAX: usize = 16 * 1024;
/// Most bytes of log of one call.
const CALL_MAX: usize = 256 * 1024;

/// Number of a stream in a [`GuestLine`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Agent = 0,
    Stdout = 1,
    Stderr = 2,
}

/// The lines of one call.
#[derive(Debug, Default)]
pub(super) struct LogBuffer {
    lines: Vec<GuestLine>,
    kept: usize,
    dropped: u64,
    oldest: Option<i64>,
}

impl LogBuffer {
    fn push(&mut self, source: Source, text: &[u8]) {
        if self.kept + text.len() > CALL_MAX {
            if self.dropped == 0 {
                self.note(format!("output is cut: a call keeps at most {} KiB of log", CALL_MAX / 1024));
            }
            self.dropped += text.len() as u64 + 1;
            return;
        }
        // Empty lines cost something too.
        self.kept += text.len() + 16;
        self.add(source, String::from_utf8_lossy(text).into_owned());
    }

    /// Adds a remark of the agent.
    pub(super) fn note(&mut self, text: String) {
        self.add(Source::Agent, text);
    }

    /// Adds a remark about what user code did. It counts into the log's limit, because user
    /// code can cause any number of them.
    pub(super) fn remark(&mut self, text: &str) {
        self.push(Source::Agent, text.as_bytes());
    }

    fn add(&mut self, source: Source, text: String) {
        let at = sys::now_micros();
        self.oldest.get_or_insert(at);
        self.lines.push(GuestLine { at, stream: source as u8, text });
    }

    /// Takes the lines collected since the last call of this.
    pub(super) fn take(&mut self) -> Vec<GuestLine> {
        self.oldest = None;
        std::mem::take(&mut self.lines)
    }

    /// When the oldest line that was not taken came, microseconds since the epoch.
    pub(super) fn oldest(&self) -> Option<i64> {
        self.oldest
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Puts what `other` holds before our own.
    pub(super) fn prepend(&mut self, mut other: LogBuffer) {
        other.lines.append(&mut self.lines);
        self.lines = other.lines;
        self.kept += other.kept;
        self.dropped += other.dropped;
        self.oldest = other.oldest.or(self.oldest);
    }
}

/// Cuts one stream of bytes into lines.
#[derive(Debug)]
pub(super) struct LineSplitter {
    source: Source,
    partial: Vec<u8>,
    /// The rest of an over-long line is being skipped.
    skipping: bool,
    /// The last bytes seen, for the text of an error.
    tail: Vec<u8>,
    /// Lines that the agent itself wrote into the pipe and that did not come out yet.
    spoken: VecDeque<String>,
}

const TAIL: usize = 2048;
/// Most lines of the agent's own that are waited for.
const SPOKEN_MAX: usize = 256;

impl LineSplitter {
    pub(super) fn new(source: Source) -> Self {
        Self { source, partial: Vec::new(), skipping: false, tail: Vec::new(), spoken: VecDeque::new() }
    }

    /// Says that the agent wrote this line into the pipe, so that it is told as a remark and not
    /// as output. User code that prints the same words first gets its line told so instead, which
    /// it could have by doing what the remark is about.
    pub(super) fn expect(&mut self, line: String) {
        if self.spoken.len() == SPOKEN_MAX {
            self.spoken.pop_front();
        }
        self.spoken.push_back(line);
    }

    /// Takes bytes as they come.
    pub(super) fn feed(&mut self, mut bytes: &[u8], log: &mut LogBuffer) {
        if self.source == Source::Stderr {
            self.tail.extend_from_slice(&bytes[bytes.len().saturating_sub(TAIL)..]);
            let excess = self.tail.len().saturating_sub(TAIL);
            self.tail.drain(..excess);
        }
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            self.part(&bytes[..end], log);
            self.end_line(log);
            bytes = &bytes[end + 1..];
        }
        self.part(bytes, log);
    }

    fn part(&mut self, bytes: &[u8], log: &mut LogBuffer) {
        if self.skipping {
            log.dropped += bytes.len() as u64;
            return;
        }
        let room = LINE_MAX - self.partial.len();
        self.partial.extend_from_slice(&bytes[..bytes.len().min(room)]);
        if bytes.len() > room {
            log.dropped += (bytes.len() - room) as u64;
            self.partial.extend_from_slice(" [line cut]".as_bytes());
            self.skipping = true;
        }
    }

    fn end_line(&mut self, log: &mut LogBuffer) {
        let line = self.partial.strip_suffix(b"\r").unwrap_or(&self.partial);
        let own = self.spoken.iter().position(|spoken| spoken.as_bytes() == line);
        match own.and_then(|place| self.spoken.remove(place)) {
            Some(text) => log.remark(&text),
            None => log.push(self.source, line),
        }
        self.partial.clear();
        self.skipping = false;
    }

    /// Ends a line that has no line end yet.
    pub(super) fn finish(&mut self, log: &mut LogBuffer) {
        if !self.partial.is_empty() {
            self.end_line(log);
        }
    }

    /// The last text on this stream, trimmed.
    pub(super) fn tail(&self) -> String {
        String::from_utf8_lossy(&self.tail).trim().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(log: &mut LogBuffer) -> Vec<String> {
        log.take().into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn lines_are_joined_over_reads_and_split_at_line_ends() {
        let (mut log, mut out) = (LogBuffer::default(), LineSplitter::new(Source::Stdout));
        out.feed(b"one\ntw", &mut log);
        out.feed(b"o\r\nthree", &mut log);
        out.finish(&mut log);
        assert_eq!(texts(&mut log), ["one", "two", "three"]);
    }

    #[test]
    fn a_line_that_the_agent_wrote_itself_is_a_remark_once() {
        let (mut log, mut out) = (LogBuffer::default(), LineSplitter::new(Source::Stderr));
        out.expect("network refused x".into());
        out.feed(b"mine\nnetwork refused x\nnetwork refused x\n", &mut log);
        let streams: Vec<u8> = log.take().into_iter().map(|line| line.stream).collect();
        assert_eq!(streams, [2, 0, 2]);
    }

    #[test]
    fn an_over_long_line_is_cut_and_marked() {
        let (mut log, mut out) = (LogBuffer::default(), LineSplitter::new(Source::Stdout));
        out.feed(&vec![b'x'; LINE_MAX + 100], &mut log);
        out.feed(b"yyy\nnext\n", &mut log);
        let lines = texts(&mut log);
        assert!(lines[0].ends_with(" [line cut]") && lines[0].len() < LINE_MAX + 20);
        assert_eq!(lines[1], "next");
        assert_eq!(log.dropped(), 103);
    }

    #[test]
    fn a_call_keeps_a_bounded_log_and_counts_the_rest() {
        let (mut log, mut out) = (LogBuffer::default(), LineSplitter::new(Source::Stderr));
        for _ in 0..1000 {
            out.feed(&[b'z'; 1000], &mut log);
            out.feed(b"\n", &mut log);
        }
        assert!(log.dropped() > 700_000);
        let lines = log.take();
        assert!(lines.iter().any(|line| line.stream == 0 && line.text.contains("cut")));
        assert!(lines.iter().map(|line| line.text.len()).sum::<usize>() <= CALL_MAX + 200);
        assert_eq!(out.tail().len(), TAIL - 1);
    }

    #[test]
    fn invalid_utf8_is_replaced_not_refused() {
        let (mut log, mut out) = (LogBuffer::default(), LineSplitter::new(Source::Stdout));
        out.feed(b"a\xffb\n", &mut log);
        assert_eq!(texts(&mut log), ["a\u{fffd}b"]);
    }
}
