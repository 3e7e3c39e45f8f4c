//! The core's whole state as plain values: what a recording's segment opens with, so that a replay
//! can begin there.
//!
//! Canonical: the same state gives the same bytes. Settings are not part of it; they stand in the
//! recording's header and must be the same when it is restored. Neither are counters for reports.

use super::daily_report::DailyTally;
use super::machine::{Core, Numbers, Timer};
use super::market::filter::TradeFilter;
use super::market::{Series, SymbolId};
use super::modes::{Mode, Turns};
use super::orders::{Position, Working};
use super::paper::Account;
use super::risk::guard::Guard;
use super::settings::Settings;
use super::state_hash::StateHash;
use super::strategy::cipher_b_filter::CipherBFilter;
use super::strategy::errors::DecisionErrors;
use super::symbol::{Closes, Feed, PendingRun, Reversal, Symbol};
use super::units::{Price, Side, Stamp, Timestamp};
use serde::{Deserialize, Serialize};

/// Changes when the shape of the state does.
pub const SNAPSHOT_VERSION: u32 = 2;

/// State of the core after an input.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Snapshot {
    version: u32,
    /// Stamp of that input.
    at: Stamp,
    inputs: u64,
    hash: StateHash,
    mode: Mode,
    numbers: Numbers,
    account: Account,
    guard: Guard,
    symbols: Vec<SymbolState>,
    /// The day's report so far; one of a state saved without it begins with the next candle.
    #[serde(default)]
    daily: DailyTally,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct SymbolState {
    name: String,
    filter: TradeFilter,
    series: Series,
    strategy: serde_json::Value,
    entry_filter: Option<CipherBFilter>,
    feed: Option<Feed>,
    last: Option<Price>,
    extremes: (Price, Price),
    entry: Option<Working>,
    exit: Option<Working>,
    stop: Option<Working>,
    target: Option<Working>,
    position: Option<Position>,
    reversal: Option<Reversal>,
    pending: Option<PendingRun>,
    decided: Option<Timestamp>,
    decided_at: Option<Timestamp>,
    decision_errors: DecisionErrors,
    last_entry: Option<(Timestamp, Side)>,
    closes: Closes,
    /// Deadlines in monotonic milliseconds.
    entry_timeout: Option<u64>,
    max_hold: Option<u64>,
    run_deadline: Option<u64>,
    /// With the wall time it stands for: the wall clock may have been set since it was armed.
    roll_over: Option<(u64, Timestamp)>,
}

impl SymbolState {
    fn of(symbol: &Symbol) -> Self {
        let due = |armed: Option<super::schedule::Armed>| armed.map(|armed| armed.due);
        Self {
            name: symbol.instrument.symbol.clone(),
            filter: symbol.filter.clone(),
            series: symbol.series.clone(),
            strategy: symbol.strategy.save(),
            entry_filter: symbol.entry_filter.clone(),
            feed: symbol.feed,
            last: symbol.last,
            extremes: symbol.extremes,
            entry: symbol.entry.clone(),
            exit: symbol.exit.clone(),
            stop: symbol.stop.clone(),
            target: symbol.target.clone(),
            position: symbol.position.clone(),
            reversal: symbol.reversal.clone(),
            pending: symbol.pending.clone(),
            decided: symbol.decided,
            decided_at: symbol.decided_at,
            decision_errors: symbol.decision_errors,
            last_entry: symbol.last_entry,
            closes: symbol.closes,
            entry_timeout: symbol.entry.as_ref().and_then(|entry| due(entry.timeout)),
            max_hold: due(symbol.max_hold),
            run_deadline: symbol.pending.as_ref().and_then(|run| due(run.timer)),
            roll_over: symbol.roll_over.map(|(armed, wall)| (armed.due, wall)),
        }
    }
}

