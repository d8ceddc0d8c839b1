//! Watches where requests begin and end on an HTTP/1 connection, for what hyper lets pass and RFC 9112 does not:
//! a line of the head that ends in a bare LF (§2.2), and a body measured both by `Content-Length` and by chunks
//! (§6.1), of which hyper drops the one before anybody sees it. Another program on the way may read such a request
//! as two. The byte that makes the difference is spoiled in place; hyper then answers 400 and closes.

/// What cannot stand in a head.
const SPOILED: u8 = 0;

/// What an HTTP/2 connection begins with (RFC 9113 §3.4); its first line cannot be one of HTTP/1.
const HTTP2_LINE: &[u8] = b"PRI * HTTP/2.0\r\n";

const CONTENT_LENGTH: &[u8] = b"content-length";
const TRANSFER_ENCODING: &[u8] = b"transfer-encoding";

/// One more than the longest of these names.
const NAME_BYTES: usize = TRANSFER_ENCODING.len() + 1;

/// The place in the stream of requests.
#[derive(Debug, Default)]
pub(super) struct Framing {
    part: Part,
    line: Line,
    head: Head,
    lines_before: usize,
    /// A head was spoiled and its end is still to be told.
    end_missing: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// In a head; the first line is the request's.
    #[default]
    Head,
    /// In a body, so many bytes before its end.
    Body(u64),
    /// In a line that tells the size of a chunk.
    ChunkSize,
    /// In a chunk, so many bytes before the next size, its line end included.
    Chunk(u64),
    /// Behind the last chunk.
    Trailer,
    /// No longer HTTP/1, or refused: nothing to see.
    Over,
}

/// The line being read.
#[derive(Debug, Default)]
struct Line {
    bytes: usize,
    last: u8,
    /// What stands before the first colon, in lower case, as far as it matters.
    name: [u8; NAME_BYTES],
    name_bytes: usize,
    in_value: bool,
    /// The digits of the value as a number; anything else in a length makes hyper refuse it.
    number: u64,
    /// How much of the line is that of HTTP/2.
    http2: usize,
}

/// What the head has told of the body.
#[derive(Debug, Default)]
struct Head {
    length: Option<u64>,
    chunked: bool,
}

impl Framing {
    /// Follows the bytes that have come; spoils what is not to pass.
    pub(super) fn watch(&mut self, bytes: &mut [u8]) {
        let mut at = 0;
        while let Some(rest) = bytes.get_mut(at..) {
            let skipped = match self.part {
                Part::Head if self.line.says_nothing() => self.line.skip(rest),
                _ => 0,
            };
            let Some(byte) = rest.get_mut(skipped) else {
                return;
            };
            at += skipped + 1;
            match self.part {
                Part::Over => return,
                Part::Head => self.head_byte(byte),
                Part::ChunkSize => self.chunk_size_byte(*byte),
                Part::Trailer => self.trailer_byte(*byte),
                Part::Body(left) | Part::Chunk(left) => {
                    let here = u64::try_from(bytes.len() - at).unwrap_or(u64::MAX);
                    // This byte, and as many as there are.
                    let more = here.min(left.saturating_sub(1));
                    at += usize::try_from(more).unwrap_or(usize::MAX);
                    self.part = self.part.after(more.saturating_add(1));
                }
            }
        }
    }

    /// What is to be read next in place of the client's bytes: hyper looks at no head before its end, and the
    /// end of a spoiled one may be what was spoiled.
    pub(super) fn end_of_spoiled(&mut self) -> Option<&'static [u8]> {
        std::mem::take(&mut self.end_missing).then_some(b"\r\n\r\n")
    }

    /// Whether a request's body has not come to its end.
    pub(super) fn within_body(&self) -> bool {
        matches!(
            self.part,
            Part::Body(_) | Part::ChunkSize | Part::Chunk(_) | Part::Trailer
        )
    }

    fn head_byte(&mut self, byte: &mut u8) {
        if *byte != b'\n' {
            self.line.take(*byte);
            return;
        }
        if self.line.last != b'\r' {
            return self.refuse(byte);
        }
        let line = std::mem::take(&mut self.line);
        if self.lines_before == 0 && line.is_http2() {
            self.part = Part::Over;
        } else if line.bytes > 1 {
            self.lines_before += 1;
            self.head.learn(&line);
        } else if self.lines_before > 0 {
            self.end_head(byte);
        }
        // Else an empty line before a request, which is passed over (RFC 9112 §2.2).
    }

    fn end_head(&mut self, byte: &mut u8) {
        self.lines_before = 0;
        let head = std::mem::take(&mut self.head);
        self.part = match (head.length, head.chunked) {
            (Some(_), true) => return self.refuse(byte),
            (None, true) => Part::ChunkSize,
            (None | Some(0), false) => Part::Head,
            (Some(length), false) => Part::Body(length),
        };
    }

    fn chunk_size_byte(&mut self, byte: u8) {
        match byte {
            b'\n' => {
                let line = std::mem::take(&mut self.line);
                self.part = match line.number {
                    0 => Part::Trailer,
                    size => Part::Chunk(size.saturating_add(2)),
                };
            }
            b';' => self.line.in_value = true,
            _ if self.line.in_value => {}
            _ => {
                if let Some(digit) = char::from(byte).to_digit(16) {
                    let number = self.line.number.saturating_mul(16);
                    self.line.number = number.saturating_add(digit.into());
                }
            }
        }
    }

    fn trailer_byte(&mut self, byte: u8) {
        if byte != b'\n' {
            self.line.bytes += 1;
        } else if std::mem::take(&mut self.line).bytes <= 1 {
            self.part = Part::Head;
        }
    }

    fn refuse(&mut self, byte: &mut u8) {
        *byte = SPOILED;
        self.end_missing = true;
        self.part = Part::Over;
    }
}

