//! Bodies of HTTP/1.1 requests, taken piece by piece: of a given length, or chunked.

/// Most bytes of trailers: an error's type and, in base64, its text.
const TRAILERS_MAX: usize = 64 * 1024;
/// Longest line with the size of a chunk (extensions are skipped).
const SIZE_LINE_MAX: usize = 256;

/// Why bytes are no body. The connection is of no more use then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

/// A body on its way.
#[derive(Debug)]
pub(super) enum Body {
    Fixed { left: u64 },
    Chunked(Chunked),
}

/// What a call of [`Body::take`] found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// Bytes of the body, at `input[from..to]`; `input[..to]` is used up.
    Data { from: usize, to: usize },
    /// Nothing more can be said of this input; that many bytes are used up.
    More(usize),
    /// The body is over; that many bytes are used up.
    End(usize),
}

#[derive(Debug, Default)]
pub(super) struct Chunked {
    part: Part,
    /// The trailers, once they are there.
    trailers: Vec<(String, String)>,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Part {
    #[default]
    Size,
    Data(u64),
    DataEnd,
    Trailers,
    Over,
}

impl Body {
    /// Takes the next piece of the body from the start of `input`.
    pub(super) fn take(&mut self, input: &[u8]) -> Result<Taken, Malformed> {
        match self {
            Self::Fixed { left: 0 } => Ok(Taken::End(0)),
            Self::Fixed { .. } if input.is_empty() => Ok(Taken::More(0)),
            Self::Fixed { left } => {
                let to = input.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= to as u64;
                Ok(Taken::Data { from: 0, to })
            }
            Self::Chunked(chunked) => chunked.take(input),
        }
    }

    /// The value of a trailer, if the body is over and had it.
    pub(super) fn trailer(&self, name: &str) -> Option<&str> {
        let Self::Chunked(chunked) = self else { return None };
        let found = chunked.trailers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

impl Chunked {
    fn take(&mut self, input: &[u8]) -> Result<Taken, Malformed> {
        let mut at = 0;
        loop {
            let rest = &input[at..];
            match self.part {
                Part::Over => return Ok(Taken::End(at)),
                Part::Size => match httparse::parse_chunk_size(rest) {
                    Ok(httparse::Status::Complete((used, 0))) => {
                        at += used;
                        self.part = Part::Trailers;
                    }
                    Ok(httparse::Status::Complete((used, size))) => {
                        at += used;
                        self.part = Part::Data(size);
                    }
                    Ok(httparse::Status::Partial) if rest.len() <= SIZE_LINE_MAX => {
                        return Ok(Taken::More(at));
                    }
                    _ => return Err(Malformed),
                },
                Part::Data(_) if rest.is_empty() => return Ok(Taken::More(at)),
                Part::Data(left) => {
                    let count = rest.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                    let left = left - count as u64;
                    self.part = if left == 0 { Part::DataEnd } else { Part::Data(left) };
                    return Ok(Taken::Data { from: at, to: at + count });
                }
                Part::DataEnd => match rest {
                    [b'\r', b'\n', ..] => {
                        at += 2;
                        self.part = Part::Size;
                    }
                    [] | [b'\r'] => return Ok(Taken::More(at)),
                    _ => return Err(Malformed),
                },
                Part::Trailers => {
                    let mut headers = [httparse::EMPTY_HEADER; 16];
                    match httparse::parse_headers(rest, &mut headers) {
                        Ok(httparse::Status::Complete((used, headers))) => {
                            self.trailers = headers.iter().map(text_of).collect();
                            at += used;
                            self.part = Part::Over;
                        }
                        Ok(httparse::Status::Partial) if rest.len() <= TRAILERS_MAX => {
                            return Ok(Taken::More(at));
                        }
                        _ => return Err(Malformed),
                    }
                }
            }
        }
    }
}

fn text_of(header: &httparse::Header<'_>) -> (String, String) {
    (header.name.to_owned(), String::from_utf8_lossy(header.value).into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Feeds `wire` in pieces of `step` bytes; the body, and how many bytes were not used.
    fn read(mut body: Body, wire: &[u8], step: usize) -> Result<(Vec<u8>, Body, usize), Malformed> {
        let (mut out, mut buffer) = (Vec::new(), Vec::new());
        let mut pieces = wire.chunks(step);
        loop {
            match body.take(&buffer)? {
                Taken::Data { from, to } => {
                    out.extend_from_slice(&buffer[from..to]);
                    buffer.drain(..to);
                }
                Taken::More(used) => {
                    buffer.drain(..used);
                    match pieces.next() {
                        Some(piece) => buffer.extend_from_slice(piece),
                        None => return Err(Malformed),
                    }
                }
                Taken::End(used) => {
                    let rest = buffer.len() - used + pieces.map(<[u8]>::len).sum::<usize>();
                    return Ok((out, body, rest));
                }
            }
        }
    }

    const WIRE: &[u8] = b"4\r\nWiki\r\n6;x=y\r\npedia \r\nE\r\nin \r\n\r\nchunks.\r\n0\r\nA-b: c\r\n\r\nNEXT";

    #[test]
    fn chunks_are_joined_however_they_are_cut_and_what_follows_is_left() {
        for step in 1..WIRE.len() {
            let (out, body, rest) = read(Body::Chunked(Chunked::default()), WIRE, step).expect("well formed");
            assert_eq!(out, b"Wikipedia in \r\n\r\nchunks.", "step {step}");
            assert_eq!((body.trailer("a-B"), rest), (Some("c"), 4), "step {step}");
        }
        let (out, _, rest) = read(Body::Fixed { left: 4 }, b"abcdef", 3).expect("well formed");
        assert_eq!((out.as_slice(), rest), (&b"abcd"[..], 2));
    }

    #[test]
    fn what_is_no_chunk_is_refused() {
        for wire in [
            &b"x\r\n"[..],
            b"-1\r\n",
            b"3\r\nabcd\r\n0\r\n\r\n",
            b"ffffffffffffffffff\r\n",
            b"0\r\n: x\r\n\r\n",
        ] {
            assert!(read(Body::Chunked(Chunked::default()), wire, 1).is_err(), "{wire:?}");
        }
        let endless = vec![b'1'; 10_000];
        assert!(read(Body::Chunked(Chunked::default()), &endless, 100).is_err());
        let mut trailers = b"0\r\nx: ".to_vec();
        trailers.resize(TRAILERS_MAX * 2, b'y');
        assert!(read(Body::Chunked(Chunked::default()), &trailers, 4096).is_err());
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(wire in prop::collection::vec(any::<u8>(), 0..200), step in 1usize..20) {
            let _ = read(Body::Chunked(Chunked::default()), &wire, step);
        }

        #[test]
        fn any_pieces_come_out_as_they_went_in(
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..50), 0..8),
            step in 1usize..30,
        ) {
            let mut wire = Vec::new();
            for piece in &pieces {
                wire.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
                wire.extend_from_slice(piece);
                wire.extend_from_slice(b"\r\n");
            }
            wire.extend_from_slice(b"0\r\n\r\n");
            let (out, _, rest) = read(Body::Chunked(Chunked::default()), &wire, step).expect("well formed");
            prop_assert_eq!(out, pieces.concat());
            prop_assert_eq!(rest, 0);
        }
    }
}
