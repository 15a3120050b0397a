//! The event is JSON on stdin, the answer is JSON on stdout; stderr is the log.
//! Built by rustc alone, so it reads the little JSON that it needs by itself.

use std::io::Read;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut event = String::new();
    if let Err(error) = std::io::stdin().read_to_string(&mut event) {
        eprintln!("the event cannot be read: {error}");
        return ExitCode::FAILURE;
    }
    let name = match Json::new(&event).string_field("name") {
        Ok(name) => name.unwrap_or_else(|| "world".to_owned()),
        Err(position) => {
            eprintln!("the event is no JSON object: byte {position}");
            return ExitCode::FAILURE;
        }
    };
    let greeting = std::env::var("GREETING").unwrap_or_else(|_| "Hello".to_owned());
    eprintln!("greeting {name}");
    println!("{{\"message\": {}}}", quote(&format!("{greeting}, {name}!")));
    ExitCode::SUCCESS
}

/// `text` as a JSON string.
fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            c if (c as u32) < 0x20 => quoted.push_str(&format!("\\u{:04x}", c as u32)),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// How deep arrays and objects may be nested.
const DEPTH_MAX: u32 = 200;

/// A reader of JSON. Errors are the byte at which reading failed.
struct Json<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Json<'a> {
    fn new(text: &'a str) -> Self {
        Json { text, at: 0 }
    }

    /// The string under `name` in the object that the text is; `None` if there is none.
    fn string_field(mut self, name: &str) -> Result<Option<String>, usize> {
        let mut found = None;
        self.expect(b'{')?;
        if self.peek() != Some(b'}') {
            loop {
                let key = self.string()?;
                self.expect(b':')?;
                if key == name && self.peek() == Some(b'"') {
                    found = Some(self.string()?);
                } else {
                    self.skip(0)?;
                }
                match self.peek() {
                    Some(b',') => self.at += 1,
                    _ => break,
                }
            }
        }
        self.expect(b'}')?;
        match self.peek() {
            None => Ok(found),
            Some(_) => Err(self.at),
        }
    }

    /// The next byte that is no white space.
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while matches!(bytes.get(self.at), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    fn expect(&mut self, byte: u8) -> Result<(), usize> {
        if self.peek() != Some(byte) {
            return Err(self.at);
        }
        self.at += 1;
        Ok(())
    }

    fn string(&mut self) -> Result<String, usize> {
        self.expect(b'"')?;
        let mut value = String::new();
        loop {
            let rest = &self.text[self.at..];
            let c = rest.chars().next().ok_or(self.at)?;
            if (c as u32) < 0x20 {
                return Err(self.at);
            }
            self.at += c.len_utf8();
            match c {
                '"' => return Ok(value),
                '\\' => value.push(self.escape()?),
                c => value.push(c),
            }
        }
    }

    /// What stands after a backslash. Half a surrogate pair becomes U+FFFD.
    fn escape(&mut self) -> Result<char, usize> {
        let letter = *self.text.as_bytes().get(self.at).ok_or(self.at)?;
        self.at += 1;
        Ok(match letter {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let high = self.hex()?;
                let pair = (0xd800..0xdc00).contains(&high) && self.text[self.at..].starts_with("\\u");
                if !pair {
                    return Ok(char::from_u32(high).unwrap_or('\u{fffd}'));
                }
                let before = self.at;
                self.at += 2;
                let low = self.hex()?;
                if !(0xdc00..0xe000).contains(&low) {
                    self.at = before;
                    return Ok('\u{fffd}');
                }
                char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00)).unwrap_or('\u{fffd}')
            }
            _ => return Err(self.at - 1),
        })
    }

    fn hex(&mut self) -> Result<u32, usize> {
        let digits = self.text.get(self.at..self.at + 4).ok_or(self.at)?;
        if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(self.at);
        }
        self.at += 4;
        u32::from_str_radix(digits, 16).map_err(|_| self.at)
    }

    /// Passes over one value.
    fn skip(&mut self, depth: u32) -> Result<(), usize> {
        if depth > DEPTH_MAX {
            return Err(self.at);
        }
        match self.peek() {
            Some(b'"') => self.string().map(drop),
            Some(b'{') => self.items(b'}', depth, true),
            Some(b'[') => self.items(b']', depth, false),
            _ => self.literal(),
        }
    }

    fn items(&mut self, end: u8, depth: u32, keys: bool) -> Result<(), usize> {
        self.at += 1;
        if self.peek() == Some(end) {
            self.at += 1;
            return Ok(());
        }
        loop {
            if keys {
                self.string()?;
                self.expect(b':')?;
            }
            self.skip(depth + 1)?;
            match self.peek() {
                Some(b',') => self.at += 1,
                _ => return self.expect(end),
            }
        }
    }

    /// A number, true, false or null.
    fn literal(&mut self) -> Result<(), usize> {
        let rest = &self.text[self.at..];
        let length =
            rest.find(|c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c))).unwrap_or(rest.len());
        let word = &rest[..length];
        let number =
            word.starts_with(|c: char| c == '-' || c.is_ascii_digit()) && word.parse::<f64>().is_ok();
        if !number && !matches!(word, "true" | "false" | "null") {
            return Err(self.at);
        }
        self.at += length;
        Ok(())
    }
}
