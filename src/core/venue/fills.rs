//! Executions as the venue tells them: each counts once, with the venue's fee, whatever state its
//! order is in. What they do to position, lots and cash is the same code as on paper.

use super::news::OrderNews;
use super::orders::{Kept, slot_of};
use crate::effect::{Effect, Effects};
use crate::machine::Core;
use crate::market::SymbolId;
use crate::market::instrument::GRID_MAX;
use crate::orders::execution::{Booking, persist_order};
use crate::orders::intent::EntryPlan;
use crate::orders::{Position, Working};
use crate::records::{ExitReason, Fill, OrderState, Record};
use crate::symbol::Slot;
use crate::units::{Decimal, Price, Quantity, Side, Stamp};

/// Why a told execution is not taken.
enum Refusal {
    /// It was counted before.
    Repeated,
    /// It cannot be: in words.
    Impossible(String),
    /// What would be held cannot be counted at this price.
    Uncountable(Price),
}

impl Core {
    /// One execution of an order of ours.
    pub(super) fn venue_fill(
        &mut self,
        kept: Kept,
        news: &OrderNews,
        at: Stamp,
        out: &mut Effects,
    ) {
        let OrderNews::Filled {
            fill_id,
            price,
            quantity,
            fee,
            maker,
            time,
        } = news
        else {
            return;
        };
        let id = self.order_kept(kept).order.symbol;
        match self.check_fill(kept, fill_id, *price, *quantity, *fee) {
            Ok(()) => self.desk.note_fill(fill_id),
            Err(Refusal::Repeated) => return,
            Err(Refusal::Impossible(text)) => {
                // Told once: repeats of it say nothing new.
                self.desk.note_fill(fill_id);
                self.position_error(text, at, out);
                return;
            }
            Err(Refusal::Uncountable(price)) => {
                self.price_uncountable(id, price, at, out);
                self.want_reconciliation(out);
                return;
            }
        }
        let booking = Booking {
            price: *price,
            quantity: *quantity,
            maker: *maker,
            fee: *fee,
            reference: self.order_kept(kept).meant(*price).1,
            time: *time,
            venue_id: Some(fill_id.clone()),
        };
        self.take_fill(kept, booking, at, out);
    }

    pub(super) fn order_kept(&self, kept: Kept) -> &Working {
        let working = match kept {
            Kept::Finished(index) => self.desk.finished.get(index),
            Kept::Slot(id, Slot::Entry) => self.symbols[id.index()].entry.as_ref(),
            Kept::Slot(id, Slot::Stop) => self.symbols[id.index()].stop.as_ref(),
            Kept::Slot(id, _) => self.symbols[id.index()].exit.as_ref(),
        };
        working.expect("it was found there")
    }

    fn check_fill(
        &self,
        kept: Kept,
        fill_id: &str,
        price: Price,
        quantity: Quantity,
        fee: Decimal,
    ) -> Result<(), Refusal> {
        if self.desk.knows_fill(fill_id) {
            return Err(Refusal::Repeated);
        }
        let order = &self.order_kept(kept).order;
        let name = &order.client_id;
        let on_grid = 1..=GRID_MAX;
        if !on_grid.contains(&price.0) || !on_grid.contains(&quantity.0) {
            return Err(Refusal::Impossible(format!(
                "fill {fill_id} of {name}: {} lots at {} ticks: expected 1 to {GRID_MAX}",
                quantity.0, price.0
            )));
        }
        if quantity > order.quantity - order.filled {
            return Err(Refusal::Impossible(format!(
                "fill {fill_id} of {name}: {} lots, {} of {} are filled",
                quantity.0, order.filled.0, order.quantity.0
            )));
        }
        let symbol = &self.symbols[order.symbol.index()];
        let held = symbol.position.as_ref().map(Position::quantity);
        if !symbol
            .countable
            .holds(price, held.unwrap_or_default() + quantity)
        {
            return Err(Refusal::Uncountable(price));
        }
        let value = symbol.instrument.notional(price, quantity);
        if fee.abs() > value.max(Decimal::ONE) {
            return Err(Refusal::Impossible(format!(
                "fill {fill_id} of {name}: a fee of {fee} on a value of {value}"
            )));
        }
        Ok(())
    }

