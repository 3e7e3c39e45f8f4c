//! The closed trades by month, by hour and by reason of exit: bars for the eye, tables for the rest.

use super::bar_chart::{Bar, bar_chart};
use super::markup::Markup;
use super::table::{Column, Table};
use crate::report::breakdown::{Breakdown, TradeSums};
use crate::report::figures::{count, money, percent};

/// Months shown, the last ones.
const MONTHS: usize = 120;
/// Reasons of exit shown.
const EXITS: usize = 20;

pub fn months(breakdown: &Breakdown, currency: &str, out: &mut Markup) {
    let all = &breakdown.months;
    let left_out = all.len().saturating_sub(MONTHS);
    let shown = &all[left_out..];
    if left_out > 0 {
        let text = format!("The last {MONTHS} of {} months are shown.", all.len());
        out.element("p", &text);
    }
    let bars: Vec<Bar> = shown
        .iter()
        .map(|row| Bar {
            label: row.month.clone(),
            value: row.return_pct,
        })
        .collect();
    bar_chart("months", "Return by month", " %", &bars, out);
    let mut columns = vec![Column::text("month"), Column::signed("return")];
    columns.extend(sum_columns(currency));
    let mut table = Table::new("By month of exit", columns);
    for row in shown {
        let cells = [row.month.clone(), percent(row.return_pct)];
        table.row(cells.into_iter().chain(sum_cells(&row.trades)));
    }
    table.write(out);
}

pub fn hours(breakdown: &Breakdown, currency: &str, out: &mut Markup) {
    let bars: Vec<Bar> = breakdown
        .hours
        .iter()
        .map(|row| Bar {
            label: format!("{:02}:00", row.hour),
            value: (row.trades.trades > 0).then(|| row.trades.net.to_f64()),
        })
        .collect();
    let unit = format!(" {currency}");
    bar_chart("hours", "Net profit by hour of entry", &unit, &bars, out);
    let mut columns = vec![Column::text("hour UTC")];
    columns.extend(sum_columns(currency));
    let mut table = Table::new("By UTC hour of entry", columns);
    for row in &breakdown.hours {
        let name = format!("{:02}:00", row.hour);
        table.row([name].into_iter().chain(sum_cells(&row.trades)));
    }
    table.write(out);
}

pub fn exits(breakdown: &Breakdown, currency: &str, out: &mut Markup) {
    let mut columns = vec![Column::text("reason")];
    columns.extend(sum_columns(currency));
    let mut table = Table::new("By reason of exit", columns);
    for row in breakdown.exits.iter().take(EXITS) {
        let reason = row.reason.replace('_', " ");
        table.row([reason].into_iter().chain(sum_cells(&row.trades)));
    }
    table.write(out);
    let left_out = breakdown.exits.len().saturating_sub(EXITS);
    if left_out > 0 {
        out.element("p", &format!("{left_out} rarer reasons are left out."));
    }
}

fn sum_columns(currency: &str) -> [Column; 4] {
    [
        Column::number("trades"),
        Column::number("win rate"),
        Column::signed(&format!("net, {currency}")),
        Column::number(&format!("fees, {currency}")),
    ]
}

fn sum_cells(sums: &TradeSums) -> [String; 4] {
    [
        count(sums.trades),
        percent(sums.win_rate_pct),
        money(sums.net, 2),
        money(sums.fees, 2),
    ]
}
