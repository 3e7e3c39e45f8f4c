//! The engine's state, and what is asked of it: place, edit, cancel.
//!
//! Orders are numbered in the order of acceptance. Limits: 1,000 open orders (more are refused),
//! 10,000 finished ones and 20,000 fills kept (the oldest give way).

use super::accounts::Accounts;
use super::admission::OrderRequest;
use super::book::Book;
use super::fees::{FeeTier, tier_of};
use super::margin::Clearing;
use super::order::{Event, Fill, Kind, Order, Refusal, Status, Terms};
use crate::core::units::rng::SplitMix64;
use crate::core::units::{Decimal, Price, Rounding, Side, Timestamp};
use crate::venue::product::Product;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

pub const OPEN_MAX: usize = 1_000;
pub const FINISHED_MAX: usize = 10_000;
pub const FILLS_MAX: usize = 20_000;
/// Events kept until they are fetched; the engine's owner fetches them after every call.
const EVENTS_ROOM: usize = 256;

/// A product and what the engine knows about it.
#[derive(Debug)]
pub struct Listed {
    pub product: Product,
    pub book: Book,
    /// Price of the last trade.
    pub last: Option<Price>,
    /// Lowest and highest trade since stops were last looked at.
    pub(super) range: Option<(Price, Price)>,
    /// Orders that wait for a stop.
    pub(super) waiting: BTreeSet<u64>,
}

/// What is made to go wrong with orders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EngineFaults {
    /// The next order stays PENDING and cannot be cancelled.
    pub freeze_next: bool,
    /// Fills come in pieces of at most this part (1/n) of an order; 0 and 1: whole.
    pub pieces: i64,
    /// Market and immediate orders are cancelled after this many fills; 0: never.
    pub cut_after: u32,
    /// Forms of orders that no product takes.
    pub no_bracket: bool,
    pub no_stop_limit: bool,
    /// The session of contracts is closed: they do not trade.
    pub session_closed: bool,
    /// Stops that are reached do not act.
    pub stops_asleep: bool,
}

#[derive(Debug)]
pub struct Engine {
    pub(super) listed: Vec<Listed>,
    pub(super) accounts: Accounts,
    pub(super) clearing: Clearing,
    pub(super) orders: BTreeMap<u64, Order>,
    pub(super) by_client_id: BTreeMap<String, u64>,
    pub(super) by_id: BTreeMap<String, u64>,
    pub(super) open: BTreeSet<u64>,
    pub(super) finished: VecDeque<u64>,
    pub(super) fills: VecDeque<Fill>,
    pub(super) next_order: u64,
    pub(super) next_fill: u64,
    /// Traded value since the start, in quote currency.
    pub(super) volume: Decimal,
    pub(super) fees_paid: Decimal,
    pub(super) ids: SplitMix64,
    pub(super) events: Vec<Event>,
    pub faults: EngineFaults,
    /// Seed of the quantities that the house shows.
    pub(super) house_seed: u64,
    /// Levels that the house shows on each side, 1 or more.
    pub house_levels: u16,
    /// A repeated client order id gives the order that has it, instead of a refusal.
    pub repeated_id_is_answered: bool,
}

/// What an order would cost and bring.
#[derive(Clone, Copy, Debug, Default)]
pub struct Preview {
    pub base: Decimal,
    pub quote: Decimal,
    pub commission: Decimal,
    /// Of contracts: what the order asks for.
    pub margin: Option<Decimal>,
}

