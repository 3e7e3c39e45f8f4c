//! HTTP/1.1 as the venue needs it: one request after the other on a kept connection.
//!
//! Requests have a Content-Length or no body; chunked bodies are refused. Limits: 8 KiB of head,
//! 64 headers, 64 KiB of body.

use std::fmt::Write as _;

/// Largest head of a request, bytes.
pub const HEAD_MAX: usize = 8 * 1024;
/// Largest body of a request, bytes.
pub const BODY_MAX: usize = 64 * 1024;
/// Most headers of a request.
const HEADERS_MAX: usize = 64;

/// A request that has come whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    pub method: String,
    /// Without the query.
    pub path: String,
    /// What follows the question mark, decoded, in order.
    pub query: Vec<(String, String)>,
    /// Names in lower case.
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub keep_alive: bool,
}

impl Request {
    /// The first header of this name (in lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(of, _)| of == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The first value of a parameter that is not empty.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let of = |(key, value): &&(String, String)| key == name && !value.is_empty();
        self.query.iter().find(of).map(|(_, value)| value.as_str())
    }

    /// Every value of a parameter that is not empty; a list may be repeated names.
    pub fn parameters<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let of = move |(key, value): &'a (String, String)| {
            (key == name && !value.is_empty()).then_some(value.as_str())
        };
        self.query.iter().filter_map(of)
    }

    /// Wants to become a websocket.
    pub fn is_upgrade(&self) -> bool {
        let upgrade = self.header("upgrade");
        upgrade.is_some_and(|value| value.eq_ignore_ascii_case("websocket"))
    }
}

/// Why what came is no request: status and what to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadRequest {
    pub status: u16,
    pub text: &'static str,
}

const fn bad(status: u16, text: &'static str) -> BadRequest {
    BadRequest { status, text }
}

/// Takes a request from the front of what came; `None`: more has to come.
///
/// # Errors
/// It is none, or larger than the limits; the connection cannot be used any further.
pub fn take_request(inbox: &mut Vec<u8>) -> Result<Option<Request>, BadRequest> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut parsed = httparse::Request::new(&mut headers);
    let head = match parsed.parse(inbox) {
        Ok(httparse::Status::Complete(length)) if length <= HEAD_MAX => length,
        Ok(httparse::Status::Partial) if inbox.len() < HEAD_MAX => return Ok(None),
        Ok(_) => return Err(bad(431, "head of the request is larger than 8 KiB")),
        Err(httparse::Error::TooManyHeaders) => {
            return Err(bad(431, "more than 64 headers"));
        }
        Err(_) => return Err(bad(400, "not an HTTP request")),
    };
    let mut request = Request {
        method: parsed.method.unwrap_or_default().to_owned(),
        ..Request::default()
    };
    let target = parsed.path.unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    request.path = decode(path, false).ok_or(bad(400, "path is not UTF-8"))?;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let decoded = decode(name, true).zip(decode(value, true));
        request
            .query
            .push(decoded.ok_or(bad(400, "query is not UTF-8"))?);
    }
    for header in parsed.headers.iter() {
        let value =
            std::str::from_utf8(header.value).map_err(|_| bad(400, "header is not UTF-8"))?;
        let name = header.name.to_ascii_lowercase();
        request.headers.push((name, value.trim().to_owned()));
    }
    let says = |word: &str| {
        let value = request.header("connection").unwrap_or_default();
        value
            .split(',')
            .any(|part| part.trim().eq_ignore_ascii_case(word))
    };
    request.keep_alive = match parsed.version {
        Some(1) => !says("close"),
        _ => says("keep-alive"),
    };
    let length = body_length(&request)?;
    let hosts = request.headers.iter().filter(|(name, _)| name == "host");
    match (parsed.version, hosts.count()) {
        (Some(1), 1) | (Some(0), 0 | 1) => {}
        _ => return Err(bad(400, "expected one Host")),
    }
    if inbox.len() < head + length {
        return Ok(None);
    }
    request.body = inbox[head..head + length].to_vec();
    inbox.drain(..head + length);
    Ok(Some(request))
}

