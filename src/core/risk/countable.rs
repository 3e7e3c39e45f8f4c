//! How much a market may make of a position and of the account: beyond it a run stops counting.
//!
//! A decimal ends at 1.7e20. An entry is worth at most about 2e13, whatever the account (its sizing
//! counts no more equity), but a market may multiply a price by 1e15. A price at which what is held
//! would be worth more than [`COUNTED_MAX`] is refused before it touches anything: no mark, no fill,
//! no candle. Equity beyond the same bound latches the emergency stop, and so does such a price.
//! Between bound and end lies room for the sums over 20 symbols and over exits in many parts, so
//! that no sum of a run can leave the decimals.

use crate::market::Instrument;
use crate::market::instrument::GRID_MAX;
use crate::units::{Decimal, Price, Quantity};

/// Largest value of what is held of a symbol, and largest equity, in the account currency.
pub const COUNTED_MAX: Decimal = Decimal::from_int(10_000_000_000_000_000);

/// Sums over the exits of one position are at most that many times its largest value: each part is
/// at most its share of what is left, and 1e15 lots halve 50 times.
const PARTS: i128 = 64;

/// The bound of one instrument, in price x quantity.
#[derive(Clone, Copy, Debug)]
pub struct Countable {
    most_tick_lots: i128,
}

impl Countable {
    pub fn of(instrument: &Instrument) -> Self {
        let fits = |tick_lots: i128| {
            instrument
                .checked_value_of(tick_lots * PARTS)
                .is_some_and(|value| value.raw() <= COUNTED_MAX.raw() * PARTS)
        };
        // The largest that fits, bit by bit: the value grows with the number.
        let end = i128::from(GRID_MAX) * i128::from(GRID_MAX);
        let mut most_tick_lots = 0;
        let mut bit = 1i128 << end.ilog2();
        while bit > 0 {
            let next = most_tick_lots + bit;
            if next <= end && fits(next) {
                most_tick_lots = next;
            }
            bit >>= 1;
        }
        Self { most_tick_lots }
    }

    /// Whether so much at that price can be counted; nothing at all always can.
    pub fn holds(self, price: Price, quantity: Quantity) -> bool {
        i128::from(price.0) * i128::from(quantity.0) <= self.most_tick_lots
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::ProductKind;

    fn instrument(tick: &str, lot: &str, contract: &str) -> Instrument {
        let d = |text: &str| Decimal::parse(text).unwrap();
        Instrument {
            symbol: "X-PERP".into(),
            kind: ProductKind::Perpetual,
            currency: "USD".into(),
            tick: d(tick),
            lot: d(lot),
            contract_value: d(contract),
            min_quantity: Decimal::ZERO,
            min_notional: Decimal::ZERO,
            maker_fee: None,
            taker_fee: None,
            protective: Default::default(),
            max_leverage: None,
            origin: String::new(),
        }
    }

    #[test]
    fn the_bound_is_the_last_value_that_counts() {
        let plain = instrument("0.5", "0.001", "1");
        let bound = Countable::of(&plain);
        assert_eq!(plain.value_of(bound.most_tick_lots), COUNTED_MAX);
        let lots = Quantity(1_000_000_000);
        assert!(bound.holds(Price(20_000_000_000), lots));
        assert!(!bound.holds(Price(20_000_000_001), lots));
        assert!(bound.holds(Price(GRID_MAX), Quantity::ZERO));
    }

    #[test]
    fn whatever_the_grid_the_value_of_what_counts_exists_with_room_to_spare() {
        for (tick, lot, contract) in [
            ("0.000000000001", "0.00000001", "1"),
            ("0.000000000000000001", "0.000000000000000001", "1"),
            ("100000", "100000", "100000"),
            ("0.0000000003", "0.0000000007", "0.9"),
            ("100000", "0.000000000000000001", "0.00001"),
        ] {
            let instrument = instrument(tick, lot, contract);
            let Countable { most_tick_lots } = Countable::of(&instrument);
            let most = instrument.value_of(most_tick_lots);
            assert!(most <= COUNTED_MAX, "{tick} {lot}: {most}");
            let sum = instrument.value_of(most_tick_lots * PARTS);
            assert!(!sum.is_negative(), "{tick} {lot}: {sum}");
        }
    }
}
