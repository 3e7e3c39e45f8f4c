//! What a symbol is: its grid, its currency, its limits and fees, as its venue states them.

use crate::units::{Decimal, Price, Quantity, Rounding};
use serde::{Deserialize, Serialize};

/// Largest price in ticks and largest quantity in lots that anything here accepts. Within them no
/// value, volume or balance of a run can leave its integer.
pub const GRID_MAX: i64 = 1_000_000_000_000_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProductKind {
    /// Bought and sold whole: no leverage, no short.
    Spot,
    /// Linear perpetual or future: quantity x price x contract value in the account currency.
    Perpetual,
}

/// The order that guards a position at its venue, as far as the venue takes one of the product.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProtectiveForm {
    /// None: stop and target are watched by the bot alone.
    #[default]
    None,
    /// The stop rests as a stop-limit order; the target is watched.
    StopLimit,
    /// Stop and target rest in one order.
    Bracket,
}

impl ProtectiveForm {
    pub const fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }
}

/// A tradable product with everything that turns grid numbers into money.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Instrument {
    /// `BASE-QUOTE`, `BASE-PERP` or the venue's own product id.
    pub symbol: String,
    pub kind: ProductKind,
    /// Account currency that profit and fees are counted in.
    pub currency: String,
    /// Smallest price step, in `currency` per unit.
    pub tick: Decimal,
    /// Smallest quantity step, in units of the base.
    pub lot: Decimal,
    /// Base units that a quantity of 1 stands for; 1 except for contracts.
    pub contract_value: Decimal,
    /// Smallest order, in base units.
    pub min_quantity: Decimal,
    /// Smallest order value, in `currency`.
    pub min_notional: Decimal,
    /// Fee rates as fractions, where the venue or the recording states them; negative = rebate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maker_fee: Option<Decimal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taker_fee: Option<Decimal>,
    /// Set by the runtime of a session with real orders.
    #[serde(default, skip_serializing_if = "ProtectiveForm::is_none")]
    pub protective: ProtectiveForm,
    /// Largest leverage that the venue allows, where it states one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_leverage: Option<u32>,
    /// Where the data comes from and what was done to it, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub origin: String,
}

impl Instrument {
    /// A linear product of one base unit a contract, without minimum and without fees of its own.
    pub fn linear(
        symbol: &str,
        kind: ProductKind,
        currency: &str,
        tick: Decimal,
        lot: Decimal,
    ) -> Self {
        Self {
            symbol: symbol.to_owned(),
            kind,
            currency: currency.to_owned(),
            tick,
            lot,
            contract_value: Decimal::ONE,
            min_quantity: Decimal::ZERO,
            min_notional: Decimal::ZERO,
            maker_fee: None,
            taker_fee: None,
            protective: ProtectiveForm::None,
            max_leverage: None,
            origin: String::new(),
        }
    }

