//! What the full report says beyond the short one, in 80 columns.
//!
//! Figures are rounded for the eye, the profit split to 1e-8 as it is computed; all of them stand
//! in `--json` too.

use super::breakdown::{Breakdown, TradeSums};
use super::figures::{count, money, money_or_dash, percent, printable, ratio};
use super::full::FullReport;
use super::load::Report;
use super::luck::Luck;
use super::markouts::Markouts;
use super::not_computed::NotComputed;
use super::profit_split::ProfitSplit;
use super::terminal::{self, Page, Paint};
use crate::core::units::Decimal;
use std::collections::BTreeMap;

/// Months that are listed; of more the last ones.
const MONTHS: usize = 24;
/// Daily reports that are listed.
const DAYS: usize = 31;
/// Longest explanation that is shown whole.
const TEXT: usize = 400;

/// The whole full report; ends with a line break.
pub fn render(full: &FullReport, paint: Paint) -> String {
    let currency = printable(&full.report.session.currency, 12);
    terminal::render_with(&full.report, paint, |page| {
        profit_split(page, full.profit_split.as_ref(), &currency);
        luck(page, &full.luck);
        markouts(page, full.markouts.as_ref(), &currency);
        breakdown(page, &full.breakdown, &currency);
        days(page, &full.report, &currency);
        not_computed(page, &full.not_computed);
    })
}

/// The daily reports, the newest ones.
fn days(page: &mut Page, report: &Report, currency: &str) {
    if report.days.is_empty() {
        return;
    }
    let total = report.days.len() as u64 + report.days_left_out;
    page.section(&format!("Daily reports ({}, {currency})", count(total)));
    let more = report.days.len().saturating_sub(DAYS);
    let before = report.days_left_out + more as u64;
    if before > 0 {
        page.line(format!("  {} earlier days are not listed", count(before)));
    }
    page.line(format!(
        "  {:<10} {:>13} {:>10} {:>10} {:>4} {:>4} {:>7} {:>8}",
        "date", "equity", "net", "fees", "in", "out", "won", "drawdown"
    ));
    for day in &report.days[more..] {
        let pct = |pct: Option<Decimal>| percent(pct.map(|pct| pct.to_f64()));
        page.line(format!(
            "  {:<10} {:>13} {:>10} {:>10} {:>4} {:>4} {:>7} {:>8}",
            printable(&day.date, 10),
            money(day.end_equity, 2),
            money(day.pnl, 2),
            money(day.fees, 2),
            day.opened,
            day.closed,
            pct(day.win_rate_pct),
            pct(Some(day.drawdown_pct)),
        ));
    }
    page.line("  The last day was not over and is not listed.");
}

fn profit_split(page: &mut Page, split: Option<&ProfitSplit>, currency: &str) {
    page.section(&format!(
        "Profit split of the closed trades ({currency}, to the last digit)"
    ));
    let Some(split) = split else {
        page.entry("split", "-");
        return;
    };
    let mut line = |label: &str, sign: &str, value: Decimal, note: &str| {
        let text = format!("  {label:<LABEL$} {sign} {:>24}  {note}", exact(value));
        page.line(text);
    };
    const LABEL: usize = 15;
    line(
        "movement",
        " ",
        split.movement,
        "from entry to exit reference",
    );
    line("slippage", "-", split.slippage, "fills against references");
    line("fees", "-", split.fees, "");
    line("funding", "+", split.funding, "");
    if !split.insurance.is_zero() {
        line(
            "insurance",
            "+",
            split.insurance,
            "losses beyond the margin",
        );
    }
    line("rounding", "+", split.rounding, "of each term to 1e-8");
    line("net", "=", split.net, "as the ledger states it");
    line("residual", " ", split.residual, "");
    page.entry(
        "beside it",
        format!(
            "unrealised {}, fees of open positions {}",
            money_or_dash(split.unrealised, 2),
            money(split.open_fees, 2)
        ),
    );
}

/// All digits, grouped.
fn exact(value: Decimal) -> String {
    let plain = value.to_string();
    let digits = plain.find('.').map_or(0, |at| plain.len() - at - 1);
    money(value, digits.max(2))
}

