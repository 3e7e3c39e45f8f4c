//! Sockets: TLS, dialling, websocket links, name resolution, and REST calls for the workers.
//!
//! Knows no trading rule and no exchange. What runs on the loop never blocks and reads no clock: it
//! is given the turn's time. `resolver` and `http_call` block and belong on a worker. Imports
//! `core`, `files` and `log` only.

pub mod back_off;
pub mod dial;
pub mod endpoint;
pub mod http_call;
mod http_transport;
pub mod link_end;
pub mod resolver;
pub mod session;
pub mod socket;
pub mod tls_config;
pub mod tls_stream;
pub mod websocket;

pub use back_off::{BackOff, Stagger};
pub use dial::Registrar;
pub use endpoint::Endpoint;
pub use http_call::{HttpCall, HttpClient, HttpError, HttpReply};
pub use link_end::{FailureKind, LinkEnd, LinkFailure, LinkState};
pub use resolver::NameCache;
pub use session::{Incoming, LinkStatistics};
pub use tls_config::client_config;
pub use tls_stream::TlsStream;
pub use websocket::{Link, LinkSettings, SendError};

/// Text of the other side as it may stand in an error: one line, at most `limit` characters.
pub(crate) fn excerpt(text: &str, limit: usize) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut shown: String = plain.clone().take(limit).collect();
    if plain.count() > limit {
        shown.push_str("...");
    }
    shown
}

/// Milliseconds as seconds with one decimal, for errors.
pub(crate) fn seconds(ms: u64) -> String {
    format!("{}.{} s", ms / 1000, ms % 1000 / 100)
}

/// What links and calls secure themselves with.
pub type TlsConfig = std::sync::Arc<rustls::ClientConfig>;
