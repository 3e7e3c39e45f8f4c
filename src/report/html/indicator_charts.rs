//! The indicators of a strategy as charts: those on the price's scale together over the price, every
//! other group in a small chart of its own below.
//!
//! Groups come from the names: `stoch_k` and `stoch_d` share a chart, as do `volume` and
//! `volume_average`. What the strategy decides by comes first; signals and flags, which only are or
//! are not, come last, as lines between 0 and 1. The number of charts and lines is bounded; what is left out is counted.

use super::axis::{TimeAxis, ValueAxis};
use super::chart::{Layer, Line, Size, TimeChart, value_text};
use super::indicator_names::Kind;
use super::indicator_series::{IndicatorSeries, SymbolIndicators};
use super::palette::Role;
use super::thin::{Point, thin};
use crate::report::figures::count;

/// Small charts of all symbols together.
const PANELS_MAX: usize = 12;
/// Charts over the price of one symbol.
const ON_PRICE_MAX: usize = 2;
/// Points of a line.
const POINTS: usize = 600;

/// First parts of names that never are prices, however near one they come.
const NOT_PRICES: [&str; 20] = [
    "adx",
    "atr",
    "cci",
    "combined",
    "confidence",
    "macd",
    "mf",
    "mfi",
    "momentum",
    "money",
    "obv",
    "roc",
    "rsi",
    "score",
    "signal",
    "stc",
    "stoch",
    "trend",
    "volume",
    "wt",
];

/// Values that readers of an oscillator compare with.
const LEVELS: [(&str, &[f64]); 4] = [
    ("rsi", &[30.0, 70.0]),
    ("stoch", &[20.0, 80.0]),
    ("stc", &[25.0, 75.0]),
    ("mfi", &[20.0, 80.0]),
];

/// The charts of one symbol.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IndicatorCharts {
    pub charts: Vec<TimeChart>,
    /// Names of indicators that found no place.
    pub left_out: Vec<String>,
}

/// Where the charts of a symbol stand, and how many small ones there may be.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// What the charts' names in the page begin with.
    pub prefix: &'a str,
    pub panels: usize,
}

impl<'a> Place<'a> {
    /// A fair share of the room for each of that many symbols.
    pub fn among(symbols: usize, prefix: &'a str) -> Self {
        Self {
            prefix,
            panels: (PANELS_MAX / symbols.max(1)).max(1),
        }
    }
}

/// Beginnings of names that say where an indicator belongs and not what it is.
const OWNERS: [&str; 2] = ["cipher_a_", "cipher_b_"];
/// The part of a name that its group shares: without its owner, up to the first `_` or digit.
fn stem(name: &str) -> &str {
    let name = OWNERS
        .iter()
        .find_map(|owner| name.strip_prefix(owner))
        .unwrap_or(name);
    let end = name.find(|c: char| c == '_' || c.is_ascii_digit());
    match end {
        Some(end) if end > 0 => &name[..end],
        _ => name,
    }
}

/// The group of a series that is not on the price's scale.
fn group(series: &IndicatorSeries) -> &str {
    let kind = Kind::of(&series.name);
    kind.group().unwrap_or_else(|| stem(&series.name))
}

/// Whether a series belongs on the price's scale.
fn is_price(series: &IndicatorSeries) -> bool {
    series.near_price && !NOT_PRICES.contains(&stem(&series.name))
}

