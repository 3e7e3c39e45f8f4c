//! What the venue lists becomes ours: each difference by its name, with a row.

use super::news::{ListedFill, OrderNews, VenueListing};
use super::orders::Kept;
use crate::effect::{AlertLevel, Effect, Effects};
use crate::machine::{Core, Numbers};
use crate::market::instrument::GRID_MAX;
use crate::market::{ProductKind, SymbolId};
use crate::orders::execution::{Booking, persist_order};
use crate::orders::reconcile::{
    OurPosition, Ours, Resolution, reconcile_orders, reconcile_positions,
};
use crate::orders::{OrderIntent, Working};
use crate::records::{ExitReason, Leg, OrderKind, OrderState, Record};
use crate::risk::breaker::FailureWeight;
use crate::settings::Execution;
use crate::state_hash::Tag;
use crate::symbol::Symbol;
use crate::units::{Decimal, Quantity, Span, Stamp};

/// An order that moved within this time may explain a difference of holdings.
const LATELY: Span = Span::from_secs(60);

impl Core {
    /// Everything the venue has of ours.
    pub(crate) fn listing(&mut self, at: Stamp, listing: &VenueListing, out: &mut Effects) {
        self.hash.words(Tag::Listing, &[at.wall.0.into()]);
        self.hash_json(listing);
        if self.settings.execution == Execution::Paper {
            self.counts.inputs_refused += 1;
            return;
        }
        self.desk.since.get_or_insert(at.wall);
        let took = at.wall.0.saturating_sub(listing.at.0).max(0);
        let began = at.mono.saturating_sub(took);
        self.desk.listed_from = Some(began);
        for resolution in self.order_differences(at, listing) {
            self.resolve(resolution, at, out);
        }
        self.claim_positions(listing, at, out);
        let adopts = self.settings.trading.adopt_foreign;
        let ours = self.symbols.iter();
        let held: Vec<OurPosition> = ours.map(|s| held(s, adopts, began, at)).collect();
        let differences = reconcile_positions(&held, listing);
        for index in 0..self.symbols.len() {
            let id = SymbolId(index as u16);
            let is_of = |each: &Resolution| each.holding().is_some_and(|(of, _)| of == id);
            if !differences.iter().any(is_of) {
                self.symbols[index].desk.differs = None;
            }
        }
        for resolution in differences {
            if self.is_certain(&resolution, at, out) {
                self.resolve(resolution, at, out);
            }
        }
        if listing.complete {
            self.round_ended(at, out);
        } else {
            self.round_failed("the listing is not complete", at, out);
        }
    }

    /// Whether a difference of holdings is one. The venue may tell of a holding before it tells of the fill
    /// that made it: with an order of ours at work, or lately, it is to be seen twice before anything
    /// follows from it, and nothing is entered until then.
    fn is_certain(&mut self, difference: &Resolution, at: Stamp, out: &mut Effects) -> bool {
        let Some((id, theirs)) = difference.holding() else {
            return true;
        };
        let symbol = &mut self.symbols[id.index()];
        let orders = [&symbol.entry, &symbol.exit, &symbol.stop, &symbol.target];
        let explains = orders.into_iter().any(Option::is_some)
            || symbol.desk.moved_since(at.mono - LATELY.0, at.mono);
        let ours = symbol.position.as_ref().map_or(0, |p| p.signed());
        let before = symbol.desk.differs;
        if !explains || symbol.desk.differs_still(ours, theirs, at.mono) {
            symbol.desk.differs = None;
            return true;
        }
        if before == symbol.desk.differs {
            return false;
        }
        let text = format!(
            "{}: {}: {ours} lots here, {theirs} told by the venue: looked at once more",
            symbol.instrument.symbol,
            difference.name()
        );
        self.desk.doubt_anew();
        self.report(AlertLevel::Info, "position_in_doubt", text, at, out);
        false
    }

    fn order_differences(&self, at: Stamp, listing: &VenueListing) -> Vec<Resolution> {
        let working = self
            .symbols
            .iter()
            .flat_map(|s| [&s.entry, &s.exit, &s.stop]);
        let head = self.own_head();
        let ours = Ours {
            head: &head,
            working: working.flatten().collect(),
            finished: self.desk.finished.iter().collect(),
            knows_fill: &|id| self.desk.knows_fill(id),
            knows_foreign: &|id| self.desk.knows_foreign(id),
            since: self.desk.since,
            now: at.mono,
        };
        reconcile_orders(&ours, listing)
    }

