//! Our orders and positions held against the venue's listing: named differences, nothing done yet.
//!
//! Pure: the same listing again yields nothing that the first time resolved. What was touched within
//! 5 s is left alone. A listing that is not complete proves what is in it and no absence.

use super::Working;
use super::client_id::parse;
use crate::market::SymbolId;
use crate::records::OrderState;
use crate::units::{Quantity, Timestamp};
use crate::venue::track::{ABSENT_FOR, ABSENT_TIMES, in_motion};
use crate::venue::{ListedFill, ListedOrder, VenueListing, VenueState};
use std::collections::{BTreeMap, BTreeSet};

/// What is known on our side.
pub struct Ours<'a> {
    /// How our client ids begin.
    pub head: &'a str,
    /// Orders at work.
    pub working: Vec<&'a Working>,
    /// Orders that are through, as far as they are remembered.
    pub finished: Vec<&'a Working>,
    /// Whether a fill was counted.
    pub knows_fill: &'a dyn Fn(&str) -> bool,
    /// Whether a foreign order was reported.
    pub knows_foreign: &'a dyn Fn(&str) -> bool,
    /// Everything of the venue is known since then; what ended before is nobody's business.
    pub since: Option<Timestamp>,
    /// Monotonic nanoseconds.
    pub now: i64,
}

/// What is to be done about one difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// An order whose outcome was open has this id at the venue.
    Found { client_id: String, venue_id: String },
    /// An order of ours that we do not know: taken over.
    Adopted(ListedOrder),
    /// An execution that we have not counted.
    MissingFill { client_id: String, fill: ListedFill },
    /// The venue knows more about where an order stands.
    Stands {
        client_id: String,
        status: VenueState,
        filled: Quantity,
    },
    /// An order without answer is in no list: once more, and not yet often enough.
    Absent { client_id: String },
    /// It is absent from three complete listings over 60 s: it was never sent.
    NeverSent { client_id: String },
    /// An order that the venue had is in no list: asked about by its id.
    Gone { client_id: String },
    /// Somebody else's order: reported, not touched.
    ForeignOrder(ListedOrder),
    /// The venue does not hold what is ours: its holding counts. Signed lots.
    PositionDiffers {
        symbol: SymbolId,
        ours: i64,
        theirs: i64,
    },
    /// A holding beyond ours that is to be taken over. Signed lots.
    AdoptedPosition { symbol: SymbolId, lots: i64 },
    /// What is held beside ours: somebody else's, counted as exposure; 0 = none any more. Signed lots.
    ForeignPosition { symbol: SymbolId, lots: i64 },
    /// Spot held beyond ours: somebody else's and no exposure of ours.
    ForeignHolding { symbol: SymbolId, lots: i64 },
}

impl Resolution {
    /// Of a holding that counts: its symbol, and the lots that the difference is about.
    pub const fn holding(&self) -> Option<(SymbolId, i64)> {
        match self {
            Self::PositionDiffers { symbol, theirs, .. } => Some((*symbol, *theirs)),
            Self::AdoptedPosition { symbol, lots } | Self::ForeignPosition { symbol, lots } => {
                Some((*symbol, *lots))
            }
            _ => None,
        }
    }

    /// Stable name, as events carry it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Found { .. } => "order_found",
            Self::Adopted(_) => "order_adopted",
            Self::MissingFill { .. } => "fill_applied",
            Self::Stands { .. } => "order_state",
            Self::Absent { .. } => "order_absent",
            Self::NeverSent { .. } => "order_never_sent",
            Self::Gone { .. } => "order_gone",
            Self::ForeignOrder(_) => "foreign_order",
            Self::PositionDiffers { .. } => "position_differs",
            Self::AdoptedPosition { .. } => "position_adopted",
            Self::ForeignPosition { .. } => "foreign_position",
            Self::ForeignHolding { .. } => "foreign_holding",
        }
    }
}

