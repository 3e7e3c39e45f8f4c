//! What the market did after each fill: 1 s, 10 s, 1 minute and 5 minutes later.
//!
//! Markout = side x (price at t + horizon - fill price) x quantity x contract value, positive where
//! the market went the fill's way. The price at a time is that of the last accepted trade at or
//! before it; of a recording of candles, the close of the last candle that ended by then. A horizon
//! that passes the end of the recording is left out and counted, one shorter than a recorded candle
//! is not computed.

use crate::core::units::Decimal;
use serde::Serialize;

/// The horizons in seconds.
pub const HORIZONS_SECONDS: [i64; 4] = [1, 10, 60, 300];

/// All fills, a row a horizon.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Markouts {
    pub fills: u64,
    /// In the order of [`HORIZONS_SECONDS`].
    pub horizons: Vec<Markout>,
}

/// The fills at one horizon.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Markout {
    pub horizon_seconds: i64,
    /// Fills whose horizon lies beyond the end of the recording.
    pub left_out: u64,
    pub all: MarkoutSum,
    pub entries: MarkoutSum,
    pub exits: MarkoutSum,
}

/// Sums over some fills.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct MarkoutSum {
    pub fills: u64,
    /// Fills after which the price went their way.
    pub favourable: u64,
    /// In the account's currency.
    pub total: Decimal,
    /// Value of the fills.
    pub notional: Decimal,
    /// 10,000 total / notional.
    pub mean_bps: Option<f64>,
}
