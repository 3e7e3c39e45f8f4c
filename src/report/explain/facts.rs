//! What an explanation states, under the names that its JSON has.
//!
//! Money is exact (a string in JSON), indicators and distances are doubles and null where they are
//! undefined, times are milliseconds since 1970 UTC (`_ms`).

use crate::core::units::Decimal;
use crate::report::summary::Millis;
use serde::Serialize;
use std::collections::BTreeMap;

/// One decision with everything that led to it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DecisionFacts {
    /// Null for a candle on which nothing was decided.
    pub id: Option<i64>,
    pub symbol: String,
    pub candle: CandleFacts,
    pub time_ms: Option<Millis>,
    pub price: Option<Decimal>,
    pub strategy: String,
    /// Before the decision, signed.
    pub position: Option<Decimal>,
    pub equity: Option<Decimal>,
    pub indicators: BTreeMap<String, Option<f64>>,
    /// Every rule of the strategy and of the filter of entries; null without the recording.
    pub rules: Option<Vec<RuleFacts>>,
    pub proposal: Option<ProposalFacts>,
    /// `LONG`, `SHORT`, `CLOSE`, `HOLD`; `NONE` where nothing was decided.
    pub action: String,
    /// Why the action is not the proposed one; empty where it is.
    pub reason: String,
    pub obstacle: Option<Obstacle>,
    pub checks: Vec<CheckFacts>,
    /// What the gate would have said to an entry that a filter, a state or the strategy itself kept
    /// from it, without the position where one was open; null for any other decision, and without the
    /// recording.
    pub unasked_gate: Option<Vec<CheckFacts>>,
    /// Null where the gate was not reached, and without the recording.
    pub sizing: Option<SizingFacts>,
    pub difference: Difference,
    /// Others on the same candle.
    pub also_decided: Vec<i64>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CandleFacts {
    pub open_time_ms: Millis,
    /// Null without the recording, like all that follow.
    pub open: Option<Decimal>,
    pub high: Option<Decimal>,
    pub low: Option<Decimal>,
    pub close: Option<Decimal>,
    /// In the base asset.
    pub volume: Option<Decimal>,
    pub trades: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RuleFacts {
    pub name: String,
    /// `entry`, `exit`, `signal` or `filter`.
    pub purpose: &'static str,
    /// `LONG` or `SHORT`: what it speaks for, or the position that an exit leaves.
    pub side: Option<&'static str>,
    pub fired: bool,
    /// Conditions that are not met.
    pub missing: usize,
    pub conditions: Vec<ConditionFacts>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConditionFacts {
    pub name: String,
    pub relation: &'static str,
    pub value: Option<f64>,
    pub threshold: Option<f64>,
    pub met: bool,
    /// Between value and threshold, never negative: what is missing, or the room there is.
    pub distance: Option<f64>,
    /// The same in % of the threshold; null where that is 0.
    pub distance_pct: Option<f64>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProposalFacts {
    pub action: String,
    pub strength: Option<f64>,
    pub confidence: Option<f64>,
    pub size_pct: Decimal,
    pub take_profit_pct: Option<Decimal>,
    pub stop_loss_pct: Option<Decimal>,
    pub leverage: Option<u32>,
    pub rationale: String,
}

/// A state that stands against every entry.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Obstacle {
    pub code: String,
    pub words: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CheckFacts {
    pub name: String,
    /// `passed`, `changed` or `refused`.
    pub outcome: String,
    pub value: Option<Decimal>,
    pub limit: Option<Decimal>,
    /// How far the value may still move; negative = beyond the limit.
    pub margin: Option<Decimal>,
    /// The margin in % of the limit; null where that is 0.
    pub margin_pct: Option<f64>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SizingFacts {
    pub equity: Decimal,
    pub wanted_size_pct: Decimal,
    pub size_pct: Decimal,
    pub margin: Decimal,
    pub wanted_leverage: u32,
    pub leverage: u32,
    pub notional: Decimal,
    pub caps: Vec<CapFacts>,
    pub price: Decimal,
    pub contract_value: Decimal,
    /// Before it is rounded down to the lot; null where it is out of range.
    pub exact_quantity: Option<Decimal>,
    pub lot: Decimal,
    pub quantity: Decimal,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CapFacts {
    pub name: String,
    /// Whether it left less than there was.
    pub cut: bool,
    pub notional: Decimal,
    pub leverage: u32,
}

/// What would have had to differ for the other answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Difference {
    /// In words.
    pub answer: String,
    /// Rules with the conditions that count: the unmet ones, or the one with the least room.
    pub rules: Vec<RuleFacts>,
    /// Further rules as near as these, beyond those listed.
    pub rules_left_out: usize,
    /// Checks that count: those that refused, or the one with the least margin.
    pub checks: Vec<CheckFacts>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OrderFacts {
    pub id: i64,
    pub client_id: String,
    pub decision: i64,
    pub leg: String,
    pub side: String,
    pub kind: String,
    pub quantity: Decimal,
    /// Limit price or trigger level; null for a market order.
    pub price: Option<Decimal>,
    pub reduce_only: bool,
    pub state: String,
    pub filled: Decimal,
    pub filled_value: Decimal,
    pub fee: Decimal,
    pub reason: String,
    pub created_ms: Millis,
    pub updated_ms: Millis,
    pub fills: Vec<FillFacts>,
    pub fills_left_out: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FillFacts {
    pub id: i64,
    pub time_ms: Millis,
    pub price: Decimal,
    pub quantity: Decimal,
    pub value: Decimal,
    pub fee: Decimal,
    /// `maker` or `taker`.
    pub role: &'static str,
    /// What slippage is measured from.
    pub reference: Decimal,
}

/// A setting that closed a position.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExitLimit {
    pub key: String,
    /// In the configuration that the session began with.
    pub limit: Option<Decimal>,
    /// What was held against it.
    pub value: Option<Decimal>,
    /// `h` or `%`, of both.
    pub unit: &'static str,
}

/// How a trade ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExitFacts {
    pub reason: String,
    pub words: String,
    /// The order that closed it, where the ledger tells.
    pub order: Option<i64>,
    /// The level that was reached, and the price at which it was; `None` for an exit without a level.
    pub level: Option<Decimal>,
    pub reached: Option<Decimal>,
    /// The setting that closed it; `None` where none did.
    pub limit: Option<ExitLimit>,
    /// What would have had to differ for the position to stay.
    pub otherwise: Option<String>,
    /// Null unless the strategy closed it.
    pub decision: Option<DecisionFacts>,
}