    /// Checks that the grid is usable; the text says what is wrong.
    pub fn check(&self) -> Result<(), String> {
        let name = &self.symbol;
        if name.is_empty() || name.len() > 40 || !name.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(format!(
                "symbol {name:?}: expected 1 to 40 printable characters without space"
            ));
        }
        for (what, value) in [
            ("tick", self.tick),
            ("lot", self.lot),
            ("contract_value", self.contract_value),
        ] {
            if !value.is_positive() || value > Decimal::from_int(100_000) {
                return Err(format!(
                    "{name}: {what} = {value}: expected above 0, at most 100000"
                ));
            }
        }
        for (what, value) in [
            ("min_quantity", self.min_quantity),
            ("min_notional", self.min_notional),
        ] {
            if value.is_negative() || value > Decimal::from_int(1_000_000_000) {
                return Err(format!("{name}: {what} = {value}: expected 0 to 1e9"));
            }
        }
        for (what, rate) in [("maker_fee", self.maker_fee), ("taker_fee", self.taker_fee)] {
            if rate.is_some_and(|r| r.abs() > Decimal::new(2, 2)) {
                return Err(format!("{name}: {what}: expected -0.02 to 0.02"));
            }
        }
        if self.max_leverage == Some(0) {
            return Err(format!("{name}: max_leverage = 0: expected 1 or more"));
        }
        Ok(())
    }

    /// A price as a decimal.
    pub fn price(&self, price: Price) -> Decimal {
        self.tick
            .mul_div(i128::from(price.0), 1, Rounding::Down)
            .expect("a price within GRID_MAX fits")
    }

    /// A quantity as a decimal.
    pub fn quantity(&self, quantity: Quantity) -> Decimal {
        self.lot
            .mul_div(i128::from(quantity.0), 1, Rounding::Down)
            .expect("a quantity within GRID_MAX fits")
    }

    /// The price on the grid, if it lies on it and is in range.
    pub fn exact_price(&self, price: Decimal) -> Option<Price> {
        let ticks = self.round_price(price, Rounding::Down)?;
        (self.price(ticks) == price).then_some(ticks)
    }

    /// The nearest price on the grid in the direction of `rounding`; `None` unless 1..=GRID_MAX
    /// ticks.
    pub fn round_price(&self, price: Decimal, rounding: Rounding) -> Option<Price> {
        on_grid(price.in_steps_of(self.tick, rounding)?).map(Price)
    }

    /// The quantity on the grid, if it lies on it and is in range.
    pub fn exact_quantity(&self, quantity: Decimal) -> Option<Quantity> {
        let lots = on_grid(quantity.in_steps_of(self.lot, Rounding::Down)?).map(Quantity)?;
        (self.quantity(lots) == quantity).then_some(lots)
    }

    /// The quantity floored to the lot (may be 0); `None` when negative or beyond GRID_MAX.
    pub fn floor_quantity(&self, quantity: Decimal) -> Option<Quantity> {
        let lots = quantity.in_steps_of(self.lot, Rounding::Down)?;
        (0..=i128::from(GRID_MAX))
            .contains(&lots)
            .then_some(Quantity(lots as i64))
    }

    /// Less than the venue takes of an order at that price.
    pub fn is_below_minimum(&self, price: Price, quantity: Quantity) -> bool {
        self.quantity(quantity) < self.min_quantity
            || self.notional(price, quantity) < self.min_notional
    }

    /// Value of `quantity` at `price`: quantity x price x contract value, half-even to 1e-18.
    pub fn notional(&self, price: Price, quantity: Quantity) -> Decimal {
        self.value_of(i128::from(price.0) * i128::from(quantity.0))
    }

    /// Value of a number of tick-lots (sums and differences of price x quantity), signed.
    ///
    /// # Panics
    /// Beyond the range of decimals, which [`Countable`](crate::risk::countable::Countable)
    /// keeps a run away from.
    pub fn value_of(&self, tick_lots: i128) -> Decimal {
        self.checked_value_of(tick_lots)
            .expect("a value that is counted fits")
    }

    /// The same; `None` beyond the range of decimals.
    pub fn checked_value_of(&self, tick_lots: i128) -> Option<Decimal> {
        // The usual case, with one division: contract value 1 and a tick-lot that 18 digits hold.
        const ONE: i128 = Decimal::ONE.raw();
        if self.contract_value == Decimal::ONE
            && let Some(product) = self.tick.raw().checked_mul(self.lot.raw())
            && product % ONE == 0
            && let Some(value) = (product / ONE).checked_mul(tick_lots)
        {
            return Some(Decimal::from_raw(value));
        }
        let lot_value = self.lot * self.contract_value;
        // tick x lot may be finer than 1e-18; one rounding at the very end.
        let unit = self
            .tick
            .mul_div(lot_value.raw(), Decimal::ONE.raw(), Rounding::Down)
            .filter(|unit| {
                // Exact when multiplying back gives the same product.
                unit.mul_div(Decimal::ONE.raw(), lot_value.raw(), Rounding::Down) == Some(self.tick)
            });
        match unit {
            Some(unit) => unit.mul_div(tick_lots, 1, Rounding::HalfEven),
            None => lot_value
                .mul_div(tick_lots, 1, Rounding::HalfEven)?
                .checked_mul(self.tick, Rounding::HalfEven),
        }
    }

    /// How prices and quantities become doubles.
    pub fn scale(&self) -> GridScale {
        GridScale {
            tick: Step::of(self.tick),
            lot: Step::of(self.lot),
        }
    }
}

