//! Everything the core may learn. What is not here cannot influence a decision.

use super::market::{Candle, Interval, Quote, SymbolId, Trade};
use super::risk::tightening::LimitValues;
use super::units::{Decimal, Timestamp};
pub use super::venue::{
    AccountNews, ListedFill, ListedOrder, ListedPosition, OrderEvent, OrderNews, VenueListing,
    VenueState,
};
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
    /// Finished candles that were asked for: before live data, or of a gap in it. They warm up what
    /// is computed from candles, are never decided on and count as the series' own. On paper what is
    /// held meets them at their worst.
    History {
        symbol: SymbolId,
        interval: Interval,
        /// Oldest first; those at or before what the series has are left out.
        candles: Vec<Candle>,
    },
    /// A feed of a symbol fell silent, or brings data again. While one of them is not fresh there is
    /// no entry; exits go on.
    Feed {
        symbol: SymbolId,
        /// `trades`, `ticker`, `book`, `candles`, `orders`, `account`, `clock`.
        feed: String,
        fresh: bool,
    },
    /// Trades of the symbol are known without a hole from `until` on: buckets that began before it
    /// and are not closed yet are incomplete, unless a `History` candle says otherwise. Told at
    /// every (re)subscription whose stream does not reach back to the bucket's start.
    Partial {
        symbol: SymbolId,
        until: Timestamp,
    },
    /// Nothing of the symbol is missing since its prices fell silent: the trades of meanwhile
    /// follow. Takes back what `Feed` said of the buckets that are not closed yet.
    Whole {
        symbol: SymbolId,
    },
    /// A trade whose turn has not come: its symbol waits for the candles before it. What is held meets
    /// its price now; the same trade follows as `Trade`, for its candle.
    Ahead(Trade),
    /// Best prices of the symbol, and the spread in basis points of mid beyond which there is no
    /// entry.
    Quote {
        symbol: SymbolId,
        quote: Quote,
        max_spread_bps: Decimal,
    },
    /// News of an order at the venue.
    Order(OrderEvent),
    /// Cash and fee rates at the venue: at the start and with each reconciliation.
    Account(AccountNews),
    /// A round of reconciliation ended without a listing: it failed (`ok` false, `text` says why),
    /// or there was nothing to compare.
    Reconciled {
        ok: bool,
        text: String,
    },
    /// Everything the venue has of ours; compared, resolved and, if complete, the end of a
    /// reconciliation.
    Listing(Box<VenueListing>),
}

impl Input {
    /// The symbol of market data; the others concern several or none.
    pub const fn market_symbol(&self) -> Option<SymbolId> {
        match self {
            Self::Trade(trade) | Self::Ahead(trade) => Some(trade.symbol),
            Self::Candle { symbol, .. }
            | Self::Quiet { symbol, .. }
            | Self::History { symbol, .. }
            | Self::Feed { symbol, .. }
            | Self::Partial { symbol, .. }
            | Self::Whole { symbol }
            | Self::Quote { symbol, .. } => Some(*symbol),
            _ => None,
        }
    }
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
    /// Every entry's order is cancelled, and no entry until resumed. What protects or leaves a
    /// position stays: a position is never left bare.
    CancelAll,
    /// As `CancelAll`, and every position is closed at market, also one that a late fill opens.
    CloseAll,
    /// Limits of a configuration that was read again, by the names of their keys and in their
    /// units; what is not tighter than the limit in force stays as it is.
    TightenLimits { limits: LimitValues },
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
