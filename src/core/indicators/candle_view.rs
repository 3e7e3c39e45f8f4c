//! What indicators see of a closed candle.

use crate::market::Candle;
use crate::market::instrument::GridScale;
use crate::units::Timestamp;
use serde::{Deserialize, Serialize};

/// A closed candle as doubles, for indicators.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct CandleView {
    pub open_time: Timestamp,
    pub open: f64,
    pub high: f64,
    pub low: f64,
    pub close: f64,
    /// In the base asset.
    pub volume: f64,
}

impl CandleView {
    pub fn of(candle: &Candle, scale: &GridScale) -> Self {
        Self {
            open_time: candle.open_time,
            open: scale.price(candle.open),
            high: scale.price(candle.high),
            low: scale.price(candle.low),
            close: scale.price(candle.close),
            volume: scale.quantity(candle.volume),
        }
    }
}
