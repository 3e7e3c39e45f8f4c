//! What a report could not compute, and why.
//!
//! Every metric that is shown as `-` is listed once; a metric that is shown never is.

use super::luck::{Luck, gather::TradeReturns};
use super::markouts::Markouts;
use super::summary::{Metrics, Summary};
use super::tape::Tape;
use crate::core::units::Decimal;
use serde::Serialize;

/// A metric that is shown as `-`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NotComputed {
    /// Its name in JSON.
    pub metric: String,
    /// In words.
    pub reason: String,
}

impl NotComputed {
    pub fn new(metric: &str, reason: impl Into<String>) -> Self {
        Self {
            metric: metric.to_owned(),
            reason: reason.into(),
        }
    }
}

/// The undefined ones among the metrics of a run.
pub fn of_summary(summary: Option<&Summary>) -> Vec<NotComputed> {
    let Some(summary) = summary else {
        return vec![NotComputed::new(
            "metrics",
            "the session has not ended: they are summed up at its end",
        )];
    };
    let m = &summary.metrics;
    let mut list = Vec::new();
    let mut note = |metric: &str, missing: bool, reason: &str| {
        if missing {
            list.push(NotComputed::new(metric, reason));
        }
    };
    let start = start_reason(summary);
    note("total_return_pct", m.total_return_pct.is_none(), start);
    note("max_drawdown_pct", m.max_drawdown_pct.is_none(), start);
    note("cagr_pct", m.cagr_pct.is_none(), cagr_reason(summary));
    note("sharpe", m.sharpe.is_none(), sharpe_reason(summary));
    note("sortino", m.sortino.is_none(), sortino_reason(summary));
    note("calmar", m.calmar.is_none(), calmar_reason(m));
    let no_trade = "no closed trade";
    note("win_rate_pct", m.win_rate_pct.is_none(), no_trade);
    note(
        "profit_factor",
        m.profit_factor.is_none(),
        "no losing trade",
    );
    note("expectancy", m.expectancy.is_none(), no_trade);
    note(
        "expectancy_margin_pct",
        m.expectancy_margin_pct.is_none(),
        "no closed trade with a margin",
    );
    note("average_win", m.average_win.is_none(), "no winning trade");
    note("largest_win", m.largest_win.is_none(), "no winning trade");
    note("average_loss", m.average_loss.is_none(), "no losing trade");
    note("largest_loss", m.largest_loss.is_none(), "no losing trade");
    note("average_minutes", m.average_minutes.is_none(), no_trade);
    note(
        "exposure_pct",
        m.exposure_pct.is_none(),
        "the market data has no length",
    );
    note(
        "turnover",
        m.turnover.is_none(),
        "no candle closed, or the mean equity is not above zero",
    );
    note(
        "buy_and_hold_pct",
        m.buy_and_hold_pct.is_none(),
        "fewer candles closed than trading.min_candles_for_trading",
    );
    list
}

fn start_reason(summary: &Summary) -> &'static str {
    if summary.account.start > Decimal::ZERO {
        "beyond the range of a number"
    } else {
        "the account does not start above zero"
    }
}

fn cagr_reason(summary: &Summary) -> &'static str {
    if summary.metrics.days < 1.0 {
        "the run is shorter than a day"
    } else if summary.account.start <= Decimal::ZERO {
        start_reason(summary)
    } else if summary.account.end < Decimal::ZERO {
        "the account ends below zero"
    } else {
        "beyond the range of a number"
    }
}

/// What stands against any figure of daily returns.
fn daily_reason(summary: &Summary) -> Option<&'static str> {
    let days = &summary.daily_equity;
    // Each day starts with the equity before it; the last one's starts none.
    let mut starts = std::iter::once(summary.account.start)
        .chain(days.iter().map(|day| day.1))
        .take(days.len());
    if days.is_empty() {
        Some("no day with data")
    } else if starts.any(|equity| equity <= Decimal::ZERO) {
        Some("a day starts with an equity that is not above zero")
    } else {
        None
    }
}

fn sharpe_reason(summary: &Summary) -> &'static str {
    daily_reason(summary).unwrap_or(if summary.daily_equity.len() < 2 {
        "candles closed on fewer than two days"
    } else {
        "the daily returns do not differ"
    })
}

fn sortino_reason(summary: &Summary) -> &'static str {
    daily_reason(summary).unwrap_or("no losing day")
}

fn calmar_reason(m: &Metrics) -> &'static str {
    match (m.cagr_pct, m.max_drawdown_pct) {
        (None, _) => "no CAGR",
        (_, None) => "no maximum drawdown",
        (_, Some(0.0)) => "equity never fell",
        _ => "beyond the range of a number",
    }
}

/// The undefined ones of luck; the tape, or why there is none.
pub fn of_luck(luck: &Luck, returns: &TradeReturns, tape: Result<&Tape, &str>) -> Vec<NotComputed> {
    let mut list = Vec::new();
    if let Err(reason) = returns.suffice() {
        list.push(NotComputed::new("luck.interval", reason.clone()));
        list.push(NotComputed::new("luck.random", reason));
        return list;
    }
    if luck.interval.is_none() {
        list.push(NotComputed::new(
            "luck.interval",
            "beyond the range of a number",
        ));
    }
    if luck.random.is_none() {
        list.push(NotComputed::new(
            "luck.random",
            match tape {
                Err(reason) => reason,
                Ok(tape) if returns.fit(tape) => "beyond the range of a number",
                Ok(_) => {
                    "the trades, each counted as at least one candle, do not fit beside each other \
                     in the recording's candles"
                }
            },
        ));
    }
    list
}

