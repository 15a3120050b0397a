//! Framing: 4-byte big-endian length, then that many bytes.

use thiserror::Error;

/// Largest body of a frame, bytes.
pub const FRAME_MAX: usize = 8 * 1024 * 1024;

/// Why bytes are no frame. After any of these the connection is of no more use.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum FrameError {
    /// The length field asks for more than [`FRAME_MAX`], or for nothing.
    #[error("frame of {0} bytes, allowed are 1 to {FRAME_MAX}")]
    Length(usize),
}

/// Appends `body` as a frame to `out`.
pub fn encode_frame(body: &[u8], out: &mut Vec<u8>) -> Result<(), FrameError> {
    check(body.len())?;
    out.reserve(4 + body.len());
    out.extend_from_slice(&(body.len() as u32).to_be_bytes());
    out.extend_from_slice(body);
    Ok(())
}

fn check(length: usize) -> Result<(), FrameError> {
    if length == 0 || length > FRAME_MAX { Err(FrameError::Length(length)) } else { Ok(()) }
}

/// Collects bytes as they come and hands out whole frames. Holds at most one frame
/// and what was read with it.
#[derive(Debug, Default)]
pub struct FrameBuffer {
    bytes: Vec<u8>,
    start: usize,
}

impl FrameBuffer {
    /// Adds bytes that were read from the connection.
    pub fn extend(&mut self, bytes: &[u8]) {
        self.compact();
        self.bytes.extend_from_slice(bytes);
    }

    /// Room at the end to read into, at least `min` bytes; call [`Self::filled`] after.
    pub fn space(&mut self, min: usize) -> &mut [u8] {
        self.compact();
        let used = self.bytes.len();
        self.bytes.resize(used + min, 0);
        &mut self.bytes[used..]
    }

    /// Says how many of the last [`Self::space`] bytes (of `min`) are real.
    pub fn filled(&mut self, min: usize, count: usize) {
        let used = self.bytes.len() - min;
        self.bytes.truncate(used + count);
    }

    /// The body of the next whole frame, if it is all there.
    pub fn next_frame(&mut self) -> Result<Option<&[u8]>, FrameError> {
        let rest = &self.bytes[self.start..];
        let Some(head) = rest.first_chunk::<4>() else { return Ok(None) };
        let length = u32::from_be_bytes(*head) as usize;
        check(length)?;
        if rest.len() < 4 + length {
            return Ok(None);
        }
        let from = self.start + 4;
        self.start = from + length;
        Ok(Some(&self.bytes[from..from + length]))
    }

    /// Bytes that the frame being received still misses, 0 if none has begun.
    pub fn missing(&self) -> usize {
        let rest = &self.bytes[self.start..];
        match rest.first_chunk::<4>() {
            Some(head) => (4 + u32::from_be_bytes(*head) as usize).saturating_sub(rest.len()),
            None => 0,
        }
    }

    /// Whether a frame was begun but is not complete.
    pub fn is_partial(&self) -> bool {
        self.start < self.bytes.len()
    }

    fn compact(&mut self) {
        if self.start == self.bytes.len() {
            self.bytes.clear();
            self.start = 0;
            // One large frame must not keep its memory for ever.
            if self.bytes.capacity() > 1024 * 1024 {
                self.bytes.shrink_to(64 * 1024);
            }
        } else if self.start > 64 * 1024 {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_frame_over_the_limit_is_refused_before_its_bytes_arrive() {
        let mut buffer = FrameBuffer::default();
        buffer.extend(&((FRAME_MAX + 1) as u32).to_be_bytes());
        assert_eq!(buffer.next_frame(), Err(FrameError::Length(FRAME_MAX + 1)));
        let mut out = Vec::new();
        assert!(encode_frame(&vec![0; FRAME_MAX + 1], &mut out).is_err() && out.is_empty());
        assert!(encode_frame(&vec![0; FRAME_MAX], &mut out).is_ok());
    }

    #[test]
    fn an_empty_frame_is_refused() {
        let mut buffer = FrameBuffer::default();
        buffer.extend(&[0, 0, 0, 0]);
        assert_eq!(buffer.next_frame(), Err(FrameError::Length(0)));
    }

    proptest! {
        #[test]
        fn frames_survive_any_splitting_of_the_bytes(
            bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..300), 1..20),
            cuts in prop::collection::vec(1usize..50, 1..50),
        ) {
            let mut wire = Vec::new();
            for body in &bodies {
                encode_frame(body, &mut wire).expect("small");
            }
            let mut buffer = FrameBuffer::default();
            let mut seen = Vec::new();
            let mut rest = &wire[..];
            for cut in cuts.iter().cycle() {
                if rest.is_empty() { break; }
                let (now, later) = rest.split_at((*cut).min(rest.len()));
                buffer.extend(now);
                rest = later;
                while let Some(frame) = buffer.next_frame().expect("valid") {
                    seen.push(frame.to_vec());
                }
            }
            prop_assert_eq!(seen, bodies);
            prop_assert!(!buffer.is_partial());
        }

        #[test]
        fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
            let mut buffer = FrameBuffer::default();
            buffer.extend(&bytes);
            while let Ok(Some(_)) = buffer.next_frame() {}
        }
    }
}
