//! What a fill does: to its order, to lots and position, to cash, and to what protects the position.

use super::execution::{Booking, PaperFill, persist_order};
use super::intent::{EntryPlan, OrderIntent, Working};
use super::position::Position;
use super::protection::{Protection, ProtectionRules};
use crate::effect::{Effect, Effects};
use crate::machine::{Core, Numbers, Timer};
use crate::market::SymbolId;
use crate::paper::account::fee;
use crate::records::{ExitReason, Fill, Leg, OrderKind, OrderState, Record};
use crate::risk::approve_reduction;
use crate::settings::Execution;
use crate::state_hash::Tag;
use crate::symbol::Slot;
use crate::units::{Decimal, Stamp};

impl Core {
    /// Executes part or all of the order in a slot on paper.
    pub(crate) fn execute(
        &mut self,
        id: SymbolId,
        slot: Slot,
        execution: PaperFill,
        at: Stamp,
        out: &mut Effects,
    ) {
        let symbol = &mut self.symbols[id.index()];
        let mut working = symbol.slot(slot).take().expect("the order works");
        symbol.disturb();
        let rate = if execution.maker {
            symbol.fees.maker
        } else {
            symbol.fees.taker
        };
        let (price, quantity) = (execution.price, execution.quantity);
        let booking = Booking {
            price,
            quantity,
            maker: execution.maker,
            fee: fee(&symbol.instrument, price, quantity, rate),
            reference: execution.reference,
            time: at.wall,
            venue_id: None,
        };
        let fill = self.book(id, &mut working, booking, at);
        let done = working.order.state == OrderState::Filled;
        let (entry, exit, decision) = (working.entry, working.exit, working.order.decision);
        persist_order(&working, out);
        out.push(Effect::Persist(Box::new(Record::Fill(fill.clone()))));
        if done {
            self.disarm(working.timeout.take());
        } else {
            *self.symbols[id.index()].slot(slot) = Some(working);
        }
        self.apply_fill(id, &fill, decision, (entry, exit), at, out);
    }

    /// What a booked fill does to the position, the cash and the limits.
    pub(crate) fn apply_fill(
        &mut self,
        id: SymbolId,
        fill: &Fill,
        decision: u64,
        purpose: (Option<EntryPlan>, Option<ExitReason>),
        at: Stamp,
        out: &mut Effects,
    ) {
        match purpose {
            (Some(plan), _) => self.entry_filled(id, fill, decision, plan, at, out),
            (None, Some(reason)) => self.exit_filled(id, fill, reason, at, out),
            (None, None) => unreachable!("an order is an entry or an exit"),
        }
        self.hash.words(
            Tag::Fill,
            &[
                fill.id.into(),
                fill.order.into(),
                fill.price.0.into(),
                fill.quantity.0.into(),
                fill.fee.raw(),
            ],
        );
        self.hash.words(Tag::Balance, &[self.account.cash.raw()]);
        debug_assert!(self.account.adds_up());
        self.after_fill(at, out);
    }

    /// Books an execution on its order and pays its fee.
    pub(crate) fn book(
        &mut self,
        id: SymbolId,
        working: &mut Working,
        booking: Booking,
        at: Stamp,
    ) -> Fill {
        let fill = Fill {
            id: Numbers::next(&mut self.numbers.fill),
            order: working.order.id,
            symbol: id,
            side: working.order.side,
            price: booking.price,
            quantity: booking.quantity,
            fee: booking.fee,
            maker: booking.maker,
            reference: booking.reference,
            time: booking.time,
            venue_id: booking.venue_id,
        };
        self.counts.fills += 1;
        working.started = true;
        let order = &mut working.order;
        order.filled += fill.quantity;
        order.filled_value += i128::from(fill.price.0) * i128::from(fill.quantity.0);
        order.fee += fill.fee;
        order.updated = at.wall;
        order.state = if order.filled == order.quantity {
            OrderState::Filled
        } else {
            OrderState::PartlyFilled
        };
        self.account.pay_fee(fill.fee);
        fill
    }

    fn entry_filled(
        &mut self,
        id: SymbolId,
        fill: &Fill,
        decision: u64,
        plan: EntryPlan,
        at: Stamp,
        out: &mut Effects,
    ) {
        let lot_id = Numbers::next(&mut self.numbers.lot);
        let rules = self.protection_rules();
        let hold = self.settings.risk.max_position_hold;
        let symbol = &mut self.symbols[id.index()];
        let slippage = slippage_cost(symbol, fill);
        let first = symbol.position.is_none();
        let position = match &mut symbol.position {
            Some(position) => {
                position.add(fill, lot_id, &symbol.instrument);
                position
            }
            none => none.insert(Position::open(
                fill,
                decision,
                plan,
                lot_id,
                at,
                &symbol.instrument,
            )),
        };
        position.add_slippage(slippage);
        position.protection = Protection::after_entry(position, &rules, at.mono);
        let full = position.is_full();
        let lot = position.lots().last().expect("the fill's lot").clone();
        out.push(Effect::Persist(Box::new(Record::Lot(lot))));
        if first {
            self.daily.position_opened();
            let symbol = &mut self.symbols[id.index()];
            let last = symbol.last.unwrap_or(fill.price);
            symbol.extremes = (last, last);
            let key = self.arm(Timer::MaxHold(id), at, hold);
            self.symbols[id.index()].max_hold = Some(key);
        }
        if full {
            self.cancel(id, Slot::Entry, "lots_max", at, out);
        }
        self.protect(id, decision, at, out);
    }

