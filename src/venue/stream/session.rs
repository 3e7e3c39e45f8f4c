//! One connection's subscriptions, its sequence number, and what goes wrong with its frames.

use super::frames;
use crate::core::units::{Price, Side, Timestamp};
use crate::venue::faults::FaultKind;
use crate::venue::market::tape::Tick;
use crate::venue::matching::Order;
use crate::venue::server::token::{Purpose, verify};
use crate::venue::text::{rfc3339, unix_seconds};
use crate::venue::world::World;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Seconds between two frames of positions that change by themselves.
const POSITIONS_EVERY: u64 = 5;
/// Frames of one snapshot of orders hold so many.
const ORDERS_A_FRAME: usize = 50;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Channel {
    Candles,
    FuturesBalanceSummary,
    Heartbeats,
    Level2,
    MarketTrades,
    Status,
    Ticker,
    TickerBatch,
    User,
}

const CHANNELS: [(&str, Channel); 9] = [
    ("candles", Channel::Candles),
    ("futures_balance_summary", Channel::FuturesBalanceSummary),
    ("heartbeats", Channel::Heartbeats),
    ("level2", Channel::Level2),
    ("market_trades", Channel::MarketTrades),
    ("status", Channel::Status),
    ("ticker", Channel::Ticker),
    ("ticker_batch", Channel::TickerBatch),
    ("user", Channel::User),
];

impl Channel {
    fn parse(name: &str) -> Option<Self> {
        CHANNELS
            .iter()
            .find(|(of, _)| *of == name)
            .map(|(_, channel)| *channel)
    }

    /// The name by which it is subscribed to.
    pub fn name(self) -> &'static str {
        CHANNELS
            .iter()
            .find(|(_, of)| *of == self)
            .map_or("", |(name, _)| name)
    }

    /// The name that its frames carry.
    const fn of_frames(self) -> &'static str {
        match self {
            Self::Candles => "candles",
            Self::FuturesBalanceSummary => "futures_balance_summary",
            Self::Heartbeats => "heartbeats",
            Self::Level2 => "l2_data",
            Self::MarketTrades => "market_trades",
            Self::Status => "status",
            Self::Ticker => "ticker",
            Self::TickerBatch => "ticker_batch",
            Self::User => "user",
        }
    }

    /// Is subscribed to by product.
    const fn has_products(self) -> bool {
        !matches!(
            self,
            Self::FuturesBalanceSummary | Self::Heartbeats | Self::User | Self::Status
        )
    }

    /// Is told to the account's owner alone.
    const fn is_private(self) -> bool {
        matches!(self, Self::FuturesBalanceSummary | Self::User)
    }
}

/// What a refused message is answered with; the exchange says no more.
const NOT_AUTHENTICATED: &str = "authentication failure";
const NOT_SUBSCRIBED: &str = "failure to subscribe";

#[derive(Debug, Default)]
pub struct Session {
    /// Products of each channel, by index; user and heartbeats have none.
    subscriptions: BTreeMap<Channel, BTreeSet<usize>>,
    /// Products of the user channel; empty: all.
    user_products: BTreeSet<usize>,
    sequence: u64,
    heartbeats: u64,
    /// Seconds since it began.
    seconds: u64,
    /// Positions as they were last told.
    positions: Value,
    /// Margin as it was last told.
    summary: Value,
    /// Frames to be sent, oldest first; fetched after every call.
    out: Vec<String>,
    /// Nothing goes out before this time.
    muted_until: Option<Timestamp>,
    /// The connection is to be cut.
    cut: bool,
}

/// A message of a client that makes sense.
struct Wish {
    subscribes: bool,
    channel: Channel,
    products: BTreeSet<usize>,
}

impl Session {
    /// Takes a message of the client.
    pub fn receive(&mut self, text: &str, world: &mut World, now: Timestamp) {
        match self.understand(text, world, now) {
            Ok(wish) if wish.subscribes => self.subscribe(wish, world, now),
            Ok(wish) => self.unsubscribe(&wish, world, now),
            Err(message) => self
                .out
                .push(json!({"type": "error", "message": message}).to_string()),
        }
    }

