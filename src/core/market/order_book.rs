//! The order book of a product, bounded in depth as it comes in.
//!
//! Per side the best levels are kept, twice as many as are used or more; everything at or better
//! than the side's horizon is known exactly, what lies beyond is left out and not guessed at. Where
//! deletions leave fewer levels than are used, a new snapshot is needed. A book that has a gap, is
//! stale, crossed or empty on a side gives no price. Prices are ticks, quantities lots.

use crate::units::stamp::SECOND;
use crate::units::{Decimal, Price, Quantity, Rounding, Side};
use serde::{Deserialize, Serialize};

/// A crossed book is wrong, not merely between two updates, after this.
const CROSSED_FOR: i64 = SECOND;

/// Best prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    pub bid: Price,
    pub ask: Price,
}

impl Quote {
    /// (ask - bid) / mid in basis points; `None` where a price is none.
    pub fn spread_bps(&self) -> Option<Decimal> {
        if self.bid.0 <= 0 || self.ask.0 <= 0 {
            return None;
        }
        let sum = i128::from(self.bid.0) + i128::from(self.ask.0);
        let distance = self.ask.0.checked_sub(self.bid.0)?;
        Decimal::from_int(distance).mul_div(20_000, sum, Rounding::HalfEven)
    }
}

/// Why a book gives no price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BookProblem {
    /// No snapshot has come.
    Missing,
    /// Updates were lost, or cannot be what the venue has.
    Invalid(&'static str),
    /// Nothing came for too long.
    Stale,
    Crossed,
    /// A side has no level.
    Empty,
}

impl BookProblem {
    /// Only a new snapshot ends it.
    pub const fn needs_snapshot(self) -> bool {
        matches!(self, Self::Missing | Self::Invalid(_))
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Missing => "no snapshot",
            Self::Invalid(why) => why,
            Self::Stale => "stale",
            Self::Crossed => "crossed",
            Self::Empty => "a side is empty",
        }
    }
}

/// One side, best level first.
#[derive(Clone, Debug)]
struct BookSide {
    is_bid: bool,
    /// Price and quantity (> 0); prices strictly worse from one to the next.
    levels: Vec<(Price, Quantity)>,
    /// Worst price up to which all is known; `None` = all is.
    horizon: Option<Price>,
}

impl BookSide {
    const fn new(is_bid: bool) -> Self {
        Self {
            is_bid,
            levels: Vec::new(),
            horizon: None,
        }
    }

    fn clear(&mut self) {
        self.levels.clear();
        self.horizon = None;
    }

    fn is_better(&self, a: Price, b: Price) -> bool {
        if self.is_bid { a > b } else { a < b }
    }

    fn set(&mut self, price: Price, quantity: Quantity, keep: usize) {
        if self.levels.capacity() == 0 {
            // Once, and one more than is kept: a level comes in before the worst one goes.
            self.levels.reserve_exact(keep.saturating_add(1));
        }
        if self
            .horizon
            .is_some_and(|worst| self.is_better(worst, price))
        {
            return;
        }
        let place = self
            .levels
            .partition_point(|(known, _)| self.is_better(*known, price));
        let is_known = self.levels.get(place).is_some_and(|(p, _)| *p == price);
        match (is_known, quantity.0 > 0) {
            (true, true) => self.levels[place].1 = quantity,
            (true, false) => {
                self.levels.remove(place);
            }
            (false, true) => self.levels.insert(place, (price, quantity)),
            (false, false) => {}
        }
        if self.levels.len() > keep {
            self.levels.truncate(keep);
            self.horizon = self.levels.last().map(|(price, _)| *price);
        }
    }

    /// More levels exist than are known, and fewer are known than are used.
    fn is_thin(&self, used: usize) -> bool {
        self.horizon.is_some() && self.levels.len() < used
    }

    /// Lots of the best levels.
    fn depth(&self, used: usize) -> i128 {
        let best = self.levels.iter().take(used);
        best.map(|(_, quantity)| i128::from(quantity.0)).sum()
    }
}

/// See the file's head.
#[derive(Clone, Debug)]
pub struct OrderBook {
    /// Levels per side that are used.
    depth: usize,
    /// Levels per side that are kept.
    keep: usize,
    bids: BookSide,
    asks: BookSide,
    has_snapshot: bool,
    invalid: Option<&'static str>,
    /// Monotonic nanoseconds of the last message.
    last: i64,
    crossed_since: Option<i64>,
}

impl OrderBook {
    /// `depth`: levels per side that are used (> 0); twice as many are kept.
    pub fn new(depth: usize) -> Self {
        Self::keeping(depth, 0)
    }

    /// The same, with at least `keep` levels per side kept.
    pub fn keeping(depth: usize, keep: usize) -> Self {
        let depth = depth.max(1);
        Self {
            depth,
            keep: Self::kept_at_most(depth, keep),
            bids: BookSide::new(true),
            asks: BookSide::new(false),
            has_snapshot: false,
            invalid: None,
            last: 0,
            crossed_since: None,
        }
    }

    /// Levels per side that a book of this depth holds at most.
    pub fn kept_at_most(depth: usize, keep: usize) -> usize {
        depth.max(1).saturating_mul(2).max(keep)
    }

    /// A snapshot begins: everything known is gone.
    pub fn start(&mut self) {
        self.bids.clear();
        self.asks.clear();
        self.has_snapshot = true;
        self.invalid = None;
        self.crossed_since = None;
    }

