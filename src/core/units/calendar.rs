//! The UTC calendar: days, ISO weeks and months as boundaries of limits and reports.
//!
//! Civil-date arithmetic after Howard Hinnant, "chrono-compatible low-level date algorithms".

use super::stamp::{SECOND, Timestamp};
use std::fmt;

/// Nanoseconds in a UTC day; there are no leap seconds in Unix time.
pub const DAY: i64 = 86_400 * SECOND;

/// A UTC calendar date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    pub year: i32,
    /// 1 to 12.
    pub month: u32,
    /// 1 to 31.
    pub day: u32,
}

impl Date {
    /// The date that contains `time`.
    pub fn of(time: Timestamp) -> Self {
        let days = time.0.div_euclid(DAY) + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 {
            shifted_month + 3
        } else {
            shifted_month - 9
        };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Self {
            year: year as i32,
            month: month as u32,
            day: day as u32,
        }
    }

    /// 00:00 UTC of the date, if it exists in the calendar.
    pub fn midnight(self) -> Option<Timestamp> {
        if !(1..=12).contains(&self.month) || self.day < 1 || self.day > self.days_in_month() {
            return None;
        }
        let year = i64::from(self.year) - i64::from(self.month <= 2);
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let shifted_month = i64::from((self.month + 9) % 12);
        let day_of_year = (153 * shifted_month + 2) / 5 + i64::from(self.day) - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        let days = era * 146_097 + day_of_era - 719_468;
        days.checked_mul(DAY).map(Timestamp)
    }

    fn days_in_month(self) -> u32 {
        match self.month {
            2 if self.year % 4 == 0 && (self.year % 100 != 0 || self.year % 400 == 0) => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// 00:00 UTC of the day that contains `time`.
pub fn day_start(time: Timestamp) -> Timestamp {
    Timestamp(time.0.saturating_sub(time.0.rem_euclid(DAY)))
}

/// Monday 00:00 UTC of the ISO week that contains `time`.
pub fn week_start(time: Timestamp) -> Timestamp {
    // 1970-01-01 was a Thursday: three days after a Monday.
    let days = time.0.div_euclid(DAY);
    Timestamp((days - (days + 3).rem_euclid(7)).saturating_mul(DAY))
}

/// 00:00 UTC of the first of the month that contains `time`.
pub fn month_start(time: Timestamp) -> Timestamp {
    let date = Date {
        day: 1,
        ..Date::of(time)
    };
    date.midnight().unwrap_or(Timestamp(i64::MIN))
}

/// Parses RFC 3339 (`2018-01-01T00:00:02.610Z`, `+02:00` offsets, a space instead of `T`) or a
/// plain date, which stands for its midnight.
pub fn parse_time(text: &str) -> Option<Timestamp> {
    let number = |s: &str| -> Option<u32> {
        (!s.is_empty() && s.bytes().all(|b| b.is_ascii_digit()))
            .then(|| s.parse().ok())
            .flatten()
    };
    let (date, rest) = (text.get(..10)?, text.get(10..)?);
    let (b, d) = (date.as_bytes(), date);
    if b[4] != b'-' || b[7] != b'-' {
        return None;
    }
    let midnight = Date {
        year: number(&d[..4])? as i32,
        month: number(&d[5..7])?,
        day: number(&d[8..])?,
    }
    .midnight()?;
    if rest.is_empty() {
        return Some(midnight);
    }
    let clock = rest.strip_prefix(['T', 't', ' '])?;
    let (clock, offset_minutes) = match clock.strip_suffix(['Z', 'z']) {
        Some(clock) => (clock, 0),
        None => {
            let at = clock.rfind(['+', '-'])?;
            let (sign, offset) = (
                if clock.as_bytes()[at] == b'-' { -1 } else { 1 },
                &clock[at + 1..],
            );
            let (h, m) = offset.split_once(':')?;
            let (h, m) = (number(h)?, number(m)?);
            if h > 23 || m > 59 {
                return None;
            }
            (&clock[..at], sign * i64::from(h * 60 + m))
        }
    };
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let mut parts = clock.split(':');
    let (h, m, s) = (parts.next()?, parts.next()?, parts.next()?);
    let (h, m, s) = (number(h)?, number(m)?, number(s)?);
    if parts.next().is_some() || h > 23 || m > 59 || s > 59 {
        return None;
    }
    if fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let nanos: i64 = i64::from(number(&format!("{:0<9.9}", fraction))?);
    let seconds = i64::from(h * 3600 + m * 60 + s) - offset_minutes * 60;
    midnight
        .0
        .checked_add(seconds * SECOND)?
        .checked_add(nanos)
        .map(Timestamp)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn dates_round_trip(days in -100_000i64..100_000) {
            let midnight = Timestamp(days * DAY);
            prop_assert_eq!(Date::of(midnight).midnight(), Some(midnight));
            prop_assert_eq!(parse_time(&Date::of(midnight).to_string()), Some(midnight));
        }

        #[test]
        fn text_round_trips_to_the_millisecond(millis in 0i64..8_000_000_000_000) {
            let time = Timestamp::from_millis(millis);
            prop_assert_eq!(parse_time(&time.to_string()), Some(time));
        }
    }

    #[test]
    fn boundaries_of_a_known_day() {
        let time = parse_time("2018-01-05T03:13:32.822Z").unwrap();
        assert_eq!(day_start(time).to_string(), "2018-01-05T00:00:00.000Z");
        assert_eq!(week_start(time).to_string(), "2018-01-01T00:00:00.000Z");
        assert_eq!(month_start(time).to_string(), "2018-01-01T00:00:00.000Z");
        let sunday = parse_time("2024-03-03").unwrap();
        assert_eq!(week_start(sunday).to_string(), "2024-02-26T00:00:00.000Z");
    }

    #[test]
    fn offsets_and_nonsense() {
        assert_eq!(
            parse_time("2018-01-01T02:00:00+02:00"),
            parse_time("2018-01-01T00:00:00Z")
        );
        for bad in [
            "",
            "2018-13-01",
            "2018-02-30",
            "2018-01-01T25:00:00Z",
            "2018-01-01Tx",
            "20180101000000",
            "2018-01-01T00:00:00+99:00",
            "2018-01-01T00:00:00+71582789:00",
            "2018-01-01T00:00:00.Z",
            "2018-01-01T00:00:00.123456789nineZ",
        ] {
            assert_eq!(parse_time(bad), None, "{bad}");
        }
    }

    #[test]
    fn at_the_ends_of_the_range_periods_are_cut_short() {
        let first = Timestamp(i64::MIN);
        assert_eq!(day_start(first), first);
        assert_eq!(week_start(first), first);
        assert_eq!(month_start(first), first);
        let last = Timestamp(i64::MAX);
        assert_eq!(day_start(last).to_string(), "2262-04-11T00:00:00.000Z");
        assert_eq!(month_start(last).to_string(), "2262-04-01T00:00:00.000Z");
    }
}
