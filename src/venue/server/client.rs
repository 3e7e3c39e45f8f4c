//! One connection: TLS, then HTTP requests one after the other, or a websocket.
//!
//! Nothing here knows what a request means. Limits: 5 s for a request to come whole, and for the rest of
//! a refused one to be thrown away; 60 s of rest between two; 1 MiB of frames that wait for a slow websocket, then it is closed; 64 KiB a message.

use super::http::{Answer, BODY_MAX, BadRequest, HEAD_MAX, Request, take_request};
use crate::core::schedule::TimerKey;
use crate::net::TlsStream;
use crate::venue::stream::Session;
use mio::net::TcpStream;
use rustls::ServerConnection;
use std::io::{ErrorKind, Read, Write};
use tungstenite::handshake::derive_accept_key;
use tungstenite::protocol::{CloseFrame, Role, WebSocketConfig, frame::coding::CloseCode};
use tungstenite::{Error, Message, WebSocket};

/// For a request to come whole, milliseconds.
const REQUEST_MS: u64 = 5_000;
/// Between two requests of a kept connection.
const REST_MS: u64 = 60_000;
/// For the first subscription.
const SUBSCRIBE_MS: u64 = 5_000;
/// Without a frame in either direction.
const SILENCE_MS: u64 = 90_000;
/// For the other side to close too.
const CLOSE_MS: u64 = 2_000;
const READ_BYTES: usize = 4_096;
/// Frames that wait for a slow websocket; a whole book of 2 x 20,000 levels is some 6 MiB of them.
const WRITE_BUFFER_MAX: usize = 1 << 20;
const DEEP_WRITE_BUFFER_MAX: usize = 16 << 20;
const MESSAGE_MAX: usize = 64 << 10;

/// What a connection has next.
#[derive(Debug)]
pub enum Step {
    Request(Request),
    /// A websocket's text.
    Message(String),
    /// Not a request: to be answered with this status, then closed.
    Bad(BadRequest),
    /// Something that needs no answer.
    Nothing,
    /// The socket would block.
    Blocked,
    Closed,
}

#[derive(Debug)]
struct Http {
    stream: TlsStream<TcpStream>,
    inbox: Vec<u8>,
    outbox: Vec<u8>,
    sent: usize,
    close_after: bool,
    /// What still comes is thrown away: a socket that is closed with bytes unread is reset, and the
    /// answer is lost to who still sends.
    discards: bool,
    /// When the request at hand began to come; the handshake counts as one.
    began_ms: Option<u64>,
    /// An answer that is late on purpose, and its time.
    late: Option<(u64, Vec<u8>)>,
}

#[derive(Debug)]
struct Web {
    socket: Box<WebSocket<TlsStream<TcpStream>>>,
    opened_ms: u64,
    closing_by_ms: Option<u64>,
}

#[derive(Debug)]
enum Link {
    Http(Box<Http>),
    Web(Web),
    /// On its way from the one to the other.
    Gone,
}

#[derive(Debug)]
pub struct Client {
    /// Never used twice in a run.
    pub serial: u64,
    pub session: Session,
    /// The timer that looks at its clock, and when.
    pub timer: Option<(TimerKey, u64)>,
    link: Link,
    /// Last time that anything went either way.
    active_ms: u64,
}

/// What is to be done when a client's time is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Look again then.
    At(u64),
    /// Its late answer can go now.
    Answer,
    Close,
}

impl Client {
    pub fn new(serial: u64, socket: TcpStream, tls: ServerConnection, now_ms: u64) -> Self {
        let http = Http {
            stream: TlsStream::new(socket, tls),
            inbox: Vec::new(),
            outbox: Vec::new(),
            sent: 0,
            close_after: false,
            discards: false,
            began_ms: Some(now_ms),
            late: None,
        };
        Self {
            serial,
            session: Session::default(),
            timer: None,
            link: Link::Http(Box::new(http)),
            active_ms: now_ms,
        }
    }

    pub fn is_web(&self) -> bool {
        matches!(self.link, Link::Web(_))
    }

    /// The socket, for taking it out of the poll.
    pub fn socket_mut(&mut self) -> Option<&mut TcpStream> {
        match &mut self.link {
            Link::Http(http) => Some(http.stream.socket_mut()),
            Link::Web(web) => Some(web.socket.get_mut().socket_mut()),
            Link::Gone => None,
        }
    }

