//! Candle lengths.

use crate::units::stamp::SECOND;
use crate::units::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// One of the fifteen candle lengths, 1 second to 1 day, aligned to the Unix epoch (1d: 00:00 UTC).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Interval(i64);

const NAMES: [(&str, i64); 15] = [
    ("1s", 1),
    ("5s", 5),
    ("15s", 15),
    ("30s", 30),
    ("1m", 60),
    ("3m", 180),
    ("5m", 300),
    ("15m", 900),
    ("30m", 1800),
    ("1h", 3600),
    ("2h", 7200),
    ("4h", 14_400),
    ("6h", 21_600),
    ("12h", 43_200),
    ("1d", 86_400),
];

impl Interval {
    pub const MINUTE: Self = Self(60);
    pub const HOUR: Self = Self(3600);
    pub const SIX_HOURS: Self = Self(21_600);
    /// All names, shortest first, for messages.
    pub const ALLOWED: &'static str = "1s 5s 15s 30s 1m 3m 5m 15m 30m 1h 2h 4h 6h 12h 1d";

    pub fn parse(text: &str) -> Option<Self> {
        NAMES
            .iter()
            .find(|(name, _)| *name == text)
            .map(|(_, seconds)| Self(*seconds))
    }

    /// The interval of that many seconds, if there is one.
    pub fn from_seconds(seconds: i64) -> Option<Self> {
        NAMES
            .iter()
            .any(|(_, s)| *s == seconds)
            .then_some(Self(seconds))
    }

    pub const fn seconds(self) -> i64 {
        self.0
    }

    pub const fn span(self) -> Span {
        Span(self.0 * SECOND)
    }

    pub fn name(self) -> &'static str {
        NAMES
            .iter()
            .find(|(_, seconds)| *seconds == self.0)
            .expect("only named intervals are made")
            .0
    }

    /// Start of the bucket that contains `time` (the first of the range is cut short).
    pub const fn bucket(self, time: Timestamp) -> Timestamp {
        let length = self.0 * SECOND;
        Timestamp(time.0.saturating_sub(time.0.rem_euclid(length)))
    }

    /// Whether candles of this length can be made from candles of `smaller`.
    pub const fn is_multiple_of(self, smaller: Self) -> bool {
        self.0 % smaller.0 == 0
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl From<Interval> for String {
    fn from(interval: Interval) -> Self {
        interval.name().to_owned()
    }
}

impl TryFrom<String> for Interval {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
            .ok_or_else(|| format!("interval {text:?}: expected one of {}", Self::ALLOWED))
    }
}
