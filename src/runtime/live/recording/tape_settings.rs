//! What a recording of market data is told, and what it counts.

use crate::core::units::{Span, Timestamp};
use crate::net::{NameCache, TlsConfig};
use crate::runtime::live::feeds::markets::Market;
use crate::runtime::live::settings::Retention;

/// What a recording of market data is told.
#[derive(Clone, Debug)]
pub struct TapeSettings {
    /// In the order of the recording's instruments.
    pub markets: Vec<Market>,
    pub tls: TlsConfig,
    pub names: NameCache,
    /// Bound of connect, TLS and websocket handshake each.
    pub stage_limit: Span,
    /// Silence of the connection after which it counts as dead.
    pub silence: Span,
    /// Silence of a symbol that is told.
    pub stale_after: Span,
    /// Quick attempts to connect again before the slow ones.
    pub reconnect_attempts: u32,
    /// Of the jitter of reconnecting.
    pub seed: u64,
    /// The exchange's clock minus ours, nanoseconds.
    pub clock_offset: i64,
    /// By the exchange's clock; earlier trades of the first snapshot are left out.
    pub started: Timestamp,
    /// Ends by itself after this time.
    pub limit: Option<Span>,
    pub retention: Option<Retention>,
}

/// Counts since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TapeCounts {
    pub trades: u64,
    /// Known already: of a snapshot after a reconnect.
    pub repeated: u64,
    /// Later than the moment they are waited for.
    pub late: u64,
    pub frames_refused: u64,
    /// Reconnects after which trades are missing.
    pub gaps: u64,
}
