//! What the limits are held against: the account at each candle close, fill and order.
//!
//! Recomputes equity, latches loss limits and the emergency stop, and does what a hit demands.

use super::countable::COUNTED_MAX;
use super::emergency::Trigger;
use super::gate::Standing;
use super::limits::{Period, pct_of, share_pct};
use super::sizing::{Budget, liquidation_distance_pct};
use crate::effect::{Alert, AlertLevel, Effect, Effects};
use crate::input::Command;
use crate::machine::Core;
use crate::market::SymbolId;
use crate::orders::Position;
use crate::records::{EquityKind, EquityPoint, Event, ExitReason, Record};
use crate::settings::OnShutdown;
use crate::symbol::{Slot, Symbol};
use crate::units::{Decimal, Price, Quantity, Stamp, Timestamp};

/// Loss in % within 300 s that is warned about.
const RAPID_LOSS_WARNING: Decimal = Decimal::from_int(3);
/// Margin used in % of equity that is warned about.
const MARGIN_WARNING: Decimal = Decimal::from_int(80);

impl Core {
    /// Cash plus unrealised profit at the marks.
    pub fn equity(&self) -> Decimal {
        self.account.cash + self.unrealised()
    }

    pub fn unrealised(&self) -> Decimal {
        self.symbols
            .iter()
            .filter_map(|s| Some(s.position.as_ref()?.unrealised(s.last?, &s.instrument)))
            .fold(Decimal::ZERO, |sum, u| sum + u)
    }

    pub fn margin_used(&self) -> Decimal {
        self.symbols
            .iter()
            .filter_map(|s| Some(s.position.as_ref()?.margin()))
            .fold(Decimal::ZERO, |sum, m| sum + m)
    }

    /// Equity point, baselines and limits of a closed candle, before its decision.
    pub(crate) fn account_for_candle(
        &mut self,
        open_time: Timestamp,
        end: Timestamp,
        at: Stamp,
        out: &mut Effects,
    ) {
        let equity = self.equity();
        let new_period = self
            .guard
            .losses
            .candle_closed(end, equity, &self.settings.risk);
        self.push_equity(open_time, EquityKind::Candle, equity, out);
        self.day_goes_on(end, equity, at, out);
        if new_period || !self.is_as_assessed(equity, at) {
            self.assess(equity, at, out);
        }
    }

    pub(crate) fn after_fill(&mut self, at: Stamp, out: &mut Effects) {
        let equity = self.equity();
        self.push_equity(at.wall, EquityKind::Fill, equity, out);
        self.assess(equity, at, out);
    }

    pub(crate) fn after_order(&mut self, at: Stamp, out: &mut Effects) {
        let equity = self.equity();
        self.assess(equity, at, out);
    }

    fn push_equity(&self, time: Timestamp, kind: EquityKind, equity: Decimal, out: &mut Effects) {
        out.push(Effect::Equity(EquityPoint {
            time,
            kind,
            equity,
            cash: self.account.cash,
            unrealised: equity - self.account.cash,
            margin_used: self.margin_used(),
        }));
    }

    /// Whether nothing is held and this very equity was assessed last: it can hit nothing new.
    fn is_as_assessed(&mut self, equity: Decimal, at: Stamp) -> bool {
        self.guard.assessed == Some(equity)
            && equity.is_positive()
            && self.symbols.iter().all(|s| s.position.is_none())
            && self.guard.emergency.repeats(at.mono, equity)
    }

