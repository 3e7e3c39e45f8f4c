//! WaveTrend (LazyBear): how far the typical price lies from its average, in units of its usual
//! distance, smoothed twice.
//!
//! src = (high+low+close)/3; esa = EMA(src, channel); d = EMA(|src-esa|, channel);
//! ci = (src-esa)/(0.015 d), 0 and flagged where d is 0; wt1 = EMA(ci, average); wt2 = SMA(wt1, ma).
//! Nothing is clipped. First wt1 at 2(channel-1)+average-1, first wt2 ma-1 bars later. |ci| is at most
//! (channel+1)/0.03, because d holds the newest distance with weight 2/(channel+1).

use super::averages::{Ema, Sma};
use super::bar::hlc3;
use super::compare::{PERCENT, above, is_zero};
use super::reading::Reading;
use serde::{Deserialize, Serialize};

const CI_FACTOR: f64 = 0.015;

/// Whether wt1 crossed wt2 on this bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Crossing {
    /// Above now, not above on the bar before.
    Up,
    /// Below now, not below on the bar before.
    Down,
    Neither,
}

/// The wave on one bar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Wave {
    pub wt1: Option<f64>,
    pub wt2: Option<f64>,
    /// Absent until wt2 has a bar before; never `Up` or `Down` on a flagged bar.
    pub crossing: Option<Crossing>,
    /// The typical price stands still: ci was 0 by its denominator.
    pub flat: bool,
}

impl Wave {
    /// wt1 with its flag.
    pub fn fast(&self) -> Option<Reading> {
        self.read(self.wt1)
    }

    /// wt2 with its flag.
    pub fn slow(&self) -> Option<Reading> {
        self.read(self.wt2)
    }

    /// wt1 - wt2, with the flag of both.
    pub fn difference(&self) -> Option<Reading> {
        self.read(self.wt1.zip(self.wt2).map(|(fast, slow)| fast - slow))
    }

    fn read(&self, value: Option<f64>) -> Option<Reading> {
        value.map(|value| Reading {
            value,
            flat: self.flat,
        })
    }
}

/// Lengths of a wave, in bars; all at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaveLengths {
    pub channel: usize,
    pub average: usize,
    pub ma: usize,
}

impl WaveLengths {
    /// Bars until wt1 and wt2 have a value.
    pub const fn warm_up(&self) -> usize {
        2 * self.channel + self.average + self.ma - 3
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WaveTrend {
    esa: Ema,
    deviation: Ema,
    fast: Ema,
    slow: Sma,
    now: Wave,
}

impl WaveTrend {
    /// # Panics
    /// If a length is 0 (a programming error; configuration allows at least 1).
    pub fn new(lengths: WaveLengths) -> Self {
        Self {
            esa: Ema::new(lengths.channel),
            deviation: Ema::new(lengths.channel),
            fast: Ema::new(lengths.average),
            slow: Sma::new(lengths.ma),
            now: Wave::default(),
        }
    }

    /// Takes up a closed bar.
    pub fn update(&mut self, high: f64, low: f64, close: f64) -> Wave {
        let source = hlc3(high, low, close);
        let Some(distance) = self.esa.update(source).map(|esa| source - esa) else {
            return self.now;
        };
        let Some(usual) = self.deviation.update(distance.abs()) else {
            return self.now;
        };
        let flat = is_zero(usual, source);
        let ci = if flat {
            0.0
        } else {
            distance / (CI_FACTOR * usual)
        };
        let wt1 = self.fast.update(ci);
        let wt2 = wt1.and_then(|value| self.slow.update(value));
        self.now = Wave {
            crossing: crossing(wt1.zip(wt2), self.now.wt1.zip(self.now.wt2), flat),
            wt1,
            wt2,
            flat,
        };
        self.now
    }

    /// The wave of the bar taken up last.
    pub fn wave(&self) -> Wave {
        self.now
    }
}

fn crossing(now: Option<(f64, f64)>, before: Option<(f64, f64)>, flat: bool) -> Option<Crossing> {
    let ((fast, slow), (fast_before, slow_before)) = now.zip(before)?;
    Some(if flat {
        Crossing::Neither
    } else if above(fast, slow, PERCENT) && !above(fast_before, slow_before, PERCENT) {
        Crossing::Up
    } else if above(slow, fast, PERCENT) && !above(slow_before, fast_before, PERCENT) {
        Crossing::Down
    } else {
        Crossing::Neither
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTHS: WaveLengths = WaveLengths {
        channel: 9,
        average: 12,
        ma: 3,
    };

    /// Waves of bars whose three prices are equal.
    fn waves(prices: impl IntoIterator<Item = f64>) -> Vec<Wave> {
        let mut trend = WaveTrend::new(LENGTHS);
        prices
            .into_iter()
            .map(|price| trend.update(price, price, price))
            .collect()
    }

    #[test]
    fn the_first_values_come_where_the_lengths_say() {
        let waves = waves((0..40).map(|i| 100.0 + f64::from(i % 7)));
        for (index, wave) in waves.iter().enumerate() {
            assert_eq!(wave.wt1.is_some(), index >= 27, "wt1 at {index}");
            assert_eq!(wave.wt2.is_some(), index >= 29, "wt2 at {index}");
            assert_eq!(wave.crossing.is_some(), index >= 30, "crossing at {index}");
        }
    }

    #[test]
    fn a_flat_series_is_flagged_zero_and_never_crosses() {
        // A price whose mean of nine is not itself in doubles.
        for wave in waves([0.1; 400]).iter().skip(30) {
            assert_eq!((wave.wt1, wave.wt2), (Some(0.0), Some(0.0)));
            assert_eq!(wave.crossing, Some(Crossing::Neither));
            assert!(wave.flat);
        }
    }

    #[test]
    fn a_flagged_bar_crosses_nothing_and_the_next_may() {
        assert_eq!(
            crossing(Some((1.0, 0.0)), Some((0.0, 0.0)), true),
            Some(Crossing::Neither)
        );
        assert_eq!(
            crossing(Some((1.0, 0.0)), Some((0.0, 0.0)), false),
            Some(Crossing::Up)
        );
        assert_eq!(
            crossing(Some((-1.0, 0.0)), Some((0.0, 0.0)), false),
            Some(Crossing::Down)
        );
    }

    #[test]
    fn a_difference_within_the_tolerance_is_no_cross() {
        let now = |fast| crossing(Some((fast, 0.0)), Some((-1.0, 0.0)), false);
        assert_eq!(now(0.9e-7), Some(Crossing::Neither));
        assert_eq!(now(1.1e-7), Some(Crossing::Up));
        // What was only just above does not count as having crossed before.
        assert_eq!(
            crossing(Some((1.0, 0.0)), Some((0.9e-7, 0.0)), false),
            Some(Crossing::Up)
        );
        assert_eq!(
            crossing(Some((1.0, 0.0)), Some((1.1e-7, 0.0)), false),
            Some(Crossing::Neither)
        );
    }
}