/// Turns ticks and lots into the nearest double of the decimal price or quantity: one exact product,
/// one correctly rounded division (exact while the product stays below 2^53). For indicators only.
#[derive(Clone, Copy, Debug)]
pub struct GridScale {
    tick: Step,
    lot: Step,
}

impl GridScale {
    pub fn price(&self, price: Price) -> f64 {
        self.tick.times(price.0 as f64)
    }

    /// In the base asset.
    pub fn quantity(&self, lots: i128) -> f64 {
        self.lot.times(lots as f64)
    }
}

/// Grid step as mantissa / divisor, the divisor a power of ten.
#[derive(Clone, Copy, Debug)]
struct Step {
    mantissa: f64,
    divisor: f64,
}

impl Step {
    fn of(step: Decimal) -> Self {
        let (mut mantissa, mut digits) = (step.raw(), Decimal::DIGITS);
        while digits > 0 && mantissa % 10 == 0 {
            mantissa /= 10;
            digits -= 1;
        }
        Self {
            mantissa: mantissa as f64,
            divisor: 10f64.powi(digits as i32),
        }
    }

    fn times(self, count: f64) -> f64 {
        count * self.mantissa / self.divisor
    }
}

fn on_grid(steps: i128) -> Option<i64> {
    (1..=i128::from(GRID_MAX))
        .contains(&steps)
        .then_some(steps as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn instrument(tick: &str, lot: &str) -> Instrument {
        Instrument::linear(
            "BTC-PERP",
            ProductKind::Perpetual,
            "USD",
            Decimal::parse(tick).unwrap(),
            Decimal::parse(lot).unwrap(),
        )
    }

    proptest! {
        #[test]
        fn the_double_of_a_price_is_the_nearest_one(ticks in 1i64..1_000_000_000) {
            for tick in ["0.5", "0.01", "0.00000001", "25", "0.0005"] {
                let i = instrument(tick, "1");
                let exact: f64 = i.price(Price(ticks)).to_string().parse().unwrap();
                prop_assert_eq!(i.scale().price(Price(ticks)), exact);
            }
        }

        #[test]
        fn the_value_of_a_fill_is_exact(ticks in 1i64..1_000_000_000, lots in 1i64..1_000_000_000) {
            use bigdecimal::BigDecimal;
            use std::str::FromStr;
            for (tick, lot) in [("0.5", "0.00001"), ("0.000000000001", "0.00000001"), ("0.01", "1")] {
                let i = instrument(tick, lot);
                let exact = BigDecimal::from(ticks) * BigDecimal::from(lots)
                    * BigDecimal::from_str(tick).unwrap() * BigDecimal::from_str(lot).unwrap();
                let exact = exact.with_scale_round(18, bigdecimal::RoundingMode::HalfEven);
                let got = BigDecimal::from_str(&i.notional(Price(ticks), Quantity(lots)).to_string()).unwrap();
                prop_assert_eq!(got, exact);
            }
        }
    }

    #[test]
    fn only_what_lies_on_the_grid_is_exact() {
        let i = instrument("0.5", "0.001");
        let d = |t: &str| Decimal::parse(t).unwrap();
        assert_eq!(i.exact_price(d("100.5")), Some(Price(201)));
        assert_eq!(i.exact_price(d("100.3")), None);
        assert_eq!(i.exact_price(d("-1")), None);
        assert_eq!(i.floor_quantity(d("0.0019")), Some(Quantity(1)));
        assert_eq!(i.exact_quantity(d("0.0019")), None);
        assert_eq!(i.floor_quantity(d("-1")), None);
    }

    #[test]
    fn a_broken_instrument_says_what_is_wrong() {
        let mut i = instrument("0", "1");
        assert!(i.check().unwrap_err().contains("tick = 0"));
        i.tick = Decimal::ONE;
        i.symbol = "BTC USD".into();
        assert!(i.check().unwrap_err().contains("printable"));
    }
}
