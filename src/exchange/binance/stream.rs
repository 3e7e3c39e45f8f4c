//! `trade` and `aggTrade`, bare or in the combined-stream wrapper. `m` = the buyer is the maker.

use crate::core::market::Aggressor;
use crate::exchange::public_trade::{
    DecodeError, Decoded, PublicTrade, TradeSink, amount, malformed, millis,
};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

#[derive(Deserialize)]
struct Wrapper<'a> {
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(borrow, default)]
    e: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(borrow, default)]
    e: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Trade<'a> {
    #[serde(borrow)]
    s: Cow<'a, str>,
    /// Number of a trade.
    #[serde(default)]
    t: Option<u64>,
    /// Number of an aggregate; in older `trade` frames the seller's order.
    #[serde(default)]
    a: Option<u64>,
    #[serde(borrow)]
    p: Cow<'a, str>,
    #[serde(borrow)]
    q: Cow<'a, str>,
    #[serde(rename = "T")]
    time: i64,
    m: bool,
    /// Futures: MARKET, or an insurance fund or ADL fill, which is no market price.
    #[serde(borrow, default, rename = "X")]
    origin: Option<Cow<'a, str>>,
}

/// Decodes one frame.
///
/// # Errors
/// When it is no JSON or a trade lacks or garbles a field.
pub fn decode(frame: &str, sink: &mut TradeSink<'_>) -> Result<Decoded, DecodeError> {
    let wrapper: Wrapper<'_> = serde_json::from_str(frame).map_err(|e| malformed(&e))?;
    let (kind, data) = match (wrapper.data, wrapper.e) {
        (Some(data), _) => {
            let kind: Kind<'_> = serde_json::from_str(data.get()).map_err(|e| malformed(&e))?;
            (kind.e, data.get())
        }
        (None, kind) => (kind, frame),
    };
    if !matches!(kind.as_deref(), Some("trade" | "aggTrade")) {
        return Ok(Decoded::Other);
    }
    let trade: Trade<'_> = serde_json::from_str(data).map_err(|e| malformed(&e))?;
    let id = if kind.as_deref() == Some("trade") {
        trade.t
    } else {
        trade.a
    };
    let id = id.ok_or_else(|| DecodeError("no number of the trade".to_owned()))?;
    if trade.origin.is_some_and(|origin| origin != "MARKET") {
        return Ok(Decoded::Other);
    }
    sink(&PublicTrade {
        product: &trade.s,
        price: amount("price", &trade.p)?,
        quantity: amount("quantity", &trade.q)?,
        aggressor: if trade.m {
            Aggressor::Sell
        } else {
            Aggressor::Buy
        },
        time: millis(trade.time)?,
        id,
    });
    Ok(Decoded::Trades)
}
