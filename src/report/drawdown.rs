//! The maximum drawdown of an equity series, with the times it started, bottomed and recovered.
//!
//! A fall is measured from the highest equity so far; within one fall the deepest point counts, so
//! that a point costs a comparison or two. Of equally deep falls the first is kept.

use crate::core::units::{Decimal, Timestamp};
use serde::{Deserialize, Serialize};

/// A fall from a peak.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Drawdown {
    /// 100 (peak - bottom) / peak.
    pub pct: f64,
    /// When the peak was last seen.
    pub start: Timestamp,
    pub bottom: Timestamp,
    /// When the peak was reached again; `None` = not yet.
    pub recovery: Option<Timestamp>,
}

/// Pure; a fixed number of values.
#[derive(Clone, Debug)]
pub struct DrawdownTracker {
    peak: Decimal,
    /// `None` before the first point.
    peak_time: Option<Timestamp>,
    low: Decimal,
    low_time: Timestamp,
    worst: Option<Drawdown>,
}

impl DrawdownTracker {
    /// The series begins at the starting equity.
    pub fn new(start: Decimal) -> Self {
        Self {
            peak: start,
            peak_time: None,
            low: start,
            low_time: Timestamp(0),
            worst: None,
        }
    }

    #[inline]
    pub fn push(&mut self, time: Timestamp, equity: Decimal) {
        if self.peak_time.is_none() {
            self.peak_time = Some(time);
        }
        if equity >= self.peak {
            if self.low < self.peak {
                self.worst = self.with_current(Some(time));
            }
            self.peak = equity;
            self.peak_time = Some(time);
            self.low = equity;
        } else if equity < self.low {
            self.low = equity;
            self.low_time = time;
        }
    }

    /// The worst fall so far, the one still going on included; `None` if equity never fell or never
    /// was positive.
    pub fn worst(&self) -> Option<Drawdown> {
        if self.low < self.peak {
            self.with_current(None)
        } else {
            self.worst
        }
    }

    /// The worse of the worst and the current fall.
    fn with_current(&self, recovery: Option<Timestamp>) -> Option<Drawdown> {
        if !self.peak.is_positive() {
            return self.worst;
        }
        let fall = self.peak.checked_sub(self.low)?;
        let pct = 100.0 * fall.to_f64() / self.peak.to_f64();
        match self.worst {
            Some(worst) if worst.pct >= pct => Some(worst),
            _ => Some(Drawdown {
                pct,
                start: self.peak_time.unwrap_or(self.low_time),
                bottom: self.low_time,
                recovery,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn worst(start: i64, series: &[i64]) -> Option<Drawdown> {
        let mut tracker = DrawdownTracker::new(Decimal::from_int(start));
        for (index, equity) in series.iter().enumerate() {
            tracker.push(Timestamp(index as i64), Decimal::from_int(*equity));
        }
        tracker.worst()
    }

    #[test]
    fn the_deepest_fall_is_found_with_its_times() {
        // 100 -> 90 (10 %), recovered; 120 -> 90 (25 %), recovered at 125; 125 -> 100 (20 %).
        let found = worst(100, &[100, 90, 110, 120, 120, 95, 90, 119, 125, 100]);
        assert_eq!(
            found,
            Some(Drawdown {
                pct: 25.0,
                start: Timestamp(4),
                bottom: Timestamp(6),
                recovery: Some(Timestamp(8))
            })
        );
    }

    #[test]
    fn a_fall_that_lasts_has_no_recovery() {
        let found = worst(200, &[150, 180]).unwrap();
        assert_eq!((found.pct, found.recovery), (25.0, None));
        assert_eq!((found.start, found.bottom), (Timestamp(0), Timestamp(0)));
    }

    #[test]
    fn reaching_the_peak_again_is_a_recovery() {
        let found = worst(100, &[100, 80, 100, 99]).unwrap();
        assert_eq!(found.recovery, Some(Timestamp(2)));
        assert_eq!(found.pct, 20.0);
    }

    #[test]
    fn flat_and_rising_equity_never_fell() {
        assert_eq!(worst(100, &[100, 100]), None);
        assert_eq!(worst(100, &[101, 102]), None);
        assert_eq!(worst(100, &[]), None);
        assert_eq!(worst(0, &[-5, -6]), None);
    }

    proptest! {
        #[test]
        fn equals_the_definition(series in prop::collection::vec(1i64..1000, 0..60)) {
            let (mut peak, mut expected) = (500i64, 0f64);
            for equity in &series {
                peak = peak.max(*equity);
                expected = expected.max(100.0 * (peak - equity) as f64 / peak as f64);
            }
            prop_assert_eq!(worst(500, &series).map_or(0.0, |d| d.pct), expected);
        }
    }
}
