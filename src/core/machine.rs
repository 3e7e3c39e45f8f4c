//! The core itself: inputs to their rooms, deadlines to their handlers. Routing only.

use super::counts::Counts;
use super::daily_report::DailyTally;
use super::effect::{Checkpoint, Effect, Effects};
use super::holds::{HoldCounts, HoldRows};
use super::input::Input;
use super::market::{SymbolId, TimedCandle, TimedTrade};
use super::modes::Turns;
use super::paper::Account;
use super::records::{Action, ExitReason};
use super::risk::guard::Guard;
use super::schedule::{Armed, Wheel};
use super::settings::Settings;
use super::state_hash::{StateHash, Tag};
use super::strategy::explanation::Explanations;
use super::strategy::{self, Strategy};
use super::symbol::{Slot, Symbol};
use super::units::stamp::MILLISECOND;
use super::units::{Span, Stamp, Timestamp};
use super::venue::desk::VenueDesk;
use serde::{Deserialize, Serialize};

/// Inputs between two checkpoints of the state hash.
pub const CHECKPOINT_EVERY: u64 = 1000;

/// What a deadline is for. The order of the variants is the order at one stamp; symbols follow in
/// the configured order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    OrderTimeout(SymbolId),
    MaxHold(SymbolId),
    RollOver(SymbolId),
    /// A model's answer did not come in time.
    RunDeadline(SymbolId),
    /// The venue owes an answer about an order.
    OrderCheck(SymbolId, Slot),
    /// An exit at the venue neither fills nor ends.
    ExitTimeout(SymbolId),
    /// A close that failed is tried again.
    ExitRetry(SymbolId),
    /// The protective order at the venue is looked at.
    ProtectiveLook(SymbolId),
    /// It has not acted although its level was traded.
    ProtectiveGuard(SymbolId),
    /// A close has waited for its end.
    ProtectiveWait(SymbolId),
}

/// Next free numbers; a pure function of the run.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Numbers {
    pub decision: u64,
    pub order: u64,
    pub fill: u64,
    pub lot: u64,
    pub trade: u64,
    pub run: u64,
}

impl Numbers {
    pub fn next(counter: &mut u64) -> u64 {
        *counter += 1;
        *counter
    }
}

/// The deterministic trading core.
#[derive(Debug)]
pub struct Core {
    pub(crate) settings: Settings,
    pub(crate) turns: Turns,
    pub(crate) symbols: Vec<Symbol>,
    pub(crate) account: Account,
    pub(crate) guard: Guard,
    /// No entries until an operator resumes; stays so over a stop and a restart.
    pub(crate) paused: bool,
    /// The process ends.
    pub(crate) stopping: bool,
    /// What an earlier process had seen when its state was saved; what is held met all of it then.
    pub(crate) seen_until: Option<Timestamp>,
    /// Dealings with the venue; blank on paper.
    pub(crate) desk: VenueDesk,
    pub(crate) numbers: Numbers,
    pub(crate) hash: StateHash,
    pub(crate) counts: Counts,
    /// Decisions to hold by reason; empty reason = the strategy saw nothing.
    pub(crate) holds: HoldCounts,
    /// Write a decision row for every HOLD too.
    pub(crate) keep_holds: HoldRows,
    pub(crate) explanations: Explanations,
    pub(crate) daily: DailyTally,
    wheel: Wheel<Timer>,
    /// Next deadline, monotonic nanoseconds; `i64::MAX` = none.
    deadline: i64,
    /// The wheel has changed since `deadline` was read from it.
    deadline_stale: bool,
    due: Vec<Timer>,
    pub(crate) inputs: u64,
    /// Take the plain path for every trade (to check that the fast one agrees).
    plain: bool,
}

impl Core {
    /// A core with nothing behind it: no position, no history.
    ///
    /// # Panics
    /// If there is no instrument or the fee table does not match (`config` guarantees both).
    pub fn new(settings: Settings, turns: Turns) -> Self {
        let kind = settings.strategy.clone();
        let interval = settings.trading.interval;
        Self::with_strategies(settings, turns, |_| strategy::build(&kind, interval))
    }

    /// A core with a strategy of one's own for each symbol.
    ///
    /// # Panics
    /// Like `new`.
    pub fn with_strategies(
        settings: Settings,
        turns: Turns,
        mut strategy: impl FnMut(SymbolId) -> Box<dyn Strategy>,
    ) -> Self {
        assert!(!settings.instruments.is_empty(), "a run has a symbol");
        assert_eq!(settings.instruments.len(), settings.paper.fees.len());
        let symbols = (0..settings.instruments.len())
            .map(|index| {
                let id = SymbolId(index as u16);
                Symbol::new(id, &settings, strategy(id))
            })
            .collect();
        let risk = &settings.risk;
        let starting = settings.paper.starting_balance;
        Self {
            symbols,
            account: Account::new(starting),
            guard: Guard::new(starting, risk),
            paused: false,
            stopping: false,
            seen_until: None,
            desk: VenueDesk::default(),
            numbers: Numbers::default(),
            hash: StateHash::default(),
            counts: Counts::default(),
            holds: HoldCounts::default(),
            keep_holds: HoldRows::default(),
            explanations: Explanations::default(),
            daily: DailyTally::new(starting),
            wheel: Wheel::new(0),
            deadline: i64::MAX,
            deadline_stale: false,
            due: Vec::new(),
            inputs: 0,
            plain: false,
            settings,
            turns,
        }
    }