    /// The next thing that came; called until it would block.
    pub fn step(&mut self, now_ms: u64) -> Step {
        let step = match &mut self.link {
            Link::Http(http) => http.step(now_ms),
            Link::Web(web) => web.step(),
            Link::Gone => Step::Closed,
        };
        if !matches!(step, Step::Blocked | Step::Closed) {
            self.active_ms = now_ms;
        }
        step
    }

    /// Answers the request at hand, now or at `due_ms`.
    pub fn respond(&mut self, answer: &Answer, keep_alive: bool, due_ms: Option<u64>) {
        if let Link::Http(http) = &mut self.link {
            let bytes = answer.encode(keep_alive);
            http.close_after |= !keep_alive;
            match due_ms {
                None => http.outbox.extend_from_slice(&bytes),
                Some(due_ms) => http.late = Some((due_ms, bytes)),
            }
        }
    }

    /// The late answer goes out; call [`Client::step`] afterwards.
    pub fn release_answer(&mut self) {
        if let Link::Http(http) = &mut self.link
            && let Some((_, bytes)) = http.late.take()
        {
            http.outbox.extend_from_slice(&bytes);
        }
    }

    /// Hands what is to be sent to the socket, as far as it takes it.
    pub fn push_out(&mut self) {
        if let Link::Http(http) = &mut self.link {
            // An error shows at the next step.
            let _ = http.flush();
        }
    }

    /// Becomes a websocket; `false`: the request is none for that.
    /// `deep`: frames of whole books are large.
    pub fn upgrade(&mut self, request: &Request, deep: bool, now_ms: u64) -> bool {
        let version = request.header("sec-websocket-version");
        let key = request.header("sec-websocket-key");
        let (Some("13"), Some(key), "GET") = (version, key, request.method.as_str()) else {
            return false;
        };
        let Link::Http(mut http) = std::mem::replace(&mut self.link, Link::Gone) else {
            return false;
        };
        let head = format!(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Accept: {}\r\n\r\n",
            derive_accept_key(key.as_bytes())
        );
        // All before it has been sent, so that the head fits into the buffer of TLS.
        let sent = http.stream.write(head.as_bytes());
        if !sent.is_ok_and(|sent| sent == head.len()) {
            http.close_after = true;
            self.link = Link::Http(http);
            return true;
        }
        let Http { stream, inbox, .. } = *http;
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BYTES)
            .write_buffer_size(0)
            .max_write_buffer_size(match deep {
                true => DEEP_WRITE_BUFFER_MAX,
                false => WRITE_BUFFER_MAX,
            })
            .max_message_size(Some(MESSAGE_MAX))
            .max_frame_size(Some(MESSAGE_MAX));
        let socket = WebSocket::from_partially_read(stream, inbox, Role::Server, Some(config));
        self.link = Link::Web(Web {
            socket: Box::new(socket),
            opened_ms: now_ms,
            closing_by_ms: None,
        });
        true
    }

    /// Sends what the session has; `false`: the connection is over (broken, cut, or too slow).
    pub fn send_frames(&mut self, now_ms: u64) -> bool {
        let frames = self.session.take_frames();
        if self.session.is_cut() {
            return false;
        }
        let Link::Web(web) = &mut self.link else {
            return frames.is_empty();
        };
        for frame in frames {
            if web.closing_by_ms.is_some() {
                return true;
            }
            self.active_ms = now_ms;
            match web.socket.write(Message::text(frame)) {
                Ok(()) => {}
                // It is queued all the same.
                Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => return false,
            }
        }
        web.flush()
    }

    /// What its clock says.
    pub fn due(&self, now_ms: u64) -> Due {
        let (at, then) = match &self.link {
            Link::Gone => return Due::Close,
            Link::Http(http) => match (&http.late, http.began_ms) {
                (Some((due_ms, _)), _) => (*due_ms, Due::Answer),
                (None, Some(began_ms)) => (began_ms + REQUEST_MS, Due::Close),
                (None, None) => (self.active_ms + REST_MS, Due::Close),
            },
            Link::Web(web) => match web.closing_by_ms {
                Some(by_ms) => (by_ms, Due::Close),
                None if !self.session.is_subscribed() => {
                    (web.opened_ms.max(self.active_ms) + SUBSCRIBE_MS, Due::Close)
                }
                None => (self.active_ms + SILENCE_MS, Due::Close),
            },
        };
        if at <= now_ms { then } else { Due::At(at) }
    }

    /// Begins an orderly end; `true`: there is nothing to wait for.
    pub fn begin_close(&mut self, now_ms: u64) -> bool {
        match &mut self.link {
            Link::Web(web) if web.closing_by_ms.is_none() => {
                web.closing_by_ms = Some(now_ms + CLOSE_MS);
                let frame = CloseFrame {
                    code: CloseCode::Normal,
                    reason: "".into(),
                };
                // Whether it gets through shows when the time is up.
                let _ = web.socket.close(Some(frame));
                !web.flush()
            }
            _ => true,
        }
    }
}

