//! Trades that arrive late: a feed that lags shows a market that is no more.
//!
//! A connection that is fed too slowly falls behind without a gap. From some trades in a row that are old
//! at their reception on the symbol counts as stale, until one is young again; its candles of the time
//! between are asked for then. One that does not catch up is connected anew.

use super::market_data::{feed, loop_mono};
use crate::core::market::{SymbolId, Trade};
use crate::core::units::Stamp;
use crate::core::units::stamp::SECOND;
use crate::log;
use crate::runtime::live::session::{Session, TARGET};

/// Age at its reception from which a trade is late.
const LATE: i64 = 5 * SECOND;
/// Age up to which the feed has caught up.
const CAUGHT_UP: i64 = 5 * SECOND / 2;
/// Late trades in a row after which the feed lags.
const IN_A_ROW: u8 = 3;
/// A feed that lags for so long is connected anew.
const PATIENCE: i64 = 30 * SECOND;

#[derive(Clone, Copy, Debug, Default)]
struct Feed {
    late: u8,
    /// Since when it lags, monotonic nanoseconds.
    since: Option<i64>,
}

/// What a trade's age tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LagNews {
    Nothing,
    /// The feed lags from here on.
    Began,
    /// It has caught up.
    Ended,
}

/// How far behind each symbol's trades are.
#[derive(Clone, Debug)]
pub struct Lag {
    feeds: Vec<Feed>,
}

impl Lag {
    pub fn new(symbols: usize) -> Self {
        Self {
            feeds: vec![Feed::default(); symbols],
        }
    }

    /// A trade that was so old when it came, nanoseconds.
    pub fn note(&mut self, symbol: SymbolId, age: i64, now: i64) -> LagNews {
        let feed = &mut self.feeds[symbol.index()];
        if age > LATE {
            feed.late = feed.late.saturating_add(1);
            if feed.late >= IN_A_ROW && feed.since.is_none() {
                feed.since = Some(now);
                return LagNews::Began;
            }
        } else {
            feed.late = 0;
            if age <= CAUGHT_UP && feed.since.take().is_some() {
                return LagNews::Ended;
            }
        }
        LagNews::Nothing
    }

    pub fn lags(&self, symbol: SymbolId) -> bool {
        self.feeds[symbol.index()].since.is_some()
    }

    /// A feed does not catch up.
    pub fn is_hopeless(&self, now: i64) -> bool {
        let since = self.feeds.iter().filter_map(|feed| feed.since).min();
        since.is_some_and(|since| now - since >= PATIENCE)
    }

    /// A new connection begins anew.
    pub fn reset(&mut self) {
        self.feeds.fill(Feed::default());
    }
}

impl Session<'_> {
    /// Looks at how old a trade was when it came.
    pub(in crate::runtime::live) fn watch_lag(&mut self, trade: &Trade, stamp: Stamp) {
        let symbol = trade.symbol;
        let age = stamp.wall.since(trade.time).0;
        let now = loop_mono(stamp, &self.settings);
        match self.lag.note(symbol, age, now) {
            LagNews::Nothing => {}
            LagNews::Began => {
                self.counts.lagging += 1;
                let product = &self.markets.market(symbol).product;
                let seconds = age / SECOND;
                let fields: log::Fields<'_> = &[("product", product), ("seconds", &seconds)];
                log::warn(TARGET, "trades come late", fields);
                self.freshness.doubt(symbol);
                self.input(stamp, feed(symbol, false));
                // Perhaps it is our clock.
                self.ask_for_clock();
            }
            LagNews::Ended => {
                let product = &self.markets.market(symbol).product;
                log::info(TARGET, "trades come in time again", &[("product", product)]);
                self.freshness.note(symbol, now);
                self.missing_before(symbol, stamp);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::live::scene::{A, at, read, trades, with_session};

    #[test]
    fn a_feed_lags_after_three_late_trades_and_until_one_is_young() {
        let mut lag = Lag::new(1);
        let ages = [6, 6, 4, 6, 6, 6, 40, 4, 6, 2, 6];
        let news: Vec<LagNews> = ages
            .iter()
            .map(|age| lag.note(A, age * SECOND, 0))
            .filter(|news| *news != LagNews::Nothing)
            .collect();
        assert_eq!(news, [LagNews::Began, LagNews::Ended]);
        assert!(!lag.lags(A));
    }

    #[test]
    fn one_that_does_not_catch_up_is_given_up() {
        let mut lag = Lag::new(2);
        for _ in 0..3 {
            lag.note(A, 10 * SECOND, 5 * SECOND);
        }
        assert!(lag.lags(A) && !lag.is_hopeless(34 * SECOND));
        assert!(lag.is_hopeless(35 * SECOND));
        lag.reset();
        assert!(!lag.is_hopeless(100 * SECOND));
    }

    /// Entries are off while a symbol's trades are old, and its candles are asked for afterwards.
    #[test]
    fn a_symbol_whose_trades_come_late_is_stale_until_they_come_in_time() {
        with_session("lag", |session| {
            let blocked =
                |session: &Session<'_>, second: i64| session.core.entries_blocked_by(A, at(second));
            assert_ne!(blocked(session, 3), Some("stale:trades"));
            let late = [(6, 60_020, 3), (7, 60_030, 3), (8, 60_040, 4)];
            read(session, 10, &[trades(1, "update", &late)]);
            assert_eq!(blocked(session, 10), Some("stale:trades"));
            assert_eq!(
                (session.freshness.is_fresh(A), session.counts.lagging),
                (false, 1)
            );
            // What is held meets these prices all the same.
            assert_eq!(session.core.symbols()[0].last.map(|p| p.0), Some(6_004_000));
            read(session, 11, &[trades(2, "update", &[(9, 60_050, 10)])]);
            assert!(session.freshness.is_fresh(A) && session.backfills.contains_key(&A));
            assert_eq!(
                blocked(session, 11),
                Some("stale:trades"),
                "until candles are there"
            );
        });
    }
}
