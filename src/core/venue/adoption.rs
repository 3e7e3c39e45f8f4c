//! Taking over what the venue has and the core does not know: orders of this instance that were
//! forgotten, and, where `exchange.adopt_foreign` says so, orders and positions of somebody else.

use super::news::{ListedOrder, VenueListing};
use super::orders::slot_of;
use super::track::VenueTrack;
use crate::effect::{AlertLevel, Effect, Effects};
use crate::machine::{Core, Numbers};
use crate::market::instrument::GRID_MAX;
use crate::market::{ProductKind, SymbolId};
use crate::orders::client_id::parse;
use crate::orders::execution::persist_order;
use crate::orders::intent::EntryPlan;
use crate::orders::{OrderIntent, Working};
use crate::records::{ExitReason, Leg, OrderKind, OrderState};
use crate::risk::limits::share_pct;
use crate::risk::sizing::RoundTrip;
use crate::symbol::Slot;
use crate::units::{Decimal, Quantity, Rounding, Side, Stamp};

/// Reason of the order that a position taken over is booked by.
const ADOPTED: &str = "adopted";

impl Core {
    /// Takes over an order of this instance that is not known here, as after a start from an older
    /// state.
    pub(super) fn adopt(
        &mut self,
        listed: &ListedOrder,
        name: &'static str,
        at: Stamp,
        out: &mut Effects,
    ) {
        let (Some(id), Some(parsed)) = (listed.symbol, parse(&listed.client_id)) else {
            return;
        };
        if id.index() >= self.symbols.len() || listed.quantity.max(listed.filled).0 > GRID_MAX {
            self.counts.inputs_refused += 1;
            return;
        }
        let text = format!("{} ({}) is taken over", listed.client_id, listed.venue_id);
        self.report(AlertLevel::Warning, name, text, at, out);
        if parsed.session == self.settings.identity.session {
            self.numbers.decision = self.numbers.decision.max(parsed.decision);
            let desk = &mut self.symbols[id.index()].desk;
            desk.exit_number = desk.exit_number.max(parsed.decision);
            desk.protective.number = desk.protective.number.max(parsed.decision);
        }
        let working = self.adopted(id, listed, parsed.leg, parsed.decision, at);
        let slot = slot_of(&working);
        persist_order(&working, out);
        if listed.status.is_final() {
            self.desk.keep(working);
        } else if self.symbols[id.index()].slot(slot).is_none() {
            let symbol = &mut self.symbols[id.index()];
            if slot == Slot::Stop && symbol.position.is_none() {
                // What it protects was made by us too.
                symbol.desk.proven = -working.remaining().0 * listed.side.sign();
            }
            self.put_to_work(id, slot, working, at);
        } else {
            out.push(Effect::Cancel {
                symbol: id,
                client_id: listed.client_id.clone(),
                venue_id: Some(listed.venue_id.clone()),
            });
            self.desk.keep(working);
        }
    }

    fn adopted(
        &mut self,
        id: SymbolId,
        listed: &ListedOrder,
        leg: Leg,
        decision: u64,
        at: Stamp,
    ) -> Working {
        let (symbol, plan) = (&self.symbols[id.index()], self.plan_of_adopted(id));
        let exit = match leg {
            Leg::Entry => None,
            Leg::Close => Some(ExitReason::Strategy),
            Leg::Stop | Leg::Protective => Some(ExitReason::StopLoss),
            Leg::Target => Some(ExitReason::TakeProfit),
            Leg::Guard => Some(ExitReason::EmergencyStop),
        };
        let reference = listed.price.or(symbol.last).unwrap_or_default();
        let intent = OrderIntent {
            symbol: id,
            decision,
            leg,
            side: listed.side,
            kind: match (leg, listed.price) {
                (Leg::Protective, _) => OrderKind::StopLimit,
                (_, Some(_)) => OrderKind::Limit,
                (_, None) => OrderKind::Market,
            },
            quantity: listed.quantity.max(listed.filled),
            price: listed.price,
            reference,
            entry: exit.is_none().then_some(plan),
            exit,
        };
        let mut order = self.new_order(&intent, decision, OrderState::Intended, at);
        // An order of somebody else may have no name but the venue's.
        match listed.client_id.as_str() {
            "" => listed.venue_id.clone_into(&mut order.client_id),
            name => name.clone_into(&mut order.client_id),
        }
        order.venue_id = Some(listed.venue_id.clone());
        order.state = if listed.status.is_final() {
            OrderState::Cancelled
        } else {
            OrderState::Open
        };
        Working {
            order,
            entry: intent.entry,
            exit,
            reference,
            active_after: at.mono,
            started: true,
            timeout: None,
            venue: Some(Box::new(VenueTrack {
                taken: true,
                ..VenueTrack::default()
            })),
        }
    }

