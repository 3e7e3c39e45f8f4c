//! A market from a seed: the same seed, the same trades in the same order.
//!
//! Prices walk in small relative steps around a drift that changes every few minutes, and turn back
//! before they leave a quarter to four times the price they began with. Times between trades and
//! sizes are skewed, as in real markets. Integers only.

use crate::core::units::rng::SplitMix64;
use crate::core::units::stamp::{MILLISECOND, SECOND};
use crate::core::units::{Price, Side};
use crate::venue::matching::FlowTrade;
use crate::venue::product::Product;

/// Mean time between two trades of a product, nanoseconds.
const MEAN_GAP: i64 = 600 * MILLISECOND;
/// A drift lasts this long on average, in trades.
const DRIFT_TRADES: u64 = 500;
/// Parts per million: largest drift a trade, and largest step beside it.
const DRIFT_PPM: i64 = 6;
const STEP_PPM: i64 = 60;

/// A price walks in millionths of a tick, so that steps of a few parts per million are not lost.
const FINE: i64 = 1_000_000;

/// One product's walk.
#[derive(Clone, Debug)]
struct Walk {
    rng: SplitMix64,
    /// In units of 1 / [`FINE`] ticks, as is `start`.
    price: i64,
    start: i64,
    drift: i64,
    /// Side of the last aggressor: aggressors come in runs.
    side: Side,
    /// Time of the next trade, nanoseconds since the market began.
    due: i64,
    mean_lots: i64,
}

impl Walk {
    fn new(product: &Product, seed: u64) -> Self {
        let mut walk = Self {
            rng: SplitMix64::new(seed),
            price: product.start.0.saturating_mul(FINE),
            start: product.start.0.saturating_mul(FINE),
            drift: 0,
            side: Side::Buy,
            due: 0,
            mean_lots: product.level_lots,
        };
        walk.due = walk.gap();
        walk
    }

    /// Between a tenth of the mean and several times it.
    fn gap(&mut self) -> i64 {
        let uniform = self.rng.below(1_000) as i64 + 1;
        let skewed = uniform * uniform / 333;
        (MEAN_GAP * skewed / 1_000).max(MEAN_GAP / 10)
    }

    fn trade(&mut self) -> (Price, i64, Side) {
        if self.rng.below(DRIFT_TRADES) == 0 {
            let range = 2 * DRIFT_PPM as u64 + 1;
            self.drift = self.rng.below(range) as i64 - DRIFT_PPM;
        }
        if self.price > self.start.saturating_mul(4) {
            self.drift = -DRIFT_PPM;
        } else if self.price < self.start / 4 {
            self.drift = DRIFT_PPM;
        }
        if self.rng.below(3) == 0 {
            self.side = self.side.opposite();
        }
        let step = self.rng.below(STEP_PPM as u64 + 1) as i64 * self.side.sign() + self.drift;
        let moved = i128::from(self.price) * i128::from(step) / 1_000_000;
        self.price = (self.price + moved as i64).max(FINE);
        let uniform = i128::from(self.rng.below(1_000) + 1);
        let skewed = i128::from(self.mean_lots) * uniform * uniform * uniform / 1_000_000_000;
        let lots = i64::try_from(skewed).unwrap_or(i64::MAX).max(1);
        self.due += self.gap();
        (Price(self.price / FINE), lots, self.side)
    }
}

/// The products' walks, merged by time.
#[derive(Clone, Debug)]
pub struct RandomMarket {
    walks: Vec<Walk>,
}

impl RandomMarket {
    pub fn new(products: &[Product], seed: u64) -> Self {
        let mut seeds = SplitMix64::new(seed);
        Self {
            walks: products
                .iter()
                .map(|p| Walk::new(p, seeds.draw()))
                .collect(),
        }
    }

    fn first(&self) -> Option<usize> {
        (0..self.walks.len()).min_by_key(|index| self.walks[*index].due)
    }

    /// When the next trade is due, nanoseconds since the market began.
    pub fn due(&self) -> Option<i64> {
        self.first().map(|index| self.walks[index].due)
    }

    /// The next trade and its time.
    pub fn draw(&mut self) -> Option<(i64, FlowTrade)> {
        let product = self.first()?;
        let walk = &mut self.walks[product];
        let at = walk.due;
        let (price, lots, aggressor) = walk.trade();
        let trade = FlowTrade {
            product,
            price,
            lots,
            aggressor,
        };
        Some((at, trade))
    }
}

/// Longest history that is made before the start.
pub const HISTORY_MAX_HOURS: u32 = 24 * 30;
/// Hours in nanoseconds.
pub const HOUR: i64 = 3_600 * SECOND;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::venue::product::built_in;

    #[test]
    fn the_same_seed_gives_the_same_trades_and_another_one_others() {
        let products = built_in(3);
        let draw = |seed| {
            let mut market = RandomMarket::new(&products, seed);
            (0..500).filter_map(|_| market.draw()).collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        assert!(draw(7).windows(2).all(|pair| pair[0].0 <= pair[1].0));
    }

    #[test]
    fn prices_stay_within_reach_of_where_they_began() {
        let products = built_in(3);
        let mut market = RandomMarket::new(&products, 1);
        let mut moved = vec![0; products.len()];
        for _ in 0..300_000 {
            let (_, trade) = market.draw().unwrap();
            let start = products[trade.product].start.0;
            assert!(trade.price.0 > start / 5 && trade.price.0 < start * 5);
            assert!(trade.lots > 0);
            moved[trade.product] = (trade.price.0 - start).abs().max(moved[trade.product]);
        }
        for (product, moved) in products.iter().zip(moved) {
            assert!(
                moved > product.start.0 / 1_000,
                "{} stands still",
                product.id
            );
        }
        // Trades come about as often as the mean says.
        let rate = 300_000 * SECOND / market.due().unwrap();
        assert!((3..=7).contains(&rate), "{rate} trades a second");
    }
}
