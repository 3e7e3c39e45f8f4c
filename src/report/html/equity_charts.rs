//! Equity beside what buying and holding would have made of it, and its drawdown.
//!
//! Equity comes from the run's own curve and, for its extremes, from the ledger's rows. Holding is
//! drawn as if sold at each moment, fees of both ways paid, so that it ends at the figure in the
//! table; it needs the recording.

use super::axis::{TimeAxis, ValueAxis};
use super::chart::{Layer, Line, Size, TimeChart, value_text};
use super::course::Course;
use super::palette::Role;
use super::thin::{Point, thin};
use crate::core::market::{Instrument, Interval};
use crate::core::units::Timestamp;
use crate::report::figures::{minute, percent};
use crate::report::summary::{Metrics, SymbolSummary};
use crate::report::tape::SymbolTape;

/// Points of a curve.
pub const POINTS: usize = 1600;

/// The chart of equity, and of holding where it is known.
pub fn equity_chart(equity: &[Point], hold: &[Point], currency: &str, time: TimeAxis) -> TimeChart {
    let value = ValueAxis::holding(equity.iter().chain(hold).map(|p| p.1));
    let mut layers = Vec::new();
    if !hold.is_empty() {
        layers.push(Layer::Line(Line {
            name: "buy and hold".to_owned(),
            role: Role::Hold,
            points: thin(hold, POINTS / 2),
        }));
    }
    layers.push(Layer::Line(Line {
        name: "equity".to_owned(),
        role: Role::Equity,
        points: thin(equity, POINTS),
    }));
    let mut summary = said("Equity", equity, 2);
    if equity.len() >= POINTS || hold.len() > POINTS / 2 {
        summary.push_str(" Lines are thinned to their extremes.");
    }
    match (hold.first(), hold.last()) {
        (Some(_), Some(last)) => summary.push_str(&format!(
            " Buying and holding would have ended at {}.",
            value_text(last.1, 2)
        )),
        _ => summary.push_str(" Buy and hold is not drawn: that needs the recording."),
    }
    TimeChart {
        id: "equity-chart".to_owned(),
        title: "Equity against buy and hold".to_owned(),
        summary,
        unit: format!(" {currency}"),
        digits: 2,
        time,
        value,
        layers,
        size: Size::Tall,
    }
}

/// The chart of the fall from the highest equity so far, in percent (0 and below).
pub fn drawdown_chart(
    equity: &[Point],
    start: f64,
    metrics: Option<&Metrics>,
    time: TimeAxis,
) -> TimeChart {
    let falls = falls(equity, start);
    let zero: Vec<Point> = falls.iter().map(|p| (p.0, 0.0)).collect();
    let deepest = falls.iter().map(|p| p.1).fold(0.0, f64::min);
    let value = ValueAxis::holding(falls.iter().map(|p| p.1).chain([0.0]));
    let value = if deepest < 0.0 {
        value.bounded(None, Some(0.0))
    } else {
        ValueAxis::holding([-1.0, 0.0].into_iter()).bounded(Some(-1.0), Some(0.0))
    };
    let summary = match metrics.and_then(|m| Some((m, m.max_drawdown_pct?))) {
        Some((m, pct)) if pct > 0.0 => {
            let when = |time: Option<crate::report::summary::Millis>| {
                time.map_or("-".to_owned(), |t| minute(t.into()))
            };
            let recovery = match m.drawdown_recovery_ms {
                Some(time) => format!("recovered {}", minute(time.into())),
                None => "not recovered".to_owned(),
            };
            format!(
                "Deepest fall {} from {}, bottom {}, {recovery} (UTC).",
                percent(Some(pct)),
                when(m.drawdown_start_ms),
                when(m.drawdown_bottom_ms),
            )
        }
        Some(_) => "Equity never fell below its highest.".to_owned(),
        None => format!("Deepest fall drawn: {}.", percent(Some(-deepest))),
    };
    TimeChart {
        id: "drawdown-chart".to_owned(),
        title: "Drawdown".to_owned(),
        summary,
        unit: " %".to_owned(),
        digits: 2,
        time,
        value,
        layers: vec![
            Layer::Band {
                name: None,
                role: Role::Drawdown,
                lows: falls.clone(),
                highs: zero,
            },
            Layer::Line(Line {
                name: "drawdown".to_owned(),
                role: Role::Loss,
                points: falls,
            }),
        ],
        size: Size::Low,
    }
}

