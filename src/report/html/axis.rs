//! The two axes of a chart: which stretch they show, where their ticks are and how these read.
//!
//! Neither ever holds NaN or infinity, nor a stretch without length: what has no extent is widened
//! around its value. Ticks are few and at round values; times are UTC.

use crate::core::units::Timestamp;
use crate::core::units::decimal_text::exponent;
use crate::report::figures::grouped_text;

/// Ticks of an axis, about.
const VALUE_TICKS: f64 = 5.0;
const TIME_TICKS: i64 = 7;
/// Longest plain label of a value, characters; longer ones become scientific.
const LABEL: usize = 10;
/// Widest share of a value's size that is only rounding error of the computation before.
const NOISE: f64 = 1e-12;

/// A mark of an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// 0 at the lower end of the axis, 1 at the upper.
    pub fraction: f64,
    pub label: String,
}

/// Values from low to high; `low` < `high`, both finite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ValueAxis {
    low: f64,
    high: f64,
}

impl ValueAxis {
    /// The stretch that holds all values with a little room; values that are not finite do not count.
    /// Without any value it is 0 to 1.
    pub fn holding(values: impl Iterator<Item = f64>) -> Self {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.filter(|v| v.is_finite()) {
            low = low.min(value);
            high = high.max(value);
        }
        if low > high {
            return Self {
                low: 0.0,
                high: 1.0,
            };
        }
        let size = low.abs().max(high.abs());
        let extent = high - low;
        let room = if extent > size * NOISE {
            extent * 0.04
        } else if size > 0.0 {
            size * 0.01
        } else {
            1.0
        };
        Self {
            low: low - room,
            high: high + room,
        }
    }

    /// The same stretch from exactly `low` or to exactly `high` where it would only be room.
    pub fn bounded(mut self, low: Option<f64>, high: Option<f64>) -> Self {
        if let Some(low) = low.filter(|low| *low > self.low && *low < self.high) {
            self.low = low;
        }
        if let Some(high) = high.filter(|high| *high < self.high && *high > self.low) {
            self.high = high;
        }
        self
    }

    pub const fn low(&self) -> f64 {
        self.low
    }

    pub const fn high(&self) -> f64 {
        self.high
    }

    /// Where a value lies, 0 to 1; what is beyond an end lies there.
    pub fn fraction(&self, value: f64) -> f64 {
        let fraction = (value - self.low) / (self.high - self.low);
        if fraction.is_nan() {
            return 0.0;
        }
        fraction.clamp(0.0, 1.0)
    }

    /// Decimals that tell two ticks apart, at most 18.
    pub fn digits(&self) -> usize {
        (-exponent(self.step())).clamp(0, 18) as usize
    }

    fn step(&self) -> f64 {
        let rough = (self.high - self.low) / VALUE_TICKS;
        let power = exponent(rough);
        // From their texts: a product of powers may lie just below the round number.
        let [one, two, five, ten] = [(1, power), (2, power), (5, power), (1, power + 1)]
            .map(|(digit, power)| format!("{digit}e{power}").parse().unwrap_or(1.0));
        let step = [one, two, five].into_iter().find(|step| *step >= rough);
        step.unwrap_or(ten)
    }

    pub fn ticks(&self) -> Vec<Tick> {
        let step = self.step();
        let first = (self.low / step).ceil();
        (0..=VALUE_TICKS as usize + 2)
            .map(|n| (first + n as f64) * step)
            .take_while(|value| *value <= self.high)
            .map(|value| Tick {
                fraction: self.fraction(value),
                label: self.label(value),
            })
            .collect()
    }

    /// A tick's value: plain where it is short enough, else scientific with as many digits as tell
    /// it from its neighbours.
    fn label(&self, value: f64) -> String {
        let digits = self.digits();
        let plain = grouped_text(&format!("{value:.digits$}"));
        if plain.len() <= LABEL || value.abs() < self.step() / 2.0 {
            return if value.abs() < self.step() / 2.0 {
                "0".to_owned()
            } else {
                plain
            };
        }
        let significant = (exponent(value) - exponent(self.step())).clamp(0, 12) as usize;
        let scientific = format!("{value:.significant$e}");
        if scientific.len() < plain.len() {
            scientific
        } else {
            plain
        }
    }
}

/// Times from `first` to `last`; `first` < `last`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeAxis {
    first: Timestamp,
    last: Timestamp,
}

/// Distances of ticks in seconds; beyond the last one its multiples.
const STEPS: [i64; 24] = [
    1, 5, 15, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800,
    345_600, 604_800, 1_209_600, 2_592_000, 5_184_000, 7_776_000, 15_552_000, 31_536_000,
];
const SECOND: i64 = 1_000_000_000;

impl TimeAxis {
    /// A stretch of less than a second becomes one of a minute.
    pub fn new(first: Timestamp, last: Timestamp) -> Self {
        if last.0.saturating_sub(first.0) >= SECOND {
            return Self { first, last };
        }
        let first = Timestamp(first.0.min(i64::MAX - 60 * SECOND));
        Self {
            first,
            last: Timestamp(first.0 + 60 * SECOND),
        }
    }

    pub const fn first(&self) -> Timestamp {
        self.first
    }

    pub const fn last(&self) -> Timestamp {
        self.last
    }

    /// Where a time lies, 0 to 1; what is beyond an end lies there.
    pub fn fraction(&self, time: Timestamp) -> f64 {
        let extent = self.last.0 as f64 - self.first.0 as f64;
        ((time.0 as f64 - self.first.0 as f64) / extent).clamp(0.0, 1.0)
    }

