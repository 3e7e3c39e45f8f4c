//! Whether decisions depend on what had not happened yet: those made on a beginning of a recording
//! must be those made on all of it, bit for bit.
//!
//! The recording is replayed once as a whole, in its natural runs of trades, then once for each end
//! and only up to there. Every decision counts, holds included, with everything that is recorded of
//! it. Not here: what is replayed and by which strategies, which the caller opens. Memory: 16 bytes
//! a decision of the whole run, at most [`DECISIONS_MAX`] of them.

use super::direct::Direct;
use crate::core::effect::Effect;
use crate::core::holds::HoldRows;
use crate::core::market::Interval;
use crate::core::records::{Decision, Record};
use crate::core::units::rng::SplitMix64;
use crate::core::units::{Span, Timestamp};
use crate::runtime::journal::Observer;
use crate::store::recording::RecordingError;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fmt;

/// Decisions of one recording that can be compared: eight years of minutes.
pub const DECISIONS_MAX: usize = 1 << 22;

/// How it came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing differs.
    Same {
        prefixes: usize,
        decisions: u64,
    },
    Differs(Difference),
}

/// The first decision that knew more than it could.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The prefix holds what came before this time.
    pub prefix_end: Timestamp,
    /// Number of the decision, from 1.
    pub decision: usize,
    /// Open time of its candle and number of its symbol, as far as either run made it.
    pub candle: Option<Timestamp>,
    pub symbol: Option<u64>,
    /// First field that differs, such as `proposal.action` or `indicators.rsi`.
    pub field: String,
    /// Its values in JSON; `nothing` where that run did not decide.
    pub on_prefix: String,
    pub on_whole: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "look-ahead: decision {}", self.decision)?;
        if let Some(candle) = self.candle {
            write!(f, " about the candle of {candle}")?;
        }
        write!(
            f,
            " is another one on the recording up to {} than on all of it: {} is {} on the prefix, \
             {} on the whole",
            self.prefix_end, self.field, self.on_prefix, self.on_whole
        )
    }
}

/// Why it could not be checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unchecked {
    /// No decision at all: nothing was compared.
    NoDecisions,
    /// More than [`DECISIONS_MAX`].
    TooMany,
}

impl fmt::Display for Unchecked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoDecisions => f.write_str(
                "nothing to check for look-ahead: no prefix holds a decision. Expected: a longer \
                 recording, or a trading.interval that fits it (not shorter than its candles)",
            ),
            Self::TooMany => write!(
                f,
                "too many decisions to check for look-ahead at once: expected at most \
                 {DECISIONS_MAX}; take parts of the recording with --from and --to"
            ),
        }
    }
}

/// Ends of `count` prefixes of the data from `first` to `last`, ascending: one in each of as many
/// equal parts, drawn from `seed`. In turn: at a candle's boundary (which leaves out the trade that
/// opens the next), a nanosecond behind one (which takes it in), and twice anywhere.
pub fn prefix_ends(
    first: Timestamp,
    last: Timestamp,
    count: usize,
    interval: Interval,
    seed: u64,
) -> Vec<Timestamp> {
    let mut rng = SplitMix64::new(seed);
    let length = last.since(first).0.max(0).unsigned_abs();
    let part = |number: u64| {
        let at = u128::from(length) * u128::from(number) / u128::from((count as u64).max(1));
        u64::try_from(at).unwrap_or(length)
    };
    let mut ends: Vec<Timestamp> = (0..count as u64)
        .map(|number| {
            let (from, to) = (part(number), part(number + 1));
            let drawn = from + rng.below((to - from).max(1));
            let at = first + Span(i64::try_from(drawn).unwrap_or(i64::MAX));
            match number % 4 {
                0 => interval.bucket(at) + interval.span(),
                1 => interval.bucket(at) + interval.span() + Span(1),
                _ => at,
            }
        })
        .collect();
    ends.sort_unstable();
    ends
}

/// Replays the whole and every prefix and compares. `open` gives a core with feeds that hold what
/// came before the given time, or everything for `None`, each time from the beginning.
///
/// # Errors
/// Those of `open`, and of reading; [`Unchecked`] as the inner error.
pub fn check<E: From<RecordingError>>(
    mut open: impl FnMut(Option<Timestamp>) -> Result<Direct, E>,
    ends: impl FnOnce(Timestamp, Timestamp) -> Vec<Timestamp>,
) -> Result<Result<Verdict, Unchecked>, E> {
    let mut whole = Trace::default();
    let (first, last) = replay(&mut open, None, &mut whole)?;
    if whole.overflowed {
        return Ok(Err(Unchecked::TooMany));
    }
    let (Some(first), Some(last)) = (first, last) else {
        return Ok(Err(Unchecked::NoDecisions));
    };
    let ends = ends(first, last);
    let mut decisions = 0;
    for end in &ends {
        let mut prefix = Trace::default();
        let (_, seen_to) = replay(&mut open, Some(*end), &mut prefix)?;
        if let Some(index) = first_difference(&whole, &prefix, seen_to) {
            let difference = explain(&mut open, *end, index)?;
            return Ok(Ok(Verdict::Differs(difference)));
        }
        decisions += prefix.marks.len() as u64;
    }
    if decisions == 0 {
        return Ok(Err(Unchecked::NoDecisions));
    }
    Ok(Ok(Verdict::Same {
        prefixes: ends.len(),
        decisions,
    }))
}