impl Engine {
    /// An exchange that lists these products, with these balances. `id_seed` makes the ids of
    /// orders and fills.
    pub fn new(
        products: Vec<Product>,
        balances: &[(String, Decimal)],
        house_seed: u64,
        id_seed: u64,
    ) -> Self {
        let mut accounts = Accounts::default();
        for product in &products {
            if product.contract.is_none() {
                accounts.open(&product.base, Decimal::ZERO);
            }
            accounts.open(&product.quote, Decimal::ZERO);
        }
        for (currency, amount) in balances {
            accounts.open(currency, *amount);
        }
        let list = |product| Listed {
            product,
            book: Book::default(),
            last: None,
            range: None,
            waiting: BTreeSet::new(),
        };
        Self {
            listed: products.into_iter().map(list).collect(),
            accounts,
            clearing: Clearing::default(),
            orders: BTreeMap::new(),
            by_client_id: BTreeMap::new(),
            by_id: BTreeMap::new(),
            open: BTreeSet::new(),
            finished: VecDeque::new(),
            fills: VecDeque::new(),
            next_order: 1,
            next_fill: 1,
            volume: Decimal::ZERO,
            fees_paid: Decimal::ZERO,
            ids: SplitMix64::new(id_seed),
            events: Vec::with_capacity(EVENTS_ROOM),
            faults: EngineFaults::default(),
            house_seed,
            house_levels: super::flow::LEVELS,
            repeated_id_is_answered: false,
        }
    }

    pub fn listed(&self) -> &[Listed] {
        &self.listed
    }

    pub fn book_mut(&mut self, product: usize) -> &mut Book {
        &mut self.listed[product].book
    }

    /// Index of a product by its id.
    pub fn product(&self, id: &str) -> Option<usize> {
        self.listed.iter().position(|l| l.product.id == id)
    }

    pub fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// Every order that is remembered, in order of acceptance.
    pub fn orders(&self) -> impl DoubleEndedIterator<Item = &Order> {
        self.orders.values()
    }

    /// Orders that are not finished, oldest first.
    pub fn open_orders(&self) -> impl Iterator<Item = &Order> {
        self.open
            .iter()
            .filter_map(|number| self.orders.get(number))
    }

    pub fn order(&self, id: &str) -> Option<&Order> {
        self.orders.get(self.by_id.get(id)?)
    }

    /// Fills, oldest first.
    pub fn fills(&self) -> impl DoubleEndedIterator<Item = &Fill> {
        self.fills.iter()
    }

    /// The fee tier of what was traded so far, that volume, where the next tier begins, and fees.
    pub fn fee_tier(&self) -> (FeeTier, Decimal, Option<Decimal>, Decimal) {
        let (tier, next) = tier_of(self.volume);
        (tier, self.volume, next, self.fees_paid)
    }

    /// What happened since the last call.
    pub fn take_events(&mut self) -> Vec<Event> {
        std::mem::replace(&mut self.events, Vec::with_capacity(EVENTS_ROOM))
    }

    pub(super) fn uuid(&mut self) -> String {
        uuid(self.ids.draw(), self.ids.draw())
    }

    /// Places an order; returns its number.
    ///
    /// # Errors
    /// The refusal with which the exchange would answer; nothing has changed then.
    pub fn place(&mut self, at: Timestamp, request: &OrderRequest) -> Result<u64, Refusal> {
        let admitted = self.admit(request)?;
        if let Some(existing) = admitted.existing {
            return Ok(existing);
        }
        let (product, side, terms) = (admitted.product, admitted.side, admitted.terms);
        if self.contract(product).is_none() {
            let currency = self.hold_currency(product, side).to_owned();
            if !self.accounts.hold(&currency, admitted.hold) {
                return Err(insufficient(&currency));
            }
        }
        let number = self.next_order;
        self.next_order += 1;
        let order = Order {
            number,
            id: self.uuid(),
            client_id: request.client_id.clone(),
            product,
            side,
            terms,
            configuration: request.configuration.clone(),
            status: Status::Open,
            triggered: false,
            resting: false,
            frozen: std::mem::take(&mut self.faults.freeze_next),
            cancel_asked: false,
            filled: 0,
            value: Decimal::ZERO,
            fees: Decimal::ZERO,
            fills: 0,
            hold: admitted.hold,
            worst_rate: admitted.worst_rate,
            created: at,
            last_fill: None,
            cancel_message: "",
            edits: Vec::new(),
        };
        self.by_client_id.insert(order.client_id.clone(), number);
        self.by_id.insert(order.id.clone(), number);
        self.open.insert(number);
        let frozen = order.frozen;
        self.orders.insert(number, order);
        if self.contract(product).is_some() {
            self.sweep_in(at);
        }
        if frozen {
            self.set_status(number, Status::Pending);
        } else {
            self.tell(number);
            self.begin(at, number);
        }
        Ok(number)
    }

