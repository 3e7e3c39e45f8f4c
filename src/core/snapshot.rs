//! The core's whole state as plain values: what a recording's segment opens with, so that a replay
//! can begin there.
//!
//! Canonical: the same state gives the same bytes. Settings are not part of it; they stand in the
//! recording's header and must be the same when it is restored. Neither are counters for reports.

use super::ahead::Ahead;
use super::daily_report::DailyTally;
use super::machine::{Core, Numbers, Timer};
use super::market::filter::TradeFilter;
use super::market::freshness::Staleness;
use super::market::{Series, SymbolId};
use super::modes::{Mode, Turns};
use super::orders::{Position, Working};
use super::paper::Account;
use super::risk::guard::Guard;
use super::schedule::Armed;
use super::settings::{Execution, FeeRates, Settings};
use super::state_hash::StateHash;
use super::strategy::cipher_b_filter::CipherBFilter;
use super::strategy::errors::DecisionErrors;
use super::symbol::{Closes, Feed, PendingRun, Reversal, Slot, Spread, Symbol};
use super::units::{Price, Side, Stamp, Timestamp};
use super::venue::desk::{SymbolDesk, VenueDesk};
use serde::{Deserialize, Serialize};

/// Changes when the shape of the state does.
pub const SNAPSHOT_VERSION: u32 = 3;
/// The oldest that is read: what came since is blank there.
const OLDEST_VERSION: u32 = 2;

/// State of the core after an input.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Snapshot {
    version: u32,
    /// Stamp of that input.
    at: Stamp,
    inputs: u64,
    hash: StateHash,
    mode: Mode,
    /// Paused before it was stopped.
    #[serde(default, skip_serializing_if = "is_false")]
    paused_too: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seen_until: Option<Timestamp>,
    numbers: Numbers,
    account: Account,
    guard: Guard,
    symbols: Vec<SymbolState>,
    /// Dealings with the venue; `None` on paper.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    desk: Option<VenueDesk>,
    /// The day's report so far; one of a state saved without it begins with the next candle.
    #[serde(default)]
    daily: DailyTally,
}

fn is_false(flag: &bool) -> bool {
    !*flag
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct SymbolState {
    name: String,
    filter: TradeFilter,
    series: Series,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ahead: Option<Box<Ahead>>,
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
    #[serde(default, skip_serializing_if = "Staleness::is_fresh")]
    stale: Staleness,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    spread: Option<Spread>,
    /// What only a venue has; `None` while there is nothing of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    venue: Option<VenueSymbol>,
}

/// A symbol's side at the venue.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct VenueSymbol {
    desk: SymbolDesk,
    /// As the venue told them.
    fees: FeeRates,
    entry_check: Option<u64>,
    exit_check: Option<u64>,
    exit_timeout: Option<u64>,
    exit_retry: Option<u64>,
    /// Of the protective order: its query, look, guard and wait.
    #[serde(default)]
    protective: [Option<u64>; 4],
}

impl SymbolState {
    fn of(symbol: &Symbol, at_venue: bool) -> Self {
        let due = |armed: Option<Armed>| armed.map(|armed| armed.due);
        Self {
            name: symbol.instrument.symbol.clone(),
            filter: symbol.filter.clone(),
            series: symbol.series.clone(),
            ahead: symbol.ahead.clone(),
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
            stale: symbol.stale,
            spread: symbol.spread,
            venue: at_venue.then(|| VenueSymbol::of(symbol)),
        }
    }
}

impl VenueSymbol {
    pub(super) fn of(symbol: &Symbol) -> Self {
        let due = |armed: Option<Armed>| armed.map(|armed| armed.due);
        let check = |working: &Option<Working>| {
            let track = working.as_ref().and_then(|w| w.venue.as_ref());
            due(track.and_then(|track| track.check))
        };
        Self {
            desk: symbol.desk.clone(),
            fees: symbol.fees,
            entry_check: check(&symbol.entry),
            exit_check: check(&symbol.exit),
            exit_timeout: symbol.exit.as_ref().and_then(|exit| due(exit.timeout)),
            exit_retry: due(symbol.desk.retry),
            protective: [
                check(&symbol.stop),
                due(symbol.desk.protective.look),
                due(symbol.desk.protective.guard),
                due(symbol.desk.protective.wait),
            ],
        }
    }
}

