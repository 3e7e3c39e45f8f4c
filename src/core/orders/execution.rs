//! From an approved order to its fills: submit, amend, fill, cancel, and what a fill does to
//! position, cash and protection.

use super::client_id::client_id;
use super::intent::{OrderIntent, Working};
use super::position::Position;
use super::protection::{Protection, ProtectionRules};
use crate::core::effect::{Effect, Effects};
use crate::core::machine::{Core, Numbers, Timer};
use crate::core::market::SymbolId;
use crate::core::paper::account::fee;
use crate::core::records::{ExitReason, Fill, Leg, Order, OrderKind, OrderState, Record};
use crate::core::risk::{Approved, approve_reduction};
use crate::core::state_hash::Tag;
use crate::core::symbol::{Feed, Slot};
use crate::core::units::{Decimal, Price, Quantity, Side, Stamp};

/// One execution, before it has a number.
#[derive(Clone, Copy, Debug)]
pub struct Execution {
    pub price: Price,
    pub quantity: Quantity,
    pub maker: bool,
    /// Price that slippage is measured from.
    pub reference: Price,
}

impl Core {
    /// Puts an approved order to work at the paper venue. This is the only way to an order.
    pub(in crate::core) fn submit(
        &mut self,
        approved: Approved<OrderIntent>,
        at: Stamp,
        out: &mut Effects,
    ) {
        let intent = approved.into_inner();
        let id = intent.symbol;
        let slot = match intent.leg {
            Leg::Entry => Slot::Entry,
            Leg::Close | Leg::Guard => Slot::Exit,
            Leg::Stop => Slot::Stop,
            Leg::Target => Slot::Target,
        };
        let order = Order {
            id: Numbers::next(&mut self.numbers.order),
            client_id: client_id(&self.settings.identity, intent.decision, intent.leg),
            decision: intent.decision,
            symbol: id,
            leg: intent.leg,
            side: intent.side,
            kind: intent.kind,
            quantity: intent.quantity,
            price: intent.price,
            reduce_only: intent.is_reduction(),
            state: OrderState::Open,
            filled: Quantity::ZERO,
            filled_value: 0,
            fee: Decimal::ZERO,
            reason: intent.exit.map_or(String::new(), |r| r.name().to_owned()),
            created: at.wall,
            updated: at.wall,
        };
        self.counts.orders += 1;
        self.hash_order(&order);
        let mut working = Working {
            order,
            entry: intent.entry,
            exit: intent.exit,
            reference: intent.reference,
            active_after: at.mono.saturating_add(self.settings.paper.latency.0),
            started: false,
            timeout: None,
        };
        let symbol = &self.symbols[id.index()];
        if working.order.kind == OrderKind::PostOnly && crosses(&working, symbol.last) {
            self.finish(
                working,
                OrderState::Rejected,
                "post-only would cross",
                at,
                out,
            );
            return;
        }
        if slot == Slot::Entry && symbol.feed == Some(Feed::Trades) {
            // On candles the candle itself decides: its open lies before such a deadline.
            let timeout = self.settings.trading.order_timeout;
            working.timeout = Some(self.arm(Timer::OrderTimeout(id), at, timeout));
        }
        persist_order(&working, out);
        let symbol = &mut self.symbols[id.index()];
        let before = symbol.slot(slot).replace(working);
        assert!(before.is_none(), "one order a slot");
        symbol.disturb();
    }

    /// Ends an order that is out of its slot.
    fn finish(
        &mut self,
        mut working: Working,
        state: OrderState,
        reason: &str,
        at: Stamp,
        out: &mut Effects,
    ) {
        self.disarm(working.timeout.take());
        working.order.state = state;
        working.order.updated = at.wall;
        if !reason.is_empty() {
            reason.clone_into(&mut working.order.reason);
        }
        self.hash_order(&working.order);
        persist_order(&working, out);
    }