    /// Books a fill that counts and lets it do what it does.
    fn take_fill(&mut self, kept: Kept, booking: Booking, at: Stamp, out: &mut Effects) {
        let mut working = match kept {
            Kept::Slot(id, slot) => self.symbols[id.index()].slot(slot).take(),
            Kept::Finished(index) => self.desk.finished.remove(index),
        }
        .expect("it was found there");
        let state = working.order.state;
        let id = working.order.symbol;
        let fill = self.book(id, &mut working, booking, at);
        let order = &mut working.order;
        let full = order.state == OrderState::Filled;
        if !full && (state.is_final() || state == OrderState::Cancelling) {
            // On its way when the order ended: it counts, the order stays what it is.
            order.state = state;
        }
        let filled = order.filled;
        let track = working.venue.get_or_insert_default();
        track.told = track.told.max(filled);
        let first = !std::mem::replace(&mut track.taken, true);
        if first {
            self.guard.breaker.succeed(at.mono);
        }
        persist_order(&working, out);
        out.push(Effect::Persist(Box::new(Record::Fill(fill.clone()))));
        let (entry, leg) = (working.entry, working.order.leg);
        let exit = working.exit.map(|_| working.meant(fill.price).0);
        let decision = working.order.decision;
        let slot = slot_of(&working);
        let protective = (slot == Slot::Stop).then(|| working.clone());
        match kept {
            Kept::Finished(index) => self.desk.finished.insert(index, working),
            Kept::Slot(..) if full => {
                let timeout = working.timeout.take();
                self.disarm(timeout);
                let check = working.venue.as_mut().and_then(|t| t.check.take());
                self.disarm(check);
                self.desk.keep(working);
            }
            Kept::Slot(..) => *self.symbols[id.index()].slot(slot) = Some(working),
        }
        match (entry, exit) {
            (Some(_), _) => self.entry_told(id, &fill, decision, entry, at, out),
            (None, Some(reason)) => self.exit_told(id, &fill, reason, at, out),
            (None, None) => {}
        }
        match (full, kept, protective, exit) {
            (true, Kept::Slot(..), Some(order), _) => self.protective_ended(id, &order, at, out),
            (true, Kept::Slot(..), None, Some(reason)) => {
                self.exit_ended(id, leg, reason, true, at, out);
            }
            (false, Kept::Slot(..), Some(_), _) if self.symbols[id.index()].position.is_none() => {
                self.cancel_at_venue(id, Slot::Stop, "position closed", at, out);
            }
            _ => {}
        }
        self.settle(id);
    }

    /// An entry's fill opens or adds; one that finds a position of the other side ends that first.
    fn entry_told(
        &mut self,
        id: SymbolId,
        fill: &Fill,
        decision: u64,
        plan: Option<EntryPlan>,
        at: Stamp,
        out: &mut Effects,
    ) {
        let against = self.symbols[id.index()]
            .position
            .as_ref()
            .filter(|p| p.side != fill.side)
            .map(Position::quantity);
        let mut rest = fill.clone();
        if let Some(held) = against {
            let part = held.min(fill.quantity);
            let first = Fill {
                quantity: part,
                ..fill.clone()
            };
            let purpose = (None, Some(ExitReason::Strategy));
            self.apply_fill(id, &first, decision, purpose, at, out);
            rest.quantity -= part;
            rest.fee = Decimal::ZERO;
        }
        if !rest.quantity.is_zero() {
            self.apply_fill(id, &rest, decision, (plan, None), at, out);
        }
        if let Some(reason) = self.desk.close_all {
            self.close_for(id, reason, at, out);
        }
    }

    /// An exit's fill closes what it meets; beyond that it is somebody else's holding.
    fn exit_told(
        &mut self,
        id: SymbolId,
        fill: &Fill,
        reason: ExitReason,
        at: Stamp,
        out: &mut Effects,
    ) {
        let held = self.symbols[id.index()]
            .position
            .as_ref()
            .filter(|p| p.side != fill.side)
            .map_or(Quantity::ZERO, Position::quantity);
        let part = held.min(fill.quantity);
        if !part.is_zero() {
            let closing = Fill {
                quantity: part,
                ..fill.clone()
            };
            self.apply_fill(id, &closing, 0, (None, Some(reason)), at, out);
        }
        if part < fill.quantity {
            let text = format!(
                "{}: an exit of {} lots met a position of {}",
                self.symbols[id.index()].instrument.symbol,
                fill.quantity.0,
                held.0
            );
            self.position_error(text, at, out);
        }
    }
}

impl Working {
    /// Why an exit that fills at this price left the position, and the price that slippage is
    /// measured from: a bracket ends at its target or at its stop.
    fn meant(&self, price: Price) -> (ExitReason, Price) {
        let target = self.venue.as_ref().and_then(|track| track.target);
        let at_target = target.filter(|target| match self.order.side {
            Side::Sell => price >= *target,
            Side::Buy => price <= *target,
        });
        match at_target {
            Some(target) => (ExitReason::TakeProfit, target),
            None => (self.exit.unwrap_or(ExitReason::Strategy), self.reference),
        }
    }
}
