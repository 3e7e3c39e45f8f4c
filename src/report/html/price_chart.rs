//! The price of one symbol with the trades on it.
//!
//! Price is drawn as the range from low to high of some neighbouring candles and the line of their
//! closes. Entries and exits stand at their average prices; the summary says which of many trades are
//! drawn.

use super::axis::{TimeAxis, ValueAxis};
use super::chart::{Layer, Line, Size, TimeChart};
use super::course::Course;
use super::drawn_trades::DrawnTrades;
use super::palette::Role;
use super::thin::Point;
use crate::core::market::{Instrument, Interval};
use crate::report::figures::count;
use crate::report::tape::SymbolTape;

/// Candles drawn.
const CANDLES: usize = 1000;
/// Trades drawn over all symbols.
pub const TRADES_DRAWN: usize = 400;

/// Lows, highs and closes of a symbol's chart, each at the end of its candle.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PriceSeries {
    pub lows: Vec<Point>,
    pub highs: Vec<Point>,
    pub closes: Vec<Point>,
    /// Decision candles that a point stands for, at most, and their length.
    pub each: (u64, Option<Interval>),
}

impl PriceSeries {
    /// At most [`CANDLES`] of them: neighbours of the tape's candles put together.
    pub fn of(tape: &SymbolTape, instrument: &Instrument, interval: Interval) -> Self {
        let scale = instrument.scale();
        let mut series = Self {
            each: (0, Some(interval)),
            ..Self::default()
        };
        let each = tape.candles.len().div_ceil(CANDLES).max(1);
        for group in tape.candles.chunks(each) {
            let candles = group.iter().map(|c| c.candles).sum();
            series.each.0 = series.each.0.max(candles);
            let low = group.iter().map(|c| c.low).min();
            let high = group.iter().map(|c| c.high).max();
            if let (Some(low), Some(high), Some(last)) = (low, high, group.last()) {
                let time = last.last_time + interval.span();
                series.lows.push((time, scale.price(low)));
                series.highs.push((time, scale.price(high)));
                series.closes.push((time, scale.price(last.close)));
            }
        }
        series
    }
}

/// The chart of one symbol.
pub fn chart(
    symbol: &str,
    series: &PriceSeries,
    trades: &DrawnTrades,
    time: TimeAxis,
    id: String,
) -> TimeChart {
    let ends = trades.marks.iter().flat_map(|m| [m.entry.1, m.exit.1]);
    let prices = series.lows.iter().chain(&series.highs).map(|p| p.1);
    let value = ValueAxis::holding(prices.chain(ends));
    let digits = (value.digits() + 1).min(12);
    let summary = summary(symbol, series, trades, digits);
    let layers = vec![
        Layer::Band {
            name: Some("low to high".to_owned()),
            role: Role::Range,
            lows: series.lows.clone(),
            highs: series.highs.clone(),
        },
        Layer::Line(Line {
            name: "close".to_owned(),
            role: Role::Price,
            points: series.closes.clone(),
        }),
        Layer::Trades(trades.marks.clone()),
    ];
    TimeChart {
        id,
        title: format!("{symbol}: price with entries and exits"),
        summary,
        unit: String::new(),
        digits,
        time,
        value,
        layers,
        size: Size::Tall,
    }
}

fn summary(symbol: &str, series: &PriceSeries, trades: &DrawnTrades, digits: usize) -> String {
    let course = Course::within(&series.closes, &series.lows, &series.highs);
    let mut text = course.map_or_else(
        || format!("{symbol}: no candle closed."),
        |course| course.said(symbol, "by", digits),
    );
    if let (many @ 2.., Some(interval)) = series.each {
        text.push_str(&format!(
            " Thinned: a point stands for {} candles of {interval}, drawn from their lowest to their \
             highest at the end of the last.",
            count(many)
        ));
    }
    let trades = match trades.total {
        0 => " No trade was closed.".to_owned(),
        total if trades.each == 1 => format!(" {} trades.", count(total)),
        total => format!(
            " {} of {} trades are drawn: of {} neighbours each the one that gained or lost most.",
            count(trades.marks.len() as u64),
            count(total),
            count(trades.each)
        ),
    };
    text.push_str(&trades);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::units::{Price, Timestamp};
    use crate::report::tape::ChartCandle;

    fn tape(candles: i64, each: u64) -> SymbolTape {
        let candle = |number: i64| ChartCandle {
            open_time: Timestamp(number * each as i64 * 60_000_000_000),
            last_time: Timestamp((number + 1) * each as i64 * 60_000_000_000),
            candles: each,
            open: Price(100),
            high: Price(101),
            low: Price(99),
            close: Price(100),
            volume: 0,
        };
        SymbolTape {
            symbol: "BTC-USD".into(),
            candles_closed: each * candles as u64,
            candles: (0..candles).map(candle).collect(),
            closes: Vec::new(),
            close_times: Vec::new(),
            closes_stride: 1,
            last_price_at: None,
        }
    }

    #[test]
    fn candles_put_together_are_told() {
        let instrument = crate::store::ledger::tests::samples::instrument();
        let said = |candles, each| {
            let series = PriceSeries::of(&tape(candles, each), &instrument, Interval::MINUTE);
            summary("BTC-USD", &series, &DrawnTrades::default(), 2)
        };
        assert!(!said(1000, 1).contains("Thinned"));
        let thinned = said(2500, 4);
        let expected = "Thinned: a point stands for 12 candles of 1m,";
        assert!(thinned.contains(expected), "{thinned}");
    }
}
