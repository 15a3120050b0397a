//! The few parts of DNS that a stub resolver needs: one question in, one answer out.

/// Largest query that is read, bytes; ours is an answer to a host name.
pub(super) const QUERY_MAX: usize = 1232;
const HEADER: usize = 12;
/// How long an answer may be kept, seconds.
const TTL: u32 = 30;

const TYPE_A: u16 = 1;
const CLASS_IN: u16 = 1;

const NO_ERROR: u8 = 0;
const SERVER_FAILURE: u8 = 2;
const NO_SUCH_NAME: u8 = 3;
const NOT_IMPLEMENTED: u8 = 4;

/// A question, with what an answer repeats of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Query {
    /// Lower case, without the dot at the end.
    pub(super) name: String,
    kind: u16,
    class: u16,
    id: [u8; 2],
    recursion_desired: bool,
    opcode: u8,
    /// Name, type and class as they came.
    question: Vec<u8>,
}

/// What is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Address([u8; 4]),
    NoSuchName,
    Failed,
}

impl Query {
    /// Reads a query; `None` for anything that is none, which gets no answer.
    pub(super) fn parse(packet: &[u8]) -> Option<Self> {
        let header = packet.get(..HEADER)?;
        let (flags, questions) = (header[2], u16::from_be_bytes([header[4], header[5]]));
        if packet.len() > QUERY_MAX || flags & 0x80 != 0 || questions != 1 {
            return None;
        }
        let mut at = HEADER;
        let mut name = String::new();
        loop {
            let length = usize::from(*packet.get(at)?);
            at += 1;
            if length == 0 {
                break;
            }
            // A pointer has no place in a question: there is nothing before it.
            if length > 63 || name.len() + length > 253 {
                return None;
            }
            let label = packet.get(at..at + length)?;
            if !label.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'.') {
                return None;
            }
            if !name.is_empty() {
                name.push('.');
            }
            name.extend(label.iter().map(|byte| char::from(byte.to_ascii_lowercase())));
            at += length;
        }
        let rest = packet.get(at..at + 4)?;
        Some(Self {
            name,
            kind: u16::from_be_bytes([rest[0], rest[1]]),
            class: u16::from_be_bytes([rest[2], rest[3]]),
            id: [header[0], header[1]],
            recursion_desired: flags & 1 != 0,
            opcode: flags >> 3 & 0x0f,
            question: packet[HEADER..at + 4].to_vec(),
        })
    }

    /// The answer that needs nobody outside: of what is no address, names have nothing.
    pub(super) fn immediate(&self) -> Option<Vec<u8>> {
        if self.opcode != 0 {
            return Some(self.respond(NOT_IMPLEMENTED, None));
        }
        let asks_address = self.kind == TYPE_A && self.class == CLASS_IN;
        (!asks_address || self.name.is_empty()).then(|| self.respond(NO_ERROR, None))
    }

    /// The packet that answers.
    pub(super) fn answer(&self, answer: Answer) -> Vec<u8> {
        match answer {
            Answer::Address(address) => self.respond(NO_ERROR, Some(address)),
            Answer::NoSuchName => self.respond(NO_SUCH_NAME, None),
            Answer::Failed => self.respond(SERVER_FAILURE, None),
        }
    }

    fn respond(&self, code: u8, address: Option<[u8; 4]>) -> Vec<u8> {
        let mut packet = Vec::with_capacity(HEADER + self.question.len() + 16);
        packet.extend_from_slice(&self.id);
        // A response that is not from the zone itself; recursion is there.
        packet.push(0x80 | self.opcode << 3 | u8::from(self.recursion_desired));
        packet.push(0x80 | code);
        packet.extend_from_slice(&[0, 1, 0, u8::from(address.is_some()), 0, 0, 0, 0]);
        packet.extend_from_slice(&self.question);
        if let Some(address) = address {
            // The name of the question, type A, class IN.
            packet.extend_from_slice(&[0xc0, HEADER as u8, 0, 1, 0, 1]);
            packet.extend_from_slice(&TTL.to_be_bytes());
            packet.extend_from_slice(&[0, 4]);
            packet.extend_from_slice(&address);
        }
        packet
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn query(name: &str, kind: u16) -> Vec<u8> {
        let mut packet = vec![0xab, 0xcd, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        for label in name.split('.').filter(|label| !label.is_empty()) {
            packet.push(label.len() as u8);
            packet.extend_from_slice(label.as_bytes());
        }
        packet.push(0);
        packet.extend_from_slice(&kind.to_be_bytes());
        packet.extend_from_slice(&[0, 1]);
        packet
    }

    #[test]
    fn a_query_is_answered_with_its_own_question_and_id() {
        let packet = query("API.Example.com", TYPE_A);
        let parsed = Query::parse(&packet).expect("a query");
        assert_eq!((parsed.name.as_str(), parsed.immediate()), ("api.example.com", None));
        let answer = parsed.answer(Answer::Address([127, 64, 0, 1]));
        assert_eq!(answer[..2], [0xab, 0xcd]);
        assert_eq!(answer[2..8], [0x81, 0x80, 0, 1, 0, 1]);
        assert_eq!(answer[HEADER..packet.len()], packet[HEADER..]);
        assert_eq!(answer[answer.len() - 4..], [127, 64, 0, 1]);
        assert_eq!(parsed.answer(Answer::NoSuchName)[3] & 0x0f, NO_SUCH_NAME);
        assert_eq!(parsed.answer(Answer::Failed)[3] & 0x0f, SERVER_FAILURE);
    }

    #[test]
    fn other_types_exist_but_are_empty() {
        for kind in [28, 16, 15, 65, 255] {
            let answer = Query::parse(&query("a.b", kind)).expect("a query").immediate().expect("at once");
            assert_eq!(answer[3..8], [0x80, 0, 1, 0, 0]);
        }
    }

    #[test]
    fn what_is_no_query_gets_no_answer() {
        let good = query("a.b", TYPE_A);
        let mut response = good.clone();
        response[2] |= 0x80;
        let mut two = good.clone();
        two[5] = 2;
        let mut pointer = good.clone();
        pointer[HEADER] = 0xc0;
        let dot = query("a", TYPE_A).iter().map(|byte| if *byte == b'a' { b'.' } else { *byte }).collect();
        for bad in [vec![], good[..HEADER + 3].to_vec(), response, two, pointer, dot, vec![0; QUERY_MAX + 1]]
        {
            assert_eq!(Query::parse(&bad), None, "{bad:?}");
        }
        assert!(Query::parse(&query(&["a".repeat(63).as_str(); 5].join("."), TYPE_A)).is_none());
    }

    proptest! {
        #[test]
        fn random_packets_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            if let Some(query) = Query::parse(&bytes) {
                prop_assert!(query.name.len() <= 253);
                let answer = query.answer(Answer::Address([1, 2, 3, 4]));
                prop_assert!(answer.len() <= bytes.len() + 16);
            }
        }

        #[test]
        fn damaged_queries_never_panic(at in 0usize..40, byte in any::<u8>(), cut in 0usize..40) {
            let mut packet = query("www.example.com", TYPE_A);
            let length = packet.len();
            packet[at % length] = byte;
            packet.truncate(length - cut % length);
            let _ = Query::parse(&packet).map(|query| (query.immediate(), query.answer(Answer::Failed)));
        }
    }
}
