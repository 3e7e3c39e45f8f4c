//! What a new subscription means for the trades of each symbol: nothing is missing, or candles are
//! asked for.

use super::bridge::{Bridge, Reach};
use super::market_data::{feed, loop_mono};
use crate::core::input::Input;
use crate::core::market::{SymbolId, Trade};
use crate::core::units::Stamp;
use crate::runtime::live::job::LiveJob;
use crate::runtime::live::session::Session;
use crate::runtime::shell::Shell;

impl Session<'_> {
    /// A symbol's subscription counts. Its trades are known without a hole from here on, once what is
    /// missing from before is there.
    pub(in crate::runtime::live) fn symbol_subscribed(&mut self, symbol: SymbolId, stamp: Stamp) {
        let now = loop_mono(stamp, &self.settings);
        // A confirmed feed is alive; from here on its silence counts.
        self.freshness.note(symbol, now);
        if let Some(bridge) = self.bridges.get_mut(&symbol) {
            *bridge = bridge.again(now);
            return;
        }
        let newest = self.newest[symbol.index()];
        let may_reach = self.codec.has_contiguous_trades()
            && newest > 0
            && self.last_candle(symbol).is_some()
            && !self.backfills.contains_key(&symbol);
        if may_reach {
            self.bridges.insert(symbol, Bridge::new(newest, now));
        } else {
            self.missing_before(symbol, stamp);
        }
    }

    /// The market's connection is gone: nothing is fresh before its next subscription.
    pub(in crate::runtime::live) fn market_lost(&mut self, stamp: Stamp) {
        self.unconfirmed.end();
        self.lag.reset();
        for bridge in self.bridges.values_mut() {
            *bridge = bridge.suspended();
        }
        for symbol in self.freshness.lost() {
            self.input(stamp, feed(symbol, false));
        }
    }

    /// Trades before now are not known: buckets that began before are incomplete until candles say
    /// otherwise.
    pub(super) fn missing_before(&mut self, symbol: SymbolId, stamp: Stamp) {
        let until = stamp.wall;
        self.input(stamp, Input::Partial { symbol, until });
        let since = self.last_candle(symbol);
        self.want_candles(symbol, stamp, since);
    }

    /// A trade of a symbol that waits for its subscription's first trades; `false`: it does not.
    pub(in crate::runtime::live) fn bridge_trade(
        &mut self,
        trade: Trade,
        is_snapshot: bool,
    ) -> bool {
        match self.bridges.get_mut(&trade.symbol) {
            Some(bridge) => {
                bridge.note(trade, is_snapshot);
                true
            }
            None => false,
        }
    }

    /// Ends the waits that can be ended: after each reading, and when they are given up.
    pub(in crate::runtime::live) fn cross_bridges(&mut self, stamp: Stamp) {
        if self.bridges.is_empty() {
            return;
        }
        let now = loop_mono(stamp, &self.settings);
        let symbols: Vec<SymbolId> = self.bridges.keys().copied().collect();
        for symbol in symbols {
            let reach = self.bridges[&symbol].reach(now, stamp.wall);
            match reach {
                Reach::Waits => continue,
                Reach::Whole(trades) => {
                    self.bridges.remove(&symbol);
                    self.counts.bridged += 1;
                    // Fresh first: the buckets that these trades close are decided on as ever.
                    if self.freshness.is_fresh(symbol) {
                        self.input(stamp, feed(symbol, true));
                    }
                    self.input(stamp, Input::Whole { symbol });
                    for trade in trades {
                        self.live_trade(trade, false, stamp);
                    }
                }
                Reach::Hole(live) => {
                    self.bridges.remove(&symbol);
                    self.missing_before(symbol, stamp);
                    for trade in live {
                        self.live_trade(trade, false, stamp);
                    }
                }
            }
        }
    }

    /// A subscription whose first trades do not come is not waited for for ever.
    pub(in crate::runtime::live) fn bridges_deadline(&self) -> Option<i64> {
        self.bridges.values().map(Bridge::deadline).min()
    }

    /// Gives up the waits that have lasted too long.
    pub(in crate::runtime::live) fn watch_bridges(&mut self, shell: &Shell<LiveJob>) {
        if self
            .bridges_deadline()
            .is_some_and(|due| due <= shell.at().mono)
        {
            let stamp = self.stamp(shell);
            self.cross_bridges(stamp);
        }
    }
}

#[cfg(test)]
#[path = "reconnection_tests.rs"]
mod tests;
