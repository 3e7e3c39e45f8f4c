//! The values of a strategy's indicators over a whole run, thinned while they come.
//!
//! Follows the decision candles as the tape reads them and lets the strategy of the session observe
//! each one, exactly as the run did. Of runs of neighbouring values the lowest and the highest are
//! kept; when the room is used up, neighbouring runs become one. Memory does not grow with the
//! length of a run. A mark that only is or is not is 0 on every candle where it is not told.

use super::indicator_names::{Kind, in_order};
use super::recorded_strategy::RecordedStrategy;
use super::thin::Point;
use crate::core::market::instrument::GridScale;
use crate::core::market::{Candle, Instrument, SymbolId};
use crate::core::strategy::decision::CandleView;
use crate::core::strategy::{Strategy, build};
use crate::core::units::Timestamp;
use crate::report::decimation::{Decimated, Member};
use crate::report::tape::CandleListener;
use std::collections::BTreeMap;

/// Runs kept for each series; each leaves at most two points.
const RUNS: usize = 400;
/// Values followed for each symbol, and marks as many; further names are told. One that the strategy
/// decides by takes the place of another value, a signal that of a flag.
pub(super) const NAMES_MAX: usize = 48;

/// One indicator of one symbol.
#[derive(Clone, Debug, PartialEq)]
pub struct IndicatorSeries {
    pub name: String,
    /// Finite values in the order of time, extremes kept.
    pub points: Vec<Point>,
    /// Whether every value lay within half and twice the close of its candle.
    pub near_price: bool,
    /// Of a mark: on how many candles it was told.
    pub told: Option<u64>,
    /// Of a mark: on how many of these something else than to hold was decided.
    pub acted: u64,
}

/// The indicators of one symbol.
#[derive(Clone, Debug, PartialEq)]
pub struct SymbolIndicators {
    pub symbol: String,
    /// What decides first, then values in the order in which they appeared, then marks, those that
    /// matter more first (`indicator_names::in_order`).
    pub series: Vec<IndicatorSeries>,
    /// Names beyond the room, in alphabetical order.
    pub left_out: Vec<String>,
}

/// Follows all symbols of a session.
#[derive(Debug)]
pub struct IndicatorListener {
    symbols: Vec<Follower>,
}

#[derive(Debug)]
struct Follower {
    symbol: String,
    scale: GridScale,
    strategy: Box<dyn Strategy>,
    /// Open times of the candles that were acted on, ascending.
    acted: Vec<Timestamp>,
    /// By name, in the order of first appearance.
    series: Vec<Followed>,
    /// A mark that never was.
    silence: Runs,
    left_out: BTreeMap<&'static str, ()>,
    values: Vec<(&'static str, f64)>,
}

#[derive(Debug)]
struct Followed {
    name: &'static str,
    kind: Kind,
    runs: Runs,
    told: u64,
    acted: u64,
}

impl IndicatorListener {
    /// `acted`: of each instrument the open times of the candles that were acted on, ascending.
    pub fn new(recorded: &RecordedStrategy, acted: Vec<Vec<Timestamp>>) -> Self {
        let acted = acted.into_iter().chain(std::iter::repeat(Vec::new()));
        let follower = |(instrument, acted): (&Instrument, Vec<Timestamp>)| Follower {
            symbol: instrument.symbol.clone(),
            scale: instrument.scale(),
            strategy: build(&recorded.settings, recorded.interval),
            acted,
            series: Vec::new(),
            silence: Runs::default(),
            left_out: BTreeMap::new(),
            values: Vec::new(),
        };
        Self {
            symbols: recorded
                .instruments
                .iter()
                .zip(acted)
                .map(follower)
                .collect(),
        }
    }

    /// What has been seen.
    pub fn finish(self) -> Vec<SymbolIndicators> {
        self.symbols.into_iter().map(Follower::finish).collect()
    }
}

impl CandleListener for IndicatorListener {
    fn candle(&mut self, symbol: SymbolId, candle: &Candle) {
        if let Some(follower) = self.symbols.get_mut(symbol.index()) {
            follower.candle(candle);
        }
    }

    fn restart(&mut self, symbol: SymbolId) {
        if let Some(follower) = self.symbols.get_mut(symbol.index()) {
            follower.strategy.reset();
        }
    }
}

impl Follower {
    fn candle(&mut self, candle: &Candle) {
        let view = CandleView::of(candle, &self.scale);
        self.strategy.observe(&view);
        self.values.clear();
        self.strategy.indicators(&mut self.values);
        let acted = u64::from(self.acted.binary_search(&view.open_time).is_ok());
        for index in 0..self.values.len() {
            let (name, value) = self.values[index];
            if !value.is_finite() {
                continue;
            }
            if let Some(followed) = self.followed(name) {
                followed.runs.push(view.open_time, value, view.close);
                followed.told += 1;
                followed.acted += acted;
            }
        }
        // A mark that was told has this candle already.
        self.silence.push(view.open_time, 0.0, view.close);
        let marks = self.series.iter_mut().filter(|one| one.kind.is_mark());
        for mark in marks {
            mark.runs.push_unless(view.open_time, 0.0, view.close);
        }
    }

