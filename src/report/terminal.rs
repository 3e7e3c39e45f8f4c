//! The report as text for 80 columns.
//!
//! Figures are rounded for the eye; the exact ones are in the ledger and in `--json`. Colour is
//! asked for by the caller and only marks gains and losses, which their sign tells as well.

use super::figures::{count, fit, minute, money, money_or_dash, percent, printable};
use super::load::Report;
use super::metric_table::metric_rows;
use super::page::LABEL;
pub use super::page::{Page, Paint};
use super::sparkline::sparkline;
use super::summary::{Metrics, Summary};
use super::trade_table::trade_table;
use crate::core::units::{Decimal, Timestamp};
use crate::store::ledger::read::ReasonCount;
use std::cmp::Ordering;
use std::fmt::Write;

/// Columns of the curve.
const CURVE: usize = 76;
/// Columns of a reason beside its count.
const REASON: usize = 65;
/// Longest text of the head that is shown whole; names of files are for copying.
const TEXT: usize = 400;

/// The whole report; ends with a line break.
pub fn render(report: &Report, paint: Paint) -> String {
    let mut page = Page::new(paint);
    page.report(report, |_| {});
    page.text
}

/// The report with more sections before its notes.
pub fn render_with(report: &Report, paint: Paint, more: impl FnOnce(&mut Page)) -> String {
    let mut page = Page::new(paint);
    page.report(report, more);
    page.text
}

impl Page {
    fn report(&mut self, report: &Report, more: impl FnOnce(&mut Self)) {
        self.run(report);
        if let Some(summary) = &report.summary {
            self.account(report, summary);
            self.equity(summary);
        }
        self.trades(report);
        if let Some(summary) = &report.summary {
            self.metrics(&report.session.currency, &summary.metrics);
        }
        more(self);
        self.counts(report);
        if let Some(summary) = &report.summary {
            self.open_positions(summary);
        }
        self.notes(report);
    }

    fn run(&mut self, report: &Report) {
        let session = &report.session;
        self.section("Run");
        if !session.recording.is_empty() {
            self.entry("recording", printable(&session.recording, TEXT));
        }
        if let (Some(first), Some(last)) = (session.first_data, session.last_data) {
            let days = last.since(first).as_secs_f64() / 86_400.0;
            self.entry(
                "data",
                format!("{} to {} UTC ({days:.1} days)", minute(first), minute(last)),
            );
        }
        for (index, i) in session.instruments.iter().enumerate() {
            let label = if index == 0 { "instrument" } else { "" };
            let text = format!("{} (tick {}, lot {})", i.symbol, i.tick, i.lot);
            self.entry(label, printable(&text, TEXT));
        }
        self.entry(
            "strategy",
            printable(
                &format!("{} on {}", session.strategy, session.interval),
                TEXT,
            ),
        );
        self.entry(
            "session",
            printable(
                &format!(
                    "{}, {}, {}",
                    session.name,
                    session.mode,
                    session.status.name()
                ),
                TEXT,
            ),
        );
        self.entry("fingerprint", printable(&session.fingerprint, TEXT));
        if let Some(hash) = &session.state_hash {
            self.entry("state hash", printable(hash, TEXT));
        }
        if let Some(inputs) = session.inputs {
            self.entry("inputs", speed(inputs, session.elapsed_ns));
        }
        self.entry(
            "ledger",
            printable(&report.ledger.display().to_string(), TEXT),
        );
    }

    fn account(&mut self, report: &Report, summary: &Summary) {
        let account = &summary.account;
        let metrics = &summary.metrics;
        let currency = printable(&report.session.currency, 12);
        self.section(&format!("Account ({currency})"));
        self.entry("start", money(account.start, 2));
        self.entry("end", money(account.end, 2));
        let total = percent(metrics.total_return_pct);
        let sign = metrics
            .total_return_pct
            .map_or(Ordering::Equal, |r| r.total_cmp(&0.0));
        let total = self.paint.signed(&total, sign);
        self.entry("return", total);
        self.entry("buy and hold", percent(metrics.buy_and_hold_pct));
        for symbol in summary.symbols.iter().filter(|_| summary.symbols.len() > 1) {
            self.entry(
                "",
                format!(
                    "{} {}",
                    printable(&symbol.symbol, 40),
                    percent(symbol.buy_and_hold_pct)
                ),
            );
        }
    }

