//! The metrics of two runs in pairs, each with its difference.

use crate::core::units::Decimal;
use crate::report::summary::Summary;
use serde::Serialize;

/// A value of a metric; null = undefined.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// In the account's currency; a string in JSON.
    Money(Option<Decimal>),
    Percent(Option<f64>),
    Ratio(Option<f64>),
    Count(i64),
}

/// A metric of both runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pair {
    /// Its name in JSON.
    pub metric: &'static str,
    /// In words.
    #[serde(skip)]
    pub label: &'static str,
    pub a: Value,
    pub b: Value,
    /// B - A; undefined where either is, and between amounts of two currencies.
    pub difference: Value,
}

impl Value {
    fn minus(self, other: Self) -> Self {
        let floats =
            |a: Option<f64>, b: Option<f64>| a.zip(b).map(|(a, b)| a - b).filter(|d| d.is_finite());
        match (self, other) {
            (Self::Money(a), Self::Money(b)) => {
                Self::Money(a.zip(b).and_then(|(a, b)| a.checked_sub(b)))
            }
            (Self::Percent(a), Self::Percent(b)) => Self::Percent(floats(a, b)),
            (Self::Count(a), Self::Count(b)) => Self::Count(a.saturating_sub(b)),
            (a, b) => Self::Ratio(floats(a.ratio(), b.ratio())),
        }
    }

    const fn ratio(self) -> Option<f64> {
        match self {
            Self::Percent(value) | Self::Ratio(value) => value,
            Self::Money(_) | Self::Count(_) => None,
        }
    }
}

/// All metrics that two runs are compared by, in the order in which they are shown. Amounts of two
/// currencies have no difference.
pub fn pairs(a: &Summary, b: &Summary, one_currency: bool) -> Vec<Pair> {
    values(a)
        .into_iter()
        .zip(values(b))
        .map(|((metric, label, a), (_, _, b))| Pair {
            metric,
            label,
            a,
            b,
            difference: match a {
                Value::Money(_) if !one_currency => Value::Money(None),
                _ => b.minus(a),
            },
        })
        .collect()
}

fn values(summary: &Summary) -> Vec<(&'static str, &'static str, Value)> {
    use Value::{Count, Money, Percent, Ratio};
    let m = &summary.metrics;
    let count = |n: u64| Count(i64::try_from(n).unwrap_or(i64::MAX));
    vec![
        ("end", "end", Money(Some(summary.account.end))),
        (
            "total_return_pct",
            "total return",
            Percent(m.total_return_pct),
        ),
        (
            "buy_and_hold_pct",
            "buy and hold",
            Percent(m.buy_and_hold_pct),
        ),
        ("cagr_pct", "CAGR", Percent(m.cagr_pct)),
        ("sharpe", "Sharpe", Ratio(m.sharpe)),
        ("sortino", "Sortino", Ratio(m.sortino)),
        ("calmar", "Calmar", Ratio(m.calmar)),
        (
            "max_drawdown_pct",
            "max drawdown",
            Percent(m.max_drawdown_pct),
        ),
        ("trades", "trades", count(m.trades)),
        ("win_rate_pct", "win rate", Percent(m.win_rate_pct)),
        ("profit_factor", "profit factor", Ratio(m.profit_factor)),
        ("expectancy", "expectancy", Money(m.expectancy)),
        (
            "expectancy_margin_pct",
            "  of margin",
            Percent(m.expectancy_margin_pct),
        ),
        ("average_win", "average win", Money(m.average_win)),
        ("average_loss", "average loss", Money(m.average_loss)),
        ("largest_win", "largest win", Money(m.largest_win)),
        ("largest_loss", "largest loss", Money(m.largest_loss)),
        (
            "longest_losing_run",
            "losing run",
            count(m.longest_losing_run),
        ),
        (
            "average_minutes",
            "average minutes",
            Ratio(m.average_minutes),
        ),
        ("exposure_pct", "exposure", Percent(m.exposure_pct)),
        ("turnover", "turnover", Ratio(m.turnover)),
        ("net", "net of trades", Money(Some(m.net))),
        ("fees", "fees", Money(Some(m.fees))),
        ("funding", "funding", Money(Some(m.funding))),
        ("slippage", "slippage", Money(Some(m.slippage))),
    ]
}
