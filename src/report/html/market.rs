//! The charts that need the recording: price with the trades, and the strategy's indicators.

use super::axis::TimeAxis;
use super::content::{Content, Indicators};
use super::drawn_trades::DrawnTrades;
use super::equity_charts::{drawdown_chart, equity_chart, hold_curve};
use super::indicator_charts::{self, Place};
use super::markup::Markup;
use super::price_chart::{self, PriceSeries};
use super::thin::Point;
use crate::report::figures::count;

/// Symbols that have charts, the first ones.
pub(super) const SYMBOLS_MAX: usize = 4;

/// Equity with what holding would have made, and the drawdown.
pub fn equity(content: &Content, time: TimeAxis, out: &mut Markup) {
    let session = &content.full.report.session;
    let summary = content.full.report.summary.as_ref();
    let hold = hold(content);
    out.append(&equity_chart(&content.equity, &hold, &session.currency, time).markup());
    out.element("h3", "Drawdown");
    let start = session.starting_balance.to_f64();
    let metrics = summary.map(|s| &s.metrics);
    out.append(&drawdown_chart(&content.equity, start, metrics, time).markup());
}

fn hold(content: &Content) -> Vec<Point> {
    let full = &content.full;
    let (Some(tape), Some(summary), Some(min_candles)) =
        (&full.tape, &full.report.summary, content.min_candles)
    else {
        return Vec::new();
    };
    let session = &full.report.session;
    let symbols: Vec<_> = tape
        .symbols
        .iter()
        .zip(&session.instruments)
        .zip(&summary.symbols)
        .map(|((tape, instrument), summary)| (tape, instrument, summary))
        .collect();
    let start = session.starting_balance.to_f64();
    hold_curve(start, min_candles, &symbols, tape.interval)
}

/// Price with entries and exits, a chart a symbol.
pub fn prices(content: &Content, time: TimeAxis, out: &mut Markup) {
    let full = &content.full;
    let Some(tape) = &full.tape else {
        out.element("p", "Not drawn: that needs the recording of the run.");
        return;
    };
    let instruments = &full.report.session.instruments;
    let (many, none) = (tape.symbols.len() > 1, DrawnTrades::default());
    for (index, (symbol, instrument)) in tape.symbols.iter().zip(instruments).enumerate() {
        if index == SYMBOLS_MAX {
            let more = tape.symbols.len() - SYMBOLS_MAX;
            out.element("p", &format!("{more} more symbols are not drawn."));
            break;
        }
        if many {
            out.element("h3", &symbol.symbol);
        }
        let series = PriceSeries::of(symbol, instrument, tape.interval);
        let id = format!("price-{index}");
        let trades = content.drawn.get(index).unwrap_or(&none);
        out.append(&price_chart::chart(&symbol.symbol, &series, trades, time, id).markup());
    }
}

/// Indicators, small charts below one another.
pub fn indicators(content: &Content, time: TimeAxis, out: &mut Markup) {
    out.element(
        "p",
        "Lines are thinned to their extremes. A signal or flag is 1 on the candles where it was and 0 \
         on all others; those are drawn first that were on candles on which something was decided, then \
         those that were most often, bull and bear side by side.",
    );
    let all = match &content.indicators {
        Indicators::Computed(symbols) => symbols,
        Indicators::Stored { symbols, reason } => {
            let text = format!(
                "Known at stored decisions only, with straight lines between them: {reason}."
            );
            out.element("p", &text);
            symbols
        }
    };
    let shown = all.len().min(SYMBOLS_MAX);
    let mut charts = 0;
    for (index, symbol) in all.iter().take(SYMBOLS_MAX).enumerate() {
        let closes = closes(content, index);
        let prefix = format!("indicators-{index}");
        let place = Place::among(shown, &prefix);
        let found = indicator_charts::charts(symbol, &closes, time, place);
        for chart in &found.charts {
            out.element("h3", &chart.title).append(&chart.markup());
        }
        let missing: Vec<&str> = found
            .left_out
            .iter()
            .chain(&symbol.left_out)
            .map(String::as_str)
            .collect();
        if !missing.is_empty() {
            let text = format!(
                "{}: {} more indicators are not drawn: {}",
                symbol.symbol,
                count(missing.len() as u64),
                missing.join(", ")
            );
            out.element("p", &text);
        }
        charts += found.charts.len();
    }
    if charts == 0 {
        out.element("p", "No indicator is known.");
    }
}

/// Closes of a symbol, none without the recording.
fn closes(content: &Content, index: usize) -> Vec<Point> {
    let Some(tape) = &content.full.tape else {
        return Vec::new();
    };
    let instruments = &content.full.report.session.instruments;
    match (tape.symbols.get(index), instruments.get(index)) {
        (Some(symbol), Some(instrument)) => {
            PriceSeries::of(symbol, instrument, tape.interval).closes
        }
        _ => Vec::new(),
    }
}
