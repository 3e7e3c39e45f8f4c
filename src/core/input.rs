//! Everything the core may learn. What is not here cannot influence a decision.

use super::market::{Candle, Interval, SymbolId, Trade};
use super::units::Timestamp;
use serde::{Deserialize, Serialize};

/// One input; it arrives with a stamp.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    Trade(Trade),
    /// A finished candle of the venue or of an imported history.
    Candle {
        symbol: SymbolId,
        interval: Interval,
        candle: Candle,
    },
    /// No data of the symbol before `until`: what an importer, which sees ahead, says of a long gap.
    Quiet {
        symbol: SymbolId,
        until: Timestamp,
    },
    /// An operator's command.
    Command(Command),
    /// How a question to a model ended.
    Answer {
        run: u64,
        answer: Answer,
    },
    /// The ledger could not be written: entries stop.
    LedgerFailed {
        text: String,
    },
    /// The process is stopping: no entry from here on.
    Stop,
}

/// What an operator may say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "command")]
pub enum Command {
    /// No entries until resumed; exits go on.
    Pause,
    /// Entries again; also ends an emergency stop, which wants a reason of at least 8 characters.
    Resume { reason: String },
    /// Latched stop; `close` also closes every position at market.
    EmergencyStop { close: bool },
}

/// The end of a question to a model, in the form the core decides on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Answer {
    /// The model's text and the time it took in milliseconds.
    Text { body: String, latency_ms: u64 },
    /// Refused, timed out, panicked, transport failed: the text says which.
    Failed { text: String },
}