fn luck(page: &mut Page, luck: &Luck) {
    page.section("Luck (net return a trade, percent of margin)");
    page.entry("mean", percent(luck.mean_pct));
    let range = |low, high| format!("{} to {}", percent(Some(low)), percent(Some(high)));
    match &luck.interval {
        Some(i) => {
            page.entry("95 % interval", range(i.low_pct, i.high_pct));
            let how = format!(
                "stationary bootstrap of {} trades, mean block {}, {} resamples, seed {}",
                count(luck.trades),
                i.block,
                count(i.resamples),
                luck.seed
            );
            page.indented(" ", &how);
        }
        None => page.entry("95 % interval", "-"),
    }
    match &luck.random {
        Some(r) => {
            page.entry("random runs", range(r.low_pct, r.high_pct));
            let how = format!(
                "mean {}; the same sides, holding times and fees at random closes, no slippage; {} of \
                 {} at least as good as this run before slippage ({})",
                percent(Some(r.mean_pct)),
                count(r.at_least_as_good),
                count(r.runs),
                percent(Some(r.before_slippage_pct)),
            );
            page.indented(" ", &how);
            if r.candles_a_step > 1 {
                page.entry("", format!("on every {}th close", r.candles_a_step));
            }
        }
        None => page.entry("random runs", "-"),
    }
    page.indented("verdict", &luck.verdict);
}

fn markouts(page: &mut Page, markouts: Option<&Markouts>, currency: &str) {
    page.section(&format!(
        "Markouts of the fills ({currency}; bps of their value)"
    ));
    let Some(markouts) = markouts else {
        page.entry("markouts", "-");
        return;
    };
    page.line(format!(
        "  {:>7} {:>9} {:>16} {:>9} {:>11} {:>11} {:>9}",
        "after", "fills", "sum", "all bps", "entry bps", "exit bps", "left out"
    ));
    for row in &markouts.horizons {
        let after = match row.horizon_seconds {
            s if s % 60 == 0 => format!("{} min", s / 60),
            s => format!("{s} s"),
        };
        let sum = if row.all.fills > 0 {
            money(row.all.total, 2)
        } else {
            "-".to_owned()
        };
        page.line(format!(
            "  {after:>7} {:>9} {sum:>16} {:>9} {:>11} {:>11} {:>9}",
            count(row.all.fills),
            ratio(row.all.mean_bps),
            ratio(row.entries.mean_bps),
            ratio(row.exits.mean_bps),
            count(row.left_out + row.within_candle),
        ));
    }
}

fn breakdown(page: &mut Page, breakdown: &Breakdown, currency: &str) {
    let head = |what: &str| {
        format!(
            "  {what:<15} {:>8} {:>10} {:>18} {:>14} {:>7}",
            "trades", "win rate", "net", "fees", "ret. %"
        )
    };
    let row = |label: &str, sums: &TradeSums, end: &str| {
        format!(
            "  {label:<15} {:>8} {:>10} {:>18} {:>14} {end:>7}",
            count(sums.trades),
            percent(sums.win_rate_pct),
            money(sums.net, 2),
            money(sums.fees, 2)
        )
    };
    if !breakdown.months.is_empty() {
        page.section(&format!("By month of exit ({currency})"));
        page.line(head("month"));
        let hidden = breakdown.months.len().saturating_sub(MONTHS);
        if hidden > 0 {
            page.line(format!(
                "  {} earlier months in --json",
                count(hidden as u64)
            ));
        }
        for month in &breakdown.months[hidden..] {
            page.line(row(&month.month, &month.trades, &ratio(month.return_pct)));
        }
    }
    let traded = breakdown.hours.iter().filter(|h| h.trades.trades > 0);
    if traded.clone().next().is_some() {
        page.section(&format!("By UTC hour of entry ({currency})"));
        page.line(head("hour").replace("ret. %", ""));
        for hour in traded {
            page.line(row(&format!("{:02}:00", hour.hour), &hour.trades, ""));
        }
    }
    if !breakdown.exits.is_empty() {
        page.section(&format!("By reason of exit ({currency})"));
        page.line(head("reason").replace("ret. %", ""));
        for exit in &breakdown.exits {
            page.line(row(&printable(&exit.reason, 15), &exit.trades, ""));
        }
    }
}

/// Metrics with the same reason share a line.
fn not_computed(page: &mut Page, list: &[NotComputed]) {
    if list.is_empty() {
        return;
    }
    page.section("Not computed");
    let mut order: Vec<&str> = Vec::new();
    let mut metrics: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for item in list {
        let known = metrics.entry(&item.reason).or_default();
        if known.is_empty() {
            order.push(&item.reason);
        }
        known.push(&item.metric);
    }
    for reason in order {
        let names = metrics[reason].join(", ");
        let text = format!("{}: {}", printable(&names, TEXT), printable(reason, TEXT));
        page.indented("", &text);
    }
}
