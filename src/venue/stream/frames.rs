//! The events of each channel, as JSON.

use crate::core::units::stamp::SECOND;
use crate::core::units::{Price, Side, Timestamp};
use crate::venue::market::tape::Tick;
use crate::venue::matching::Order;
use crate::venue::rest::futures_view::{plain, summary_json, user_positions};
use crate::venue::rest::market_view::{candle_json, change, lots};
use crate::venue::rest::order_view::user_json;
use crate::venue::text::{go_time, rfc3339};
use crate::venue::world::World;
use serde_json::{Value, json};

/// Trades of a snapshot.
const TRADES: usize = 100;
/// The candles channel has five-minute buckets only.
const BUCKET: i64 = 300;
/// Buckets of its snapshot.
const BUCKETS: i64 = 100;

pub fn trades_snapshot(world: &World, product: usize) -> Value {
    let newest = world.tapes[product].latest().take(TRADES);
    trades(world, product, "snapshot", newest)
}

/// Trades in the order given. The side is the maker's, as everywhere on this exchange.
pub fn trades<'a>(
    world: &World,
    product: usize,
    kind: &str,
    ticks: impl Iterator<Item = &'a Tick>,
) -> Value {
    let product = world.product(product);
    let shown: Vec<Value> = ticks
        .map(|tick| {
            json!({
                "product_id": product.id,
                "trade_id": tick.id.to_string(),
                "price": product.price(tick.price).to_string(),
                "size": product.size(tick.lots).to_string(),
                "time": rfc3339(tick.time, 6),
                "side": tick.aggressor.opposite().name(),
            })
        })
        .collect();
    json!({"type": kind, "trades": shown})
}

pub fn tickers(world: &World, kind: &str, products: &[usize], now: Timestamp) -> Value {
    let shown: Vec<Value> = products.iter().map(|p| ticker(world, *p, now)).collect();
    json!({"type": kind, "tickers": shown})
}

fn ticker(world: &World, index: usize, now: Timestamp) -> Value {
    let listed = &world.engine.listed()[index];
    let product = &listed.product;
    let day = world.tapes[index].day(now);
    let extremes = world.tapes[index].extremes();
    let price = |price: Option<Price>| {
        price.map_or_else(String::new, |price| product.price(price).to_string())
    };
    let best = |side| listed.book.levels(side).next();
    let size = |level: Option<(Price, i64)>| {
        level.map_or_else(String::new, |(_, lots)| product.size(lots).to_string())
    };
    let (bid, ask) = (best(Side::Buy), best(Side::Sell));
    json!({
        "type": "ticker",
        "product_id": product.id,
        "price": price(listed.last),
        "volume_24_h": lots(product, day.lots).to_string(),
        "low_24_h": price(day.low),
        "high_24_h": price(day.high),
        "low_52_w": price(extremes.map(|(low, _)| low)),
        "high_52_w": price(extremes.map(|(_, high)| high)),
        "price_percent_chg_24_h": change(product, day.open, listed.last),
        "best_bid": price(bid.map(|(price, _)| price)),
        "best_bid_quantity": size(bid),
        "best_ask": price(ask.map(|(price, _)| price)),
        "best_ask_quantity": size(ask),
    })
}

/// The whole book.
pub fn book(world: &World, index: usize, now: Timestamp) -> Value {
    let book = &world.engine.listed()[index].book;
    let side = |side| {
        book.levels(side)
            .map(move |(price, lots)| (side, price, lots))
    };
    let all: Vec<(Side, Price, i64)> = side(Side::Buy).chain(side(Side::Sell)).collect();
    levels(world, index, "snapshot", &all, now)
}

/// Levels with the absolute size that is there now; 0 deletes.
pub fn levels(
    world: &World,
    index: usize,
    kind: &str,
    levels: &[(Side, Price, i64)],
    now: Timestamp,
) -> Value {
    let product = world.product(index);
    let time = rfc3339(now, 6);
    let updates: Vec<Value> = levels
        .iter()
        .map(|(side, price, lots)| {
            json!({
                "side": match side { Side::Buy => "bid", Side::Sell => "offer" },
                "event_time": time,
                "price_level": product.price(*price).to_string(),
                "new_quantity": product.size(*lots).to_string(),
            })
        })
        .collect();
    json!({"type": kind, "product_id": product.id, "updates": updates})
}

/// Recent buckets for a snapshot, newest first, or the forming one.
pub fn candles(world: &World, index: usize, snapshot: bool, now: Timestamp) -> Value {
    let product = world.product(index);
    let bucket = Timestamp(now.0 - now.0.rem_euclid(BUCKET * SECOND));
    let from = match snapshot {
        true => Timestamp(bucket.0 - (BUCKETS - 1) * BUCKET * SECOND),
        false => bucket,
    };
    let shown: Vec<Value> = world.tapes[index]
        .candles(BUCKET, from, bucket)
        .iter()
        .map(|candle| {
            let mut shown = candle_json(product, candle);
            shown["product_id"] = product.id.clone().into();
            shown
        })
        .collect();
    json!({"type": if snapshot { "snapshot" } else { "update" }, "candles": shown})
}

pub fn heartbeat(world: &World, counter: u64, now: Timestamp) -> Value {
    json!({
        "current_time": go_time(now, now.0 - world.started.0),
        "heartbeat_counter": counter,
    })
}

pub fn status(world: &World, kind: &str, products: &[usize]) -> Value {
    let shown: Vec<Value> = products
        .iter()
        .map(|index| {
            let product = world.product(*index);
            json!({
                "product_type": product.kind_name(),
                "id": product.id,
                "base_currency": product.base,
                "quote_currency": product.quote,
                "base_increment": product.instrument.lot.to_string(),
                "quote_increment": product.instrument.tick.to_string(),
                "display_name": product.id.replace('-', "/"),
                "status": if product.contract.is_some() { "" } else { "online" },
                "status_message": "",
                "min_market_funds": product.quote_min.to_string(),
            })
        })
        .collect();
    json!({"type": kind, "products": shown})
}

/// Margin of contracts.
pub fn balance_summary(world: &World, kind: &str) -> Value {
    json!({"type": kind, "fcm_balance_summary": summary_json(world, plain)})
}

/// Orders as they stand, and every position.
pub fn user(world: &World, kind: &str, orders: &[Order]) -> Value {
    let shown: Vec<Value> = orders.iter().map(|order| user_json(world, order)).collect();
    json!({
        "type": kind,
        "orders": shown,
        "positions": user_positions(world),
    })
}
