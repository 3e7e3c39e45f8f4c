//! Cash of the paper account. Fees are taken once, at each fill; profit comes in at the exit.

use crate::market::Instrument;
use crate::units::{Decimal, Price, Quantity, Rounding, Side};
use serde::{Deserialize, Serialize};

/// Digits that fees are rounded to.
const FEE_DIGITS: u32 = 8;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub starting: Decimal,
    pub cash: Decimal,
    pub fees: Decimal,
    pub gross: Decimal,
    /// Losses beyond the margin that liquidations took back.
    pub insurance: Decimal,
}

impl Account {
    pub fn new(starting: Decimal) -> Self {
        Self {
            starting,
            cash: starting,
            fees: Decimal::ZERO,
            gross: Decimal::ZERO,
            insurance: Decimal::ZERO,
        }
    }

    /// A fill's fee (negative = rebate) leaves the cash.
    pub fn pay_fee(&mut self, fee: Decimal) {
        self.cash -= fee;
        self.fees += fee;
    }

    /// The gross profit or loss of an exit fill.
    pub fn settle(&mut self, gross: Decimal) {
        self.cash += gross;
        self.gross += gross;
    }

    pub fn insure(&mut self, amount: Decimal) {
        self.cash += amount;
        self.insurance += amount;
    }

    /// Money came or went beside trading: what the account began with moves along.
    pub fn shift(&mut self, amount: Decimal) {
        self.starting += amount;
        self.cash += amount;
    }

    /// Cash is what came in and went out, to the last digit.
    pub fn adds_up(&self) -> bool {
        self.cash == self.starting + self.gross - self.fees + self.insurance
    }
}

/// fill value x rate, half-even to 8 digits.
pub fn fee(instrument: &Instrument, price: Price, quantity: Quantity, rate: Decimal) -> Decimal {
    (instrument.notional(price, quantity) * rate).round(FEE_DIGITS, Rounding::HalfEven)
}

/// Price of a taker: the market's plus slippage against the trader, rounded to the tick away from
/// the trader. Never below one tick.
pub fn taker_price(side: Side, price: Price, slippage_rate: Decimal) -> Price {
    let ticks = Decimal::from_int(price.0);
    let moved = match side {
        Side::Buy => ticks + ticks * slippage_rate,
        Side::Sell => ticks - ticks * slippage_rate,
    };
    let rounding = match side {
        Side::Buy => Rounding::Up,
        Side::Sell => Rounding::Down,
    };
    let whole = moved
        .in_steps_of(Decimal::ONE, rounding)
        .expect("a price with slippage is in range");
    Price((whole as i64).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slippage_is_always_adverse() {
        let rate = Decimal::new(5, 4);
        assert_eq!(taker_price(Side::Buy, Price(27_747), rate), Price(27_761));
        assert_eq!(taker_price(Side::Sell, Price(27_747), rate), Price(27_733));
        assert_eq!(
            taker_price(Side::Buy, Price(100), Decimal::ZERO),
            Price(100)
        );
        assert_eq!(taker_price(Side::Buy, Price(1), rate), Price(2));
        assert_eq!(taker_price(Side::Sell, Price(1), rate), Price(1));
    }

    #[test]
    fn cash_is_the_sum_of_its_movements() {
        let mut account = Account::new(Decimal::from_int(10_000));
        account.pay_fee(Decimal::from_int(15));
        account.settle(Decimal::ZERO);
        account.pay_fee(Decimal::from_int(15));
        assert_eq!(account.cash, Decimal::from_int(9_970));
        assert!(account.adds_up());
    }
}
