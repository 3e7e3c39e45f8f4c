//! Our own closed candles against the exchange's: a difference means that trades were lost, doubled
//! or put into the wrong bucket.
//!
//! Asked for in batches of closed buckets, one page a symbol at a time and rarely; only buckets that
//! were built from trades without a hole are compared. Counted, never corrected: a decision was made
//! on what was known. Pure: calls are said, not made; times are monotonic nanoseconds.

use super::backfill::{Backfill, Page};
use crate::core::market::{Candle, CandleSource, Interval, SymbolId};
use crate::core::units::stamp::SECOND;
use crate::core::units::{Ring, Span, Timestamp};
use serde::Serialize;

/// Least time between two batches of a symbol.
const EVERY: i64 = 300 * SECOND;
/// An exchange finishes its own candle some time after the bucket's end.
const SETTLED: Span = Span(30 * SECOND);
/// A warning at most this often.
const TOLD_EVERY: i64 = 3600 * SECOND;
/// Prices differ from this many ticks on.
const TICKS: i64 = 1;
/// Volumes differ beyond the exchange's divided by this: 0.1 %.
const VOLUME_SHARE: i128 = 1000;

/// Counts since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CandleCounts {
    pub compared: u64,
    /// Candles with a difference of price or volume.
    pub different: u64,
    pub different_prices: u64,
    pub different_volumes: u64,
    /// Buckets that the exchange did not state.
    pub missing: u64,
}

/// Two candles of one bucket that are not the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    pub symbol: SymbolId,
    pub own: Candle,
    pub exchange: Candle,
}

#[derive(Clone, Debug)]
struct Checked {
    /// Buckets that open before it are done with.
    until: Timestamp,
    /// Not before this time.
    next: i64,
    asked: Option<Backfill>,
}

/// See the file's head.
#[derive(Clone, Debug)]
pub struct CandleCheck {
    symbols: Vec<Checked>,
    told: Option<i64>,
    pub counts: CandleCounts,
}

impl CandleCheck {
    pub fn new(symbols: usize) -> Self {
        let checked = Checked {
            until: Timestamp(i64::MIN),
            next: i64::MIN,
            asked: None,
        };
        Self {
            symbols: vec![checked; symbols],
            told: None,
            counts: CandleCounts::default(),
        }
    }

    /// The next batch of a symbol, if there are closed buckets to compare and its time has come.
    /// `lengths`: the decision interval, and that of the exchange's candles; `page`: most of the
    /// latter in one call.
    pub fn ask(
        &mut self,
        symbol: SymbolId,
        own: &Ring<Candle>,
        lengths: (Interval, Interval),
        page: u32,
        (mono, wall): (i64, Timestamp),
    ) -> Option<Page> {
        let checked = &mut self.symbols[symbol.index()];
        if checked.asked.is_some() || mono < checked.next {
            return None;
        }
        let (interval, source) = lengths;
        let ends = |candle: &Candle| candle.open_time + interval.span();
        let first = own
            .iter()
            .find(|candle| is_own(candle) && candle.open_time >= checked.until)
            .map(|candle| candle.open_time)?;
        let per_bucket = interval.seconds() / source.seconds().max(1);
        let most = (i64::from(page) / per_bucket.max(1)).max(1);
        let limit = Timestamp(first.0.saturating_add(most * interval.span().0));
        let last = own
            .iter()
            .rev()
            .find(|candle| ends(candle) <= limit && ends(candle) + SETTLED <= wall)
            .filter(|candle| candle.open_time >= first)?;
        let end = ends(last);
        let count = usize::try_from(most).unwrap_or(1);
        let mut batch = Backfill::new(symbol, lengths, (count, Some(first)), page, end);
        let page = batch.next_page()?;
        checked.next = mono.saturating_add(EVERY);
        checked.until = end;
        checked.asked = Some(batch);
        Some(page)
    }

    /// The batch asked for will not come: its buckets are not compared.
    pub fn failed(&mut self, symbol: SymbolId) {
        self.symbols[symbol.index()].asked = None;
    }

    /// The exchange's candles of the batch. The first difference of it, where a warning is due.
    pub fn answered(
        &mut self,
        symbol: SymbolId,
        own: &Ring<Candle>,
        exchange: impl IntoIterator<Item = Candle>,
        mono: i64,
    ) -> Option<Difference> {
        let mut batch = self.symbols[symbol.index()].asked.take()?;
        let page = batch.page()?;
        batch.answered(exchange);
        let (stated, _) = batch.finish();
        let mut first = None;
        let asked = |candle: &&Candle| candle.open_time >= page.from && candle.open_time <= page.to;
        for own in own.iter().filter(asked).filter(|candle| is_own(candle)) {
            let found = stated.iter().find(|c| c.open_time == own.open_time);
            let Some(exchange) = found else {
                self.counts.missing += 1;
                continue;
            };
            self.counts.compared += 1;
            let (prices, volume) = (prices_differ(own, exchange), volumes_differ(own, exchange));
            self.counts.different_prices += u64::from(prices);
            self.counts.different_volumes += u64::from(volume);
            if prices || volume {
                self.counts.different += 1;
                first.get_or_insert(Difference {
                    symbol,
                    own: *own,
                    exchange: *exchange,
                });
            }
        }
        let is_due = self.told.is_none_or(|told| mono - told >= TOLD_EVERY);
        let told = first.filter(|_| is_due);
        if told.is_some() {
            self.told = Some(mono);
        }
        told
    }
}

