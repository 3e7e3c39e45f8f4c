//! The candles of one symbol: the one under construction and the closed ones.
//!
//! A candle closes once, in time order, when a trade of a later bucket arrives or when the clock
//! passes its end plus the grace. Buckets without trade become flat candles; after a longer gap the
//! series restarts and warms up anew.

use super::candle::{Candle, CandleSource};
use super::interval::Interval;
use super::trade::Trade;
use crate::units::{Price, Ring, Span, Timestamp};
use serde::{Deserialize, Serialize};

/// More missing buckets than this restart the series instead of becoming flat candles.
pub const GAP_LIMIT: i64 = 1000;

/// Where a trade belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The open bucket (or the first of a new series).
    Open,
    /// A later bucket: close candles until it is the open one.
    Later,
    /// A bucket that is closed already.
    Late,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Series {
    interval: Interval,
    grace: Span,
    /// Start of the open bucket; `None` until the first trade and after a restart.
    bucket: Option<Timestamp>,
    building: Option<Candle>,
    last_close: Option<Price>,
    /// Closed candles in a row without restart.
    contiguous: u64,
    /// Flat candles in a row.
    flat_run: i64,
    /// Data is known to be absent until here: no flat candles.
    quiet_until: Option<Timestamp>,
    /// Buckets that began before it were joined midway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    partial_until: Option<Timestamp>,
    /// As `partial_until`, as long as nobody says that nothing was missed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    doubted_until: Option<Timestamp>,
    /// End of the last candle of the past that was folded into the open bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    past_until: Option<Timestamp>,
    history: Ring<Candle>,
    pub late_trades: u64,
    pub restarts: u64,
    pub flat_candles: u64,
}

impl Series {
    pub fn new(interval: Interval, grace: Span, candle_limit: usize) -> Self {
        Self {
            interval,
            grace,
            bucket: None,
            building: None,
            last_close: None,
            contiguous: 0,
            flat_run: 0,
            quiet_until: None,
            partial_until: None,
            doubted_until: None,
            past_until: None,
            history: Ring::new(candle_limit),
            late_trades: 0,
            restarts: 0,
            flat_candles: 0,
        }
    }

    pub fn interval(&self) -> Interval {
        self.interval
    }

    /// Closed candles since the series (re)started.
    pub fn contiguous(&self) -> u64 {
        self.contiguous
    }

    /// Closed candles, oldest first.
    pub fn history(&self) -> &Ring<Candle> {
        &self.history
    }

    /// The candle under construction.
    pub fn building(&self) -> Option<&Candle> {
        self.building.as_ref()
    }

    pub(crate) fn building_mut(&mut self) -> Option<&mut Candle> {
        self.building.as_mut()
    }

    /// Whether a gap was announced that no trade has contradicted or ended yet.
    pub(crate) const fn is_announced_quiet(&self) -> bool {
        self.quiet_until.is_some()
    }

    /// The open bucket as (start, end).
    pub fn open_bucket(&self) -> Option<(Timestamp, Timestamp)> {
        self.bucket
            .map(|start| (start, start + self.interval.span()))
    }

    /// When the clock closes the open bucket; `None` while there is nothing to close.
    pub fn roll_over_at(&self) -> Option<Timestamp> {
        let (start, end) = self.open_bucket()?;
        if self.building.is_none() {
            self.last_close?;
            if self.quiet_until.is_some_and(|until| start < until) {
                return None;
            }
        }
        Some(end + self.grace)
    }

    pub fn place(&self, time: Timestamp) -> Place {
        match self.open_bucket() {
            None => Place::Open,
            Some((start, _)) if time < start => Place::Late,
            Some((_, end)) if time < end => Place::Open,
            Some(_) => Place::Later,
        }
    }

    /// No trade of the open bucket has come.
    pub const fn is_bucket_empty(&self) -> bool {
        self.building.is_none()
    }

    /// Folds a trade whose place is the open bucket.
    pub fn fold(&mut self, trade: &Trade) {
        let start = *self
            .bucket
            .get_or_insert_with(|| self.interval.bucket(trade.time));
        self.quiet_until = None;
        match &mut self.building {
            Some(candle) => candle.fold(trade),
            None => self.building = Some(Candle::opened_by(start, trade)),
        }
    }

    /// Adds a lagging trade to the volume of the open bucket, if it belongs there.
    pub fn fold_volume(&mut self, trade: &Trade) {
        if self.place(trade.time) == Place::Open
            && let Some(candle) = &mut self.building
        {
            candle.volume += i128::from(trade.quantity.0);
            candle.quote_volume += i128::from(trade.price.0) * i128::from(trade.quantity.0);
        } else {
            self.late_trades += 1;
        }
    }

