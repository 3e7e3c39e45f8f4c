//! The decision cycle: once per closed candle and symbol, from the candle to the order or the
//! reason why there is none.
//!
//! Observe, account, preconditions, strategy (or a model that answers later, `questions`),
//! single-position policy, filter and gate (`entry`), order, record. Any error inside becomes a HOLD with its reason.

use super::decision::{CandleView, Context, OwnRefusal, Reply, hold};
use super::outcome::{Outcome, Run};
use super::questions::position_view;
use crate::effect::{Effect, Effects};
use crate::holds::HoldRows;
use crate::machine::{Core, Numbers, action_code};
use crate::market::{Candle, ProductKind, SymbolId, TimedCandle};
use crate::modes::{Mode, Turns};
use crate::records::{Action, Decision, ExitReason, Leg, Proposal, Record};
use crate::risk::breaker::BreakerState;
use crate::settings::Execution;
use crate::state_hash::Tag;
use crate::symbol::{Feed, Reversal};
use crate::units::calendar::DAY;
use crate::units::{Side, Stamp, Timestamp};

/// Room for a decision's indicator values; more of them only cost an allocation.
const INDICATORS_ROOM: usize = 64;

impl Core {
    /// A finished candle of the venue or of imported history.
    pub(crate) fn venue_candle(&mut self, row: &TimedCandle, out: &mut Effects) {
        let TimedCandle {
            stamp: at,
            symbol: id,
            interval,
            candle,
        } = *row;
        let wanted = self.settings.trading.interval;
        let Some(symbol) = self.symbols.get_mut(id.index()) else {
            self.counts.inputs_refused += 1;
            self.note_data_error("a candle of an unknown symbol", at, out);
            return;
        };
        let open = symbol.series.open_bucket();
        let late = open.is_some_and(|(start, _)| candle.open_time < start);
        // The usual case needs no division: exactly the candle that is due.
        let due = wanted == interval && open.is_some_and(|(start, _)| start == candle.open_time);
        let fits = due
            || wanted.is_multiple_of(interval)
                && interval.bucket(candle.open_time) == candle.open_time;
        let usable = *symbol.feed.get_or_insert(Feed::Candles) == Feed::Candles
            && candle.check().is_ok()
            && fits
            && !late;
        if !usable {
            self.counts.candles_refused += 1;
            if !wanted.is_multiple_of(interval) {
                self.counts.candles_unfit += 1;
                self.counts.unfit_interval = Some(interval);
            }
            if let Err(why) = candle.check() {
                self.note_data_error(&format!("a broken candle: {why}"), at, out);
            }
            return;
        }
        if symbol.series.ends_gap(candle.open_time) {
            symbol.series.restart();
            symbol.forget_candles();
        }
        // Buckets that the clock has not closed yet because the next candle came at once.
        while self.symbols[id.index()]
            .series
            .open_bucket()
            .is_some_and(|(_, end)| candle.open_time >= end)
        {
            match self.symbols[id.index()].series.close_bucket() {
                Some(closed) => self.candle_closed(id, closed, at, out),
                None => self.symbols[id.index()].forget_candles(),
            }
        }
        if !self.symbols[id.index()].can_count(candle.high) {
            self.counts.candles_refused += 1;
            self.price_uncountable(id, candle.high, at, out);
            self.sync_roll_over(id, at);
            return;
        }
        match self.settings.execution {
            Execution::Paper => self.match_candle(id, &candle, at, out),
            Execution::Venue => self.guard_candle(id, &candle, at, out),
        }
        let end = candle.open_time + interval.span();
        let closed = self.symbols[id.index()].series.fold_candle(&candle, end);
        if let Some(closed) = closed {
            self.candle_closed(id, closed, at, out);
        }
        self.sync_roll_over(id, at);
    }

    /// A candle has closed, once and for all: everything that follows from it.
    pub(crate) fn candle_closed(
        &mut self,
        id: SymbolId,
        candle: Candle,
        at: Stamp,
        out: &mut Effects,
    ) {
        self.counts.candles += 1;
        let first_after = self.settings.trading.min_candles as u64;
        let symbol = &mut self.symbols[id.index()];
        symbol.disturb();
        symbol.closes.note(candle.close, first_after);
        let view = CandleView::of(&candle, &symbol.scale);
        symbol.observe(&view);
        let end = candle.open_time + symbol.series.interval().span();
        symbol.hold_through(&candle);
        self.account_for_candle(candle.open_time, end, at, out);
        self.explain_candle(id, &candle, &view, at);
        if candle.complete {
            self.decide(id, &candle, end, view, at, out);
        }
        self.checkpoint(candle.open_time, true, out);
    }

