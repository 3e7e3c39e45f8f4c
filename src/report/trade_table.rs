//! The table of closed trades, 80 columns wide for everyday values.
//!
//! One instrument: the column beside the holding time is the quantity; several: the symbol.

use super::figures::{count, fit, minute, money, printable};
use super::load::Report;
use super::terminal::Paint;
use crate::core::units::{Decimal, Timestamp};
use crate::store::ledger::StoredTrade;
use std::fmt::Write;

/// Writes the listed trades with a line for what is left out.
pub fn trade_table(report: &Report, paint: Paint, out: &mut String) {
    let many = report.session.instruments.len() > 1;
    let middle = if many { "symbol" } else { "quantity" };
    line(
        out,
        format_args!(
            "{:>5} {:<5} {:<11} {:>6} {:>9} {:>9} {:>9} {:>9} {}",
            "trade", "side", "entry UTC", "min", middle, "entry", "exit", "net", "reason"
        ),
    );
    let mut year = Year::of(report);
    for trade in &report.first_trades {
        year.tell(trade, out);
        row(trade, many, paint, out);
    }
    if report.trades_left_out > 0 {
        line(
            out,
            format_args!(
                "{:>5} {} more (--trades all)",
                "...",
                count(report.trades_left_out)
            ),
        );
    }
    for trade in &report.last_trades {
        year.tell(trade, out);
        row(trade, many, paint, out);
    }
}

/// The year of the trades listed last, where the run has more than one.
struct Year(Option<String>);

impl Year {
    fn of(report: &Report) -> Self {
        let session = &report.session;
        let ends = session.first_data.zip(session.last_data);
        let several = ends.is_some_and(|(first, last)| year(first) != year(last));
        Self(several.then(String::new))
    }

    /// A line of its own where another year begins.
    fn tell(&mut self, trade: &StoredTrade, out: &mut String) {
        let next = year(trade.entry_time);
        if let Some(told) = self.0.as_mut().filter(|told| **told != next) {
            line(out, format_args!("{:>16}", next));
            *told = next;
        }
    }
}

fn year(time: Timestamp) -> String {
    let text = minute(time);
    text.split('-').next().unwrap_or_default().to_owned()
}

fn row(trade: &StoredTrade, many: bool, paint: Paint, out: &mut String) {
    let held = trade.exit_time.since(trade.entry_time).as_secs_f64() / 60.0;
    let middle = if many {
        printable(&trade.symbol, 9)
    } else {
        fit(trade.quantity, 9)
    };
    let net = format!("{:>9}", money(trade.net, 2));
    line(
        out,
        format_args!(
            "{:>5} {:<5} {:<11} {:>6.0} {:>9} {:>9} {:>9} {} {}",
            trade.id,
            trade.side.position(),
            // The year stands in the head of the report, or on a line of its own.
            minute(trade.entry_time).get(5..).unwrap_or_default(),
            held,
            middle,
            fit(trade.entry_vwap, 9),
            fit(trade.exit_vwap, 9),
            paint.signed(&net, trade.net.cmp(&Decimal::ZERO)),
            printable(short_reason(&trade.reason), 11),
        ),
    );
}

/// The reason in few characters; in full in the ledger and in JSON.
fn short_reason(reason: &str) -> &str {
    match reason {
        "take_profit" => "target",
        "stop_loss" => "stop",
        "strategy" => "strategy",
        "max_hold" => "max hold",
        "emergency_stop" => "emerg.",
        "liquidation" => "liquid.",
        "loss_limit" => "limit",
        other => other,
    }
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    writeln!(out, "{text}").expect("writing to a string cannot fail");
}
