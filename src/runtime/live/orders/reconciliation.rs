//! Asking the venue for everything of ours: at the start, after each reconnect, every few minutes.
//!
//! One question after the other, to the last page; a question that fails ends the round as *not
//! known*, never as *empty*. What the difference means is the core's business.

use super::venue_orders::state_of;
use crate::config::as_account_currency;
use crate::core::input::{
    AccountNews, Input, ListedFill, ListedOrder, ListedPosition, VenueListing, VenueState,
};
use crate::core::market::ProductKind;
use crate::core::units::stamp::SECOND;
use crate::core::units::{Decimal, Quantity, Rounding, Stamp, Timestamp};
use crate::exchange::calls::{Call, CallAnswer, Standing};
use crate::exchange::orders::{Balance, FuturesBalance, VenueFill, VenueOrder, VenuePosition};
use crate::log;
use crate::runtime::jobs::EffectClass;
use crate::runtime::live::calls::caller::Ended;
use crate::runtime::live::job::LiveJob;
use crate::runtime::live::session::{Purpose, Session, TARGET};
use crate::runtime::shell::Shell;

/// Time between two rounds.
pub(in crate::runtime::live) const EVERY: i64 = 300 * SECOND;
/// A round that failed is tried again after this.
pub(in crate::runtime::live) const AGAIN: i64 = 10 * SECOND;
/// How far back recent orders and fills are asked for, at least.
const LOOK_BACK: i64 = 600 * SECOND;
/// Before the oldest open order of ours.
const MARGIN: i64 = 60 * SECOND;
/// Orders, fills and balances of one round; an account with more cannot be reconciled.
const LISTED_MAX: usize = 10_000;
/// The currency of the clearing side of US derivatives.
const DOLLARS: &str = "USD";

/// The questions, in their order: what is held first, so that the fill which made it is in the answers
/// after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::runtime::live) enum Question {
    Accounts,
    Positions,
    FuturesBalance,
    Open,
    Recent,
    Fills,
}

/// A round under way.
#[derive(Debug)]
pub(in crate::runtime::live) struct Round {
    at: Timestamp,
    since: Timestamp,
    open: Vec<VenueOrder>,
    recent: Vec<VenueOrder>,
    pub(super) fills: Vec<VenueFill>,
    balances: Vec<Balance>,
    pub(super) positions: Vec<VenuePosition>,
    futures: Option<FuturesBalance>,
}

impl Round {
    fn listed(&self) -> usize {
        let orders = self.open.len() + self.recent.len() + self.fills.len();
        orders + self.balances.len() + self.positions.len()
    }
}