    /// Cancels what works in a slot.
    pub(in crate::core) fn cancel(
        &mut self,
        id: SymbolId,
        slot: Slot,
        reason: &str,
        at: Stamp,
        out: &mut Effects,
    ) {
        let symbol = &mut self.symbols[id.index()];
        symbol.disturb();
        if let Some(working) = symbol.slot(slot).take() {
            self.finish(working, OrderState::Cancelled, reason, at, out);
        }
    }

    /// An entry was not filled in time: the rest is cancelled, what is filled stays a position.
    pub(in crate::core) fn entry_timed_out(&mut self, id: SymbolId, at: Stamp, out: &mut Effects) {
        let symbol = &mut self.symbols[id.index()];
        symbol.disturb();
        if let Some(working) = symbol.entry.take() {
            self.finish(working, OrderState::Expired, "order_timeout", at, out);
        }
    }

    /// Closes a position at market for a reason of its own (not a strategy's).
    pub(in crate::core) fn close_for(
        &mut self,
        id: SymbolId,
        reason: ExitReason,
        at: Stamp,
        out: &mut Effects,
    ) -> bool {
        let Some(position) = &self.symbols[id.index()].position else {
            return false;
        };
        let decision = position.decision;
        self.close_position(id, decision, Leg::Guard, reason, at, out)
    }

    /// Closes a position at market: the rest of an entry and the protection go in the same turn.
    /// Returns whether a close was submitted; false while one is working.
    pub(in crate::core) fn close_position(
        &mut self,
        id: SymbolId,
        decision: u64,
        leg: Leg,
        reason: ExitReason,
        at: Stamp,
        out: &mut Effects,
    ) -> bool {
        let symbol = &self.symbols[id.index()];
        let (Some(position), None) = (&symbol.position, &symbol.exit) else {
            return false;
        };
        let intent = OrderIntent {
            symbol: id,
            decision,
            leg,
            side: position.side.opposite(),
            kind: OrderKind::Market,
            quantity: position.quantity(),
            price: None,
            reference: symbol.last.expect("a position has a price"),
            entry: None,
            exit: Some(reason),
        };
        let approved = approve_reduction(intent, symbol.position.as_ref())
            .expect("a close of the whole position is a reduction");
        for slot in [Slot::Entry, Slot::Stop, Slot::Target] {
            self.cancel(id, slot, reason.name(), at, out);
        }
        self.submit(approved, at, out);
        true
    }

    /// A stop (or the liquidation) was reached: it becomes the exit and fills from this trade on.
    pub(in crate::core) fn trigger_stop(
        &mut self,
        id: SymbolId,
        reason: ExitReason,
        reference: Price,
        at: Stamp,
        out: &mut Effects,
    ) {
        for slot in [Slot::Entry, Slot::Target] {
            self.cancel(id, slot, reason.name(), at, out);
        }
        let symbol = &mut self.symbols[id.index()];
        let mut working = symbol.stop.take().expect("a position has its stop");
        working.started = true;
        working.reference = reference;
        working.exit = Some(reason);
        reason.name().clone_into(&mut working.order.reason);
        working.order.updated = at.wall;
        assert!(
            symbol.exit.is_none(),
            "a stop triggers only without an exit"
        );
        symbol.exit = Some(working);
    }

