//! Indicators that weigh price by volume: money flow index, on-balance volume, VWAP of the day.
//!
//! MFI: Gene Quong and Avrum Soudack; OBV: Joseph Granville, New Key to Stock Market Profits, 1963.

use super::bar::hlc3;
use super::compare::{PERCENT, above, below};
use super::reading::Reading;
use super::window::Window;
use crate::units::Timestamp;
use crate::units::calendar::DAY;
use serde::{Deserialize, Serialize};

/// MFI(n), 0 to 100: a bar's flow is its typical price times its volume, positive where the typical
/// price rose, negative where it fell; 100 P/(P+N) over n flows. First value at index n; flat and 0
/// where none of them counts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Mfi {
    previous: Option<f64>,
    positive: Window<f64>,
    negative: Window<f64>,
    value: Option<Reading>,
}

impl Mfi {
    /// # Panics
    /// If `length` is 0 (a programming error).
    pub fn new(length: usize) -> Self {
        Self {
            previous: None,
            positive: Window::new(length),
            negative: Window::new(length),
            value: None,
        }
    }

    /// Takes the next closed bar; the close is the scale of its comparisons.
    pub fn update(&mut self, high: f64, low: f64, close: f64, volume: f64) -> Option<Reading> {
        let price = hlc3(high, low, close);
        if let Some(before) = self.previous.replace(price) {
            let flow = price * volume;
            let counted = |counts: bool| if counts { flow } else { 0.0 };
            let positive = self.positive.update(counted(above(price, before, close)));
            let negative = self.negative.update(counted(below(price, before, close)));
            self.value = positive.zip(negative).map(|(positive, negative)| {
                let sum = positive + negative;
                // The window's sums are exactly 0 where no flow counts.
                if sum > 0.0 {
                    Reading::of(PERCENT * (positive / sum))
                } else {
                    Reading::flat(0.0)
                }
            });
        }
        self.value
    }

    /// Of the bar taken last.
    pub fn value(&self) -> Option<Reading> {
        self.value
    }
}

/// OBV, in units of volume: begins with the volume of bar 0, then adds the volume of a bar that
/// closed higher and subtracts that of a bar that closed lower. First value at index 0.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Obv {
    previous_close: Option<f64>,
    value: Option<f64>,
}

impl Obv {
    /// Before its first bar.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next closed bar.
    pub fn update(&mut self, close: f64, volume: f64) -> Option<f64> {
        let total = match (self.value, self.previous_close.replace(close)) {
            (Some(total), Some(before)) if above(close, before, close) => total + volume,
            (Some(total), Some(before)) if below(close, before, close) => total - volume,
            (Some(total), _) => total,
            (None, _) => volume,
        };
        self.value = Some(total);
        self.value
    }

    /// Of the bar taken last.
    pub fn value(&self) -> Option<f64> {
        self.value
    }
}

/// VWAP, in units of price: volume-weighted mean of typical prices since 00:00 UTC. A bar belongs to
/// the day of its open time. Absent while the day has no volume; a bar without volume keeps it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Vwap {
    /// Number of the day since the epoch.
    day: Option<i64>,
    value_sum: f64,
    volume_sum: f64,
}

impl Vwap {
    /// Before its first bar.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next closed bar.
    pub fn update(
        &mut self,
        open_time: Timestamp,
        high: f64,
        low: f64,
        close: f64,
        volume: f64,
    ) -> Option<f64> {
        let day = Some(open_time.0.div_euclid(DAY));
        if self.day != day {
            *self = Self {
                day,
                ..Self::default()
            };
        }
        self.value_sum += hlc3(high, low, close) * volume;
        self.volume_sum += volume;
        self.value()
    }

    /// Of the bar taken last.
    pub fn value(&self) -> Option<f64> {
        (self.volume_sum > 0.0).then(|| self.value_sum / self.volume_sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mfi_is_warm_at_index_14_and_flat_without_flows() {
        let mut mfi = Mfi::new(14);
        for index in 0..60 {
            // Prices move until bar 20, volume stops with bar 9.
            let price = 100.0 + f64::from(index.min(20));
            let volume = if index < 10 { 5.0 } else { 0.0 };
            let value = mfi.update(price, price, price, volume);
            let expected = match index {
                0..14 => None,
                14..=22 => Some(Reading::of(100.0)),
                _ => Some(Reading::flat(0.0)),
            };
            assert_eq!(value, expected, "{index}");
        }
    }

    #[test]
    fn mfi_weighs_flows_by_price() {
        let mut mfi = Mfi::new(2);
        mfi.update(10.0, 10.0, 10.0, 1.0);
        assert_eq!(mfi.update(20.0, 20.0, 20.0, 3.0), None);
        assert_eq!(
            mfi.update(15.0, 15.0, 15.0, 4.0),
            Some(Reading::of(50.0)),
            "60 up, 60 down"
        );
    }

    #[test]
    fn obv_begins_with_the_first_volume_and_ignores_equal_closes() {
        let mut obv = Obv::new();
        let bars = [
            (10.0, 5.0),
            (11.0, 2.0),
            (11.0, 9.0),
            (10.0, 4.0),
            (10.0 + 5e-9, 8.0),
        ];
        let values = bars.map(|(close, volume)| obv.update(close, volume));
        assert_eq!(values, [5.0, 7.0, 7.0, 3.0, 3.0].map(Some));
    }

    #[test]
    fn vwap_starts_anew_at_midnight_and_waits_for_volume() {
        let mut vwap = Vwap::new();
        let mut bar = |time: i64, price: f64, volume: f64| {
            vwap.update(Timestamp(time), price, price, price, volume)
        };
        assert_eq!(bar(DAY - 3, 10.0, 0.0), None);
        assert_eq!(bar(DAY - 2, 10.0, 1.0), Some(10.0));
        assert_eq!(bar(DAY - 1, 20.0, 3.0), Some(17.5));
        assert_eq!(bar(DAY - 1, 99.0, 0.0), Some(17.5));
        assert_eq!(bar(DAY, 30.0, 0.0), None);
        assert_eq!(bar(DAY + 1, 40.0, 2.0), Some(40.0));
        assert_eq!(bar(-1, 50.0, 1.0), Some(50.0));
    }
}
