//! The rest of the market: its trades go through the book like any other, and it leaves quotes.
//!
//! A flow gives trades only. Before one of them, the house takes away what the trade shows was not
//! there (offers below a price that somebody paid) and shows at least what was traded; then an
//! aggressor of the house trades down to that price, and orders of the account are served where
//! their price and their time put them. Afterwards the house quotes around the price. The quantity
//! that it shows at a price is always the same, so that the book moves little.

use super::engine::Engine;
use crate::core::units::rng::SplitMix64;
use crate::core::units::{Price, Side, Timestamp};

/// Levels that the house keeps on each side, unless more are asked for.
pub const LEVELS: u16 = 60;

/// A trade of the rest of the market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlowTrade {
    pub product: usize,
    pub price: Price,
    /// Above 0.
    pub lots: i64,
    pub aggressor: Side,
}

impl Engine {
    /// Carries out a trade of the rest of the market.
    pub fn flow(&mut self, at: Timestamp, trade: &FlowTrade) {
        let (product, price, side) = (trade.product, trade.price, trade.aggressor);
        self.clear_house(product, side.opposite(), price);
        self.clear_house(product, side, price);
        let book = &mut self.listed[product].book;
        if book.house_at(side.opposite(), price) < trade.lots {
            book.set_house(side.opposite(), price, trade.lots);
        }
        self.take_for_house(at, product, side, price, trade.lots);
        let spread = self.listed[product].product.spread;
        let (bid, ask) = match side {
            Side::Buy => (Price((price.0 - spread).max(1)), price),
            Side::Sell => (price, Price(price.0 + spread)),
        };
        self.quote(at, product, Side::Buy, bid);
        self.quote(at, product, Side::Sell, ask);
        self.look_at_stops(at, product);
        if self.position(product).is_some() {
            // What is lost at the new price is margin no more.
            self.sweep_in(at);
        }
    }

    /// Takes the house away where a trade at `price` shows that it was not: better than that price
    /// on the passive side, at or through it on the other.
    fn clear_house(&mut self, product: usize, side: Side, price: Price) {
        let book = &mut self.listed[product].book;
        for level in book.house_prices(side) {
            let was_not_there = match side {
                Side::Buy => level > price,
                Side::Sell => level < price,
            };
            if was_not_there {
                book.set_house(side, level, 0);
            }
        }
    }

    /// Quotes the house's levels from `best` away. A quote that an order of the account crosses
    /// trades with it first: the market has come through its price.
    fn quote(&mut self, at: Timestamp, product: usize, side: Side, best: Price) {
        let step = self.listed[product].product.step;
        let mean = self.listed[product].product.level_lots;
        let levels = quote_prices(side, best, step, self.house_levels);
        let book = &mut self.listed[product].book;
        for price in book.house_prices(side) {
            if levels.binary_search(&price).is_err() {
                book.set_house(side, price, 0);
            }
        }
        // The other side's quotes give way: they belong to a price that has passed.
        self.clear_beyond(product, side, best);
        for price in levels {
            let lots = shown(self.house_seed, product, side, price, mean);
            let crossed = self.listed[product]
                .book
                .best(side.opposite())
                .is_some_and(|other| super::execution::reaches(side, price, other));
            let left = if crossed {
                self.take_for_house(at, product, side, price, lots)
            } else {
                lots
            };
            self.listed[product].book.set_house(side, price, left);
        }
    }

    fn clear_beyond(&mut self, product: usize, side: Side, best: Price) {
        let book = &mut self.listed[product].book;
        for price in book.house_prices(side.opposite()) {
            if super::execution::reaches(side, best, price) {
                book.set_house(side.opposite(), price, 0);
            }
        }
    }
}

/// The best price and the multiples of `step` beyond it, ascending, all above 0.
fn quote_prices(side: Side, best: Price, step: i64, levels: u16) -> Vec<Price> {
    let further = i64::from(levels) - 1;
    let mut prices = vec![best];
    match side {
        Side::Buy => {
            let first = (best.0 - 1).div_euclid(step) * step;
            let further = (0..further).map(|n| Price(first - n * step));
            prices.extend(further.take_while(|price| price.0 > 0));
            prices.reverse();
        }
        Side::Sell => {
            let first = best.0.div_euclid(step) * step + step;
            prices.extend((0..further).map(|n| Price(first + n * step)));
        }
    }
    prices
}

/// Lots that the house shows at a price: a quarter to nearly twice the mean.
fn shown(seed: u64, product: usize, side: Side, price: Price, mean: i64) -> i64 {
    let place = (product as u64) << 1 | u64::from(side == Side::Sell);
    let mixed = seed ^ (price.0 as u64).rotate_left(17) ^ place.rotate_left(47);
    let spread = u64::try_from(mean).unwrap_or(1).max(1) * 3 / 2;
    let extra = SplitMix64::new(mixed).below(spread.max(1));
    (mean / 4).max(1) + i64::try_from(extra).unwrap_or(0)
}