    /// Levels and leverage of what was not decided here: the configured ones.
    fn plan_of_adopted(&self, id: SymbolId) -> EntryPlan {
        let symbol = &self.symbols[id.index()];
        let (trading, risk) = (&self.settings.trading, &self.settings.risk);
        let spot = symbol.instrument.kind == ProductKind::Spot;
        let slippage = self.settings.paper.slippage_rate;
        EntryPlan {
            leverage: if spot { 1 } else { trading.leverage },
            stop_pct: risk.default_stop_loss_pct,
            target_pct: risk.default_take_profit_pct,
            round_trip_pct: RoundTrip::new(symbol.fees, slippage, false).pct,
        }
    }

    /// Takes over somebody else's open order: one that opens or adds to a position becomes the
    /// symbol's entry, with the time that an entry has; any other is cancelled, so that it holds back
    /// nothing that our own protection sells.
    pub(super) fn take_over_order(&mut self, listed: &ListedOrder, at: Stamp, out: &mut Effects) {
        let known = listed.symbol.filter(|id| id.index() < self.symbols.len());
        let on_grid = (1..=GRID_MAX).contains(&listed.quantity.max(listed.filled).0);
        let Some(id) = known.filter(|_| on_grid) else {
            let text = format!("{} at the venue is not of a traded symbol", listed.venue_id);
            if self.desk.note_foreign(&listed.venue_id) {
                self.report(AlertLevel::Warning, "foreign_order", text, at, out);
            }
            return;
        };
        let symbol = &self.symbols[id.index()];
        let spot = symbol.instrument.kind == ProductKind::Spot;
        let adds = match &symbol.position {
            Some(position) => position.side == listed.side,
            None => listed.side == Side::Buy || !spot,
        };
        if !adds || symbol.entry.is_some() || symbol.exit.is_some() {
            let text = format!(
                "{}: {} is not ours: cancelled, as everything of this symbol is taken over",
                symbol.instrument.symbol, listed.venue_id
            );
            // It is listed until the cancel has come through: told once, cancelled each time.
            if self
                .desk
                .note_foreign(&format!("cancelled {}", listed.venue_id))
            {
                let name = "foreign_order_cancelled";
                self.report(AlertLevel::Warning, name, text, at, out);
            }
            out.push(Effect::Cancel {
                symbol: id,
                client_id: listed.client_id.clone(),
                venue_id: Some(listed.venue_id.clone()),
            });
            return;
        }
        let text = format!(
            "{}: {} is not ours: taken over as an entry",
            symbol.instrument.symbol, listed.venue_id
        );
        self.report(AlertLevel::Warning, "foreign_order_adopted", text, at, out);
        let number = Numbers::next(&mut self.numbers.decision);
        let working = self.adopted(id, listed, Leg::Entry, number, at);
        persist_order(&working, out);
        self.put_to_work(id, Slot::Entry, working, at);
        // It may have filled since it was listed: what is held is compared once that has settled.
        self.symbols[id.index()].desk.compare_again = true;
    }

    /// The positions that protective orders of ours prove: taken over where the venue still holds them.
    /// Until then their orders rest.
    pub(super) fn claim_positions(&mut self, listing: &VenueListing, at: Stamp, out: &mut Effects) {
        for index in 0..self.symbols.len() {
            let id = SymbolId(index as u16);
            let symbol = &mut self.symbols[index];
            let proven = symbol.desk.proven;
            if proven == 0 {
                continue;
            }
            let mut listed = listing.positions.iter();
            let listed = listed.find(|listed| listed.symbol == id);
            let holds =
                |theirs: i64| theirs.signum() == proven.signum() && theirs.abs() >= proven.abs();
            if symbol.position.is_none()
                && symbol.stop.is_some()
                && listed.is_none_or(|listed| holds(listed.lots))
            {
                if listed.is_some() {
                    self.take_over_position(id, proven, "position_found", at, out);
                }
            } else {
                symbol.desk.proven = 0;
            }
            let symbol = &mut self.symbols[index];
            if symbol.position.is_some() {
                symbol.desk.proven = 0;
            }
        }
    }

