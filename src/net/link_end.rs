//! How far a link is, and how it ends: because we closed it, because the other side did, or by a failure with a name.

use super::excerpt;
use std::fmt;
use std::io;
use tungstenite::error::{CapacityError, ProtocolError};
use tungstenite::handshake::client::Response;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{Error, http};

/// Characters of the other side's words in an error.
const WORDS_SHOWN: usize = 200;

/// How far a link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    Connecting,
    /// The TLS handshake.
    Securing,
    /// The websocket handshake.
    Upgrading,
    Open,
    Closing,
    Closed,
}

impl LinkState {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connecting => "connect",
            Self::Securing => "TLS handshake",
            Self::Upgrading => "websocket upgrade",
            Self::Open => "open link",
            Self::Closing => "closing link",
            Self::Closed => "closed link",
        }
    }
}

/// How a link ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkEnd {
    /// We closed it.
    Ours,
    /// The other side closed it in order.
    Theirs {
        /// RFC 6455, section 7.4; `None` when it gave none.
        code: Option<u16>,
        text: String,
    },
    Failed(LinkFailure),
}

impl fmt::Display for LinkEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ours => f.write_str("closed by us"),
            Self::Theirs { code, text } => {
                f.write_str("closed by the other side")?;
                if let Some(code) = code {
                    write!(f, ", code {code}")?;
                }
                if !text.is_empty() {
                    write!(f, ": {text}")?;
                }
                Ok(())
            }
            Self::Failed(failure) => failure.fmt(f),
        }
    }
}

/// What failed. For deciding: who was refused by status waits longer than who was cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// No address could be connected to.
    Connect,
    /// A stage of the way up took too long.
    Timeout,
    /// Certificate, version or anything else of TLS.
    Tls,
    /// The server answered the upgrade with a status of its own.
    Refused {
        status: u16,
        /// Seconds the server asks to wait; a date in that header is not read.
        retry_after: Option<u32>,
    },
    /// The connection ended without a word.
    Reset,
    /// A message over the limit.
    TooLong,
    /// The other side does not keep to the protocol.
    Protocol,
}

/// A failure: where, what, and in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkFailure {
    /// How far the link was.
    pub state: LinkState,
    pub kind: FailureKind,
    pub text: String,
}

impl fmt::Display for LinkFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.state.name(), self.text)
    }
}

impl std::error::Error for LinkFailure {}

impl LinkFailure {
    pub(super) fn new(state: LinkState, kind: FailureKind, text: impl Into<String>) -> Self {
        Self {
            state,
            kind,
            text: text.into(),
        }
    }

    /// Names an error of tungstenite, rustls or the socket.
    pub(super) fn of(state: LinkState, error: Error) -> Self {
        let (kind, text) = match error {
            Error::Io(error) => of_io(&error),
            Error::Http(response) => refusal(&response),
            Error::Capacity(CapacityError::MessageTooLong { size, max_size }) => (
                FailureKind::TooLong,
                format!("a message of at least {size} bytes; expected at most {max_size}"),
            ),
            Error::Protocol(
                ProtocolError::ResetWithoutClosingHandshake | ProtocolError::HandshakeIncomplete,
            )
            | Error::ConnectionClosed => (
                FailureKind::Reset,
                "the other side ended the connection without closing it".to_owned(),
            ),
            Error::Utf8(error) => (
                FailureKind::Protocol,
                format!("a text that is no UTF-8: {}", excerpt(&error, WORDS_SHOWN)),
            ),
            Error::AttackAttempt => (
                FailureKind::Protocol,
                "an answer to the upgrade in too many or too large pieces; expected a short one"
                    .to_owned(),
            ),
            other => (
                FailureKind::Protocol,
                excerpt(&other.to_string(), WORDS_SHOWN),
            ),
        };
        Self { state, kind, text }
    }

    /// What the other side is told before the connection is dropped, if it can know better.
    pub(super) fn close_code(&self) -> Option<CloseCode> {
        match self.kind {
            FailureKind::TooLong => Some(CloseCode::Size),
            FailureKind::Protocol => Some(CloseCode::Protocol),
            _ => None,
        }
    }
}

fn of_io(error: &io::Error) -> (FailureKind, String) {
    let is_tls = error
        .get_ref()
        .is_some_and(|inner| inner.is::<rustls::Error>());
    let kind = if is_tls {
        FailureKind::Tls
    } else {
        FailureKind::Reset
    };
    (kind, excerpt(&error.to_string(), WORDS_SHOWN))
}

fn refusal(response: &Response) -> (FailureKind, String) {
    let header = |name: http::HeaderName| {
        let value = response.headers().get(name)?.to_str().ok()?;
        Some(excerpt(value.trim(), WORDS_SHOWN))
    };
    let status = response.status().as_u16();
    let retry_after = header(http::header::RETRY_AFTER).and_then(|value| value.parse().ok());
    let mut text = format!("the server answered the upgrade with status {status}; expected 101");
    if let Some(location) = header(http::header::LOCATION) {
        text.push_str(&format!(
            " (it points to {location}, which is not followed)"
        ));
    }
    let body = response.body().as_deref().unwrap_or_default();
    let words = excerpt(String::from_utf8_lossy(body).trim(), WORDS_SHOWN);
    if !words.is_empty() {
        text.push_str(&format!("; it says: {words}"));
    }
    let kind = FailureKind::Refused {
        status,
        retry_after,
    };
    (kind, text)
}