    /// Latches what this equity hits.
    fn assess(&mut self, equity: Decimal, at: Stamp, out: &mut Effects) {
        self.guard.assessed = Some(equity);
        let minimum = self.settings.risk.min_account_balance;
        if equity < minimum {
            self.guard.balance_too_low = true;
        } else if self.guard.balance_too_low && equity > minimum + pct_of(minimum, Decimal::ONE) {
            self.guard.balance_too_low = false;
        }
        let hit = self.guard.losses.assess(equity);
        for (period, hit) in Period::ALL.into_iter().zip(hit) {
            if hit {
                self.loss_limit_hit(period, equity, at, out);
            }
        }
        if !equity.is_positive() {
            self.trip(Trigger::Bankruptcy, "equity is gone", at, out);
        }
        if equity > COUNTED_MAX {
            let text = format!("equity is beyond {COUNTED_MAX}");
            self.trip(Trigger::Uncountable, &text, at, out);
        }
        let rapid = self.guard.emergency.rapid_loss_pct(at.mono, equity);
        if rapid >= self.settings.risk.emergency_rapid_loss_pct {
            let text = format!("equity fell {rapid:.2} % within 300 s");
            self.trip(Trigger::RapidLoss, &text, at, out);
        }
        let warn = rapid >= RAPID_LOSS_WARNING;
        if warn && !self.guard.warned_rapid_loss {
            let text = format!("equity fell {rapid:.2} % within 300 s");
            self.report(AlertLevel::Warning, "rapid_loss", text, at, out);
        }
        self.guard.warned_rapid_loss = warn;
        if self.symbols.iter().any(|s| s.position.is_some()) {
            self.assess_margin(equity, at, out);
        }
    }

    fn assess_margin(&mut self, equity: Decimal, at: Stamp, out: &mut Effects) {
        let used = share_pct(self.margin_used(), equity);
        if used >= self.settings.risk.emergency_margin_pct {
            let text = format!("margin used is {used:.2} % of equity");
            self.trip(Trigger::MarginUsed, &text, at, out);
        }
        let warn = used >= MARGIN_WARNING;
        if warn && !self.guard.warned_margin {
            let text = format!("margin used is {used:.2} % of equity");
            self.report(AlertLevel::Warning, "margin_used", text, at, out);
        }
        self.guard.warned_margin = warn;
        let near = self.symbols.iter().find_map(near_liquidation);
        if let Some(text) = near {
            self.trip(Trigger::NearLiquidation, &text, at, out);
        }
    }

    /// A price was refused because what is held could not be counted at it.
    pub(crate) fn price_uncountable(
        &mut self,
        id: SymbolId,
        price: Price,
        at: Stamp,
        out: &mut Effects,
    ) {
        let instrument = &self.symbols[id.index()].instrument;
        let text = format!(
            "{} at {}: what is held would be worth more than {COUNTED_MAX}; the price is refused",
            instrument.symbol,
            instrument.price(price)
        );
        self.note_data_error(&text, at, out);
        self.trip(Trigger::Uncountable, &text, at, out);
    }

    fn loss_limit_hit(&mut self, period: Period, equity: Decimal, at: Stamp, out: &mut Effects) {
        let loss = self.guard.losses.loss_pct(period, equity);
        let limit = period.limit(&self.settings.risk);
        let text = format!("{} hit: lost {loss:.2} %, limit {limit} %", period.key());
        self.report(AlertLevel::Critical, period.key(), text, at, out);
        for index in 0..self.symbols.len() {
            let id = SymbolId(index as u16);
            self.cancel(id, Slot::Entry, period.key(), at, out);
            if self.settings.risk.close_on_loss_limit {
                self.close_for(id, ExitReason::LossLimit, at, out);
            }
        }
    }

    /// Latches the emergency stop and does what its trigger demands; once.
    pub(crate) fn trip(&mut self, trigger: Trigger, text: &str, at: Stamp, out: &mut Effects) {
        let close = self.settings.risk.emergency_close && trigger.closes_positions();
        self.emergency_stop(trigger, text, close, at, out);
    }

