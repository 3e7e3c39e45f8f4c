//! Points and lengths of time, as the core sees them: given, never asked for.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Nanoseconds in a second.
pub const SECOND: i64 = 1_000_000_000;
/// Nanoseconds in a millisecond.
pub const MILLISECOND: i64 = 1_000_000;

/// A length of time in nanoseconds.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Span(pub i64);

impl Span {
    pub const ZERO: Self = Self(0);

    pub const fn from_millis(millis: i64) -> Self {
        Self(millis * MILLISECOND)
    }

    pub const fn from_secs(secs: i64) -> Self {
        Self(secs * SECOND)
    }

    /// From seconds as configuration states them, to the millisecond, half-even.
    pub fn from_secs_f64(secs: f64) -> Self {
        Self((secs * 1000.0).round_ties_even() as i64 * MILLISECOND)
    }

    pub const fn as_millis(self) -> i64 {
        self.0 / MILLISECOND
    }

    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / SECOND as f64
    }
}

/// A point in time: nanoseconds since 1970-01-01T00:00:00Z. Range: the years 1678 to 2261.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis * MILLISECOND)
    }

    pub const fn as_millis(self) -> i64 {
        self.0.div_euclid(MILLISECOND)
    }

    /// Time since `earlier`; negative when `earlier` is later.
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl std::ops::Add<Span> for Timestamp {
    type Output = Self;
    /// Saturates at the ends of the range: a deadline that far never comes.
    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl std::ops::Sub<Span> for Timestamp {
    type Output = Self;
    fn sub(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with milliseconds: `2018-01-01T00:00:02.610Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = super::calendar::Date::of(*self);
        let millis = self.as_millis().rem_euclid(86_400_000);
        write!(
            f,
            "{day}T{:02}:{:02}:{:02}.{:03}Z",
            millis / 3_600_000,
            millis / 60_000 % 60,
            millis / 1000 % 60,
            millis % 1000
        )
    }
}

/// One reading of both clocks; everything in one loop turn shares it.
///
/// In bulk history there is no machine clock: both are the exchange's time.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Stamp {
    /// Boot-monotonic nanoseconds: intervals, time-outs and order of events.
    pub mono: i64,
    /// Wall time: candle boundaries, calendar limits, records.
    pub wall: Timestamp,
}

impl Stamp {
    /// The stamp of bulk history, where both clocks are the exchange's time.
    pub const fn of_history(time: Timestamp) -> Self {
        Self {
            mono: time.0,
            wall: time,
        }
    }
}
