//! News of orders: the states of behaviour 14.1, whatever order the news come in.
//!
//! Only what the venue says moves an order. News that repeat or come late change nothing; news that
//! contradict what is known are inconsistencies: told, asked about, never believed blindly.

use super::news::{OrderEvent, OrderNews, VenueState};
use super::track::VenueTrack;
use crate::effect::Effects;
use crate::machine::Core;
use crate::market::SymbolId;
use crate::orders::Working;
use crate::orders::execution::persist_order;
use crate::records::{Leg, OrderState};
use crate::risk::breaker::FailureWeight;
use crate::settings::Execution;
use crate::state_hash::Tag;
use crate::symbol::Slot;
use crate::units::{Quantity, Stamp};

/// Where an order of ours is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    Slot(SymbolId, Slot),
    /// Index among the finished ones.
    Finished(usize),
}

impl Core {
    /// News of one of our orders.
    pub(crate) fn order_event(&mut self, at: Stamp, event: &OrderEvent, out: &mut Effects) {
        self.hash.words(Tag::OrderNews, &[at.wall.0.into()]);
        self.hash_json(event);
        if self.settings.execution == Execution::Paper {
            self.counts.inputs_refused += 1;
            return;
        }
        self.take_news(at, &event.client_id, &event.news, out);
    }

    /// The same without the hash: for what a listing tells.
    pub(super) fn take_news(
        &mut self,
        at: Stamp,
        client_id: &str,
        news: &OrderNews,
        out: &mut Effects,
    ) {
        match self.kept(client_id) {
            Some(Kept::Slot(id, slot)) => {
                if self.is_new(id, slot, news) {
                    self.touch(id, slot, at);
                }
                self.news_at_work(id, slot, news, at, out);
                self.after_news(id, slot, at, out);
                self.settle(id);
            }
            Some(Kept::Finished(index)) => self.news_of_finished(index, news, at, out),
            None => {
                self.counts.inputs_refused += 1;
                let ours = client_id.starts_with(&self.own_head());
                if ours && matches!(news, OrderNews::Filled { .. }) {
                    self.want_reconciliation(out);
                }
            }
        }
    }

    pub(super) fn kept(&self, client_id: &str) -> Option<Kept> {
        for symbol in &self.symbols {
            for (slot, working) in [
                (Slot::Entry, &symbol.entry),
                (Slot::Exit, &symbol.exit),
                (Slot::Stop, &symbol.stop),
            ] {
                if working
                    .as_ref()
                    .is_some_and(|w| w.order.client_id == client_id)
                {
                    return Some(Kept::Slot(symbol.id, slot));
                }
            }
        }
        let newest = self.desk.finished.iter();
        newest
            .rev()
            .position(|w| w.order.client_id == client_id)
            .map(|back| Kept::Finished(self.desk.finished.len() - 1 - back))
    }

    /// Whether news of an order at work say what is not known: a stream begins with all that rests,
    /// and a comparison right after it must not take that for motion.
    fn is_new(&self, id: SymbolId, slot: Slot, news: &OrderNews) -> bool {
        let working = self.order_kept(Kept::Slot(id, slot));
        let order = &working.order;
        let told = working.venue.as_deref().map_or(Quantity::ZERO, |t| t.told);
        let rests = matches!(order.state, OrderState::Open | OrderState::PartlyFilled);
        match news {
            OrderNews::Accepted { venue_id } => {
                !rests || order.venue_id.as_deref() != Some(venue_id)
            }
            OrderNews::State { status, filled } => !rests || status.is_final() || *filled > told,
            OrderNews::Filled { fill_id, .. } => !self.desk.knows_fill(fill_id),
            _ => true,
        }
    }

    fn touch(&mut self, id: SymbolId, slot: Slot, at: Stamp) {
        let symbol = &mut self.symbols[id.index()];
        symbol.desk.touched = at.mono;
        symbol.disturb();
        if let Some(track) = symbol.slot(slot).as_mut().and_then(|w| w.venue.as_mut()) {
            track.touched = at.mono;
            track.absent = 0;
        }
    }