    fn resolve(&mut self, resolution: Resolution, at: Stamp, out: &mut Effects) {
        let name = resolution.name();
        match resolution {
            Resolution::Found {
                client_id,
                venue_id,
            } => {
                let text = format!("{client_id} is {venue_id} at the venue");
                self.report(AlertLevel::Info, name, text, at, out);
                self.take_news(at, &client_id, &OrderNews::Accepted { venue_id }, out);
            }
            Resolution::Adopted(order) => self.adopt(&order, name, at, out),
            Resolution::MissingFill { client_id, fill } => {
                let text = format!("{} of {client_id} was not counted", fill.fill_id);
                self.report(AlertLevel::Info, name, text, at, out);
                self.take_news(at, &client_id, &filled(fill), out);
            }
            Resolution::Stands {
                client_id,
                status,
                filled,
            } => {
                let text = format!("{client_id}: {status:?}, {} lots filled", filled.0);
                self.report(AlertLevel::Info, name, text, at, out);
                self.take_news(at, &client_id, &OrderNews::State { status, filled }, out);
            }
            Resolution::Absent { client_id } => self.absent(&client_id, name, at, out),
            Resolution::NeverSent { client_id } => {
                let reason = "in none of three listings over 60 s".to_owned();
                let text = format!("{client_id}: {reason}");
                self.report(AlertLevel::Warning, name, text, at, out);
                self.take_news(at, &client_id, &OrderNews::NeverSent { reason }, out);
            }
            Resolution::Gone { client_id } => self.ask_for(&client_id, name, at, out),
            Resolution::ForeignOrder(order) if self.settings.trading.adopt_foreign => {
                self.take_over_order(&order, at, out);
            }
            Resolution::AdoptedPosition { symbol, lots } => {
                self.take_over_position(symbol, lots, name, at, out);
            }
            Resolution::ForeignOrder(order) => {
                self.desk.note_foreign(&order.venue_id);
                let text = format!("{} at the venue is not ours: not touched", order.venue_id);
                self.report(AlertLevel::Warning, name, text, at, out);
            }
            Resolution::ForeignPosition { symbol, lots } => {
                self.foreign_position(symbol, lots, name, at, out);
            }
            Resolution::ForeignHolding { symbol, lots } => {
                self.foreign_holding(symbol, lots, name, at, out);
            }
            Resolution::PositionDiffers {
                symbol,
                ours,
                theirs,
            } => {
                let what = &self.symbols[symbol.index()].instrument.symbol;
                let text = format!("{what}: {name}: {ours} lots here, {theirs} at the venue");
                self.correct_position(symbol, theirs, at, out);
                self.position_error(text.clone(), at, out);
                self.exchange_failed(FailureWeight::Opens, &text, at, out);
            }
        }
    }

    /// An order without answer is in no list.
    fn absent(&mut self, client_id: &str, name: &'static str, at: Stamp, out: &mut Effects) {
        let Some(Kept::Slot(id, slot)) = self.kept(client_id) else {
            return;
        };
        let Some(working) = self.symbols[id.index()].slot(slot) else {
            return;
        };
        let state = working.order.state;
        let track = working.venue.get_or_insert_default();
        if track.absent == 0 {
            track.absent_since = at.mono;
        }
        track.absent = track.absent.saturating_add(1);
        let text = format!(
            "{client_id}: in no list of the venue, time {}",
            track.absent
        );
        self.report(AlertLevel::Info, name, text.clone(), at, out);
        if state != OrderState::Unknown {
            self.step(id, slot, OrderState::Unknown, at, out);
            self.exchange_failed(FailureWeight::Double, &text, at, out);
        }
        self.check_later(id, slot, at);
    }

    /// An order that the venue had is in no list.
    fn ask_for(&mut self, client_id: &str, name: &'static str, at: Stamp, out: &mut Effects) {
        let Some(Kept::Slot(id, slot)) = self.kept(client_id) else {
            return;
        };
        let Some(working) = self.symbols[id.index()].slot(slot) else {
            return;
        };
        let query = Effect::Query {
            client_id: working.order.client_id.clone(),
            venue_id: working.order.venue_id.clone(),
        };
        let text = format!("{client_id} is in no list of the venue: asked for");
        self.report(AlertLevel::Warning, name, text, at, out);
        out.push(query);
    }

    fn foreign_position(
        &mut self,
        id: SymbolId,
        lots: i64,
        name: &'static str,
        at: Stamp,
        out: &mut Effects,
    ) {
        let symbol = &mut self.symbols[id.index()];
        symbol.desk.foreign = lots.clamp(-GRID_MAX, GRID_MAX);
        let name_of = &symbol.instrument.symbol;
        let text = match lots {
            0 => format!("{name_of}: nothing at the venue is somebody else's any more"),
            _ => format!(
                "{name_of}: {lots} lots at the venue are not ours: counted as exposure, not touched"
            ),
        };
        self.report(AlertLevel::Warning, name, text, at, out);
    }

