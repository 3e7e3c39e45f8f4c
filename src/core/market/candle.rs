//! The candle: what a strategy sees of an interval.

use super::interval::Interval;
use super::trade::{SymbolId, Trade};
use crate::core::units::{Price, Stamp, Timestamp};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CandleSource {
    /// Built from trades.
    Trades,
    /// The venue's or an importer's own candle.
    Venue,
    /// No trade in the interval: o = h = l = c = previous close, volume 0.
    Flat,
}

/// Open, high, low, close of one interval, with volumes in grid units so that they are conserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candle {
    pub open_time: Timestamp,
    pub open: Price,
    pub high: Price,
    pub low: Price,
    pub close: Price,
    /// Lots traded.
    pub volume: i128,
    /// Tick-lots traded (sum of price x quantity); 0 where a venue's candle does not state it.
    pub quote_volume: i128,
    pub trades: u64,
    pub source: CandleSource,
    /// False for a bucket that was joined midway: never used for a decision.
    pub complete: bool,
}

/// A finished candle of a venue or of imported history, with the clock reading it came with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimedCandle {
    pub stamp: Stamp,
    pub symbol: SymbolId,
    pub interval: Interval,
    pub candle: Candle,
}

impl Candle {
    /// The candle that its first trade opens.
    pub fn opened_by(open_time: Timestamp, trade: &Trade) -> Self {
        let mut candle = Self {
            open_time,
            open: trade.price,
            high: trade.price,
            low: trade.price,
            close: trade.price,
            volume: 0,
            quote_volume: 0,
            trades: 0,
            source: CandleSource::Trades,
            complete: true,
        };
        candle.fold(trade);
        candle
    }

    /// A bucket without trades after a close of `close`.
    pub fn flat(open_time: Timestamp, close: Price) -> Self {
        Self {
            open_time,
            open: close,
            high: close,
            low: close,
            close,
            volume: 0,
            quote_volume: 0,
            trades: 0,
            source: CandleSource::Flat,
            complete: true,
        }
    }

    /// Adds a later trade of the same bucket, in order of arrival.
    #[inline]
    pub fn fold(&mut self, trade: &Trade) {
        self.high = self.high.max(trade.price);
        self.low = self.low.min(trade.price);
        self.close = trade.price;
        self.volume += i128::from(trade.quantity.0);
        self.quote_volume += i128::from(trade.price.0) * i128::from(trade.quantity.0);
        self.trades += 1;
    }

    /// Adds a later candle of a smaller interval that lies in the same bucket.
    pub fn absorb(&mut self, later: &Self) {
        if later.source != CandleSource::Flat {
            if self.source == CandleSource::Flat {
                self.source = later.source;
            }
            self.high = self.high.max(later.high);
            self.low = self.low.min(later.low);
            self.close = later.close;
        }
        self.volume += later.volume;
        self.quote_volume += later.quote_volume;
        self.trades += later.trades;
        self.complete &= later.complete;
    }

    /// What a venue's or imported candle must satisfy; the text names the rule it breaks.
    pub fn check(&self) -> Result<(), &'static str> {
        if self.low.0 <= 0 {
            return Err("price not above 0");
        }
        if self.high < self.open.max(self.close) {
            return Err("high below open or close");
        }
        if self.low > self.open.min(self.close) {
            return Err("low above open or close");
        }
        if self.volume < 0 {
            return Err("negative volume");
        }
        Ok(())
    }
}
