//! What only live sessions have, as JSON: the same text in lines and in blocks.
//!
//! Symbols of feeds are named as each form names them; orders, accounts and listings are the core's
//! own plain values: prices in ticks, quantities in lots, symbols by their number in the header.

use crate::core::input::Input;
use crate::core::market::{Aggressor, Quote, SymbolId, Trade};
use crate::core::units::{Decimal, Price, Quantity, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;

#[derive(Serialize, Deserialize)]
struct FeedData<'a> {
    symbol: Value,
    #[serde(borrow)]
    feed: Cow<'a, str>,
    fresh: bool,
}

#[derive(Serialize, Deserialize)]
struct PartialData {
    symbol: Value,
    until: i64,
}

#[derive(Serialize, Deserialize)]
struct WholeData {
    symbol: Value,
}

#[derive(Serialize, Deserialize)]
struct AheadData {
    symbol: Value,
    price: Price,
    quantity: Quantity,
    side: Aggressor,
    time: i64,
    id: u64,
}

#[derive(Serialize, Deserialize)]
struct QuoteData {
    symbol: Value,
    bid: Price,
    ask: Price,
    max_spread_bps: Decimal,
}

#[derive(Serialize, Deserialize)]
struct ReconciledData<'a> {
    ok: bool,
    #[serde(borrow)]
    text: Cow<'a, str>,
}

/// Source, kind and JSON of such an input; `None` for every other.
pub(super) fn encode(
    input: &Input,
    symbol: &dyn Fn(SymbolId) -> Value,
) -> Option<(&'static str, &'static str, String)> {
    let parts = match input {
        Input::Feed {
            symbol: id,
            feed,
            fresh,
        } => {
            let data = FeedData {
                symbol: symbol(*id),
                feed: Cow::Borrowed(feed),
                fresh: *fresh,
            };
            ("market", "feed", json(&data))
        }
        Input::Partial { symbol: id, until } => {
            let data = PartialData {
                symbol: symbol(*id),
                until: until.0,
            };
            ("market", "partial", json(&data))
        }
        Input::Whole { symbol: id } => {
            let symbol = symbol(*id);
            ("market", "whole", json(&WholeData { symbol }))
        }
        Input::Ahead(trade) => {
            let data = AheadData {
                symbol: symbol(trade.symbol),
                price: trade.price,
                quantity: trade.quantity,
                side: trade.aggressor,
                time: trade.time.0,
                id: trade.id,
            };
            ("market", "ahead", json(&data))
        }
        Input::Quote {
            symbol: id,
            quote,
            max_spread_bps,
        } => {
            let data = QuoteData {
                symbol: symbol(*id),
                bid: quote.bid,
                ask: quote.ask,
                max_spread_bps: *max_spread_bps,
            };
            ("market", "quote", json(&data))
        }
        Input::Order(event) => ("venue", "order", json(event)),
        Input::Account(news) => ("venue", "account", json(news)),
        Input::Reconciled { ok, text } => {
            let text = Cow::Borrowed(text.as_str());
            (
                "venue",
                "reconciled",
                json(&ReconciledData { ok: *ok, text }),
            )
        }
        Input::Listing(listing) => ("venue", "listing", json(listing)),
        _ => return None,
    };
    Some(parts)
}

/// The input of such a kind; `None` for another kind. The text says what is wrong.
pub(super) fn decode(
    kind: &str,
    text: &str,
    symbol: &dyn Fn(&Value) -> Result<SymbolId, String>,
) -> Option<Result<Input, String>> {
    let input = match kind {
        "feed" => parse(text).and_then(|data: FeedData<'_>| {
            Ok(Input::Feed {
                symbol: symbol(&data.symbol)?,
                feed: data.feed.into_owned(),
                fresh: data.fresh,
            })
        }),
        "partial" => parse(text).and_then(|data: PartialData| {
            Ok(Input::Partial {
                symbol: symbol(&data.symbol)?,
                until: Timestamp(data.until),
            })
        }),
        "whole" => parse(text).and_then(|data: WholeData| {
            Ok(Input::Whole {
                symbol: symbol(&data.symbol)?,
            })
        }),
        "ahead" => parse(text).and_then(|data: AheadData| {
            Ok(Input::Ahead(Trade {
                symbol: symbol(&data.symbol)?,
                aggressor: data.side,
                price: data.price,
                quantity: data.quantity,
                time: Timestamp(data.time),
                id: data.id,
            }))
        }),
        "quote" => parse(text).and_then(|data: QuoteData| {
            Ok(Input::Quote {
                symbol: symbol(&data.symbol)?,
                quote: Quote {
                    bid: data.bid,
                    ask: data.ask,
                },
                max_spread_bps: data.max_spread_bps,
            })
        }),
        "order" => parse(text).map(Input::Order),
        "account" => parse(text).map(Input::Account),
        "reconciled" => parse(text).map(|data: ReconciledData<'_>| Input::Reconciled {
            ok: data.ok,
            text: data.text.into_owned(),
        }),
        "listing" => parse(text).map(Input::Listing),
        _ => return None,
    };
    Some(input)
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("plain values are JSON")
}

fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}
