//! Parts of the recordings: what a choice may see, and what it is held against.
//!
//! A split has one window: its first part in-sample, the rest out-of-sample. Walk-forward has one
//! after the other: each trains on a stretch and is tested on the next, and moves on by the length
//! of the test, so that the tests follow each other without gap or overlap. Boundaries fall on
//! multiples of a step (the longest candle of the sweep).

use crate::core::units::{Span, Timestamp};
use crate::store::sweep_results::Part;
use serde::{Deserialize, Serialize};

/// Windows of one sweep at most.
pub const WINDOWS_MAX: u32 = 1000;

/// How the recordings are divided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Division {
    /// Not at all: everything is in-sample.
    Whole,
    /// The share of the time that is in-sample.
    Split(f64),
    WalkForward {
        train: Span,
        test: Span,
    },
}

/// One part of one window: what came at or after `from` and before `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// From 1; the two parts share it.
    pub number: u32,
    pub part: Part,
    /// `None` = from the start of the recordings.
    pub from: Option<Timestamp>,
    /// `None` = to their end.
    pub to: Option<Timestamp>,
}

impl Division {
    /// `0.7`: seven tenths of the time are in-sample.
    ///
    /// # Errors
    /// What was expected.
    pub fn parse_split(text: &str) -> Result<Self, String> {
        text.parse()
            .ok()
            .filter(|share: &f64| *share > 0.0 && *share < 1.0)
            .map(Self::Split)
            .ok_or_else(|| format!("{text}: expected a share between 0 and 1, such as 0.7"))
    }

    /// `train=2d,test=1d`; lengths in s, m, h or d.
    ///
    /// # Errors
    /// What was expected.
    pub fn parse_walk_forward(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("{text}: expected train=LENGTH,test=LENGTH, such as train=2d,test=1d");
        let (mut train, mut test) = (None, None);
        for pair in text.split(',') {
            let (name, length) = pair.split_once('=').ok_or_else(wrong)?;
            let length = Some(parse_length(length).ok_or_else(wrong)?);
            match name.trim() {
                "train" if train.is_none() => train = length,
                "test" if test.is_none() => test = length,
                _ => return Err(wrong()),
            }
        }
        match (train, test) {
            (Some(train), Some(test)) => Ok(Self::WalkForward { train, test }),
            _ => Err(wrong()),
        }
    }

    /// The parts of recordings with data from `first` to `last`, window by window.
    ///
    /// # Errors
    /// There is no room for a whole window, or for too many.
    pub fn windows(
        self,
        first: Timestamp,
        last: Timestamp,
        step: Span,
    ) -> Result<Vec<Window>, String> {
        match self {
            Self::Whole => Ok(vec![window(1, Part::In, None, None)]),
            Self::Split(share) => {
                let length = last.since(first).as_secs_f64();
                let at = first + Span::from_secs_f64(length * share);
                let at = floor(at, step);
                if at <= first || at >= last {
                    return Err(format!(
                        "a split at {share} leaves one part without data: {first} to {last} has no \
                         boundary of a candle there"
                    ));
                }
                Ok(vec![
                    window(1, Part::In, None, Some(at)),
                    window(1, Part::Out, Some(at), None),
                ])
            }
            Self::WalkForward { train, test } => walk_forward(first, last, train, test, step),
        }
    }
}

fn walk_forward(
    first: Timestamp,
    last: Timestamp,
    train: Span,
    test: Span,
    step: Span,
) -> Result<Vec<Window>, String> {
    if train.0 % step.0 != 0 || test.0 % step.0 != 0 {
        return Err(format!(
            "walk-forward lengths must be multiples of the longest candle, {} s",
            step.0 / 1_000_000_000
        ));
    }
    let mut windows = Vec::new();
    let mut start = floor(first, step);
    for number in 1.. {
        let (middle, end) = (start + train, start + train + test);
        // A last test of at least half its length counts, up to the end of the data.
        if last.since(middle).0 < test.0 / 2 {
            break;
        }
        if number > WINDOWS_MAX {
            return Err(format!(
                "more than {WINDOWS_MAX} windows: expected longer ones"
            ));
        }
        let from = (number > 1).then_some(start);
        windows.push(window(number, Part::In, from, Some(middle)));
        let to = (end <= last).then_some(end);
        windows.push(window(number, Part::Out, Some(middle), to));
        if to.is_none() {
            break;
        }
        start = start + test;
    }
    if windows.is_empty() {
        return Err(format!(
            "the recordings go from {first} to {last}: too short for a window of {} s and a test of \
             {} s",
            train.0 / 1_000_000_000,
            test.0 / 1_000_000_000
        ));
    }
    Ok(windows)
}

