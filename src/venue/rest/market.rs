//! Calls about the market: time, products, book, candles, latest trades.

use super::futures_view::{details_json, session_json};
use super::market_view::{candle_json, change, lots};
use super::{Outcome, invalid, not_found, number};
use crate::core::units::stamp::SECOND;
use crate::core::units::{Decimal, Price, Rounding, Side, Timestamp};
use crate::venue::product::Product;
use crate::venue::server::http::{Answer, Request};
use crate::venue::text::{rfc3339, unix_seconds};
use crate::venue::world::World;
use serde_json::{Value, json};

/// Levels of a book that one call gives at most.
const LEVELS_MAX: usize = 500;
/// Candles that one call may ask for.
const CANDLES_MAX: i64 = 350;
const TRADES_MAX: usize = 1_000;

const GRANULARITIES: [(&str, i64); 9] = [
    ("ONE_MINUTE", 60),
    ("FIVE_MINUTE", 300),
    ("FIFTEEN_MINUTE", 900),
    ("THIRTY_MINUTE", 1_800),
    ("ONE_HOUR", 3_600),
    ("TWO_HOUR", 7_200),
    ("FOUR_HOUR", 14_400),
    ("SIX_HOUR", 21_600),
    ("ONE_DAY", 86_400),
];

pub fn time(_: &mut World, _: &Request, now: Timestamp, _: &[&str]) -> Outcome {
    Ok(json!({
        "iso": rfc3339(now, 0),
        "epochSeconds": unix_seconds(now).to_string(),
        "epochMillis": now.as_millis().to_string(),
    }))
}

pub fn products(world: &mut World, request: &Request, now: Timestamp, _: &[&str]) -> Outcome {
    let limit = number(request, "limit", usize::MAX, usize::MAX)?;
    let offset = number(request, "offset", 0, usize::MAX)?;
    let kind = request.parameter("product_type");
    let expiry = request.parameter("contract_expiry_type");
    let is_of_kind = |product: &Product| {
        // Contracts of this venue expire; nothing else has an expiry to be asked for by.
        kind.is_none_or(|kind| kind == product.kind_name())
            && expiry.is_none_or(|of| of == "EXPIRING" && product.contract.is_some())
    };
    let wanted: Vec<&str> = request.parameters("product_ids").collect();
    let count = world.engine.listed().len();
    let fitting: Vec<usize> = (0..count)
        .filter(|i| is_of_kind(world.product(*i)))
        .filter(|i| wanted.is_empty() || wanted.contains(&world.product(*i).id.as_str()))
        .collect();
    let listed: Vec<Value> = fitting
        .iter()
        .skip(offset)
        .take(limit)
        .map(|index| product_json(world, *index, now))
        .collect();
    Ok(json!({"products": listed, "num_products": fitting.len(), "pagination": null}))
}

/// Index of the product that a path or parameter names.
fn known(world: &World, id: &str) -> Result<usize, Answer> {
    world
        .engine
        .product(id)
        .ok_or_else(|| not_found(&format!("valid product ID is required: {id} is unknown")))
}

pub fn product(world: &mut World, _: &Request, now: Timestamp, path: &[&str]) -> Outcome {
    let id = path.last().copied().unwrap_or_default();
    let index = known(world, id)?;
    Ok(product_json(world, index, now))
}

fn product_json(world: &World, index: usize, now: Timestamp) -> Value {
    let listed = &world.engine.listed()[index];
    let product = &listed.product;
    let day = world.tapes[index].day(now);
    let price = listed
        .last
        .map_or_else(String::new, |p| product.price(p).to_string());
    let volume = lots(product, day.lots);
    let contract = product.contract.as_ref();
    // A contract's prices are finer in theory than they trade, and it has no status.
    let (increment, status, venue, name) = match contract {
        Some(contract) => ("0.01".to_owned(), "", "FCM", &contract.display_name),
        None => (
            product.instrument.tick.to_string(),
            "online",
            "CBE",
            &product.id,
        ),
    };
    json!({
        "product_id": product.id,
        "price": price,
        "price_percentage_change_24h": change(product, day.open, listed.last),
        "volume_24h": volume.to_string(),
        "volume_percentage_change_24h": "0",
        "base_increment": product.instrument.lot.to_string(),
        "quote_increment": increment,
        "quote_min_size": product.quote_min.to_string(),
        "quote_max_size": product.quote_max.to_string(),
        "base_min_size": product.base_min.to_string(),
        "base_max_size": product.base_max.to_string(),
        "base_name": product.base_name,
        "quote_name": product.quote_name,
        "watched": false,
        "is_disabled": false,
        "new": false,
        "status": status,
        "cancel_only": false,
        "limit_only": false,
        "post_only": false,
        "trading_disabled": false,
        "auction_mode": false,
        "product_type": product.kind_name(),
        "quote_currency_id": product.quote,
        "base_currency_id": product.base,
        "fcm_trading_session_details": session_json(world, contract, now),
        "mid_market_price": "",
        "alias": "",
        "alias_to": [],
        "base_display_symbol": product.base,
        "quote_display_symbol": product.quote,
        "view_only": false,
        "price_increment": product.instrument.tick.to_string(),
        "display_name": name,
        "product_venue": venue,
        "approximate_quote_24h_volume": quote_volume(product, listed.last, volume),
        "new_at": rfc3339(world.started, 0),
        "market_cap": "",
        "future_product_details": details_json(world, index, now),
    })
}

fn quote_volume(product: &Product, last: Option<Price>, volume: Decimal) -> String {
    let volume = volume * product.instrument.contract_value;
    let value = last.and_then(|p| product.price(p).checked_mul(volume, Rounding::HalfEven));
    value.map_or_else(String::new, |value| format!("{value:.2}"))
}

