//! The account's money: what is free and what open orders hold, a currency each.
//!
//! Every change is checked: nothing is ever negative. What the engine asks for beyond that is a bug
//! of the engine and stops the process rather than inventing money.

use crate::core::units::Decimal;
use std::collections::BTreeMap;

/// One currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    pub available: Decimal,
    /// Set aside for open orders.
    pub hold: Decimal,
}

impl Balance {
    pub fn total(self) -> Decimal {
        self.available + self.hold
    }
}

#[derive(Clone, Debug, Default)]
pub struct Accounts {
    balances: BTreeMap<String, Balance>,
}

impl Accounts {
    /// Opens an account with this balance (0 or more).
    pub fn open(&mut self, currency: &str, available: Decimal) {
        let balance = Balance {
            available,
            hold: Decimal::ZERO,
        };
        self.balances.insert(currency.to_owned(), balance);
    }

    /// Every account, by currency.
    pub fn all(&self) -> impl Iterator<Item = (&str, Balance)> {
        self.balances.iter().map(|(name, b)| (name.as_str(), *b))
    }

    pub fn balance(&self, currency: &str) -> Balance {
        self.balances.get(currency).copied().unwrap_or_default()
    }

    fn change(&mut self, currency: &str, available: Decimal, hold: Decimal) {
        let balance = self.balances.entry(currency.to_owned()).or_default();
        balance.available += available;
        balance.hold += hold;
        let sound = !balance.available.is_negative() && !balance.hold.is_negative();
        assert!(sound, "a balance of the venue's account below 0");
    }

    /// Sets an amount aside; `false` and no change when there is not enough.
    pub fn hold(&mut self, currency: &str, amount: Decimal) -> bool {
        if self.balance(currency).available < amount {
            return false;
        }
        self.change(currency, -amount, amount);
        true
    }

    /// Frees an amount that was set aside.
    pub fn release(&mut self, currency: &str, amount: Decimal) {
        self.change(currency, amount, -amount);
    }

    /// Pays out of what was set aside.
    pub fn pay_from_hold(&mut self, currency: &str, amount: Decimal) {
        self.change(currency, Decimal::ZERO, -amount);
    }

    pub fn receive(&mut self, currency: &str, amount: Decimal) {
        self.change(currency, amount, Decimal::ZERO);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_there_is_cannot_be_set_aside() {
        let mut accounts = Accounts::default();
        accounts.open("USD", Decimal::from_int(10));
        assert!(!accounts.hold("USD", Decimal::from_int(11)));
        assert!(!accounts.hold("BTC", Decimal::ONE));
        assert!(accounts.hold("USD", Decimal::from_int(4)));
        accounts.pay_from_hold("USD", Decimal::from_int(3));
        accounts.release("USD", Decimal::ONE);
        let balance = accounts.balance("USD");
        assert_eq!(balance.available, Decimal::from_int(7));
        assert_eq!(balance.hold, Decimal::ZERO);
    }
}
