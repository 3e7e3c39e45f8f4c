//! Paper matching against public trades.
//!
//! For each trade, in this order: rests of market and limit orders, stop, liquidation, target,
//! position rules. A trade offers `fill_volume_fraction` of its quantity once among all our orders.
//! An order matches trades strictly later than its cause plus latency; the rest of a started order
//! goes on without that condition.

use super::account::taker_price;
use crate::effect::Effects;
use crate::machine::Core;
use crate::market::{SymbolId, TimedTrade};
use crate::orders::execution::PaperFill;
use crate::orders::protection::{Level, breached, reached};
use crate::records::{ExitReason, OrderKind};
use crate::settings::Execution;
use crate::symbol::Slot;
use crate::units::{Decimal, Price, Quantity, Rounding, Side, Stamp};

impl Core {
    /// Lets a trade fill and trigger what it reaches.
    pub(crate) fn match_trade(&mut self, row: &TimedTrade, out: &mut Effects) {
        let id = row.trade.symbol;
        let symbol = &self.symbols[id.index()];
        if symbol.position.is_none() && !symbol.has_working_order() {
            return;
        }
        let (price, at) = (row.trade.price, row.stamp);
        if self.settings.execution == Execution::Venue {
            return self.guard_price(id, price, at, out);
        }
        let mut left = self.offered(row.trade.quantity);
        self.match_rests(id, price, at, &mut left, out);
        if self.breaks(id, at.mono, price, |p| p.stop) {
            self.leave_at_market(id, ExitReason::StopLoss, price, at, &mut left, out);
        } else if self.breaks(id, at.mono, price, |p| p.liquidation) {
            self.leave_at_market(id, ExitReason::Liquidation, price, at, &mut left, out);
        }
        self.match_target(id, price, at, &mut left, out);
        self.position_rules(id, price, at, out);
    }

    /// What a quantity of the market offers to our orders.
    pub(crate) fn offered(&self, quantity: Quantity) -> Quantity {
        let fraction = self.settings.paper.fill_volume_fraction;
        if fraction == Decimal::ONE {
            return quantity;
        }
        let lots = Decimal::from_raw(i128::from(quantity.0))
            .mul_div(fraction.raw(), Decimal::ONE.raw(), Rounding::Down)
            .expect("a fraction of a quantity fits");
        Quantity(lots.raw() as i64)
    }

    /// Rests of market and limit orders; a close and an entry never work at the same time.
    fn match_rests(
        &mut self,
        id: SymbolId,
        price: Price,
        at: Stamp,
        left: &mut Quantity,
        out: &mut Effects,
    ) {
        for slot in [Slot::Exit, Slot::Entry] {
            let symbol = &mut self.symbols[id.index()];
            let Some(working) = symbol.slot(slot) else {
                continue;
            };
            if !working.matches_at(at.mono) {
                continue;
            }
            let order = &working.order;
            let (side, reference) = (order.side, working.reference);
            let (fill_price, maker) = match (order.kind, order.price) {
                (OrderKind::Limit | OrderKind::PostOnly, Some(limit)) => {
                    // A resting buy is filled by trades at or below its price.
                    if !reached(side, limit, price) {
                        continue;
                    }
                    (limit, true)
                }
                _ => {
                    let rate = self.settings.paper.slippage_rate;
                    (taker_price(side, price, rate), false)
                }
            };
            let execution = PaperFill {
                price: fill_price,
                quantity: Quantity::ZERO,
                maker,
                reference,
            };
            self.take(id, slot, execution, at, left, out);
        }
    }

    /// Executes what is left of a trade's offer against the order in a slot.
    pub(crate) fn take(
        &mut self,
        id: SymbolId,
        slot: Slot,
        execution: PaperFill,
        at: Stamp,
        left: &mut Quantity,
        out: &mut Effects,
    ) {
        let Some(working) = self.symbols[id.index()].slot(slot) else {
            return;
        };
        let quantity = working.remaining().min(*left);
        if quantity.is_zero() {
            return;
        }
        *left -= quantity;
        let execution = PaperFill {
            quantity,
            ..execution
        };
        self.execute(id, slot, execution, at, out);
    }

    /// Whether a level against the position is armed and reached, and no exit works already.
    pub(crate) fn breaks(
        &self,
        id: SymbolId,
        mono: i64,
        price: Price,
        level: impl Fn(&crate::orders::protection::Protection) -> Option<Level>,
    ) -> bool {
        let symbol = &self.symbols[id.index()];
        match (&symbol.position, &symbol.exit) {
            (Some(position), None) => level(&position.protection).is_some_and(|level| {
                mono > level.armed_after && breached(position.side, price, level.price)
            }),
            _ => false,
        }
    }

    /// The stop or the liquidation takes over and fills from this trade on.
    pub(crate) fn leave_at_market(
        &mut self,
        id: SymbolId,
        reason: ExitReason,
        price: Price,
        at: Stamp,
        left: &mut Quantity,
        out: &mut Effects,
    ) {
        self.trigger_stop(id, reason, price, at, out);
        let side = self.exit_side(id);
        let execution = PaperFill {
            price: taker_price(side, price, self.settings.paper.slippage_rate),
            quantity: Quantity::ZERO,
            maker: false,
            reference: price,
        };
        self.take(id, Slot::Exit, execution, at, left, out);
    }

    fn match_target(
        &mut self,
        id: SymbolId,
        price: Price,
        at: Stamp,
        left: &mut Quantity,
        out: &mut Effects,
    ) {
        let symbol = &self.symbols[id.index()];
        let (Some(position), Some(_), None) = (&symbol.position, &symbol.target, &symbol.exit)
        else {
            return;
        };
        let Some(level) = position.protection.target else {
            return;
        };
        if at.mono > level.armed_after && reached(position.side, price, level.price) {
            let execution = PaperFill {
                price: level.price,
                quantity: Quantity::ZERO,
                maker: true,
                reference: price,
            };
            self.take(id, Slot::Target, execution, at, left, out);
        }
    }

    /// Emergency loss, trailing and break-even stops; levels moved here count for later trades.
    pub(crate) fn position_rules(
        &mut self,
        id: SymbolId,
        price: Price,
        at: Stamp,
        out: &mut Effects,
    ) {
        if self.breaks(id, at.mono, price, |p| p.emergency) {
            self.close_for(id, ExitReason::EmergencyStop, at, out);
            return;
        }
        let rules = self.protection_rules();
        if rules.trailing_stop_pct.is_none() && rules.break_even_after_pct.is_none() {
            return;
        }
        let symbol = &mut self.symbols[id.index()];
        let (Some(position), None) = (&mut symbol.position, &symbol.exit) else {
            return;
        };
        let (side, decision) = (position.side, position.decision);
        let best = match side {
            Side::Buy => symbol.extremes.1,
            Side::Sell => symbol.extremes.0,
        };
        let cost = match side {
            Side::Buy => position.plan.round_trip_pct,
            Side::Sell => -position.plan.round_trip_pct,
        };
        let break_even = position.level_at_pct(cost);
        let mut protection = position.protection;
        let moved = protection.follow(side, || break_even, &rules, price, best, at.mono);
        position.protection = protection;
        if moved {
            self.protect(id, decision, at, out);
        }
    }

    fn exit_side(&self, id: SymbolId) -> Side {
        self.symbols[id.index()]
            .position
            .as_ref()
            .map_or(Side::Sell, |position| position.side.opposite())
    }
}
