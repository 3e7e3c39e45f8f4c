//! The protective order at the venue: a position's stop, and its target where the product takes both
//! in one order, so that a stop is there while nobody watches (behaviour 14.3).
//!
//! It follows the position: placed once that has filled, anew when its size or a level has moved. One
//! order at most sells a holding, so a close first takes the protective order back, waits for its end
//! and then closes what is left.

use super::track::{VenueTrack, retry_gap};
use crate::effect::{AlertLevel, Effects};
use crate::machine::{Core, Timer};
use crate::market::{ProductKind, ProtectiveForm, SymbolId};
use crate::orders::protection::{breached, reached};
use crate::orders::{OrderIntent, Working};
use crate::records::{ExitReason, Leg, OrderKind, OrderState};
use crate::risk::approve_reduction;
use crate::schedule::Armed;
use crate::symbol::{Slot, Symbol};
use crate::units::stamp::{MILLISECOND, SECOND};
use crate::units::{Price, Quantity, Span, Stamp};
use serde::{Deserialize, Serialize};

/// Fills of an entry come in slices: what follows this closely is covered by the same order.
const PLACED_AFTER: Span = Span(500 * MILLISECOND);
/// A level that moves with the price moves the order not more often than this.
const MOVED_EVERY: Span = Span(5 * SECOND);
/// The venue's order has this long to act once its level was traded.
const ACTS_WITHIN: Span = Span(2 * SECOND);
/// A close waits this long for the end of the protective order.
const TAKEN_BACK_WITHIN: Span = Span(5 * SECOND);
/// Refused placements in a row (within some 4 s) after which the position is closed.
const REFUSALS_MAX: u32 = 3;
/// An order that lasted this long was no failure, whatever ended it.
const LASTED: Span = Span(60 * SECOND);

/// A symbol's protective order beside its record.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProtectiveDesk {
    /// Forms that the venue does not take after all.
    pub given_up: u8,
    /// Placements in a row that the venue refused.
    pub refused: u32,
    /// Orders in a row that ended soon, and not by us.
    pub misses: u32,
    /// Highest decision number that a client id of them was made of.
    pub number: u64,
    /// Monotonic time of the last placement.
    pub placed: i64,
    /// The close that waits for the order's end: its leg and decision.
    pub closing: Option<(Leg, u64)>,
    /// A level that was traded: how the position is left when the venue does not act.
    pub guarded: Option<Leg>,
    /// The next look at whether it is as it should be.
    #[serde(skip)]
    pub look: Option<Armed>,
    #[serde(skip)]
    pub guard: Option<Armed>,
    #[serde(skip)]
    pub wait: Option<Armed>,
}

/// What should rest at the venue.
struct Wanted {
    form: ProtectiveForm,
    quantity: Quantity,
    stop: Price,
    /// Of a bracket.
    target: Option<Price>,
}

impl Core {
    /// A position or one of its levels changed: its protective order is looked at shortly.
    pub(crate) fn protect_at_venue(&mut self, id: SymbolId, at: Stamp) {
        let symbol = &self.symbols[id.index()];
        if symbol.stop.is_some() || symbol.protective_form() != ProtectiveForm::None {
            self.look_later(id, at, PLACED_AFTER);
        }
    }

    fn look_later(&mut self, id: SymbolId, at: Stamp, delay: Span) {
        if self.symbols[id.index()].desk.protective.look.is_none() {
            let armed = self.arm(Timer::ProtectiveLook(id), at, delay);
            self.symbols[id.index()].desk.protective.look = Some(armed);
        }
    }

