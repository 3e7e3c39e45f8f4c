//! What must survive a restart: money, positions, orders, latches and numbers.
//!
//! Less than a snapshot: market history and strategies begin anew and are warmed up from the
//! venue's candles, so that a restart under changed settings keeps the account all the same. It is
//! small enough to be written with every batch of rows, in one transaction with them.

use super::daily_report::DailyTally;
use super::machine::{Core, Numbers, Timer};
use super::market::SymbolId;
use super::modes::{Mode, Turns};
use super::orders::{Position, Working};
use super::paper::Account;
use super::risk::guard::Guard;
use super::settings::{Execution, Settings};
use super::snapshot::VenueSymbol;
use super::state_hash::StateHash;
use super::strategy::errors::DecisionErrors;
use super::symbol::Symbol;
use super::units::{Decimal, Price, Side, Stamp, Timestamp};
use super::venue::desk::VenueDesk;
use serde::{Deserialize, Serialize};

/// Changes when the shape of the state does.
pub const RECOVERY_VERSION: u32 = 1;

/// The trading state after an input.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TradingState {
    version: u32,
    /// Stamp of that input; the next process goes on from this monotonic time.
    pub at: Stamp,
    hash: StateHash,
    mode: Mode,
    numbers: Numbers,
    account: Account,
    guard: Guard,
    daily: DailyTally,
    /// The account's dealings with a venue; `None` on paper.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    desk: Option<VenueDesk>,
    symbols: Vec<SymbolTrading>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct SymbolTrading {
    name: String,
    /// Orders and positions are counted in ticks and lots of this grid.
    tick: Decimal,
    lot: Decimal,
    contract_value: Decimal,
    last: Option<Price>,
    extremes: (Price, Price),
    entry: Option<Working>,
    exit: Option<Working>,
    stop: Option<Working>,
    target: Option<Working>,
    position: Option<Position>,
    decided: Option<Timestamp>,
    decided_at: Option<Timestamp>,
    decision_errors: DecisionErrors,
    last_entry: Option<(Timestamp, Side)>,
    /// Deadlines in monotonic milliseconds.
    entry_timeout: Option<u64>,
    max_hold: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    venue: Option<VenueSymbol>,
}

impl SymbolTrading {
    fn of(symbol: &Symbol, at_venue: bool) -> Self {
        let instrument = &symbol.instrument;
        Self {
            name: instrument.symbol.clone(),
            tick: instrument.tick,
            lot: instrument.lot,
            contract_value: instrument.contract_value,
            last: symbol.last,
            extremes: symbol.extremes,
            entry: symbol.entry.clone(),
            exit: symbol.exit.clone(),
            stop: symbol.stop.clone(),
            target: symbol.target.clone(),
            position: symbol.position.clone(),
            decided: symbol.decided,
            decided_at: symbol.decided_at,
            decision_errors: symbol.decision_errors,
            last_entry: symbol.last_entry,
            entry_timeout: symbol
                .entry
                .as_ref()
                .and_then(|entry| entry.timeout)
                .map(|armed| armed.due),
            max_hold: symbol.max_hold.map(|armed| armed.due),
            venue: at_venue.then(|| VenueSymbol::of(symbol)),
        }
    }

    /// Nothing is held and no order is at work.
    fn is_idle(&self) -> bool {
        self.position.is_none()
            && [&self.entry, &self.exit, &self.stop, &self.target]
                .iter()
                .all(|slot| slot.is_none())
    }
}

impl Core {
    /// The trading state after the input stamped `at`.
    pub fn trading_state(&self, at: Stamp) -> TradingState {
        let at_venue = self.settings.execution == Execution::Venue;
        TradingState {
            version: RECOVERY_VERSION,
            at,
            hash: self.hash,
            // A stop is this process's alone, a pause is not.
            mode: if self.paused {
                Mode::Paused
            } else {
                Mode::Running
            },
            numbers: self.numbers,
            account: self.account.clone(),
            guard: self.guard.clone(),
            daily: self.daily.clone(),
            desk: at_venue.then(|| self.desk.clone()),
            symbols: self
                .symbols
                .iter()
                .map(|symbol| SymbolTrading::of(symbol, at_venue))
                .collect(),
        }
    }

