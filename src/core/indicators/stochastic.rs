//! Where a value stands between the extremes of its window: Stochastic, StochRSI, Williams %R.
//!
//! George Lane's stochastic, Tushar Chande and Stanley Kroll's stochastic of the RSI (The New
//! Technical Trader, 1994), Larry Williams' percent range. K and D are means of what is flagged and
//! carry no flag themselves.

use super::averages::Sma;
use super::compare::{PERCENT, is_zero};
use super::extremes::{RollingMax, RollingMin};
use super::oscillators::Rsi;
use super::reading::Reading;
use serde::{Deserialize, Serialize};

/// Stochastic(window, k, d), 0 to 100: raw = 100 (close - lowest low)/(highest high - lowest low), K
/// the SMA of raw, D the SMA of K. With 14, 3, 3 first values at index 13, 15 and 17; raw is flat and
/// 0 where the window has no range.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Stochastic {
    highest: RollingMax,
    lowest: RollingMin,
    raw: Option<Reading>,
    k: Sma,
    d: Sma,
}

impl Stochastic {
    /// # Panics
    /// If a length is 0 (a programming error).
    pub fn new(window: usize, k: usize, d: usize) -> Self {
        Self {
            highest: RollingMax::new(window),
            lowest: RollingMin::new(window),
            raw: None,
            k: Sma::new(k),
            d: Sma::new(d),
        }
    }

    /// Takes the next closed bar; the raw value.
    pub fn update(&mut self, high: f64, low: f64, close: f64) -> Option<Reading> {
        self.take(high, low, close, close, 0.0)
    }

    /// A value in the range of what came lately; `flat` where that range is 0 at this scale.
    fn take(&mut self, high: f64, low: f64, value: f64, scale: f64, flat: f64) -> Option<Reading> {
        let (highest, lowest) = (self.highest.update(high), self.lowest.update(low));
        let (highest, lowest) = highest.zip(lowest)?;
        let range = highest - lowest;
        let raw = if is_zero(range, scale) {
            Reading::flat(flat)
        } else {
            Reading::of(PERCENT * ((value - lowest) / range))
        };
        self.raw = Some(raw);
        if let Some(k) = self.k.update(raw.value) {
            self.d.update(k);
        }
        self.raw
    }

    /// Of the bar taken last, as are the others.
    pub fn raw(&self) -> Option<Reading> {
        self.raw
    }

    /// The mean of raw.
    pub fn k(&self) -> Option<f64> {
        self.k.value()
    }

    /// The mean of K.
    pub fn d(&self) -> Option<f64> {
        self.d.value()
    }
}

/// Williams %R(n), -100 to 0: -100 (highest high - close)/(highest high - lowest low). First value at
/// index n-1; flat and 0 where the window has no range.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WilliamsR {
    highest: RollingMax,
    lowest: RollingMin,
    value: Option<Reading>,
}

impl WilliamsR {
    /// # Panics
    /// If `length` is 0 (a programming error).
    pub fn new(length: usize) -> Self {
        Self {
            highest: RollingMax::new(length),
            lowest: RollingMin::new(length),
            value: None,
        }
    }

    /// Takes the next closed bar.
    pub fn update(&mut self, high: f64, low: f64, close: f64) -> Option<Reading> {
        let (highest, lowest) = (self.highest.update(high), self.lowest.update(low));
        let (highest, lowest) = highest.zip(lowest)?;
        let range = highest - lowest;
        let value = if is_zero(range, close) {
            Reading::flat(0.0)
        } else {
            Reading::of(PERCENT * ((close - highest) / range))
        };
        self.value = Some(value);
        self.value
    }

    /// Of the bar taken last.
    pub fn value(&self) -> Option<Reading> {
        self.value
    }
}

/// StochRSI(rsi, window, k, d), 0 to 100: raw = 100 (r - min r)/(max r - min r) of the RSI r, K the
/// SMA of raw, D the SMA of K. With 14, 14, 3, 3 first values at index 27, 29 and 31; raw is flat and
/// 50 where the RSI does not move.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StochRsi {
    rsi: Rsi,
    /// Of the RSI.
    stochastic: Stochastic,
}

impl StochRsi {
    /// # Panics
    /// If a length is 0 (a programming error).
    pub fn new(rsi: usize, window: usize, k: usize, d: usize) -> Self {
        Self {
            rsi: Rsi::new(rsi),
            stochastic: Stochastic::new(window, k, d),
        }
    }

    /// Takes the next close; the raw value.
    pub fn update(&mut self, close: f64) -> Option<Reading> {
        self.update_scaled(close, close)
    }

    /// Takes the logarithm of the next close; the raw value. Every machine computes the same.
    pub fn update_log(&mut self, close: f64) -> Option<Reading> {
        self.update_scaled(libm::log(close.max(f64::MIN_POSITIVE)), 1.0)
    }

