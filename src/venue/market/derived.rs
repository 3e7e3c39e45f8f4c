//! The market of a contract, derived from that of the spot pair that it is about: it trades when that
//! does, at its price plus a basis that walks by itself. The same seed and the same market give the
//! same trades; the spot pair's own trades are what they would be without it.

use crate::core::units::rng::SplitMix64;
use crate::core::units::{Price, Rounding, Side};
use crate::venue::matching::FlowTrade;
use crate::venue::product::Product;

/// Parts per million: largest step of the basis, and how far it goes at most.
const STEP_PPM: i64 = 12;
const BASIS_MAX_PPM: i64 = 1_000;
/// A part of the basis that is given back with each step, so that it stays around 0.
const RETURNS: i64 = 50;
const MILLION: i128 = 1_000_000;

/// A contract's market beside that of its pair.
#[derive(Clone, Debug)]
pub struct Derived {
    /// Index of the pair that it follows.
    leader: usize,
    /// Index of the contract.
    product: usize,
    rng: SplitMix64,
    basis_ppm: i64,
    last: Option<Price>,
}

impl Derived {
    pub fn new(leader: usize, product: usize, seed: u64) -> Self {
        Self {
            leader,
            product,
            // Not the numbers that the pairs of the same seed are made of.
            rng: SplitMix64::new(seed ^ 0xB1F5_0000),
            basis_ppm: 0,
            last: None,
        }
    }

    /// Index of the pair that it follows.
    pub const fn leader(&self) -> usize {
        self.leader
    }

    /// Index of the contract.
    pub const fn product(&self) -> usize {
        self.product
    }

    /// What the contract does when its pair trades: two times of three it trades too.
    pub fn follow(
        &mut self,
        leader: &Product,
        own: &Product,
        trade: &FlowTrade,
    ) -> Option<FlowTrade> {
        let range = 2 * STEP_PPM.unsigned_abs() + 1;
        let step = self.rng.below(range) as i64 - STEP_PPM;
        let moved = self.basis_ppm + step - self.basis_ppm / RETURNS;
        self.basis_ppm = moved.clamp(-BASIS_MAX_PPM, BASIS_MAX_PPM);
        let skips = self.rng.below(3) == 0;
        let uniform = i128::from(self.rng.below(1_000) + 1);
        if skips {
            return None;
        }
        let factor = MILLION + i128::from(self.basis_ppm);
        let price = leader.price(trade.price);
        let price = price.mul_div(factor, MILLION, Rounding::HalfEven)?;
        let price = own.instrument.round_price(price, Rounding::HalfEven)?;
        let aggressor = match self.last {
            Some(last) if price > last => Side::Buy,
            Some(last) if price < last => Side::Sell,
            _ => trade.aggressor,
        };
        self.last = Some(price);
        let skewed = i128::from(own.level_lots) * uniform * uniform * uniform / 1_000_000_000;
        Some(FlowTrade {
            product: self.product,
            price,
            lots: i64::try_from(skewed).unwrap_or(i64::MAX).max(1),
            aggressor,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::units::Decimal;
    use crate::venue::contract::nano_bitcoin;
    use crate::venue::market::RandomMarket;
    use crate::venue::product::built_in;

    fn draw(seed: u64) -> Vec<(Decimal, FlowTrade)> {
        let spot = built_in(3);
        let own = nano_bitcoin(spot[0].price(spot[0].start));
        let mut market = RandomMarket::new(&spot, seed);
        let mut derived = Derived::new(0, 3, seed);
        let trades = std::iter::repeat_with(|| market.draw()).take(5_000);
        trades
            .flatten()
            .filter(|(_, trade)| trade.product == 0)
            .filter_map(|(_, trade)| {
                let price = spot[0].price(trade.price);
                Some((price, derived.follow(&spot[0], &own, &trade)?))
            })
            .collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_trades_and_another_one_others() {
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }

    #[test]
    fn the_contract_stays_near_its_pair_and_is_not_the_same() {
        let own = nano_bitcoin(Decimal::from_int(83_000));
        let trades = draw(1);
        assert!(trades.len() > 500, "{}", trades.len());
        let mut apart = 0;
        for (spot, trade) in &trades {
            let price = own.price(trade.price);
            let difference = (price - *spot).abs();
            // The basis, and half a tick.
            let most = spot.mul_div(1, 1_000, Rounding::Up).unwrap() + Decimal::new(25, 1);
            assert!(difference <= most, "{price} beside {spot}");
            assert!((1..=40).contains(&trade.lots));
            apart += usize::from(difference > Decimal::from_int(5));
        }
        assert!(apart > trades.len() / 10, "{apart} of {}", trades.len());
    }
}