/// Percent below the highest value so far, which begins at `start`.
fn falls(equity: &[Point], start: f64) -> Vec<Point> {
    let mut highest = start;
    let all: Vec<Point> = equity
        .iter()
        .map(|(time, value)| {
            highest = highest.max(*value);
            let fall = if highest > 0.0 {
                100.0 * (value / highest - 1.0)
            } else {
                0.0
            };
            (*time, fall.min(0.0))
        })
        .collect();
    thin(&all, POINTS)
}

/// Equity of an account that bought at `first_close` and would sell at each close: the mean over the
/// symbols whose holding is defined, each from the candle on that it starts with.
pub fn hold_curve(
    start: f64,
    min_candles: u64,
    symbols: &[(&SymbolTape, &Instrument, &SymbolSummary)],
    interval: Interval,
) -> Vec<Point> {
    let curves: Vec<Vec<Point>> = symbols
        .iter()
        .filter_map(|(tape, instrument, summary)| {
            factors(tape, instrument, summary, min_candles, interval)
        })
        .filter(|curve| !curve.is_empty())
        .collect();
    let mut times: Vec<Timestamp> = curves.iter().flatten().map(|p| p.0).collect();
    times.sort_unstable();
    times.dedup();
    // Together from where the last of them begins.
    let begin = curves.iter().filter_map(|c| c.first()).map(|p| p.0).max();
    times.retain(|time| begin.is_some_and(|begin| *time >= begin));
    let mut places = vec![0; curves.len()];
    let mut mean = Vec::with_capacity(times.len());
    for time in times {
        let mut sum = 0.0;
        for (curve, place) in curves.iter().zip(&mut places) {
            while curve.get(*place + 1).is_some_and(|next| next.0 <= time) {
                *place += 1;
            }
            sum += curve[*place].1;
        }
        mean.push((time, start * sum / curves.len() as f64));
    }
    mean
}

/// What an amount of 1 has become at each close.
fn factors(
    tape: &SymbolTape,
    instrument: &Instrument,
    summary: &SymbolSummary,
    min_candles: u64,
    interval: Interval,
) -> Option<Vec<Point>> {
    let first = summary.first_close?.to_f64();
    let last = summary.last_close?.to_f64();
    // (1 - fee) / (1 + fee), from the figure that the ledger states.
    let fees = (1.0 + summary.buy_and_hold_pct? / 100.0) * first / last;
    if !(first > 0.0 && fees.is_finite()) {
        return None;
    }
    let scale = instrument.scale();
    let mut closed = 0;
    let mut curve = Vec::new();
    for candle in &tape.candles {
        closed += candle.candles;
        if closed >= min_candles {
            let time = candle.last_time + interval.span();
            curve.push((time, fees * scale.price(candle.close) / first));
        }
    }
    Some(curve)
}

/// A curve in words.
fn said(name: &str, points: &[Point], digits: usize) -> String {
    Course::of(points).map_or_else(
        || format!("{name}: no point is stored."),
        |course| course.said(name, "on", digits),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64, value: f64) -> Point {
        (Timestamp(second * 1_000_000_000), value)
    }

    #[test]
    fn a_fall_is_counted_from_the_highest_so_far() {
        let falls = falls(
            &[at(0, 90.0), at(1, 200.0), at(2, 150.0), at(3, 200.0)],
            100.0,
        );
        let percent: Vec<f64> = falls.iter().map(|p| p.1.round()).collect();
        assert_eq!(percent, [-10.0, 0.0, -25.0, 0.0]);
        assert!(super::falls(&[at(0, -5.0)], 0.0).iter().all(|p| p.1 == 0.0));
    }

    #[test]
    fn equity_without_holding_says_why() {
        let time = TimeAxis::new(Timestamp(0), Timestamp(9_000_000_000));
        let chart = equity_chart(&[at(0, 100.0), at(9, 90.5)], &[], "USD", time);
        assert_eq!(
            chart.summary,
            "Equity from 100.00 to 90.50; lowest 90.50 on 1970-01-01 00:00, highest 100.00 on \
             1970-01-01 00:00 UTC. Buy and hold is not drawn: that needs the recording."
        );
        assert_eq!(chart.layers.len(), 1);
        let nothing = equity_chart(&[], &[], "USD", time).markup();
        assert!(nothing.as_str().contains("no point is stored"));
    }
}