    /// Folds a venue's candle of the same or a smaller interval; the bucket closes when it is
    /// whole. Returns the closed candle.
    pub fn fold_candle(&mut self, candle: &Candle, end: Timestamp) -> Option<Candle> {
        let start = *self
            .bucket
            .get_or_insert_with(|| self.interval.bucket(candle.open_time));
        self.quiet_until = None;
        match &mut self.building {
            Some(building) => building.absorb(candle),
            None => {
                let mut opened = *candle;
                // A bucket joined midway is not complete.
                opened.complete &= self.contiguous > 0 || candle.open_time == start;
                opened.open_time = start;
                self.building = Some(opened);
            }
        }
        (end >= start + self.interval.span())
            .then(|| self.close_bucket())
            .flatten()
    }

    /// Closes the open bucket: the candle built in it, or a flat one. `None` if the series restarted
    /// instead (too many flat candles in a row).
    pub fn close_bucket(&mut self) -> Option<Candle> {
        let midway = match (self.bucket, self.midway_until()) {
            (Some(start), Some(until)) if start < until => true,
            (Some(_), Some(_)) => {
                self.partial_until = None;
                self.doubted_until = None;
                false
            }
            _ => false,
        };
        self.close(midway)
    }

    /// Buckets that began before it were joined midway.
    fn midway_until(&self) -> Option<Timestamp> {
        self.partial_until.max(self.doubted_until)
    }

    /// `midway`: trades of the bucket are missing, so that it is not complete.
    fn close(&mut self, midway: bool) -> Option<Candle> {
        let start = self.bucket?;
        self.bucket = Some(start + self.interval.span());
        self.past_until = None;
        let mut candle = match self.building.take() {
            Some(candle) => {
                self.flat_run = 0;
                candle
            }
            None => {
                let close = self.last_close?;
                self.flat_run += 1;
                if self.flat_run > GAP_LIMIT {
                    self.restart();
                    return None;
                }
                self.flat_candles += 1;
                Candle::flat(start, close)
            }
        };
        candle.complete &= !midway;
        self.last_close = Some(candle.close);
        self.contiguous += 1;
        self.history.push(candle);
        Some(candle)
    }

    /// Trades are missing before `until`: buckets that began before it are not complete.
    pub fn note_partial(&mut self, until: Timestamp) {
        self.partial_until = self.partial_until.max(Some(until));
    }

    /// Nobody knows whether trades are missing before `until`.
    pub fn note_doubt(&mut self, until: Timestamp) {
        self.doubted_until = self.doubted_until.max(Some(until));
    }

    /// Of what was doubted nothing is missing.
    pub fn note_whole(&mut self) {
        self.doubted_until = None;
    }

    /// Whether a candle of the past that opens at `time` is known already.
    pub fn has(&self, time: Timestamp) -> bool {
        self.bucket.is_some_and(|start| time < start)
            || self.past_until.is_some_and(|until| time < until)
    }

    /// Closes the open bucket if it ends at or before `time`, where a candle of the past begins:
    /// the venue has none in between. `Some(None)` if the series restarted instead.
    pub fn close_before(&mut self, time: Timestamp) -> Option<Option<Candle>> {
        let (start, end) = self.open_bucket()?;
        if time < end {
            return None;
        }
        let midway = self
            .building
            .is_some_and(|c| c.source == CandleSource::Trades)
            && self.midway_until().is_some_and(|until| start < until);
        Some(self.close(midway))
    }

    /// Folds a finished candle of the past. It replaces what trades have built of its bucket so far:
    /// the venue's candle is whole. Returns the candle of a bucket that it completes.
    pub fn fold_past(&mut self, candle: &Candle, end: Timestamp) -> Option<Candle> {
        let start = *self
            .bucket
            .get_or_insert_with(|| self.interval.bucket(candle.open_time));
        self.quiet_until = None;
        match &mut self.building {
            Some(building) if candle.open_time > start => {
                // Trades before it and the candle may tell of the same.
                building.complete &= building.source != CandleSource::Trades;
                building.absorb(candle);
            }
            building => {
                let mut opened = *candle;
                opened.complete &= candle.open_time == start;
                opened.open_time = start;
                *building = Some(opened);
            }
        }
        self.past_until = Some(end);
        (end >= start + self.interval.span())
            .then(|| self.close(false))
            .flatten()
    }

    /// No data before `until`: a gap too long for flat candles closes what is open and nothing else.
    pub fn note_quiet(&mut self, until: Timestamp) {
        if let Some((_, end)) = self.open_bucket() {
            let missing = (self.interval.bucket(until).0 - end.0) / self.interval.span().0;
            if missing > GAP_LIMIT {
                self.quiet_until = Some(until);
            }
        }
    }

    /// Whether the trade at `time` ends a gap that restarts the series.
    pub fn ends_gap(&self, time: Timestamp) -> bool {
        // `start` is a bucket's: no division is needed to know how many lie between.
        self.bucket.is_some_and(|start| {
            let missing = (GAP_LIMIT + 1).saturating_mul(self.interval.span().0);
            time.0 >= start.0.saturating_add(missing)
        })
    }

    /// A candle or trade has come since the start or the last restart.
    pub fn is_begun(&self) -> bool {
        self.bucket.is_some()
    }