/// Built from live trades, from the bucket's first to its last.
fn is_own(candle: &Candle) -> bool {
    candle.complete && candle.source != CandleSource::Venue
}

fn prices_differ(a: &Candle, b: &Candle) -> bool {
    [
        (a.open, b.open),
        (a.high, b.high),
        (a.low, b.low),
        (a.close, b.close),
    ]
    .iter()
    .any(|(a, b)| a.0.abs_diff(b.0) > TICKS.unsigned_abs())
}

fn volumes_differ(own: &Candle, exchange: &Candle) -> bool {
    (own.volume - exchange.volume)
        .abs()
        .saturating_mul(VOLUME_SHARE)
        > exchange.volume
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::units::Price;

    const A: SymbolId = SymbolId(0);
    const MINUTE: i64 = 60 * SECOND;
    const LENGTHS: (Interval, Interval) = (Interval::MINUTE, Interval::MINUTE);

    fn at(minute: i64) -> Timestamp {
        Timestamp(minute * MINUTE)
    }

    fn candle(minute: i64, price: i64, volume: i128, source: CandleSource) -> Candle {
        Candle {
            volume,
            source,
            ..Candle::flat(at(minute), Price(price))
        }
    }

    fn own(minutes: std::ops::Range<i64>) -> Ring<Candle> {
        let mut ring = Ring::new(100);
        for minute in minutes {
            ring.push(candle(minute, 1000, 5000, CandleSource::Trades));
        }
        ring
    }

    fn now(minute: i64, second: i64) -> (i64, Timestamp) {
        let wall = Timestamp(at(minute).0 + second * SECOND);
        (wall.0, wall)
    }

    #[test]
    fn closed_and_settled_buckets_are_asked_for_in_one_batch_and_once() {
        let mut check = CandleCheck::new(1);
        let ring = own(10..15);
        // 14 ended at 15:00 and has not settled.
        let page = check.ask(A, &ring, LENGTHS, 300, now(15, 29)).unwrap();
        assert_eq!((page.from, page.to), (at(10), at(13)));
        assert_eq!(
            check.ask(A, &ring, LENGTHS, 300, now(15, 30)),
            None,
            "asked"
        );
        let same = (10..14).map(|m| candle(m, 1001, 5005, CandleSource::Venue));
        assert_eq!(check.answered(A, &ring, same, 0), None);
        assert_eq!((check.counts.compared, check.counts.different), (4, 0));
        assert_eq!(
            check.ask(A, &ring, LENGTHS, 300, now(16, 0)),
            None,
            "too soon"
        );
        let page = check.ask(A, &ring, LENGTHS, 300, now(21, 0)).unwrap();
        assert_eq!((page.from, page.to), (at(14), at(14)));
    }

    #[test]
    fn a_batch_is_at_most_a_page_of_the_exchanges_own_length() {
        let mut check = CandleCheck::new(1);
        let three = Interval::parse("3m").unwrap();
        let mut ring = Ring::new(100);
        for minute in [9, 12, 15, 18, 21] {
            ring.push(candle(minute, 1000, 5000, CandleSource::Trades));
        }
        let lengths = (three, Interval::MINUTE);
        let page = check.ask(A, &ring, lengths, 7, now(60, 0)).unwrap();
        assert_eq!((page.from, page.to), (at(9), at(14)), "two whole buckets");
    }

    #[test]
    fn differences_are_counted_by_kind_and_told_once_an_hour() {
        let mut check = CandleCheck::new(1);
        let ring = own(0..8);
        check.ask(A, &ring, LENGTHS, 300, now(9, 0)).unwrap();
        let stated = [
            (0, 1002, 5000),
            (1, 1000, 5006),
            (2, 1001, 5005),
            (3, 998, 4000),
        ];
        let stated = stated.map(|(m, p, v)| candle(m, p, v, CandleSource::Venue));
        let told = check.answered(A, &ring, stated, 7).unwrap();
        assert_eq!(told.own.open_time, at(0));
        let counts = check.counts;
        assert_eq!((counts.compared, counts.missing), (4, 4));
        assert_eq!(
            (
                counts.different,
                counts.different_prices,
                counts.different_volumes
            ),
            (3, 2, 2)
        );
        let ring = own(8..12);
        check.ask(A, &ring, LENGTHS, 300, now(15, 0)).unwrap();
        let wrong = [candle(8, 1, 5000, CandleSource::Venue)];
        assert_eq!(
            check.answered(A, &ring, wrong, 8),
            None,
            "within the same hour"
        );
        assert_eq!(check.counts.different, 4);
    }

    #[test]
    fn what_came_from_the_exchange_or_has_a_hole_is_not_compared() {
        let mut check = CandleCheck::new(1);
        let mut ring = Ring::new(10);
        ring.push(candle(1, 1000, 5, CandleSource::Venue));
        let mut joined = candle(2, 1000, 5, CandleSource::Trades);
        joined.complete = false;
        ring.push(joined);
        assert_eq!(check.ask(A, &ring, LENGTHS, 300, now(9, 0)), None);
        ring.push(candle(3, 1000, 5, CandleSource::Trades));
        let page = check.ask(A, &ring, LENGTHS, 300, now(9, 0)).unwrap();
        assert_eq!((page.from, page.to), (at(3), at(3)));
        check.failed(A);
        assert_eq!(
            check.answered(A, &ring, [], 0),
            None,
            "a late answer is none"
        );
    }
}
