//! A public trade as a venue's frame states it, and which venue's codec a frame wants.

use super::{binance, coinbase, kraken};
use crate::core::market::Aggressor;
use crate::core::units::{Decimal, Timestamp};

/// One trade of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicTrade<'a> {
    /// The venue's own name of the product.
    pub product: &'a str,
    /// Above 0.
    pub price: Decimal,
    /// 0 or more.
    pub quantity: Decimal,
    /// Who crossed the spread.
    pub aggressor: Aggressor,
    /// The venue's time.
    pub time: Timestamp,
    /// The venue's number of the trade, increasing per product; 0 = it gives none.
    pub id: u64,
}

/// What a frame turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decoded {
    /// Trades, now in the sink.
    Trades,
    /// Well-formed, but of a kind that brings no trade.
    Other,
}

/// A frame that is not what its venue sends; says what was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError(pub String);

impl std::fmt::Display for DecodeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for DecodeError {}

/// Takes the trades of a frame, in its order.
pub type TradeSink<'a> = dyn FnMut(&PublicTrade<'_>) + 'a;

/// Decodes a frame of any known venue, which is told by the frame's shape.
///
/// # Errors
/// When the frame is no JSON or a trade in it lacks or garbles a field. Trades in front of the bad
/// one may be in the sink already.
pub fn decode(frame: &str, sink: &mut TradeSink<'_>) -> Result<Decoded, DecodeError> {
    let frame = frame.trim();
    if frame.contains("\"market_trades\"") || frame.contains("match\"") {
        coinbase::stream::decode(frame, sink)
    } else if frame.contains("\"trade\"") && frame.starts_with('[')
        || frame.contains("\"channel\":\"trade\"")
        || frame.contains("\"feed\":\"trade")
    {
        kraken::stream::decode(frame, sink)
    } else if frame.contains("\"trade\"") || frame.contains("\"aggTrade\"") {
        binance::stream::decode(frame, sink)
    } else {
        serde_json::from_str::<serde::de::IgnoredAny>(frame)
            .map(|_| Decoded::Other)
            .map_err(|error| DecodeError(format!("no JSON: {error}")))
    }
}

/// A decimal field above (or at) zero.
pub(super) fn amount(name: &str, text: &str) -> Result<Decimal, DecodeError> {
    let value =
        Decimal::parse(text).map_err(|error| DecodeError(format!("{name} {text:?}: {error}")))?;
    if value.is_negative() || (name == "price" && value.is_zero()) {
        return Err(DecodeError(format!("{name} {text:?}: expected above 0")));
    }
    Ok(value)
}

/// Milliseconds of a venue's clock.
pub(super) fn millis(number: i64) -> Result<Timestamp, DecodeError> {
    number
        .checked_mul(1_000_000)
        .map(Timestamp)
        .ok_or_else(|| DecodeError(format!("time {number}: expected milliseconds")))
}

/// RFC 3339 text.
pub(super) fn rfc3339(text: &str) -> Result<Timestamp, DecodeError> {
    crate::core::units::calendar::parse_time(text)
        .ok_or_else(|| DecodeError(format!("time {text:?}: expected RFC 3339")))
}

/// Malformed JSON, or a field missing or of another type.
pub(super) fn malformed(error: &serde_json::Error) -> DecodeError {
    DecodeError(error.to_string())
}
