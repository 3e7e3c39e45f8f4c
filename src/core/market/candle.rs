//! The candle: what a strategy sees of an interval.

use super::interval::Interval;
use super::trade::{SymbolId, Trade};
use crate::units::{Price, Stamp, Timestamp};
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

/// Largest volume of a candle, in lots or tick-lots: far beyond any market, far within the integer.
pub const VOLUME_MAX: i128 = 10i128.pow(34);

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
        // A day of seconds of the largest volumes would pass the integer.
        self.volume = self.volume.saturating_add(later.volume);
        self.quote_volume = self.quote_volume.saturating_add(later.quote_volume);
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
        if self.volume < 0 || self.quote_volume < 0 {
            return Err("negative volume");
        }
        if self.volume > VOLUME_MAX || self.quote_volume > VOLUME_MAX {
            return Err("volume beyond any market");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volumes_beyond_any_market_are_refused_and_those_below_add_up_without_wrapping() {
        let mut candle = Candle::flat(Timestamp(0), Price(1));
        candle.volume = VOLUME_MAX;
        assert_eq!(candle.check(), Ok(()));
        let second = candle;
        for _ in 0..86_400 {
            candle.absorb(&second);
        }
        assert_eq!(candle.volume, i128::MAX);
        assert_eq!(candle.check(), Err("volume beyond any market"));
        candle.volume = 0;
        candle.quote_volume = VOLUME_MAX + 1;
        assert_eq!(candle.check(), Err("volume beyond any market"));
        candle.quote_volume = -1;
        assert_eq!(candle.check(), Err("negative volume"));
    }
}