impl Core {
    /// The whole state after the input stamped `at`.
    pub fn snapshot(&self, at: Stamp) -> Snapshot {
        Snapshot {
            version: SNAPSHOT_VERSION,
            at,
            inputs: self.inputs,
            hash: self.hash,
            mode: self.mode,
            numbers: self.numbers,
            account: self.account.clone(),
            guard: self.guard.clone(),
            symbols: self.symbols.iter().map(SymbolState::of).collect(),
            daily: self.daily.clone(),
        }
    }

    /// A core that goes on from a snapshot, with the settings it was taken under.
    ///
    /// # Errors
    /// What does not fit, in words: another version, other symbols, another strategy.
    pub fn restore(settings: Settings, turns: Turns, snapshot: Snapshot) -> Result<Self, String> {
        if snapshot.version != SNAPSHOT_VERSION {
            return Err(format!(
                "state of version {}: expected {SNAPSHOT_VERSION}",
                snapshot.version
            ));
        }
        let mut core = Self::new(settings, turns);
        let names = |symbols: &[String]| symbols.join(", ");
        let ours: Vec<String> = core
            .symbols
            .iter()
            .map(|s| s.instrument.symbol.clone())
            .collect();
        let theirs: Vec<String> = snapshot.symbols.iter().map(|s| s.name.clone()).collect();
        if ours != theirs {
            return Err(format!(
                "state of {}: expected {}",
                names(&theirs),
                names(&ours)
            ));
        }
        core.inputs = snapshot.inputs;
        core.hash = snapshot.hash;
        core.mode = snapshot.mode;
        core.numbers = snapshot.numbers;
        core.account = snapshot.account;
        core.guard = snapshot.guard;
        core.daily = snapshot.daily;
        for (index, state) in snapshot.symbols.into_iter().enumerate() {
            core.restore_symbol(SymbolId(index as u16), state)?;
        }
        Ok(core)
    }

    fn restore_symbol(&mut self, id: SymbolId, state: SymbolState) -> Result<(), String> {
        let symbol = &mut self.symbols[id.index()];
        symbol.strategy.load(&state.strategy)?;
        let fits = match (&symbol.entry_filter, &state.entry_filter) {
            (Some(ours), Some(theirs)) => ours.accepts(theirs),
            (ours, theirs) => ours.is_none() && theirs.is_none(),
        };
        if !fits {
            return Err("entry filter: saved with other settings".to_owned());
        }
        symbol.entry_filter = state.entry_filter;
        symbol.filter = state.filter;
        symbol.series = state.series;
        symbol.feed = state.feed;
        symbol.last = state.last;
        symbol.extremes = state.extremes;
        symbol.entry = state.entry;
        symbol.exit = state.exit;
        symbol.stop = state.stop;
        symbol.target = state.target;
        symbol.position = state.position;
        symbol.reversal = state.reversal;
        symbol.pending = state.pending;
        symbol.decided = state.decided;
        symbol.decided_at = state.decided_at;
        symbol.decision_errors = state.decision_errors;
        symbol.last_entry = state.last_entry;
        symbol.closes = state.closes;
        if let Some(due) = state.entry_timeout {
            let armed = self.arm_at(Timer::OrderTimeout(id), due);
            if let Some(entry) = &mut self.symbols[id.index()].entry {
                entry.timeout = Some(armed);
            }
        }
        if let Some(due) = state.max_hold {
            let armed = self.arm_at(Timer::MaxHold(id), due);
            self.symbols[id.index()].max_hold = Some(armed);
        }
        if let Some(due) = state.run_deadline {
            let armed = self.arm_at(Timer::RunDeadline(id), due);
            if let Some(run) = &mut self.symbols[id.index()].pending {
                run.timer = Some(armed);
            }
        }
        if let Some((due, wall)) = state.roll_over {
            let armed = self.arm_at(Timer::RollOver(id), due);
            self.symbols[id.index()].roll_over = Some((armed, wall));
        }
        self.refresh_deadline();
        self.settle(id);
        Ok(())
    }
}
