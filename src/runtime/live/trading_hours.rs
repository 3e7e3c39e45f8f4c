//! Whether contracts trade now: they have sessions, and the exchange may halt one.
//!
//! Spot trades always and is not asked about. While a contract does not trade there are no entries; a
//! position is guarded on, and what closes it is sent when it is due, whatever the exchange says then.

use super::calls::caller::Ended;
use super::job::LiveJob;
use super::session::{Purpose, Session, TARGET};
use crate::core::input::Input;
use crate::core::market::SymbolId;
use crate::core::units::Stamp;
use crate::exchange::calls::{Call, CallAnswer};
use crate::exchange::orders::Product;
use crate::log;
use crate::runtime::jobs::EffectClass;
use crate::runtime::shell::Shell;

/// Name of the feed that a closed session silences.
const SESSION: &str = "session";

impl Session<'_> {
    /// What the exchange said before the session began.
    pub(super) fn trading_hours_begin(&mut self, stamp: Stamp) {
        for symbol in self.markets.contracts() {
            if !self.markets.market(symbol).tradable {
                self.tell_trading(symbol, false, stamp);
            }
        }
    }

    /// Asks about every contract of the run.
    pub(super) fn ask_for_trading_hours(&mut self) {
        let contracts = self.markets.contracts();
        if contracts.is_empty() {
            return;
        }
        let product = |id: &SymbolId| self.markets.market(*id).product.clone();
        let call = Call::Products {
            ids: contracts.iter().map(product).collect(),
            futures: true,
        };
        // Not asked now is asked with the task's next run.
        self.caller
            .ask(call, Purpose::TradingHours, EffectClass::MarketData);
    }

    /// What the exchange says of them.
    pub(super) fn trading_hours(&mut self, ended: Ended<Purpose>, shell: &Shell<LiveJob>) {
        let stamp = self.stamp(shell);
        match ended.result {
            Ok(CallAnswer::Products { products, .. }) => self.note_products(&products, stamp),
            Ok(_) => {}
            Err(trouble) => {
                log::warn(TARGET, "trading hours not told", &[("why", &trouble)]);
            }
        }
    }

    fn note_products(&mut self, products: &[Product], stamp: Stamp) {
        for symbol in self.markets.contracts() {
            let name = &self.markets.market(symbol).product;
            let Some(product) = products.iter().find(|product| product.id == *name) else {
                continue;
            };
            if self.markets.note_tradable(symbol, product.tradable) {
                self.tell_trading(symbol, product.tradable, stamp);
            }
        }
    }

    fn tell_trading(&mut self, symbol: SymbolId, tradable: bool, stamp: Stamp) {
        let product = &self.markets.market(symbol).product;
        let fields: log::Fields<'_> = &[("product", product)];
        if tradable {
            log::info(TARGET, "the contract trades again", fields);
        } else {
            log::warn(
                TARGET,
                "the contract does not trade now: no entries",
                fields,
            );
        }
        let feed = SESSION.to_owned();
        self.input(
            stamp,
            Input::Feed {
                symbol,
                feed,
                fresh: tradable,
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::{A, at, with_contract};
    use super::*;
    use crate::core::market::{Instrument, ProductKind};
    use crate::core::units::Decimal;

    fn product(tradable: bool) -> Product {
        let symbol = "BIP-20DEC30-CDE";
        let (tick, lot) = (Decimal::from_int(5), Decimal::ONE);
        let instrument = Instrument::linear(symbol, ProductKind::Perpetual, "USD", tick, lot);
        Product {
            id: symbol.to_owned(),
            alias: None,
            contract_size: Decimal::new(1, 2),
            base_currency: "BTC".to_owned(),
            price: None,
            tradable,
            limit_only: false,
            post_only: false,
            instrument,
        }
    }

    #[test]
    fn a_contract_whose_session_is_closed_is_not_entered_until_it_opens() {
        with_contract("closed-session", |session| {
            let reason = |session: &Session<'_>| session.core.symbols()[0].stale.reason();
            assert_eq!(reason(session), None);
            session.note_products(&[product(false)], at(3));
            assert_eq!(reason(session), Some("session_closed"));
            assert!(!session.core.symbols()[0].stale.hides_prices());
            // What is not news is no input.
            let inputs = session.core.inputs();
            session.note_products(&[product(false)], at(4));
            session.note_products(&[], at(4));
            assert_eq!(session.core.inputs(), inputs);
            session.note_products(&[product(true)], at(5));
            assert_eq!(reason(session), None);
            assert!(session.markets.market(A).tradable);
        });
    }
}
