//! An explanation in 80 columns.
//!
//! Figures are rounded for the eye only where they are doubles; money keeps its digits up to the
//! width of its column and stands in `--json` whole.

use super::collect::{Explanation, Source};
use super::facts::ExitFacts;
use super::text_decision::decision;
use super::text_orders::orders;
use crate::core::units::{Decimal, Timestamp};
use crate::report::figures::{count, grouped_text, money, printable};
use crate::report::page::{Page, Paint};
use crate::report::summary::Millis;
use crate::report::trade_facts::TradeFacts;

/// The whole explanation; ends with a line break.
pub fn render(explanation: &Explanation, paint: Paint) -> String {
    let mut page = Page::new(paint);
    page.section(&title(explanation));
    page.indented("ledger", &printable(&explanation.ledger, 400));
    page.entry(
        "session",
        format!(
            "{}, {} on {}, quoted in {}",
            explanation.session,
            explanation.strategy,
            explanation.interval,
            printable(&explanation.currency, 12)
        ),
    );
    source(&mut page, &explanation.source);
    if let Some(facts) = &explanation.trade {
        trade(&mut page, facts);
    }
    if let Some(facts) = &explanation.decision {
        decision(&mut page, facts);
    }
    orders(&mut page, &explanation.orders);
    if let Some(facts) = &explanation.exit {
        exit(&mut page, facts);
    }
    page.text
}

fn title(explanation: &Explanation) -> String {
    let asked = printable(&explanation.asked, 40);
    let outcome = match (&explanation.trade, &explanation.decision) {
        (Some(trade), _) => format!("{} {}, left by {}", trade.symbol, trade.side, trade.reason),
        (None, Some(facts)) => match facts.action.as_str() {
            "NONE" => format!("{}, nothing was decided", facts.symbol),
            action => format!("{} {action}", facts.symbol),
        },
        (None, None) => "nobody's decision".to_owned(),
    };
    format!("{asked}: {outcome}")
}

fn source(page: &mut Page, source: &Source) {
    match source.state_hashes_equal {
        Some(equal) => page.indented(
            "source",
            &format!(
                "the recording run again; {} state hashes at candle closes equal the ledger's",
                count(equal)
            ),
        ),
        None => page.entry("source", "the ledger alone"),
    }
    for note in &source.notes {
        page.indented("note", &printable(note, 600));
    }
}

fn trade(page: &mut Page, trade: &TradeFacts) {
    page.section(&format!(
        "Trade t{}: {} {}",
        trade.id, trade.symbol, trade.side
    ));
    page.entry(
        "entry",
        format!("{} at {}", time(trade.entry_time_ms), trade.entry_vwap),
    );
    page.entry(
        "exit",
        format!("{} at {}", time(trade.exit_time_ms), trade.exit_vwap),
    );
    page.entry(
        "held",
        format!(
            "{} at leverage {}, margin {}",
            trade.quantity,
            trade.leverage,
            money(trade.margin, 2)
        ),
    );
    page.indented(
        "net",
        &format!(
            "{} = gross {} - fees {} + funding {} + insurance {}",
            trade.net, trade.gross, trade.fees, trade.funding, trade.insurance
        ),
    );
    page.entry(
        "on the way",
        format!(
            "best {} and worst {} a unit",
            short(Some(trade.mfe), 14),
            short(Some(trade.mae), 14)
        ),
    );
}

fn exit(page: &mut Page, exit: &ExitFacts) {
    page.section(&format!("Exit: {}", exit.reason));
    let by = exit
        .order
        .map_or_else(String::new, |id| format!(" (order o{id})"));
    page.indented("why", &format!("{}{by}", exit.words));
    if let Some(otherwise) = &exit.otherwise {
        page.line("  What would have had to differ");
        page.indented(" ", otherwise);
    }
    if let Some(facts) = &exit.decision {
        decision(page, facts);
    }
}

/// A time with the milliseconds that it has.
pub(super) fn time(at: Millis) -> String {
    Timestamp::from_millis(at.0).to_string()
}

/// A double for the eye: about seven digits, no zeros at its end.
pub(super) fn number(value: f64) -> String {
    let size = value.abs();
    if size >= 1e12 || (size > 0.0 && size < 1e-6) {
        return format!("{value:.3e}");
    }
    let places = match size {
        s if s >= 1000.0 => 2,
        s if s >= 1.0 => 4,
        _ => 6,
    };
    let text = format!("{value:.places$}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    grouped_text(text)
}

pub(super) fn number_or_dash(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), number)
}

/// A decimal in at most `width` columns.
pub(super) fn short(value: Option<Decimal>, width: usize) -> String {
    value.map_or_else(
        || "-".to_owned(),
        |value| crate::report::figures::fit(value, width),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_are_short_and_keep_their_size() {
        assert_eq!(number(61.25), "61.25");
        assert_eq!(number(13850.123456), "13,850.12");
        assert_eq!(number(-0.0000001), "-1.000e-7");
        assert_eq!(number(0.0), "0");
        assert_eq!(number(2.0), "2");
        assert_eq!(number(100.0), "100");
        assert_eq!(number_or_dash(None), "-");
    }
}
