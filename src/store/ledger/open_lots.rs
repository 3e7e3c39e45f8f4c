//! The open lots of each symbol and the position they amount to, exact and in memory.
//!
//! Bounded by the core's own lots: a consumed lot is forgotten at once.

use crate::core::market::{Instrument, SymbolId};
use crate::core::records::Lot;
use crate::core::units::{Decimal, Price, Quantity, Rounding, Side, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct OpenLot {
    side: Side,
    open: Quantity,
    price: Price,
    time: Timestamp,
}

/// What the open lots of one symbol add up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenPosition {
    pub side: Side,
    /// Lots.
    pub quantity: i128,
    /// Sum of price x open quantity, in tick-lots.
    pub tick_lots: i128,
    /// Time of the oldest open lot.
    pub since: Timestamp,
}

impl OpenPosition {
    /// Quantity-weighted entry price, half-even to 1e-18.
    pub fn entry_price(&self, instrument: &Instrument) -> Decimal {
        instrument
            .tick
            .mul_div(self.tick_lots, self.quantity, Rounding::HalfEven)
            .expect("an average lies within the prices it is made of")
    }

    /// Gross profit if it were closed at `price`.
    pub fn unrealised(&self, instrument: &Instrument, price: Price) -> Decimal {
        let now = i128::from(price.0) * self.quantity;
        let gain = (now - self.tick_lots) * i128::from(self.side.sign());
        instrument.value_of(gain)
    }
}

/// Follows lot records; a record replaces the earlier one of the same id.
#[derive(Clone, Debug, Default)]
pub struct OpenLots {
    lots: BTreeMap<(SymbolId, u64), OpenLot>,
    touched: BTreeSet<SymbolId>,
}

impl OpenLots {
    pub fn apply(&mut self, lot: &Lot) {
        self.touched.insert(lot.symbol);
        let key = (lot.symbol, lot.id);
        if lot.open.is_zero() {
            self.lots.remove(&key);
        } else {
            self.lots.insert(
                key,
                OpenLot {
                    side: lot.side,
                    open: lot.open,
                    price: lot.price,
                    time: lot.time,
                },
            );
        }
    }

    /// The position of a symbol; `None` when flat.
    ///
    /// Lots of one symbol are of one side: the core nets before it opens the other.
    pub fn position(&self, symbol: SymbolId) -> Option<OpenPosition> {
        let mut lots = self.lots.range((symbol, 0)..=(symbol, u64::MAX));
        let (_, first) = lots.next()?;
        let mut position = OpenPosition {
            side: first.side,
            quantity: 0,
            tick_lots: 0,
            since: first.time,
        };
        for lot in std::iter::once(first).chain(lots.map(|(_, lot)| lot)) {
            let quantity = i128::from(lot.open.0);
            position.quantity += quantity;
            position.tick_lots += quantity * i128::from(lot.price.0);
            position.since = position.since.min(lot.time);
        }
        Some(position)
    }

    /// Symbols whose lots changed since the last [`written`](Self::written).
    pub fn touched(&self) -> impl Iterator<Item = SymbolId> + '_ {
        self.touched.iter().copied()
    }

    /// The positions of the touched symbols are on disk.
    pub fn written(&mut self) {
        self.touched.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lot(id: u64, open: i64, price: i64) -> Lot {
        Lot {
            id,
            symbol: SymbolId(0),
            side: Side::Sell,
            quantity: Quantity(10),
            open: Quantity(open),
            price: Price(price),
            fee: Decimal::ZERO,
            time: Timestamp(id as i64),
        }
    }

    #[test]
    fn a_position_is_the_sum_of_what_is_open_of_its_lots() {
        let instrument = Instrument::linear(
            "BTC-PERP",
            crate::core::market::ProductKind::Perpetual,
            "USD",
            Decimal::new(1, 2),
            Decimal::new(1, 1),
        );
        let mut lots = OpenLots::default();
        lots.apply(&lot(1, 10, 10_000));
        lots.apply(&lot(2, 10, 10_300));
        lots.apply(&lot(1, 5, 10_000));
        let position = lots.position(SymbolId(0)).unwrap();
        // (5 x 100 + 10 x 103) / 15 = 102
        assert_eq!(position.entry_price(&instrument), Decimal::from_int(102));
        // Short 1.5 at 102, now 100: +3.
        assert_eq!(
            position.unrealised(&instrument, Price(10_000)),
            Decimal::from_int(3)
        );
        assert_eq!(position.since, Timestamp(1));
        lots.apply(&lot(1, 0, 10_000));
        assert_eq!(lots.position(SymbolId(0)).unwrap().since, Timestamp(2));
        lots.apply(&lot(2, 0, 10_300));
        assert_eq!(lots.position(SymbolId(0)), None);
        assert_eq!(lots.touched().collect::<Vec<_>>(), [SymbolId(0)]);
    }
}
