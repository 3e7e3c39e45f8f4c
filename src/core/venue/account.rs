//! Feeds, cash and reconciliation: what stands between an entry and the venue, and how the account
//! at the venue becomes the core's.
//!
//! The core's cash counts what was paid for lots of spot as cash still: equity is then cash plus
//! unrealised profit, as everywhere else.

use super::news::AccountNews;
use crate::effect::{AlertLevel, Effect, Effects};
use crate::input::Input;
use crate::machine::Core;
use crate::market::{ProductKind, SymbolId};
use crate::records::OrderState;
use crate::risk::breaker::{BreakerState, FailureWeight};
use crate::risk::countable::COUNTED_MAX;
use crate::risk::emergency::Trigger;
use crate::settings::Execution;
use crate::state_hash::Tag;
use crate::units::{Decimal, Stamp};
use crate::venue::desk::FAILURES_TOLD;

/// An unexplained change of the balance below this share of equity, or below one unit, is the sum
/// of roundings.
const TOLERATED: Decimal = Decimal::new(1, 3);
/// Above this share of equity, or this much, it is to be seen twice before an entry.
const LARGE_SHARE: Decimal = Decimal::new(25, 2);
const LARGE: Decimal = Decimal::from_int(50_000);

impl Core {
    /// What only live sessions have.
    pub(crate) fn session_input(&mut self, at: Stamp, input: Input, out: &mut Effects) {
        match input {
            Input::History {
                symbol,
                interval,
                candles,
            } => self.history(at, symbol, interval, &candles, out),
            Input::Feed {
                symbol,
                feed,
                fresh,
            } => self.feed(at, symbol, &feed, fresh, out),
            Input::Partial { symbol, until } => self.partial(at, symbol, until),
            Input::Ahead(trade) => self.trade_ahead(at, trade, out),
            Input::Whole { symbol } => self.whole(at, symbol),
            Input::Quote {
                symbol,
                quote,
                max_spread_bps,
            } => self.quote(at, symbol, quote, max_spread_bps),
            Input::Order(event) => self.order_event(at, &event, out),
            Input::Account(news) => self.account_news(at, &news, out),
            Input::Reconciled { ok, text } => self.reconciled(at, ok, &text, out),
            Input::Listing(listing) => self.listing(at, &listing, out),
            // The others have their own ways.
            _ => self.counts.inputs_refused += 1,
        }
    }

    fn feed(&mut self, at: Stamp, id: SymbolId, feed: &str, fresh: bool, out: &mut Effects) {
        let words = [at.wall.0.into(), id.0.into(), fresh.into()];
        self.hash.words(Tag::Feed, &words);
        self.hash.text(feed);
        let Some(symbol) = self.symbols.get_mut(id.index()) else {
            self.counts.inputs_refused += 1;
            return;
        };
        let hidden = symbol.stale.hides_prices();
        symbol.stale.set(feed, fresh);
        if hidden || symbol.stale.hides_prices() {
            // What began before now was not seen whole.
            symbol.series.note_doubt(at.wall);
        }
        self.sync_roll_over(id, at);
        if self.settings.execution == Execution::Paper {
            return;
        }
        let hidden = self.symbols.iter().any(|s| s.stale.hides_orders());
        if matches!(feed, "orders" | "account") {
            if !fresh {
                self.desk.doubt(false);
            } else if !hidden {
                out.push(Effect::Reconcile);
            }
        }
    }