impl Session<'_> {
    /// Begins a round, unless one is under way.
    pub(in crate::runtime::live) fn reconcile(&mut self, shell: &mut Shell<LiveJob>) {
        if self.round.is_some() || !self.is_venue() {
            return;
        }
        let at = self.stamp(shell).wall;
        let oldest = self
            .core
            .symbols()
            .iter()
            .flat_map(|s| [&s.entry, &s.exit, &s.stop, &s.target])
            .flatten()
            .map(|working| working.order.created.0 - MARGIN)
            .min();
        let since = Timestamp(oldest.unwrap_or(i64::MAX).min(at.0 - LOOK_BACK));
        self.round = Some(Round {
            at,
            since,
            open: Vec::new(),
            recent: Vec::new(),
            fills: Vec::new(),
            balances: Vec::new(),
            positions: Vec::new(),
            futures: None,
        });
        self.next_round = shell.at().mono.saturating_add(EVERY);
        self.put(Question::Accounts, String::new(), shell);
    }

    fn put(&mut self, question: Question, cursor: String, shell: &mut Shell<LiveJob>) {
        let Some(round) = &self.round else { return };
        let (product, since) = (String::new(), Some(round.since));
        let call = match question {
            Question::Open => Call::Orders {
                product,
                standing: Standing::Open,
                since: None,
                cursor,
            },
            Question::Recent => Call::Orders {
                product,
                standing: Standing::Any,
                since,
                cursor,
            },
            Question::Fills => Call::Fills {
                product,
                order: String::new(),
                since,
                cursor,
            },
            Question::Accounts => Call::Accounts { cursor },
            Question::Positions => Call::Positions,
            Question::FuturesBalance => Call::FuturesBalance,
        };
        let purpose = Purpose::Reconcile(question);
        if !self.caller.ask(call, purpose, EffectClass::Reconciliation) {
            self.round_failed("refused: queue full", shell);
        }
    }

    /// The answer to one of the questions.
    pub(in crate::runtime::live) fn round_answer(
        &mut self,
        question: Question,
        ended: Ended<Purpose>,
        shell: &mut Shell<LiveJob>,
    ) {
        let Some(round) = &mut self.round else { return };
        let next_page = match (question, ended.result) {
            (Question::Open, Ok(CallAnswer::Orders { orders, next })) => {
                round.open.extend(orders);
                next
            }
            (Question::Recent, Ok(CallAnswer::Orders { orders, next })) => {
                round.recent.extend(orders);
                next
            }
            (Question::Fills, Ok(CallAnswer::Fills { fills, next })) => {
                round.fills.extend(fills);
                next
            }
            (Question::Accounts, Ok(CallAnswer::Accounts { balances, next })) => {
                round.balances.extend(balances);
                next
            }
            (Question::Positions, Ok(CallAnswer::Positions(positions))) => {
                round.positions = positions;
                None
            }
            (Question::FuturesBalance, Ok(CallAnswer::FuturesBalance(futures))) => {
                round.futures = Some(futures);
                None
            }
            (_, Ok(_)) => return self.round_failed("an answer of another kind", shell),
            (_, Err(trouble)) => return self.round_failed(&trouble.to_string(), shell),
        };
        if round.listed() > LISTED_MAX {
            let text = format!("more than {LISTED_MAX} orders, fills and balances");
            return self.round_failed(&text, shell);
        }
        if let Some(cursor) = next_page {
            return self.put(question, cursor, shell);
        }
        let has_derivatives = !self.markets.contracts().is_empty();
        match question {
            Question::Accounts if has_derivatives => {
                self.put(Question::Positions, String::new(), shell);
            }
            Question::Positions => self.put(Question::FuturesBalance, String::new(), shell),
            Question::Accounts | Question::FuturesBalance => {
                self.put(Question::Open, String::new(), shell);
            }
            Question::Open => self.put(Question::Recent, String::new(), shell),
            Question::Recent => self.put(Question::Fills, String::new(), shell),
            Question::Fills => self.round_complete(shell),
        }
    }

    fn round_failed(&mut self, why: &str, shell: &mut Shell<LiveJob>) {
        self.round = None;
        self.next_round = shell.at().mono.saturating_add(AGAIN);
        log::warn(TARGET, "reconciliation failed", &[("why", &why)]);
        let stamp = self.stamp(shell);
        let text = why.to_owned();
        self.input(stamp, Input::Reconciled { ok: false, text });
    }

    fn round_complete(&mut self, shell: &mut Shell<LiveJob>) {
        let Some(round) = self.round.take() else {
            return;
        };
        let stamp = self.stamp(shell);
        let listing = VenueListing {
            at: round.at,
            complete: true,
            open: round
                .open
                .iter()
                .filter_map(|o| self.listed_order(o))
                .collect(),
            recent: round
                .recent
                .iter()
                .filter_map(|order| self.listed_order(order))
                .filter(|order| order.status != VenueState::Open)
                .collect(),
            fills: round
                .fills
                .iter()
                .filter_map(|f| self.listed_fill(f))
                .collect(),
            positions: self.listed_positions(&round),
        };
        let counted: log::Fields<'_> = &[
            ("open", &listing.open.len()),
            ("recent", &listing.recent.len()),
            ("fills", &listing.fills.len()),
        ];
        log::info(TARGET, "reconciled", counted);
        self.input(stamp, Input::Listing(Box::new(listing)));
        if let Some(cash) = self.cash(&round) {
            let fees = self.contract_fees(&round);
            self.input(stamp, Input::Account(AccountNews { cash, fees }));
        }
        if !self.core.is_reconciled() {
            // What is in doubt is to be seen twice.
            self.next_round = shell.at().mono.saturating_add(AGAIN);
        }
    }

    /// All of the account currency. Dollars that the venue moves between spot and clearing side are
    /// counted once, by what it says there is in all.
    fn cash(&self, round: &Round) -> Option<Decimal> {
        let symbol = self.markets.symbols().next()?;
        let currency = as_account_currency(&self.markets.market(symbol).instrument.currency);
        let futures = round.futures.filter(|_| currency == DOLLARS);
        let is_counted = |name: &str| {
            as_account_currency(name) == currency && !(futures.is_some() && name == DOLLARS)
        };
        if round.balances.is_empty() && futures.is_none() {
            return None;
        }
        let total = futures.map(|futures| futures.total + self.average_to_lots(round));
        round
            .balances
            .iter()
            .filter(|balance| is_counted(&balance.currency))
            .map(|balance| balance.available + balance.hold)
            .chain(total)
            // A list without the currency has none of it.
            .fold(Decimal::ZERO, |sum, more| sum + more)
            .into()
    }

    fn listed_order(&self, order: &VenueOrder) -> Option<ListedOrder> {
        let symbol = self.markets.symbol(&order.product);
        let instrument = symbol.map(|id| &self.markets.market(id).instrument);
        let lots = |size: Decimal| {
            instrument
                .and_then(|instrument| instrument.floor_quantity(size))
                .unwrap_or(Quantity::ZERO)
        };
        Some(ListedOrder {
            venue_id: order.venue_id.clone(),
            client_id: order.client_id.clone(),
            symbol,
            side: order.side,
            status: state_of(order.status)?,
            quantity: order.size.map_or(Quantity::ZERO, lots),
            filled: lots(order.filled),
            price: instrument
                .zip(order.limit_price)
                .and_then(|(instrument, price)| instrument.exact_price(price)),
        })
    }

    fn listed_fill(&self, fill: &VenueFill) -> Option<ListedFill> {
        let symbol = self.markets.symbol(&fill.product)?;
        let instrument = &self.markets.market(symbol).instrument;
        Some(ListedFill {
            fill_id: fill.fill_id.clone(),
            venue_id: fill.venue_order_id.clone(),
            symbol,
            side: fill.side,
            price: instrument.exact_price(fill.price)?,
            quantity: instrument.exact_quantity(fill.size)?,
            fee: fill.fee,
            maker: fill.maker.unwrap_or(false),
            time: fill.time,
        })
    }

    /// Spot: all of the base currency. Derivatives: the venue's positions; one that is not named is
    /// flat, because the list is complete.
    fn listed_positions(&self, round: &Round) -> Vec<ListedPosition> {
        self.markets
            .symbols()
            .filter_map(|symbol| {
                let market = self.markets.market(symbol);
                let held = if market.instrument.kind == ProductKind::Spot {
                    round
                        .balances
                        .iter()
                        .filter(|b| b.currency == market.base_currency)
                        .map(|b| b.available + b.hold)
                        .fold(Decimal::ZERO, |sum, more| sum + more)
                } else {
                    round
                        .positions
                        .iter()
                        .filter(|p| self.markets.symbol(&p.product) == Some(symbol))
                        .map(|p| p.size)
                        .fold(Decimal::ZERO, |sum, more| sum + more)
                };
                let lots = held.in_steps_of(market.instrument.lot, Rounding::Down)?;
                let lots = i64::try_from(lots).ok()?;
                Some(ListedPosition { symbol, lots })
            })
            .collect()
    }

    /// The account's stream is gone.
    pub(in crate::runtime::live) fn account_lost(&mut self, stamp: Stamp) {
        self.all_feeds("account", false, stamp);
    }

    /// The account's stream counts: what happened meanwhile is asked for.
    pub(in crate::runtime::live) fn account_subscribed(&mut self, stamp: Stamp) {
        self.all_feeds("account", true, stamp);
        self.next_round = i64::MIN;
    }
}
