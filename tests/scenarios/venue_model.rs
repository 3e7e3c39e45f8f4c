//! A small venue of the tests' own: it fills, loses answers, repeats and shuffles news, and knows the
//! truth that the core must come to.

use crate::world::START;
use minnow::core::effect::Effect;
use minnow::core::input::*;
use minnow::core::market::{Instrument, SymbolId};
use minnow::core::records::OrderKind;
use minnow::core::units::rng::SplitMix64;
use minnow::core::units::*;
use minnow::core::venue::OrderRequest;

#[derive(Clone, Debug)]
struct Held {
    venue_id: String,
    client_id: String,
    side: Side,
    quantity: Quantity,
    filled: Quantity,
    limit: Option<Price>,
    rests: bool,
    /// Price that lets it act; gone once it was traded.
    trigger: Option<Price>,
    /// Of a bracket that has not been triggered.
    target: Option<Price>,
    status: VenueState,
}

#[derive(Debug)]
pub struct VenueModel {
    rng: SplitMix64,
    /// No more faults.
    pub calm: bool,
    pub cash: Decimal,
    pub lots: i64,
    pub wanted_listing: bool,
    grid: Instrument,
    price: Price,
    orders: Vec<Held>,
    fills: Vec<ListedFill>,
    /// News on their way: when, whose, what.
    mail: Vec<(i64, String, OrderNews)>,
    sent: Vec<String>,
}

impl VenueModel {
    pub fn new(seed: u64, grid: Instrument, cash: Decimal) -> Self {
        Self {
            rng: SplitMix64::new(seed),
            calm: false,
            cash,
            lots: 0,
            wanted_listing: true,
            grid,
            price: Price(100_000),
            orders: Vec::new(),
            fills: Vec::new(),
            mail: Vec::new(),
            sent: Vec::new(),
        }
    }

    /// One of `n` while there are faults.
    fn fault(&mut self, n: u64) -> bool {
        self.rng.below(n) == 0 && !self.calm
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.rng.below(n)
    }

    pub fn submitted(&self) -> usize {
        self.sent.len()
    }

    pub fn filled(&self) -> usize {
        self.fills.len()
    }

    /// Carries out a wish of the core.
    pub fn wish(&mut self, now: i64, wish: &Effect) {
        match wish {
            Effect::Submit(request) => self.submit(now, request),
            Effect::Cancel { client_id, .. } => self.cancel(now, client_id),
            Effect::Query { client_id, .. } => self.query(now, client_id),
            Effect::Reconcile => self.wanted_listing = true,
            _ => {}
        }
    }

    fn post(&mut self, due: i64, client_id: &str, news: OrderNews) {
        self.mail.push((due, client_id.to_owned(), news));
    }

    /// News of the stream: late, twice, or never.
    fn stream(&mut self, now: i64, client_id: &str, news: &OrderNews) {
        if self.fault(5) {
            return;
        }
        let copies = if self.fault(5) { 2 } else { 1 };
        for _ in 0..copies {
            let due = now + self.below(if self.calm { 200 } else { 5000 }) as i64;
            self.post(due, client_id, news.clone());
        }
    }

    fn submit(&mut self, now: i64, request: &OrderRequest) {
        let id = &request.order.client_id;
        assert!(!self.sent.contains(id), "{id} was submitted twice");
        self.sent.push(id.clone());
        if self.fault(20) {
            let reason = "the ledger could not be written".to_owned();
            return self.post(now, id, OrderNews::NeverSent { reason });
        }
        self.post(now, id, OrderNews::Durable);
        self.post(now + 1, id, OrderNews::Sent);
        let reason = "no answer within 15 s".to_owned();
        if self.fault(6) {
            return self.post(now + 15_000, id, OrderNews::Unknown { reason });
        }
        if self.fault(15) {
            let reason = "UNKNOWN_FAILURE_REASON".to_owned();
            return self.post(now + 50, id, OrderNews::Rejected { reason });
        }
        let venue_id = format!("v{}", self.orders.len());
        let order = &request.order;
        let protective = matches!(order.kind, OrderKind::StopLimit | OrderKind::Bracket);
        if order.side == Side::Sell {
            let selling: i64 = self.orders.iter().map(Held::selling).sum();
            if order.quantity.0 + selling > self.lots {
                // A close gives up waiting for what became of a protective order, nothing else does.
                let sells = |o: &Held| o.selling() > 0 || !o.filled.is_zero();
                let waited = self.orders.iter().any(|o| o.is_protective() && sells(o));
                assert!(
                    waited,
                    "two sells for one holding of {}: {order:?} at {now} beside {:?}",
                    self.lots,
                    self.orders
                        .iter()
                        .filter(|o| o.selling() > 0)
                        .collect::<Vec<_>>()
                );
                let reason = "INSUFFICIENT_FUND".to_owned();
                return self.post(now + 50, id, OrderNews::Rejected { reason });
            }
        }
        self.orders.push(Held {
            venue_id: venue_id.clone(),
            client_id: id.clone(),
            side: order.side,
            quantity: order.quantity,
            filled: Quantity::ZERO,
            limit: request.limit.or(order.price),
            rests: protective || matches!(order.kind, OrderKind::Limit | OrderKind::PostOnly),
            trigger: order.price.filter(|_| protective),
            target: request.target,
            status: VenueState::Open,
        });
        if self.fault(5) {
            self.post(now + 15_000, id, OrderNews::Unknown { reason });
        } else {
            let due = now + self.below(2000) as i64;
            self.post(due, id, OrderNews::Accepted { venue_id });
        }
        let index = self.orders.len() - 1;
        if !protective {
            self.trade_with(now, index);
        }
        let frozen = self.fault(6);
        let held = &self.orders[index];
        if !held.rests && !held.status.is_final() && !frozen {
            self.end(now, index, VenueState::Cancelled);
        }
    }