    /// Executes part or all of the order in a slot.
    pub(in crate::core) fn execute(
        &mut self,
        id: SymbolId,
        slot: Slot,
        execution: Execution,
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
        let fill = Fill {
            id: Numbers::next(&mut self.numbers.fill),
            order: working.order.id,
            symbol: id,
            side: working.order.side,
            price: execution.price,
            quantity: execution.quantity,
            fee: fee(
                &symbol.instrument,
                execution.price,
                execution.quantity,
                rate,
            ),
            maker: execution.maker,
            reference: execution.reference,
            time: at.wall,
        };
        self.counts.fills += 1;
        working.started = true;
        let order = &mut working.order;
        order.filled += fill.quantity;
        order.filled_value += i128::from(fill.price.0) * i128::from(fill.quantity.0);
        order.fee += fill.fee;
        order.updated = at.wall;
        let done = order.filled == order.quantity;
        order.state = if done {
            OrderState::Filled
        } else {
            OrderState::PartlyFilled
        };
        self.account.pay_fee(fill.fee);
        let (entry, exit, decision) = (working.entry, working.exit, working.order.decision);
        persist_order(&working, out);
        out.push(Effect::Persist(Box::new(Record::Fill(fill.clone()))));
        if done {
            self.disarm(working.timeout.take());
        } else {
            *self.symbols[id.index()].slot(slot) = Some(working);
        }
        match (entry, exit) {
            (Some(plan), _) => self.entry_filled(id, &fill, decision, plan, at, out),
            (None, Some(reason)) => self.exit_filled(id, &fill, reason, at, out),
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

    fn entry_filled(
        &mut self,
        id: SymbolId,
        fill: &Fill,
        decision: u64,
        plan: super::intent::EntryPlan,
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
                position.add(fill, lot_id);
                position
            }
            none => none.insert(Position::open(fill, decision, plan, lot_id, at)),
        };
        position.add_slippage(slippage);
        position.protection = Protection::after_entry(position, &rules, at.mono);
        let lot = position.lots().last().expect("the fill's lot").clone();
        out.push(Effect::Persist(Box::new(Record::Lot(lot))));
        if first {
            let last = symbol.last.expect("a fill has a price");
            symbol.extremes = (last, last);
            let key = self.arm(Timer::MaxHold(id), at, hold);
            self.symbols[id.index()].max_hold = Some(key);
        }
        self.protect(id, decision, at, out);
    }

    /// Places or amends stop and target so that they cover exactly the position.
    pub(in crate::core) fn protect(
        &mut self,
        id: SymbolId,
        decision: u64,
        at: Stamp,
        out: &mut Effects,
    ) {
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
        let trade = |p: &Position, s: &crate::core::symbol::Symbol| {
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
        for slot in [Slot::Entry, Slot::Exit, Slot::Stop, Slot::Target] {
            self.cancel(id, slot, "position closed", at, out);
        }
        self.trade_closed(net, at, out);
        self.reverse_if_wanted(id, at, out);
    }

    pub(in crate::core) fn protection_rules(&self) -> ProtectionRules {
        let risk = &self.settings.risk;
        ProtectionRules {
            emergency_stop_loss_pct: risk.emergency_stop_loss_pct,
            trailing_stop_pct: risk.trailing_stop_pct,
            break_even_after_pct: risk.break_even_after_pct,
        }
    }

    fn hash_order(&mut self, order: &Order) {
        self.hash.words(
            Tag::Order,
            &[
                order.id.into(),
                order.symbol.0.into(),
                order.leg as i128,
                order.side as i128,
                order.kind as i128,
                order.quantity.0.into(),
                order.price.map_or(0, |p| p.0).into(),
                order.state as i128,
            ],
        );
        self.hash.text(&order.client_id);
    }
}

/// side x (fill - reference) x quantity: positive costs the trader.
fn slippage_cost(symbol: &crate::core::symbol::Symbol, fill: &Fill) -> Decimal {
    let ticks = (fill.price.0 - fill.reference.0) * fill.side.sign();
    symbol
        .instrument
        .value_of(i128::from(ticks) * i128::from(fill.quantity.0))
}

fn persist_order(working: &Working, out: &mut Effects) {
    out.push(Effect::Persist(Box::new(Record::Order(
        working.order.clone(),
    ))));
}

fn crosses(working: &Working, last: Option<Price>) -> bool {
    match (working.order.price, last) {
        (Some(limit), Some(last)) => match working.order.side {
            Side::Buy => limit > last,
            Side::Sell => limit < last,
        },
        _ => false,
    }
}
