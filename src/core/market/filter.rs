//! What stands between a venue's trade and a price that counts.
//!
//! Refuses the impossible, drops duplicates, holds back price jumps until they are confirmed.
//! Never invents or repairs a price. Everything refused is counted by reason.

use super::instrument::GRID_MAX;
use super::trade::{TimedTrade, Trade};
use crate::units::stamp::SECOND;
use crate::units::{Decimal, Price, Ring};
use serde::{Deserialize, Serialize};

/// Trade ids remembered per symbol.
pub const IDS_KEPT: usize = 4096;
/// A held jump must be confirmed within this time.
const CONFIRM_WITHIN: i64 = 5 * SECOND;
/// Trades that must confirm a held one.
pub const CONFIRMATIONS: usize = 2;
/// How far ahead of its reception a trade may claim to be.
const FUTURE_LIMIT: i64 = 5 * SECOND;
/// Age beyond which a live trade only counts as volume.
const LAG_LIMIT: i64 = 30 * SECOND;
/// Ids with this bit are hashes of a venue's text ids: equal or not, but without order.
pub const HASHED_ID: u64 = 1 << 63;

/// How many trades were not taken, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilterCounts {
    pub accepted: u64,
    /// Price or quantity outside the instrument's numeric range.
    pub impossible: u64,
    pub zero_quantity: u64,
    pub duplicate: u64,
    pub from_the_future: u64,
    pub lagging: u64,
    pub outlier: u64,
}

/// What to do with a trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Accept,
    /// Accept the trades returned by `take_confirmed`, this one last.
    AcceptHeld,
    /// Counts as volume of an open candle only.
    VolumeOnly,
    /// Refused, dropped or held; counted.
    Nothing,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TradeFilter {
    /// Largest price change in % of the last accepted price.
    jump_pct: Decimal,
    reference: Option<Price>,
    /// A jump that was not confirmed: a later trade near it is believed.
    second_reference: Option<Price>,
    held: Vec<TimedTrade>,
    ids: Ring<u64>,
    highest_id: u64,
    contiguous_id: u64,
    pub counts: FilterCounts,
}

impl TradeFilter {
    pub fn new(jump_pct: Decimal) -> Self {
        Self {
            jump_pct,
            reference: None,
            second_reference: None,
            held: Vec::with_capacity(CONFIRMATIONS + 1),
            ids: Ring::new(IDS_KEPT),
            highest_id: 0,
            contiguous_id: 0,
            counts: FilterCounts::default(),
        }
    }

    /// A jump is held back at `mono`: no entry while the price is in doubt.
    pub fn is_holding(&self, mono: i64) -> bool {
        self.held
            .first()
            .is_some_and(|first| mono - first.stamp.mono <= CONFIRM_WITHIN)
    }

    /// The price range within which no two trades can be a jump to each other, around `price`, as
    /// (low, high); empty while something is held.
    pub fn calm_range(&self, price: Price) -> (i64, i64) {
        if !self.held.is_empty() {
            return (1, 0);
        }
        // +-0.45 of the limit (capped at 20 %): high/low stays below 1 + limit.
        let limit = self.jump_pct.min(Decimal::from_int(20));
        let reach = limit
            .mul_div(
                i128::from(price.0) * 45,
                100 * 100,
                crate::units::Rounding::Down,
            )
            .map_or(0, |r| (r.raw() / Decimal::ONE.raw()) as i64);
        (price.0 - reach, price.0 + reach)
    }

    /// Whether an id is surely new, so that the fast path may take the trade.
    #[inline]
    pub fn is_new_id(&self, id: u64) -> bool {
        id == 0 || (id > self.highest_id && id & HASHED_ID == 0)
    }

    /// Notes an accepted trade of the fast path: inside the calm range, with a new id.
    #[inline]
    pub fn note_calm(&mut self, trade: &Trade) {
        if trade.id != 0 {
            self.note_id(trade.id);
        }
    }

    /// Notes the end of a run of calm trades.
    #[inline]
    pub fn end_calm_run(&mut self, count: u64, last: Price) {
        self.counts.accepted += count;
        self.reference = Some(last);
    }