    /// Cash and fees as the venue states them.
    fn account_news(&mut self, at: Stamp, news: &AccountNews, out: &mut Effects) {
        self.hash
            .words(Tag::Account, &[at.wall.0.into(), news.cash.raw()]);
        for (id, rates) in &news.fees {
            let words = [id.0.into(), rates.maker.raw(), rates.taker.raw()];
            self.hash.words(Tag::Account, &words);
            match self.symbols.get_mut(id.index()) {
                Some(symbol) => symbol.fees = *rates,
                None => self.counts.inputs_refused += 1,
            }
        }
        if self.settings.execution == Execution::Paper {
            return;
        }
        if news.cash.abs() > COUNTED_MAX {
            self.counts.inputs_refused += 1;
            let text = format!("a balance of {}: expected at most {COUNTED_MAX}", news.cash);
            self.inconsistent(text, at, out);
            return;
        }
        self.desk.since.get_or_insert(at.wall);
        let difference = news.cash + self.paid_for_lots() - self.account.cash;
        if !std::mem::replace(&mut self.desk.baselined, true) {
            self.shift(difference);
            for index in 0..self.symbols.len() {
                self.compare_again_if_known(SymbolId(index as u16), at, out);
            }
        } else if self.is_at_rest(at) {
            self.compare_cash(difference, at, out);
        }
        self.hash.words(Tag::Balance, &[self.account.cash.raw()]);
    }

    fn compare_cash(&mut self, difference: Decimal, at: Stamp, out: &mut Effects) {
        let equity = self.equity().abs();
        let amount = difference.abs();
        if amount <= (equity * TOLERATED).max(Decimal::ONE) {
            self.desk.cash_doubt = None;
            return;
        }
        if self.symbols.iter().any(|s| s.stop.is_some()) && self.desk.cash_doubt != Some(true) {
            // It may have filled, and nobody told yet.
            self.desk.cash_doubt.get_or_insert(false);
            return self.want_reconciliation(out);
        }
        self.desk.cash_doubt = None;
        let text = format!("the balance changed by {difference} without a fill or fee of ours");
        self.report(AlertLevel::Warning, "balance_anomaly", text, at, out);
        self.shift(difference);
        let large = amount > equity * LARGE_SHARE || amount > LARGE;
        if large && self.desk.doubt(true) || !large && self.desk.ask() {
            out.push(Effect::Reconcile);
        }
    }

    /// Money came or went: what equity is compared with moves along.
    pub(super) fn shift(&mut self, amount: Decimal) {
        self.account.shift(amount);
        self.guard.shift(amount, &self.settings.risk);
    }

    /// What was paid for the open lots of spot.
    fn paid_for_lots(&self) -> Decimal {
        self.symbols
            .iter()
            .filter(|s| s.instrument.kind == ProductKind::Spot)
            .filter_map(|s| Some(s.position.as_ref()?.entry_notional(&s.instrument)))
            .fold(Decimal::ZERO, |sum, paid| sum + paid)
    }

    /// No order is at work and nothing moved lately: balances and fills tell of the same moment.
    fn is_at_rest(&self, at: Stamp) -> bool {
        let listed = self.desk.listed_from.unwrap_or(at.mono);
        self.symbols
            .iter()
            .all(|s| !s.has_working_order() && !s.desk.moved_since(listed, at.mono))
    }

    /// Equity that an entry may count on: spot is paid in cash, and profit that is not realised is
    /// none.
    pub(crate) fn spendable(&self, id: SymbolId, equity: Decimal) -> Decimal {
        let spot = self.symbols[id.index()].instrument.kind == ProductKind::Spot;
        match self.settings.execution {
            Execution::Venue if spot => equity.min(self.account.cash),
            _ => equity,
        }
    }

    /// A round without a listing.
    fn reconciled(&mut self, at: Stamp, ok: bool, text: &str, out: &mut Effects) {
        self.hash
            .words(Tag::Reconciled, &[at.wall.0.into(), ok.into()]);
        self.hash.text(text);
        if self.settings.execution == Execution::Paper {
            self.counts.inputs_refused += 1;
        } else if ok {
            self.round_ended(at, out);
        } else {
            self.round_failed(text, at, out);
        }
    }