/// Differences of orders and fills, in the order in which they are to be resolved.
pub fn reconcile_orders(ours: &Ours<'_>, listing: &VenueListing) -> Vec<Resolution> {
    let listed = || listing.open.iter().chain(&listing.recent);
    // Which order of ours an id of the venue is, whoever says so.
    let mut names: BTreeMap<&str, &str> = BTreeMap::new();
    for order in ours.all().map(|w| &w.order) {
        if let Some(venue_id) = &order.venue_id {
            names.insert(venue_id, &order.client_id);
        }
    }
    for order in listed().filter(|o| o.client_id.starts_with(ours.head)) {
        names.insert(&order.venue_id, &order.client_id);
    }
    let mut done = Vec::new();
    let mut seen = BTreeSet::new();
    let mut states = Vec::new();
    for order in listed() {
        match names.get(order.venue_id.as_str()) {
            Some(client_id) if seen.insert(*client_id) => {
                ours.judge(order, client_id, listing, &mut done, &mut states);
            }
            Some(_) => {}
            None => {
                let open = !order.status.is_final();
                if open && seen.insert(&order.venue_id) && !(ours.knows_foreign)(&order.venue_id) {
                    done.push(Resolution::ForeignOrder(order.clone()));
                }
            }
        }
    }
    let known = ours.known_after(&done);
    let mut fills: Vec<&ListedFill> = listing
        .fills
        .iter()
        .filter(|fill| !(ours.knows_fill)(&fill.fill_id))
        .collect();
    fills.sort_by(|a, b| (a.time, &a.fill_id).cmp(&(b.time, &b.fill_id)));
    fills.dedup_by(|a, b| a.fill_id == b.fill_id);
    for fill in fills {
        if let Some(client_id) = names.get(fill.venue_id.as_str())
            && known.contains(*client_id)
        {
            seen.insert(client_id);
            done.push(Resolution::MissingFill {
                client_id: (*client_id).to_owned(),
                fill: fill.clone(),
            });
        }
    }
    done.append(&mut states);
    if listing.complete {
        done.extend(ours.unlisted(&seen));
    }
    done
}

impl<'a> Ours<'a> {
    fn all(&self) -> impl Iterator<Item = &'a Working> {
        self.working.iter().chain(&self.finished).copied()
    }

    /// One listed order that is ours by its id.
    fn judge(
        &self,
        listed: &ListedOrder,
        client_id: &str,
        listing: &VenueListing,
        done: &mut Vec<Resolution>,
        states: &mut Vec<Resolution>,
    ) {
        let is = |w: &&&Working| w.order.client_id == client_id;
        let client_id = client_id.to_owned();
        if let Some(working) = self.working.iter().find(is) {
            let Some(track) = working.venue.as_deref() else {
                return;
            };
            if in_motion(track.touched, self.now) {
                return;
            }
            let order = &working.order;
            if order.venue_id.is_none() {
                done.push(Resolution::Found {
                    client_id: client_id.clone(),
                    venue_id: listed.venue_id.clone(),
                });
            }
            let news = listed.status.is_final() && track.ended.is_none()
                || is_unproven(order.state)
                || listed.filled.min(order.quantity) > track.told;
            if news {
                states.push(Resolution::Stands {
                    client_id,
                    status: listed.status,
                    filled: listed.filled,
                });
            }
        } else if let Some(working) = self.finished.iter().find(is) {
            let given_up = working.order.state == OrderState::NeverSent;
            if given_up && working.order.venue_id.is_none() {
                done.push(Resolution::Found {
                    client_id,
                    venue_id: listed.venue_id.clone(),
                });
            }
        } else if self.is_to_adopt(listed, &client_id, listing) {
            done.push(Resolution::Adopted(ListedOrder {
                client_id,
                ..listed.clone()
            }));
        }
    }

    /// An order of this instance that we do not know is taken over while it works, or if it filled
    /// since everything is followed.
    fn is_to_adopt(&self, listed: &ListedOrder, client_id: &str, listing: &VenueListing) -> bool {
        if listed.symbol.is_none() || parse(client_id).is_none() {
            return false;
        }
        if listed.quantity.is_zero() && listed.filled.is_zero() {
            return false;
        }
        let filled_since = || {
            listing.fills.iter().any(|fill| {
                fill.venue_id == listed.venue_id
                    && self.since.is_some_and(|since| fill.time > since)
                    && !(self.knows_fill)(&fill.fill_id)
            })
        };
        !listed.status.is_final() || filled_since()
    }

    /// Client ids of orders that a fill may be counted on.
    fn known_after(&self, done: &[Resolution]) -> BTreeSet<String> {
        let ours = self.all().map(|w| w.order.client_id.clone());
        let adopted = done.iter().filter_map(|resolution| match resolution {
            Resolution::Adopted(order) => Some(order.client_id.clone()),
            _ => None,
        });
        ours.chain(adopted).collect()
    }

    /// Orders at work that a complete listing does not have.
    fn unlisted(&self, seen: &BTreeSet<&str>) -> Vec<Resolution> {
        let missing = self.working.iter().filter(|working| {
            let track = working.venue.as_deref();
            track.is_some_and(|track| !in_motion(track.touched, self.now))
                && !seen.contains(working.order.client_id.as_str())
        });
        missing
            .filter_map(|working| {
                let track = working.venue.as_deref()?;
                let client_id = working.order.client_id.clone();
                Some(match working.order.state {
                    state if !is_unproven(state) => Resolution::Gone { client_id },
                    OrderState::Unknown
                        if track.absent + 1 >= ABSENT_TIMES
                            && self.now.saturating_sub(track.absent_since) >= ABSENT_FOR.0 =>
                    {
                        Resolution::NeverSent { client_id }
                    }
                    _ => Resolution::Absent { client_id },
                })
            })
            .collect()
    }
}

