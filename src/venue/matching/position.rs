//! A position in contracts at its average entry price, and what leaving a part of it realises.
//!
//! Long and short net: an execution against a position first reduces it, what is left of the execution
//! opens the other side. Nothing is rounded before money comes of it.

use crate::core::units::{Decimal, Price, Rounding, Side};
use crate::venue::product::Product;

/// Parts of a tick-lot that an average price is counted in.
const FINE: i128 = 1_000_000;

/// What is held of a contract.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Contracts; below 0 short.
    pub lots: i64,
    /// Price x contracts of what is open, in parts of a tick-lot; never below 0.
    cost: i128,
    /// Profit realised since the session began, quote currency, fees not counted.
    pub realised_today: Decimal,
    /// Fees of everything since the position was last flat, quote currency.
    pub fees: Decimal,
}

impl Position {
    /// Takes an execution in; what it realises, in quote currency, before fees.
    pub(super) fn take(
        &mut self,
        product: &Product,
        side: Side,
        price: Price,
        lots: i64,
    ) -> Decimal {
        let fine = |lots: i64| i128::from(price.0) * i128::from(lots) * FINE;
        let (held, sign) = (self.lots.abs(), self.lots.signum());
        let closed = if sign == -side.sign() {
            held.min(lots)
        } else {
            0
        };
        let mut gain = 0;
        if closed > 0 {
            let part = self.cost * i128::from(closed) / i128::from(held);
            self.cost -= part;
            gain = (fine(closed) - part) * i128::from(sign);
        }
        self.cost += fine(lots - closed);
        self.lots += lots * side.sign();
        let realised = money(product, gain);
        self.realised_today += realised;
        realised
    }

    /// Average entry price, rounded half-even to 8 digits; 0 when flat.
    pub fn average_price(&self, product: &Product) -> Decimal {
        let parts = FINE * i128::from(self.lots.abs());
        let price = match parts {
            0 => None,
            _ => product
                .instrument
                .tick
                .mul_div(self.cost, parts, Rounding::HalfEven),
        };
        price.unwrap_or_default().round(8, Rounding::HalfEven)
    }

    /// Profit before fees if everything were left at `mark`, quote currency.
    pub fn unrealised(&self, product: &Product, mark: Price) -> Decimal {
        let worth = i128::from(mark.0) * i128::from(self.lots.abs()) * FINE;
        money(
            product,
            (worth - self.cost) * i128::from(self.lots.signum()),
        )
    }

    pub const fn side_name(&self) -> &'static str {
        if self.lots < 0 { "SHORT" } else { "LONG" }
    }
}

/// Parts of a tick-lot as quote currency, half-even to 1e-18.
fn money(product: &Product, parts: i128) -> Decimal {
    product
        .value(Price(1), 1)
        .and_then(|unit| unit.mul_div(parts, FINE, Rounding::HalfEven))
        .expect("a position within its margin has a value")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::venue::contract::nano_bitcoin;
    use proptest::prelude::*;

    fn d(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    fn at(dollars: i64) -> Price {
        Price(dollars / 5)
    }

    #[test]
    fn leaving_a_part_realises_against_the_average_entry_price() {
        let product = nano_bitcoin(d("80000"));
        let mut position = Position::default();
        assert_eq!(position.take(&product, Side::Buy, at(80_000), 1), d("0"));
        assert_eq!(position.take(&product, Side::Buy, at(81_000), 3), d("0"));
        assert_eq!(position.average_price(&product), d("80750"));
        assert_eq!(position.unrealised(&product, at(81_000)), d("10"));
        assert_eq!(position.take(&product, Side::Sell, at(81_000), 2), d("5"));
        assert_eq!((position.lots, position.realised_today), (2, d("5")));
        assert_eq!(position.average_price(&product), d("80750"));
    }

    #[test]
    fn what_is_left_of_an_execution_opens_the_other_side() {
        let product = nano_bitcoin(d("80000"));
        let mut position = Position::default();
        position.take(&product, Side::Sell, at(80_000), 2);
        assert_eq!(position.side_name(), "SHORT");
        assert_eq!(position.unrealised(&product, at(79_000)), d("20"));
        assert_eq!(position.take(&product, Side::Buy, at(79_000), 5), d("20"));
        assert_eq!((position.lots, position.side_name()), (3, "LONG"));
        assert_eq!(position.average_price(&product), d("79000"));
        assert_eq!(position.take(&product, Side::Sell, at(79_000), 3), d("0"));
        assert_eq!(position.average_price(&product), d("0"));
    }

    proptest! {
        /// From flat to flat the profit is what was received minus what was paid, to the last digit.
        #[test]
        fn nothing_is_lost_to_rounding(
            steps in proptest::collection::vec((any::<bool>(), 10_000i64..20_000, 1i64..50), 1..40),
        ) {
            let product = nano_bitcoin(d("80000"));
            let (mut position, mut realised, mut paid) = (Position::default(), 0, 0);
            let unit = product.value(Price(1), 1).unwrap();
            let mut take = |position: &mut Position, side: Side, price: i64, lots: i64| {
                paid += i128::from(price * lots * side.sign());
                realised += position.take(&product, side, Price(price), lots).raw();
            };
            for (buys, price, lots) in steps {
                let side = if buys { Side::Buy } else { Side::Sell };
                take(&mut position, side, price, lots);
            }
            let (left, price) = (position.lots, 15_000);
            let side = if left > 0 { Side::Sell } else { Side::Buy };
            if left != 0 {
                take(&mut position, side, price, left.abs());
            }
            prop_assert_eq!(position.lots, 0);
            prop_assert_eq!(realised, -paid * unit.raw());
        }
    }
}