fn side_json(world: &World, index: usize, side: Side, limit: usize) -> Vec<Value> {
    let listed = &world.engine.listed()[index];
    let level = |(price, lots): (Price, i64)| {
        json!({
            "price": listed.product.price(price).to_string(),
            "size": listed.product.size(lots).to_string(),
        })
    };
    listed.book.levels(side).take(limit).map(level).collect()
}

fn pricebook(world: &World, index: usize, now: Timestamp, limit: usize) -> Value {
    json!({
        "product_id": world.product(index).id,
        "bids": side_json(world, index, Side::Buy, limit),
        "asks": side_json(world, index, Side::Sell, limit),
        "time": rfc3339(now, 6),
    })
}

pub fn book(world: &mut World, request: &Request, now: Timestamp, _: &[&str]) -> Outcome {
    let id = request
        .parameter("product_id")
        .ok_or_else(|| invalid("product_id: missing"))?;
    let index = known(world, id)?;
    let limit = match number(request, "limit", LEVELS_MAX, LEVELS_MAX)? {
        0 => LEVELS_MAX,
        limit => limit,
    };
    let listed = &world.engine.listed()[index];
    let best = |side| {
        listed
            .book
            .best(side)
            .map(|price| listed.product.price(price))
    };
    let (mut mid, mut spread, mut bps) = (String::new(), String::new(), String::new());
    if let (Some(bid), Some(ask)) = (best(Side::Buy), best(Side::Sell)) {
        let middle = (bid + ask).checked_div(Decimal::from_int(2), Rounding::HalfEven);
        let middle = middle.unwrap_or_default();
        let in_bps = (ask - bid)
            .mul_div(
                10_000 * Decimal::ONE.raw(),
                middle.raw(),
                Rounding::HalfEven,
            )
            .map(|bps| bps.round(12, Rounding::HalfEven));
        mid = middle.to_string();
        spread = (ask - bid).to_string();
        bps = in_bps.map_or_else(String::new, |bps| bps.to_string());
    }
    let last = listed
        .last
        .map_or_else(String::new, |p| listed.product.price(p).to_string());
    Ok(json!({
        "pricebook": pricebook(world, index, now, limit),
        "last": last,
        "mid_market": mid,
        "spread_bps": bps,
        "spread_absolute": spread,
    }))
}

pub fn best_bid_ask(world: &mut World, request: &Request, now: Timestamp, _: &[&str]) -> Outcome {
    let mut wanted = Vec::new();
    for id in request.parameters("product_ids") {
        wanted.push(known(world, id)?);
    }
    if wanted.is_empty() {
        wanted = (0..world.engine.listed().len()).collect();
    }
    let books: Vec<Value> = wanted
        .iter()
        .map(|index| pricebook(world, *index, now, 1))
        .collect();
    Ok(json!({"pricebooks": books}))
}

pub fn candles(world: &mut World, request: &Request, _: Timestamp, path: &[&str]) -> Outcome {
    let index = known(world, path[path.len() - 2])?;
    let seconds = |name: &str| {
        let text = request
            .parameter(name)
            .and_then(|text| text.parse::<i64>().ok());
        text.filter(|seconds| (0..=8_000_000_000).contains(seconds))
            .ok_or_else(|| invalid(&format!("{name}: expected UNIX seconds")))
    };
    let (start, end) = (seconds("start")?, seconds("end")?);
    let name = request
        .parameter("granularity")
        .unwrap_or("UNKNOWN_GRANULARITY");
    let (_, length) = GRANULARITIES
        .iter()
        .find(|(of, _)| *of == name)
        .ok_or_else(|| invalid("granularity: unsupported"))?;
    if end < start {
        return Err(invalid("end: expected a time at or after start"));
    }
    if (end - start) / length >= CANDLES_MAX {
        return Err(invalid(
            "number of candles requested should be less than 350",
        ));
    }
    let limit = number(request, "limit", CANDLES_MAX as usize, CANDLES_MAX as usize)?;
    let at = |seconds: i64| Timestamp(seconds * SECOND);
    let product = world.product(index);
    let shown: Vec<Value> = world.tapes[index]
        .candles(*length, at(start), at(end))
        .iter()
        .take(limit)
        .map(|candle| candle_json(product, candle))
        .collect();
    Ok(json!({"candles": shown}))
}

pub fn ticker(world: &mut World, request: &Request, _: Timestamp, path: &[&str]) -> Outcome {
    let index = known(world, path[path.len() - 2])?;
    let limit = number(request, "limit", 100, TRADES_MAX)?;
    let product = world.product(index);
    let seconds = |name: &str| {
        request
            .parameter(name)
            .and_then(|text| text.parse::<i64>().ok())
    };
    let from = seconds("start").unwrap_or(i64::MIN);
    let to = seconds("end").unwrap_or(i64::MAX);
    let trades: Vec<Value> = world.tapes[index]
        .latest()
        .filter(|tick| (from..=to).contains(&unix_seconds(tick.time)))
        .take(limit)
        .map(|tick| {
            json!({
                "trade_id": tick.id.to_string(),
                "product_id": product.id,
                "price": product.price(tick.price).to_string(),
                "size": product.size(tick.lots).to_string(),
                "time": rfc3339(tick.time, 6),
                // The maker's side, as everywhere on this exchange.
                "side": tick.aggressor.opposite().name(),
                "bid": "",
                "ask": "",
            })
        })
        .collect();
    let book = &world.engine.listed()[index].book;
    let best = |side| {
        book.best(side)
            .map_or_else(String::new, |p| product.price(p).to_string())
    };
    Ok(json!({
        "trades": trades,
        "best_bid": best(Side::Buy),
        "best_ask": best(Side::Sell),
    }))
}
