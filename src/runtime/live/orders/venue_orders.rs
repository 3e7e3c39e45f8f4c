//! Real orders: an intent is durable before it is sent, it is sent once, and what became of it is
//! found out whatever the connection does.
//!
//! The core's order goes into the ledger with everything before it; only when that commit has come
//! back does the request leave. An answer that may mean anything makes the order *unknown*: it is
//! asked for, never sent again.

use super::terms::terms;
use crate::core::effect::Effect;
use crate::core::input::{Input, OrderEvent, OrderNews, VenueState};
use crate::core::market::SymbolId;
use crate::core::records::OrderState;
use crate::core::units::stamp::SECOND;
use crate::core::units::{Stamp, Timestamp};
use crate::core::venue::OrderRequest;
use crate::exchange::calls::{Call, CallAnswer, Standing};
use crate::exchange::orders::{NewOrder, VenueFill, VenueOrder, VenueOrderStatus};
use crate::log;
use crate::runtime::jobs::EffectClass;
use crate::runtime::live::calls::caller::{CallTrouble, Ended};
use crate::runtime::live::job::LiveJob;
use crate::runtime::live::session::{Purpose, Session, TARGET};
use crate::runtime::shell::Shell;

/// How far before its sending an order is looked for in the venue's lists.
const LOOK_BACK: i64 = 10 * SECOND;
/// Events of the user channel kept in one turn. What is beyond them is asked for instead.
pub(in crate::runtime::live) const NEWS_MAX: usize = 1024;

/// Orders on their way out.
#[derive(Debug, Default)]
pub(in crate::runtime::live) struct Outgoing {
    /// Not yet in the ledger.
    intended: Vec<OrderRequest>,
    /// In the batch that is being written.
    committing: Vec<OrderRequest>,
}

impl Outgoing {
    pub fn is_empty(&self) -> bool {
        self.intended.is_empty() && self.committing.is_empty()
    }

    /// Something waits for a commit.
    pub fn wants_commit(&self) -> bool {
        !self.intended.is_empty()
    }

    /// A batch with everything so far is on its way.
    pub fn commit_begins(&mut self) {
        self.committing.append(&mut self.intended);
    }
}

