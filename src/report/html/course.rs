//! A curve in one sentence: where it began, where it ended, between what it moved.

use super::chart::value_text;
use super::thin::Point;
use crate::report::figures::minute;

/// The points that say it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Course {
    first: Point,
    last: Point,
    lowest: Point,
    highest: Point,
}

impl Course {
    /// Of a curve alone; `None` without a point.
    pub fn of(points: &[Point]) -> Option<Self> {
        Self::within(points, points, points)
    }

    /// Of a curve between lows and highs; `None` where one has no point. Of equal ones the first is
    /// the lowest, the last the highest.
    pub fn within(points: &[Point], lows: &[Point], highs: &[Point]) -> Option<Self> {
        let by_value = |a: &&Point, b: &&Point| a.1.total_cmp(&b.1);
        Some(Self {
            first: *points.first()?,
            last: *points.last()?,
            lowest: *lows.iter().min_by(by_value)?,
            highest: *highs.iter().max_by(by_value)?,
        })
    }

    /// `at` stands before a time: `on` for an instant, `by` for the end of a candle.
    pub fn said(&self, name: &str, at: &str, digits: usize) -> String {
        format!(
            "{name} from {} to {}; lowest {} {at} {}, highest {} {at} {} UTC.",
            value_text(self.first.1, digits),
            value_text(self.last.1, digits),
            value_text(self.lowest.1, digits),
            minute(self.lowest.0),
            value_text(self.highest.1, digits),
            minute(self.highest.0),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::units::Timestamp;

    #[test]
    fn lows_and_highs_may_lie_beside_the_curve() {
        let at = |minute: i64, value| (Timestamp(minute * 60_000_000_000), value);
        let closes = [at(1, 5.0), at(2, 6.0), at(3, 4.5)];
        let course = Course::within(
            &closes,
            &[at(1, 4.0), at(2, 4.0)],
            &[at(2, 7.25), at(3, 7.25)],
        );
        assert_eq!(
            course.unwrap().said("X", "by", 2),
            "X from 5.00 to 4.50; lowest 4.00 by 1970-01-01 00:01, highest 7.25 by \
             1970-01-01 00:03 UTC."
        );
        assert_eq!(Course::of(&[]), None);
        assert_eq!(Course::within(&closes, &[], &closes), None);
    }
}