    fn equity(&mut self, summary: &Summary) {
        let values: Vec<Decimal> = summary.equity_curve.iter().map(|p| p.1).collect();
        let (Some(low), Some(high)) = (values.iter().min(), values.iter().max()) else {
            return;
        };
        self.section(&format!(
            "Equity ({} to {})",
            money(*low, 2),
            money(*high, 2)
        ));
        self.line(format!("  {}", sparkline(&values, CURVE)));
    }

    fn trades(&mut self, report: &Report) {
        self.section(&format!("Trades ({})", count(report.trade_count)));
        if report.trade_count > 0 {
            trade_table(report, self.paint, &mut self.text);
        }
        if !report.orders.is_empty() {
            let words: Vec<String> = report
                .orders
                .iter()
                .map(|(what, n)| format!("{} {}", printable(what, REASON), count(*n)))
                .collect();
            self.wrapped("orders", &words);
        }
    }

    fn metrics(&mut self, currency: &str, m: &Metrics) {
        let currency = printable(currency, 12);
        self.section(&format!("Metrics ({currency}, - = undefined)"));
        for (left, value, right, other) in metric_rows(m) {
            self.line(format!(
                "  {left:<LABEL$} {value:>18}    {right:<LABEL$} {other:>18}"
            ));
        }
        if !m.insurance.is_zero() {
            self.entry("insurance", money(m.insurance, 2));
        }
        if let (Some(start), Some(bottom)) = (m.drawdown_start_ms, m.drawdown_bottom_ms) {
            let recovery = m.drawdown_recovery_ms.map_or_else(
                || "not recovered".to_owned(),
                |at| format!("recovered {}", minute(at.into())),
            );
            let (start, bottom): (Timestamp, Timestamp) = (start.into(), bottom.into());
            self.entry(
                "drawdown",
                format!("from {}, bottom {}", minute(start), minute(bottom)),
            );
            self.entry("", recovery);
        }
    }

    fn counts(&mut self, report: &Report) {
        let many = report.session.instruments.len() > 1;
        self.reasons("Refusals", &report.refusals, many);
        self.reasons("Decisions to hold", &report.holds, many);
        if !report.warnings.is_empty() {
            self.section("Warnings");
            for (code, n) in &report.warnings {
                self.line(format!("  {:>12} {}", count(*n), printable(code, REASON)));
            }
        }
    }

    fn reasons(&mut self, name: &str, reasons: &[ReasonCount], many: bool) {
        if reasons.is_empty() {
            return;
        }
        let total = reasons.iter().map(|r| r.count).sum();
        self.section(&format!("{name} ({})", count(total)));
        for r in reasons {
            let symbol = if many { r.symbol.as_str() } else { "" };
            let space = if symbol.is_empty() { "" } else { " " };
            let text = format!("{symbol}{space}{}", r.reason);
            self.line(format!(
                "  {:>12} {}",
                count(r.count),
                printable(&text, REASON)
            ));
        }
    }

    fn open_positions(&mut self, summary: &Summary) {
        if summary.open_positions.is_empty() {
            return;
        }
        self.section("Open at the end, valued at the last price (not counted as trades)");
        for p in &summary.open_positions {
            let unrealised = money_or_dash(p.unrealised, 2);
            let sign = p
                .unrealised
                .map_or(Ordering::Equal, |u| u.cmp(&Decimal::ZERO));
            let unrealised = self.paint.signed(&unrealised, sign);
            let last = p.last_price.map_or("-".to_owned(), |price| fit(price, 12));
            self.line(format!(
                "  {} {} {} at {}, now {last}: {unrealised}",
                printable(&p.symbol, 40),
                printable(&p.side, 5),
                fit(p.quantity, 14),
                fit(p.entry_price, 12),
            ));
        }
    }

    fn notes(&mut self, report: &Report) {
        if report.notes.is_empty() {
            return;
        }
        self.section("Notes");
        for note in &report.notes {
            self.indented("", &printable(note, TEXT));
        }
    }
}

/// Inputs, and how fast they went by where that was measured.
fn speed(inputs: u64, elapsed_ns: Option<i64>) -> String {
    let mut text = count(inputs);
    if let Some(elapsed) = elapsed_ns.filter(|ns| *ns > 0) {
        let seconds = elapsed as f64 / 1e9;
        let rate = inputs as f64 / seconds;
        write!(text, " in {seconds:.3} s ({} a second)", count(rate as u64))
            .expect("writing to a string cannot fail");
    }
    text
}