    /// Sends every trade down the plain path; the result must be the same.
    pub fn use_plain_path(&mut self, plain: bool) {
        self.plain = plain;
    }

    /// Exact monotonic nanoseconds at which `turn` must be called next.
    pub fn next_deadline(&self) -> Option<i64> {
        (self.deadline != i64::MAX).then_some(self.deadline)
    }

    /// One input. In history, what is due by then happens first.
    pub fn handle(&mut self, at: Stamp, input: Input, out: &mut Effects) {
        if self.turns == Turns::History {
            self.advance_to(at.mono, out);
        }
        match input {
            Input::Trade(trade) => {
                let row = TimedTrade { stamp: at, trade };
                self.hash.trade(&row);
                self.trade(&row, out);
            }
            Input::Candle {
                symbol,
                interval,
                candle,
            } => self.candle(
                &TimedCandle {
                    stamp: at,
                    symbol,
                    interval,
                    candle,
                },
                out,
            ),
            Input::Quiet { symbol, until } => {
                self.hash.words(
                    Tag::Quiet,
                    &[at.wall.0.into(), symbol.0.into(), until.0.into()],
                );
                if let Some(symbol) = self.symbols.get_mut(symbol.index()) {
                    symbol.series.note_quiet(until);
                    symbol.disturb();
                    let id = symbol.id;
                    self.sync_roll_over(id, at);
                } else {
                    self.counts.inputs_refused += 1;
                }
            }
            Input::Command(command) => {
                self.hash.words(Tag::Command, &[at.wall.0.into()]);
                self.command(at, command, out);
            }
            Input::Answer { run, answer } => {
                self.hash
                    .words(Tag::Answer, &[at.wall.0.into(), run.into()]);
                self.answer(at, run, &answer, out);
            }
            Input::LedgerFailed { text } => self.ledger_failed(at, &text, out),
            Input::Stop => self.stop(at, out),
            session => self.session_input(at, session, out),
        }
        self.refresh_deadline();
        self.count_input(at, out);
    }

    /// One finished candle; the same as `handle` of it.
    pub fn handle_candle(&mut self, row: &TimedCandle, out: &mut Effects) {
        if self.turns == Turns::History {
            self.advance_to(row.stamp.mono, out);
        }
        self.candle(row, out);
        self.refresh_deadline();
        self.count_input(row.stamp, out);
    }

    /// Trades in order; the same as `handle` for each, but runs of trades that can change nothing
    /// but the open candle are folded at once.
    pub fn handle_trades(&mut self, rows: &[TimedTrade], out: &mut Effects) {
        let mut at = 0;
        while at < rows.len() {
            let row = &rows[at];
            let index = row.trade.symbol.index();
            if !self.plain && self.turns == Turns::History && index < self.symbols.len() {
                let until_checkpoint = CHECKPOINT_EVERY - self.inputs % CHECKPOINT_EVERY;
                let end = rows.len().min(at + until_checkpoint as usize);
                let folded =
                    self.symbols[index].fold_quiet(&rows[at..end], self.deadline, &mut self.hash);
                if folded > 0 {
                    at += folded;
                    self.inputs += folded as u64;
                    self.counts.quiet_trades += folded as u64;
                    self.checkpoint_if_due(rows[at - 1].stamp, out);
                    continue;
                }
            }
            if self.turns == Turns::History {
                self.advance_to(row.stamp.mono, out);
            }
            self.hash.trade(row);
            self.trade(row, out);
            self.refresh_deadline();
            self.count_input(row.stamp, out);
            at += 1;
        }
    }

    /// Everything due by `at`.
    pub fn turn(&mut self, at: Stamp, out: &mut Effects) {
        self.wheel.advance((at.mono.max(0) / MILLISECOND) as u64);
        self.deadline_stale = true;
        let mut due = std::mem::take(&mut self.due);
        while let Some(fired) = self.wheel.pop() {
            due.push(fired.value);
        }
        due.sort_unstable();
        for timer in due.drain(..) {
            self.fire(timer, at, out);
        }
        self.due = due;
        self.refresh_deadline();
    }

    /// In history: each deadline up to `mono` in turn, at exactly its time.
    fn advance_to(&mut self, mono: i64, out: &mut Effects) {
        while self.deadline <= mono {
            let before = self.deadline;
            self.turn(Stamp::of_history(Timestamp(before)), out);
        }
    }