    /// Places the protective order, takes back one that is wrong, leaves one that is right. Nothing
    /// is placed before the venue was reconciled: what rests there may not be known yet.
    pub(crate) fn look_at_protection(&mut self, id: SymbolId, at: Stamp, out: &mut Effects) {
        let reconciled = self.desk.is_reconciled();
        let symbol = &mut self.symbols[id.index()];
        symbol.desk.protective.look = None;
        let leaving = symbol.exit.is_some() || symbol.desk.wanted.is_some();
        let wanted = symbol.wanted_protection();
        let Some(working) = &symbol.stop else {
            if let Some(wanted) = wanted.filter(|_| reconciled && !leaving) {
                self.place_protection(id, &wanted, at, out);
            }
            return;
        };
        let track = working.venue.as_deref();
        if leaving || track.is_some_and(|t| t.cancel.is_some() || t.ended.is_some()) {
            // Its end looks again.
            return;
        }
        let since = at.mono.saturating_sub(symbol.desk.protective.placed);
        match wanted {
            Some(wanted) if wanted.is(working) => {}
            // Its position is still to be found out.
            None if symbol.desk.proven != 0 => {}
            Some(_) if is_unproven(working.order.state) => {
                self.look_later(id, at, Span(SECOND));
            }
            Some(wanted)
                if wanted.quantity == working.remaining()
                    && (0..MOVED_EVERY.0).contains(&since) =>
            {
                self.look_later(id, at, Span(MOVED_EVERY.0 - since));
            }
            _ => self.cancel_at_venue(id, Slot::Stop, "protection moved", at, out),
        }
    }

    fn place_protection(&mut self, id: SymbolId, wanted: &Wanted, at: Stamp, out: &mut Effects) {
        let symbol = &mut self.symbols[id.index()];
        let Some(position) = &symbol.position else {
            return;
        };
        let through = |price| breached(position.side, price, wanted.stop);
        if symbol.last.is_some_and(through) {
            // The guard closes it, now or with the next trade.
            return;
        }
        let passed = |price| {
            wanted
                .target
                .is_some_and(|target| reached(position.side, price, target))
        };
        if symbol.last.is_some_and(passed) {
            // The venue would refuse it: the guard sells, or the price falls back.
            self.look_later(id, at, Span(SECOND));
            return;
        }
        let intent = OrderIntent {
            symbol: id,
            decision: position.decision,
            leg: Leg::Protective,
            side: position.side.opposite(),
            kind: match wanted.form {
                ProtectiveForm::Bracket => OrderKind::Bracket,
                _ => OrderKind::StopLimit,
            },
            quantity: wanted.quantity,
            price: Some(wanted.stop),
            reference: wanted.stop,
            entry: None,
            exit: Some(ExitReason::StopLoss),
        };
        let approved = approve_reduction(intent, symbol.position.as_ref())
            .expect("protection of the whole position is a reduction");
        symbol.desk.protective.placed = at.mono;
        self.submit(approved, at, out);
    }

    /// A close finds a protective order: that is taken back first. Returns whether it waits.
    pub(crate) fn take_back_protection(
        &mut self,
        id: SymbolId,
        (leg, decision): (Leg, u64),
        reason: ExitReason,
        at: Stamp,
        out: &mut Effects,
    ) -> bool {
        let symbol = &mut self.symbols[id.index()];
        if symbol.stop.is_none() || symbol.position.is_none() {
            return false;
        }
        let desk = &mut symbol.desk;
        desk.wanted.get_or_insert(reason);
        desk.protective.closing = Some((leg, decision));
        let guard = desk.protective.guard.take();
        desk.protective.guarded = None;
        self.disarm(guard);
        let wait = self.arm(Timer::ProtectiveWait(id), at, TAKEN_BACK_WITHIN);
        self.symbols[id.index()].desk.protective.wait = Some(wait);
        self.cancel(id, Slot::Entry, reason.name(), at, out);
        self.cancel_at_venue(id, Slot::Stop, reason.name(), at, out);
        true
    }