    fn news_at_work(
        &mut self,
        id: SymbolId,
        slot: Slot,
        news: &OrderNews,
        at: Stamp,
        out: &mut Effects,
    ) {
        use OrderState::{Durable, Intended, Sent, Unknown};
        let Some(working) = self.symbols[id.index()].slot(slot) else {
            return;
        };
        let state = working.order.state;
        let unproven = matches!(state, Intended | Durable | Sent | Unknown);
        match news {
            OrderNews::Durable if state == Intended => self.step(id, slot, Durable, at, out),
            OrderNews::Sent if matches!(state, Intended | Durable) => {
                self.step(id, slot, Sent, at, out);
            }
            OrderNews::Durable | OrderNews::Sent => {}
            OrderNews::Accepted { venue_id } => self.accepted_by_venue(id, slot, venue_id, at, out),
            OrderNews::Rejected { reason } if unproven => {
                if !is_no_failure(reason) {
                    self.exchange_failed(FailureWeight::Single, "order rejected", at, out);
                }
                self.finish_at_venue(id, slot, OrderState::Rejected, reason, at, out);
            }
            OrderNews::NeverSent { reason } if unproven => {
                self.finish_at_venue(id, slot, OrderState::NeverSent, reason, at, out);
            }
            OrderNews::Rejected { reason } | OrderNews::NeverSent { reason } => {
                let text = format!(
                    "{} is at the venue and is said not to be: {reason}",
                    working.order.client_id
                );
                self.inconsistent(text, at, out);
            }
            OrderNews::Unknown { reason } if matches!(state, Intended | Durable | Sent) => {
                let text = format!("{}: {reason}", working.order.client_id);
                self.step(id, slot, Unknown, at, out);
                self.exchange_failed(FailureWeight::Double, &text, at, out);
            }
            OrderNews::Unknown { .. } => {}
            OrderNews::Filled { .. } => self.venue_fill(Kept::Slot(id, slot), news, at, out),
            OrderNews::State { status, filled } => {
                self.stands(id, slot, *status, *filled, at, out);
            }
            OrderNews::CancelRefused { .. } => {
                // It may be done already, or the answer was lost: the query tells, soon.
                let check = working.venue.as_mut().and_then(|track| {
                    track.asked = 0;
                    track.check.take()
                });
                self.disarm(check);
            }
        }
    }

    /// Another state, with its row.
    pub(super) fn step(
        &mut self,
        id: SymbolId,
        slot: Slot,
        state: OrderState,
        at: Stamp,
        out: &mut Effects,
    ) {
        let Some(working) = self.symbols[id.index()].slot(slot) else {
            return;
        };
        working.order.state = state;
        working.order.updated = at.wall;
        persist_order(working, out);
        let order = working.order.clone();
        self.hash_order(&order);
    }

    fn accepted_by_venue(
        &mut self,
        id: SymbolId,
        slot: Slot,
        venue_id: &str,
        at: Stamp,
        out: &mut Effects,
    ) {
        let Some(working) = self.symbols[id.index()].slot(slot) else {
            return;
        };
        match &working.order.venue_id {
            Some(known) if known != venue_id => {
                let text = format!(
                    "{} is {known} at the venue and is said to be {venue_id}",
                    working.order.client_id
                );
                self.inconsistent(text, at, out);
                return;
            }
            Some(_) => {}
            None => working.order.venue_id = Some(venue_id.to_owned()),
        }
        self.proven(id, slot, at, out);
    }

