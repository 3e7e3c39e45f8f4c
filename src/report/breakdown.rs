//! Closed trades by month of exit, by UTC hour of entry and by reason of exit.
//!
//! Months without a trade or an equity of their own have no row; hours always have all 24.

use super::summary::Millis;
use crate::core::units::Decimal;
use serde::Serialize;

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Breakdown {
    /// Ascending.
    pub months: Vec<MonthRow>,
    /// Hour 0 to 23.
    pub hours: Vec<HourRow>,
    /// By reason, most frequent first.
    pub exits: Vec<ExitRow>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MonthRow {
    /// `2018-01`.
    pub month: String,
    /// Its first midnight.
    pub start_ms: Millis,
    /// Equity at its last day with data against the one before its first; trades closed or not.
    pub return_pct: Option<f64>,
    #[serde(flatten)]
    pub trades: TradeSums,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HourRow {
    pub hour: u32,
    #[serde(flatten)]
    pub trades: TradeSums,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExitRow {
    pub reason: String,
    #[serde(flatten)]
    pub trades: TradeSums,
}

/// Sums over some closed trades.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TradeSums {
    pub trades: u64,
    pub wins: u64,
    pub win_rate_pct: Option<f64>,
    pub net: Decimal,
    pub fees: Decimal,
}
