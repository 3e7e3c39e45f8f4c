//! What one task of a sweep came to, as it is stored and as a worker process reports it.
//!
//! Plain values: how they are computed and judged is not said here. Doubles are ratios and moments
//! of returns; money is exact.

use crate::core::units::{Decimal, Timestamp};
use serde::{Deserialize, Serialize};

/// Whether a window is looked at when a configuration is chosen, or afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// In-sample: what the choice may see.
    In,
    /// Out-of-sample: what the choice is held against.
    Out,
}

impl Part {
    pub const fn name(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
        }
    }
}

/// Count, mean and sums of powers of deviations from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Moments {
    pub n: u64,
    pub mean: f64,
    /// Sum of squared deviations; `m3` and `m4` of the third and fourth powers.
    pub m2: f64,
    pub m3: f64,
    pub m4: f64,
}

/// The figures of a replay that came to its end. `None` = undefined.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Of the configuration, 64 hexadecimal digits.
    pub fingerprint: String,
    /// After the last input, 16 hexadecimal digits: that of `minnow replay` with the same settings.
    pub state_hash: String,
    pub inputs: u64,
    /// Closed trades, and those with a net profit.
    pub trades: u64,
    pub wins: u64,
    /// Over closed trades, in the account's currency.
    pub net: Decimal,
    /// Over all fills.
    pub fees: Decimal,
    pub slippage: Decimal,
    /// 100 (end equity / start equity - 1), open positions valued at the last price.
    pub return_pct: Option<f64>,
    pub win_rate_pct: Option<f64>,
    pub profit_factor: Option<f64>,
    /// Of daily returns, annualised, as every report has it.
    pub sharpe: Option<f64>,
    pub max_drawdown_pct: Option<f64>,
    pub exposure_pct: Option<f64>,
    /// Of the returns of the plan's period within the window; none after the account was used up.
    pub returns: Option<Moments>,
    /// What has to be known beside the figures, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Time the replay took, microseconds; the one figure that differs from run to run.
    pub elapsed_us: u64,
}

/// One task's row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResultRow {
    /// Number in the plan, from 0.
    pub task: u32,
    /// Number of the configuration, from 1.
    pub combination: u32,
    /// Number of the window, from 1; its two parts share it.
    pub window: u32,
    pub part: Part,
    /// The settings that are swept, `key=value` each.
    pub settings: Vec<String>,
    /// What was replayed: inputs at or after, and before. `None` = from the start, to the end.
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
    /// The figures, or why there are none.
    pub outcome: Result<Figures, String>,
}
