//! What makes a product a futures contract: what one contract stands for, its margin, its fee, its
//! session. Everything else of it (grid, book, tape) is as with a spot pair.
//!
//! The terms are those of the exchange's US perpetual-style contracts (Coinbase Financial Markets);
//! rates of margin and the fee are rounded and the same by day and by night. No funding is paid: its
//! rate is 0.

use super::product::Product;
use crate::core::market::{Instrument, ProductKind};
use crate::core::units::stamp::SECOND;
use crate::core::units::{Decimal, Rounding, Timestamp};

/// Seconds of a session: one follows the other.
const SESSION: i64 = 86_400;
/// Seconds after midnight UTC at which one begins.
const SESSION_OPENS: i64 = 22 * 3_600;
/// Seconds between two settings of the funding rate.
pub const FUNDING_INTERVAL: i64 = 3_600;

/// The terms of a contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contract {
    /// The exchange's code: `BIP`.
    pub code: String,
    /// What it is about: `BTC`.
    pub root: String,
    pub group: String,
    pub short_group: String,
    pub display_name: String,
    /// When it ends, RFC 3339.
    pub expiry: String,
    /// Largest leverage: 1 / initial margin.
    pub max_leverage: i64,
    /// Parts of a thousand of the value: below this margin a position cannot be held.
    pub maintenance_per_mille: i64,
    /// Of one contract, maker or taker, in quote currency.
    pub fee: Decimal,
}

impl Contract {
    /// Initial margin of a value, rounded up.
    pub fn initial_margin(&self, value: Decimal) -> Option<Decimal> {
        value.mul_div(1, i128::from(self.max_leverage), Rounding::Up)
    }

    /// Maintenance margin of a value, rounded up.
    pub fn maintenance_margin(&self, value: Decimal) -> Option<Decimal> {
        value.mul_div(i128::from(self.maintenance_per_mille), 1_000, Rounding::Up)
    }

    /// The fee of so many contracts; `None` beyond every limit.
    pub fn fees(&self, contracts: i64) -> Option<Decimal> {
        self.fee
            .mul_div(i128::from(contracts), 1, Rounding::HalfEven)
    }
}

/// The one contract of the venue: a hundredth of a bitcoin, priced in steps of 5 dollars.
pub fn nano_bitcoin(start: Decimal) -> Product {
    let instrument = Instrument {
        contract_value: Decimal::new(1, 2),
        min_quantity: Decimal::ONE,
        ..Instrument::linear(
            "BIP-20DEC30-CDE",
            ProductKind::Perpetual,
            "USD",
            Decimal::from_int(5),
            Decimal::ONE,
        )
    };
    let contract = Contract {
        code: "BIP".to_owned(),
        root: "BTC".to_owned(),
        group: "Nano Bitcoin Perp Style Futures".to_owned(),
        short_group: "Nano BTC PERP".to_owned(),
        display_name: "BTC PERP".to_owned(),
        expiry: "2030-12-20T16:00:00Z".to_owned(),
        max_leverage: 10,
        maintenance_per_mille: 66,
        fee: Decimal::new(15, 2),
    };
    // About as much money at a level as BTC-USD shows.
    Product::contract(instrument, contract, start, 40)
}

/// Begin and end of the session that contains `now`.
pub fn session_of(now: Timestamp) -> (Timestamp, Timestamp) {
    let since = (now.0 - SESSION_OPENS * SECOND).rem_euclid(SESSION * SECOND);
    let open = Timestamp(now.0 - since);
    (open, Timestamp(open.0 + SESSION * SECOND))
}

/// The last full hour: when the funding rate was set.
pub fn funding_time(now: Timestamp) -> Timestamp {
    Timestamp(now.0 - now.0.rem_euclid(FUNDING_INTERVAL * SECOND))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::units::Price;
    use crate::core::units::calendar::parse_time;

    #[test]
    fn a_contract_is_worth_its_size_times_the_price() {
        let product = nano_bitcoin(Decimal::from_int(83_000));
        assert_eq!(product.start, Price(16_600));
        assert_eq!(
            product.value(product.start, 3),
            Some(Decimal::from_int(2_490))
        );
        let contract = product.contract.expect("a contract");
        let value = Decimal::from_int(2_490);
        assert_eq!(contract.initial_margin(value), Some(Decimal::from_int(249)));
        assert_eq!(
            contract.maintenance_margin(value),
            Some(Decimal::new(16_434, 2))
        );
        assert_eq!(contract.fees(3), Some(Decimal::new(45, 2)));
    }

    #[test]
    fn sessions_follow_each_other_at_ten_in_the_evening() {
        let at = |text: &str| parse_time(text).unwrap();
        let expected = (at("2026-11-29T22:00:00Z"), at("2026-11-30T22:00:00Z"));
        assert_eq!(session_of(at("2026-11-29T22:00:00Z")), expected);
        assert_eq!(session_of(at("2026-11-30T21:59:59Z")), expected);
        assert_eq!(session_of(at("2026-11-30T10:00:00Z")), expected);
    }
}