    /// Fills some of an open order at the price, in up to three slices.
    fn trade_with(&mut self, now: i64, index: usize) {
        for _ in 0..1 + self.below(3) {
            let price = self.price;
            let held = &mut self.orders[index];
            let at_target = held.target.is_some_and(|target| price >= target);
            if held.trigger.is_some_and(|stop| price <= stop) {
                (held.trigger, held.target) = (None, None);
            }
            if held.trigger.is_some() && !at_target {
                return;
            }
            let within = held.limit.is_none_or(|limit| match held.side {
                Side::Buy => self.price <= limit,
                Side::Sell => self.price >= limit,
            });
            if held.status.is_final() || !within {
                return;
            }
            let rest = held.quantity - held.filled;
            let all = self.calm || self.below(3) == 0;
            let part = if all {
                rest.0
            } else {
                self.below(rest.0 as u64 + 1) as i64
            };
            if part > 0 {
                self.fill(now, index, Quantity(part));
            }
        }
    }

    fn fill(&mut self, now: i64, index: usize, quantity: Quantity) {
        let value = self.grid.notional(self.price, quantity);
        let fee = (value * Decimal::new(12, 4)).round(8, Rounding::HalfEven);
        let held = &mut self.orders[index];
        held.filled += quantity;
        let fill = ListedFill {
            fill_id: format!("f{}", self.fills.len()),
            venue_id: held.venue_id.clone(),
            symbol: SymbolId(0),
            side: held.side,
            price: self.price,
            quantity,
            fee,
            maker: false,
            time: Timestamp::from_millis(START + now),
        };
        self.lots += quantity.0 * held.side.sign();
        self.cash = match held.side {
            Side::Buy => self.cash - value - fee,
            Side::Sell => self.cash + value - fee,
        };
        let (client_id, full) = (held.client_id.clone(), held.filled == held.quantity);
        self.stream(now, &client_id, &told(&fill));
        self.fills.push(fill);
        if full {
            self.end(now, index, VenueState::Filled);
        }
    }

    fn end(&mut self, now: i64, index: usize, status: VenueState) {
        let held = &mut self.orders[index];
        held.status = status;
        let (client_id, news) = (held.client_id.clone(), held.stands());
        self.stream(now, &client_id, &news);
    }

    fn cancel(&mut self, now: i64, client_id: &str) {
        let open = |o: &Held| o.client_id == client_id && !o.status.is_final();
        match self.orders.iter().position(open) {
            _ if self.fault(4) => {}
            Some(index) => self.end(now, index, VenueState::Cancelled),
            None => {
                let reason = "UNKNOWN_CANCEL_ORDER".to_owned();
                self.post(now + 50, client_id, OrderNews::CancelRefused { reason });
            }
        }
    }

    fn query(&mut self, now: i64, client_id: &str) {
        if self.fault(4) {
            return;
        }
        let found = self.orders.iter().find(|o| o.client_id == client_id);
        let Some(held) = found.cloned() else {
            return;
        };
        let venue_id = held.venue_id.clone();
        self.post(now + 50, client_id, held.stands());
        self.post(now + 50, client_id, OrderNews::Accepted { venue_id });
        let fills: Vec<_> = self
            .fills
            .iter()
            .filter(|f| f.venue_id == held.venue_id)
            .map(told)
            .collect();
        for news in fills {
            self.post(now + 60, client_id, news);
        }
    }

    /// The price moves; what is open may fill.
    pub fn moves(&mut self, now: i64, price: Price) {
        self.price = price;
        for index in 0..self.orders.len() {
            if !self.orders[index].status.is_final() && self.below(3) == 0 {
                self.trade_with(now, index);
            }
        }
    }

    /// One of the news that are due, in no order.
    pub fn deliver(&mut self, now: i64) -> Option<OrderEvent> {
        let due: Vec<usize> = (0..self.mail.len())
            .filter(|i| self.mail[*i].0 <= now)
            .collect();
        if due.is_empty() {
            return None;
        }
        let pick = due[self.below(due.len() as u64) as usize];
        let (_, client_id, news) = self.mail.swap_remove(pick);
        Some(OrderEvent { client_id, news })
    }

    /// Everything, as of now.
    pub fn listing(&mut self, now: i64) -> VenueListing {
        self.wanted_listing = false;
        let complete = !self.fault(8);
        let orders = self.orders.iter().map(|held| ListedOrder {
            venue_id: held.venue_id.clone(),
            client_id: held.client_id.clone(),
            symbol: Some(SymbolId(0)),
            side: held.side,
            status: held.status,
            quantity: held.quantity,
            filled: held.filled,
            price: None,
        });
        let (open, recent) = orders.partition(|o| !o.status.is_final());
        VenueListing {
            at: Timestamp::from_millis(START + now),
            complete,
            open,
            recent,
            fills: self.fills.clone(),
            positions: vec![ListedPosition {
                symbol: SymbolId(0),
                lots: self.lots,
            }],
        }
    }
}

impl Held {
    fn is_protective(&self) -> bool {
        self.client_id.ends_with("-p")
    }

    fn selling(&self) -> i64 {
        match (self.side, self.status) {
            (Side::Sell, VenueState::Open) => self.quantity.0 - self.filled.0,
            _ => 0,
        }
    }

    fn stands(&self) -> OrderNews {
        OrderNews::State {
            status: self.status,
            filled: self.filled,
        }
    }
}

fn told(fill: &ListedFill) -> OrderNews {
    OrderNews::Filled {
        fill_id: fill.fill_id.clone(),
        price: fill.price,
        quantity: fill.quantity,
        fee: fill.fee,
        maker: fill.maker,
        time: fill.time,
    }
}