    fn decide(
        &mut self,
        id: SymbolId,
        candle: &Candle,
        end: Timestamp,
        view: CandleView,
        at: Stamp,
        out: &mut Effects,
    ) {
        let interval = self.settings.trading.interval.span();
        let symbol = &mut self.symbols[id.index()];
        if symbol
            .decided
            .is_some_and(|decided| decided >= candle.open_time)
        {
            return;
        }
        symbol.decided = Some(candle.open_time);
        symbol.reversal = None;
        let too_soon = symbol
            .decided_at
            .is_some_and(|last| at.wall.since(last) < self.settings.trading.decision_interval);
        if too_soon {
            self.note_hold("decision_interval");
            return;
        }
        symbol.decided_at = Some(at.wall);
        let run = Run {
            decision: Numbers::next(&mut self.numbers.decision),
            candle: candle.open_time,
            strategy: symbol.strategy.name(),
        };
        self.counts.decisions += 1;
        // In history the clock is the recording's: a close is never overdue there.
        let overdue = at.wall.since(end) > interval.max(self.settings.market.close_grace);
        if overdue && self.turns == Turns::Session {
            self.conclude(id, run, hold(), Outcome::hold("stale_candle"), at, out);
            return;
        }
        let blocked = self.entry_blocked(id, at);
        let flat_and_blocked = blocked.filter(|_| self.symbols[id.index()].position.is_none());
        let paused = self.symbols[id.index()]
            .decision_errors
            .is_paused(at.mono)
            .then_some("strategy_paused");
        if let Some(reason) = flat_and_blocked.or(paused) {
            self.conclude(id, run, hold(), Outcome::hold(reason), at, out);
            return;
        }
        match self.ask_strategy(id, &view) {
            Reply::Decide(proposal) => {
                self.note_decision_success(id);
                let outcome = self.judge(id, &run, &proposal, blocked, at, out);
                self.conclude(id, run, proposal, outcome, at, out);
            }
            Reply::Refuse(refusal) => {
                self.note_decision_success(id);
                let OwnRefusal { proposal, check } = *refusal;
                let outcome = match self.policy(id, &run, &proposal, blocked, at, out) {
                    Ok(side) => {
                        self.note_unasked_gate(id, &run, side, &proposal, at);
                        Outcome::refused(check)
                    }
                    Err(outcome) => outcome,
                };
                self.conclude(id, run, proposal, outcome, at, out);
            }
            Reply::Ask { prompt } => self.ask_model(id, run, view, prompt, at, out),
        }
    }

    fn ask_strategy(&mut self, id: SymbolId, view: &CandleView) -> Reply {
        let symbol = &mut self.symbols[id.index()];
        let Some(mark) = symbol.last else {
            return Reply::Decide(hold());
        };
        let context = Context {
            instrument: &symbol.instrument,
            candle: view,
            mark,
            position: position_view(symbol),
        };
        symbol.strategy.propose(&context)
    }

    /// Candles without a gap that an entry needs behind it.
    pub(super) fn candles_needed(&self) -> u64 {
        let trading = &self.settings.trading;
        let day = if trading.require_24h_data {
            u64::try_from(DAY / trading.interval.span().0).unwrap_or(u64::MAX)
        } else {
            0
        };
        day.max(trading.min_candles as u64)
    }

    /// Entries are wanted from a later time on.
    fn is_too_early(&self, at: Stamp) -> bool {
        let from = self.settings.trading.entries_from;
        from.is_some_and(|from| at.wall < from)
    }

