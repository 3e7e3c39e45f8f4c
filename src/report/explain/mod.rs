//! Why a decision came out as it did: what was seen, what fired, what stood against it, what followed,
//! and what would have had to differ for the other answer.
//!
//! Rows of the ledger say what happened; what a run of the recording kept (`core::strategy::Explained`)
//! adds candle, rules and sizing. Not here: running it again.

mod case;
mod collect;
mod conditions;
mod counterfactual;
mod exits;
mod facts;
mod obstacles;
mod orders;
mod sizing;
mod subject;
mod text;
mod text_decision;
mod text_orders;

pub use case::Case;
pub use collect::{Again, Explanation, explain};
pub use subject::{Asked, Subject};
pub use text::render;

/// One line of JSON without a line break.
///
/// # Errors
/// What the serialiser says.
pub fn json(explanation: &Explanation) -> Result<String, serde_json::Error> {
    serde_json::to_string(explanation)
}