/// The horizons of which no fill could be told.
pub fn of_markouts(markouts: Result<&Markouts, &str>) -> Vec<NotComputed> {
    let markouts = match markouts {
        Ok(markouts) => markouts,
        Err(reason) => return vec![NotComputed::new("markouts", reason)],
    };
    if markouts.fills == 0 {
        return vec![NotComputed::new("markouts", "no fill")];
    }
    markouts
        .horizons
        .iter()
        .filter(|row| row.all.fills == 0)
        .map(|row| {
            let reason = if row.within_candle > 0 {
                "shorter than the recorded candles"
            } else if row.left_out > 0 {
                "beyond the end of the recording for every fill"
            } else {
                "no fill could be followed"
            };
            NotComputed::new(&format!("markouts.{}s", row.horizon_seconds), reason)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::records::{EquityKind, Record};
    use crate::core::units::Timestamp;
    use crate::report::{Accumulator, Ending, SymbolEnding};
    use crate::store::ledger::tests::samples;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// Metrics that are null in JSON, times aside: a drawdown that never was has none.
    fn nulls(summary: &Summary) -> BTreeSet<String> {
        let value = serde_json::to_value(&summary.metrics).unwrap();
        let fields = value.as_object().unwrap().iter();
        fields
            .filter(|(name, value)| value.is_null() && !name.ends_with("_ms"))
            .map(|(name, _)| name.clone())
            .collect()
    }

    fn listed(summary: &Summary) -> BTreeSet<String> {
        let list = of_summary(Some(summary));
        let names: BTreeSet<String> = list.iter().map(|item| item.metric.clone()).collect();
        assert_eq!(names.len(), list.len(), "each metric once");
        names
    }

    #[test]
    fn an_empty_run_says_of_every_metric_why_it_is_missing() {
        let accumulator = Accumulator::new(Decimal::ZERO, vec![samples::instrument()]);
        let summary = accumulator.summary(&Ending::default());
        assert_eq!(listed(&summary), nulls(&summary));
        assert_eq!(nulls(&summary).len(), 18);
    }

    #[test]
    fn reasons_say_what_is_so() {
        let mut accumulator = Accumulator::new(Decimal::from_int(100), vec![samples::instrument()]);
        for (second, equity) in [(0, 110), (86_400, 121)] {
            accumulator.equity(&samples::equity(second, equity));
        }
        let ending = Ending {
            first_data: Some(samples::time(0)),
            last_data: Some(samples::time(2 * 86_400)),
            ..Ending::default()
        };
        let list = of_summary(Some(&accumulator.summary(&ending)));
        let reason = |metric: &str| {
            let found = list.iter().find(|item| item.metric == metric);
            found.map(|item| item.reason.as_str())
        };
        // Two days of +10 % each.
        assert_eq!(reason("sharpe"), Some("the daily returns do not differ"));
        assert_eq!(reason("sortino"), Some("no losing day"));
        assert_eq!(reason("calmar"), Some("equity never fell"));
        assert_eq!(reason("cagr_pct"), None);
        assert_eq!(reason("expectancy"), Some("no closed trade"));
        assert_eq!(of_summary(None)[0].metric, "metrics");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn what_is_undefined_is_listed_and_nothing_else(
            equities in prop::collection::vec((0i64..1_000_000, -100i64..20_000), 0..12),
            nets in prop::collection::vec(-3i64..3, 0..6),
            start in -1i64..3,
            data in prop::option::of((0i64..100, 0i64..1_000_000)),
            closes in prop::option::of((1i64..100, 1i64..100)),
        ) {
            let mut accumulator = Accumulator::new(Decimal::from_int(start * 5_000), vec![samples::instrument()]);
            for (second, equity) in equities {
                let mut point = samples::equity(second, equity);
                point.kind = if equity % 3 == 0 { EquityKind::Fill } else { EquityKind::Candle };
                accumulator.equity(&point);
            }
            for (id, net) in (1..).zip(nets) {
                let mut trade = samples::trade(id, Decimal::from_int(net));
                if net == 2 {
                    trade.margin = Decimal::ZERO;
                }
                accumulator.record(&Record::Trade(trade));
            }
            let price = crate::core::units::Price;
            let summary = accumulator.summary(&Ending {
                first_data: data.map(|d| Timestamp(d.0)),
                last_data: data.map(|d| Timestamp((d.0 + d.1) * 1_000_000_000)),
                last_equity: None,
                symbols: closes
                    .map(|(first, last)| SymbolEnding {
                        first_close: Some(price(first)),
                        last_close: Some(price(last)),
                        ..SymbolEnding::default()
                    })
                    .into_iter()
                    .collect(),
                held_back: Vec::new(),
                notes: Vec::new(),
            });
            prop_assert_eq!(listed(&summary), nulls(&summary));
        }
    }
}