const fn is_unproven(state: OrderState) -> bool {
    matches!(
        state,
        OrderState::Intended | OrderState::Durable | OrderState::Sent | OrderState::Unknown
    )
}

/// A holding of ours, as it is compared.
#[derive(Clone, Copy, Debug)]
pub struct OurPosition {
    pub symbol: SymbolId,
    /// Signed lots of ours.
    pub lots: i64,
    /// Signed lots that are known to be somebody else's.
    pub foreign: i64,
    /// Spot: more than ours is somebody else's; it is told and no concern of ours.
    pub spot: bool,
    /// What is not ours is taken over.
    pub adopts: bool,
    /// No order is on its way that could explain a difference.
    pub settled: bool,
}

/// Differences of positions, once orders and fills are resolved.
pub fn reconcile_positions(ours: &[OurPosition], listing: &VenueListing) -> Vec<Resolution> {
    let mut done = Vec::new();
    for listed in &listing.positions {
        let Some(our) = ours.iter().find(|our| our.symbol == listed.symbol) else {
            continue;
        };
        let (symbol, theirs) = (our.symbol, listed.lots);
        if !our.settled {
            continue;
        }
        let more = theirs.saturating_sub(our.lots);
        let adds = more != 0 && (our.lots == 0 || (more > 0) == (our.lots > 0));
        if our.adopts && adds && (!our.spot || more > 0) {
            done.push(Resolution::AdoptedPosition { symbol, lots: more });
        } else if our.spot {
            if theirs < our.lots {
                done.push(Resolution::PositionDiffers {
                    symbol,
                    ours: our.lots,
                    theirs: theirs.max(0),
                });
            } else if more > 0 {
                done.push(Resolution::ForeignHolding { symbol, lots: more });
            }
        } else {
            done.extend(our.contract_difference(theirs));
        }
    }
    done
}

impl OurPosition {
    /// A venue nets what is ours and what is somebody else's of a contract. Ours is what our own fills
    /// made of it, so what is held beyond it, or against it by one who stood against it before, is his.
    /// Only what the venue cannot hold is not ours any more; nothing makes ours more.
    fn contract_difference(&self, theirs: i64) -> Option<Resolution> {
        let symbol = self.symbol;
        let foreign = theirs.saturating_sub(self.lots);
        let opposes = |lots: i64| lots.signum() * self.lots.signum() < 0;
        if foreign == self.foreign {
            None
        } else if opposes(foreign) && !opposes(self.foreign) {
            Some(Resolution::PositionDiffers {
                symbol,
                ours: self.lots,
                theirs,
            })
        } else {
            Some(Resolution::ForeignPosition {
                symbol,
                lots: foreign,
            })
        }
    }
}
