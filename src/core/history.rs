//! Candles that were asked for: before live data, and of a gap in it.
//!
//! They warm up series, strategy and filter and count as the series' own, but nothing is decided on
//! them. On paper what is held meets the candles of a gap at their worst; at a venue it does not,
//! because what happened there is told by the venue.
//!
//! Candles longer than the series' own say that what follows begins anew: they warm up what looks at
//! longer frames, and the series' own come after them.

use super::effect::Effects;
use super::machine::Core;
use super::market::instrument::GRID_MAX;
use super::market::{Candle, Interval, Quote, SymbolId};
use super::settings::Execution;
use super::state_hash::Tag;
use super::strategy::decision::CandleView;
use super::symbol::Spread;
use super::units::stamp::SECOND;
use super::units::{Decimal, Span, Stamp, Timestamp};

/// How far ahead of our clock a finished candle may end: clocks differ.
const AHEAD: Span = Span(5 * SECOND);

/// It has ended, stands where candles of this length begin, and makes sense.
fn is_usable(candle: &Candle, interval: Interval, at: Stamp) -> bool {
    candle.complete
        && candle.check().is_ok()
        && candle.high.0 <= GRID_MAX
        && interval.bucket(candle.open_time) == candle.open_time
        && candle.open_time + interval.span() <= at.wall + AHEAD
}

impl Core {
    /// Finished candles of a symbol, oldest first.
    pub(crate) fn history(
        &mut self,
        at: Stamp,
        id: SymbolId,
        interval: Interval,
        candles: &[Candle],
        out: &mut Effects,
    ) {
        let head = [
            at.wall.0,
            id.0.into(),
            interval.seconds(),
            candles.len() as i64,
        ];
        self.hash.words(Tag::History, &head.map(i128::from));
        for c in candles {
            let prices = [c.open_time.0, c.open.0, c.high.0, c.low.0, c.close.0];
            self.hash.words(Tag::Candle, &prices.map(i128::from));
            self.hash.words(Tag::Candle, &[c.volume, c.complete.into()]);
        }
        let Some(symbol) = self.symbols.get_mut(id.index()) else {
            self.counts.inputs_refused += 1;
            return;
        };
        // What was to follow a close before the gap is too old now.
        symbol.reversal = None;
        symbol.disturb();
        if interval.seconds() > self.settings.trading.interval.seconds() {
            self.longer_candles(at, id, interval, candles);
        } else {
            for candle in candles {
                self.past_candle(at, id, interval, candle, out);
            }
        }
        self.compare_again_if_known(id, at, out);
        self.sync_roll_over(id, at);
        self.settle(id);
    }

    fn longer_candles(&mut self, at: Stamp, id: SymbolId, interval: Interval, candles: &[Candle]) {
        let symbol = &mut self.symbols[id.index()];
        if symbol.series.is_begun() {
            symbol.series.restart();
            symbol.forget_candles();
        }
        for candle in candles {
            if !is_usable(candle, interval, at) {
                self.counts.candles_refused += 1;
                continue;
            }
            let view = CandleView::of(candle, &symbol.scale);
            symbol.warm_up(&view, interval);
        }
    }

    fn past_candle(
        &mut self,
        at: Stamp,
        id: SymbolId,
        interval: Interval,
        candle: &Candle,
        out: &mut Effects,
    ) {
        let wanted = self.settings.trading.interval;
        let end = candle.open_time + interval.span();
        let symbol = &mut self.symbols[id.index()];
        if symbol.series.has(candle.open_time) {
            return;
        }
        if !wanted.is_multiple_of(interval) || !is_usable(candle, interval, at) {
            self.counts.candles_refused += 1;
            return;
        }
        if !symbol.can_count(candle.high) {
            self.counts.candles_refused += 1;
            self.price_uncountable(id, candle.high, at, out);
            return;
        }
        if symbol.series.ends_gap(candle.open_time) {
            symbol.series.restart();
            symbol.forget_candles();
        }
        while let Some(closed) = self.symbols[id.index()]
            .series
            .close_before(candle.open_time)
        {
            match closed {
                Some(closed) => self.past_candle_closed(id, &closed),
                None => self.symbols[id.index()].forget_candles(),
            }
        }
        self.meet_past_candle(id, candle, end, at, out);
        let symbol = &mut self.symbols[id.index()];
        if let Some(closed) = symbol.series.fold_past(candle, end) {
            self.past_candle_closed(id, &closed);
        }
    }

    /// What is held on paper meets the candle, as if it came when it ended.
    fn meet_past_candle(
        &mut self,
        id: SymbolId,
        candle: &Candle,
        end: Timestamp,
        at: Stamp,
        out: &mut Effects,
    ) {
        let symbol = &mut self.symbols[id.index()];
        let held = symbol.position.is_some() || symbol.has_working_order();
        // An earlier process had what is held meet these prices already; they are older than its orders
        // or have done to them what they could.
        if held && self.seen_until.is_some_and(|until| end <= until) {
            return;
        }
        if symbol.has_met_candle(candle.open_time) {
            return;
        }
        let paper = self.settings.execution == Execution::Paper;
        if paper && held {
            let then = Stamp {
                mono: at.mono.saturating_sub(at.wall.since(end).0.max(0)),
                wall: end,
            };
            self.match_past_candle(id, candle, then, out);
        } else {
            symbol.note_range(candle.low, candle.high);
            symbol.note_price(candle.close);
        }
    }

    /// A candle of the past has closed: computed from and counted, not decided on.
    fn past_candle_closed(&mut self, id: SymbolId, candle: &Candle) {
        let symbol = &mut self.symbols[id.index()];
        symbol.disturb();
        let view = CandleView::of(candle, &symbol.scale);
        symbol.observe(&view);
        symbol.hold_through(candle);
        symbol.decided = symbol.decided.max(Some(candle.open_time));
    }

    /// No trade is missing since the symbol's prices fell silent.
    pub(crate) fn whole(&mut self, at: Stamp, id: SymbolId) {
        self.hash
            .words(Tag::Whole, &[at.wall.0.into(), id.0.into()]);
        match self.symbols.get_mut(id.index()) {
            Some(symbol) => symbol.series.note_whole(),
            None => self.counts.inputs_refused += 1,
        }
    }

    /// Best prices; a bid and an ask that are none say nothing.
    pub(crate) fn quote(&mut self, at: Stamp, id: SymbolId, quote: Quote, limit: Decimal) {
        let words = [at.wall.0, id.0.into(), quote.bid.0, quote.ask.0].map(i128::from);
        self.hash.words(Tag::Quote, &words);
        self.hash.words(Tag::Quote, &[limit.raw()]);
        match (self.symbols.get_mut(id.index()), quote.spread_bps()) {
            (Some(symbol), Some(bps)) => symbol.spread = Some(Spread { bps, limit }),
            _ => self.counts.inputs_refused += 1,
        }
    }

    /// Trades are known without a hole from `until` on.
    pub(crate) fn partial(&mut self, at: Stamp, id: SymbolId, until: Timestamp) {
        self.hash.words(
            Tag::Partial,
            &[at.wall.0.into(), id.0.into(), until.0.into()],
        );
        match self.symbols.get_mut(id.index()) {
            Some(symbol) => {
                symbol.series.note_partial(until);
                symbol.missed_until(until);
            }
            None => self.counts.inputs_refused += 1,
        }
    }
}
