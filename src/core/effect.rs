//! Everything the core may want from the shell around it.

use super::market::SymbolId;
use super::records::{EquityPoint, Record};
use super::units::Timestamp;
use super::venue::OrderRequest;
use serde::{Deserialize, Serialize};

/// One wish; carried out in order by the runtime.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// A row for the ledger.
    Persist(Box<Record>),
    /// The account at a candle's close or a fill; not boxed, because it comes with every candle.
    Equity(EquityPoint),
    /// A question to a model; the answer comes back as `Input::Answer` with the same run.
    Ask(ModelRequest),
    /// Something the operator should see.
    Alert(Alert),
    /// The rolling state hash at a checkpoint (every 1,000 inputs and at each candle close).
    Checkpoint(Checkpoint),
    /// An order for the venue: made durable, then sent, once. News of it come as `Input::Order`.
    Submit(Box<OrderRequest>),
    /// An order to cancel; may be sent again. Without the venue's id it is not accepted yet: if it
    /// has not left it need not leave any more (`NeverSent`), otherwise the core asks again once it
    /// knows the id.
    Cancel {
        symbol: SymbolId,
        client_id: String,
        venue_id: Option<String>,
    },
    /// Where does this order stand? The answer comes as `Input::Order`: `Accepted` and `State`, with
    /// its fills. Not found is no answer: only listings prove absence.
    Query {
        client_id: String,
        venue_id: Option<String>,
    },
    /// Ask the venue for everything of ours; ends with `Input::Listing` or `Input::Reconciled`.
    Reconcile,
}

/// A question to a model: sent by the runtime, never by the core.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelRequest {
    pub run: u64,
    pub prompt: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertLevel {
    Info,
    Warning,
    Critical,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    pub time: Timestamp,
    pub level: AlertLevel,
    /// Stable name: `daily_loss_limit`, `emergency_stop`.
    pub name: &'static str,
    pub text: String,
}

/// Rolling state hash after `inputs` inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    pub inputs: u64,
    pub time: Timestamp,
    pub hash: u64,
    /// Candle close (true) or the thousandth input (false).
    pub candle: bool,
}

/// Effects in the order in which the core wants them.
pub type Effects = Vec<Effect>;