    fn update_scaled(&mut self, value: f64, scale: f64) -> Option<Reading> {
        let rsi = self.rsi.update_scaled(value, scale)?.value;
        self.stochastic.take(rsi, rsi, rsi, PERCENT, 50.0)
    }

    /// Of the close taken last, as are the others.
    pub fn raw(&self) -> Option<Reading> {
        self.stochastic.raw()
    }

    /// The mean of raw.
    pub fn k(&self) -> Option<f64> {
        self.stochastic.k()
    }

    /// The mean of K.
    pub fn d(&self) -> Option<f64> {
        self.stochastic.d()
    }

    /// The RSI underneath.
    pub fn rsi(&self) -> Option<Reading> {
        self.rsi.value()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stochastic_is_warm_at_13_15_and_17_and_percent_r_at_13() {
        let (mut stochastic, mut percent_r) = (Stochastic::new(14, 3, 3), WilliamsR::new(14));
        for index in 0..40 {
            let close = 100.0 + f64::from((index * 7) % 11);
            let raw = stochastic.update(close + 1.0, close - 1.0, close);
            let percent = percent_r.update(close + 1.0, close - 1.0, close);
            assert_eq!(raw.is_some(), index >= 13, "{index}");
            assert_eq!(stochastic.k().is_some(), index >= 15, "{index}");
            assert_eq!(stochastic.d().is_some(), index >= 17, "{index}");
            assert_eq!(percent.is_some(), index >= 13, "{index}");
            if let Some((raw, percent)) = raw.zip(percent) {
                assert!((raw.value - percent.value - 100.0).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn the_ends_of_the_range_are_0_and_100() {
        let (mut stochastic, mut percent_r) = (Stochastic::new(3, 1, 1), WilliamsR::new(3));
        let bars = [(12.0, 8.0, 9.0), (11.0, 10.0, 10.0), (12.0, 8.0, 12.0)];
        let mut last = (None, None);
        for (high, low, close) in bars {
            last = (
                stochastic.update(high, low, close),
                percent_r.update(high, low, close),
            );
        }
        assert_eq!(last, (Some(Reading::of(100.0)), Some(Reading::of(0.0))));
        let low = (
            stochastic.update(12.0, 8.0, 8.0),
            percent_r.update(12.0, 8.0, 8.0),
        );
        assert_eq!(low, (Some(Reading::of(0.0)), Some(Reading::of(-100.0))));
    }

    #[test]
    fn a_window_without_range_is_0_and_flagged() {
        let (mut stochastic, mut percent_r) = (Stochastic::new(14, 3, 3), WilliamsR::new(14));
        for _ in 0..40 {
            stochastic.update(5.0, 5.0, 5.0);
            percent_r.update(5.0, 5.0, 5.0);
        }
        let flat = Some(Reading::flat(0.0));
        assert_eq!((stochastic.raw(), percent_r.value()), (flat, flat));
        assert_eq!((stochastic.k(), stochastic.d()), (Some(0.0), Some(0.0)));
    }

    #[test]
    fn stoch_rsi_is_warm_at_27_29_and_31() {
        let mut stoch = StochRsi::new(14, 14, 3, 3);
        for index in 0..60 {
            stoch.update(100.0 + f64::from((index * 7) % 11));
            assert_eq!(stoch.raw().is_some(), index >= 27, "{index}");
            assert_eq!(stoch.k().is_some(), index >= 29, "{index}");
            assert_eq!(stoch.d().is_some(), index >= 31, "{index}");
        }
    }

    #[test]
    fn stoch_rsi_of_a_flat_series_is_50_and_flagged() {
        let (mut plain, mut logs) = (StochRsi::new(14, 14, 3, 3), StochRsi::new(14, 14, 3, 3));
        for _ in 0..60 {
            plain.update(0.1);
            logs.update_log(0.1);
        }
        for stoch in [plain, logs] {
            assert_eq!(stoch.rsi(), Some(Reading::flat(0.0)));
            assert_eq!(stoch.raw(), Some(Reading::flat(50.0)));
            assert_eq!((stoch.k(), stoch.d()), (Some(50.0), Some(50.0)));
        }
    }

    #[test]
    fn stoch_rsi_of_logarithms_does_not_depend_on_the_unit_of_the_price() {
        let (mut a, mut b) = (StochRsi::new(14, 14, 3, 3), StochRsi::new(14, 14, 3, 3));
        for index in 0..200 {
            let price = 1.0 + f64::from((index * 37) % 101) / 100.0;
            a.update_log(price);
            b.update_log(price * 1e-7);
        }
        let (a, b) = (a.d().unwrap(), b.d().unwrap());
        assert!((a - b).abs() < 1e-7, "{a} {b}");
    }
}
