//! The session's market data: subscriptions, frames, candles from before, and what is too old.

use super::backfill::{Backfill, Page};
use super::decoded::Decoded;
use super::freshness::Silence;
use crate::core::input::Input;
use crate::core::market::{SymbolId, Trade};
use crate::core::units::{Stamp, Timestamp};
use crate::exchange::DecodeError;
use crate::exchange::calls::{Call, CallAnswer, OwnedTrade};
use crate::exchange::stream::{Channel, StreamRole};
use crate::log;
use crate::net::Incoming;
use crate::runtime::jobs::EffectClass;
use crate::runtime::link_sockets::LinkSockets;
use crate::runtime::live::calls::caller::Ended;
use crate::runtime::live::job::LiveJob;
use crate::runtime::live::session::{Purpose, Session, TARGET, kind_of};
use crate::runtime::live::settings::LiveSettings;
use crate::runtime::live::tasks::Tasks;
use crate::runtime::shell::Shell;
use mio::Token;

/// Name of the feed that trades come by, in reasons: `stale:trades`.
const TRADES: &str = "trades";
/// A round of questions begins this long after a message of orders that could not be read: more of them
/// may follow.
const LOST_ASKED_AFTER: i64 = 2 * crate::core::units::stamp::SECOND;
/// Trades that a probe asks for: the last one tells.
const PROBED: u16 = 1;

