//! A comparison as text for 80 columns.

use super::significance::Method;
use super::values::Value;
use super::{Comparison, Run};
use crate::core::units::Decimal;
use crate::report::figures::{UNDEFINED, count, minute, money_or_dash, percent, printable, ratio};
use crate::report::page::{Page, Paint};
use std::cmp::Ordering;

/// Longest text that is shown whole.
const TEXT: usize = 400;

/// The whole comparison; ends with a line break.
pub fn render(comparison: &Comparison, paint: Paint) -> String {
    let mut page = Page::new(paint);
    run(&mut page, "A", &comparison.a);
    run(&mut page, "B", &comparison.b);
    metrics(&mut page, comparison);
    significance(&mut page, comparison);
    if !comparison.notes.is_empty() {
        page.section("Notes");
        for note in &comparison.notes {
            page.indented("", &printable(note, TEXT));
        }
    }
    page.text
}

fn run(page: &mut Page, name: &str, run: &Run) {
    let session = &run.session;
    page.section(name);
    page.entry("ledger", printable(&run.ledger.display().to_string(), TEXT));
    if !session.recording.is_empty() {
        page.entry("recording", printable(&session.recording, TEXT));
    }
    if let (Some(first), Some(last)) = (session.first_data, session.last_data) {
        page.entry("data", format!("{} to {} UTC", minute(first), minute(last)));
    }
    let strategy = format!("{} on {}", session.strategy, session.interval);
    page.entry("strategy", printable(&strategy, TEXT));
    page.entry("fingerprint", printable(&session.fingerprint, TEXT));
}

fn metrics(page: &mut Page, comparison: &Comparison) {
    let (a, b) = (
        &comparison.a.session.currency,
        &comparison.b.session.currency,
    );
    let currency = if a == b {
        printable(a, 12)
    } else {
        format!("{} and {}", printable(a, 12), printable(b, 12))
    };
    page.section(&format!("Metrics ({currency}, - = undefined)"));
    page.line(format!(
        "  {:<17} {:>19} {:>19} {:>19}",
        "", "A", "B", "B - A"
    ));
    for pair in &comparison.metrics {
        let difference = format!("{:>19}", shown(pair.difference));
        let difference = page.paint.signed(&difference, sign(pair.difference));
        page.line(format!(
            "  {:<17} {:>19} {:>19} {difference}",
            pair.label,
            shown(pair.a),
            shown(pair.b),
        ));
    }
}

fn shown(value: Value) -> String {
    match value {
        Value::Money(value) => money_or_dash(value, 2),
        Value::Percent(value) => percent(value),
        Value::Ratio(value) => ratio(value),
        Value::Count(n) if n < 0 => format!("-{}", count(n.unsigned_abs())),
        Value::Count(n) => count(n.unsigned_abs()),
    }
}

fn sign(value: Value) -> Ordering {
    match value {
        Value::Money(Some(value)) => value.cmp(&Decimal::ZERO),
        Value::Percent(Some(value)) | Value::Ratio(Some(value)) => value.total_cmp(&0.0),
        Value::Count(n) => n.cmp(&0),
        _ => Ordering::Equal,
    }
}

fn significance(page: &mut Page, comparison: &Comparison) {
    page.section("Is the difference more than luck?");
    let found = match &comparison.significance {
        Ok(found) => found,
        Err(reason) => {
            page.entry("95 % interval", UNDEFINED);
            page.indented("not computed", reason);
            return;
        }
    };
    page.indented("of", found.method.in_words());
    page.entry("B - A", digits(found.difference_pct));
    page.entry(
        "95 % interval",
        format!("{} to {}", digits(found.low_pct), digits(found.high_pct)),
    );
    let of_what = match found.method {
        Method::PairedByDay => format!(
            "{} days, mean block {}",
            count(found.count_a),
            found.block_a
        ),
        Method::UnpairedByTrade => format!(
            "{} and {} trades, mean blocks {} and {}",
            count(found.count_a),
            count(found.count_b),
            found.block_a,
            found.block_b
        ),
    };
    page.indented(
        "method",
        &format!(
            "stationary bootstrap of {of_what}; {} resamples, seed {}",
            count(found.resamples),
            found.seed
        ),
    );
    page.indented("verdict", found.verdict());
}

/// Percent with four decimals: daily differences are small.
fn digits(pct: f64) -> String {
    if pct.abs() < 1e9 {
        format!("{pct:.4} %")
    } else {
        percent(Some(pct))
    }
}