    /// The end of the protective order did not come: what is left is closed without it, unless the
    /// venue says that it has filled. A venue of spot refuses to sell what is not there; a derivative
    /// could be turned to the other side, so there the venue's answer is waited for.
    pub(crate) fn protection_waited_for(&mut self, id: SymbolId, at: Stamp, out: &mut Effects) {
        let symbol = &mut self.symbols[id.index()];
        symbol.desk.protective.wait = None;
        let spot = symbol.instrument.kind == ProductKind::Spot;
        if symbol.stop.as_ref().is_some_and(|w| !spot || has_acted(w)) {
            let wait = self.arm(Timer::ProtectiveWait(id), at, TAKEN_BACK_WITHIN);
            self.symbols[id.index()].desk.protective.wait = Some(wait);
            return self.want_reconciliation(out);
        }
        self.close_waiting(id, at, out);
    }

    /// Sends the close that waited. Returns whether there was one.
    fn close_waiting(&mut self, id: SymbolId, at: Stamp, out: &mut Effects) -> bool {
        let desk = &mut self.symbols[id.index()].desk;
        let Some((leg, decision)) = desk.protective.closing.take() else {
            return false;
        };
        let reason = desk.wanted.unwrap_or(ExitReason::StopLoss);
        let wait = desk.protective.wait.take();
        self.disarm(wait);
        if !self.write_off_dust(id, at, out) {
            self.send_close(id, decision, leg, reason, at, out);
        }
        true
    }

    /// A level of the venue's order was traded: it has a while to act.
    pub(super) fn guard_later(&mut self, id: SymbolId, leg: Leg, at: Stamp) {
        if self.symbols[id.index()].desk.protective.guard.is_some() {
            return;
        }
        let armed = self.arm(Timer::ProtectiveGuard(id), at, ACTS_WITHIN);
        let desk = &mut self.symbols[id.index()].desk.protective;
        desk.guard = Some(armed);
        desk.guarded = Some(leg);
    }

    /// The venue's order has had its time.
    pub(crate) fn protection_guard(&mut self, id: SymbolId, at: Stamp, out: &mut Effects) {
        let symbol = &mut self.symbols[id.index()];
        let desk = &mut symbol.desk.protective;
        desk.guard = None;
        let leg = desk.guarded.take().unwrap_or(Leg::Stop);
        let Some(position) = &symbol.position else {
            return;
        };
        let decision = position.decision;
        if symbol.stop.as_ref().is_some_and(has_acted) {
            // Its fills are on their way.
            return self.guard_later(id, leg, at);
        }
        let reason = match leg {
            Leg::Target => ExitReason::TakeProfit,
            _ => ExitReason::StopLoss,
        };
        let text = format!(
            "{}: the venue's protective order did not act within 2 s: closed by the guard",
            symbol.instrument.symbol
        );
        self.report(AlertLevel::Warning, "protection_guard", text, at, out);
        self.close_position(id, decision, leg, reason, at, out);
    }

    /// The protective order is through: a close that waited for it goes, or it is placed anew.
    pub(super) fn protective_ended(
        &mut self,
        id: SymbolId,
        working: &Working,
        at: Stamp,
        out: &mut Effects,
    ) {
        let symbol = &mut self.symbols[id.index()];
        let desk = &mut symbol.desk.protective;
        let armed = [desk.guard.take(), desk.wait.take()];
        desk.guarded = None;
        armed.into_iter().for_each(|armed| self.disarm(armed));
        let symbol = &mut self.symbols[id.index()];
        let desk = &mut symbol.desk.protective;
        if symbol.position.is_none() {
            (desk.closing, desk.refused, desk.misses) = (None, 0, 0);
            return;
        }
        if self.close_waiting(id, at, out) {
            return;
        }
        let state = working.order.state;
        let track = working.venue.as_deref();
        let by_us = track.is_some_and(|track| track.cancel.is_some());
        let desk = &mut self.symbols[id.index()].desk.protective;
        let lasted = at.mono.saturating_sub(desk.placed) >= LASTED.0;
        desk.misses = if by_us || lasted { 0 } else { desk.misses + 1 };
        desk.refused = match state {
            // While a session is closed a position cannot be left either.
            OrderState::Rejected if working.order.reason.contains("ORDER_ENTRY_DISABLED") => 0,
            OrderState::Rejected => desk.refused + 1,
            OrderState::NeverSent => desk.refused,
            _ => 0,
        };
        let delay = match desk.misses {
            0 => PLACED_AFTER,
            misses => retry_gap(misses),
        };
        if state == OrderState::Rejected && is_unsupported(&working.order.reason) {
            desk.given_up = desk.given_up.saturating_add(1);
            desk.refused = 0;
            let text = format!(
                "{} is refused as a form: {}",
                working.order.client_id, working.order.reason
            );
            self.report(AlertLevel::Warning, "protection_form", text, at, out);
        } else if desk.refused >= REFUSALS_MAX {
            desk.refused = 0;
            let text = format!(
                "{}: no protective order is taken: {}: the position is closed",
                self.symbols[id.index()].instrument.symbol,
                working.order.reason
            );
            self.report(AlertLevel::Critical, "unprotected", text, at, out);
            self.close_for(id, ExitReason::Unprotected, at, out);
            return;
        }
        self.look_later(id, at, delay);
    }
}