    /// The series of a name, begun where it is new; `None` where there is no room for it.
    fn followed(&mut self, name: &'static str) -> Option<&mut Followed> {
        let known = self.series.iter().position(|one| one.name == name);
        if let Some(index) = known {
            return Some(&mut self.series[index]);
        }
        let kind = Kind::of(name);
        let of_its_sort = |one: &Followed| one.kind.is_mark() == kind.is_mark();
        if self.series.iter().filter(|one| of_its_sort(one)).count() == NAMES_MAX {
            let least = self
                .series
                .iter()
                .rposition(|one| of_its_sort(one) && one.kind > kind);
            let Some(least) = least else {
                self.left_out.insert(name, ());
                return None;
            };
            self.left_out.insert(self.series.remove(least).name, ());
        }
        self.series.push(Followed {
            name,
            kind,
            runs: if kind.is_mark() {
                self.silence.clone()
            } else {
                Runs::default()
            },
            told: 0,
            acted: 0,
        });
        self.series.last_mut()
    }

    fn finish(self) -> SymbolIndicators {
        let series = self.series.iter().map(|one| IndicatorSeries {
            name: one.name.to_owned(),
            near_price: one.runs.near_price && !one.kind.is_mark(),
            points: one.runs.points(),
            told: one.kind.is_mark().then_some(one.told),
            acted: one.acted,
        });
        let mut series: Vec<IndicatorSeries> = series.collect();
        in_order(&mut series);
        SymbolIndicators {
            symbol: self.symbol,
            series,
            left_out: self
                .left_out
                .keys()
                .map(|name| (*name).to_owned())
                .collect(),
        }
    }
}

/// Lowest and highest of some neighbouring values.
#[derive(Clone, Copy, Debug)]
struct Run {
    values: u64,
    low: Point,
    high: Point,
}

/// A series in at most [`RUNS`] runs.
#[derive(Clone, Debug)]
struct Runs {
    first: Option<Point>,
    last: Option<Point>,
    runs: Decimated<Run>,
    near_price: bool,
}

impl Default for Runs {
    fn default() -> Self {
        Self {
            first: None,
            last: None,
            runs: Decimated::new(RUNS),
            near_price: true,
        }
    }
}

impl Runs {
    fn push(&mut self, time: Timestamp, value: f64, close: f64) {
        self.near_price &= value >= 0.5 * close && value <= 2.0 * close;
        let point = (time, value);
        self.first.get_or_insert(point);
        self.last = Some(point);
        self.runs.push(Run::of(point));
    }

    /// Takes a value, unless this time has one.
    fn push_unless(&mut self, time: Timestamp, value: f64, close: f64) {
        if self.last.is_none_or(|last| last.0 < time) {
            self.push(time, value, close);
        }
    }

    /// Both ends and the extremes of each run, ascending.
    fn points(&self) -> Vec<Point> {
        let mut points: Vec<Point> = self.first.into_iter().collect();
        for run in self.runs.members() {
            points.push(if run.low.0 <= run.high.0 {
                run.low
            } else {
                run.high
            });
            points.push(if run.low.0 <= run.high.0 {
                run.high
            } else {
                run.low
            });
        }
        points.extend(self.last);
        points.dedup_by_key(|point| point.0);
        points
    }
}

impl Run {
    const fn of(point: Point) -> Self {
        Self {
            values: 1,
            low: point,
            high: point,
        }
    }
}

impl Member for Run {
    fn count(&self) -> u64 {
        self.values
    }

