//! Answers about the market: the venue's clock, books, candles and trades.

use super::fields::{MakerSide, Price, Quantity, Time, UnixSeconds, shown, time};
use super::rest_answers::{Read, read};
use crate::core::units::Timestamp;
use crate::exchange::calls::{CallAnswer, OwnedTrade};
use crate::exchange::stream::{BookLevel, VenueCandle};
use serde::Deserialize;

/// Whole milliseconds as text; the seconds beside them are less exact.
#[derive(Deserialize)]
struct TimeBody<'a> {
    #[serde(default, rename = "epochMillis")]
    epoch_millis: Option<super::fields::Count>,
    #[serde(default)]
    iso: Option<&'a str>,
}

pub(super) fn server_time(body: &[u8]) -> Read {
    let answer: TimeBody<'_> = read(body)?;
    let millis = answer
        .epoch_millis
        .and_then(|millis| i64::try_from(millis.0).ok())
        .and_then(|millis| millis.checked_mul(1_000_000))
        .map(Timestamp);
    millis
        .or_else(|| answer.iso.and_then(time))
        .map(CallAnswer::ServerTime)
        .ok_or_else(|| "no time: expected epochMillis or iso".to_owned())
}

#[derive(Deserialize)]
struct BookBody<'a> {
    #[serde(borrow)]
    pricebook: PriceBook<'a>,
}

#[derive(Deserialize)]
struct PriceBook<'a> {
    product_id: &'a str,
    bids: Vec<Level>,
    asks: Vec<Level>,
    #[serde(default)]
    time: Option<&'a str>,
}

#[derive(Deserialize)]
struct Level {
    price: Price,
    size: Quantity,
}

/// Bids first, each side best first.
pub(super) fn book(body: &[u8], product: &str) -> Read {
    let book = read::<BookBody<'_>>(body)?.pricebook;
    if !is_same_book(book.product_id, product) {
        let other = shown(book.product_id);
        return Err(format!("the book of {other:?}: expected {product}"));
    }
    let side = |is_bid: bool, levels: Vec<Level>| {
        levels.into_iter().map(move |level| BookLevel {
            is_bid,
            price: level.price.0,
            quantity: level.size.0,
        })
    };
    Ok(CallAnswer::Book {
        levels: side(true, book.bids)
            .chain(side(false, book.asks))
            .collect(),
        time: book.time.and_then(time),
    })
}

/// A book of dollars answers for the one of dollar coins.
fn is_same_book(stated: &str, asked: &str) -> bool {
    let base = |name: &str| name.strip_suffix("-USDC").map(|base| format!("{base}-USD"));
    stated == asked
        || base(asked).is_some_and(|name| name == stated)
        || base(stated).is_some_and(|name| name == asked)
}

#[derive(Deserialize)]
struct CandlesBody {
    candles: Vec<CandleFields>,
}

#[derive(Deserialize)]
struct CandleFields {
    start: UnixSeconds,
    open: Price,
    high: Price,
    low: Price,
    close: Price,
    volume: Quantity,
}

/// Oldest first, those asked for and no others; buckets without trades are missing.
pub(super) fn candles(body: &[u8], from: Timestamp, to: Timestamp) -> Read {
    let mut candles: Vec<VenueCandle> = read::<CandlesBody>(body)?
        .candles
        .into_iter()
        .map(|candle| VenueCandle {
            open_time: candle.start.0,
            open: candle.open.0,
            high: candle.high.0,
            low: candle.low.0,
            close: candle.close.0,
            volume: candle.volume.0,
        })
        .filter(|candle| (from..=to).contains(&candle.open_time))
        .collect();
    candles.sort_by_key(|candle| candle.open_time);
    Ok(CallAnswer::Candles(candles))
}

#[derive(Deserialize)]
struct TradesBody {
    trades: Vec<TradeFields>,
}

#[derive(Deserialize)]
struct TradeFields {
    trade_id: super::fields::Count,
    price: Price,
    size: Quantity,
    time: Time,
    side: MakerSide,
}

/// Oldest first.
pub(super) fn trades(body: &[u8]) -> Read {
    let mut trades: Vec<OwnedTrade> = read::<TradesBody>(body)?
        .trades
        .into_iter()
        .map(|trade| OwnedTrade {
            price: trade.price.0,
            quantity: trade.size.0,
            aggressor: trade.side.0,
            time: trade.time.0,
            id: trade.trade_id.0,
        })
        .collect();
    trades.sort_by_key(|trade| (trade.time, trade.id));
    Ok(CallAnswer::Trades(trades))
}
