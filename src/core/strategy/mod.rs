//! Strategies and the decision cycle around them.
//!
//! A strategy sees every closed candle and, when asked, answers at once or wants a model asked; the
//! cycle owns everything else (when, preconditions, position policy, gate, record).

pub mod cipher_b_filter;
pub mod cycle;
pub mod decision;
mod entry;
pub mod errors;
pub mod explanation;
pub mod mean_reversion;
mod mean_reversion_rules;
pub mod momentum;
mod momentum_rules;
pub(crate) mod outcome;
mod questions;
pub mod rules;
#[cfg(test)]
mod rules_tests;
pub mod vumanchu;
mod vumanchu_rules;
mod warm_up;

pub use decision::{Context, OwnRefusal, PositionView, Reply, Strategy, build};
pub use explanation::{Explained, Wanted};
pub use rules::{Condition, Purpose, Relation, Rule};