    pub fn judge(&mut self, row: &TimedTrade) -> Verdict {
        let trade = &row.trade;
        if !(1..=GRID_MAX).contains(&trade.price.0) || !(0..=GRID_MAX).contains(&trade.quantity.0) {
            self.counts.impossible += 1;
            return Verdict::Nothing;
        }
        if trade.quantity.is_zero() {
            self.counts.zero_quantity += 1;
            return Verdict::Nothing;
        }
        if trade.time.0 - row.stamp.wall.0 > FUTURE_LIMIT {
            self.counts.from_the_future += 1;
            return Verdict::Nothing;
        }
        if trade.id != 0 {
            if self.is_duplicate(trade.id) {
                self.counts.duplicate += 1;
                return Verdict::Nothing;
            }
            self.note_id(trade.id);
        }
        if row.stamp.wall.0 - trade.time.0 > LAG_LIMIT {
            self.counts.lagging += 1;
            return Verdict::VolumeOnly;
        }
        self.judge_price(row)
    }

    fn judge_price(&mut self, row: &TimedTrade) -> Verdict {
        let price = row.trade.price;
        if let Some(first) = self.held.first().copied() {
            let in_time = row.stamp.mono - first.stamp.mono <= CONFIRM_WITHIN;
            if in_time && near(price, first.trade.price) {
                self.held.push(*row);
                if self.held.len() > CONFIRMATIONS {
                    self.counts.accepted += self.held.len() as u64;
                    self.reference = Some(price);
                    self.second_reference = None;
                    return Verdict::AcceptHeld;
                }
                return Verdict::Nothing;
            }
            self.counts.outlier += self.held.len() as u64;
            self.second_reference = Some(first.trade.price);
            self.held.clear();
        }
        if let Some(reference) = self.reference
            && self.is_jump(reference, price)
            && !self
                .second_reference
                .is_some_and(|second| near(price, second))
        {
            self.held.push(*row);
            return Verdict::Nothing;
        }
        if self
            .second_reference
            .is_some_and(|second| near(price, second))
        {
            self.second_reference = None;
        }
        self.reference = Some(price);
        self.counts.accepted += 1;
        Verdict::Accept
    }

    /// The confirmed trades after `Verdict::AcceptHeld`, in order of arrival.
    pub fn take_confirmed(&mut self) -> [TimedTrade; CONFIRMATIONS + 1] {
        let confirmed = std::array::from_fn(|index| self.held[index]);
        self.held.clear();
        confirmed
    }

    fn is_jump(&self, reference: Price, price: Price) -> bool {
        // |price - reference| / reference > pct / 100, exactly.
        let change = i128::from((price.0 - reference.0).abs()) * 100 * Decimal::ONE.raw();
        change > self.jump_pct.raw() * i128::from(reference.0)
    }

    fn is_duplicate(&self, id: u64) -> bool {
        if id & HASHED_ID != 0 {
            return self.ids.iter().any(|known| *known == id);
        }
        if id > self.highest_id {
            return false;
        }
        id <= self.contiguous_id || self.ids.iter().any(|known| *known == id)
    }

    #[inline]
    fn note_id(&mut self, id: u64) {
        self.ids.push(id);
        if id & HASHED_ID == 0 {
            if self.highest_id == 0 || id == self.contiguous_id + 1 {
                self.contiguous_id = id;
            }
            self.highest_id = self.highest_id.max(id);
        }
    }
}

