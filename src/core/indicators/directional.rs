//! Directional movement, its indicators, and ADX.
//!
//! J. Welles Wilder, New Concepts in Technical Trading Systems, 1978, with TA-Lib's start: a smoothed
//! sum begins with n-1 values and gives its first result with the next.

use super::averages::Rma;
use super::bar::TrueRange;
use super::compare::{PERCENT, above, is_zero};
use super::reading::Reading;
use serde::{Deserialize, Serialize};

/// Movement of one bar beyond the bar before, in units of price; at most one side is above 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Movement {
    /// +DM.
    pub plus: f64,
    /// -DM.
    pub minus: f64,
}

/// +DM and -DM. First value at index 1.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct DirectionalMovement {
    /// High and low of the bar before.
    previous: Option<(f64, f64)>,
    value: Option<Movement>,
}

impl DirectionalMovement {
    /// Before its first bar.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next closed bar; the close is the scale of its comparisons.
    pub fn update(&mut self, high: f64, low: f64, close: f64) -> Option<Movement> {
        if let Some((high_before, low_before)) = self.previous.replace((high, low)) {
            let (up, down) = (high - high_before, low_before - low);
            let one_side = |this: f64, other: f64| {
                if above(this, other, close) && above(this, 0.0, close) {
                    this
                } else {
                    0.0
                }
            };
            self.value = Some(Movement {
                plus: one_side(up, down),
                minus: one_side(down, up),
            });
        }
        self.value
    }

    /// Of the bar taken last.
    pub fn value(&self) -> Option<Movement> {
        self.value
    }
}

/// Wilder's sum: of the first n-1 values, then S = S - S/n + x.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct SmoothedSum {
    length: usize,
    seen: usize,
    sum: f64,
}

impl SmoothedSum {
    fn new(length: usize) -> Self {
        assert!(length > 0);
        Self {
            length,
            seen: 0,
            sum: 0.0,
        }
    }

    fn update(&mut self, value: f64) -> Option<f64> {
        if self.seen + 1 < self.length {
            self.seen += 1;
            self.sum += value;
            return None;
        }
        self.sum = self.sum - self.sum / self.length as f64 + value;
        Some(self.sum)
    }
}

/// ADX(n) with the directional indicators +DI and -DI it is made of, all 0 to 100.
///
/// With 14 the indicators and DX = 100 |+DI - -DI|/(+DI + -DI) have their first value at index 14,
/// ADX, Wilder's average of DX, at 27. The quotients are flat and 0 where nothing moves; the average
/// carries no flag.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Adx {
    movement: DirectionalMovement,
    range: TrueRange,
    plus_sum: SmoothedSum,
    minus_sum: SmoothedSum,
    range_sum: SmoothedSum,
    /// +DI and -DI.
    indicators: Option<(Reading, Reading)>,
    dx: Option<Reading>,
    average: Rma,
}

impl Adx {
    /// # Panics
    /// If `length` is 0 (a programming error).
    pub fn new(length: usize) -> Self {
        Self {
            movement: DirectionalMovement::new(),
            range: TrueRange::new(),
            plus_sum: SmoothedSum::new(length),
            minus_sum: SmoothedSum::new(length),
            range_sum: SmoothedSum::new(length),
            indicators: None,
            dx: None,
            average: Rma::new(length),
        }
    }

    /// Takes the next closed bar; ADX.
    pub fn update(&mut self, high: f64, low: f64, close: f64) -> Option<f64> {
        let range = self.range.update(high, low, close);
        let movement = self.movement.update(high, low, close);
        let (movement, range) = movement.zip(range)?;
        let plus = self.plus_sum.update(movement.plus);
        let minus = self.minus_sum.update(movement.minus);
        let range = self.range_sum.update(range)?;
        let (plus, minus) = plus.zip(minus)?;
        let share = |sum: f64| {
            if is_zero(range, close) {
                Reading::flat(0.0)
            } else {
                Reading::of(PERCENT * (sum / range))
            }
        };
        let (plus, minus) = (share(plus), share(minus));
        let sum = plus.value + minus.value;
        let dx = if is_zero(sum, PERCENT) {
            Reading::flat(0.0)
        } else {
            Reading::of(PERCENT * ((plus.value - minus.value).abs() / sum))
        };
        self.indicators = Some((plus, minus));
        self.dx = Some(dx);
        self.average.update(dx.value)
    }

    /// ADX of the bar taken last, as are the others.
    pub fn value(&self) -> Option<f64> {
        self.average.value()
    }

    /// +DI.
    pub fn plus_di(&self) -> Option<Reading> {
        self.indicators.map(|both| both.0)
    }

    /// -DI.
    pub fn minus_di(&self) -> Option<Reading> {
        self.indicators.map(|both| both.1)
    }

    /// DX.
    pub fn dx(&self) -> Option<Reading> {
        self.dx
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_larger_movement_counts_and_only_beyond_rounding() {
        let after = |high, low| {
            let mut movement = DirectionalMovement::new();
            assert_eq!(movement.update(110.0, 90.0, 100.0), None);
            let Movement { plus, minus } = movement.update(high, low, 100.0).unwrap();
            (plus, minus)
        };
        assert_eq!(after(113.0, 88.0), (3.0, 0.0));
        assert_eq!(after(112.0, 87.0), (0.0, 3.0));
        assert_eq!(after(112.0, 88.0), (0.0, 0.0));
        assert_eq!(after(109.0, 91.0), (0.0, 0.0));
        // A ten-millionth of the close is no movement, twice as much is.
        assert_eq!(after(110.0 + 0.9e-7, 91.0), (0.0, 0.0));
        assert!(after(110.0 + 2e-7, 91.0).0 > 1.9e-7);
    }

    #[test]
    fn a_steady_rise_has_an_adx_of_100_and_is_warm_at_14_and_27() {
        let mut adx = Adx::new(14);
        for index in 0..60 {
            let base = 100.0 + f64::from(index);
            let value = adx.update(base + 1.0, base - 1.0, base);
            assert_eq!(adx.plus_di().is_some(), index >= 14, "{index}");
            assert_eq!(adx.minus_di().is_some(), index >= 14, "{index}");
            assert_eq!(adx.dx().is_some(), index >= 14, "{index}");
            assert_eq!(value.is_some(), index >= 27, "{index}");
        }
        assert_eq!(adx.minus_di(), Some(Reading::of(0.0)));
        assert!(adx.value().is_some_and(|v| (v - 100.0).abs() < 1e-9));
        assert!(adx.plus_di().is_some_and(|v| (v.value - 50.0).abs() < 1e-9));
    }

    #[test]
    fn directional_indicators_of_a_flat_series_are_0_and_flagged() {
        let mut adx = Adx::new(14);
        for _ in 0..60 {
            adx.update(5.0, 5.0, 5.0);
        }
        let flat = Some(Reading::flat(0.0));
        assert_eq!(
            (adx.plus_di(), adx.minus_di(), adx.dx()),
            (flat, flat, flat)
        );
        assert_eq!(adx.value(), Some(0.0));
    }
}