    /// A core that goes on from a trading state under settings that may have changed: limits are
    /// those of the settings, what was hit stays hit. Symbols that are new begin flat.
    ///
    /// # Errors
    /// What does not fit, in words: another version; a position or order of a symbol that is not
    /// configured any more, or whose venue has changed its grid.
    pub fn recover(settings: Settings, turns: Turns, state: TradingState) -> Result<Self, String> {
        if state.version != RECOVERY_VERSION {
            return Err(format!(
                "trading state of version {}: expected {RECOVERY_VERSION}",
                state.version
            ));
        }
        let mut core = Self::new(settings, turns);
        let ours = core.settings.execution == Execution::Venue;
        if ours != state.desk.is_some() {
            let name = |venue| if venue { "a venue" } else { "paper" };
            return Err(format!(
                "trading state of {}: expected {}",
                name(!ours),
                name(ours)
            ));
        }
        // What the venue did meanwhile is found out before anything is sent.
        core.desk = state.desk.map(VenueDesk::after_restart).unwrap_or_default();
        core.hash = state.hash;
        core.paused = state.mode == Mode::Paused;
        core.seen_until = Some(state.at.wall);
        core.numbers = state.numbers;
        core.account = state.account;
        core.guard = state.guard;
        // The configuration of this process was read anew.
        core.guard.tightened.clear();
        core.guard.assessed = None;
        core.daily = state.daily;
        core.guard.adopt(&core.settings.risk);
        for saved in state.symbols {
            core.recover_symbol(saved)?;
        }
        core.refresh_deadline();
        Ok(core)
    }

    fn recover_symbol(&mut self, saved: SymbolTrading) -> Result<(), String> {
        let found = self
            .symbols
            .iter()
            .position(|symbol| symbol.instrument.symbol == saved.name);
        let Some(index) = found else {
            if saved.is_idle() {
                return Ok(());
            }
            return Err(format!(
                "{} has an open position or order: expected it among trading.symbols until it is \
                 closed",
                saved.name
            ));
        };
        let id = SymbolId(index as u16);
        let instrument = &self.symbols[index].instrument;
        let grid = (instrument.tick, instrument.lot, instrument.contract_value);
        if grid != (saved.tick, saved.lot, saved.contract_value) && !saved.is_idle() {
            return Err(format!(
                "{}: tick {} and lot {} of an open position or order have become {} and {}: \
                 expected it closed at the venue first",
                saved.name, saved.tick, saved.lot, grid.0, grid.1
            ));
        }
        let symbol = &mut self.symbols[index];
        symbol.decided = saved.decided;
        symbol.decided_at = saved.decided_at;
        symbol.decision_errors = saved.decision_errors;
        symbol.last_entry = saved.last_entry;
        if grid != (saved.tick, saved.lot, saved.contract_value) {
            return Ok(());
        }
        symbol.last = saved.last;
        symbol.extremes = saved.extremes;
        symbol.entry = moved(saved.entry, id);
        symbol.exit = moved(saved.exit, id);
        symbol.stop = moved(saved.stop, id);
        symbol.target = moved(saved.target, id);
        symbol.position = saved.position;
        if let Some(position) = &mut symbol.position {
            position.move_to(id);
        }
        if let Some(venue) = saved.venue {
            self.restore_venue(id, venue);
            // Rates are today's: the account's tier was asked for anew, or the configuration states it.
            self.symbols[index].fees = self.settings.paper.fees[index];
            // What the venue takes was asked anew too.
            self.symbols[index].desk.protective.given_up = 0;
        }
        if let Some(due) = saved.entry_timeout {
            let armed = self.arm_at(Timer::OrderTimeout(id), due);
            if let Some(entry) = &mut self.symbols[index].entry {
                entry.timeout = Some(armed);
            }
        }
        if let Some(due) = saved.max_hold {
            let armed = self.arm_at(Timer::MaxHold(id), due);
            self.symbols[index].max_hold = Some(armed);
        }
        Ok(())
    }
}

/// The order under the number that its symbol has now.
fn moved(working: Option<Working>, id: SymbolId) -> Option<Working> {
    working.map(|mut working| {
        working.order.symbol = id;
        working
    })
}
