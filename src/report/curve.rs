//! The equity curve, thinned to a fixed size by a rule that depends on the points' order only.
//!
//! Every `stride`-th point is kept; when the room is used up every second kept point goes and the
//! stride doubles. The first point stays, and the last is added at the end. One allocation in all.

use crate::core::units::{Decimal, Timestamp};

/// Points of a finished curve, at most.
pub const POINTS_MAX: usize = 2000;
/// Room of the thinning; even, so that halving keeps the rhythm. Two places are left for the end.
const ROOM: usize = POINTS_MAX - 2;

/// Pure; bounded.
#[derive(Clone, Debug)]
pub struct EquityCurve {
    points: Vec<(Timestamp, Decimal)>,
    /// A power of two.
    stride: u64,
    seen: u64,
    last: Option<(Timestamp, Decimal)>,
}

impl Default for EquityCurve {
    fn default() -> Self {
        Self {
            points: Vec::with_capacity(ROOM),
            stride: 1,
            seen: 0,
            last: None,
        }
    }
}

impl EquityCurve {
    #[inline]
    pub fn push(&mut self, time: Timestamp, equity: Decimal) {
        if self.seen & (self.stride - 1) == 0 {
            self.keep(time, equity);
        }
        self.seen += 1;
        self.last = Some((time, equity));
    }

    fn keep(&mut self, time: Timestamp, equity: Decimal) {
        if self.points.len() == ROOM {
            let mut index = 0;
            self.points.retain(|_| {
                index += 1;
                index % 2 == 1
            });
            self.stride *= 2;
            // ROOM is even, so this point's number is a multiple of the new stride too.
        }
        self.points.push((time, equity));
    }

    /// The thinned points with the last one.
    pub fn points(&self) -> Vec<(Timestamp, Decimal)> {
        let mut points = self.points.clone();
        if points.last() != self.last.as_ref() {
            points.extend(self.last);
        }
        points
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn the_curve_is_bounded_even_and_ends_at_the_end(count in 0u64..40_000) {
            let mut curve = EquityCurve::default();
            for number in 0..count {
                curve.push(Timestamp(number as i64), Decimal::from_int(number as i64));
            }
            let points = curve.points();
            prop_assert!(points.len() < POINTS_MAX);
            prop_assert_eq!(points.first().map(|p| p.0), (count > 0).then_some(Timestamp(0)));
            prop_assert_eq!(points.last().map(|p| p.0.0), count.checked_sub(1).map(|n| n as i64));
            let steps: Vec<_> = points.windows(2).map(|w| w[1].0.0 - w[0].0.0).collect();
            let regular = &steps[..steps.len().saturating_sub(1)];
            prop_assert!(regular.windows(2).all(|w| w[0] == w[1]));
            prop_assert!(count < ROOM as u64 || points.len() >= ROOM / 2);
        }
    }
}