    /// What the account holds of a spot symbol beyond ours, told once; crumbs that nobody could sell
    /// are not.
    fn foreign_holding(
        &mut self,
        id: SymbolId,
        lots: i64,
        name: &'static str,
        at: Stamp,
        out: &mut Effects,
    ) {
        let symbol = &self.symbols[id.index()];
        let (instrument, lots) = (&symbol.instrument, Quantity(lots.min(GRID_MAX)));
        let size = instrument.quantity(lots);
        let is_crumb = match symbol.last {
            Some(mark) if symbol.countable.holds(mark, lots) => {
                instrument.is_below_minimum(mark, lots)
            }
            _ => size < instrument.min_quantity,
        };
        let what = instrument.symbol.clone();
        if !is_crumb && self.desk.note_foreign(&format!("{what} held")) {
            let text =
                format!("{what}: {size} held beyond ours is not ours: not counted, not touched");
            self.report(AlertLevel::Info, name, text, at, out);
        }
    }

    /// The venue's holding counts: what is missing here comes in, what is too much goes, at the mark
    /// and without fee. What lies on the other side is not ours.
    pub(super) fn correct_position(
        &mut self,
        id: SymbolId,
        theirs: i64,
        at: Stamp,
        out: &mut Effects,
    ) {
        let symbol = &mut self.symbols[id.index()];
        let Some(position) = &symbol.position else {
            return;
        };
        let theirs = theirs.clamp(-GRID_MAX, GRID_MAX);
        let (side, have) = (position.side, position.quantity());
        let want = Quantity((theirs * side.sign()).max(0));
        let price = symbol
            .last
            .unwrap_or_else(|| position.level_at_pct(Decimal::ZERO));
        if !symbol.countable.holds(price, want.max(have)) {
            return self.price_uncountable(id, price, at, out);
        }
        let (plan, decision) = (position.plan, position.decision);
        if symbol.instrument.kind != ProductKind::Spot {
            symbol.desk.foreign = if want.is_zero() { theirs } else { 0 };
        }
        let less = want < have;
        let intent = OrderIntent {
            symbol: id,
            decision,
            leg: if less { Leg::Guard } else { Leg::Entry },
            side: if less { side.opposite() } else { side },
            kind: OrderKind::Market,
            quantity: if less { have - want } else { want - have },
            price: None,
            reference: price,
            entry: (!less).then_some(plan),
            exit: less.then_some(ExitReason::Reconciled),
        };
        let name = ExitReason::Reconciled.name();
        self.book_correction(id, &intent, name, at, out);
        self.settle(id);
    }

    /// Books what was not ordered here: at its reference, without fee.
    pub(super) fn book_correction(
        &mut self,
        id: SymbolId,
        intent: &OrderIntent,
        reason: &str,
        at: Stamp,
        out: &mut Effects,
    ) {
        let number = Numbers::next(&mut self.numbers.decision);
        let desk = &mut self.symbols[id.index()].desk;
        desk.exit_number = desk.exit_number.max(number);
        let mut working = Working {
            order: self.new_order(intent, number, OrderState::Intended, at),
            entry: intent.entry,
            exit: intent.exit,
            reference: intent.reference,
            active_after: at.mono,
            started: true,
            timeout: None,
            venue: None,
        };
        reason.clone_into(&mut working.order.reason);
        let booking = Booking {
            price: intent.reference,
            quantity: intent.quantity,
            maker: false,
            fee: Decimal::ZERO,
            reference: intent.reference,
            time: at.wall,
            venue_id: None,
        };
        let fill = self.book(id, &mut working, booking, at);
        self.hash_order(&working.order);
        persist_order(&working, out);
        out.push(Effect::Persist(Box::new(Record::Fill(fill.clone()))));
        self.apply_fill(id, &fill, number, (intent.entry, intent.exit), at, out);
    }
}

fn held(symbol: &Symbol, adopts: bool, began: i64, at: Stamp) -> OurPosition {
    let orders = symbol.entry.iter().chain(&symbol.exit).chain(&symbol.stop);
    let mut on_the_way = orders.filter(|working| {
        let state = working.order.state;
        working.owes_answer()
            || matches!(
                state,
                OrderState::Intended | OrderState::Durable | OrderState::Sent
            )
    });
    OurPosition {
        symbol: symbol.id,
        lots: symbol.position.as_ref().map_or(0, |p| p.signed()),
        foreign: symbol.desk.foreign,
        spot: symbol.instrument.kind == ProductKind::Spot,
        adopts,
        settled: !symbol.desk.moved_since(began, at.mono)
            && on_the_way.next().is_none()
            && symbol.desk.proven == 0,
    }
}

fn filled(fill: ListedFill) -> OrderNews {
    OrderNews::Filled {
        fill_id: fill.fill_id,
        price: fill.price,
        quantity: fill.quantity,
        fee: fill.fee,
        maker: fill.maker,
        time: fill.time,
    }
}
