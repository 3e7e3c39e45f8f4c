//! Series with fewer points that still show every extreme.
//!
//! Points are put into runs of equal length; of each run the lowest and the highest stay, in their
//! order. The first and the last point always stay. The result depends on the points only.

use crate::core::units::Timestamp;

/// A point of a series. The value is finite.
pub type Point = (Timestamp, f64);

/// At most `limit` points (at least 4) of a series.
pub fn thin(points: &[Point], limit: usize) -> Vec<Point> {
    let limit = limit.max(4);
    if points.len() <= limit {
        return points.to_vec();
    }
    let inner = &points[1..points.len() - 1];
    let runs = (limit - 2) / 2;
    let mut kept = Vec::with_capacity(limit);
    kept.push(points[0]);
    for run in 0..runs {
        let part = &inner[run * inner.len() / runs..(run + 1) * inner.len() / runs];
        let by_value = |a: &usize, b: &usize| part[*a].1.total_cmp(&part[*b].1);
        let low = (0..part.len()).min_by(by_value);
        let high = (0..part.len()).max_by(by_value);
        if let (Some(low), Some(high)) = (low, high) {
            kept.push(part[low.min(high)]);
            if low != high {
                kept.push(part[low.max(high)]);
            }
        }
    }
    kept.push(points[points.len() - 1]);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_short_series_stays_as_it_is() {
        let points = [(Timestamp(1), 1.0), (Timestamp(2), 2.0)];
        assert_eq!(thin(&points, 10), points);
        assert_eq!(thin(&[], 10), []);
    }

    #[test]
    fn a_spike_of_one_point_stays() {
        let mut points: Vec<Point> = (0..10_000).map(|n| (Timestamp(n), 5.0)).collect();
        points[7777].1 = 99.0;
        points[1234].1 = -3.0;
        let kept = thin(&points, 100);
        assert!(kept.contains(&(Timestamp(7777), 99.0)));
        assert!(kept.contains(&(Timestamp(1234), -3.0)));
    }

    proptest! {
        #[test]
        fn few_points_in_order_with_both_ends_and_extremes(
            values in prop::collection::vec(-1e9f64..1e9, 1..3000), limit in 0usize..500
        ) {
            let points: Vec<Point> =
                values.iter().enumerate().map(|(n, v)| (Timestamp(n as i64), *v)).collect();
            let kept = thin(&points, limit);
            prop_assert!(kept.len() <= limit.max(4));
            prop_assert!(kept.windows(2).all(|w| w[0].0 < w[1].0));
            prop_assert_eq!(kept.first(), points.first());
            prop_assert_eq!(kept.last(), points.last());
            let high = |p: &[Point]| p.iter().map(|p| p.1).fold(f64::MIN, f64::max);
            let low = |p: &[Point]| p.iter().map(|p| p.1).fold(f64::MAX, f64::min);
            prop_assert_eq!(high(&kept), high(&points));
            prop_assert_eq!(low(&kept), low(&points));
        }
    }
}