impl Http {
    fn step(&mut self, now_ms: u64) -> Step {
        match self.flush() {
            Ok(true) => {}
            Ok(false) => return Step::Blocked,
            Err(_) => return Step::Closed,
        }
        if self.late.is_some() {
            return Step::Blocked;
        }
        if self.close_after {
            self.stream.send_close_notify();
            // The connection ends either way.
            let _ = self.stream.flush();
            return if self.discards {
                self.discard()
            } else {
                Step::Closed
            };
        }
        loop {
            match take_request(&mut self.inbox) {
                Ok(Some(request)) => {
                    self.began_ms = (!self.inbox.is_empty()).then_some(now_ms);
                    return Step::Request(request);
                }
                Ok(None) => {}
                Err(bad) => {
                    self.inbox.clear();
                    self.discards = true;
                    self.began_ms = Some(now_ms);
                    return Step::Bad(bad);
                }
            }
            let mut bytes = [0; READ_BYTES];
            match self.stream.read(&mut bytes) {
                Ok(0) => return Step::Closed,
                Ok(length) => {
                    if self.inbox.is_empty() {
                        self.began_ms = Some(now_ms);
                    }
                    self.inbox.extend_from_slice(&bytes[..length]);
                    debug_assert!(self.inbox.len() <= HEAD_MAX + BODY_MAX + READ_BYTES);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if self.inbox.is_empty() && !self.stream.is_handshaking() {
                        self.began_ms = None;
                    }
                    return Step::Blocked;
                }
                Err(_) => return Step::Closed,
            }
        }
    }

    /// Throws away what comes, until the other side has its answer and closes, or its time is up.
    fn discard(&mut self) -> Step {
        match self.stream.read(&mut [0; READ_BYTES]) {
            Ok(0) => Step::Closed,
            Ok(_) => Step::Nothing,
            Err(error) if error.kind() == ErrorKind::WouldBlock => Step::Blocked,
            Err(_) => Step::Closed,
        }
    }

    /// Whether everything has been handed to the socket.
    fn flush(&mut self) -> std::io::Result<bool> {
        let blocked = |error: std::io::Error| match error.kind() {
            ErrorKind::WouldBlock => Ok(false),
            _ => Err(error),
        };
        while self.sent < self.outbox.len() {
            match self.stream.write(&self.outbox[self.sent..]) {
                Ok(taken) => self.sent += taken,
                Err(error) => return blocked(error),
            }
        }
        self.outbox.clear();
        self.sent = 0;
        match self.stream.flush() {
            Ok(()) => Ok(true),
            Err(error) => blocked(error),
        }
    }
}

impl Web {
    fn flush(&mut self) -> bool {
        match self.socket.flush() {
            Ok(()) => true,
            Err(Error::Io(error)) => error.kind() == ErrorKind::WouldBlock,
            Err(_) => false,
        }
    }

    fn step(&mut self) -> Step {
        if !self.flush() {
            return Step::Closed;
        }
        match self.socket.read() {
            Ok(Message::Text(text)) => Step::Message(text.as_str().to_owned()),
            // No message of the protocol, to be refused like any other.
            Ok(Message::Binary(_)) => Step::Message(String::new()),
            // Answered by the library.
            Ok(_) => Step::Nothing,
            Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => {
                if self.flush() {
                    Step::Blocked
                } else {
                    Step::Closed
                }
            }
            Err(_) => Step::Closed,
        }
    }
}
