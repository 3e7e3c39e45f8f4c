//! The metrics in two columns.

use super::figures::{count, money, money_or_dash, percent, ratio};
use super::summary::Metrics;

/// Lines of (label, value, label, value), in the order in which they are shown.
pub fn metric_rows(m: &Metrics) -> Vec<(&'static str, String, &'static str, String)> {
    let account = [
        ("total return", percent(m.total_return_pct)),
        ("CAGR", percent(m.cagr_pct)),
        ("Sharpe", ratio(m.sharpe)),
        ("Sortino", ratio(m.sortino)),
        ("Calmar", ratio(m.calmar)),
        ("max drawdown", percent(m.max_drawdown_pct)),
        ("exposure", percent(m.exposure_pct)),
        ("turnover", ratio(m.turnover)),
        ("fills", count(m.fills)),
        ("net of trades", money(m.net, 2)),
        ("fees", money(m.fees, 2)),
        ("funding", money(m.funding, 2)),
    ];
    let quote = |value| money_or_dash(value, 2);
    let trades = [
        ("trades", count(m.trades)),
        ("win rate", percent(m.win_rate_pct)),
        ("profit factor", ratio(m.profit_factor)),
        ("expectancy", quote(m.expectancy)),
        ("  of margin", percent(m.expectancy_margin_pct)),
        ("average win", quote(m.average_win)),
        ("average loss", quote(m.average_loss)),
        ("largest win", quote(m.largest_win)),
        ("largest loss", quote(m.largest_loss)),
        ("losing run", count(m.longest_losing_run)),
        ("average minutes", ratio(m.average_minutes)),
        ("slippage", money(m.slippage, 2)),
    ];
    account
        .into_iter()
        .zip(trades)
        .map(|((left, value), (right, other))| (left, value, right, other))
        .collect()
}