    /// Why no entry is possible now, whatever the strategy thinks; `None` when it is.
    pub(crate) fn entry_blocked(&self, id: SymbolId, at: Stamp) -> Option<&'static str> {
        let symbol = &self.symbols[id.index()];
        match self.mode() {
            Mode::Paused => return Some("paused"),
            Mode::Stopping => return Some("stopping"),
            Mode::Running => {}
        }
        if self.guard.emergency.is_latched() {
            Some("emergency_stop")
        } else if let Some(reason) = symbol.stale.reason() {
            Some(reason)
        } else if symbol.series.contiguous() < self.candles_needed() || self.is_too_early(at) {
            Some("warm_up")
        } else if symbol.filter.is_holding(at.mono) {
            Some("price_in_doubt")
        } else if self.guard.breaker.state(at.mono) == BreakerState::Open {
            Some("circuit_breaker")
        } else if let Some(reason) = self.venue_blocked(id, at) {
            Some(reason)
        } else if symbol.has_working_order() {
            Some("order_working")
        } else {
            None
        }
    }

    /// Single-position policy, then filter and gate; submits what passes.
    pub(super) fn judge(
        &mut self,
        id: SymbolId,
        run: &Run,
        proposal: &Proposal,
        blocked: Option<&'static str>,
        at: Stamp,
        out: &mut Effects,
    ) -> Outcome {
        match self.policy(id, run, proposal, blocked, at, out) {
            Ok(side) => self.enter(id, run, side, proposal, at, out),
            Err(outcome) => outcome,
        }
    }

    /// Single-position policy: the side of an entry that may go on to filter and gate, or what
    /// becomes of the proposal instead.
    fn policy(
        &mut self,
        id: SymbolId,
        run: &Run,
        proposal: &Proposal,
        blocked: Option<&'static str>,
        at: Stamp,
        out: &mut Effects,
    ) -> Result<Side, Outcome> {
        let symbol = &self.symbols[id.index()];
        let side = match proposal.action {
            Action::Hold => return Err(Outcome::hold("")),
            Action::Close => {
                if symbol.position.is_none() {
                    return Err(Outcome::hold("no position"));
                }
                return Err(self.close_by(id, run, at, out));
            }
            Action::Long => Side::Buy,
            Action::Short => Side::Sell,
        };
        if symbol.position.as_ref().is_some_and(|p| p.side != side) {
            let outcome = self.close_by(id, run, at, out);
            if outcome.action == Action::Close && self.settings.trading.reversal {
                self.symbols[id.index()].reversal = Some(Reversal {
                    proposal: proposal.clone(),
                    candle: run.candle,
                });
            }
            return Err(outcome);
        }
        match self.obstacle(id, side, blocked) {
            Some(reason) => {
                self.note_unasked_gate(id, run, side, proposal, at);
                Err(Outcome::hold(reason))
            }
            None => Ok(side),
        }
    }

    /// What stands against an entry on this side, whatever filter and gate would say.
    fn obstacle(
        &self,
        id: SymbolId,
        side: Side,
        blocked: Option<&'static str>,
    ) -> Option<&'static str> {
        let symbol = &self.symbols[id.index()];
        let futures = self.settings.trading.enable_futures;
        let derivative = symbol.instrument.kind == ProductKind::Perpetual;
        if symbol.position.is_some() {
            Some("already in position")
        } else if side == Side::Sell && !(futures && derivative) {
            Some("shorts not available")
        } else if derivative && !futures {
            Some("derivatives not enabled")
        } else {
            blocked
        }
    }

    fn close_by(&mut self, id: SymbolId, run: &Run, at: Stamp, out: &mut Effects) -> Outcome {
        let (decision, reason) = (run.decision, ExitReason::Strategy);
        if self.close_position(id, decision, Leg::Close, reason, at, out) {
            Outcome::of(Action::Close, Vec::new())
        } else {
            Outcome::hold("close in progress")
        }
    }

    /// Counts a decision by what became of it; whether it gets a row.
    fn count_decision(&mut self, id: SymbolId, proposal: &Proposal, outcome: &Outcome) -> bool {
        if outcome.action == Action::Hold {
            self.note_hold(outcome.reason);
        }
        let wished = proposal.action != Action::Hold;
        let least = if outcome.weighty {
            HoldRows::Refused
        } else if wished {
            HoldRows::Wished
        } else {
            HoldRows::All
        };
        let stored = self.keep_holds >= least;
        if wished && !stored {
            self.holds.note_held_back(id, outcome.held_by());
        }
        stored
    }

    /// Hashes, counts and records a decision.
    pub(super) fn conclude(
        &mut self,
        id: SymbolId,
        run: Run,
        proposal: Proposal,
        outcome: Outcome,
        at: Stamp,
        out: &mut Effects,
    ) {
        self.hash.words(
            Tag::Decision,
            &[
                run.decision.into(),
                id.0.into(),
                run.candle.0.into(),
                action_code(proposal.action),
                action_code(outcome.action),
                proposal.strength.to_bits().into(),
                proposal.size_pct.raw(),
                proposal.take_profit_pct.map_or(0, |p| p.raw()),
                proposal.stop_loss_pct.map_or(0, |p| p.raw()),
            ],
        );
        self.hash.text(outcome.reason);
        self.daily.decided(proposal.action, &outcome);
        let stored = self.count_decision(id, &proposal, &outcome);
        let explained = self.explanations.wants(id, run.candle);
        if !stored && !explained {
            return;
        }
        let equity = self.equity();
        let symbol = &self.symbols[id.index()];
        let mut indicators = Vec::with_capacity(INDICATORS_ROOM);
        symbol.strategy.indicators(&mut indicators);
        if let Some(filter) = &symbol.entry_filter {
            filter.values(&mut indicators);
        }
        let reason = if outcome.detail.is_empty() {
            outcome.reason.to_owned()
        } else {
            outcome.detail
        };
        let decision = Decision {
            id: run.decision,
            symbol: id,
            candle: run.candle,
            time: at.wall,
            price: symbol.last.unwrap_or_default(),
            strategy: run.strategy,
            proposal,
            action: outcome.action,
            reason,
            indicators,
            checks: outcome.checks,
            position: symbol.position.as_ref().map_or(0, |p| p.signed()),
            equity,
        };
        if explained {
            self.explanations.decision(&decision);
        }
        if stored {
            out.push(Effect::Persist(Box::new(Record::Decision(decision))));
        }
    }
}
