//! What a run amounted to, in the form that is stored in the ledger's session row.
//!
//! Field names are stable: they are those of `report --json`. Money is a string, ratios are
//! numbers or null, times are milliseconds since 1970 UTC. A summary read back from JSON is equal
//! to the one written.

use super::outcome_tally::Outcomes;
use crate::core::units::{Decimal, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Milliseconds since 1970 UTC, as messages carry times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Millis(pub i64);

impl From<Timestamp> for Millis {
    fn from(time: Timestamp) -> Self {
        Self(time.as_millis())
    }
}

impl From<Millis> for Timestamp {
    fn from(millis: Millis) -> Self {
        Self(millis.0.saturating_mul(1_000_000))
    }
}

impl Serialize for Millis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0)
    }
}

impl<'de> Deserialize<'de> for Millis {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        i64::deserialize(deserializer).map(Self)
    }
}

/// Everything of a run that the rows of its ledger no longer tell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    pub account: Account,
    pub metrics: Metrics,
    /// At candle closes, thinned; [time, equity].
    pub equity_curve: Vec<(Millis, Decimal)>,
    /// Midnight and last equity of each UTC day with data.
    pub daily_equity: Vec<(Millis, Decimal)>,
    /// Valued at the last price.
    pub open_positions: Vec<OpenPosition>,
    pub symbols: Vec<SymbolSummary>,
    /// Counted during the run; `None` in summaries of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcomes: Option<Outcomes>,
    pub notes: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Account {
    pub start: Decimal,
    pub end: Decimal,
    pub cash: Decimal,
    pub unrealised: Decimal,
}

/// The metrics; null = undefined.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// First to last market data.
    pub days: f64,
    pub total_return_pct: Option<f64>,
    pub cagr_pct: Option<f64>,
    pub sharpe: Option<f64>,
    pub sortino: Option<f64>,
    /// 0 when equity never fell.
    pub max_drawdown_pct: Option<f64>,
    pub drawdown_start_ms: Option<Millis>,
    pub drawdown_bottom_ms: Option<Millis>,
    pub drawdown_recovery_ms: Option<Millis>,
    pub calmar: Option<f64>,
    pub trades: u64,
    pub wins: u64,
    pub win_rate_pct: Option<f64>,
    pub profit_factor: Option<f64>,
    /// In the account's currency.
    pub expectancy: Option<Decimal>,
    pub expectancy_margin_pct: Option<f64>,
    pub average_win: Option<Decimal>,
    pub average_loss: Option<Decimal>,
    pub largest_win: Option<Decimal>,
    pub largest_loss: Option<Decimal>,
    pub longest_losing_run: u64,
    pub average_minutes: Option<f64>,
    pub exposure_pct: Option<f64>,
    pub turnover: Option<f64>,
    pub fills: u64,
    pub net: Decimal,
    /// Over all fills, those of open positions included.
    pub fees: Decimal,
    /// Over closed trades.
    pub funding: Decimal,
    /// Losses beyond the margin that liquidations took back, over closed trades.
    pub insurance: Decimal,
    /// Over all fills; positive = cost.
    pub slippage: Decimal,
    /// Mean over the symbols.
    pub buy_and_hold_pct: Option<f64>,
    /// Under 30 trades or 30 days.
    pub few_observations: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpenPosition {
    pub symbol: String,
    /// LONG or SHORT.
    pub side: String,
    pub quantity: Decimal,
    pub entry_price: Decimal,
    /// `None` where no trade of the symbol was seen.
    pub last_price: Option<Decimal>,
    pub unrealised: Option<Decimal>,
    pub since_ms: Millis,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SymbolSummary {
    pub symbol: String,
    pub first_close: Option<Decimal>,
    pub last_close: Option<Decimal>,
    pub buy_and_hold_pct: Option<f64>,
}