/// Within 2 % of `reference`.
fn near(price: Price, reference: Price) -> bool {
    i128::from((price.0 - reference.0).abs()) * 50 <= i128::from(reference.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::{Aggressor, SymbolId};
    use crate::units::{Quantity, Stamp, Timestamp};

    fn row(millis: i64, price: i64, id: u64) -> TimedTrade {
        let time = Timestamp::from_millis(1_500_000_000_000 + millis);
        TimedTrade {
            stamp: Stamp::of_history(time),
            trade: Trade {
                symbol: SymbolId(0),
                aggressor: Aggressor::Buy,
                price: Price(price),
                quantity: Quantity(1),
                time,
                id,
            },
        }
    }

    fn filter() -> TradeFilter {
        TradeFilter::new(Decimal::from_int(20))
    }

    #[test]
    fn a_confirmed_jump_is_accepted_whole() {
        let mut f = filter();
        assert_eq!(f.judge(&row(0, 1000, 0)), Verdict::Accept);
        assert_eq!(f.judge(&row(1, 1300, 0)), Verdict::Nothing);
        assert!(f.is_holding(row(1, 0, 0).stamp.mono));
        assert_eq!(f.judge(&row(2, 1310, 0)), Verdict::Nothing);
        assert_eq!(f.judge(&row(3, 1290, 0)), Verdict::AcceptHeld);
        assert_eq!(
            f.take_confirmed().map(|t| t.trade.price.0),
            [1300, 1310, 1290]
        );
        assert_eq!(f.judge(&row(4, 1299, 0)), Verdict::Accept);
        assert_eq!(f.counts.accepted, 5);
    }

    #[test]
    fn a_lone_outlier_is_dropped_but_remembered() {
        let mut f = filter();
        f.judge(&row(0, 1000, 0));
        f.judge(&row(1, 1300, 0));
        assert_eq!(f.judge(&row(2, 1001, 0)), Verdict::Accept);
        assert_eq!(f.counts.outlier, 1);
        // The jump comes again in a thin market: believed now, and the new reference.
        assert_eq!(f.judge(&row(60_000, 1305, 0)), Verdict::Accept);
        assert_eq!(f.judge(&row(60_001, 1300, 0)), Verdict::Accept);
    }

    #[test]
    fn confirmation_must_come_in_time() {
        let mut f = filter();
        f.judge(&row(0, 1000, 0));
        f.judge(&row(1, 1300, 0));
        assert!(!f.is_holding(row(5002, 0, 0).stamp.mono));
        // Too late to confirm, but near the remembered price: accepted on its own.
        assert_eq!(f.judge(&row(5002, 1300, 0)), Verdict::Accept);
        assert_eq!(f.counts.outlier, 1);
    }

    #[test]
    fn exactly_the_limit_is_no_jump() {
        let mut f = filter();
        f.judge(&row(0, 1000, 0));
        assert_eq!(f.judge(&row(1, 1200, 0)), Verdict::Accept);
        assert_eq!(f.judge(&row(2, 959, 0)), Verdict::Nothing);
    }

    #[test]
    fn duplicates_by_id_and_by_contiguity() {
        let mut f = filter();
        for id in [10, 11, 13] {
            assert_eq!(f.judge(&row(0, 1000, id)), Verdict::Accept);
        }
        for id in [13, 11, 9] {
            assert_eq!(f.judge(&row(1, 1000, id)), Verdict::Nothing, "{id}");
        }
        assert_eq!(
            f.judge(&row(2, 1000, 12)),
            Verdict::Accept,
            "12 was missing"
        );
        assert_eq!(f.counts.duplicate, 3);
        assert_eq!(
            f.judge(&row(3, 1000, 0)),
            Verdict::Accept,
            "no id, no duplicate"
        );
    }

    #[test]
    fn impossible_and_untimely_trades_are_counted() {
        let mut f = filter();
        assert_eq!(f.judge(&row(0, 0, 0)), Verdict::Nothing);
        assert_eq!(f.judge(&row(0, -5, 0)), Verdict::Nothing);
        let mut future = row(0, 1000, 0);
        future.trade.time = Timestamp(future.trade.time.0 + 6 * SECOND);
        assert_eq!(f.judge(&future), Verdict::Nothing);
        let mut old = row(0, 1000, 0);
        old.trade.time = Timestamp(old.trade.time.0 - 31 * SECOND);
        assert_eq!(f.judge(&old), Verdict::VolumeOnly);
        assert_eq!(
            (
                f.counts.impossible,
                f.counts.from_the_future,
                f.counts.lagging
            ),
            (2, 1, 1)
        );
    }

    #[test]
    fn no_two_prices_of_the_calm_range_are_a_jump() {
        for pct in [1, 5, 20, 300] {
            let mut f = TradeFilter::new(Decimal::from_int(pct));
            f.judge(&row(0, 1000, 0));
            for price in [1, 3, 99, 1000, 27_746] {
                let (low, high) = f.calm_range(Price(price));
                assert!(low <= price && price <= high);
                assert!(!f.is_jump(Price(low), Price(high)));
                assert!(!f.is_jump(Price(high), Price(low)));
            }
        }
    }
}