type Ends = (Option<Timestamp>, Option<Timestamp>);

fn replay<E: From<RecordingError>>(
    open: &mut impl FnMut(Option<Timestamp>) -> Result<Direct, E>,
    to: Option<Timestamp>,
    observer: &mut dyn Observer,
) -> Result<Ends, E> {
    let mut direct = open(to)?;
    direct.core.keep_holds(HoldRows::All);
    direct.run(observer)?;
    Ok(direct.span())
}

/// Index of the first decision that is not the same: another one, one too many, or one that the
/// whole had made by the time of the prefix's last input and the prefix had not.
fn first_difference(whole: &Trace, prefix: &Trace, seen_to: Option<Timestamp>) -> Option<usize> {
    let common = prefix.marks.len().min(whole.marks.len());
    if let Some(index) = (0..common).find(|n| prefix.marks[*n] != whole.marks[*n]) {
        return Some(index);
    }
    if prefix.marks.len() > common {
        return Some(common);
    }
    let next = whole.marks.get(common)?;
    seen_to.filter(|seen| next.time <= *seen).map(|_| common)
}

/// Replays both once more and looks at the decision that differs.
fn explain<E: From<RecordingError>>(
    open: &mut impl FnMut(Option<Timestamp>) -> Result<Direct, E>,
    end: Timestamp,
    index: usize,
) -> Result<Difference, E> {
    let mut on_prefix = Capture::of(index);
    replay(open, Some(end), &mut on_prefix)?;
    let mut on_whole = Capture::of(index);
    replay(open, None, &mut on_whole)?;
    let (prefix, whole) = (on_prefix.found, on_whole.found);
    let either = prefix.as_ref().or(whole.as_ref());
    let number = |name: &str| either.and_then(|d| d.get(name)).cloned();
    let (field, values) = match (&prefix, &whole) {
        (Some(prefix), Some(whole)) => differing_field(String::new(), prefix, whole)
            .unwrap_or_else(|| ("decision".to_owned(), ("?".to_owned(), "?".to_owned()))),
        (prefix, whole) => {
            let told = |side: &Option<Value>| side.as_ref().map_or("nothing", |_| "made");
            let values = (told(prefix).to_owned(), told(whole).to_owned());
            ("decision".to_owned(), values)
        }
    };
    Ok(Difference {
        prefix_end: end,
        decision: index + 1,
        candle: number("candle").and_then(|c| c.as_i64()).map(Timestamp),
        symbol: number("symbol").and_then(|s| s.as_u64()),
        field,
        on_prefix: values.0,
        on_whole: values.1,
    })
}

/// Path of the first leaf that differs, with both values.
fn differing_field(path: String, a: &Value, b: &Value) -> Option<(String, (String, String))> {
    if a == b {
        return None;
    }
    let below = |name: &str| {
        if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        }
    };
    let nothing = Value::Null;
    match (a, b) {
        (Value::Object(left), Value::Object(right)) => {
            let names = left
                .keys()
                .chain(right.keys().filter(|k| !left.contains_key(*k)));
            names.into_iter().find_map(|name| {
                let side = |map: &serde_json::Map<String, Value>| {
                    map.get(name).cloned().unwrap_or_else(|| nothing.clone())
                };
                differing_field(below(name), &side(left), &side(right))
            })
        }
        (Value::Array(left), Value::Array(right)) => {
            (0..left.len().max(right.len())).find_map(|index| {
                let (l, r) = (left.get(index), right.get(index));
                // Indicators are pairs of name and value.
                let name = l
                    .or(r)
                    .and_then(|item| item.get(0).or_else(|| item.get("name")))
                    .and_then(Value::as_str)
                    .map_or_else(|| index.to_string(), str::to_owned);
                let path = below(&name);
                differing_field(path, l.unwrap_or(&nothing), r.unwrap_or(&nothing))
            })
        }
        _ => {
            let path = path.strip_suffix(".1").unwrap_or(&path).to_owned();
            Some((path, (a.to_string(), b.to_string())))
        }
    }
}

/// What is kept of a decision: when it was made, and a digest of everything recorded of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    time: Timestamp,
    digest: u64,
}

#[derive(Debug, Default)]
struct Trace {
    marks: Vec<Mark>,
    overflowed: bool,
}

