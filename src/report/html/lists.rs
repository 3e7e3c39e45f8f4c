//! Lists of a run: its trades, and how often what happened.

use super::content::Content;
use super::markup::Markup;
use super::table::{Column, Table};
use crate::core::units::Decimal;
use crate::report::figures::{UNDEFINED, count, fit, minute, money, money_or_dash, percent};
use crate::report::metrics::share_pct;
use crate::store::ledger::StoredTrade;
use crate::store::ledger::read::ReasonCount;

/// Longest number of a trade's row, characters.
const NUMBER: usize = 11;

/// The table of trades, at most `rows` of those that the content holds, and what is left out.
pub fn trades(content: &Content, rows: usize, out: &mut Markup) {
    let total = content.full.report.trade_count;
    let all = &content.trades;
    let shown: Vec<&StoredTrade> = if all.len() <= rows {
        all.iter().collect()
    } else {
        let last = rows / 2;
        let first = &all[..rows - last];
        first.iter().chain(&all[all.len() - last..]).collect()
    };
    let shown_count = shown.len() as u64;
    if shown_count < total {
        let which = if all.len() <= rows {
            "the first, the last, those that earned most and those that lost most"
        } else {
            "the first and the last"
        };
        out.element(
            "p",
            &format!(
                "{} of {} trades are listed: {which}; {} are left out.",
                count(shown_count),
                count(total),
                count(total - shown_count)
            ),
        );
    }
    let currency = &content.full.report.session.currency;
    let many = content.full.report.session.instruments.len() > 1;
    let mut columns = vec![Column::number("trade")];
    columns.extend(many.then(|| Column::text("symbol")));
    columns.extend([
        Column::text("side"),
        Column::text("entry UTC"),
        Column::text("exit UTC"),
        Column::number("minutes"),
        Column::number("quantity"),
        Column::number("entry"),
        Column::number("exit"),
        Column::number("fees"),
        Column::number("slippage"),
        Column::signed("net"),
        Column::text("reason"),
    ]);
    let caption = format!("Closed trades, {currency}");
    let mut table = Table::new(&caption, columns).sortable();
    for trade in shown {
        table.row(cells(trade, many));
    }
    table.write(out);
}

fn cells(trade: &StoredTrade, many: bool) -> Vec<String> {
    let held = trade.exit_time.since(trade.entry_time).as_secs_f64() / 60.0;
    let mut cells = vec![trade.id.to_string()];
    cells.extend(many.then(|| trade.symbol.clone()));
    cells.extend([
        trade.side.position().to_owned(),
        minute(trade.entry_time),
        minute(trade.exit_time),
        format!("{held:.0}"),
        fit(trade.quantity, NUMBER),
        fit(trade.entry_vwap, NUMBER),
        fit(trade.exit_vwap, NUMBER),
        money(trade.fees, 2),
        money(trade.slippage, 2),
        money(trade.net, 2),
        trade.reason.replace('_', " "),
    ]);
    cells
}

/// Reasons with their counts and shares.
pub fn reasons(caption: &str, all: &[ReasonCount], many: bool, out: &mut Markup) {
    let total: u64 = all.iter().map(|r| r.count).sum();
    let mut columns = vec![Column::text("reason")];
    columns.extend(many.then(|| Column::text("symbol")));
    columns.extend([
        Column::number("number"),
        Column::number("share"),
        Column::bar("in all"),
    ]);
    let mut table = Table::new(&format!("{caption}: {}", count(total)), columns).sortable();
    for one in all {
        let share = share_pct(one.count, total);
        let mut cells = vec![one.reason.replace('_', " ")];
        cells.extend(many.then(|| one.symbol.clone()));
        cells.extend([
            count(one.count),
            percent(share),
            format!("{:.1}%", share.unwrap_or(0.0)),
        ]);
        table.row(cells);
    }
    table.write(out);
}

/// Texts with their counts.
pub fn counts(caption: &str, all: &[(String, u64)], out: &mut Markup) {
    let columns = vec![Column::text("what"), Column::number("number")];
    let mut table = Table::new(caption, columns);
    for (what, number) in all {
        table.row([what.replace('_', " "), count(*number)]);
    }
    table.write(out);
}

/// Positions that the run left open.
pub fn open_positions(content: &Content, out: &mut Markup) {
    let report = &content.full.report;
    let open = report.summary.as_ref().map(|s| s.open_positions.as_slice());
    let columns = vec![
        Column::text("symbol"),
        Column::text("side"),
        Column::number("quantity"),
        Column::number("entry"),
        Column::number("last price"),
        Column::signed("unrealised"),
        Column::text("since UTC"),
    ];
    let caption = format!(
        "Valued at the last price, {}; not counted as trades",
        report.session.currency
    );
    let mut table = Table::new(&caption, columns);
    let price = |p: Option<Decimal>| p.map_or(UNDEFINED.to_owned(), |p| fit(p, NUMBER));
    for p in open.unwrap_or_default() {
        table.row([
            p.symbol.clone(),
            p.side.clone(),
            fit(p.quantity, NUMBER),
            fit(p.entry_price, NUMBER),
            price(p.last_price),
            money_or_dash(p.unrealised, 2),
            minute(p.since_ms.into()),
        ]);
    }
    table.write(out);
}
