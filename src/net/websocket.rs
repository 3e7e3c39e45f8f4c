//! A websocket link over a non-blocking socket: dial, TLS, upgrade, messages, close.
//!
//! `Connecting -> Securing -> Upgrading -> Open -> Closing -> Closed`, driven by readiness and by
//! deadlines; nothing here blocks and nothing reads a clock. Whoever owns a link calls
//! [`Link::on_ready`] for each event of its tokens and [`Link::on_deadline`] when
//! [`Link::next_deadline`] has come, and looks at [`Link::state`] afterwards. A closed link stays
//! closed: reconnecting is a new link. Subscriptions and their silence are the owner's business.
//!
//! Limits: each stage of the way up takes at most `stage_limit_ms`, a close at most 2 s; a message
//! has at most `message_max` bytes, what waits to be sent at most 256 KiB; the memory of messages from
//! 256 KiB on is given back.

use super::dial::{Connected, Dial, DialStep, Registrar};
use super::endpoint::Endpoint;
use super::link_end::{FailureKind, LinkEnd, LinkFailure, LinkState};
use super::session::{
    Incoming, LargeMessage, LinkStatistics, Served, pump, session_config, would_block,
};
use super::socket::Socket;
use super::{excerpt, seconds};
use mio::Token;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};
use std::net::SocketAddr;
use std::sync::Arc;
use tungstenite::handshake::MidHandshake;
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{ClientHandshake, Error, HandshakeError, Message, WebSocket};

/// How long the other side may take to answer our close, or to end the connection after its own, ms.
pub const CLOSE_LIMIT_MS: u64 = 2_000;
/// Characters kept of the reason of a close.
const REASON_SHOWN: usize = 123;

/// What a link is made with.
#[derive(Clone, Debug)]
pub struct LinkSettings {
    pub tls: Arc<ClientConfig>,
    /// Connecting, TLS and upgrade each take at most this, ms (`async_timeout`).
    pub stage_limit_ms: u64,
    /// Largest message taken, bytes.
    pub message_max: usize,
}

/// Why a message was not taken for sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendError {
    /// The link is not open.
    NotOpen,
    /// 256 KiB wait already: the other side does not read.
    Full,
    /// Sending failed, and the link is closed now.
    Failed,
}

enum Stage {
    Dialling(Dial),
    Shaking(Token, Box<MidHandshake<ClientHandshake<Socket>>>),
    Open(Token, Box<WebSocket<Socket>>),
    /// A close was sent or received; how the link will have ended.
    Closing(Token, Box<WebSocket<Socket>>, LinkEnd),
    Closed(LinkEnd),
}

/// See the file's head.
pub struct Link {
    endpoint: Endpoint,
    settings: LinkSettings,
    stage: Stage,
    /// Names the stage for errors while the handshake object is away.
    state: LinkState,
    deadline: Option<u64>,
    wire_bytes: u64,
    statistics: LinkStatistics,
    large: LargeMessage,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link")
            .field("host", &self.endpoint.host())
            .field("state", &self.state)
            .field("statistics", &self.statistics)
            .finish_non_exhaustive()
    }
}

impl Link {
    /// Begins to connect. A link that cannot even begin is closed from the start.
    pub fn dial(
        endpoint: Endpoint,
        addresses: &[SocketAddr],
        settings: LinkSettings,
        now: u64,
        registrar: &mut dyn Registrar,
    ) -> Self {
        let is_allowed =
            endpoint.is_secure() || addresses.iter().all(|address| address.ip().is_loopback());
        let addresses = if is_allowed { addresses } else { &[] };
        let (dial, step) = Dial::start(addresses, now, settings.stage_limit_ms, registrar);
        let mut link = Self {
            endpoint,
            settings,
            stage: Stage::Dialling(dial),
            state: LinkState::Connecting,
            deadline: None,
            wire_bytes: 0,
            statistics: LinkStatistics::default(),
            large: LargeMessage::default(),
        };
        if is_allowed {
            link.take_step(step, now, registrar);
        } else {
            let text = "ws:// without TLS to another machine; expected wss://";
            link.fail(FailureKind::Connect, text, registrar);
        }
        link
    }