    /// A level of a snapshot or update; quantity 0 = it is gone.
    pub fn level(&mut self, side: Side, price: Price, quantity: Quantity) {
        // An update before any snapshot is of a book that is not known.
        if !self.has_snapshot {
            return;
        }
        if price.0 <= 0 || quantity.0 < 0 {
            self.invalid = Some("a level that is none");
            return;
        }
        match side {
            Side::Buy => self.bids.set(price, quantity, self.keep),
            Side::Sell => self.asks.set(price, quantity, self.keep),
        }
    }

    /// The levels of a message are through.
    pub fn end(&mut self, now: i64) {
        self.last = now;
        let crossed = self.best().is_some_and(|quote| quote.bid >= quote.ask);
        match (crossed, self.crossed_since) {
            (true, None) => self.crossed_since = Some(now),
            (false, _) => self.crossed_since = None,
            _ => {}
        }
        if self.bids.is_thin(self.depth) || self.asks.is_thin(self.depth) {
            self.invalid.get_or_insert("too few levels are left");
        }
    }

    /// Messages were lost, or are not what the venue has: no price before the next snapshot.
    pub fn invalidate(&mut self, why: &'static str) {
        self.invalid = Some(why);
    }

    /// The connection is gone, and the book with it.
    pub fn forget(&mut self) {
        self.start();
        self.has_snapshot = false;
    }

    fn best(&self) -> Option<Quote> {
        let (bid, ask) = (self.bids.levels.first()?, self.asks.levels.first()?);
        Some(Quote {
            bid: bid.0,
            ask: ask.0,
        })
    }

    /// What keeps the book from giving prices. `stale_after`: nanoseconds of silence.
    pub fn problem(&self, now: i64, stale_after: i64) -> Option<BookProblem> {
        if !self.has_snapshot {
            return Some(BookProblem::Missing);
        }
        if let Some(why) = self.invalid {
            return Some(BookProblem::Invalid(why));
        }
        if let Some(since) = self.crossed_since {
            return Some(if now - since > CROSSED_FOR {
                BookProblem::Invalid("crossed for more than a second")
            } else {
                BookProblem::Crossed
            });
        }
        if self.bids.levels.is_empty() || self.asks.levels.is_empty() {
            return Some(BookProblem::Empty);
        }
        (now - self.last > stale_after).then_some(BookProblem::Stale)
    }

    /// When time alone changes what [`OrderBook::problem`] says; `None` where it does not.
    pub fn next_change(&self, stale_after: i64) -> Option<i64> {
        if !self.has_snapshot || self.invalid.is_some() {
            return None;
        }
        Some(match self.crossed_since {
            Some(since) => since.saturating_add(CROSSED_FOR + 1),
            None => self.last.saturating_add(stale_after).saturating_add(1),
        })
    }

    /// Best prices.
    ///
    /// # Errors
    /// What keeps the book from giving any.
    pub fn quote(&self, now: i64, stale_after: i64) -> Result<Quote, BookProblem> {
        match self.problem(now, stale_after) {
            Some(problem) => Err(problem),
            None => self.best().ok_or(BookProblem::Empty),
        }
    }

    /// Levels of a side that are used, best first.
    pub fn levels(&self, side: Side) -> impl Iterator<Item = (Price, Quantity)> + '_ {
        self.side(side).levels.iter().take(self.depth).copied()
    }

    /// Number of levels of a side that are known.
    pub fn known(&self, side: Side) -> usize {
        self.side(side).levels.len()
    }

    const fn side(&self, side: Side) -> &BookSide {
        match side {
            Side::Buy => &self.bids,
            Side::Sell => &self.asks,
        }
    }

    /// (B - A) / (B + A) over the quantities of the used levels, -1 to 1; `None` without any.
    pub fn imbalance(&self) -> Option<Decimal> {
        let (bids, asks) = (self.bids.depth(self.depth), self.asks.depth(self.depth));
        Decimal::from_int(1).mul_div(bids - asks, bids + asks, Rounding::HalfEven)
    }

    /// Best prices weighted by the quantity of the other side, in ticks.
    pub fn microprice(&self) -> Option<Decimal> {
        let (bid, bids) = *self.bids.levels.first()?;
        let (ask, asks) = *self.asks.levels.first()?;
        let sum = i128::from(bids.0) + i128::from(asks.0);
        let above = Decimal::from_int(ask.0.checked_sub(bid.0)?).mul_div(
            i128::from(bids.0),
            sum,
            Rounding::HalfEven,
        )?;
        Decimal::from_int(bid.0).checked_add(above)
    }

    /// Mean price in ticks at which `quantity` is taken from a side; `None` where the used levels do
    /// not hold it (or it is none).
    pub fn vwap(&self, side: Side, quantity: Quantity) -> Option<Decimal> {
        let mut left = quantity.0;
        let mut value = 0i128;
        for (price, available) in self.levels(side) {
            let taken = left.min(available.0);
            value += i128::from(price.0) * i128::from(taken);
            left -= taken;
            if left == 0 {
                break;
            }
        }
        if left != 0 || quantity.0 <= 0 {
            return None;
        }
        let quantity = i128::from(quantity.0);
        let whole = Decimal::from_int(i64::try_from(value / quantity).ok()?);
        let rest = Decimal::from_int(1).mul_div(value % quantity, quantity, Rounding::HalfEven)?;
        whole.checked_add(rest)
    }
}

#[cfg(test)]
#[path = "order_book_tests.rs"]
mod tests;