    /// A round failed: no entries until one succeeds.
    pub(super) fn round_failed(&mut self, text: &str, at: Stamp, out: &mut Effects) {
        if self.desk.round_failed() == FAILURES_TOLD {
            let text =
                format!("{FAILURES_TOLD} reconciliations in a row failed: no entries: {text}");
            self.report(AlertLevel::Critical, "reconciliation_failed", text, at, out);
        }
    }

    /// Everything the venue has is compared and resolved.
    pub(super) fn round_ended(&mut self, at: Stamp, out: &mut Effects) {
        let before = self.desk.is_reconciled();
        self.desk.round_ended(at.mono);
        if !before && self.desk.is_reconciled() {
            let text = "orders, fills and positions agree with the venue".to_owned();
            self.report(AlertLevel::Info, "reconciled", text, at, out);
        }
        for index in 0..self.symbols.len() {
            // A protective order that is missing or wrong is placed.
            if self.symbols[index].position.is_some() || self.symbols[index].stop.is_some() {
                self.protect_at_venue(self.symbols[index].id, at);
            }
        }
    }

    /// Why the venue's side allows no entry; `None` when it does.
    pub(crate) fn venue_blocked(&self, id: SymbolId, at: Stamp) -> Option<&'static str> {
        if self.settings.execution == Execution::Paper {
            return None;
        }
        let symbol = &self.symbols[id.index()];
        let unknown = |w: &crate::orders::Working| w.order.state == OrderState::Unknown;
        let probing = self.guard.breaker.state(at.mono) == BreakerState::HalfOpen;
        if !self.desk.is_reconciled() {
            Some("not_reconciled")
        } else if [&symbol.entry, &symbol.exit, &symbol.stop]
            .into_iter()
            .flatten()
            .any(unknown)
        {
            Some("order_unknown")
        } else if probing && self.symbols.iter().any(|s| s.entry.is_some()) {
            Some("circuit_breaker")
        } else {
            None
        }
    }

    /// A failure of the exchange: for the breaker and the emergency stop.
    pub(super) fn exchange_failed(
        &mut self,
        weight: FailureWeight,
        text: &str,
        at: Stamp,
        out: &mut Effects,
    ) {
        if self.guard.breaker.fail(at.mono, weight) {
            let text = format!("no entries for a while: {text}");
            self.report(AlertLevel::Warning, "circuit_breaker", text, at, out);
        }
        let limit = self.settings.risk.emergency_api_failures;
        if self.guard.emergency.note_exchange_failure(at.mono, limit) >= limit {
            let text = format!("{limit} exchange failures within 600 s, the last: {text}");
            self.trip(Trigger::ExchangeFailures, &text, at, out);
        }
    }

    /// What the venue says contradicts what is known.
    pub(super) fn inconsistent(&mut self, text: String, at: Stamp, out: &mut Effects) {
        self.report(AlertLevel::Warning, "inconsistency", text, at, out);
        self.want_reconciliation(out);
    }

    /// The same about a position: some of them within a minute stop entries for good.
    pub(super) fn position_error(&mut self, text: String, at: Stamp, out: &mut Effects) {
        let limit = self.settings.risk.emergency_position_errors;
        let count = self.guard.emergency.note_position_error(at.mono, limit);
        if count >= limit {
            let text = format!("{limit} position inconsistencies within 60 s, the last: {text}");
            self.trip(Trigger::PositionErrors, &text, at, out);
        }
        self.inconsistent(text, at, out);
    }

    /// Wants the venue asked for everything; once until that has ended.
    pub(super) fn want_reconciliation(&mut self, out: &mut Effects) {
        if self.desk.ask() {
            out.push(Effect::Reconcile);
        }
    }

    /// How the client ids of this instance begin.
    pub(super) fn own_head(&self) -> String {
        format!("mw{}-", self.settings.identity.instance_head)
    }

    pub(super) fn hash_json(&mut self, value: &impl serde::Serialize) {
        let text = serde_json::to_string(value).expect("plain values of the core are JSON");
        self.hash.text(&text);
    }
}
