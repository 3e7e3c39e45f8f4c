//! `market_trades` of Advanced Trade, and `match` of the older Exchange feed.
//!
//! In both, `side` is the side of the **maker**: SELL = a resting sell was hit, the aggressor buys.

use crate::core::market::Aggressor;
use crate::exchange::public_trade::{
    DecodeError, Decoded, PublicTrade, TradeSink, amount, malformed, rfc3339,
};
use serde::Deserialize;
use std::borrow::Cow;

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow, default)]
    channel: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "type")]
    kind: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct MarketTrades<'a> {
    #[serde(borrow)]
    events: Vec<Event<'a>>,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow, default)]
    trades: Vec<Trade<'a>>,
}

#[derive(Deserialize)]
struct Trade<'a> {
    #[serde(borrow)]
    product_id: Cow<'a, str>,
    #[serde(borrow)]
    trade_id: Cow<'a, str>,
    #[serde(borrow)]
    price: Cow<'a, str>,
    #[serde(borrow)]
    size: Cow<'a, str>,
    #[serde(borrow)]
    time: Cow<'a, str>,
    #[serde(borrow)]
    side: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Match<'a> {
    #[serde(borrow)]
    product_id: Cow<'a, str>,
    trade_id: u64,
    #[serde(borrow)]
    price: Cow<'a, str>,
    #[serde(borrow)]
    size: Cow<'a, str>,
    #[serde(borrow)]
    time: Cow<'a, str>,
    #[serde(borrow)]
    side: Cow<'a, str>,
}

/// Decodes one frame.
///
/// # Errors
/// When it is no JSON or a trade lacks or garbles a field.
pub fn decode(frame: &str, sink: &mut TradeSink<'_>) -> Result<Decoded, DecodeError> {
    let head: Head<'_> = serde_json::from_str(frame).map_err(|e| malformed(&e))?;
    if head.channel.as_deref() == Some("market_trades") {
        let frame: MarketTrades<'_> = serde_json::from_str(frame).map_err(|e| malformed(&e))?;
        for trade in frame.events.iter().flat_map(|event| &event.trades) {
            let id = trade.trade_id.parse().map_err(|_| {
                DecodeError(format!("trade_id {:?}: expected a number", trade.trade_id))
            })?;
            sink(&PublicTrade {
                product: &trade.product_id,
                price: amount("price", &trade.price)?,
                quantity: amount("size", &trade.size)?,
                aggressor: against_maker(&trade.side)?,
                time: rfc3339(&trade.time)?,
                id,
            });
        }
        return Ok(Decoded::Trades);
    }
    if matches!(head.kind.as_deref(), Some("match" | "last_match")) {
        let trade: Match<'_> = serde_json::from_str(frame).map_err(|e| malformed(&e))?;
        sink(&PublicTrade {
            product: &trade.product_id,
            price: amount("price", &trade.price)?,
            quantity: amount("size", &trade.size)?,
            aggressor: against_maker(&trade.side)?,
            time: rfc3339(&trade.time)?,
            id: trade.trade_id,
        });
        return Ok(Decoded::Trades);
    }
    Ok(Decoded::Other)
}

fn against_maker(side: &str) -> Result<Aggressor, DecodeError> {
    match side {
        "SELL" | "sell" => Ok(Aggressor::Buy),
        "BUY" | "buy" => Ok(Aggressor::Sell),
        "" | "UNKNOWN_ORDER_SIDE" => Ok(Aggressor::Unknown),
        _ => Err(DecodeError(format!("side {side:?}: expected BUY or SELL"))),
    }
}