    /// Places or amends stop and target so that they cover exactly the position.
    pub(crate) fn protect(&mut self, id: SymbolId, decision: u64, at: Stamp, out: &mut Effects) {
        if self.settings.execution == Execution::Venue {
            return self.protect_at_venue(id, at);
        }
        for (slot, leg, kind, reason) in [
            (
                Slot::Stop,
                Leg::Stop,
                OrderKind::StopMarket,
                ExitReason::StopLoss,
            ),
            (
                Slot::Target,
                Leg::Target,
                OrderKind::TakeProfitLimit,
                ExitReason::TakeProfit,
            ),
        ] {
            let symbol = &mut self.symbols[id.index()];
            let position = symbol.position.as_ref().expect("a position is protected");
            let level = match slot {
                Slot::Stop => position.protection.stop,
                _ => position.protection.target,
            };
            let price = level.expect("a position has stop and target").price;
            let (side, quantity) = (position.side.opposite(), position.quantity());
            if let Some(working) = symbol.slot(slot) {
                let order = &mut working.order;
                let wanted = order.filled + quantity;
                if order.quantity != wanted || order.price != Some(price) {
                    order.quantity = wanted;
                    order.price = Some(price);
                    order.updated = at.wall;
                    persist_order(working, out);
                    let order = working.order.clone();
                    self.hash_order(&order);
                }
                continue;
            }
            let intent = OrderIntent {
                symbol: id,
                decision,
                leg,
                side,
                kind,
                quantity,
                price: Some(price),
                reference: price,
                entry: None,
                exit: Some(reason),
            };
            let approved = approve_reduction(intent, symbol.position.as_ref())
                .expect("protection of the whole position is a reduction");
            self.submit(approved, at, out);
        }
    }

    fn exit_filled(
        &mut self,
        id: SymbolId,
        fill: &Fill,
        reason: ExitReason,
        at: Stamp,
        out: &mut Effects,
    ) {
        let symbol = &mut self.symbols[id.index()];
        let slippage = slippage_cost(symbol, fill);
        let position = symbol.position.as_mut().expect("an exit has its position");
        position.add_slippage(slippage);
        let reduced = position.reduce(fill, &symbol.instrument);
        self.account.settle(reduced.gross);
        for lot in reduced.lots {
            out.push(Effect::Persist(Box::new(Record::Lot(lot))));
        }
        if reduced.flat {
            self.went_flat(id, reason, at, out);
        } else if reason == ExitReason::TakeProfit {
            self.cancel(id, Slot::Entry, reason.name(), at, out);
            let decision = self.symbols[id.index()]
                .position
                .as_ref()
                .map_or(0, |p| p.decision);
            self.protect(id, decision, at, out);
        }
    }

    /// The position is gone: its trade is written, what protected it goes.
    fn went_flat(&mut self, id: SymbolId, reason: ExitReason, at: Stamp, out: &mut Effects) {
        let symbol = &mut self.symbols[id.index()];
        let mut position = symbol.position.take().expect("it was open");
        let key = symbol.max_hold.take();
        let gross = position.gross_when_flat(&symbol.instrument);
        let number = Numbers::next(&mut self.numbers.trade);
        let extremes = symbol.extremes;
        let trade = |p: &Position, s: &crate::symbol::Symbol| {
            p.close(number, at, gross, reason, extremes, &s.instrument)
        };
        let mut closed = trade(&position, symbol);
        if reason == ExitReason::Liquidation && -closed.gross > closed.margin {
            let beyond = -closed.gross - closed.margin;
            self.account.insure(beyond);
            position.add_insurance(beyond);
            closed = trade(&position, symbol);
        }
        self.counts.trades += 1;
        let net = closed.net;
        out.push(Effect::Persist(Box::new(Record::Trade(closed))));
        self.disarm(key);
        if self.settings.execution == Execution::Venue {
            self.exit_begins(id);
        }
        for slot in [Slot::Entry, Slot::Exit, Slot::Stop, Slot::Target] {
            self.cancel(id, slot, "position closed", at, out);
        }
        self.trade_closed(net, at, out);
        self.reverse_if_wanted(id, at, out);
    }

    pub(crate) fn protection_rules(&self) -> ProtectionRules {
        let risk = &self.settings.risk;
        ProtectionRules {
            emergency_stop_loss_pct: risk.emergency_stop_loss_pct,
            trailing_stop_pct: risk.trailing_stop_pct,
            break_even_after_pct: risk.break_even_after_pct,
        }
    }
}

/// side x (fill - reference) x quantity: positive costs the trader.
fn slippage_cost(symbol: &crate::symbol::Symbol, fill: &Fill) -> Decimal {
    let ticks = (fill.price.0 - fill.reference.0) * fill.side.sign();
    symbol
        .instrument
        .value_of(i128::from(ticks) * i128::from(fill.quantity.0))
}
