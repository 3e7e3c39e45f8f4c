//! Candles for a chart: never more than a given number, extremes kept.
//!
//! Neighbours are merged where the room is used up. What a merged candle says of open, high, low, close and volume is exact.

use crate::core::market::Candle;
use crate::core::units::{Price, Timestamp};
use crate::report::decimation::{Decimated, Member};

/// Candles of a chart over all symbols.
pub const CHART_CANDLES_MAX: usize = 4000;

/// One candle of a chart: one or more neighbouring decision candles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChartCandle {
    pub open_time: Timestamp,
    /// Open time of the last decision candle in it.
    pub last_time: Timestamp,
    /// Decision candles in it.
    pub candles: u64,
    pub open: Price,
    pub high: Price,
    pub low: Price,
    pub close: Price,
    /// Lots traded.
    pub volume: i128,
}

impl ChartCandle {
    fn of(candle: &Candle) -> Self {
        Self {
            open_time: candle.open_time,
            last_time: candle.open_time,
            candles: 1,
            open: candle.open,
            high: candle.high,
            low: candle.low,
            close: candle.close,
            volume: candle.volume,
        }
    }
}

impl Member for ChartCandle {
    fn count(&self) -> u64 {
        self.candles
    }

    fn absorb(&mut self, later: &Self) {
        self.last_time = later.last_time;
        self.candles += later.candles;
        self.high = self.high.max(later.high);
        self.low = self.low.min(later.low);
        self.close = later.close;
        self.volume = self.volume.saturating_add(later.volume);
    }
}

/// Pure; at most `room` candles.
#[derive(Clone, Debug)]
pub struct ChartCandles {
    candles: Decimated<ChartCandle>,
    closed: u64,
}

impl ChartCandles {
    /// `room` is made even and at least 2.
    pub const fn new(room: usize) -> Self {
        Self {
            candles: Decimated::new(room),
            closed: 0,
        }
    }

    pub fn push(&mut self, candle: &Candle) {
        self.candles.push(ChartCandle::of(candle));
        self.closed += 1;
    }

    /// Decision candles taken so far.
    pub const fn closed(&self) -> u64 {
        self.closed
    }

    pub fn into_candles(self) -> Vec<ChartCandle> {
        self.candles.into_members()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::market::CandleSource;
    use proptest::prelude::*;

    fn candle(number: i64, low: i64, high: i64) -> Candle {
        Candle {
            open_time: Timestamp(number * 60_000_000_000),
            open: Price(low),
            high: Price(high),
            low: Price(low),
            close: Price(high),
            volume: i128::from(number),
            quote_volume: 0,
            trades: 1,
            source: CandleSource::Trades,
            complete: true,
        }
    }

    #[test]
    fn a_full_chart_merges_neighbours() {
        let mut chart = ChartCandles::new(4);
        for (number, (low, high)) in [(10, 12), (5, 9), (6, 20), (7, 8), (3, 4)]
            .iter()
            .enumerate()
        {
            chart.push(&candle(number as i64, *low, *high));
        }
        assert_eq!(chart.closed(), 5);
        let candles = chart.into_candles();
        assert_eq!(candles.len(), 3);
        let first = candles[0];
        assert_eq!((first.open, first.close), (Price(10), Price(9)));
        assert_eq!((first.high, first.low), (Price(12), Price(5)));
        assert_eq!((first.candles, first.volume), (2, 1));
        assert_eq!(candles[2].candles, 1);
    }

    proptest! {
        #[test]
        fn extremes_volume_and_ends_survive_any_thinning(
            prices in prop::collection::vec((1i64..1000, 0i64..1000), 1..300),
            room in 0usize..20,
        ) {
            let mut chart = ChartCandles::new(room);
            let all: Vec<Candle> = prices.iter().zip(0..).map(|((low, up), n)| candle(n, *low, low + up)).collect();
            all.iter().for_each(|c| chart.push(c));
            let candles = chart.into_candles();
            prop_assert!(candles.len() <= room.max(2));
            prop_assert_eq!(candles.iter().map(|c| c.high).max(), all.iter().map(|c| c.high).max());
            prop_assert_eq!(candles.iter().map(|c| c.low).min(), all.iter().map(|c| c.low).min());
            prop_assert_eq!(candles.iter().map(|c| c.volume).sum::<i128>(), all.iter().map(|c| c.volume).sum::<i128>());
            prop_assert_eq!(candles.iter().map(|c| c.candles).sum::<u64>(), all.len() as u64);
            prop_assert_eq!(candles[0].open, all[0].open);
            prop_assert_eq!(candles.last().map(|c| (c.close, c.last_time)), all.last().map(|c| (c.close, c.open_time)));
        }
    }
}
