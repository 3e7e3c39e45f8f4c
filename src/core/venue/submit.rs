//! Orders on their way to the venue and cancels after them. Nothing is ever sent twice: an order
//! whose outcome is not known is asked about until the venue has answered for it.

use super::orders::slot_of;
use super::request::OrderRequest;
use super::track::VenueTrack;
use crate::effect::{Effect, Effects};
use crate::machine::{Core, Numbers, Timer};
use crate::market::SymbolId;
use crate::market::instrument::GRID_MAX;
use crate::orders::execution::persist_order;
use crate::orders::{OrderIntent, Working};
use crate::records::{Leg, OrderKind, OrderState};
use crate::symbol::Slot;
use crate::units::{Decimal, Price, Rounding, Side, Stamp};

/// Queries after which an order that no query finds is looked for in listings too.
const LISTED_AFTER: u8 = 4;

impl Core {
    /// An approved order becomes an intent with its id and leaves as an effect.
    pub(crate) fn submit_to_venue(&mut self, intent: &OrderIntent, at: Stamp, out: &mut Effects) {
        let id = intent.symbol;
        let (limit, number) = (self.worst_price(intent), self.number_of(intent));
        let position = self.symbols[id.index()].position.as_ref();
        let target = position
            .and_then(|p| p.protection.target)
            .map(|level| level.price)
            .filter(|_| intent.kind == OrderKind::Bracket);
        let working = Working {
            order: self.new_order(intent, number, OrderState::Intended, at),
            entry: intent.entry,
            exit: intent.exit,
            reference: intent.reference,
            active_after: at.mono,
            started: false,
            timeout: None,
            venue: Some(Box::new(VenueTrack {
                touched: at.mono,
                target,
                ..VenueTrack::default()
            })),
        };
        let rests = matches!(intent.kind, OrderKind::Limit | OrderKind::PostOnly);
        let expires = rests.then(|| at.wall + self.settings.trading.order_timeout);
        persist_order(&working, out);
        out.push(Effect::Submit(Box::new(OrderRequest {
            symbol: id,
            order: working.order.clone(),
            limit,
            target,
            expires,
        })));
        let slot = slot_of(&working);
        self.put_to_work(id, slot, working, at);
    }

    /// Puts an order into its slot with its deadline: an entry's rest is not waited for, and an exit
    /// that neither fills nor ends is stuck.
    pub(super) fn put_to_work(
        &mut self,
        id: SymbolId,
        slot: Slot,
        mut working: Working,
        at: Stamp,
    ) {
        let timer = match slot {
            Slot::Entry => Some(Timer::OrderTimeout(id)),
            // It rests as long as the position lasts.
            Slot::Stop => None,
            _ => Some(Timer::ExitTimeout(id)),
        };
        let timeout = self.settings.trading.order_timeout;
        working.timeout = timer.map(|timer| self.arm(timer, at, timeout));
        let symbol = &mut self.symbols[id.index()];
        symbol.desk.touched = at.mono;
        symbol.disturb();
        let before = symbol.slot(slot).replace(working);
        assert!(before.is_none(), "one order a slot");
    }

    /// The number that the client id is made of. A position is left by orders of its own decision;
    /// each further attempt is decided anew and gets a number of its own, so that no id repeats.
    fn number_of(&mut self, intent: &OrderIntent) -> u64 {
        let desk = &mut self.symbols[intent.symbol.index()].desk;
        let used = match intent.leg {
            Leg::Stop | Leg::Target | Leg::Guard => &mut desk.exit_number,
            Leg::Protective => &mut desk.protective.number,
            Leg::Entry | Leg::Close => return intent.decision,
        };
        *used = if intent.decision > *used {
            intent.decision
        } else {
            Numbers::next(&mut self.numbers.decision)
        };
        *used
    }

    /// The worst price an order at market may fill at. A close that the collar kept from filling
    /// goes without one: a collar never blocks a close for good.
    fn worst_price(&self, intent: &OrderIntent) -> Option<Price> {
        let within = |pct| collar(intent.side, intent.reference, pct);
        match (intent.leg, intent.kind) {
            (_, OrderKind::Limit | OrderKind::PostOnly) => None,
            (Leg::Target, _) => intent.price,
            (Leg::Protective, _) => Some(within(self.settings.risk.price_collar_pct)),
            (Leg::Entry, _) => Some(within(self.settings.trading.slippage_tolerance_pct)),
            _ => {
                let first = self.symbols[intent.symbol.index()].desk.misses == 0;
                first.then(|| within(self.settings.risk.price_collar_pct))
            }
        }
    }

