//! Trades of Kraken: spot v1 (arrays), spot v2 (channel `trade`) and futures (feed `trade`).
//!
//! `side` is the aggressor's. Numbers of v2 and futures are JSON numbers: read from their text.

use crate::core::market::Aggressor;
use crate::core::units::{Decimal, Rounding, Timestamp};
use crate::exchange::public_trade::{
    DecodeError, Decoded, PublicTrade, TradeSink, amount, malformed, millis, rfc3339,
};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

#[derive(Deserialize)]
struct SpotFrame<'a> {
    #[serde(borrow, default)]
    channel: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    feed: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    event: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(borrow, default)]
    trades: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct SpotTrade<'a> {
    #[serde(borrow)]
    symbol: Cow<'a, str>,
    #[serde(borrow)]
    side: Cow<'a, str>,
    #[serde(borrow)]
    price: &'a RawValue,
    #[serde(borrow)]
    qty: &'a RawValue,
    trade_id: u64,
    #[serde(borrow)]
    timestamp: Cow<'a, str>,
}

#[derive(Deserialize)]
struct FuturesTrade<'a> {
    #[serde(borrow)]
    product_id: Cow<'a, str>,
    #[serde(borrow)]
    side: Cow<'a, str>,
    seq: u64,
    time: i64,
    #[serde(borrow)]
    qty: &'a RawValue,
    #[serde(borrow)]
    price: &'a RawValue,
}

/// Decodes one frame.
///
/// # Errors
/// When it is no JSON or a trade lacks or garbles a field.
pub fn decode(frame: &str, sink: &mut TradeSink<'_>) -> Result<Decoded, DecodeError> {
    if frame.starts_with('[') {
        return decode_v1(frame, sink);
    }
    let head: SpotFrame<'_> = serde_json::from_str(frame).map_err(|e| malformed(&e))?;
    if head.event.is_some() {
        return Ok(Decoded::Other);
    }
    match (head.channel.as_deref(), head.feed.as_deref()) {
        (Some("trade"), _) => {
            let data = head.data.map_or("[]", RawValue::get);
            let trades: Vec<SpotTrade<'_>> =
                serde_json::from_str(data).map_err(|e| malformed(&e))?;
            for trade in &trades {
                sink(&PublicTrade {
                    product: &trade.symbol,
                    price: amount("price", trade.price.get())?,
                    quantity: amount("qty", trade.qty.get())?,
                    aggressor: side(&trade.side)?,
                    time: rfc3339(&trade.timestamp)?,
                    id: trade.trade_id,
                });
            }
            Ok(Decoded::Trades)
        }
        (_, Some("trade")) => {
            let trade: FuturesTrade<'_> = serde_json::from_str(frame).map_err(|e| malformed(&e))?;
            futures_trade(&trade, sink)
        }
        (_, Some("trade_snapshot")) => {
            let data = head.trades.map_or("[]", RawValue::get);
            let trades: Vec<FuturesTrade<'_>> =
                serde_json::from_str(data).map_err(|e| malformed(&e))?;
            for trade in &trades {
                futures_trade(trade, sink)?;
            }
            Ok(Decoded::Trades)
        }
        _ => Ok(Decoded::Other),
    }
}

fn futures_trade(
    trade: &FuturesTrade<'_>,
    sink: &mut TradeSink<'_>,
) -> Result<Decoded, DecodeError> {
    sink(&PublicTrade {
        product: &trade.product_id,
        price: amount("price", trade.price.get())?,
        quantity: amount("qty", trade.qty.get())?,
        aggressor: side(&trade.side)?,
        time: millis(trade.time)?,
        id: trade.seq,
    });
    Ok(Decoded::Trades)
}

/// `[channel, [["price","volume","seconds","b"|"s","l"|"m",""], ...], "trade", "XBT/USD"]`.
fn decode_v1(frame: &str, sink: &mut TradeSink<'_>) -> Result<Decoded, DecodeError> {
    let parts: Vec<&RawValue> = serde_json::from_str(frame).map_err(|e| malformed(&e))?;
    let [_, trades, channel, pair] = parts.as_slice() else {
        return Ok(Decoded::Other);
    };
    if channel.get() != "\"trade\"" {
        return Ok(Decoded::Other);
    }
    let pair: Cow<'_, str> = serde_json::from_str(pair.get()).map_err(|e| malformed(&e))?;
    let trades: Vec<Vec<Cow<'_, str>>> =
        serde_json::from_str(trades.get()).map_err(|e| malformed(&e))?;
    for trade in &trades {
        let [price, volume, seconds, taker, ..] = trade.as_slice() else {
            return Err(DecodeError(format!(
                "a trade of {} fields: expected at least 4",
                trade.len()
            )));
        };
        sink(&PublicTrade {
            product: &pair,
            price: amount("price", price)?,
            quantity: amount("volume", volume)?,
            aggressor: side(taker)?,
            time: seconds_of(seconds)?,
            id: 0,
        });
    }
    Ok(Decoded::Trades)
}

fn seconds_of(text: &str) -> Result<Timestamp, DecodeError> {
    Decimal::parse(text)
        .ok()
        .and_then(|s| s.mul_div(1_000_000_000, Decimal::ONE.raw(), Rounding::HalfEven))
        .and_then(|ns| i64::try_from(ns.raw()).ok())
        .map(Timestamp)
        .ok_or_else(|| DecodeError(format!("time {text:?}: expected seconds")))
}

fn side(text: &str) -> Result<Aggressor, DecodeError> {
    match text {
        "b" | "buy" => Ok(Aggressor::Buy),
        "s" | "sell" => Ok(Aggressor::Sell),
        _ => Err(DecodeError(format!("side {text:?}: expected buy or sell"))),
    }
}