impl Symbol {
    /// The form that the venue takes of this product, as far as it is known.
    pub(super) fn protective_form(&self) -> ProtectiveForm {
        use ProtectiveForm::{Bracket, None, StopLimit};
        match (self.instrument.protective, self.desk.protective.given_up) {
            (form, 0) => form,
            (Bracket, 1) => StopLimit,
            _ => None,
        }
    }

    fn wanted_protection(&self) -> Option<Wanted> {
        let (form, position) = (self.protective_form(), self.position.as_ref()?);
        let quantity = position.quantity();
        let (stop, target) = (position.protection.stop?, position.protection.target);
        let small = self.instrument.is_below_minimum(stop.price, quantity);
        let bracket = form == ProtectiveForm::Bracket;
        (form != ProtectiveForm::None && !small).then_some(Wanted {
            form,
            quantity,
            stop: stop.price,
            target: target.map(|level| level.price).filter(|_| bracket),
        })
    }

    /// Whether the venue's order is there to act on a stop traded at this price.
    pub(super) fn venue_stops_at(&self, price: Price) -> bool {
        let (Some(working), Some(position)) = (&self.stop, &self.position) else {
            return false;
        };
        let level = working.order.price;
        rests(working) && level.is_some_and(|level| breached(position.side, price, level))
    }

    /// The same of a target. At the level itself the order may stand behind others; beyond it, it
    /// must have filled.
    pub(super) fn venue_takes_at(&self, price: Price) -> Option<bool> {
        let (working, position) = (self.stop.as_ref()?, self.position.as_ref()?);
        let level = working.venue.as_ref()?.target.filter(|_| rests(working))?;
        let beyond = price != level && reached(position.side, price, level);
        Some(beyond)
    }
}

impl Wanted {
    fn is(&self, working: &Working) -> bool {
        let target = working.venue.as_ref().and_then(|track| track.target);
        working.remaining() == self.quantity
            && working.order.price == Some(self.stop)
            && target == self.target
    }
}

/// It is at the venue and not on its way out.
fn rests(working: &Working) -> bool {
    let open = matches!(
        working.order.state,
        OrderState::Open | OrderState::PartlyFilled
    );
    let leaves = |track: &VenueTrack| track.cancel.is_some();
    open && !working.venue.as_deref().is_some_and(leaves)
}

/// The venue says that all of it has filled; the fills are still to come.
fn has_acted(working: &Working) -> bool {
    let track = working.venue.as_deref();
    track.is_some_and(|track| track.told >= working.order.quantity)
}

const fn is_unproven(state: OrderState) -> bool {
    matches!(
        state,
        OrderState::Intended | OrderState::Durable | OrderState::Sent | OrderState::Unknown
    )
}

/// A refusal of the form of an order rather than of this order.
fn is_unsupported(reason: &str) -> bool {
    let reason = reason.to_ascii_uppercase();
    ["UNSUPPORTED", "NOT SUPPORTED", "ORDER_CONFIGURATION"]
        .iter()
        .any(|word| reason.contains(word))
}
