//! What is remembered of a product's market: the latest trades, and minutes of the last days.

use crate::core::market::{Aggressor, Candle, SymbolId, Trade};
use crate::core::units::stamp::SECOND;
use crate::core::units::{Price, Quantity, Ring, Side, Timestamp};
use std::collections::VecDeque;

/// Trades that REST and the snapshot of a channel can show.
pub const TRADES_KEPT: usize = 1_000;
/// Minutes kept: thirty days.
pub const MINUTES_KEPT: usize = 30 * 24 * 60;
const MINUTE: i64 = 60 * SECOND;
const DAY_MINUTES: i64 = 24 * 60;

/// A public trade as the venue shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick {
    /// Increasing by 1.
    pub id: u64,
    pub price: Price,
    pub lots: i64,
    pub aggressor: Side,
    pub time: Timestamp,
}

/// The last 24 hours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Day {
    /// First price of the 24 hours, where there was one.
    pub open: Option<Price>,
    pub low: Option<Price>,
    pub high: Option<Price>,
    pub lots: i128,
}

#[derive(Debug)]
pub struct Tape {
    trades: Ring<Tick>,
    minutes: VecDeque<Candle>,
    next_id: u64,
    /// Lowest and highest price over everything that is remembered.
    extremes: Option<(Price, Price)>,
}

impl Tape {
    /// `first_id` numbers the first trade.
    pub fn new(first_id: u64) -> Self {
        Self {
            trades: Ring::new(TRADES_KEPT),
            minutes: VecDeque::new(),
            next_id: first_id,
            extremes: None,
        }
    }

    /// A trade happened; returns how it is shown.
    pub fn print(&mut self, price: Price, lots: i64, aggressor: Side, time: Timestamp) -> Tick {
        let tick = Tick {
            id: self.next_id,
            price,
            lots,
            aggressor,
            time,
        };
        self.next_id += 1;
        self.trades.push(tick);
        let (low, high) = self.extremes.unwrap_or((price, price));
        self.extremes = Some((low.min(price), high.max(price)));
        let trade = Trade {
            symbol: SymbolId(0),
            aggressor: match aggressor {
                Side::Buy => Aggressor::Buy,
                Side::Sell => Aggressor::Sell,
            },
            price,
            quantity: Quantity(lots),
            time,
            id: tick.id,
        };
        let open_time = Timestamp(time.0 - time.0.rem_euclid(MINUTE));
        match self.minutes.back_mut() {
            Some(minute) if minute.open_time >= open_time => minute.fold(&trade),
            _ => {
                if self.minutes.len() == MINUTES_KEPT {
                    self.minutes.pop_front();
                }
                self.minutes.push_back(Candle::opened_by(open_time, &trade));
            }
        }
        tick
    }

    /// The latest trades, newest first.
    pub fn latest(&self) -> impl Iterator<Item = &Tick> {
        self.trades.iter().rev()
    }

    /// Lowest and highest price remembered.
    pub fn extremes(&self) -> Option<(Price, Price)> {
        self.extremes
    }

    /// Candles of so many seconds whose start lies in `from..=to`, newest first; the one that is
    /// still forming is among them, buckets without a trade are not.
    pub fn candles(&self, seconds: i64, from: Timestamp, to: Timestamp) -> Vec<Candle> {
        let length = seconds * SECOND;
        let mut candles: Vec<Candle> = Vec::new();
        let first = self
            .minutes
            .partition_point(|minute| minute.open_time < from);
        for minute in self.minutes.range(first..) {
            let start = Timestamp(minute.open_time.0 - minute.open_time.0.rem_euclid(length));
            if start > to {
                break;
            }
            if start < from {
                continue;
            }
            match candles.last_mut() {
                Some(last) if last.open_time == start => last.absorb(minute),
                _ => candles.push(Candle {
                    open_time: start,
                    ..*minute
                }),
            }
        }
        candles.reverse();
        candles
    }

    /// The 24 hours before `now`.
    pub fn day(&self, now: Timestamp) -> Day {
        let from = Timestamp(now.0 - DAY_MINUTES * MINUTE);
        let first = self
            .minutes
            .partition_point(|minute| minute.open_time < from);
        let mut day = Day::default();
        for minute in self.minutes.range(first..) {
            day.open = day.open.or(Some(minute.open));
            day.low = Some(day.low.map_or(minute.low, |low| low.min(minute.low)));
            day.high = Some(day.high.map_or(minute.high, |high| high.max(minute.high)));
            day.lots += minute.volume;
        }
        day
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp(seconds * SECOND)
    }

    #[test]
    fn candles_come_newest_first_without_empty_buckets() {
        let mut tape = Tape::new(100);
        for (seconds, price) in [(0, 10), (59, 12), (130, 9), (310, 11)] {
            tape.print(Price(price), 2, Side::Buy, at(seconds));
        }
        let minutes = tape.candles(60, at(0), at(1_000));
        let shown: Vec<_> = minutes
            .iter()
            .map(|c| {
                (
                    c.open_time.0 / SECOND,
                    c.open.0,
                    c.high.0,
                    c.low.0,
                    c.close.0,
                )
            })
            .collect();
        let expected = [
            (300, 11, 11, 11, 11),
            (120, 9, 9, 9, 9),
            (0, 10, 12, 10, 12),
        ];
        assert_eq!(shown, expected);
        let five = tape.candles(300, at(0), at(0));
        assert_eq!((five.len(), five[0].low.0, five[0].volume), (1, 9, 6));
        assert_eq!(tape.latest().next().map(|tick| tick.id), Some(103));
    }

    #[test]
    fn the_day_forgets_what_is_older() {
        let mut tape = Tape::new(1);
        tape.print(Price(50), 1, Side::Buy, at(0));
        tape.print(Price(10), 3, Side::Sell, at(90_000));
        let day = tape.day(at(90_030));
        assert_eq!((day.high, day.lots), (Some(Price(10)), 3));
        assert_eq!(tape.extremes(), Some((Price(10), Price(50))));
    }
}
