//! Values of the market that calls and channels show alike.

use crate::core::market::Candle;
use crate::core::units::{Decimal, Price, Rounding};
use crate::venue::product::Product;
use crate::venue::text::unix_seconds;
use serde_json::{Value, json};

/// A sum of lots as base units.
pub fn lots(product: &Product, lots: i128) -> Decimal {
    product
        .instrument
        .lot
        .mul_div(lots, 1, Rounding::Down)
        .unwrap_or_default()
}

/// Change in percent since `open`.
pub fn change(product: &Product, open: Option<Price>, last: Option<Price>) -> String {
    let (Some(open), Some(last)) = (open, last) else {
        return String::new();
    };
    let moved = product.price(last) - product.price(open);
    moved
        .mul_div(
            100 * Decimal::ONE.raw(),
            product.price(open).raw(),
            Rounding::HalfEven,
        )
        .map_or_else(String::new, |percent| {
            percent.round(14, Rounding::HalfEven).to_string()
        })
}

/// A candle as REST and the candles channel show it.
pub fn candle_json(product: &Product, candle: &Candle) -> Value {
    let price = |price| product.price(price).to_string();
    json!({
        "start": unix_seconds(candle.open_time).to_string(),
        "low": price(candle.low),
        "high": price(candle.high),
        "open": price(candle.open),
        "close": price(candle.close),
        "volume": lots(product, candle.volume).to_string(),
    })
}