impl Core {
    /// The whole state after the input stamped `at`.
    pub fn snapshot(&self, at: Stamp) -> Snapshot {
        let at_venue = self.settings.execution == Execution::Venue;
        Snapshot {
            version: SNAPSHOT_VERSION,
            at,
            inputs: self.inputs,
            hash: self.hash,
            mode: self.mode(),
            paused_too: self.stopping && self.paused,
            seen_until: self.seen_until,
            numbers: self.numbers,
            account: self.account.clone(),
            guard: self.guard.clone(),
            symbols: self
                .symbols
                .iter()
                .map(|symbol| SymbolState::of(symbol, at_venue))
                .collect(),
            desk: at_venue.then(|| self.desk.clone()),
            daily: self.daily.clone(),
        }
    }

    /// A core that goes on from a snapshot, with the settings it was taken under.
    ///
    /// # Errors
    /// What does not fit, in words: another version, other symbols, another strategy.
    pub fn restore(settings: Settings, turns: Turns, snapshot: Snapshot) -> Result<Self, String> {
        Self::new(settings, turns).take_up(snapshot)
    }

    /// A core that was just made goes on from a snapshot; for strategies of one's own.
    ///
    /// # Errors
    /// Like `restore`.
    pub fn take_up(self, snapshot: Snapshot) -> Result<Self, String> {
        if !(OLDEST_VERSION..=SNAPSHOT_VERSION).contains(&snapshot.version) {
            return Err(format!(
                "state of version {}: expected {SNAPSHOT_VERSION}",
                snapshot.version
            ));
        }
        let mut core = self;
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
        let execution = |venue| if venue { "a venue" } else { "paper" };
        let ours = core.settings.execution == Execution::Venue;
        if ours != snapshot.desk.is_some() {
            return Err(format!(
                "state of {}: expected {}",
                execution(!ours),
                execution(ours)
            ));
        }
        core.desk = snapshot.desk.unwrap_or_default();
        core.inputs = snapshot.inputs;
        core.hash = snapshot.hash;
        core.stopping = snapshot.mode == Mode::Stopping;
        core.paused = snapshot.mode == Mode::Paused || snapshot.paused_too;
        core.seen_until = snapshot.seen_until;
        core.numbers = snapshot.numbers;
        core.account = snapshot.account;
        core.guard = snapshot.guard;
        core.restore_tightened();
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
        symbol.ahead = state.ahead;
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
        symbol.stale = state.stale;
        symbol.spread = state.spread;
        if let Some(venue) = state.venue {
            self.restore_venue(id, venue);
        }
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

    pub(super) fn restore_venue(&mut self, id: SymbolId, state: VenueSymbol) {
        let symbol = &mut self.symbols[id.index()];
        symbol.desk = state.desk;
        symbol.fees = state.fees;
        let [stop_check, look, guard, wait] = state.protective;
        for (slot, due) in [
            (Slot::Entry, state.entry_check),
            (Slot::Exit, state.exit_check),
            (Slot::Stop, stop_check),
        ] {
            let armed = due.map(|due| self.arm_at(Timer::OrderCheck(id, slot), due));
            let working = self.symbols[id.index()].slot(slot).as_mut();
            if let Some(track) = working.and_then(|w| w.venue.as_mut()) {
                track.check = armed;
            }
        }
        if let Some(due) = state.exit_timeout {
            let armed = self.arm_at(Timer::ExitTimeout(id), due);
            if let Some(exit) = &mut self.symbols[id.index()].exit {
                exit.timeout = Some(armed);
            }
        }
        if let Some(due) = state.exit_retry {
            let armed = self.arm_at(Timer::ExitRetry(id), due);
            self.symbols[id.index()].desk.retry = Some(armed);
        }
        let look = look.map(|due| self.arm_at(Timer::ProtectiveLook(id), due));
        let guard = guard.map(|due| self.arm_at(Timer::ProtectiveGuard(id), due));
        let wait = wait.map(|due| self.arm_at(Timer::ProtectiveWait(id), due));
        let desk = &mut self.symbols[id.index()].desk.protective;
        (desk.look, desk.guard, desk.wait) = (look, guard, wait);
    }
}