    /// An accepted order goes to work.
    pub(super) fn begin(&mut self, at: Timestamp, number: u64) {
        let Some(order) = self.orders.get(&number) else {
            return;
        };
        let (product, kind) = (order.product, order.terms.kind);
        match kind {
            Kind::StopLimit { .. } => {
                self.listed[product].waiting.insert(number);
            }
            Kind::Bracket { .. } => {
                self.listed[product].waiting.insert(number);
                self.work(at, number);
            }
            Kind::Market | Kind::Limit => self.work(at, number),
        }
        self.look_at_stops(at, product);
    }

    pub(super) fn hold_currency(&self, product: usize, side: Side) -> &str {
        let product = &self.listed[product].product;
        match side {
            Side::Buy => &product.quote,
            Side::Sell => &product.base,
        }
    }

    /// Cancels an order; `false` when there is none that could be cancelled.
    pub fn cancel(&mut self, id: &str) -> bool {
        let Some(&number) = self.by_id.get(id) else {
            return false;
        };
        let Some(order) = self.orders.get_mut(&number) else {
            return false;
        };
        if order.status.is_final() {
            return false;
        }
        if order.frozen {
            order.cancel_asked = true;
            return true;
        }
        self.finish(number, Status::Cancelled, "User requested cancel");
        true
    }

    /// Lets frozen orders go on; those whose cancellation was asked for are cancelled.
    pub fn thaw(&mut self, at: Timestamp) {
        let frozen = |order: &&Order| order.frozen;
        let numbers: Vec<u64> = self
            .open_orders()
            .filter(frozen)
            .map(|o| o.number)
            .collect();
        for number in numbers {
            let Some(order) = self.orders.get_mut(&number) else {
                continue;
            };
            order.frozen = false;
            if order.cancel_asked {
                self.finish(number, Status::Cancelled, "User requested cancel");
            } else if !self.hold_anew(number) {
                self.finish(number, Status::Cancelled, "INSUFFICIENT_FUND");
            } else {
                self.set_status(number, Status::Open);
                self.begin(at, number);
            }
        }
    }

    /// Whether a limit order at `price` would trade at once.
    pub(super) fn would_cross(&self, product: usize, side: Side, price: Price) -> bool {
        match (side, self.listed[product].book.best(side.opposite())) {
            (Side::Buy, Some(ask)) => price >= ask,
            (Side::Sell, Some(bid)) => price <= bid,
            (_, None) => false,
        }
    }

    pub(super) fn tell(&mut self, number: u64) {
        if let Some(order) = self.orders.get(&number) {
            self.events.push(Event::Order(Box::new(order.clone())));
        }
    }

    pub(super) fn set_status(&mut self, number: u64, status: Status) {
        if let Some(order) = self.orders.get_mut(&number) {
            order.status = status;
        }
        self.tell(number);
    }

    /// The terms of an order, if it is still there.
    pub(super) fn terms_of(&self, number: u64) -> Option<Terms> {
        self.orders.get(&number).map(|order| order.terms)
    }
}

/// `value` with a fee on top, rounded up: what must be there.
pub(super) fn with_fee(value: Decimal, rate: Decimal) -> Option<Decimal> {
    value.checked_add(value.checked_mul(rate, Rounding::Up)?)
}

pub(super) fn insufficient(currency: &str) -> Refusal {
    Refusal::new(
        "INSUFFICIENT_FUND",
        "PREVIEW_INSUFFICIENT_FUND",
        format!("Insufficient balance in source account: {currency}"),
    )
}

/// A version 4 UUID of these bits.
pub fn uuid(high: u64, low: u64) -> String {
    let high = (high & !0xF000) | 0x4000;
    let low = (low & !(0b11 << 62)) | (0b10 << 62);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xFFFF,
        high & 0xFFFF,
        low >> 48,
        low & 0xFFFF_FFFF_FFFF
    )
}