    fn fire(&mut self, timer: Timer, at: Stamp, out: &mut Effects) {
        match timer {
            Timer::OrderTimeout(symbol) => self.entry_timed_out(symbol, at, out),
            Timer::MaxHold(symbol) => {
                self.symbols[symbol.index()].max_hold = None;
                self.close_for(symbol, ExitReason::MaxHold, at, out);
            }
            Timer::RollOver(symbol) => {
                let state = &mut self.symbols[symbol.index()];
                state.roll_over = None;
                if state
                    .series
                    .roll_over_at()
                    .is_some_and(|due| due <= at.wall)
                {
                    match state.series.close_bucket() {
                        Some(candle) => self.candle_closed(symbol, candle, at, out),
                        None => self.symbols[symbol.index()].forget_candles(),
                    }
                }
                self.sync_roll_over(symbol, at);
            }
            Timer::RunDeadline(symbol) => self.answer_missing(symbol, at, out),
            Timer::OrderCheck(symbol, slot) => self.check_order(symbol, slot, at, out),
            Timer::ExitTimeout(symbol) => self.exit_timed_out(symbol, at, out),
            Timer::ExitRetry(symbol) => self.retry_exit(symbol, at, out),
            Timer::ProtectiveLook(symbol) => self.look_at_protection(symbol, at, out),
            Timer::ProtectiveGuard(symbol) => self.protection_guard(symbol, at, out),
            Timer::ProtectiveWait(symbol) => self.protection_waited_for(symbol, at, out),
        }
    }

    fn candle(&mut self, row: &TimedCandle, out: &mut Effects) {
        let c = &row.candle;
        self.hash.words(
            Tag::Candle,
            &[
                row.stamp.mono.into(),
                row.stamp.wall.0.into(),
                row.symbol.0.into(),
                row.interval.seconds().into(),
                c.open_time.0.into(),
                c.open.0.into(),
                c.high.0.into(),
                c.low.0.into(),
                c.close.0.into(),
                c.volume,
            ],
        );
        self.venue_candle(row, out);
    }

    /// Arms the roll-over of the open bucket where it has changed.
    pub(crate) fn sync_roll_over(&mut self, id: SymbolId, at: Stamp) {
        let symbol = &mut self.symbols[id.index()];
        // While no prices come nobody knows whether a bucket was empty.
        let wanted = match symbol.stale.hides_prices() {
            true => None,
            false => symbol.series.roll_over_at(),
        };
        if symbol.roll_over.map(|(_, due)| due) == wanted {
            return;
        }
        let earlier = symbol.roll_over.take();
        self.disarm(earlier.map(|(armed, _)| armed));
        if let Some(due) = wanted {
            let armed = self.arm(Timer::RollOver(id), at, due.since(at.wall));
            self.symbols[id.index()].roll_over = Some((armed, due));
        }
    }

    /// Arms a timer `delay` after `at`, rounded up to the millisecond.
    pub(crate) fn arm(&mut self, timer: Timer, at: Stamp, delay: Span) -> Armed {
        let due = at.mono.saturating_add(delay.0).max(0);
        self.arm_at(timer, (due as u64).div_ceil(MILLISECOND as u64))
    }

    /// Arms a timer for a monotonic millisecond.
    pub(crate) fn arm_at(&mut self, timer: Timer, due: u64) -> Armed {
        let key = self.wheel.arm(due, timer);
        self.deadline_stale = true;
        Armed { key, due }
    }

    pub(crate) fn disarm(&mut self, armed: Option<Armed>) {
        if let Some(armed) = armed {
            self.wheel.cancel(armed.key);
            self.deadline_stale = true;
        }
    }

    pub(crate) fn settle(&mut self, id: SymbolId) {
        let trailing = self.settings.risk.trailing_stop_pct.is_some();
        self.symbols[id.index()].settle(trailing);
    }

    /// Reads the next deadline anew where a timer was armed, cancelled or fired.
    pub(crate) fn refresh_deadline(&mut self) {
        if !std::mem::take(&mut self.deadline_stale) {
            return;
        }
        self.deadline = self.wheel.next_deadline().map_or(i64::MAX, |ms| {
            i64::try_from(ms)
                .ok()
                .and_then(|ms| ms.checked_mul(MILLISECOND))
                .unwrap_or(i64::MAX - 1)
        });
    }

    fn count_input(&mut self, at: Stamp, out: &mut Effects) {
        self.inputs += 1;
        self.checkpoint_if_due(at, out);
    }

    fn checkpoint_if_due(&mut self, at: Stamp, out: &mut Effects) {
        if self.inputs.is_multiple_of(CHECKPOINT_EVERY) {
            self.checkpoint(at.wall, false, out);
        }
    }

    pub(crate) fn checkpoint(&self, time: Timestamp, candle: bool, out: &mut Effects) {
        out.push(Effect::Checkpoint(Checkpoint {
            inputs: self.inputs,
            time,
            hash: self.hash.value(),
            candle,
        }));
    }

    pub(crate) fn note_hold(&mut self, reason: &'static str) {
        self.holds.note(reason);
    }
}

/// Code of an action in the state hash.
pub(crate) const fn action_code(action: Action) -> i128 {
    action as i128
}