fn body_length(request: &Request) -> Result<usize, BadRequest> {
    if request.header("transfer-encoding").is_some() {
        return Err(bad(411, "expected a Content-Length"));
    }
    let mut lengths = request
        .headers
        .iter()
        .filter(|(name, _)| name == "content-length");
    let Some((_, length)) = lengths.next() else {
        return Ok(0);
    };
    if lengths.any(|(_, other)| other != length) {
        return Err(bad(400, "two different Content-Length"));
    }
    let plain = length.bytes().all(|b| b.is_ascii_digit());
    match length.parse::<usize>() {
        Ok(length) if plain && length <= BODY_MAX => Ok(length),
        Ok(_) if plain => Err(bad(413, "body is larger than 64 KiB")),
        _ => Err(bad(400, "Content-Length is no number")),
    }
}

/// Percent-decoding; in a query a plus sign is a space.
fn decode(text: &str, query: bool) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        let hex = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (first, hex) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &after[2..];
                continue;
            }
            (b'+', _) if query => bytes.push(b' '),
            (byte, _) => bytes.push(*byte),
        }
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

/// An answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub body: String,
    pub content_type: &'static str,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
}

impl Answer {
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self {
            status,
            body: body.to_string(),
            content_type: "application/json; charset=utf-8",
            headers: Vec::new(),
        }
    }

    pub fn text(status: u16, body: &str) -> Self {
        Self {
            status,
            body: body.to_owned(),
            content_type: "text/plain; charset=utf-8",
            headers: Vec::new(),
        }
    }

    /// The bytes on the wire.
    pub fn encode(&self, keep_alive: bool) -> Vec<u8> {
        let mut head = format!(
            "HTTP/1.1 {} {}\r\ncontent-type: {}\r\ncontent-length: {}\r\n",
            self.status,
            reason(self.status),
            self.content_type,
            self.body.len()
        );
        for (name, value) in &self.headers {
            // Writing into a string cannot fail.
            let _ = write!(head, "{name}: {value}\r\n");
        }
        if !keep_alive {
            head.push_str("connection: close\r\n");
        }
        head.push_str("\r\n");
        head.push_str(&self.body);
        head.into_bytes()
    }
}

const fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        411 => "Length Required",
        413 => "Content Too Large",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Status",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(text: &str) -> Result<Option<Request>, BadRequest> {
        take_request(&mut text.as_bytes().to_vec())
    }

    #[test]
    fn requests_come_one_after_the_other() {
        let first =
            "POST /a/b?x=1&x=2&y=a%20b+c HTTP/1.1\r\nHost: h:1\r\nContent-Length: 2\r\n\r\nhi";
        let mut inbox = format!("{first}GET /c HTTP/1.0\r\n\r\n").into_bytes();
        let request = take_request(&mut inbox).unwrap().unwrap();
        assert_eq!(
            (request.path.as_str(), &request.body[..]),
            ("/a/b", &b"hi"[..])
        );
        assert_eq!(request.parameters("x").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(request.parameter("y"), Some("a b c"));
        assert!(request.keep_alive);
        let request = take_request(&mut inbox).unwrap().unwrap();
        assert!(request.path == "/c" && !request.keep_alive && inbox.is_empty());
    }

    #[test]
    fn half_a_request_waits_and_nothing_is_lost() {
        let whole = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc";
        for cut in 0..whole.len() {
            let mut inbox = whole[..cut].to_vec();
            assert_eq!(take_request(&mut inbox), Ok(None), "{cut}");
            inbox.extend_from_slice(&whole[cut..]);
            assert!(take_request(&mut inbox).unwrap().is_some());
        }
    }

    #[test]
    fn what_is_too_large_or_no_request_is_told_by_its_status() {
        let status = |text: &str| taken(text).unwrap_err().status;
        assert_eq!(status("GET / HTTP/1.1\r\n\r\n"), 400);
        let two_hosts = "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n";
        assert_eq!(status(two_hosts), 400);
        assert_eq!(status("\x16\x03\x01 nonsense\r\n\r\n"), 400);
        assert_eq!(
            status(&format!("GET /{} HTTP/1.1\r\n", "x".repeat(HEAD_MAX))),
            431
        );
        assert_eq!(
            status("POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n"),
            413
        );
        assert_eq!(status("POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"), 400);
        assert_eq!(
            status("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"),
            411
        );
        let twice = "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n";
        assert_eq!(status(twice), 400);
        let many = (0..70).map(|n| format!("h{n}: 1\r\n")).collect::<String>();
        assert_eq!(status(&format!("GET / HTTP/1.1\r\n{many}\r\n")), 431);
    }
}
