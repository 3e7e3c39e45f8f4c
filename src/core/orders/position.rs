//! A position: its lots, first in first out, and what the trade from flat to flat amounts to.

use super::intent::EntryPlan;
use super::protection::Protection;
use crate::market::{Instrument, SymbolId};
use crate::records::{ClosedTrade, ExitReason, Fill, Lot};
use crate::units::{Decimal, Price, Quantity, Rounding, Side, Stamp};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Open lots that a position has at most. The entry that brings the last of them ends there: the
/// rest of its order is cancelled, so that every lot keeps its own price and what first-in,
/// first-out yields is exact.
pub const LOTS_MAX: usize = 4096;

/// An open position of one symbol. Never flat: a flat one is closed and becomes a `ClosedTrade`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Position {
    pub symbol: SymbolId,
    /// Buy = long.
    pub side: Side,
    pub plan: EntryPlan,
    /// Decision of the entry.
    pub decision: u64,
    /// Stamp of the first entry fill.
    pub opened: Stamp,
    pub protection: Protection,
    /// Best close of the candles closed after the first entry fill.
    pub best_close: Option<Price>,
    /// Candles closed after the first entry fill.
    pub bars_held: u32,
    lots: VecDeque<Lot>,
    quantity: Quantity,
    /// Sum of price x open quantity over the lots, in tick-lots.
    open_value: i128,
    entered: Sum,
    left: Sum,
    largest: Quantity,
    /// Margin of what is open; changes with fills only.
    margin: Decimal,
    fees: Decimal,
    slippage: Decimal,
    insurance: Decimal,
}

/// Quantity and value of fills.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Sum {
    lots: i128,
    tick_lots: i128,
}

impl Sum {
    fn add(&mut self, fill: &Fill) {
        self.lots += i128::from(fill.quantity.0);
        self.tick_lots += i128::from(fill.price.0) * i128::from(fill.quantity.0);
    }

    /// Quantity-weighted average price, half-even to 1e-18.
    fn vwap(&self, instrument: &Instrument) -> Decimal {
        assert!(self.lots > 0, "an average needs a fill");
        instrument
            .tick
            .mul_div(self.tick_lots, self.lots, Rounding::HalfEven)
            .expect("an average of prices is a price")
    }
}

/// What a fill did to a position.
#[derive(Clone, Debug)]
pub struct Reduced {
    /// Profit before fees, side x (exit - entry) x quantity.
    pub gross: Decimal,
    /// Lots as they stand now.
    pub lots: Vec<Lot>,
    pub flat: bool,
}

impl Position {
    /// Its symbol has another number in this process.
    pub(crate) fn move_to(&mut self, id: SymbolId) {
        self.symbol = id;
        for lot in &mut self.lots {
            lot.symbol = id;
        }
    }

    /// The position that its first entry fill opens.
    pub fn open(
        fill: &Fill,
        decision: u64,
        plan: EntryPlan,
        lot_id: u64,
        at: Stamp,
        instrument: &Instrument,
    ) -> Self {
        let mut position = Self {
            symbol: fill.symbol,
            side: fill.side,
            plan,
            decision,
            opened: at,
            protection: Protection::default(),
            best_close: None,
            bars_held: 0,
            lots: VecDeque::new(),
            quantity: Quantity::ZERO,
            open_value: 0,
            entered: Sum::default(),
            left: Sum::default(),
            largest: Quantity::ZERO,
            margin: Decimal::ZERO,
            fees: Decimal::ZERO,
            slippage: Decimal::ZERO,
            insurance: Decimal::ZERO,
        };
        position.add(fill, lot_id, instrument);
        position
    }

    /// Appends the lot of a further entry fill; returns it.
    pub fn add(&mut self, fill: &Fill, lot_id: u64, instrument: &Instrument) -> Lot {
        assert_eq!(
            fill.side, self.side,
            "an entry fill is on the position's side"
        );
        let lot = Lot {
            id: lot_id,
            symbol: fill.symbol,
            side: fill.side,
            quantity: fill.quantity,
            open: fill.quantity,
            price: fill.price,
            fee: fill.fee,
            time: fill.time,
        };
        self.lots.push_back(lot.clone());
        self.quantity += fill.quantity;
        self.open_value += i128::from(fill.price.0) * i128::from(fill.quantity.0);
        self.entered.add(fill);
        self.largest = self.largest.max(self.quantity);
        self.fees += fill.fee;
        self.margin = self.margin_now(instrument);
        lot
    }

    /// There is no room for another lot.
    pub fn is_full(&self) -> bool {
        self.lots.len() >= LOTS_MAX
    }