    /// Forgets what came before: warm-up counts anew from the next trade.
    pub fn restart(&mut self) {
        self.bucket = None;
        self.building = None;
        self.last_close = None;
        self.contiguous = 0;
        self.flat_run = 0;
        self.quiet_until = None;
        self.past_until = None;
        self.history.clear();
        self.restarts += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::{Aggressor, CandleSource, SymbolId};
    use crate::units::Quantity;
    use proptest::prelude::*;

    fn trade(seconds: i64, price: i64, lots: i64) -> Trade {
        Trade {
            symbol: SymbolId(0),
            aggressor: Aggressor::Unknown,
            price: Price(price),
            quantity: Quantity(lots),
            time: Timestamp(seconds * 1_000_000_000),
            id: 0,
        }
    }

    /// Candles of trades in order of time, closed by later trades only.
    fn candles(interval: Interval, trades: &[Trade]) -> Vec<Candle> {
        let mut series = Series::new(interval, Span::from_secs(1), 10_000);
        let mut closed = Vec::new();
        for trade in trades {
            while series.place(trade.time) == Place::Later {
                closed.extend(series.close_bucket());
            }
            series.fold(trade);
        }
        closed.extend(series.close_bucket());
        closed
    }

    proptest! {
        #[test]
        fn volume_is_conserved_and_intervals_agree(
            steps in prop::collection::vec((0i64..40, 90i64..110, 1i64..1000), 1..400),
        ) {
            let mut seconds = 1_000_000;
            let trades: Vec<Trade> = steps.iter().map(|(step, price, lots)| {
                seconds += step;
                trade(seconds, *price, *lots)
            }).collect();
            let minutes = candles(Interval::MINUTE, &trades);
            let total: i128 = trades.iter().map(|t| i128::from(t.quantity.0)).sum();
            let value: i128 = trades.iter().map(|t| i128::from(t.quantity.0 * t.price.0)).sum();
            prop_assert_eq!(minutes.iter().map(|c| c.volume).sum::<i128>(), total);
            prop_assert_eq!(minutes.iter().map(|c| c.quote_volume).sum::<i128>(), value);
            for name in ["3m", "5m", "15m"] {
                let interval = Interval::parse(name).unwrap();
                let direct = candles(interval, &trades);
                let mut built: Vec<Candle> = Vec::new();
                for minute in &minutes {
                    let start = interval.bucket(minute.open_time);
                    match built.last_mut().filter(|c| c.open_time == start) {
                        Some(candle) => candle.absorb(minute),
                        None => built.push(Candle { open_time: start, ..*minute }),
                    }
                }
                // Minutes start at the first trade, a higher bucket may have begun before it.
                prop_assert_eq!(direct, built);
            }
        }
    }

    #[test]
    fn a_bucket_without_trade_is_flat() {
        let closed = candles(Interval::MINUTE, &[trade(0, 100, 1), trade(150, 120, 2)]);
        assert_eq!(closed.len(), 3);
        assert_eq!(closed[1].source, CandleSource::Flat);
        assert_eq!(
            (closed[1].open, closed[1].close, closed[1].volume),
            (Price(100), Price(100), 0)
        );
    }

    #[test]
    fn the_clock_closes_nothing_before_the_first_trade() {
        let mut series = Series::new(Interval::MINUTE, Span::from_secs(1), 10);
        assert_eq!(series.roll_over_at(), None);
        series.fold(&trade(30, 100, 1));
        assert_eq!(series.roll_over_at(), Some(Timestamp(61_000_000_000)));
    }

    #[test]
    fn a_known_long_gap_makes_no_flat_candle() {
        let mut series = Series::new(Interval::MINUTE, Span::from_secs(1), 10);
        series.fold(&trade(30, 100, 1));
        series.note_quiet(Timestamp(61_000 * 60 * 1_000_000_000));
        assert!(
            series.roll_over_at().is_some(),
            "the open candle still closes"
        );
        assert_eq!(series.close_bucket().unwrap().trades, 1);
        assert_eq!(series.roll_over_at(), None);
        assert!(series.ends_gap(Timestamp(61_000 * 60 * 1_000_000_000)));
    }

    #[test]
    fn an_unannounced_gap_restarts_after_a_thousand_flat_candles() {
        let mut series = Series::new(Interval::MINUTE, Span::from_secs(1), 10);
        series.fold(&trade(30, 100, 1));
        let closed = std::iter::from_fn(|| series.close_bucket()).count();
        assert_eq!(closed, 1001);
        assert_eq!((series.restarts, series.contiguous()), (1, 0));
    }

    #[test]
    fn late_trades_have_their_place_told() {
        let mut series = Series::new(Interval::MINUTE, Span::from_secs(1), 10);
        series.fold(&trade(30, 100, 1));
        series.close_bucket();
        assert_eq!(series.place(Timestamp(59_000_000_000)), Place::Late);
        assert_eq!(series.place(Timestamp(60_000_000_000)), Place::Open);
        assert_eq!(series.place(Timestamp(120_000_000_000)), Place::Later);
    }
}
