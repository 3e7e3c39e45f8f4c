//! One symbol of a tape: which trades count, its last price, its decision candles.
//!
//! Filter and series are the core's own, driven as the core drives them, so that prices and candles
//! are those that the run decided on. Bounded: the chart's candles and the closes are thinned.

use super::candles::ChartCandles;
use super::{CandleListener, SymbolTape};
use crate::core::market::filter::{TradeFilter, Verdict};
use crate::core::market::series::{Place, Series};
use crate::core::market::{Candle, Interval, SymbolId, TimedTrade, Trade};
use crate::core::symbol::Closes;
use crate::core::units::{Decimal, Price, Span, Timestamp};

/// What of the configuration decides which trades and candles count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MarketRules {
    pub interval: Interval,
    /// Wait for late trades after a candle's end.
    pub close_grace: Span,
    /// Price jump in % that is held back.
    pub outlier_pct: Decimal,
    /// Number of the candle, from 1, that buying and holding starts at.
    pub min_candles: u64,
}

/// What a symbol's prices come from; the first input decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Feed {
    Trades,
    /// The longest candle seen.
    Candles(Interval),
}

/// Follows one symbol.
#[derive(Debug)]
pub struct Market {
    id: SymbolId,
    rules: MarketRules,
    filter: TradeFilter,
    series: Series,
    feed: Option<Feed>,
    last: Option<Price>,
    last_at: Option<Timestamp>,
    chart: ChartCandles,
    closes: Vec<(Price, Timestamp)>,
    closes_room: usize,
    closes_stride: u64,
    ends: Closes,
}

impl Market {
    /// `chart_room` candles and `closes_room` closes are kept at most; both at least 2.
    pub fn new(id: SymbolId, rules: MarketRules, chart_room: usize, closes_room: usize) -> Self {
        Self {
            id,
            rules,
            filter: TradeFilter::new(rules.outlier_pct),
            series: Series::new(rules.interval, rules.close_grace, 1),
            feed: None,
            last: None,
            last_at: None,
            chart: ChartCandles::new(chart_room),
            closes: Vec::new(),
            closes_room: (closes_room / 2 * 2).max(2),
            closes_stride: 1,
            ends: Closes::default(),
        }
    }

    /// Last price of an accepted trade, or close of a finished candle.
    pub const fn last(&self) -> Option<Price> {
        self.last
    }

    /// Length of the recorded candles that prices come from; `None` for trades.
    pub const fn candle_length(&self) -> Option<Span> {
        match self.feed {
            Some(Feed::Candles(interval)) => Some(interval.span()),
            _ => None,
        }
    }

    /// The closes that buying and holding is measured by.
    pub const fn ends(&self) -> Closes {
        self.ends
    }

    /// Closes what the clock has closed by `now`.
    pub fn clock(&mut self, now: Timestamp, listener: &mut dyn CandleListener) {
        while self.series.roll_over_at().is_some_and(|due| due <= now) {
            match self.series.close_bucket() {
                Some(candle) => self.closed(&candle, listener),
                None => listener.restart(self.id),
            }
        }
    }

    pub fn trade(&mut self, row: &TimedTrade, listener: &mut dyn CandleListener) {
        if *self.feed.get_or_insert(Feed::Trades) != Feed::Trades {
            return;
        }
        match self.filter.judge(row) {
            Verdict::Accept => self.accepted(&row.trade, listener),
            Verdict::AcceptHeld => {
                for held in self.filter.take_confirmed() {
                    self.accepted(&held.trade, listener);
                }
            }
            Verdict::VolumeOnly => self.series.fold_volume(&row.trade),
            Verdict::Nothing => {}
        }
    }

    fn accepted(&mut self, trade: &Trade, listener: &mut dyn CandleListener) {
        if self.series.place(trade.time) == Place::Late {
            return;
        }
        (self.last, self.last_at) = (Some(trade.price), Some(trade.time));
        if self.series.ends_gap(trade.time) {
            self.series.restart();
            listener.restart(self.id);
        }
        while self.series.place(trade.time) == Place::Later {
            match self.series.close_bucket() {
                Some(candle) => self.closed(&candle, listener),
                None => listener.restart(self.id),
            }
        }
        self.series.fold(trade);
    }

    /// A finished candle of the recording.
    pub fn candle(
        &mut self,
        interval: Interval,
        candle: &Candle,
        listener: &mut dyn CandleListener,
    ) {
        let Feed::Candles(longest) = *self.feed.get_or_insert(Feed::Candles(interval)) else {
            return;
        };
        let late = self
            .series
            .open_bucket()
            .is_some_and(|(start, _)| candle.open_time < start);
        let usable = candle.check().is_ok()
            && self.rules.interval.is_multiple_of(interval)
            && interval.bucket(candle.open_time) == candle.open_time
            && !late;
        if !usable {
            return;
        }
        self.feed = Some(Feed::Candles(longest.max(interval)));
        if self.series.ends_gap(candle.open_time) {
            self.series.restart();
            listener.restart(self.id);
        }
        while self
            .series
            .open_bucket()
            .is_some_and(|(_, end)| candle.open_time >= end)
        {
            match self.series.close_bucket() {
                Some(closed) => self.closed(&closed, listener),
                None => listener.restart(self.id),
            }
        }
        let end = candle.open_time + interval.span();
        (self.last, self.last_at) = (Some(candle.close), Some(end));
        if let Some(closed) = self.series.fold_candle(candle, end) {
            self.closed(&closed, listener);
        }
    }

    /// An importer's word on a gap.
    pub fn quiet(&mut self, until: Timestamp) {
        self.series.note_quiet(until);
    }

    fn closed(&mut self, candle: &Candle, listener: &mut dyn CandleListener) {
        if self.ends.count.is_multiple_of(self.closes_stride) {
            if self.closes.len() == self.closes_room {
                // The room is even, so this close's number is a multiple of the new stride too.
                let mut number = 0u64;
                self.closes.retain(|_| {
                    number += 1;
                    number % 2 == 1
                });
                self.closes_stride *= 2;
            }
            let end = candle.open_time + self.rules.interval.span();
            self.closes.push((candle.close, end));
        }
        self.ends.note(candle.close, self.rules.min_candles);
        self.chart.push(candle);
        listener.candle(self.id, candle);
    }

    /// What is left at the end.
    pub fn into_tape(self, symbol: String) -> SymbolTape {
        SymbolTape {
            symbol,
            candles_closed: self.ends.count,
            candles: self.chart.into_candles(),
            closes: self.closes.iter().map(|(close, _)| *close).collect(),
            close_times: self.closes.iter().map(|(_, end)| *end).collect(),
            closes_stride: self.closes_stride,
            last_price_at: self.last_at,
        }
    }
}