    pub fn state(&self) -> LinkState {
        self.state
    }

    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// How it ended; `None` before the state is [`LinkState::Closed`].
    pub fn end(&self) -> Option<&LinkEnd> {
        match &self.stage {
            Stage::Closed(end) => Some(end),
            _ => None,
        }
    }

    pub fn statistics(&self) -> &LinkStatistics {
        &self.statistics
    }

    /// The token is one of this link's.
    pub fn owns(&self, token: Token) -> bool {
        match &self.stage {
            Stage::Dialling(dial) => dial.owns(token),
            Stage::Shaking(own, _) | Stage::Open(own, _) | Stage::Closing(own, ..) => *own == token,
            Stage::Closed(_) => false,
        }
    }

    /// When to call [`Link::on_deadline`], monotonic ms; `None` while open and when closed.
    pub fn next_deadline(&self) -> Option<u64> {
        match &self.stage {
            Stage::Dialling(dial) => Some(dial.next_deadline()),
            _ => self.deadline,
        }
    }

    /// Serves a readiness event: goes on with the way up, then sends what waits and takes at most
    /// `budget` messages (pings count). `true`: there may be more, and no event will tell; call again
    /// next turn. Whether the other side is gone is decided by reading, not by the event's flags.
    pub fn on_ready(
        &mut self,
        token: Token,
        budget: usize,
        now: u64,
        registrar: &mut dyn Registrar,
        sink: &mut dyn FnMut(Incoming<'_>),
    ) -> bool {
        if !self.owns(token) {
            // An event of a socket that was given up in this turn.
            return false;
        }
        if let Stage::Dialling(dial) = &mut self.stage {
            let step = dial.on_ready(token, now, registrar);
            self.take_step(step, now, registrar);
        }
        if matches!(self.stage, Stage::Shaking(..)) {
            self.shake(now, registrar);
        }
        // Messages may have come along with the answer to the upgrade: no event will tell of them.
        self.serve(budget.max(1), now, registrar, sink)
    }

    /// A deadline has come: the next address, or the end of a stage that took too long.
    pub fn on_deadline(&mut self, now: u64, registrar: &mut dyn Registrar) {
        if self.next_deadline().is_none_or(|due| due > now) {
            return;
        }
        match &mut self.stage {
            Stage::Dialling(dial) => {
                let step = dial.on_deadline(now, registrar);
                self.take_step(step, now, registrar);
            }
            Stage::Closing(..) => self.finish(registrar),
            Stage::Shaking(..) => {
                let limit = seconds(self.settings.stage_limit_ms);
                let text = format!("no answer within {limit}");
                self.fail(FailureKind::Timeout, text, registrar);
            }
            Stage::Open(..) | Stage::Closed(_) => {}
        }
    }

    /// Sends a text, or keeps it until the socket takes it.
    ///
    /// # Errors
    /// See [`SendError`]; a text that is refused was not sent in part.
    pub fn send_text(
        &mut self,
        text: String,
        registrar: &mut dyn Registrar,
    ) -> Result<(), SendError> {
        let Stage::Open(_, session) = &mut self.stage else {
            return Err(SendError::NotOpen);
        };
        match session.write(Message::text(text)) {
            Ok(()) => {}
            // The frame waits in the buffer and goes out when the socket is writable.
            Err(error) if would_block(&error) => {}
            // The frame is not in the buffer.
            Err(Error::WriteBufferFull(_)) => {
                self.statistics.refused += 1;
                return Err(SendError::Full);
            }
            Err(error) => {
                self.break_off(error, registrar);
                return Err(SendError::Failed);
            }
        }
        self.statistics.sent += 1;
        Ok(())
    }

    /// Closes in order (status 1000), or gives up a link that is not open yet. Afterwards the link
    /// wants its events and deadlines until it is closed.
    pub fn close(&mut self, now: u64, registrar: &mut dyn Registrar) {
        match std::mem::replace(&mut self.stage, Stage::Closed(LinkEnd::Ours)) {
            Stage::Dialling(mut dial) => {
                dial.give_up(registrar);
                self.state = LinkState::Closed;
            }
            Stage::Shaking(token, _) => {
                registrar.release(token);
                self.state = LinkState::Closed;
                self.deadline = None;
            }
            Stage::Open(token, mut session) => {
                // Whatever the error, the events and the deadline that follow end the link.
                let _ = session.close(Some(normal_close()));
                self.begin_closing(token, session, LinkEnd::Ours, now);
            }
            other @ (Stage::Closing(..) | Stage::Closed(_)) => self.stage = other,
        }
    }

    /// Ends at once, without waiting for the other side; an open link says so as far as that goes
    /// without waiting. A link that is dropped otherwise keeps its token.
    pub fn abandon(&mut self, registrar: &mut dyn Registrar) {
        match &mut self.stage {
            Stage::Closed(_) => return,
            Stage::Open(_, session) => {
                let _ = session.close(Some(normal_close()));
            }
            Stage::Dialling(_) | Stage::Shaking(..) | Stage::Closing(..) => {}
        }
        self.end_with(LinkEnd::Ours, registrar);
    }

    fn take_step(&mut self, step: DialStep, now: u64, registrar: &mut dyn Registrar) {
        match step {
            DialStep::Waiting => {}
            DialStep::Failed(text) => self.fail(FailureKind::Connect, text, registrar),
            DialStep::Connected(connected) => {
                let token = connected.token;
                if let Err(failure) = self.begin_upgrade(connected, now) {
                    registrar.release(token);
                    self.closed(LinkEnd::Failed(failure));
                }
            }
        }
    }

    fn begin_upgrade(&mut self, connected: Connected, now: u64) -> Result<(), LinkFailure> {
        let failure = |kind, text: String| LinkFailure::new(LinkState::Connecting, kind, text);
        let tls = if self.endpoint.is_secure() {
            let host = self.endpoint.host().to_owned();
            let name = ServerName::try_from(host)
                .map_err(|error| failure(FailureKind::Tls, error.to_string()))?;
            let session = ClientConnection::new(Arc::clone(&self.settings.tls), name)
                .map_err(|error| failure(FailureKind::Tls, error.to_string()))?;
            Some(session)
        } else {
            None
        };
        self.state = match tls {
            Some(_) => LinkState::Securing,
            None => LinkState::Upgrading,
        };
        let request = self
            .endpoint
            .request()
            .map_err(|error| failure(FailureKind::Protocol, error.to_string()))?;
        let socket = Socket::new(connected.stream, tls);
        let config = session_config(self.settings.message_max);
        let mid = ClientHandshake::start(socket, request, Some(config))
            .map_err(|error| LinkFailure::of(self.state, error))?;
        self.stage = Stage::Shaking(connected.token, Box::new(mid));
        self.deadline = Some(now.saturating_add(self.settings.stage_limit_ms));
        Ok(())
    }

    /// Goes on with TLS and upgrade; the request waits within rustls until TLS is done.
    fn shake(&mut self, now: u64, registrar: &mut dyn Registrar) {
        let taken = std::mem::replace(&mut self.stage, Stage::Closed(LinkEnd::Ours));
        let Stage::Shaking(token, mid) = taken else {
            self.stage = taken;
            return;
        };
        match mid.handshake() {
            Ok((session, _response)) => {
                self.stage = Stage::Open(token, Box::new(session));
                self.state = LinkState::Open;
                self.deadline = None;
                self.statistics.opened = Some(now);
            }
            Err(HandshakeError::Interrupted(mid)) => {
                let is_securing = mid.get_ref().get_ref().is_handshaking();
                if self.state == LinkState::Securing && !is_securing {
                    self.state = LinkState::Upgrading;
                    self.deadline = Some(now.saturating_add(self.settings.stage_limit_ms));
                }
                self.stage = Stage::Shaking(token, Box::new(mid));
            }
            Err(HandshakeError::Failure(error)) => {
                let mut failure = LinkFailure::of(self.state, error);
                // The end of TLS and the answer may have come at once.
                if matches!(
                    failure.kind,
                    FailureKind::Refused { .. } | FailureKind::Protocol
                ) {
                    failure.state = LinkState::Upgrading;
                }
                registrar.release(token);
                self.closed(LinkEnd::Failed(failure));
            }
        }
    }

    /// Sends what waits, reads until the socket would block or the budget is used up.
    fn serve(
        &mut self,
        budget: usize,
        now: u64,
        registrar: &mut dyn Registrar,
        sink: &mut dyn FnMut(Incoming<'_>),
    ) -> bool {
        let (Stage::Open(_, session) | Stage::Closing(_, session, _)) = &mut self.stage else {
            return false;
        };
        let (statistics, large) = (&mut self.statistics, &mut self.large);
        let served = pump(session, budget, now, statistics, large, sink);
        let wire_bytes = session.get_ref().received();
        if wire_bytes != self.wire_bytes {
            self.wire_bytes = wire_bytes;
            self.statistics.last_received = Some(now);
        }
        match served {
            Ok(Served::Drained) => false,
            Ok(Served::More) => true,
            Ok(Served::Close(frame)) => {
                self.note_close(frame, now);
                // Sends our answer, and sees whether the connection has ended already.
                self.serve(budget, now, registrar, sink)
            }
            Err(error) => {
                self.break_off(error, registrar);
                false
            }
        }
    }

    /// The other side has sent a close: its own, or the answer to ours.
    fn note_close(&mut self, frame: Option<CloseFrame>, now: u64) {
        let taken = std::mem::replace(&mut self.stage, Stage::Closed(LinkEnd::Ours));
        let Stage::Open(token, session) = taken else {
            self.stage = taken;
            return;
        };
        let end = LinkEnd::Theirs {
            code: frame.as_ref().map(|frame| frame.code.into()),
            text: frame.map_or_else(String::new, |frame| excerpt(&frame.reason, REASON_SHOWN)),
        };
        self.begin_closing(token, session, end, now);
    }

    fn begin_closing(
        &mut self,
        token: Token,
        session: Box<WebSocket<Socket>>,
        end: LinkEnd,
        now: u64,
    ) {
        self.stage = Stage::Closing(token, session, end);
        self.state = LinkState::Closing;
        self.deadline = Some(now.saturating_add(CLOSE_LIMIT_MS));
    }

    /// The session is over by an error. While closing, any end is the end that was waited for: many
    /// servers drop the connection without a word of TLS.
    fn break_off(&mut self, error: Error, registrar: &mut dyn Registrar) {
        if matches!(self.stage, Stage::Closing(..)) {
            return self.finish(registrar);
        }
        debug_assert!(!matches!(error, Error::AlreadyClosed));
        let failure = LinkFailure::of(self.state, error);
        if let Stage::Open(_, session) = &mut self.stage
            && let Some(code) = failure.close_code()
        {
            let reason = "".into();
            // It is told why, if that can be said without waiting.
            let _ = session.close(Some(CloseFrame { code, reason }));
        }
        self.end_with(LinkEnd::Failed(failure), registrar);
    }

    fn fail(&mut self, kind: FailureKind, text: impl Into<String>, registrar: &mut dyn Registrar) {
        let failure = LinkFailure::new(self.state, kind, text);
        self.end_with(LinkEnd::Failed(failure), registrar);
    }

    /// The end that closing has led to.
    fn finish(&mut self, registrar: &mut dyn Registrar) {
        let Stage::Closing(_, _, end) = &self.stage else {
            return;
        };
        let end = end.clone();
        self.end_with(end, registrar);
    }

    fn end_with(&mut self, end: LinkEnd, registrar: &mut dyn Registrar) {
        match &mut self.stage {
            Stage::Dialling(dial) => dial.give_up(registrar),
            Stage::Shaking(token, _) => registrar.release(*token),
            Stage::Open(token, session) | Stage::Closing(token, session, _) => {
                session.get_mut().shut_down();
                registrar.release(*token);
            }
            Stage::Closed(_) => {}
        }
        self.closed(end);
    }

    fn closed(&mut self, end: LinkEnd) {
        self.stage = Stage::Closed(end);
        self.state = LinkState::Closed;
        self.deadline = None;
    }
}

fn normal_close() -> CloseFrame {
    CloseFrame {
        code: CloseCode::Normal,
        reason: "".into(),
    }
}