impl Observer for Trace {
    fn effect(&mut self, effect: &Effect) {
        let Some(decision) = decision(effect) else {
            return;
        };
        if self.marks.len() == DECISIONS_MAX {
            self.overflowed = true;
            return;
        }
        // Doubles are written with as many digits as tell them apart: equal text, equal bits.
        let text = serde_json::to_vec(decision).unwrap_or_default();
        let digest = Sha256::digest(&text);
        let head = digest.first_chunk().copied().unwrap_or_default();
        self.marks.push(Mark {
            time: decision.time,
            digest: u64::from_be_bytes(head),
        });
    }
}

/// Keeps one decision.
struct Capture {
    skip: usize,
    found: Option<Value>,
}

impl Capture {
    fn of(index: usize) -> Self {
        Self {
            skip: index,
            found: None,
        }
    }
}

impl Observer for Capture {
    fn effect(&mut self, effect: &Effect) {
        let Some(decision) = decision(effect).filter(|_| self.found.is_none()) else {
            return;
        };
        match self.skip.checked_sub(1) {
            Some(left) => self.skip = left,
            None => self.found = serde_json::to_value(decision).ok(),
        }
    }
}

fn decision(effect: &Effect) -> Option<&Decision> {
    match effect {
        Effect::Persist(record) => match &**record {
            Record::Decision(decision) => Some(decision),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ends_are_spread_and_fall_on_behind_and_between_boundaries() {
        let (first, last) = (Timestamp(90_500_000_000), Timestamp(7_290_500_000_000));
        let ends = prefix_ends(first, last, 64, Interval::MINUTE, 7);
        assert_eq!(ends.len(), 64);
        assert_eq!(ends, prefix_ends(first, last, 64, Interval::MINUTE, 7));
        assert_ne!(ends, prefix_ends(first, last, 64, Interval::MINUTE, 8));
        let past = |n: i64| {
            ends.iter()
                .filter(|end| end.0 % 60_000_000_000 == n)
                .count()
        };
        assert_eq!((past(0), past(1)), (16, 16));
        // One in each part, give or take the step to the boundary.
        for (part, end) in ends.iter().enumerate() {
            let middle = first.0 + (2 * part as i64 + 1) * 7_200_000_000_000 / 128;
            assert!((end.0 - middle).abs() < 240_000_000_000, "{part}: {end}");
        }
    }

    #[test]
    fn ends_of_an_instant_do_not_leave_it() {
        let at = Timestamp(120_000_000_000);
        let ends = prefix_ends(at, at, 4, Interval::MINUTE, 1);
        assert_eq!(ends.len(), 4);
        assert!(ends[0] >= at && ends[3].since(at) <= Span(60_000_000_001));
    }

    #[test]
    fn the_first_differing_field_is_named_down_to_the_indicator() {
        let a = json!({"candle": 5, "proposal": {"action": "LONG"}, "indicators": [["rsi", 1.5]]});
        let mut b = a.clone();
        assert_eq!(differing_field(String::new(), &a, &b), None);
        b["indicators"][0][1] = json!(1.500_000_000_000_000_2);
        let (field, values) = differing_field(String::new(), &a, &b).expect("differs");
        assert_eq!(field, "indicators.rsi");
        assert_eq!(values, ("1.5".into(), "1.5000000000000002".into()));
        // The first in the order of the names.
        b["proposal"]["action"] = json!("HOLD");
        let (field, _) = differing_field(String::new(), &a, &b).expect("differs");
        assert_eq!(field, "indicators.rsi");
        b["indicators"] = a["indicators"].clone();
        let (field, values) = differing_field(String::new(), &a, &b).expect("differs");
        assert_eq!(field, "proposal.action");
        assert_eq!(values, ("\"LONG\"".into(), "\"HOLD\"".into()));
    }

    #[test]
    fn a_decision_that_only_the_whole_made_in_time_is_a_difference() {
        let mark = |time, digest| Mark {
            time: Timestamp(time),
            digest,
        };
        let trace = |marks: &[Mark]| Trace {
            marks: marks.to_vec(),
            overflowed: false,
        };
        let whole = trace(&[mark(10, 1), mark(20, 2), mark(30, 3)]);
        let seen = |time| Some(Timestamp(time));
        let short = trace(&[mark(10, 1)]);
        assert_eq!(first_difference(&whole, &short, seen(19)), None);
        assert_eq!(first_difference(&whole, &short, seen(20)), Some(1));
        assert_eq!(first_difference(&whole, &whole, seen(99)), None);
        let other = trace(&[mark(10, 1), mark(20, 9)]);
        assert_eq!(first_difference(&whole, &other, seen(25)), Some(1));
        assert_eq!(first_difference(&short, &whole, seen(15)), Some(1));
        assert_eq!(first_difference(&whole, &trace(&[]), None), None);
    }
}