impl Session<'_> {
    /// Everything begins: candles are asked for, connections dial by their own deadlines.
    pub(in crate::runtime::live) fn begin(&mut self, shell: &mut Shell<LiveJob>) {
        let stamp = self.stamp(shell);
        let now = shell.now_ms();
        for connection in &mut self.connections {
            connection.begin(now);
        }
        self.retain(shell);
        let products = self.markets.products().join(", ");
        let execution = if self.is_venue() { "venue" } else { "paper" };
        let fields: log::Fields<'_> = &[("products", &products), ("execution", &execution)];
        log::info(TARGET, "session begins", fields);
        for symbol in self.markets.symbols() {
            self.input(stamp, feed(symbol, false));
        }
        self.books_begin(stamp);
        self.trading_hours_begin(stamp);
        if self.is_venue() {
            self.account_lost(stamp);
            self.doubt_orders(stamp);
        }
        self.look_for_halt(stamp);
        self.keep_quiet(shell);
        self.tasks = Some(Tasks::new(&self.settings.tasks, now));
        self.begin_errand(shell);
        self.carry_out(shell);
    }

    /// A connection is gone: what it fed is stale from here on.
    pub(in crate::runtime::live) fn lost(
        &mut self,
        index: usize,
        why: &str,
        pause_ms: u64,
        shell: &mut Shell<LiveJob>,
    ) {
        let connection = &self.connections[index];
        let role = connection.role;
        let fields: log::Fields<'_> = &[
            ("role", &role.name()),
            ("why", &why),
            ("again_in_ms", &pause_ms),
            ("failures", &connection.failures()),
        ];
        log::warn(TARGET, "connection lost", fields);
        let stamp = self.stamp(shell);
        match role {
            StreamRole::Market => self.market_lost(stamp),
            StreamRole::Account => self.account_lost(stamp),
            StreamRole::Book => self.books_lost(stamp, shell),
        }
    }

    /// Serves a connection that is ready. `true`: there may be more.
    pub(in crate::runtime::live) fn serve(
        &mut self,
        index: usize,
        token: Token,
        budget: usize,
        shell: &mut Shell<LiveJob>,
    ) -> bool {
        let now = shell.now_ms();
        let stamp = self.stamp(shell);
        let connection = &mut self.connections[index];
        let role = connection.role;
        let epoch = connection.counts.opened;
        let (kept, recorder) = (self.settings.kept_frames, &mut self.recorder);
        let kind = kind_of(role);
        let (codec, markets, counts) = (&mut self.codec, &mut self.markets, &mut self.counts);
        let (orders, books) = (&mut self.order_news, &mut self.books);
        let mono = shell.at().mono;
        let mut decoded = Decoded::default();
        let mut sink = |incoming: Incoming<'_>| {
            counts.frames += 1;
            let refused = decoded.damaged.len();
            match incoming {
                Incoming::Text(text) => {
                    let parts = (&mut *markets, &mut *orders, &mut *books);
                    decoded.read(text, (&mut **codec, role), parts, mono);
                }
                Incoming::Binary(_) => decoded
                    .damaged
                    .push(DecodeError("a binary message: expected text".to_owned())),
            }
            let refused = decoded.damaged.len() > refused;
            kept.message(recorder.as_mut(), (role, epoch), stamp, &incoming, refused);
        };
        let registrar = &mut LinkSockets { shell, kind };
        let (step, more) = connection.on_ready(token, budget, now, registrar, &mut sink);
        self.take(index, decoded, stamp, shell);
        if let Some(step) = step {
            self.step(index, step, shell);
        }
        more
    }

    fn take(&mut self, index: usize, decoded: Decoded, stamp: Stamp, shell: &mut Shell<LiveJob>) {
        let role = self.connections[index].role;
        for error in &decoded.damaged {
            self.counts.frames_refused += 1;
            log::warn(
                TARGET,
                "frame refused",
                &[("role", &role.name()), ("why", error)],
            );
        }
        for text in &decoded.refusals {
            self.counts.venue_errors += 1;
            log::warn(
                TARGET,
                "the exchange refuses",
                &[("role", &role.name()), ("text", text)],
            );
        }
        let is_data = decoded.subscribed || decoded.booked || !decoded.trades.is_empty();
        if is_data && self.connections[index].confirmed() {
            log::info(TARGET, "subscribed", &[("role", &role.name())]);
            self.subscribed(role, stamp);
        }
        if role == StreamRole::Market {
            for symbol in &decoded.confirmed {
                if self.unconfirmed.take(*symbol) {
                    self.symbol_subscribed(*symbol, stamp);
                }
            }
        }
        if decoded.booked || !decoded.trades.is_empty() {
            self.connections[index].note_data(shell.now_ms());
        }
        self.take_quotes(decoded.quotes, stamp, shell.at().mono);
        self.take_trades(decoded.trades, stamp);
        if role == StreamRole::Book {
            self.books_read(index, stamp, shell);
        }
        self.take_order_news(stamp);
        if decoded.orders_dropped > 0 {
            self.counts.orders_dropped += decoded.orders_dropped;
            self.next_round = i64::MIN;
        }
        if decoded.lost == Some(Channel::Orders) {
            // What it told of an order is asked for.
            let soon = shell.at().mono.saturating_add(LOST_ASKED_AFTER);
            self.next_round = self.next_round.min(soon);
        }
        let missing = match (decoded.gap, decoded.lost) {
            (Some((expected, got)), _) => Some(format!(
                "message {expected} expected, {got} came: some are missing"
            )),
            (None, Some(Channel::Trades)) => {
                Some("a message of trades cannot be read: they are missing".to_owned())
            }
            _ if role == StreamRole::Market && self.lag.is_hopeless(shell.at().mono) => {
                Some("trades come late and it does not catch up".to_owned())
            }
            _ => None,
        };
        if let Some(why) = missing {
            self.counts.gaps += 1;
            let kind = kind_of(role);
            let now = shell.now_ms();
            let registrar = &mut LinkSockets { shell, kind };
            let step = self.connections[index].give_up(why, now, registrar);
            self.step(index, step, shell);
        }
    }

    /// The trades of a reading, in their order.
    pub(in crate::runtime::live) fn take_trades(
        &mut self,
        trades: Vec<(Trade, bool)>,
        stamp: Stamp,
    ) {
        for (trade, is_snapshot) in trades {
            if !self.bridge_trade(trade, is_snapshot) {
                if !is_snapshot {
                    self.watch_lag(&trade, stamp);
                }
                self.live_trade(trade, is_snapshot, stamp);
            }
        }
        self.cross_bridges(stamp);
    }

    /// The subscriptions of a role count from here on.
    fn subscribed(&mut self, role: StreamRole, stamp: Stamp) {
        match role {
            StreamRole::Account => self.account_subscribed(stamp),
            // Each symbol counts by itself.
            StreamRole::Market | StreamRole::Book => {}
        }
    }

    /// Open time of the bucket that candles are missing from, if the symbol has any.
    pub(in crate::runtime::live) fn last_candle(&self, symbol: SymbolId) -> Option<Timestamp> {
        let series = &self.core.symbols()[symbol.index()].series;
        let last = series.history().newest()?;
        Some(last.open_time + series.interval().span())
    }

    pub(in crate::runtime::live) fn want_candles(
        &mut self,
        symbol: SymbolId,
        stamp: Stamp,
        since: Option<Timestamp>,
    ) {
        let lengths = (self.settings.interval, self.settings.candle_source);
        let wanted = (self.settings.history, since);
        let page = self.codec.candle_page();
        let mut fresh = Backfill::new(symbol, lengths, wanted, page, stamp.wall);
        if self.begins_anew(symbol, &fresh) {
            fresh = fresh.with_longer(&self.settings.longer, page, stamp.wall);
        }
        if let Some(earlier) = self.backfills.remove(&symbol) {
            // Asked for again from the beginning; what waited goes on waiting.
            for trade in earlier.into_trades() {
                fresh.wait(trade);
            }
        }
        self.backfills.insert(symbol, fresh);
    }

    /// Nothing of the symbol is known, or what is known ends so long before what is asked for that the
    /// core forgets it.
    fn begins_anew(&self, symbol: SymbolId, fresh: &Backfill) -> bool {
        let series = &self.core.symbols()[symbol.index()].series;
        !series.is_begun() || fresh.first().is_some_and(|first| series.ends_gap(first))
    }

    /// Asks for the next page of every symbol that waits for one.
    pub(in crate::runtime::live) fn ask_for_pages(&mut self, shell: &mut Shell<LiveJob>) {
        let now = self.stamp(shell).wall;
        let complete = |backfill: &&mut Backfill| backfill.is_complete();
        for backfill in self.backfills.values_mut().filter(complete) {
            backfill.extend(now);
        }
        let pages: Vec<Page> = self
            .backfills
            .values_mut()
            .filter_map(Backfill::next_page)
            .collect();
        for page in pages {
            let call = Call::Candles {
                product: self.markets.market(page.symbol).product.clone(),
                interval: page.interval,
                from: page.from,
                to: page.to,
            };
            // Prices of what is held are seen once its candles are there, and so is a gap after an
            // outage: they do not wait for our own limit.
            let symbol = self.core.symbols().get(page.symbol.index());
            let is_held = symbol.is_some_and(|symbol| symbol.position.is_some());
            let (purpose, class) = (Purpose::Backfill(page.symbol), EffectClass::MarketData);
            let asked = if is_held || self.last_candle(page.symbol).is_some() {
                self.caller.ask_urgently(call, purpose, class)
            } else {
                self.caller.ask(call, purpose, class)
            };
            if !asked && let Some(backfill) = self.backfills.get_mut(&page.symbol) {
                backfill.failed();
            }
        }
        let stamp = self.stamp(shell);
        let complete: Vec<SymbolId> = self
            .backfills
            .values()
            .filter(|backfill| backfill.is_complete())
            .map(Backfill::symbol)
            .collect();
        for symbol in complete {
            self.candles_complete(symbol, stamp);
        }
    }

    fn candles_complete(&mut self, symbol: SymbolId, stamp: Stamp) {
        let Some(mut backfill) = self.backfills.remove(&symbol) else {
            return;
        };
        self.counts.trades_dropped += backfill.dropped();
        for (interval, candles) in backfill.take_longer() {
            if candles.is_empty() {
                continue;
            }
            let longer = Input::History {
                symbol,
                interval,
                candles,
            };
            self.input(stamp, longer);
        }
        let (candles, trades) = backfill.finish();
        if !candles.is_empty() {
            let interval = self.settings.interval;
            self.input(
                stamp,
                Input::History {
                    symbol,
                    interval,
                    candles,
                },
            );
        }
        for trade in trades {
            self.input(stamp, Input::Trade(trade));
        }
        if self.freshness.is_fresh(symbol) {
            self.input(stamp, feed(symbol, true));
        }
    }

    pub(in crate::runtime::live) fn live_trade(
        &mut self,
        trade: Trade,
        is_snapshot: bool,
        stamp: Stamp,
    ) {
        let symbol = trade.symbol;
        self.book_calls.news(symbol);
        // Trades of a subscription's snapshot lie in candles that are asked for; they prove that the
        // feed is alive.
        let now = loop_mono(stamp, &self.settings);
        let was_stale = !self.lag.lags(symbol) && self.freshness.note(symbol, now);
        let newest = &mut self.newest[symbol.index()];
        *newest = trade.id.max(*newest);
        if is_snapshot {
            self.counts.trades_known += 1;
        } else {
            self.counts.trades += 1;
            match self.backfills.get_mut(&symbol) {
                Some(backfill) => {
                    backfill.wait(trade);
                    // Its candle waits, what is held does not.
                    let symbol = &self.core.symbols()[symbol.index()];
                    if symbol.position.is_some() || symbol.has_working_order() {
                        self.input(stamp, Input::Ahead(trade));
                    }
                }
                None => self.input(stamp, Input::Trade(trade)),
            }
        }
        if was_stale && !self.backfills.contains_key(&symbol) {
            // Whether trades were lost in the silence will never be known.
            let until = stamp.wall;
            self.input(stamp, Input::Partial { symbol, until });
            self.input(stamp, feed(symbol, true));
        }
    }

    pub(in crate::runtime::live) fn feeds_deadline(&self) -> Option<i64> {
        let unconfirmed = self.unconfirmed.next_deadline();
        [
            self.freshness.next_deadline(),
            self.bridges_deadline(),
            unconfirmed,
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Asks about silent symbols; blocks entries of those that are dead.
    pub(in crate::runtime::live) fn watch_feeds(&mut self, shell: &mut Shell<LiveJob>) {
        self.watch_bridges(shell);
        self.subscribe_again(shell);
        for silence in self.freshness.expire(shell.at().mono) {
            match silence {
                Silence::Probe(symbol) => {
                    let call = Call::Trades {
                        product: self.markets.market(symbol).product.clone(),
                        limit: PROBED,
                        from: None,
                        to: None,
                    };
                    self.caller
                        .ask(call, Purpose::Probe(symbol), EffectClass::MarketData);
                }
                Silence::Stale(symbol) => {
                    let product = &self.markets.market(symbol).product;
                    log::warn(TARGET, "stale", &[("feed", &TRADES), ("product", product)]);
                    let stamp = self.stamp(shell);
                    self.input(stamp, feed(symbol, false));
                }
            }
        }
    }

    /// The answer to a call about market data.
    pub(in crate::runtime::live) fn market_answer(
        &mut self,
        ended: Ended<Purpose>,
        symbol: SymbolId,
        shell: &mut Shell<LiveJob>,
    ) {
        match ended.result {
            Ok(CallAnswer::Candles(candles)) => {
                let placed: Vec<_> = candles
                    .iter()
                    .filter_map(|candle| self.markets.candle(symbol, candle))
                    .collect();
                if let Some(backfill) = self.backfills.get_mut(&symbol) {
                    backfill.answered(placed);
                }
            }
            Ok(CallAnswer::Trades(trades)) => self.probed(symbol, trades.last(), shell),
            Ok(_) => {}
            Err(trouble) => {
                let product = &self.markets.market(symbol).product;
                let fields: log::Fields<'_> = &[("product", product), ("why", &trouble)];
                log::warn(TARGET, "market data not answered", fields);
                if let Some(backfill) = self.backfills.get_mut(&symbol) {
                    backfill.failed();
                }
            }
        }
    }

    /// The venue's last trade of a silent symbol: known already means quiet; a newer one means that
    /// the stream has lost it.
    fn probed(&mut self, symbol: SymbolId, last: Option<&OwnedTrade>, shell: &mut Shell<LiveJob>) {
        let known = self.newest[symbol.index()];
        if last.is_none_or(|last| last.id <= known) {
            self.freshness.note(symbol, shell.at().mono);
            return;
        }
        let product = self.markets.market(symbol).product.clone();
        self.break_off(&format!("{product}: the stream brings no trades"), shell);
    }

    /// Dials the market's connection anew.
    pub(in crate::runtime::live) fn break_off(&mut self, why: &str, shell: &mut Shell<LiveJob>) {
        for index in 0..self.connections.len() {
            let kind = kind_of(self.connections[index].role);
            let now = shell.now_ms();
            let registrar = &mut LinkSockets { shell, kind };
            let step = self.connections[index].give_up(why.to_owned(), now, registrar);
            self.step(index, step, shell);
        }
    }
}

/// The loop's monotonic time of a stamp.
pub(in crate::runtime::live) const fn loop_mono(stamp: Stamp, settings: &LiveSettings) -> i64 {
    stamp.mono - settings.mono_offset
}

pub(in crate::runtime::live) fn feed(symbol: SymbolId, fresh: bool) -> Input {
    Input::Feed {
        symbol,
        feed: TRADES.to_owned(),
        fresh,
    }
}