fn window(number: u32, part: Part, from: Option<Timestamp>, to: Option<Timestamp>) -> Window {
    Window {
        number,
        part,
        from,
        to,
    }
}

fn floor(time: Timestamp, step: Span) -> Timestamp {
    Timestamp(time.0 - time.0.rem_euclid(step.0.max(1)))
}

/// `90s`, `15m`, `6h`, `2d`: whole numbers above 0.
pub fn parse_length(text: &str) -> Option<Span> {
    let text = text.trim();
    let unit = text.chars().last()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return None,
    };
    let count: i64 = text[..text.len() - 1].parse().ok()?;
    let length = count.checked_mul(seconds * 1_000_000_000)?;
    (length > 0).then_some(Span(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000_000_000;
    const STEP: Span = Span(HOUR / 60);

    fn hours(n: i64) -> Timestamp {
        Timestamp(n * HOUR)
    }

    #[test]
    fn a_split_falls_on_a_candles_boundary() {
        let (first, last) = (Timestamp(hours(10).0 + 2), Timestamp(hours(20).0 + 5));
        let windows = Division::Split(0.7).windows(first, last, STEP).unwrap();
        assert_eq!(
            windows,
            [
                window(1, Part::In, None, Some(hours(17))),
                window(1, Part::Out, Some(hours(17)), None),
            ]
        );
        let short = Division::Split(0.5).windows(hours(1), Timestamp(hours(1).0 + 5), STEP);
        assert!(short.unwrap_err().contains("without data"));
    }

    #[test]
    fn tests_of_walk_forward_follow_each_other_without_gap() {
        let division = Division::parse_walk_forward("train=4h,test=2h").unwrap();
        let windows = division.windows(hours(0), hours(11), STEP).unwrap();
        let parts: Vec<(u32, &str, i64, i64)> = windows
            .iter()
            .map(|w| {
                let hour = |t: Option<Timestamp>| t.map_or(-1, |t| t.0 / HOUR);
                (w.number, w.part.name(), hour(w.from), hour(w.to))
            })
            .collect();
        assert_eq!(
            parts,
            [
                (1, "in", -1, 4),
                (1, "out", 4, 6),
                (2, "in", 2, 6),
                (2, "out", 6, 8),
                (3, "in", 4, 8),
                (3, "out", 8, 10),
                // Half a test is left: it goes to the end.
                (4, "in", 6, 10),
                (4, "out", 10, -1),
            ]
        );
        let less = division.windows(hours(0), Timestamp(hours(11).0 - 1), STEP);
        assert_eq!(less.unwrap().len(), 6);
        let short = division.windows(hours(0), hours(4), STEP).unwrap_err();
        assert!(short.contains("too short"), "{short}");
    }

    #[test]
    fn lengths_and_shares_that_make_no_sense_are_refused() {
        for wrong in ["0", "1", "-0.1", "70%", "nan"] {
            assert!(Division::parse_split(wrong).is_err(), "{wrong}");
        }
        for wrong in [
            "2d,1d",
            "train=2d",
            "train=2d,train=1d",
            "train=0d,test=1d",
            "train=2w,test=1d",
            "train=d,test=1d",
            "",
        ] {
            assert!(Division::parse_walk_forward(wrong).is_err(), "{wrong}");
        }
        let odd = Division::parse_walk_forward("train=90s,test=60s").unwrap();
        assert!(
            odd.windows(hours(0), hours(9), STEP)
                .unwrap_err()
                .contains("multiples")
        );
        let many = Division::parse_walk_forward("train=1m,test=1m").unwrap();
        assert!(
            many.windows(hours(0), hours(90), STEP)
                .unwrap_err()
                .contains("windows")
        );
    }
}