    fn emergency_stop(
        &mut self,
        trigger: Trigger,
        text: &str,
        close: bool,
        at: Stamp,
        out: &mut Effects,
    ) {
        let first = self.guard.emergency.latch(trigger, at.wall);
        // A stop that closes adds to one that does not; it is never lost behind it.
        if !first && (!close || self.desk.close_all.is_some()) {
            return;
        }
        let reason = match trigger {
            Trigger::Operator => ExitReason::Operator,
            _ => ExitReason::EmergencyStop,
        };
        if close {
            self.desk.close_all = Some(reason);
        }
        let text = format!("emergency stop ({}): {text}", trigger.name());
        self.report(AlertLevel::Critical, "emergency_stop", text, at, out);
        for index in 0..self.symbols.len() {
            let id = SymbolId(index as u16);
            self.cancel(id, Slot::Entry, "emergency_stop", at, out);
            if close {
                self.close_for(id, reason, at, out);
            }
        }
    }

    pub(crate) fn ledger_failed(&mut self, at: Stamp, text: &str, out: &mut Effects) {
        self.note_ledger_error(text, at, out);
        self.trip(Trigger::LedgerFailure, text, at, out);
    }

    pub(crate) fn command(&mut self, at: Stamp, command: Command, out: &mut Effects) {
        match command {
            Command::Pause => {
                self.paused = true;
                let text = "paused by command: no entries until resumed".to_owned();
                self.report(AlertLevel::Info, "pause", text, at, out);
            }
            Command::Resume { reason } => {
                let latched = self.guard.emergency.is_latched();
                if latched && reason.chars().count() < 8 {
                    let text = "resume refused: leaving an emergency stop needs a reason of at \
                                least 8 characters"
                        .to_owned();
                    self.report(AlertLevel::Warning, "resume", text, at, out);
                    return;
                }
                self.guard.emergency.release();
                self.desk.close_all = None;
                self.forget_decision_errors();
                self.paused = false;
                self.report(
                    AlertLevel::Info,
                    "resume",
                    format!("resumed: {reason}"),
                    at,
                    out,
                );
            }
            Command::EmergencyStop { close } => {
                self.emergency_stop(Trigger::Operator, "by command", close, at, out);
            }
            Command::CancelAll => self.leave("cancel_all", false, at, out),
            Command::CloseAll => self.leave("close_all", true, at, out),
            Command::TightenLimits { limits } => self.tighten(&limits, at, out),
        }
    }

    /// Entries are cancelled and, with `close`, positions closed, by an operator's command. No entry
    /// follows until it is resumed: the next candle would undo what was asked for.
    fn leave(&mut self, command: &'static str, close: bool, at: Stamp, out: &mut Effects) {
        self.paused = true;
        if close {
            self.desk.close_all = Some(ExitReason::Operator);
        }
        let text = format!("{command} by command: no entries until resumed");
        self.report(AlertLevel::Info, command, text, at, out);
        for index in 0..self.symbols.len() {
            let id = SymbolId(index as u16);
            self.cancel(id, Slot::Entry, command, at, out);
            if close {
                self.close_for(id, ExitReason::Operator, at, out);
            }
        }
    }

    pub(crate) fn stop(&mut self, at: Stamp, out: &mut Effects) {
        self.stopping = true;
        if self.settings.trading.on_shutdown == OnShutdown::Close && self.desk.close_all.is_none() {
            self.desk.close_all = Some(ExitReason::Shutdown);
        }
        for index in 0..self.symbols.len() {
            let id = SymbolId(index as u16);
            self.cancel(id, Slot::Entry, "shutdown", at, out);
            if self.settings.trading.on_shutdown == OnShutdown::Close {
                self.close_for(id, ExitReason::Shutdown, at, out);
            }
        }
    }

    /// A closed trade's result goes into the losing run.
    pub(crate) fn trade_closed(&mut self, net: Decimal, at: Stamp, out: &mut Effects) {
        self.daily.trade_closed(net);
        if self
            .guard
            .losing_run
            .note(net, at.mono, &self.settings.risk)
        {
            self.losing_run_paused(at, out);
        }
    }

    pub(super) fn losing_run_paused(&mut self, at: Stamp, out: &mut Effects) {
        let text = format!(
            "{} losing trades in a row: no entry for {} s",
            self.settings.risk.consecutive_losses,
            self.settings.risk.consecutive_losses_pause.0 / 1_000_000_000
        );
        self.report(AlertLevel::Warning, "consecutive_losses", text, at, out);
    }