    /// Consumes the oldest lots with an exit fill.
    pub fn reduce(&mut self, fill: &Fill, instrument: &Instrument) -> Reduced {
        assert_eq!(
            fill.side,
            self.side.opposite(),
            "an exit fill is on the other side"
        );
        assert!(fill.quantity <= self.quantity, "a reduction never flips");
        let mut rest = fill.quantity;
        let mut gain = 0i128;
        let mut touched = Vec::new();
        while !rest.is_zero() {
            let lot = self.lots.front_mut().expect("lots add up to the quantity");
            let taken = rest.min(lot.open);
            lot.open -= taken;
            rest -= taken;
            gain += i128::from(fill.price.0 - lot.price.0) * i128::from(taken.0);
            self.open_value -= i128::from(lot.price.0) * i128::from(taken.0);
            touched.push(lot.clone());
            if lot.open.is_zero() {
                self.lots.pop_front();
            }
        }
        self.quantity -= fill.quantity;
        self.left.add(fill);
        self.fees += fill.fee;
        self.margin = self.margin_now(instrument);
        Reduced {
            gross: instrument.value_of(gain * i128::from(self.side.sign())),
            lots: touched,
            flat: self.quantity.is_zero(),
        }
    }

    pub fn add_slippage(&mut self, cost: Decimal) {
        self.slippage += cost;
    }

    pub fn add_insurance(&mut self, amount: Decimal) {
        self.insurance += amount;
    }

    pub fn quantity(&self) -> Quantity {
        self.quantity
    }

    /// Signed lots: negative for a short.
    pub fn signed(&self) -> i64 {
        self.quantity.0 * self.side.sign()
    }

    pub fn lots(&self) -> impl Iterator<Item = &Lot> {
        self.lots.iter()
    }

    /// Average entry price over the open lots, in ticks as a fraction (value, quantity).
    pub fn entry_fraction(&self) -> (i128, i128) {
        (self.open_value, i128::from(self.quantity.0))
    }

    /// `average entry x numerator / denominator`, half-even to the tick.
    pub fn level(&self, numerator: i128, denominator: i128) -> Price {
        let (value, quantity) = self.entry_fraction();
        let ticks = Decimal::from_raw(value)
            .mul_div(numerator, quantity * denominator, Rounding::HalfEven)
            .expect("a level near the entry is in range")
            .raw();
        Price(i64::try_from(ticks).expect("a level near the entry is in range"))
    }

    /// `average entry x (1 + pct/100)`, half-even to the tick; negative `pct` lies below.
    pub fn level_at_pct(&self, pct: Decimal) -> Price {
        let hundred = Decimal::from_int(100).raw();
        self.level(hundred + pct.raw(), hundred)
    }

    /// Average entry price, for display and indicators.
    pub fn average_entry(&self, instrument: &Instrument) -> Decimal {
        instrument
            .tick
            .mul_div(
                self.open_value,
                i128::from(self.quantity.0),
                Rounding::HalfEven,
            )
            .expect("an average of prices is a price")
    }

    /// Profit before fees if all were closed at `mark`.
    pub fn unrealised(&self, mark: Price, instrument: &Instrument) -> Decimal {
        let at_mark = i128::from(mark.0) * i128::from(self.quantity.0);
        instrument.value_of((at_mark - self.open_value) * i128::from(self.side.sign()))
    }

    /// Entry value of what is open.
    pub fn entry_notional(&self, instrument: &Instrument) -> Decimal {
        instrument.value_of(self.open_value)
    }

    /// Margin of what is open: entry value / leverage.
    pub fn margin(&self) -> Decimal {
        self.margin
    }

    fn margin_now(&self, instrument: &Instrument) -> Decimal {
        self.entry_notional(instrument)
            .mul_div(1, i128::from(self.plan.leverage), Rounding::HalfEven)
            .expect("a share of a value fits")
    }

    /// The trade from flat to flat, once flat. `best` and `worst` are the extremes of the traded
    /// price between the first entry and the last exit fill.
    pub fn close(
        &self,
        id: u64,
        at: Stamp,
        gross: Decimal,
        reason: ExitReason,
        extremes: (Price, Price),
        instrument: &Instrument,
    ) -> ClosedTrade {
        assert!(self.quantity.is_zero(), "only a flat position is a trade");
        let entry_vwap = self.entered.vwap(instrument);
        let (low, high) = extremes;
        let (best, worst) = match self.side {
            Side::Buy => (instrument.price(high), instrument.price(low)),
            Side::Sell => (instrument.price(low), instrument.price(high)),
        };
        let excursion = |price: Decimal| match self.side {
            Side::Buy => price - entry_vwap,
            Side::Sell => entry_vwap - price,
        };
        let margin = instrument
            .value_of(self.entered.tick_lots)
            .mul_div(1, i128::from(self.plan.leverage), Rounding::HalfEven)
            .expect("a share of a value fits");
        ClosedTrade {
            id,
            symbol: self.symbol,
            side: self.side,
            quantity: self.largest,
            entry_time: self.opened.wall,
            exit_time: at.wall,
            entry_vwap,
            exit_vwap: self.left.vwap(instrument),
            leverage: self.plan.leverage,
            margin,
            gross,
            fees: self.fees,
            funding: Decimal::ZERO,
            insurance: self.insurance,
            net: gross - self.fees + self.insurance,
            slippage: self.slippage,
            mfe: excursion(best),
            mae: excursion(worst),
            reason,
            entry_decision: self.decision,
        }
    }

    /// Gross profit over the whole life, once flat.
    pub fn gross_when_flat(&self, instrument: &Instrument) -> Decimal {
        instrument
            .value_of((self.left.tick_lots - self.entered.tick_lots) * i128::from(self.side.sign()))
    }
}
