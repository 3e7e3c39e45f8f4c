//! The best of a sweep as one JSON object: the same as the text, with every digit.

use super::plan::Plan;
use super::ranking::{Ranked, Run, chain, rank};
use super::table::{Shown, command};
use crate::store::sweep_results::{Figures, ResultRow};
use serde_json::{Value, json};

/// Version of this form; it rises when a field changes its meaning or goes.
pub const FORMAT: u32 = 1;

/// Windows with their best configurations, and the chain of walk-forward (null without tests).
pub fn render(plan: &Plan, rows: &[ResultRow], shown: Shown) -> Value {
    let windows = rank(rows, shown.criterion);
    let failed: Vec<Value> = rows
        .iter()
        .filter_map(|row| {
            let reason = row.outcome.as_ref().err()?;
            Some(json!({"task": row.task, "settings": row.settings, "reason": reason}))
        })
        .collect();
    let chained = chain(&windows).map(|chain| {
        json!({
            "tests": chain.windows,
            "tests_with_gain": chain.winning,
            "return_pct": chain.return_pct,
            "net": chain.net,
            "trades": chain.trades,
            "worst_drawdown_pct": chain.worst_drawdown_pct,
            "sharpe_period": chain.sharpe,
            "probability_above_0": chain.confirmed,
        })
    });
    let ranked: Vec<Value> = windows
        .iter()
        .map(|window| {
            json!({
                "window": window.window,
                "tries": window.tries,
                "tries_with_sharpe": window.with_sharpe,
                "variance_of_sharpe": window.variance,
                "expected_maximum": window.expected_maximum,
                "not_deflated": window.not_deflated(),
                "best": window.ranked.iter().take(shown.top)
                    .map(|ranked| configuration(plan, ranked)).collect::<Vec<Value>>(),
            })
        })
        .collect();
    json!({
        "format": FORMAT,
        "plan": plan.digest(),
        "program": plan.program,
        "recordings": plan.recordings,
        "first_data_ns": plan.first,
        "last_data_ns": plan.last,
        "division": plan.division,
        "period_ns": plan.period,
        "configurations": plan.configurations(),
        "tasks": plan.tasks.len(),
        "done": rows.len() - failed.len(),
        "failed": failed,
        "best_by": shown.criterion.name(),
        "windows": ranked,
        "chain": chained,
    })
}

fn configuration(plan: &Plan, ranked: &Ranked<'_>) -> Value {
    json!({
        "configuration": ranked.in_sample.row.combination,
        "settings": ranked.in_sample.row.settings,
        "deflated_sharpe": ranked.deflated,
        "in_sample_probability_above_0": ranked.uncorrected,
        "in_sample": part(plan, &ranked.in_sample),
        "out_of_sample": ranked.out_of_sample.as_ref().map(|run| part(plan, run)),
        "probability_above_0": ranked.confirmed,
    })
}

fn part(plan: &Plan, run: &Run<'_>) -> Value {
    let Figures {
        fingerprint,
        state_hash,
        inputs,
        trades,
        wins,
        net,
        fees,
        slippage,
        return_pct,
        win_rate_pct,
        profit_factor,
        sharpe,
        max_drawdown_pct,
        exposure_pct,
        returns,
        notes,
        elapsed_us,
    } = run.figures;
    json!({
        "task": run.row.task,
        "command": command(plan, run.row),
        "fingerprint": fingerprint,
        "state_hash": state_hash,
        "inputs": inputs,
        "trades": trades,
        "wins": wins,
        "net": net,
        "fees": fees,
        "slippage": slippage,
        "return_pct": return_pct,
        "win_rate_pct": win_rate_pct,
        "profit_factor": profit_factor,
        "sharpe_daily": sharpe,
        "max_drawdown_pct": max_drawdown_pct,
        "exposure_pct": exposure_pct,
        "returns": returns.map(|returns| returns.n),
        "sharpe_period": run.sharpe(),
        "skewness": returns.and_then(|returns| returns.skewness()),
        "kurtosis": returns.and_then(|returns| returns.kurtosis()),
        "notes": notes,
        "elapsed_us": elapsed_us,
    })
}
