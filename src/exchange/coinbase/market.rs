//! Events of the market channels other than books: trades, tickers, candles, heartbeats, product
//! status and the acknowledgement of subscriptions.
//!
//! Trades leave oldest first whatever their order in the frame: snapshots hold the newest first.

use super::book::Kind;
use super::fields::{
    Count, MakerSide, MaybePrice, MaybeQuantity, Price, Quantity, Time, UnixSeconds,
};
use crate::core::units::Timestamp;
use crate::exchange::codec::EventSink;
use crate::exchange::public_trade::PublicTrade;
use crate::exchange::stream::{Channel, StreamEvent, Ticker, VenueCandle};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Seconds of the only bucket length that the candles channel has.
const CANDLE_SECONDS: u32 = 300;

#[derive(Deserialize)]
struct TradeFields<'a> {
    product_id: &'a str,
    trade_id: Count,
    price: Price,
    size: Quantity,
    time: Time,
    side: MakerSide,
}

/// One event of `market_trades`.
#[derive(Deserialize)]
pub(super) struct TradesEvent<'a> {
    #[serde(rename = "type")]
    kind: Kind,
    #[serde(borrow)]
    trades: Vec<TradeFields<'a>>,
}

impl TradesEvent<'_> {
    pub(super) fn tell(mut self, sink: &mut EventSink<'_>) {
        self.trades
            .sort_by_key(|trade| (trade.time.0, trade.trade_id.0));
        for trade in &self.trades {
            sink(StreamEvent::Trade {
                trade: PublicTrade {
                    product: trade.product_id,
                    price: trade.price.0,
                    quantity: trade.size.0,
                    aggressor: trade.side.0,
                    time: trade.time.0,
                    id: trade.trade_id.0,
                },
                snapshot: self.kind == Kind::Snapshot,
            });
        }
    }
}

#[derive(Deserialize)]
struct TickerFields<'a> {
    product_id: &'a str,
    price: MaybePrice,
    #[serde(default)]
    best_bid: MaybePrice,
    #[serde(default)]
    best_bid_quantity: MaybeQuantity,
    #[serde(default)]
    best_ask: MaybePrice,
    #[serde(default)]
    best_ask_quantity: MaybeQuantity,
}

/// One event of `ticker` or `ticker_batch`.
#[derive(Deserialize)]
pub(super) struct TickerEvent<'a> {
    #[serde(borrow)]
    tickers: Vec<TickerFields<'a>>,
}

impl TickerEvent<'_> {
    /// A ticker without a price, as products have that were never traded, says nothing.
    pub(super) fn tell(&self, time: Timestamp, sink: &mut EventSink<'_>) {
        for ticker in &self.tickers {
            let Some(price) = ticker.price.0 else {
                continue;
            };
            sink(StreamEvent::Ticker(Ticker {
                product: ticker.product_id,
                price,
                best_bid: ticker.best_bid.0,
                best_bid_quantity: ticker.best_bid_quantity.0,
                best_ask: ticker.best_ask.0,
                best_ask_quantity: ticker.best_ask_quantity.0,
                time,
            }));
        }
    }
}

#[derive(Deserialize)]
struct CandleFields<'a> {
    product_id: &'a str,
    start: UnixSeconds,
    open: Price,
    high: Price,
    low: Price,
    close: Price,
    volume: Quantity,
}

/// One event of `candles`.
#[derive(Deserialize)]
pub(super) struct CandlesEvent<'a> {
    #[serde(borrow)]
    candles: Vec<CandleFields<'a>>,
}

impl CandlesEvent<'_> {
    pub(super) fn tell(&self, sink: &mut EventSink<'_>) {
        for candle in &self.candles {
            sink(StreamEvent::Candle {
                product: candle.product_id,
                seconds: CANDLE_SECONDS,
                candle: VenueCandle {
                    open_time: candle.start.0,
                    open: candle.open.0,
                    high: candle.high.0,
                    low: candle.low.0,
                    close: candle.close.0,
                    volume: candle.volume.0,
                },
            });
        }
    }
}

/// One event of `heartbeats`. Its `current_time` is Go's own format and is left alone.
#[derive(Deserialize)]
pub(super) struct HeartbeatEvent {
    heartbeat_counter: Count,
}

impl HeartbeatEvent {
    pub(super) fn tell(&self, sink: &mut EventSink<'_>) {
        sink(StreamEvent::Heartbeat {
            counter: self.heartbeat_counter.0,
        });
    }
}

#[derive(Deserialize)]
struct StatusFields<'a> {
    id: &'a str,
    status: &'a str,
}

/// One event of `status`.
#[derive(Deserialize)]
pub(super) struct StatusEvent<'a> {
    #[serde(borrow)]
    products: Vec<StatusFields<'a>>,
}

impl StatusEvent<'_> {
    /// Futures have no status text; they are closed by their sessions.
    pub(super) fn tell(&self, sink: &mut EventSink<'_>) {
        for product in &self.products {
            sink(StreamEvent::ProductStatus {
                product: product.id,
                tradable: matches!(product.status, "online" | ""),
            });
        }
    }
}

/// One event of `subscriptions`: the whole current set of the connection.
#[derive(Deserialize)]
pub(super) struct SubscriptionsEvent<'a> {
    #[serde(borrow)]
    subscriptions: BTreeMap<&'a str, Vec<&'a str>>,
}

impl SubscriptionsEvent<'_> {
    /// Channels that nothing here is made of are left out; the lists of heartbeats and of the user
    /// channel hold no products.
    pub(super) fn tell(self, sink: &mut EventSink<'_>) {
        for (name, products) in self.subscriptions {
            let (channel, products) = match name {
                "level2" | "l2_data" => (Channel::Book, products),
                "market_trades" => (Channel::Trades, products),
                "ticker" | "ticker_batch" => (Channel::Ticker, products),
                "candles" => (Channel::Candles, products),
                "status" => (Channel::Status, products),
                "heartbeats" => (Channel::Heartbeats, Vec::new()),
                "user" => (Channel::Orders, Vec::new()),
                _ => continue,
            };
            sink(StreamEvent::Subscribed { channel, products });
        }
    }
}
