//! The daily series: the last equity of each UTC day, in order of arrival.
//!
//! A candle's point belongs to the day of its open time and may come after the first fill of the
//! next day, so that a finished day can still change. Memory: one entry a day with data.

use crate::core::units::calendar::{DAY, day_start};
use crate::core::units::{Decimal, Timestamp};

/// Pure; one comparison a point within a day.
#[derive(Clone, Debug, Default)]
pub struct DailySeries {
    /// Midnight and last equity, ascending; the newest day apart in `today`.
    days: Vec<(Timestamp, Decimal)>,
    today: Option<(Timestamp, Decimal)>,
}

impl DailySeries {
    /// Takes the equity of a point.
    #[inline]
    pub fn push(&mut self, time: Timestamp, equity: Decimal) {
        if let Some((midnight, last)) = &mut self.today
            && (0..DAY).contains(&time.0.saturating_sub(midnight.0))
        {
            *last = equity;
            return;
        }
        self.other_day(day_start(time), equity);
    }

    #[cold]
    fn other_day(&mut self, midnight: Timestamp, equity: Decimal) {
        match &mut self.today {
            Some(today) if midnight > today.0 => {
                self.days.push(*today);
                *today = (midnight, equity);
            }
            None => self.today = Some((midnight, equity)),
            Some(_) => match self.days.binary_search_by_key(&midnight, |day| day.0) {
                Ok(index) => self.days[index].1 = equity,
                Err(index) => self.days.insert(index, (midnight, equity)),
            },
        }
    }

    /// Midnight and last equity of each day with data, ascending.
    pub fn days(&self) -> Vec<(Timestamp, Decimal)> {
        self.days.iter().copied().chain(self.today).collect()
    }
}

/// Returns of each day from the first to the last, days without data 0; the first day starts at
/// `start`. `None` when an equity that a return is counted from is not positive.
pub fn daily_returns(start: Decimal, days: &[(Timestamp, Decimal)]) -> Option<Vec<f64>> {
    let mut returns = Vec::new();
    let (mut before, mut last_day) = (start, None);
    for (midnight, equity) in days {
        if !before.is_positive() {
            return None;
        }
        if let Some(last) = last_day {
            let gap = midnight.since(last).0 / DAY - 1;
            returns.extend(std::iter::repeat_n(0.0, usize::try_from(gap).unwrap_or(0)));
        }
        let change = equity.checked_sub(before)?;
        returns.push(change.to_f64() / before.to_f64());
        (before, last_day) = (*equity, Some(*midnight));
    }
    Some(returns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::units::calendar::parse_time;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn at(text: &str) -> Timestamp {
        parse_time(text).unwrap()
    }

    #[test]
    fn the_last_equity_of_each_day_counts() {
        let mut series = DailySeries::default();
        for (time, equity) in [
            ("2018-01-01T00:00:00Z", 100),
            ("2018-01-01T23:58:00Z", 102),
            // A fill of the second comes before the close of the first day's last candle.
            ("2018-01-02T00:00:00Z", 99),
            ("2018-01-01T23:59:00Z", 101),
            ("2018-01-02T12:00:00Z", 103),
            // The third has no data.
            ("2018-01-04T12:00:00Z", 206),
        ] {
            series.push(at(time), Decimal::from_int(equity));
        }
        let days = series.days();
        assert_eq!(
            days,
            [
                (at("2018-01-01"), Decimal::from_int(101)),
                (at("2018-01-02"), Decimal::from_int(103)),
                (at("2018-01-04"), Decimal::from_int(206)),
            ]
        );
        let returns = daily_returns(Decimal::from_int(100), &days).unwrap();
        assert_eq!(returns, [0.01, 2.0 / 101.0, 0.0, 1.0]);
    }

    #[test]
    fn returns_from_nothing_are_undefined() {
        let days = [
            (at("2018-01-01"), Decimal::ZERO),
            (at("2018-01-02"), Decimal::ONE),
        ];
        assert_eq!(daily_returns(Decimal::ONE, &days), None);
        assert_eq!(daily_returns(Decimal::ONE, &days[..1]), Some(vec![-1.0]));
        assert_eq!(daily_returns(Decimal::ONE, &[]), Some(vec![]));
    }

    proptest! {
        #[test]
        fn equals_a_map_by_day(points in prop::collection::vec((0i64..40, 0i64..86_400, 1i64..1000), 0..100)) {
            let (mut series, mut map) = (DailySeries::default(), BTreeMap::new());
            for (day, second, equity) in points {
                let midnight = Timestamp(day * DAY);
                series.push(Timestamp(midnight.0 + second * 1_000_000_000), Decimal::from_int(equity));
                map.insert(midnight, Decimal::from_int(equity));
            }
            prop_assert_eq!(series.days(), map.into_iter().collect::<Vec<_>>());
        }
    }
}