    /// The order exists at the venue: whatever was unknown of it is not any more.
    pub(super) fn proven(&mut self, id: SymbolId, slot: Slot, at: Stamp, out: &mut Effects) {
        use OrderState::{Durable, Intended, Open, PartlyFilled, Sent, Unknown};
        let Some(working) = self.symbols[id.index()].slot(slot) else {
            return;
        };
        let order = &working.order;
        let state = match order.state {
            Intended | Durable | Sent | Unknown if order.filled.is_zero() => Open,
            Intended | Durable | Sent | Unknown => PartlyFilled,
            other => other,
        };
        let track = working.venue.get_or_insert_default();
        let first = !std::mem::replace(&mut track.taken, true);
        let cancel = track.cancel.is_some() && track.ended.is_none() && state != order.state;
        self.step(id, slot, state, at, out);
        if first {
            self.guard.breaker.succeed(at.mono);
        }
        if cancel {
            self.send_cancel(id, slot, at, out);
        }
    }

    /// The venue says where the order stands.
    fn stands(
        &mut self,
        id: SymbolId,
        slot: Slot,
        status: VenueState,
        filled: Quantity,
        at: Stamp,
        out: &mut Effects,
    ) {
        let Some(working) = self.symbols[id.index()].slot(slot) else {
            return;
        };
        let unproven = matches!(
            working.order.state,
            OrderState::Intended | OrderState::Durable | OrderState::Sent | OrderState::Unknown
        );
        let cancelling = working.order.state == OrderState::Cancelling;
        let most = working.order.quantity;
        let track = working.venue.get_or_insert_default();
        track.told = track.told.max(filled.min(most));
        if status.is_final() {
            track.ended.get_or_insert(status);
        }
        let open = track.ended.is_none();
        if unproven {
            self.proven(id, slot, at, out);
        } else if cancelling && open {
            // Open after the cancel was sent: it got lost or was refused.
            self.cancel_again(id, slot, at, out);
        }
    }

    /// Repeats a cancel, not more often than the order is asked about.
    fn cancel_again(&mut self, id: SymbolId, slot: Slot, at: Stamp, out: &mut Effects) {
        let asked = self.symbols[id.index()]
            .slot(slot)
            .as_ref()
            .and_then(|w| w.venue.as_ref())
            .is_some_and(|track| track.asked > 0);
        if asked {
            self.send_cancel(id, slot, at, out);
        }
    }

    /// An order that is through leaves its slot; one that owes an answer is asked about.
    pub(super) fn after_news(&mut self, id: SymbolId, slot: Slot, at: Stamp, out: &mut Effects) {
        let Some(working) = self.symbols[id.index()].slot(slot) else {
            return;
        };
        match working.over() {
            Some(state) => {
                let track = working.venue.as_ref();
                let reason = track.and_then(|t| t.cancel.clone()).unwrap_or_default();
                self.finish_at_venue(id, slot, state, &reason, at, out);
            }
            None => self.check_later(id, slot, at),
        }
    }

    /// Takes an order out of its slot for good and sees what follows.
    pub(super) fn finish_at_venue(
        &mut self,
        id: SymbolId,
        slot: Slot,
        state: OrderState,
        reason: &str,
        at: Stamp,
        out: &mut Effects,
    ) {
        let Some(mut working) = self.symbols[id.index()].slot(slot).take() else {
            return;
        };
        let timeout = working.timeout.take();
        self.disarm(timeout);
        let check = working.venue.as_mut().and_then(|track| track.check.take());
        self.disarm(check);
        let order = &mut working.order;
        order.state = state;
        order.updated = at.wall;
        if !reason.is_empty() && state != OrderState::Filled {
            reason.clone_into(&mut order.reason);
        }
        let order = order.clone();
        self.hash_order(&order);
        persist_order(&working, out);
        let (leg, exit, filled) = (order.leg, working.exit, !order.filled.is_zero());
        self.desk.keep(working.clone());
        self.symbols[id.index()].disturb();
        if slot == Slot::Stop {
            self.protective_ended(id, &working, at, out);
        } else if let Some(reason) = exit {
            self.exit_ended(id, leg, reason, filled, at, out);
        }
    }