    fn understand(&self, text: &str, world: &World, now: Timestamp) -> Result<Wish, &'static str> {
        let message: Value = serde_json::from_str(text).map_err(|_| NOT_SUBSCRIBED)?;
        let subscribes = match message["type"].as_str() {
            Some("subscribe") => true,
            Some("unsubscribe") => false,
            _ => return Err(NOT_SUBSCRIBED),
        };
        let channel = message["channel"].as_str().and_then(Channel::parse);
        let channel = channel.ok_or(NOT_AUTHENTICATED)?;
        let authenticated = match message["jwt"].as_str().filter(|token| !token.is_empty()) {
            None => false,
            Some(token) => {
                let seconds = unix_seconds(now);
                verify(token, &world.keys, Purpose::Stream, seconds)
                    .map_err(|_| NOT_AUTHENTICATED)?;
                true
            }
        };
        if channel.is_private() && subscribes && !authenticated {
            return Err(NOT_AUTHENTICATED);
        }
        let mut products = BTreeSet::new();
        for id in message["product_ids"].as_array().into_iter().flatten() {
            let index = id.as_str().and_then(|id| world.engine.product(id));
            products.insert(index.ok_or(NOT_SUBSCRIBED)?);
        }
        if channel.has_products() && products.is_empty() {
            return Err(NOT_SUBSCRIBED);
        }
        Ok(Wish {
            subscribes,
            channel,
            products,
        })
    }

    fn subscribe(&mut self, wish: Wish, world: &mut World, now: Timestamp) {
        let Wish {
            channel,
            mut products,
            ..
        } = wish;
        if channel.has_products() {
            let missed = world
                .faults
                .strikes(FaultKind::MissedProduct, channel.name());
            missed.and_then(|_| products.pop_last());
        }
        let is_new = !self.subscriptions.contains_key(&channel);
        let set = self.subscriptions.entry(channel).or_default();
        let news: Vec<usize> = products.difference(set).copied().collect();
        if channel.has_products() {
            set.extend(&products);
        }
        match channel {
            Channel::User if is_new => {
                self.user_products = products;
                self.user_snapshot(world, now);
            }
            Channel::FuturesBalanceSummary if is_new => self.balance_summary(world, now, true),
            Channel::Status if is_new => {
                let all: Vec<usize> = (0..world.tapes.len()).collect();
                let event = frames::status(world, "snapshot", &all);
                self.push(world, now, channel, vec![event]);
            }
            Channel::Level2 => {
                for product in news {
                    let event = frames::book(world, product, now);
                    self.push(world, now, channel, vec![event]);
                }
            }
            Channel::MarketTrades if !news.is_empty() => {
                let events = news
                    .iter()
                    .map(|p| frames::trades_snapshot(world, *p))
                    .collect();
                self.push(world, now, channel, events);
            }
            Channel::Ticker | Channel::TickerBatch if !news.is_empty() => {
                let event = frames::tickers(world, "snapshot", &news, now);
                self.push(world, now, channel, vec![event]);
            }
            Channel::Candles if !news.is_empty() => {
                let events = news
                    .iter()
                    .map(|p| frames::candles(world, *p, true, now))
                    .collect();
                self.push(world, now, channel, events);
            }
            _ => {}
        }
        self.acknowledge(world, now);
    }

    fn unsubscribe(&mut self, wish: &Wish, world: &mut World, now: Timestamp) {
        if let Some(set) = self.subscriptions.get_mut(&wish.channel) {
            set.retain(|product| !wish.products.contains(product));
            if set.is_empty() {
                self.subscriptions.remove(&wish.channel);
            }
        }
        self.acknowledge(world, now);
    }

    /// The whole set as it is now.
    fn acknowledge(&mut self, world: &mut World, now: Timestamp) {
        let mut set = serde_json::Map::new();
        for (channel, products) in &self.subscriptions {
            let names: Vec<String> = match channel {
                Channel::Heartbeats => vec!["heartbeats".to_owned()],
                Channel::User | Channel::FuturesBalanceSummary => vec![world.user_id.clone()],
                Channel::Status => vec!["status".to_owned()],
                _ => products
                    .iter()
                    .map(|p| world.product(*p).id.clone())
                    .collect(),
            };
            set.insert(channel.name().to_owned(), json!(names));
        }
        let events = vec![json!({"subscriptions": set})];
        self.push_named(world, now, "subscriptions", events);
    }

    fn user_snapshot(&mut self, world: &mut World, now: Timestamp) {
        let open: Vec<Order> = world
            .engine
            .open_orders()
            .filter(|order| self.is_wanted(order))
            .cloned()
            .collect();
        let mut pages = open.chunks(ORDERS_A_FRAME);
        // An account without orders gets an empty snapshot.
        let mut page = pages.next().unwrap_or_default();
        loop {
            let event = frames::user(world, "snapshot", page);
            self.positions = event["positions"].clone();
            self.push(world, now, Channel::User, vec![event]);
            match pages.next() {
                Some(next) => page = next,
                None => return,
            }
        }
    }

    fn is_wanted(&self, order: &Order) -> bool {
        self.user_products.is_empty() || self.user_products.contains(&order.product)
    }

    /// Whether this session has this channel for this product.
    fn has(&self, channel: Channel, product: usize) -> bool {
        let set = self.subscriptions.get(&channel);
        set.is_some_and(|set| set.contains(&product))
    }

    /// Whether it has subscribed to anything.
    pub fn is_subscribed(&self) -> bool {
        !self.subscriptions.is_empty()
    }

    /// Whether it has this channel at all.
    pub fn has_channel(&self, channel: Channel) -> bool {
        self.subscriptions.contains_key(&channel)
    }

    /// An order has changed.
    pub fn order(&mut self, world: &mut World, now: Timestamp, order: &Order) {
        if self.has_channel(Channel::User) && self.is_wanted(order) {
            self.user_update(world, now, std::slice::from_ref(order));
        }
    }

    fn user_update(&mut self, world: &mut World, now: Timestamp, orders: &[Order]) {
        let event = frames::user(world, "update", orders);
        self.positions = event["positions"].clone();
        self.push(world, now, Channel::User, vec![event]);
    }

    /// Positions whose profit has changed, every few seconds.
    fn positions(&mut self, world: &mut World, now: Timestamp) {
        let is_due = self.seconds.is_multiple_of(POSITIONS_EVERY);
        if is_due && self.has_channel(Channel::User) && world.has_contracts() {
            let held = frames::user(world, "update", &[]);
            if held["positions"] != self.positions {
                self.user_update(world, now, &[]);
            }
        }
    }

    /// Margin, where it has changed.
    fn balance_summary(&mut self, world: &mut World, now: Timestamp, first: bool) {
        let kind = if first { "snapshot" } else { "update" };
        let event = frames::balance_summary(world, kind);
        let summary = event["fcm_balance_summary"].clone();
        if first || summary != self.summary {
            self.summary = summary;
            self.push(world, now, Channel::FuturesBalanceSummary, vec![event]);
        }
    }

    /// Trades of some products since the last batch, oldest first.
    pub fn trades(&mut self, world: &mut World, now: Timestamp, trades: &[Vec<Tick>]) {
        let wanted = |(product, ticks): &(usize, &Vec<Tick>)| {
            !ticks.is_empty() && self.has(Channel::MarketTrades, *product)
        };
        let events: Vec<Value> = trades
            .iter()
            .enumerate()
            .filter(wanted)
            .map(|(product, ticks)| frames::trades(world, product, "update", ticks.iter()))
            .collect();
        if !events.is_empty() {
            self.push(world, now, Channel::MarketTrades, events);
        }
    }

    /// The tickers of these products have changed; `batch`: it is the slow channel's turn.
    pub fn tickers(
        &mut self,
        world: &mut World,
        now: Timestamp,
        products: &BTreeSet<usize>,
        batch: bool,
    ) {
        let channel = if batch {
            Channel::TickerBatch
        } else {
            Channel::Ticker
        };
        for product in products {
            if self.has(channel, *product) {
                let event = frames::tickers(world, "update", &[*product], now);
                self.push(world, now, channel, vec![event]);
            }
        }
    }

    /// Levels of a book that have changed, with the lots that are there now.
    pub fn levels(
        &mut self,
        world: &mut World,
        now: Timestamp,
        product: usize,
        levels: &[(Side, Price, i64)],
    ) {
        if self.has(Channel::Level2, product) && !levels.is_empty() {
            let event = frames::levels(world, product, "update", levels, now);
            self.push(world, now, Channel::Level2, vec![event]);
        }
    }

    /// A second has passed.
    pub fn second(&mut self, world: &mut World, now: Timestamp) {
        self.seconds += 1;
        self.positions(world, now);
        if self.has_channel(Channel::FuturesBalanceSummary) {
            self.balance_summary(world, now, false);
        }
        if self.has_channel(Channel::Heartbeats) {
            self.heartbeats += 1;
            let event = frames::heartbeat(world, self.heartbeats, now);
            self.push(world, now, Channel::Heartbeats, vec![event]);
        }
        let products: Vec<usize> = match self.subscriptions.get(&Channel::Candles) {
            Some(products) => products.iter().copied().collect(),
            None => return,
        };
        for product in products {
            let event = frames::candles(world, product, false, now);
            self.push(world, now, Channel::Candles, vec![event]);
        }
    }

    /// What is to be sent.
    pub fn take_frames(&mut self) -> Vec<String> {
        std::mem::take(&mut self.out)
    }

    /// A fault wants the connection cut.
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    fn push(&mut self, world: &mut World, now: Timestamp, channel: Channel, events: Vec<Value>) {
        self.push_named(world, now, channel.of_frames(), events);
    }

    fn push_named(&mut self, world: &mut World, now: Timestamp, name: &str, events: Vec<Value>) {
        let faults = &mut world.faults;
        if faults.strikes(FaultKind::Disconnect, "").is_some() {
            self.cut = true;
        }
        if let Some(fault) = faults.strikes(FaultKind::Silence, "") {
            let span = crate::core::units::Span::from_millis(fault.ms.max(0));
            self.muted_until = Some(now + span);
        }
        if faults.strikes(FaultKind::SequenceGap, "").is_some() {
            self.sequence += 3;
        }
        let frame = json!({
            "channel": name,
            "client_id": "",
            "timestamp": rfc3339(now, 9),
            "sequence_num": self.sequence,
            "events": events,
        });
        self.sequence += 1;
        let missing = faults.strikes(FaultKind::MissingFrame, "").is_some();
        let muted = self.muted_until.is_some_and(|until| now < until);
        if missing || muted || self.cut {
            return;
        }
        if faults.strikes(FaultKind::DuplicateFrame, "").is_some() {
            self.out.push(frame.to_string());
        }
        self.out.push(frame.to_string());
    }
}