/// Charts of what was followed; `closes` is the price that the first one is drawn over.
pub fn charts(
    indicators: &SymbolIndicators,
    closes: &[Point],
    time: TimeAxis,
    place: Place<'_>,
) -> IndicatorCharts {
    let Place { prefix, panels } = place;
    let mut found = IndicatorCharts::default();
    let series = || indicators.series.iter().filter(|s| !s.points.is_empty());
    let prices: Vec<&IndicatorSeries> = series().filter(|s| is_price(s)).collect();
    let places = Role::LINES.len();
    for (number, shown) in prices.chunks(places).enumerate() {
        if number < ON_PRICE_MAX {
            let id = match number {
                0 => format!("{prefix}-on-price"),
                _ => format!("{prefix}-on-price-{}", number + 1),
            };
            let mut chart = on_price(&indicators.symbol, shown, closes, time, id);
            if number > 0 {
                // A title of its own: who hears the page cannot see which chart it is.
                chart.title = format!("{}, {}", chart.title, number + 1);
            }
            found.charts.push(chart);
        } else {
            leave_out(shown, &mut found);
        }
    }
    let mut groups: Vec<(&str, Vec<&IndicatorSeries>)> = Vec::new();
    for one in series().filter(|s| !is_price(s)) {
        let name = group(one);
        match groups.iter_mut().find(|(known, _)| *known == name) {
            Some((_, group)) => group.push(one),
            None => groups.push((name, vec![one])),
        }
    }
    groups.sort_by_key(|(_, group)| Kind::of(&group[0].name));
    let mut number = 0;
    for (stem, group) in &groups {
        // Marks go on in further charts, values of one group do not.
        let is_mark = Kind::of(&group[0].name).is_mark();
        for (chunk, shown) in group.chunks(places).enumerate() {
            if number == panels || chunk > 0 && !is_mark {
                leave_out(shown, &mut found);
                continue;
            }
            number += 1;
            let id = format!("{prefix}-{number}");
            found.charts.push(panel(stem, shown, time, id));
        }
    }
    found
}

fn leave_out(series: &[&IndicatorSeries], found: &mut IndicatorCharts) {
    found.left_out.extend(series.iter().map(|s| s.name.clone()));
}

fn lines(series: &[&IndicatorSeries]) -> Vec<Layer> {
    let line = |(series, role): (&&IndicatorSeries, Role)| {
        Layer::Line(Line {
            name: series.name.replace('_', " "),
            role,
            points: thin(&series.points, POINTS),
        })
    };
    series.iter().zip(Role::LINES).map(line).collect()
}

fn on_price(
    symbol: &str,
    series: &[&IndicatorSeries],
    closes: &[Point],
    time: TimeAxis,
    id: String,
) -> TimeChart {
    let price = Line {
        name: "close".to_owned(),
        role: Role::Price,
        points: thin(closes, POINTS),
    };
    let drawn = series.iter().flat_map(|s| &s.points).chain(closes);
    let value = ValueAxis::holding(drawn.map(|p| p.1));
    let digits = (value.digits() + 2).min(12);
    let mut layers = Vec::new();
    if !closes.is_empty() {
        layers.push(Layer::Line(price));
    }
    layers.extend(lines(series));
    TimeChart {
        id,
        title: format!("{symbol}: close and the indicators on its scale"),
        summary: ranges(series, digits),
        unit: String::new(),
        digits,
        time,
        value,
        layers,
        size: Size::Tall,
    }
}

fn panel(stem: &str, series: &[&IndicatorSeries], time: TimeAxis, id: String) -> TimeChart {
    let drawn = || series.iter().flat_map(|s| s.points.iter().map(|p| p.1));
    let value = ValueAxis::holding(drawn());
    let fixed = LEVELS.iter().find(|(of, _)| *of == stem);
    let fixed = fixed.map_or(&[0.0][..], |(_, levels)| levels);
    let inside = fixed
        .iter()
        .filter(|level| **level > value.low() && **level < value.high());
    let digits = (value.digits() + 2).min(12);
    let mut layers: Vec<Layer> = inside.map(|level| Layer::Level(*level)).collect();
    layers.extend(lines(series));
    TimeChart {
        id,
        title: title(series),
        summary: ranges(series, digits),
        unit: String::new(),
        digits,
        time,
        value,
        layers,
        size: Size::Low,
    }
}

fn title(series: &[&IndicatorSeries]) -> String {
    let names: Vec<String> = series.iter().map(|s| s.name.replace('_', " ")).collect();
    names.join(", ")
}