    /// News of an order that is through: late fills count, and one that was given up may exist.
    fn news_of_finished(&mut self, index: usize, news: &OrderNews, at: Stamp, out: &mut Effects) {
        let working = &mut self.desk.finished[index];
        let given_up = working.order.state == OrderState::NeverSent;
        match news {
            OrderNews::Filled { .. } => self.venue_fill(Kept::Finished(index), news, at, out),
            OrderNews::Accepted { venue_id } => {
                if working.order.venue_id.is_none() {
                    working.order.venue_id = Some(venue_id.clone());
                    persist_order(working, out);
                }
                if given_up {
                    self.revive(index, at, out);
                }
            }
            OrderNews::State { status, .. } if given_up && !status.is_final() => {
                self.revive(index, at, out);
            }
            OrderNews::State { filled, .. } if *filled > working.order.filled => {
                self.want_reconciliation(out);
            }
            _ => {}
        }
    }

    /// An order that counted as never sent is at the venue after all. Its time is over: it is
    /// cancelled.
    fn revive(&mut self, index: usize, at: Stamp, out: &mut Effects) {
        let Some(mut working) = self.desk.finished.remove(index) else {
            return;
        };
        let id = working.order.symbol;
        let text = format!(
            "{} counted as never sent and is at the venue",
            working.order.client_id
        );
        let slot = slot_of(&working);
        if self.symbols[id.index()].slot(slot).is_some() {
            out.push(crate::effect::Effect::Cancel {
                symbol: id,
                client_id: working.order.client_id.clone(),
                venue_id: working.order.venue_id.clone(),
            });
            working.order.state = OrderState::Cancelled;
            persist_order(&working, out);
            self.desk.finished.insert(index, working);
        } else {
            working.order.state = OrderState::Open;
            working.venue = Some(Box::new(VenueTrack {
                touched: at.mono,
                taken: true,
                ..VenueTrack::default()
            }));
            self.put_to_work(id, slot, working, at);
            self.cancel_at_venue(id, slot, "never_sent", at, out);
        }
        self.inconsistent(text, at, out);
    }
}

/// The slot that an order works in at a venue.
pub(super) fn slot_of(working: &Working) -> Slot {
    if working.order.leg == Leg::Protective {
        Slot::Stop
    } else if working.exit.is_some() {
        Slot::Exit
    } else {
        Slot::Entry
    }
}

impl Working {
    /// Whether the venue owes an answer about it.
    pub(super) fn owes_answer(&self) -> bool {
        let track = self.venue.as_ref();
        track.is_some_and(|track| track.owes_answer(&self.order))
    }

    /// The final state of an order that is through, all its fills seen.
    fn over(&self) -> Option<OrderState> {
        if self.order.filled >= self.order.quantity {
            return Some(OrderState::Filled);
        }
        let track = self.venue.as_ref()?;
        let ended = track.ended?;
        (track.told <= self.order.filled).then_some(match ended {
            VenueState::Open | VenueState::Cancelled => OrderState::Cancelled,
            VenueState::Filled => OrderState::Filled,
            VenueState::Expired => OrderState::Expired,
            VenueState::Failed if self.order.filled.is_zero() => OrderState::Rejected,
            VenueState::Failed => OrderState::Cancelled,
        })
    }
}

/// A refusal that says nothing of the venue's health: too little money, a post-only or stop price on
/// the wrong side of the market, a form of order that the product does not have, a closed session.
fn is_no_failure(reason: &str) -> bool {
    let reason = reason.to_ascii_uppercase();
    [
        "INSUFFICIENT",
        "POST_ONLY",
        "POST ONLY",
        "STOP_PRICE",
        "UNSUPPORTED",
        "ORDER_ENTRY_DISABLED",
    ]
    .iter()
    .any(|word| reason.contains(word))
}