    fn absorb(&mut self, later: &Self) {
        self.values += later.values;
        if later.low.1 < self.low.1 {
            self.low = later.low;
        }
        if later.high.1 > self.high.1 {
            self.high = later.high;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::strategy::Strategy;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_series_of_any_length_is_short_and_has_its_extremes(
            values in prop::collection::vec(-1e6f64..1e6, 1..5000)
        ) {
            let mut runs = Runs::default();
            for (value, number) in values.iter().zip(0..) {
                runs.push(Timestamp(number), *value, 1.0);
            }
            let points = runs.points();
            prop_assert!(points.len() <= 2 * RUNS + 2);
            prop_assert!(points.windows(2).all(|w| w[0].0 < w[1].0));
            prop_assert_eq!(points.first(), Some(&(Timestamp(0), values[0])));
            prop_assert_eq!(points.last().map(|p| p.1), values.last().copied());
            let high = |all: &mut dyn Iterator<Item = f64>| all.fold(f64::MIN, f64::max);
            let low = |all: &mut dyn Iterator<Item = f64>| all.fold(f64::MAX, f64::min);
            let drawn = || points.iter().map(|p| p.1);
            let whole = || values.iter().copied();
            prop_assert_eq!(high(&mut drawn()), high(&mut whole()));
            prop_assert_eq!(low(&mut drawn()), low(&mut whole()));
        }
    }

    #[test]
    fn what_stays_near_the_price_is_told_from_an_oscillator() {
        let mut average = Runs::default();
        let mut oscillator = Runs::default();
        for number in 0..100 {
            let close = 40.0 + f64::from(number);
            average.push(Timestamp(number.into()), close * 1.1, close);
            oscillator.push(Timestamp(number.into()), 50.0, close);
        }
        assert!(average.near_price);
        assert!(!oscillator.near_price);
    }

    /// Tells a value always, a signal on every tenth candle, and what it decides by last of all.
    #[derive(Debug, Default)]
    struct Talkative {
        candles: u64,
        names: Vec<&'static str>,
    }

    impl Strategy for Talkative {
        fn name(&self) -> &'static str {
            "talkative"
        }
        fn observe(&mut self, _: &CandleView) {
            self.candles += 1;
        }
        fn reset(&mut self) {}
        fn propose(
            &mut self,
            _: &crate::core::strategy::Context<'_>,
        ) -> crate::core::strategy::Reply {
            panic!("nobody asks it")
        }
        fn save(&self) -> serde_json::Value {
            serde_json::Value::Null
        }
        fn load(&mut self, _: &serde_json::Value) -> Result<(), String> {
            Ok(())
        }
        fn indicators(&self, out: &mut Vec<(&'static str, f64)>) {
            if self.candles % 10 == 5 {
                out.push(("gold_buy", 1.0));
            }
            out.extend(self.names.iter().map(|name| (*name, self.candles as f64)));
            if self.candles > 100 {
                out.push(("sentiment", 2.0));
            }
        }
    }

    fn followed(names: Vec<&'static str>, candles: i64) -> SymbolIndicators {
        let instrument = crate::store::ledger::tests::samples::instrument();
        let mut follower = Follower {
            symbol: "BTC-USD".to_owned(),
            scale: instrument.scale(),
            strategy: Box::new(Talkative { candles: 0, names }),
            acted: vec![Timestamp(5 * 60_000_000_000 - 60_000_000_000)],
            series: Vec::new(),
            silence: Runs::default(),
            left_out: BTreeMap::new(),
            values: Vec::new(),
        };
        for minute in 0..candles {
            let price = crate::core::units::Price(100);
            follower.candle(&Candle {
                open_time: Timestamp(minute * 60_000_000_000),
                open: price,
                high: price,
                low: price,
                close: price,
                volume: 0,
                quote_volume: 0,
                trades: 1,
                source: crate::core::market::CandleSource::Trades,
                complete: true,
            });
        }
        follower.finish()
    }

    #[test]
    fn a_signal_is_0_where_it_did_not_fire_and_is_counted_where_it_did() {
        let found = followed(vec!["rsi14"], 120);
        let names: Vec<&str> = found.series.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["sentiment", "rsi14", "gold_buy"]);
        let signal = &found.series[2];
        assert_eq!(signal.told, Some(12));
        assert_eq!(signal.acted, 1, "the fifth candle was acted on");
        assert_eq!(signal.points.len(), 120, "a point for every candle");
        for ((_, value), number) in signal.points.iter().zip(1..) {
            assert_eq!(*value, f64::from(u8::from(number % 10 == 5)), "{number}");
        }
        assert_eq!(found.series[1].told, None);
    }

    #[test]
    fn what_the_strategy_decides_by_takes_the_place_of_another_value() {
        const NAMES: [&str; NAMES_MAX + 2] = {
            let mut names = ["v"; NAMES_MAX + 2];
            let all = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
            let mut index = 0;
            while index < names.len() {
                names[index] = all.split_at(index).1.split_at(1).0;
                index += 1;
            }
            names
        };
        let found = followed(NAMES.to_vec(), 120);
        assert_eq!(found.series.len(), NAMES_MAX + 1, "and one signal");
        assert_eq!(found.series[0].name, "sentiment");
        // The two that came too late, and the last one that gave way.
        assert_eq!(found.left_out, ["V", "W", "X"]);
    }

    #[test]
    fn a_signal_takes_the_place_of_a_flag() {
        let flag = |number: usize| -> &'static str {
            Box::leak(format!("v{number:02}_flat").into_boxed_str())
        };
        let found = followed((0..NAMES_MAX).map(flag).collect(), 120);
        let names: Vec<&str> = found.series.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names[..2], ["sentiment", "gold_buy"]);
        assert_eq!(found.left_out, ["v47_flat"]);
    }
}