impl Part {
    /// Where one is that many bytes of a body later.
    fn after(self, bytes: u64) -> Self {
        match self {
            Self::Body(left) if left > bytes => Self::Body(left - bytes),
            Self::Chunk(left) if left > bytes => Self::Chunk(left - bytes),
            Self::Chunk(_) => Self::ChunkSize,
            Self::Body(_) => Self::Head,
            other @ (Self::Head | Self::ChunkSize | Self::Trailer | Self::Over) => other,
        }
    }
}

impl Line {
    fn take(&mut self, byte: u8) {
        if HTTP2_LINE.get(self.bytes) == Some(&byte) && self.http2 == self.bytes {
            self.http2 += 1;
        }
        self.bytes += 1;
        self.last = byte;
        if self.in_value {
            if byte.is_ascii_digit() {
                let number = self.number.saturating_mul(10);
                self.number = number.saturating_add((byte - b'0').into());
            }
        } else if byte == b':' {
            self.in_value = true;
        } else if let Some(place) = self.name.get_mut(self.name_bytes) {
            *place = byte.to_ascii_lowercase();
            self.name_bytes += 1;
        }
    }

    /// Whether what is left of it tells nothing of a body's size: values of other fields, which are most of a head.
    fn says_nothing(&self) -> bool {
        self.in_value && !self.is(CONTENT_LENGTH) && !self.is(TRANSFER_ENCODING)
    }

    /// Takes what is left of such a line, its end not included; answers how much that is.
    fn skip(&mut self, bytes: &[u8]) -> usize {
        let skipped = memchr::memchr(b'\n', bytes).unwrap_or(bytes.len());
        self.bytes += skipped;
        if let Some(last) = skipped.checked_sub(1).and_then(|at| bytes.get(at)) {
            self.last = *last;
        }
        skipped
    }

    fn is_http2(&self) -> bool {
        self.http2 == self.bytes && self.bytes + 1 == HTTP2_LINE.len()
    }

    fn is(&self, name: &[u8]) -> bool {
        self.in_value && self.name.get(..self.name_bytes) == Some(name)
    }
}

impl Head {
    fn learn(&mut self, line: &Line) {
        if line.is(CONTENT_LENGTH) {
            self.length = Some(line.number);
        } else if line.is(TRANSFER_ENCODING) {
            self.chunked = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What hyper gets to see of `text` when it comes in pieces of `size`.
    fn seen(text: &str, size: usize) -> String {
        let mut bytes = text.as_bytes().to_vec();
        let mut framing = Framing::default();
        for piece in bytes.chunks_mut(size) {
            framing.watch(piece);
        }
        String::from_utf8(bytes).unwrap()
    }

    /// Everything a body may hold, lines like those of a head too.
    const BODY: &str = "a\nTransfer-Encoding: chunked\n\n\r\n0\r\n\r\n";

    fn requests() -> String {
        let length = BODY.len();
        [
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
            format!("\r\nPOST / HTTP/1.1\r\nHost: a\r\nCONTENT-length:\t {length}\r\n\r\n{BODY}"),
            format!(
                "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n{length:x};n=\"5\"\r\n{BODY}\r\n0\r\nX-A: 1\r\n\r\n"
            ),
            "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n".to_owned(),
            "GET /: HTTP/1.1\r\nX-Content-Length: 9\r\nContent-Length-X: 9\r\n\r\n".to_owned(),
        ]
        .concat()
    }

    #[test]
    fn a_bare_line_feed_in_a_head_is_spoiled() {
        for head in [
            "GET / HTTP/1.1\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n\n",
            "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        ] {
            for before in [String::new(), requests()] {
                let text = format!("{before}{head}");
                let bare = text.len() - head.len() + head.find("\n").unwrap();
                let spoiled = seen(&text, 7);
                assert_eq!(spoiled.matches('\0').count(), 1, "{head:?}");
                assert!(spoiled.find('\0').unwrap() >= bare, "{head:?}");
            }
        }
    }

    #[test]
    fn a_body_with_two_ends_is_spoiled() {
        let (length, chunked) = ("Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n");
        for lines in [[length, chunked], [chunked, length]] {
            let head = format!("POST / HTTP/1.1\r\n{}\r\n", lines.concat());
            let text = format!("{}{head}0\r\n\r\n", requests());
            let spoiled = seen(&text, 5);
            let end = requests().len() + head.len() - 1;
            assert_eq!(spoiled.find('\0'), Some(end), "{lines:?}");
        }
    }

    #[test]
    fn http2_is_left_alone() {
        let text = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\n\n";
        assert_eq!(seen(text, 3), text);
        let not_first = format!("{}\n", text.replace("PRI", "PRI /"));
        assert!(seen(&not_first, 3).contains('\0'));
    }

    proptest! {
        #[test]
        fn requests_pass_as_they_are_however_they_are_cut(size in 1_usize..200) {
            let text = requests().repeat(3);
            prop_assert_eq!(seen(&text, size), text);
        }

        #[test]
        fn a_body_passes_as_it_is(body in any::<String>(), size in 1_usize..40) {
            let text = format!("PUT / HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            prop_assert_eq!(seen(&text, size), text);
        }
    }
}
