//! What is handed to the ledger: rows of the core, and those that the runtime makes itself.

use super::hashes::HashBlock;
use crate::core::market::Instrument;
use crate::core::records::{EquityPoint, Record};
use crate::core::units::{Decimal, Timestamp};

/// One thing to write; order is kept.
#[derive(Clone, Debug, PartialEq)]
pub enum Row {
    /// A record of the core. Orders and lots replace what has the same id.
    Core(Box<Record>),
    /// The account at one point in time.
    Equity(EquityPoint),
    /// State hashes at candle closes.
    Hashes(HashBlock),
    /// How often the core held for a reason; replaces the count written before.
    Holds(HoldCount),
    /// A baseline or a latch; replaces the one of the same name.
    Limit(LimitRow),
    /// The trading state after the rows before it; replaces the one before.
    State(StateRow),
}

/// What a restart goes on from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateRow {
    /// Wall time of the input after which it was taken.
    pub time: Timestamp,
    /// The core's trading state as JSON.
    pub body: String,
}

/// How often the core decided to hold for a reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldCount {
    pub reason: String,
    pub count: u64,
}

/// Name of the limit that an exchange sets: until when it wants no requests.
pub const EXCHANGE_QUIET: &str = "exchange_quiet";

/// A baseline that a loss limit counts from, or a latched state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitRow {
    /// Stable name: `baseline_day`, `emergency_stop`.
    pub name: String,
    /// The baseline, or the value that latched.
    pub value: Option<Decimal>,
    /// In words; empty when there is nothing to say.
    pub text: String,
    pub since: Timestamp,
    /// When it ends by itself; `None` = only by an operator or a new period.
    pub until: Option<Timestamp>,
}

/// Whose trades a file holds; modes never share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Replay,
    Paper,
    Live,
    /// Trading on the local venue.
    Venue,
}

impl Mode {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Replay => "replay",
            Self::Paper => "paper",
            Self::Live => "live",
            Self::Venue => "venue",
        }
    }
}

/// The beginning of a session. No value of it may be a secret.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionRow {
    /// The five base32 digits that name the session in client order ids.
    pub name: String,
    pub mode: Mode,
    /// Wall time of the start.
    pub started: Timestamp,
    /// Version of the program.
    pub program: String,
    /// Configuration fingerprint.
    pub fingerprint: String,
    /// Non-secret effective values as JSON.
    pub configuration: String,
    /// File names of the recordings; empty for a live source.
    pub recording: String,
    /// Name of the strategy.
    pub strategy: String,
    /// Decision interval: `1m`.
    pub interval: String,
    pub seed: u64,
    /// Account currency.
    pub currency: String,
    pub starting_balance: Decimal,
    /// In the order of `SymbolId`: what turns ticks and lots into decimals.
    pub instruments: Vec<Instrument>,
}

/// How far a session got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionStatus {
    /// Being written, or killed while it was.
    Running,
    Complete,
    /// Stopped by a signal; complete up to its last input.
    Interrupted,
    Failed,
}

impl SessionStatus {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Complete => "complete",
            Self::Interrupted => "interrupted",
            Self::Failed => "failed",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        [
            Self::Running,
            Self::Complete,
            Self::Interrupted,
            Self::Failed,
        ]
        .into_iter()
        .find(|status| status.name() == name)
    }
}

/// The end of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionEnd {
    pub status: SessionStatus,
    /// Wall time of the end.
    pub ended: Timestamp,
    /// Machine time that the run took, in nanoseconds; 0 = not measured.
    pub elapsed_ns: i64,
    /// Inputs that the core handled.
    pub inputs: u64,
    /// First and last market data, exchange time.
    pub first_data: Option<Timestamp>,
    pub last_data: Option<Timestamp>,
    /// The rolling state hash after the last input.
    pub state_hash: u64,
    /// What the run amounted to, as JSON; empty when nothing was summed up.
    pub summary: String,
}

/// A batch that is durable as far as the mode promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Committed {
    /// Rows of the batch.
    pub rows: usize,
    /// Rows since the ledger was opened.
    pub total: u64,
}
