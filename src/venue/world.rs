//! Everything of the venue that is no socket: exchange, tapes, keys, faults, limits.
//!
//! REST and the streams work on it; it knows neither. State is in memory: a restart begins anew.

use super::faults::Faults;
use super::limits::RateLimits;
use super::market::tape::Tick;
use super::market::{Derived, Tape};
use super::matching::engine::uuid;
use super::matching::{Engine, Event, FlowTrade, Order};
use super::product::Product;
use super::server::hosts::Hosts;
use super::server::keys::ApiKey;
use crate::core::units::rng::SplitMix64;
use crate::core::units::{Decimal, Timestamp};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};

/// What the keys of the venue may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permissions {
    pub trade: bool,
    /// There is nothing to withdraw; a client may be tried with a key that could.
    pub transfer: bool,
}

impl Default for Permissions {
    fn default() -> Self {
        Self {
            trade: true,
            transfer: false,
        }
    }
}

/// What a run of the venue begins with.
#[derive(Debug)]
pub struct Start {
    pub products: Vec<Product>,
    /// The market of the contract among them.
    pub derived: Option<Derived>,
    /// Currency and amount.
    pub balances: Vec<(String, Decimal)>,
    /// Seed of the market.
    pub seed: u64,
    /// Seed of ids: another one each run, so that no id ever comes twice.
    pub id_seed: u64,
    pub keys: Vec<ApiKey>,
    pub faults: Faults,
    pub limits: RateLimits,
    pub started: Timestamp,
}

/// Something that streams tell.
#[derive(Clone, Debug)]
pub enum News {
    Order(Box<Order>),
    Trade { product: usize, tick: Tick },
}

#[derive(Debug)]
pub struct World {
    pub engine: Engine,
    derived: Option<Derived>,
    pub tapes: Vec<Tape>,
    pub keys: Vec<ApiKey>,
    /// What tokens of calls may name; known once it listens.
    pub hosts: Hosts,
    pub permissions: Permissions,
    pub faults: Faults,
    pub limits: RateLimits,
    pub started: Timestamp,
    pub user_id: String,
    pub portfolio_id: String,
    /// Ids of the accounts, by currency.
    pub account_ids: BTreeMap<String, String>,
    ids: SplitMix64,
}

impl World {
    pub fn new(start: Start) -> Self {
        let mut ids = SplitMix64::new(start.id_seed);
        // Above every id of an earlier run, as long as fewer than a thousand trades a second are made.
        let first_id = u64::try_from(start.started.as_millis()).unwrap_or(1);
        let tapes = start.products.iter().map(|_| Tape::new(first_id)).collect();
        let engine = Engine::new(start.products, &start.balances, start.seed, ids.draw());
        let mut id = || uuid(ids.draw(), ids.draw());
        let account_ids = engine
            .accounts()
            .all()
            .map(|(currency, _)| (currency.to_owned(), id()))
            .collect();
        Self {
            derived: start.derived,
            tapes,
            keys: start.keys,
            hosts: Hosts::new(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), None),
            permissions: Permissions::default(),
            faults: start.faults,
            limits: start.limits,
            started: start.started,
            user_id: id(),
            portfolio_id: id(),
            account_ids,
            engine,
            ids,
        }
    }

    /// An id that was never given before.
    pub fn new_id(&mut self) -> String {
        uuid(self.ids.draw(), self.ids.draw())
    }

    /// A trade of the market's past: tape only, the book is not there yet.
    pub fn remember(&mut self, at: Timestamp, trade: &FlowTrade) {
        if trade.lots > 0
            && let Some(tape) = self.tapes.get_mut(trade.product)
        {
            tape.print(trade.price, trade.lots, trade.aggressor, at);
        }
        if let Some(follows) = self.following(trade) {
            self.remember(at, &follows);
        }
    }

    /// What a contract trades because its pair does.
    fn following(&mut self, trade: &FlowTrade) -> Option<FlowTrade> {
        let derived = self.derived.as_mut()?;
        if derived.leader() != trade.product {
            return None;
        }
        let product = |index: usize| self.engine.listed().get(index).map(|l| &l.product);
        let (leader, own) = (product(trade.product)?, product(derived.product())?);
        let follows = derived.follow(leader, own, trade);
        follows.filter(|_| !self.engine.faults.session_closed)
    }

    /// A trade of the rest of the market, now.
    pub fn flow(&mut self, at: Timestamp, trade: &FlowTrade) {
        let known = trade.product < self.tapes.len();
        if known && trade.lots > 0 && trade.price.0 > 0 {
            self.engine.flow(at, trade);
        }
        if let Some(follows) = self.following(trade) {
            self.flow(at, &follows);
        }
    }

    /// Every product has traded, so that it has a book.
    pub fn is_quoted(&self) -> bool {
        self.engine.listed().iter().all(|l| l.last.is_some())
    }

    /// What has happened since the last call, in order; trades are on the tape now.
    pub fn take_news(&mut self) -> Vec<News> {
        let events = self.engine.take_events();
        let mut news = Vec::with_capacity(events.len());
        for event in events {
            news.push(match event {
                Event::Order(order) => News::Order(order),
                Event::Print(print) => News::Trade {
                    product: print.product,
                    tick: self.tapes[print.product].print(
                        print.price,
                        print.lots,
                        print.aggressor,
                        print.time,
                    ),
                },
            });
        }
        news
    }

    /// Contracts are listed: the account has a clearing side.
    pub fn has_contracts(&self) -> bool {
        self.engine
            .listed()
            .iter()
            .any(|l| l.product.contract.is_some())
    }

    pub fn product(&self, index: usize) -> &Product {
        &self.engine.listed()[index].product
    }
}
