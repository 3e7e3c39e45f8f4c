//! A trade on its way through the core: the filter, what is held and ordered, candles with their
//! decisions.

use super::effect::Effects;
use super::machine::Core;
use super::market::TimedTrade;
use super::market::filter::Verdict;
use super::market::series::Place;
use super::symbol::Feed;

impl Core {
    /// A trade as it comes.
    pub(super) fn trade(&mut self, row: &TimedTrade, out: &mut Effects) {
        let id = row.trade.symbol;
        let Some(symbol) = self.symbols.get_mut(id.index()) else {
            self.counts.inputs_refused += 1;
            self.note_data_error("a trade of an unknown symbol", row.stamp, out);
            return;
        };
        if *symbol.feed.get_or_insert(Feed::Trades) != Feed::Trades {
            self.counts.inputs_refused += 1;
            return;
        }
        match symbol.filter.judge(row) {
            Verdict::Accept => self.accepted(row, out),
            Verdict::AcceptHeld => {
                for held in symbol.filter.take_confirmed() {
                    let row = TimedTrade {
                        stamp: row.stamp,
                        trade: held.trade,
                    };
                    self.accepted(&row, out);
                }
            }
            Verdict::VolumeOnly => symbol.series.fold_volume(&row.trade),
            Verdict::Nothing => {}
        }
        self.compare_again_if_known(id, row.stamp, out);
        self.settle(id);
    }

    /// An accepted trade: orders first, then candles with their decisions, then the open candle.
    fn accepted(&mut self, row: &TimedTrade, out: &mut Effects) {
        let (id, trade) = (row.trade.symbol, &row.trade);
        let symbol = &mut self.symbols[id.index()];
        if symbol.series.place(trade.time) == Place::Late {
            symbol.series.late_trades += 1;
            // Its candle is closed; a price that no newer one has followed counts all the same.
            if symbol.series.is_bucket_empty() {
                self.meet_trade(row, out);
            }
            return;
        }
        if !self.meet_trade(row, out) {
            return;
        }
        let symbol = &mut self.symbols[id.index()];
        if symbol.series.ends_gap(trade.time) {
            symbol.series.restart();
            symbol.forget_candles();
        }
        loop {
            let symbol = &mut self.symbols[id.index()];
            if symbol.series.place(trade.time) != Place::Later {
                break;
            }
            if let Some(candle) = symbol.series.close_bucket() {
                self.candle_closed(id, candle, row.stamp, out);
            }
        }
        self.symbols[id.index()].series.fold(trade);
        self.sync_roll_over(id, row.stamp);
    }

    /// What is held and what is ordered meet a trade, unless they have. `false`: its price cannot count.
    fn meet_trade(&mut self, row: &TimedTrade, out: &mut Effects) -> bool {
        let (id, trade) = (row.trade.symbol, &row.trade);
        let symbol = &mut self.symbols[id.index()];
        if !symbol.can_count(trade.price) {
            self.counts.inputs_refused += 1;
            self.price_uncountable(id, trade.price, row.stamp, out);
            return false;
        }
        if !symbol.has_met(trade) {
            symbol.note_price(trade.price);
            self.match_trade(row, out);
        }
        true
    }
}