    /// Wants an order cancelled. It stays in its slot until the venue says how it ended.
    pub(crate) fn cancel_at_venue(
        &mut self,
        id: SymbolId,
        slot: Slot,
        reason: &str,
        at: Stamp,
        out: &mut Effects,
    ) {
        let symbol = &mut self.symbols[id.index()];
        symbol.disturb();
        let track = symbol.slot(slot).as_mut().and_then(|w| w.venue.as_mut());
        if let Some(track) = track
            && track.cancel.is_none()
            && track.ended.is_none()
        {
            track.cancel = Some(reason.to_owned());
            self.send_cancel(id, slot, at, out);
        }
    }

    /// Sends the cancel of an order that is to be cancelled; again where it is open after all.
    pub(super) fn send_cancel(&mut self, id: SymbolId, slot: Slot, at: Stamp, out: &mut Effects) {
        let Some(working) = self.symbols[id.index()].slot(slot) else {
            return;
        };
        let order = &mut working.order;
        out.push(Effect::Cancel {
            symbol: id,
            client_id: order.client_id.clone(),
            venue_id: order.venue_id.clone(),
        });
        if matches!(order.state, OrderState::Open | OrderState::PartlyFilled) {
            order.state = OrderState::Cancelling;
            order.updated = at.wall;
            persist_order(working, out);
            let order = working.order.clone();
            self.hash_order(&order);
        }
        self.check_later(id, slot, at);
    }

    /// Arms the query of an order that owes an answer, disarms that of one that does not.
    pub(super) fn check_later(&mut self, id: SymbolId, slot: Slot, at: Stamp) {
        let Some(working) = self.symbols[id.index()].slot(slot) else {
            return;
        };
        let owes = working.owes_answer();
        let Some(track) = working.venue.as_mut() else {
            return;
        };
        if owes && track.check.is_none() {
            let delay = track.next_query();
            let armed = self.arm(Timer::OrderCheck(id, slot), at, delay);
            let working = self.symbols[id.index()].slot(slot).as_mut();
            if let Some(track) = working.and_then(|w| w.venue.as_mut()) {
                track.check = Some(armed);
            }
        } else if !owes {
            track.asked = 0;
            let armed = track.check.take();
            self.disarm(armed);
        }
    }

    /// The time of a query came.
    pub(crate) fn check_order(&mut self, id: SymbolId, slot: Slot, at: Stamp, out: &mut Effects) {
        let Some(working) = self.symbols[id.index()].slot(slot) else {
            return;
        };
        let owes = working.owes_answer();
        let is_unknown = working.order.state == OrderState::Unknown;
        let asked = working.venue.as_mut().map_or(0, |track| {
            track.check = None;
            track.asked = track.asked.saturating_add(1);
            track.asked
        });
        if owes {
            out.push(Effect::Query {
                client_id: working.order.client_id.clone(),
                venue_id: working.order.venue_id.clone(),
            });
        }
        if is_unknown && asked >= LISTED_AFTER {
            // Only complete listings prove that it never arrived.
            self.want_reconciliation(out);
        }
        self.check_later(id, slot, at);
    }
}

/// `pct` % beyond the price against the order, on the grid and never past the limit.
fn collar(side: Side, price: Price, pct: Decimal) -> Price {
    let hundred = Decimal::from_int(100).raw();
    let (factor, rounding) = match side {
        Side::Buy => (hundred + pct.raw(), Rounding::Down),
        Side::Sell => (hundred - pct.raw(), Rounding::Up),
    };
    let ticks = Decimal::from_int(price.0)
        .mul_div(factor, hundred, Rounding::HalfEven)
        .and_then(|moved| moved.in_steps_of(Decimal::ONE, rounding))
        .unwrap_or(i128::from(price.0));
    Price(ticks.clamp(1, i128::from(GRID_MAX)) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collar_lies_on_the_grid_and_never_past_its_percentage() {
        let pct = Decimal::new(1, 1);
        assert_eq!(collar(Side::Buy, Price(27_747), pct), Price(27_774));
        assert_eq!(collar(Side::Sell, Price(27_747), pct), Price(27_720));
        let half = Decimal::from_int(50);
        assert_eq!(collar(Side::Sell, Price(1), half), Price(1));
        assert_eq!(collar(Side::Buy, Price(GRID_MAX), half), Price(GRID_MAX));
        assert_eq!(
            collar(Side::Sell, Price(100), Decimal::from_int(100)),
            Price(1)
        );
    }
}