    /// An alert and its row.
    pub(crate) fn report(
        &mut self,
        level: AlertLevel,
        code: &'static str,
        text: String,
        at: Stamp,
        out: &mut Effects,
    ) {
        out.push(Effect::Persist(Box::new(Record::Event(Event {
            time: at.wall,
            level,
            code,
            text: text.clone(),
        }))));
        out.push(Effect::Alert(Alert {
            time: at.wall,
            level,
            name: code,
            text,
        }));
    }

    /// Account and surroundings as the gate sees them.
    pub(crate) fn standing(&self, id: SymbolId, at: Stamp) -> Standing<'_> {
        let equity = self.equity();
        let margin_used = self.margin_used();
        let notional = |s: &Symbol| {
            let held = s
                .position
                .as_ref()
                .zip(s.last)
                .map(|(p, mark)| s.instrument.notional(mark, p.quantity()));
            let resting = s
                .entry
                .as_ref()
                .zip(s.last)
                .map(|(w, mark)| s.instrument.notional(mark, w.remaining()));
            // A position of somebody else in the same product is exposure too.
            let lots = Quantity(s.desk.foreign.abs());
            let foreign = s.last.filter(|_| !lots.is_zero()).map(|mark| {
                let counts = s.countable.holds(mark, lots);
                let value = || s.instrument.notional(mark, lots);
                if counts { value() } else { COUNTED_MAX }
            });
            held.unwrap_or_default() + resting.unwrap_or_default() + foreign.unwrap_or_default()
        };
        let reserved = self
            .symbols
            .iter()
            .filter_map(|s| {
                let (entry, mark) = (s.entry.as_ref()?, s.last?);
                let value = s.instrument.notional(mark, entry.remaining());
                let leverage = entry.entry?.leverage;
                value.mul_div(1, leverage.into(), crate::units::Rounding::HalfEven)
            })
            .fold(Decimal::ZERO, |sum, m| sum + m);
        let symbol = &self.symbols[id.index()];
        Standing {
            now: at,
            budget: Budget {
                equity,
                free_margin: self.spendable(id, equity) - margin_used - reserved,
                margin_used: margin_used + reserved,
                symbol_notional: notional(symbol),
                total_notional: self
                    .symbols
                    .iter()
                    .map(notional)
                    .fold(Decimal::ZERO, |sum, n| sum + n),
            },
            emergency: &self.guard.emergency,
            breaker: self.guard.breaker.state(at.mono),
            data_problem: symbol.stale.reason().or(symbol
                .filter
                .is_holding(at.mono)
                .then_some("price in doubt")),
            spread: symbol.spread,
            // The paper venue has nothing that could be unresolved.
            reconciled: self.settings.execution.is_paper() || self.desk.is_reconciled(),
            losses: &self.guard.losses,
            entries: &self.guard.entries,
            losing_run: &self.guard.losing_run,
            concurrent_trades: self
                .symbols
                .iter()
                .filter(|s| s.position.is_some() || s.entry.is_some())
                .count() as u32,
            balance_too_low: self.guard.balance_too_low,
            last_entry: symbol.last_entry,
        }
    }
}

/// The mark is closer to liquidation than min(5 %, half the distance at entry).
fn near_liquidation(symbol: &Symbol) -> Option<String> {
    let position: &Position = symbol.position.as_ref()?;
    let (mark, level) = (symbol.last?, position.protection.liquidation?);
    let distance = share_pct(
        Decimal::from_int((mark.0 - level.price.0) * position.side.sign()),
        Decimal::from_int(mark.0),
    );
    let at_entry = liquidation_distance_pct(position.plan.leverage)?;
    let limit = Decimal::from_int(5).min(at_entry * Decimal::new(5, 1));
    (distance < limit).then(|| {
        format!(
            "{}: {distance:.2} % from liquidation, limit {limit:.2} %",
            symbol.instrument.symbol
        )
    })
}