impl Session<'_> {
    /// What the core wants of the venue, taken out of its effects.
    pub(in crate::runtime::live) fn venue_effects(&mut self, shell: &mut Shell<LiveJob>) {
        // An order that is cancelled before it was sent may lead to another one at once: what is added
        // on the way is carried out too.
        let mut next = 0;
        while let Some(effect) = self.effects.get(next) {
            next += 1;
            let is_wish = matches!(
                effect,
                Effect::Submit(_)
                    | Effect::Cancel { .. }
                    | Effect::Query { .. }
                    | Effect::Reconcile
            );
            if !is_wish {
                continue;
            }
            let wish = effect.clone();
            match wish {
                Effect::Submit(request) => self.outgoing.intended.push(*request),
                Effect::Cancel {
                    client_id,
                    venue_id,
                    ..
                } => self.cancel_order(&client_id, venue_id, shell),
                Effect::Query {
                    client_id,
                    venue_id,
                } => self.query_order(client_id, venue_id, shell),
                Effect::Reconcile => self.reconcile(shell),
                _ => {}
            }
        }
    }

    pub(in crate::runtime::live) fn news(
        &mut self,
        stamp: Stamp,
        client_id: &str,
        news: OrderNews,
    ) {
        let client_id = client_id.to_owned();
        self.input(stamp, Input::Order(OrderEvent { client_id, news }));
    }

    /// The batch with these intents is in the ledger: they are sent.
    pub(in crate::runtime::live) fn intents_durable(&mut self, stamp: Stamp) {
        for request in std::mem::take(&mut self.outgoing.committing) {
            let client_id = request.order.client_id.clone();
            self.news(stamp, &client_id, OrderNews::Durable);
            let order = self.new_order(&request);
            let purpose = Purpose::Place {
                client_id: client_id.clone(),
            };
            if self
                .caller
                .ask(Call::Place(order), purpose, EffectClass::Order)
            {
                self.news(stamp, &client_id, OrderNews::Sent);
            } else {
                let reason = "refused: queue full".to_owned();
                self.news(stamp, &client_id, OrderNews::NeverSent { reason });
            }
        }
    }

    /// The ledger refuses: nothing of these is sent.
    pub(in crate::runtime::live) fn intents_lost(&mut self, why: &str, stamp: Stamp) {
        let mut lost = std::mem::take(&mut self.outgoing.committing);
        lost.append(&mut self.outgoing.intended);
        for request in lost {
            let reason = format!("the ledger did not take it: {why}");
            self.news(
                stamp,
                &request.order.client_id,
                OrderNews::NeverSent { reason },
            );
        }
    }

    /// The order as the venue is to have it.
    fn new_order(&self, request: &OrderRequest) -> NewOrder {
        let market = self.markets.market(request.symbol);
        NewOrder {
            client_id: request.order.client_id.clone(),
            product: market.product.clone(),
            side: request.order.side,
            terms: terms(request, &market.instrument),
            leverage: None,
        }
    }

    fn cancel_order(
        &mut self,
        client_id: &str,
        venue_id: Option<String>,
        shell: &mut Shell<LiveJob>,
    ) {
        let stamp = self.stamp(shell);
        if let Some(index) = self
            .outgoing
            .intended
            .iter()
            .position(|request| request.order.client_id == client_id)
        {
            self.outgoing.intended.remove(index);
            let reason = "cancelled before it was sent".to_owned();
            self.news(stamp, client_id, OrderNews::NeverSent { reason });
            return;
        }
        let Some(venue_id) = venue_id else {
            return;
        };
        let call = Call::Cancel {
            venue_ids: vec![venue_id],
        };
        let purpose = Purpose::Cancel {
            client_id: client_id.to_owned(),
        };
        if !self.caller.ask(call, purpose, EffectClass::Order) {
            let reason = "refused: queue full".to_owned();
            self.news(stamp, client_id, OrderNews::CancelRefused { reason });
        }
    }

    fn query_order(
        &mut self,
        client_id: String,
        venue_id: Option<String>,
        shell: &mut Shell<LiveJob>,
    ) {
        let call = match venue_id {
            Some(venue_id) => Call::Order { venue_id },
            // The venue has no question by our own id: its list since the sending is looked through.
            None => {
                let Some((symbol, created)) = self.working(&client_id) else {
                    return;
                };
                Call::Orders {
                    product: self.markets.market(symbol).product.clone(),
                    standing: Standing::Any,
                    since: Some(Timestamp(created.0 - LOOK_BACK)),
                    cursor: String::new(),
                }
            }
        };
        // Not asked now is asked again by the core's own timer.
        self.caller
            .ask(call, Purpose::Query { client_id }, EffectClass::Order);
        let _ = shell;
    }

    /// Symbol and time of one of the core's working orders.
    fn working(&self, client_id: &str) -> Option<(SymbolId, Timestamp)> {
        self.core.symbols().iter().find_map(|symbol| {
            [&symbol.entry, &symbol.exit, &symbol.stop, &symbol.target]
                .into_iter()
                .flatten()
                .find(|working| working.order.client_id == client_id)
                .map(|working| (symbol.id, working.order.created))
        })
    }

    /// The client id of a working order with this id at the venue.
    fn client_of(&self, venue_id: &str) -> Option<String> {
        self.core.symbols().iter().find_map(|symbol| {
            [&symbol.entry, &symbol.exit, &symbol.stop, &symbol.target]
                .into_iter()
                .flatten()
                .find(|working| working.order.venue_id.as_deref() == Some(venue_id))
                .map(|working| working.order.client_id.clone())
        })
    }

    /// The end of a call about an order.
    pub(in crate::runtime::live) fn order_answer(
        &mut self,
        ended: Ended<Purpose>,
        shell: &mut Shell<LiveJob>,
    ) {
        let stamp = self.stamp(shell);
        match ended.purpose {
            Purpose::Place { client_id } => self.placed(&client_id, ended.result, stamp),
            Purpose::Cancel { client_id } => self.cancelled(&client_id, ended.result, stamp),
            Purpose::Query { client_id } => match ended.result {
                Ok(CallAnswer::Order(order)) => self.venue_order(&order, stamp),
                Ok(CallAnswer::Orders { orders, next }) => {
                    match orders.iter().find(|order| order.client_id == client_id) {
                        Some(order) => self.venue_order(order, stamp),
                        None => self.next_orders(ended.call, next, client_id),
                    }
                }
                Ok(_) => {}
                Err(trouble) => {
                    let fields: log::Fields<'_> = &[("order", &client_id), ("why", &trouble)];
                    log::warn(TARGET, "order not found out", fields);
                }
            },
            Purpose::Fills { client_id } => match ended.result {
                Ok(CallAnswer::Fills { fills, next }) => {
                    for fill in &fills {
                        self.venue_fill(&client_id, fill, stamp);
                    }
                    if let (
                        Some(cursor),
                        Call::Fills {
                            product,
                            order,
                            since,
                            ..
                        },
                    ) = (next, ended.call)
                    {
                        let call = Call::Fills {
                            product,
                            order,
                            since,
                            cursor,
                        };
                        self.caller
                            .ask(call, Purpose::Fills { client_id }, EffectClass::Order);
                    }
                }
                Ok(_) => {}
                Err(trouble) => {
                    let fields: log::Fields<'_> = &[("order", &client_id), ("why", &trouble)];
                    log::warn(TARGET, "fills not told", fields);
                }
            },
            _ => {}
        }
    }

    /// The order was not on this page of the list: the next one.
    fn next_orders(&mut self, call: Call, next: Option<String>, client_id: String) {
        let (
            Some(cursor),
            Call::Orders {
                product,
                standing,
                since,
                ..
            },
        ) = (next, call)
        else {
            return;
        };
        let call = Call::Orders {
            product,
            standing,
            since,
            cursor,
        };
        self.caller
            .ask(call, Purpose::Query { client_id }, EffectClass::Order);
    }

    fn placed(&mut self, client_id: &str, result: Result<CallAnswer, CallTrouble>, stamp: Stamp) {
        let news = match result {
            Ok(CallAnswer::Placed { venue_id, .. }) => OrderNews::Accepted { venue_id },
            Ok(CallAnswer::PlaceRefused { reason, text }) => OrderNews::Rejected {
                reason: if text.is_empty() {
                    reason
                } else {
                    format!("{reason}: {text}")
                },
            },
            Ok(other) => OrderNews::Unknown {
                reason: format!("an answer of another kind: {other:?}"),
            },
            Err(CallTrouble::NotSent(reason)) => OrderNews::NeverSent { reason },
            Err(CallTrouble::Ambiguous(reason)) => OrderNews::Unknown { reason },
            Err(CallTrouble::Refused(failure)) => OrderNews::Rejected {
                reason: failure.text,
            },
        };
        self.news(stamp, client_id, news);
    }

    fn cancelled(
        &mut self,
        client_id: &str,
        result: Result<CallAnswer, CallTrouble>,
        stamp: Stamp,
    ) {
        let reason = match result {
            Ok(CallAnswer::CancelResults(results)) => match results.into_iter().next() {
                // Accepted: the order's own state tells when it is done.
                Some((_, Ok(()))) => return,
                Some((_, Err(reason))) => reason,
                None => "the exchange did not name the order".to_owned(),
            },
            Ok(_) => "an answer of another kind".to_owned(),
            Err(trouble) => trouble.to_string(),
        };
        self.news(stamp, client_id, OrderNews::CancelRefused { reason });
    }

    /// Orders of an earlier process whose sending was under way: nobody knows what became of them.
    pub(in crate::runtime::live) fn doubt_orders(&mut self, stamp: Stamp) {
        let doubtful: Vec<String> = self
            .core
            .symbols()
            .iter()
            .flat_map(|symbol| [&symbol.entry, &symbol.exit, &symbol.stop, &symbol.target])
            .flatten()
            .filter(|working| {
                matches!(
                    working.order.state,
                    OrderState::Intended | OrderState::Durable | OrderState::Sent
                )
            })
            .map(|working| working.order.client_id.clone())
            .collect();
        for client_id in doubtful {
            let reason = "the process ended while it was being sent".to_owned();
            self.news(stamp, &client_id, OrderNews::Unknown { reason });
        }
    }

    /// What the user channel said of our orders in this turn.
    pub(in crate::runtime::live) fn take_order_news(&mut self, stamp: Stamp) {
        for order in std::mem::take(&mut self.order_news) {
            self.venue_order(&order, stamp);
        }
    }

    /// An order as the venue has it, from the stream or an answer.
    pub(in crate::runtime::live) fn venue_order(&mut self, order: &VenueOrder, stamp: Stamp) {
        let client_id = if order.client_id.is_empty() {
            self.client_of(&order.venue_id).unwrap_or_default()
        } else {
            order.client_id.clone()
        };
        let Some((symbol, _)) = self.working(&client_id) else {
            // Of somebody else, or ended for us: the next reconciliation looks at it.
            return;
        };
        let venue_id = order.venue_id.clone();
        self.news(stamp, &client_id, OrderNews::Accepted { venue_id });
        let instrument = &self.markets.market(symbol).instrument;
        let Some(filled) = instrument.floor_quantity(order.filled) else {
            return;
        };
        if !order.filled.is_zero() {
            // Fills are taken exactly from the list, not from differences of averages.
            let call = Call::Fills {
                product: order.product.clone(),
                order: order.venue_id.clone(),
                since: None,
                cursor: String::new(),
            };
            let purpose = Purpose::Fills {
                client_id: client_id.clone(),
            };
            self.caller.ask(call, purpose, EffectClass::Order);
        }
        if let Some(status) = state_of(order.status) {
            self.news(stamp, &client_id, OrderNews::State { status, filled });
        }
    }

    fn venue_fill(&mut self, client_id: &str, fill: &VenueFill, stamp: Stamp) {
        let Some((symbol, _)) = self.working(client_id) else {
            return;
        };
        let instrument = &self.markets.market(symbol).instrument;
        let placed = instrument
            .exact_price(fill.price)
            .zip(instrument.exact_quantity(fill.size));
        let Some((price, quantity)) = placed else {
            self.counts.fills_off_grid += 1;
            let fields: log::Fields<'_> = &[("order", &client_id), ("fill", &fill.fill_id)];
            log::error(
                TARGET,
                "a fill off the grid: it is left to reconciliation",
                fields,
            );
            return;
        };
        let news = OrderNews::Filled {
            fill_id: fill.fill_id.clone(),
            price,
            quantity,
            fee: fill.fee,
            maker: fill.maker.unwrap_or(false),
            time: fill.time,
        };
        self.news(stamp, client_id, news);
    }
}

/// The core's word for a venue's state; `None` where the venue says nothing certain.
pub(in crate::runtime::live) const fn state_of(status: VenueOrderStatus) -> Option<VenueState> {
    Some(match status {
        VenueOrderStatus::Pending | VenueOrderStatus::Open => VenueState::Open,
        VenueOrderStatus::Filled => VenueState::Filled,
        VenueOrderStatus::Cancelled => VenueState::Cancelled,
        VenueOrderStatus::Expired => VenueState::Expired,
        VenueOrderStatus::Failed => VenueState::Failed,
        VenueOrderStatus::Unknown => return None,
    })
}