    fn step(&self) -> i64 {
        let extent = (self.last.0 / SECOND).saturating_sub(self.first.0 / SECOND);
        let rough = (extent / TIME_TICKS).max(1);
        let longest = STEPS[STEPS.len() - 1];
        STEPS
            .into_iter()
            .find(|step| *step >= rough)
            .unwrap_or_else(|| rough.div_euclid(longest).saturating_add(1) * longest)
    }

    pub fn ticks(&self) -> Vec<Tick> {
        let step = self.step();
        let first = self.first.0.div_euclid(SECOND).div_euclid(step) + 1;
        (first..=first + TIME_TICKS)
            .filter_map(|n| n.checked_mul(step)?.checked_mul(SECOND))
            .map(Timestamp)
            .take_while(|time| *time <= self.last)
            .map(|time| Tick {
                fraction: self.fraction(time),
                label: time_label(time, step),
            })
            .collect()
    }
}

/// `01-02 06:00` for steps below a day, else `2018-01-02`.
fn time_label(time: Timestamp, step: i64) -> String {
    let text = time.to_string();
    let part = match step {
        ..60 => text.get(11..19),
        60..86_400 => text.get(5..16),
        _ => text.get(..10),
    };
    part.unwrap_or(&text).replace('T', " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::units::calendar::parse_time;
    use proptest::prelude::*;

    fn labels(low: f64, high: f64) -> Vec<String> {
        let axis = ValueAxis { low, high };
        axis.ticks().into_iter().map(|t| t.label).collect()
    }

    #[test]
    fn ticks_are_at_round_values() {
        assert_eq!(
            labels(8_400.0, 10_100.0),
            ["8,500", "9,000", "9,500", "10,000"]
        );
        assert_eq!(labels(-0.31, 0.3), ["-0.2", "0", "0.2"]);
        assert_eq!(labels(-20.0, 0.0), ["-20", "-15", "-10", "-5", "0"]);
    }

    #[test]
    fn huge_and_tiny_values_stay_short_and_apart() {
        assert_eq!(
            labels(1.2e12, 1.8e12),
            ["1.2e12", "1.4e12", "1.6e12", "1.8e12"]
        );
        assert_eq!(
            labels(0.95e-9, 1.3e-9),
            ["1.0e-9", "1.1e-9", "1.2e-9", "1.3e-9"]
        );
    }

    #[test]
    fn what_does_not_change_is_in_the_middle() {
        let axis = ValueAxis::holding([5.0, 5.0].into_iter());
        assert!((axis.fraction(5.0) - 0.5).abs() < 1e-9);
        let axis = ValueAxis::holding([0.0].into_iter());
        assert_eq!((axis.low(), axis.high()), (-1.0, 1.0));
        let axis = ValueAxis::holding([f64::NAN, f64::INFINITY].into_iter());
        assert_eq!((axis.low(), axis.high()), (0.0, 1.0));
    }

    #[test]
    fn room_ends_where_values_cannot_go() {
        let axis = ValueAxis::holding([0.0, 100.0].into_iter()).bounded(Some(0.0), Some(100.0));
        assert_eq!((axis.low(), axis.high()), (0.0, 100.0));
    }

    #[test]
    fn times_are_at_round_hours_and_days() {
        let at = |text: &str| parse_time(text).unwrap();
        let labels = |from: &str, to: &str| -> Vec<String> {
            let axis = TimeAxis::new(at(from), at(to));
            axis.ticks().into_iter().map(|t| t.label).collect()
        };
        assert_eq!(
            labels("2018-01-01T00:00:02Z", "2018-01-05T03:13:00Z"),
            ["2018-01-02", "2018-01-03", "2018-01-04", "2018-01-05"]
        );
        assert_eq!(
            labels("2018-01-01T00:00:02Z", "2018-01-01T06:00:00Z")[..2],
            ["01-01 01:00", "01-01 02:00"]
        );
        assert_eq!(labels("2010-01-01", "2050-01-01").len(), 7);
    }

    #[test]
    fn the_script_zooms_in_the_same_steps() {
        let script = include_str!("script.js");
        let list = script.split("const steps = [").nth(1).unwrap();
        let list = list.split(']').next().unwrap();
        let steps: Vec<i64> = list.split(',').map(|n| n.trim().parse().unwrap()).collect();
        assert_eq!(steps, STEPS);
    }

    proptest! {
        #[test]
        fn every_axis_is_finite_and_has_few_ticks(values in prop::collection::vec(any::<f64>(), 0..8), scale in -30i32..30) {
            let values: Vec<f64> = values.iter().map(|v| v % 10f64.powi(scale)).collect();
            let axis = ValueAxis::holding(values.iter().copied());
            prop_assert!(axis.low().is_finite() && axis.high().is_finite() && axis.low() < axis.high());
            let ticks = axis.ticks();
            prop_assert!((1..=8).contains(&ticks.len()), "{:?} {:?}", axis, ticks);
            prop_assert!(ticks.iter().all(|t| (0.0..=1.0).contains(&t.fraction)));
            prop_assert!(ticks.windows(2).all(|w| w[0].fraction < w[1].fraction && w[0].label != w[1].label), "{:?}", ticks);
        }

        #[test]
        fn every_stretch_of_time_has_few_ticks_in_order(first: i64, length in 0i64..i64::MAX) {
            let axis = TimeAxis::new(Timestamp(first), Timestamp(first.saturating_add(length)));
            prop_assert!(axis.first() < axis.last());
            let ticks = axis.ticks();
            prop_assert!(ticks.len() <= 8);
            prop_assert!(ticks.windows(2).all(|w| w[0].fraction <= w[1].fraction));
            prop_assert!(ticks.iter().all(|t| (0.0..=1.0).contains(&t.fraction)));
        }
    }
}
