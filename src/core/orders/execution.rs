//! Orders at work: submitted once approved, cancelled, timed out, a stop triggered. What a fill does
//! stands in `fills`, what only a venue's orders do in `venue`.

use super::client_id::client_id;
use super::intent::{OrderIntent, Working};
use crate::effect::{Effect, Effects};
use crate::machine::{Core, Numbers, Timer};
use crate::market::SymbolId;
use crate::records::{ExitReason, Leg, Order, OrderKind, OrderState, Record};
use crate::risk::{Approved, approve_reduction};
use crate::settings::Execution;
use crate::state_hash::Tag;
use crate::symbol::{Feed, Slot};
use crate::units::{Decimal, Price, Quantity, Side, Stamp, Timestamp};

/// One execution as it is booked: with its fee, and told by a venue or made on paper.
#[derive(Clone, Debug)]
pub(crate) struct Booking {
    pub price: Price,
    pub quantity: Quantity,
    pub maker: bool,
    pub fee: Decimal,
    /// Price that slippage is measured from.
    pub reference: Price,
    pub time: Timestamp,
    pub venue_id: Option<String>,
}

/// One execution, before it has a number.
#[derive(Clone, Copy, Debug)]
pub struct PaperFill {
    pub price: Price,
    pub quantity: Quantity,
    pub maker: bool,
    /// Price that slippage is measured from.
    pub reference: Price,
}

impl Core {
    /// Puts an approved order to work, on paper or at the venue. This is the only way to an order.
    pub(crate) fn submit(&mut self, approved: Approved<OrderIntent>, at: Stamp, out: &mut Effects) {
        let intent = approved.into_inner();
        match self.settings.execution {
            Execution::Paper => self.submit_on_paper(&intent, at, out),
            Execution::Venue => self.submit_to_venue(&intent, at, out),
        }
    }

    /// The record of a new order, counted and hashed; `number` is what its client id is made of.
    pub(crate) fn new_order(
        &mut self,
        intent: &OrderIntent,
        number: u64,
        state: OrderState,
        at: Stamp,
    ) -> Order {
        let order = Order {
            id: Numbers::next(&mut self.numbers.order),
            client_id: client_id(&self.settings.identity, number, intent.leg),
            decision: number,
            symbol: intent.symbol,
            leg: intent.leg,
            side: intent.side,
            kind: intent.kind,
            quantity: intent.quantity,
            price: intent.price,
            reduce_only: intent.is_reduction(),
            state,
            filled: Quantity::ZERO,
            filled_value: 0,
            fee: Decimal::ZERO,
            reason: intent.exit.map_or(String::new(), |r| r.name().to_owned()),
            created: at.wall,
            updated: at.wall,
            venue_id: None,
        };
        self.counts.orders += 1;
        self.hash_order(&order);
        order
    }

    fn submit_on_paper(&mut self, intent: &OrderIntent, at: Stamp, out: &mut Effects) {
        let id = intent.symbol;
        let slot = match intent.leg {
            Leg::Entry => Slot::Entry,
            Leg::Close | Leg::Guard => Slot::Exit,
            Leg::Stop => Slot::Stop,
            Leg::Target => Slot::Target,
            Leg::Protective => unreachable!("on paper stop and target are orders of their own"),
        };
        let order = self.new_order(intent, intent.decision, OrderState::Open, at);
        let mut working = Working {
            order,
            entry: intent.entry,
            exit: intent.exit,
            reference: intent.reference,
            active_after: at.mono.saturating_add(self.settings.paper.latency.0),
            started: false,
            timeout: None,
            venue: None,
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
    pub(super) fn finish(
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
    pub(crate) fn cancel(
        &mut self,
        id: SymbolId,
        slot: Slot,
        reason: &str,
        at: Stamp,
        out: &mut Effects,
    ) {
        if self.settings.execution == Execution::Venue {
            return self.cancel_at_venue(id, slot, reason, at, out);
        }
        let symbol = &mut self.symbols[id.index()];
        symbol.disturb();
        if let Some(working) = symbol.slot(slot).take() {
            self.finish(working, OrderState::Cancelled, reason, at, out);
        }
    }

    /// An entry was not filled in time: the rest is cancelled, what is filled stays a position.
    pub(crate) fn entry_timed_out(&mut self, id: SymbolId, at: Stamp, out: &mut Effects) {
        let symbol = &mut self.symbols[id.index()];
        symbol.disturb();
        if self.settings.execution == Execution::Venue {
            if let Some(working) = &mut symbol.entry {
                working.timeout = None;
            }
            return self.cancel_at_venue(id, Slot::Entry, "order_timeout", at, out);
        }
        if let Some(working) = symbol.entry.take() {
            self.finish(working, OrderState::Expired, "order_timeout", at, out);
        }
    }

    /// Closes a position at market for a reason of its own (not a strategy's).
    pub(crate) fn close_for(
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
    /// Returns whether a close was submitted; false while one is working or has to wait.
    pub(crate) fn close_position(
        &mut self,
        id: SymbolId,
        decision: u64,
        leg: Leg,
        reason: ExitReason,
        at: Stamp,
        out: &mut Effects,
    ) -> bool {
        let at_venue = self.settings.execution == Execution::Venue;
        if at_venue
            && self.symbols[id.index()].position.is_some()
            && self.exit_must_wait(id, reason)
        {
            return false;
        }
        if at_venue && self.take_back_protection(id, (leg, decision), reason, at, out) {
            return true;
        }
        if at_venue && self.write_off_dust(id, at, out) {
            return false;
        }
        self.send_close(id, decision, leg, reason, at, out)
    }

    /// Submits the close of all that is held, whatever else works. Returns whether it was.
    pub(crate) fn send_close(
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
        let (kind, price) = self.exit_terms(id, leg);
        let intent = OrderIntent {
            symbol: id,
            decision,
            leg,
            side: position.side.opposite(),
            kind,
            quantity: position.quantity(),
            price,
            reference: symbol
                .last
                .unwrap_or_else(|| position.level_at_pct(Decimal::ZERO)),
            entry: None,
            exit: Some(reason),
        };
        let approved = approve_reduction(intent, symbol.position.as_ref())
            .expect("a close of the whole position is a reduction");
        for slot in [Slot::Entry, Slot::Stop, Slot::Target] {
            self.cancel(id, slot, reason.name(), at, out);
        }
        if self.settings.execution == Execution::Venue {
            self.exit_begins(id);
        }
        self.submit(approved, at, out);
        true
    }

    /// A stop (or the liquidation) was reached: it becomes the exit and fills from this trade on.
    pub(crate) fn trigger_stop(
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

    pub(crate) fn hash_order(&mut self, order: &Order) {
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

pub(crate) fn persist_order(working: &Working, out: &mut Effects) {
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
