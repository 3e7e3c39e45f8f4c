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

/// StochRSI(rsi, window, k, d), 0 to 100: raw = 100 (r - min r)/(max r - min r) of the RSI r, K the
/// SMA of raw, D the SMA of K. With 14, 14, 3, 3 first values at index 27, 29 and 31; raw is flat and
/// 50 where the RSI does not move.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StochRsi {
    rsi: Rsi,
    highest: RollingMax,
    lowest: RollingMin,
    raw: Option<Reading>,
    k: Sma,
    d: Sma,
}

impl StochRsi {
    /// # Panics
    /// If a length is 0 (a programming error).
    pub fn new(rsi: usize, window: usize, k: usize, d: usize) -> Self {
        Self {
            rsi: Rsi::new(rsi),
            highest: RollingMax::new(window),
            lowest: RollingMin::new(window),
            raw: None,
            k: Sma::new(k),
            d: Sma::new(d),
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
        let (high, low) = (self.highest.update(rsi), self.lowest.update(rsi));
        let (high, low) = high.zip(low)?;
        let raw = if is_zero(high - low, PERCENT) {
            Reading::flat(50.0)
        } else {
            Reading::of(PERCENT * ((rsi - low) / (high - low)))
        };
        self.raw = Some(raw);
        if let Some(k) = self.k.update(raw.value) {
            self.d.update(k);
        }
        self.raw
    }

    /// Of the close taken last, as are the others.
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

    /// The RSI underneath.
    pub fn rsi(&self) -> Option<Reading> {
        self.rsi.value()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
