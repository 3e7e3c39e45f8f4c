//! Trades that come while the candles before them are still asked for.
//!
//! A series is built in order, so its trades wait; what is held does not: it meets each price as it is
//! traded, under a filter of its own. When the trade's turn comes, only its candle is left to build.

use super::effect::Effects;
use super::machine::Core;
use super::market::filter::{TradeFilter, Verdict};
use super::market::{TimedTrade, Trade};
use super::state_hash::Tag;
use super::symbol::{Feed, Symbol};
use super::units::{Stamp, Timestamp};
use serde::{Deserialize, Serialize};

/// What a symbol has met ahead of its series.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ahead {
    /// As the symbol's own was when the first of them came.
    filter: TradeFilter,
    /// Time of the first since trades were last known to be missing.
    from: Timestamp,
    /// Time of the newest.
    until: Timestamp,
}

impl Symbol {
    /// This trade has been met; the first one that has not ends what was ahead.
    pub(crate) fn has_met(&mut self, trade: &Trade) -> bool {
        let met = self.ahead.as_ref().is_some_and(|a| trade.time <= a.until);
        if !met {
            self.ahead = None;
        }
        met
    }

    /// Trades before `until` are missing: the candles of that time are to be met after all.
    pub(crate) fn missed_until(&mut self, until: Timestamp) {
        if let Some(ahead) = &mut self.ahead {
            ahead.from = ahead.from.max(until);
        }
    }

    /// Each trade of a candle that begins there was met by itself.
    pub(crate) fn has_met_candle(&self, open_time: Timestamp) -> bool {
        self.ahead.as_ref().is_some_and(|a| open_time >= a.from)
    }
}

impl Core {
    /// A trade whose turn in the series has not come.
    pub(crate) fn trade_ahead(&mut self, at: Stamp, trade: Trade, out: &mut Effects) {
        let id = trade.symbol;
        let head = [at.wall.0, id.0.into(), trade.price.0, trade.quantity.0];
        self.hash.words(Tag::Ahead, &head.map(i128::from));
        let rest = [i128::from(trade.time.0), i128::from(trade.id)];
        self.hash.words(Tag::Ahead, &rest);
        let Some(symbol) = self.symbols.get_mut(id.index()) else {
            self.counts.inputs_refused += 1;
            return;
        };
        if *symbol.feed.get_or_insert(Feed::Trades) != Feed::Trades {
            self.counts.inputs_refused += 1;
            return;
        }
        let Symbol { ahead, filter, .. } = symbol;
        let ahead = ahead.get_or_insert_with(|| {
            Box::new(Ahead {
                filter: filter.clone(),
                from: trade.time,
                until: trade.time,
            })
        });
        ahead.until = ahead.until.max(trade.time);
        let row = TimedTrade { stamp: at, trade };
        match ahead.filter.judge(&row) {
            Verdict::Accept => self.meet(&row, out),
            Verdict::AcceptHeld => {
                for held in ahead.filter.take_confirmed() {
                    let trade = held.trade;
                    self.meet(&TimedTrade { stamp: at, trade }, out);
                }
            }
            Verdict::VolumeOnly | Verdict::Nothing => {}
        }
        self.settle(id);
    }

    /// What is held meets a trade's price.
    fn meet(&mut self, row: &TimedTrade, out: &mut Effects) {
        let (id, price) = (row.trade.symbol, row.trade.price);
        let symbol = &mut self.symbols[id.index()];
        if !symbol.can_count(price) {
            self.counts.inputs_refused += 1;
            self.price_uncountable(id, price, row.stamp, out);
            return;
        }
        symbol.note_price(price);
        self.match_trade(row, out);
    }
}
