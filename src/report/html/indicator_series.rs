//! The values of a strategy's indicators over a whole run, thinned while they come.
//!
//! Follows the decision candles as the tape reads them and lets the strategy of the session observe
//! each one, exactly as the run did. Of runs of neighbouring values the lowest and the highest are
//! kept; when the room is used up, neighbouring runs become one. Memory does not grow with the
//! length of a run.

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
/// Indicators followed for each symbol; further names are counted.
pub(super) const NAMES_MAX: usize = 48;

/// One indicator of one symbol.
#[derive(Clone, Debug, PartialEq)]
pub struct IndicatorSeries {
    pub name: String,
    /// Finite values in the order of time, extremes kept.
    pub points: Vec<Point>,
    /// Whether every value lay within half and twice the close of its candle.
    pub near_price: bool,
}

/// The indicators of one symbol.
#[derive(Clone, Debug, PartialEq)]
pub struct SymbolIndicators {
    pub symbol: String,
    /// In the order in which the strategy tells them.
    pub series: Vec<IndicatorSeries>,
    /// Names beyond the room.
    pub left_out: u64,
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
    /// By name, in the order of first appearance.
    series: Vec<(&'static str, Runs)>,
    left_out: BTreeMap<&'static str, ()>,
    values: Vec<(&'static str, f64)>,
}

impl IndicatorListener {
    pub fn new(recorded: &RecordedStrategy) -> Self {
        let follower = |instrument: &Instrument| Follower {
            symbol: instrument.symbol.clone(),
            scale: instrument.scale(),
            strategy: build(&recorded.settings, recorded.interval),
            series: Vec::new(),
            left_out: BTreeMap::new(),
            values: Vec::new(),
        };
        Self {
            symbols: recorded.instruments.iter().map(follower).collect(),
        }
    }

    /// What has been seen.
    pub fn finish(self) -> Vec<SymbolIndicators> {
        let symbols = self.symbols.into_iter();
        symbols
            .map(|follower| SymbolIndicators {
                symbol: follower.symbol,
                series: follower
                    .series
                    .into_iter()
                    .map(|(name, runs)| IndicatorSeries {
                        name: name.to_owned(),
                        near_price: runs.near_price,
                        points: runs.points(),
                    })
                    .collect(),
                left_out: follower.left_out.len() as u64,
            })
            .collect()
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
        for (name, value) in &self.values {
            if !value.is_finite() {
                continue;
            }
            let index = match self.series.iter().position(|(known, _)| known == name) {
                Some(index) => index,
                None if self.series.len() < NAMES_MAX => {
                    self.series.push((name, Runs::default()));
                    self.series.len() - 1
                }
                None => {
                    self.left_out.insert(name, ());
                    continue;
                }
            };
            self.series[index]
                .1
                .push(view.open_time, *value, view.close);
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
}
