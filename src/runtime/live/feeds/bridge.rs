//! A short outage of the trade stream, closed by the stream itself: the last trades that a new
//! subscription begins with may reach back to the newest one that is known.
//!
//! Where the numbers of a product's trades are contiguous, this can be proved: then the missing
//! trades are taken as live ones, exactly, and no bucket has a hole. Otherwise, and for trades too
//! old to be taken as live, candles must be asked for. Pure: times are monotonic nanoseconds.

use crate::core::market::Trade;
use crate::core::units::stamp::SECOND;
use crate::core::units::{Span, Timestamp};

/// How long the first trades of a subscription are waited for.
const PATIENCE: i64 = 5 * SECOND;
/// Trades older than this are not taken as live ones: the core would count their volume only.
const OLDEST: Span = Span(30 * SECOND);
/// Trades that are collected; an outage with more of them is none that this is for.
pub const BRIDGED_MAX: usize = 1024;

/// A symbol between its subscription and the trades that it begins with.
#[derive(Clone, Debug)]
pub struct Bridge {
    /// Number of the newest trade known from before.
    newest: u64,
    /// When it is given up.
    until: i64,
    has_snapshot: bool,
    trades: Vec<Trade>,
    /// Live trades after the snapshot's.
    live: Vec<Trade>,
    overflown: bool,
}

/// What has become of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The first trades are still to come.
    Waits,
    /// Every trade since the newest known one, in their order.
    Whole(Vec<Trade>),
    /// There is a hole: candles are needed. The trades after the subscription, which are live.
    Hole(Vec<Trade>),
}

impl Bridge {
    /// `newest`: number of the newest trade known (not 0).
    pub fn new(newest: u64, now: i64) -> Self {
        Self {
            newest,
            until: now.saturating_add(PATIENCE),
            has_snapshot: false,
            trades: Vec::new(),
            live: Vec::new(),
            overflown: false,
        }
    }

    /// Begins anew with the next subscription: nothing of this one was taken.
    pub fn again(&self, now: i64) -> Self {
        Self::new(self.newest, now)
    }

    /// The connection is gone: nothing is waited for before the next one.
    pub fn suspended(&self) -> Self {
        Self::new(self.newest, i64::MAX)
    }

    pub fn deadline(&self) -> i64 {
        self.until
    }

    /// A trade of the new subscription.
    pub fn note(&mut self, trade: Trade, is_snapshot: bool) {
        self.has_snapshot |= is_snapshot;
        if self.trades.len() + self.live.len() >= BRIDGED_MAX {
            self.overflown = true;
        } else if is_snapshot {
            self.trades.push(trade);
        } else {
            self.live.push(trade);
        }
    }

    /// Judged after all trades of a reading were noted. `wall`: the exchange's time.
    pub fn reach(&self, now: i64, wall: Timestamp) -> Reach {
        if !self.has_snapshot && !self.overflown && now < self.until {
            return Reach::Waits;
        }
        match self.whole(wall) {
            Some(trades) => Reach::Whole(trades),
            None => Reach::Hole(self.live.clone()),
        }
    }

    fn whole(&self, wall: Timestamp) -> Option<Vec<Trade>> {
        if !self.has_snapshot || self.overflown {
            return None;
        }
        let mut all: Vec<Trade> = self.trades.iter().chain(&self.live).copied().collect();
        all.sort_by_key(|trade| trade.id);
        all.dedup_by_key(|trade| trade.id);
        // A snapshot that ends before what is known proves nothing either.
        all.iter().rfind(|trade| trade.id >= self.newest)?;
        let missing: Vec<Trade> = all.into_iter().filter(|t| t.id > self.newest).collect();
        let is_whole = missing
            .iter()
            .zip(self.newest + 1..)
            .all(|(trade, id)| trade.id == id);
        let is_young = missing.iter().all(|trade| wall.since(trade.time) <= OLDEST);
        (is_whole && is_young).then_some(missing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::market::{Aggressor, SymbolId};
    use crate::core::units::{Price, Quantity};

    const NOW: Timestamp = Timestamp(1000 * SECOND);

    fn trade(id: u64, age_s: i64) -> Trade {
        Trade {
            symbol: SymbolId(0),
            aggressor: Aggressor::Buy,
            price: Price(7),
            quantity: Quantity(1),
            time: Timestamp(NOW.0 - age_s * SECOND),
            id,
        }
    }

    fn ids(reach: Reach) -> (bool, Vec<u64>) {
        let (whole, trades) = match reach {
            Reach::Whole(trades) => (true, trades),
            Reach::Hole(trades) => (false, trades),
            Reach::Waits => panic!("expected an end"),
        };
        (whole, trades.iter().map(|trade| trade.id).collect())
    }

    #[test]
    fn a_snapshot_that_reaches_back_closes_the_gap_exactly() {
        let mut bridge = Bridge::new(100, 0);
        bridge.note(trade(103, 1), false);
        assert_eq!(bridge.reach(1, NOW), Reach::Waits, "no snapshot yet");
        for id in [99, 100, 101, 102, 103] {
            bridge.note(trade(id, 2), true);
        }
        assert_eq!(ids(bridge.reach(2, NOW)), (true, vec![101, 102, 103]));
    }

    #[test]
    fn a_quiet_product_has_nothing_missing() {
        let mut bridge = Bridge::new(100, 0);
        bridge.note(trade(100, 500), true);
        assert_eq!(ids(bridge.reach(1, NOW)), (true, vec![]));
    }

    #[test]
    fn a_hole_an_old_trade_or_another_count_is_no_bridge() {
        let of = |newest, trades: &[(u64, i64)]| {
            let mut bridge = Bridge::new(newest, 0);
            for (id, age) in trades {
                bridge.note(trade(*id, *age), true);
            }
            bridge.note(trade(900, 0), false);
            ids(bridge.reach(1, NOW))
        };
        assert_eq!(
            of(100, &[(102, 1), (103, 1)]),
            (false, vec![900]),
            "101 is lost"
        );
        let mut bridge = Bridge::new(100, 0);
        bridge.note(trade(101, 31), true);
        assert!(!ids(bridge.reach(1, NOW)).0, "too old to be live");
        let mut bridge = Bridge::new(100, 0);
        bridge.note(trade(4, 1), true);
        assert!(!ids(bridge.reach(1, NOW)).0, "counted anew");
    }

    #[test]
    fn it_is_given_up_in_time_and_when_there_are_too_many() {
        let bridge = Bridge::new(100, 0);
        assert_eq!(bridge.reach(PATIENCE - 1, NOW), Reach::Waits);
        assert_eq!(bridge.reach(PATIENCE, NOW), Reach::Hole(Vec::new()));
        let mut bridge = Bridge::new(0, 0);
        for id in 1..=BRIDGED_MAX as u64 + 1 {
            bridge.note(trade(id, 0), true);
        }
        assert!(matches!(bridge.reach(1, NOW), Reach::Hole(_)));
        assert_eq!(bridge.again(5).deadline(), 5 + PATIENCE);
    }
}