    /// Takes over what the venue holds of a symbol beyond what is ours: at the mark, with the
    /// configured stop and target. What is too small to be sold stays where it is.
    pub(super) fn take_over_position(
        &mut self,
        id: SymbolId,
        lots: i64,
        name: &'static str,
        at: Stamp,
        out: &mut Effects,
    ) {
        let symbol = &mut self.symbols[id.index()];
        // Without the account's cash even what lies there by right would look like too much.
        let Some(price) = symbol.last.filter(|_| self.desk.baselined) else {
            symbol.desk.compare_again = true;
            return;
        };
        symbol.desk.compare_again = false;
        symbol.desk.foreign = 0;
        let (side, quantity) = match lots {
            ..0 => (Side::Sell, Quantity(-lots.max(-GRID_MAX))),
            _ => (Side::Buy, Quantity(lots.min(GRID_MAX))),
        };
        let instrument = &symbol.instrument;
        let value = instrument.notional(price, quantity);
        let size = instrument.quantity(quantity);
        if quantity.is_zero() || instrument.is_below_minimum(price, quantity) {
            return;
        }
        let held = symbol.position.as_ref().map(|p| p.quantity());
        if !symbol
            .countable
            .holds(price, held.unwrap_or_default() + quantity)
        {
            return self.price_uncountable(id, price, at, out);
        }
        let whose = match symbol.desk.proven {
            0 => "is not ours",
            _ => "was unknown here and is ours by its protective order",
        };
        let text = format!(
            "{}: {size} at the venue {whose}: taken over at {}",
            instrument.symbol,
            instrument.price(price)
        );
        let spot = instrument.kind == ProductKind::Spot;
        if let Some(used) = self.margin_too_large_with(id, value) {
            return self.leave_position(id, lots, used, at, out);
        }
        self.report(AlertLevel::Warning, name, text, at, out);
        if spot {
            // What it was bought with never was in these books.
            self.shift(value);
        }
        let plan = self.plan_of_adopted(id);
        let intent = OrderIntent {
            symbol: id,
            decision: 0,
            leg: Leg::Entry,
            side,
            kind: OrderKind::Market,
            quantity,
            price: None,
            reference: price,
            entry: Some(plan),
            exit: None,
        };
        self.book_correction(id, &intent, ADOPTED, at, out);
        self.settle(id);
    }

    /// The margin that would be used with a further holding of this value, in % of equity, where that
    /// would set off the emergency stop, which would sell what was just taken over.
    fn margin_too_large_with(&self, id: SymbolId, value: Decimal) -> Option<Decimal> {
        let spot = self.symbols[id.index()].instrument.kind == ProductKind::Spot;
        let position = self.symbols[id.index()].position.as_ref();
        let plan = position.map_or_else(|| self.plan_of_adopted(id), |position| position.plan);
        let leverage = i128::from(plan.leverage.max(1));
        let margin = value.mul_div(1, leverage, Rounding::HalfEven)?;
        let equity = self.equity() + if spot { value } else { Decimal::ZERO };
        let used = share_pct(self.margin_used() + margin, equity);
        (used >= self.settings.risk.emergency_margin_pct).then_some(used)
    }

    /// A holding that is too large for this account's rules is told once; contracts count as exposure.
    fn leave_position(
        &mut self,
        id: SymbolId,
        lots: i64,
        used: Decimal,
        at: Stamp,
        out: &mut Effects,
    ) {
        let symbol = &mut self.symbols[id.index()];
        let name = symbol.instrument.symbol.clone();
        if symbol.instrument.kind != ProductKind::Spot {
            symbol.desk.foreign = lots.clamp(-GRID_MAX, GRID_MAX);
        }
        if self.desk.note_foreign(&name) {
            let text = format!(
                "{name}: what is held at the venue would take the margin used to {used:.2} % of \
                 equity, {} % at most: not taken over",
                self.settings.risk.emergency_margin_pct
            );
            self.report(AlertLevel::Warning, "foreign_position", text, at, out);
        }
    }

    /// What waited for a price, for the account's cash or for an order's news to settle is looked at
    /// again once all is there.
    pub(crate) fn compare_again_if_known(&mut self, id: SymbolId, at: Stamp, out: &mut Effects) {
        let symbol = &mut self.symbols[id.index()];
        let known = symbol.last.is_some() && self.desk.baselined;
        if symbol.desk.compare_again && known && !symbol.desk.in_motion(at.mono) {
            symbol.desk.compare_again = false;
            self.want_reconciliation(out);
        }
    }
}