/// What each line stays between and where it ends; of a mark how often it was.
fn ranges(series: &[&IndicatorSeries], digits: usize) -> String {
    let one = |s: &&IndicatorSeries| {
        if let Some(told) = s.told {
            let times = if told == 1 { "time" } else { "times" };
            let acted = match s.acted {
                0 => String::new(),
                acted => format!(", {} when something was decided", count(acted)),
            };
            let name = s.name.replace('_', " ");
            return format!("{name} {} {times}{acted}", count(told));
        }
        let values = || s.points.iter().map(|p| p.1);
        let text = |value: Option<f64>| value_text(value.unwrap_or(f64::NAN), digits);
        format!(
            "{} between {} and {}, at the end {}",
            s.name.replace('_', " "),
            text(values().reduce(f64::min)),
            text(values().reduce(f64::max)),
            text(values().next_back()),
        )
    };
    let mut text = series.iter().map(one).collect::<Vec<_>>().join("; ");
    text.push('.');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::indicators::cipher::Signal;
    use crate::core::units::Timestamp;

    fn series(name: &'static str, near_price: bool) -> IndicatorSeries {
        IndicatorSeries {
            name: name.to_owned(),
            points: vec![(Timestamp(0), 40.0), (Timestamp(90_000_000_000), 60.0)],
            near_price,
            told: None,
            acted: 0,
        }
    }

    fn of(series: Vec<IndicatorSeries>) -> IndicatorCharts {
        let indicators = SymbolIndicators {
            symbol: "BTC-USD".into(),
            series,
            left_out: Vec::new(),
        };
        let time = TimeAxis::new(Timestamp(0), Timestamp(90_000_000_000));
        charts(
            &indicators,
            &[(Timestamp(0), 50.0)],
            time,
            Place::among(1, "i"),
        )
    }

    #[test]
    fn averages_go_over_the_price_and_oscillators_below_by_group() {
        let found = of(vec![
            series("sma_short", true),
            series("stoch_k", false),
            series("rsi14", true),
            series("stoch_d", false),
            series("highest_before", true),
        ]);
        let titles: Vec<&str> = found.charts.iter().map(|c| c.title.as_str()).collect();
        assert_eq!(
            titles,
            [
                "BTC-USD: close and the indicators on its scale",
                "stoch k, stoch d",
                "rsi14"
            ]
        );
        assert_eq!(found.charts[0].layers.len(), 3);
        assert!(found.charts[2].layers.contains(&Layer::Line(Line {
            name: "rsi14".into(),
            role: Role::First,
            points: series("rsi14", true).points,
        })));
        assert!(found.left_out.is_empty());
    }

    #[test]
    fn owners_do_not_keep_alike_indicators_apart_and_signals_come_last() {
        let mut flag = series("red_diamond", false);
        flag.points = vec![(Timestamp(0), 0.0), (Timestamp(90_000_000_000), 1.0)];
        flag.told = Some(1);
        let found = of(vec![
            flag,
            series("cipher_a_wt1", false),
            series("cipher_b_rsi", false),
            series("cipher_b_wt1", false),
        ]);
        let titles: Vec<&str> = found.charts.iter().map(|c| c.title.as_str()).collect();
        assert_eq!(
            titles,
            ["cipher a wt1, cipher b wt1", "cipher b rsi", "red diamond"]
        );
        assert_eq!(found.charts[2].summary, "red diamond 1 time.");
    }

    #[test]
    fn what_the_strategy_decides_by_is_drawn_first_and_signals_fill_what_room_is_left() {
        let mut all: Vec<IndicatorSeries> = Signal::all()
            .map(|signal| IndicatorSeries {
                told: Some(3),
                ..series(signal.name(), false)
            })
            .collect();
        let letters = ["a", "b", "c", "d", "e", "f", "g", "h"];
        all.extend(letters.map(|name| series(name, false)));
        let decisive = ["combined", "combined_confidence", "sentiment", "signal_a"];
        all.extend(decisive.map(|name| series(name, false)));
        let signals = Signal::all().count();
        let found = of(all);
        assert_eq!(found.charts.len(), PANELS_MAX);
        let titles: Vec<&str> = found.charts.iter().map(|c| c.title.as_str()).collect();
        assert_eq!(
            titles[..3],
            ["combined, combined confidence, sentiment", "signal a", "a"]
        );
        // 10 charts of values leave two for signals, and every other one is named.
        assert_eq!(found.left_out.len(), signals - 2 * Role::LINES.len());
    }

    #[test]
    fn what_finds_no_place_is_named() {
        let many = ["a1", "a2", "a3", "a4", "a5", "a6", "a7"];
        let found = of(many.iter().map(|name| series(name, false)).collect());
        assert_eq!(found.charts.len(), 1);
        assert_eq!(found.left_out, ["a7"]);
    }

    #[test]
    fn a_summary_says_what_the_lines_show() {
        let found = of(vec![series("rsi14", false)]);
        assert_eq!(
            found.charts[0].summary,
            "rsi14 between 40.00 and 60.00, at the end 60.00."
        );
    }
}
