//! What is made to go wrong, on request: by name, with a chance or a number of times, drawn from a
//! seed of its own.
//!
//! The places where things go wrong ask [`Faults::strikes`]; each question draws once, so that the
//! same seed and the same requests give the same faults. At most 32 faults are armed.

use crate::core::units::rng::SplitMix64;
use std::collections::BTreeMap;

/// Faults armed at once.
pub const ARMED_MAX: usize = 32;
/// A chance in parts of a million.
const MILLION: u64 = 1_000_000;

/// What can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultKind {
    /// A websocket is cut without a word, instead of a frame.
    Disconnect,
    /// Nothing is sent to a websocket for a while; what would have been sent is lost.
    Silence,
    DuplicateFrame,
    /// A frame is counted but not sent.
    MissingFrame,
    /// The sequence number jumps.
    SequenceGap,
    /// A REST answer comes late.
    SlowAnswer,
    /// A REST call is answered 429.
    TooManyRequests,
    /// A REST call is answered 5xx, and nothing is done.
    ServerError,
    /// A call is carried out, and the connection is cut instead of an answer.
    AnswerLost,
    /// Orders are filled in pieces; immediate ones end partly filled.
    PartialFill,
    /// A new order stays PENDING until faults are cleared.
    FrozenOrder,
    /// The venue's clock is off.
    WrongClock,
    /// User events come after the REST answer instead of before it.
    LateEvents,
    /// Bracket orders are not offered.
    NoBracket,
    /// Stop-limit orders are not offered.
    NoStopLimit,
    /// Contracts do not trade.
    SessionClosed,
    /// Stops that are reached do not act.
    StopsAsleep,
    /// A subscription leaves out the last of its products.
    MissedProduct,
}

const NAMES: [(&str, FaultKind); 18] = [
    ("disconnect", FaultKind::Disconnect),
    ("silence", FaultKind::Silence),
    ("duplicate_frame", FaultKind::DuplicateFrame),
    ("missing_frame", FaultKind::MissingFrame),
    ("sequence_gap", FaultKind::SequenceGap),
    ("slow_answer", FaultKind::SlowAnswer),
    ("too_many_requests", FaultKind::TooManyRequests),
    ("server_error", FaultKind::ServerError),
    ("answer_lost", FaultKind::AnswerLost),
    ("partial_fill", FaultKind::PartialFill),
    ("frozen_order", FaultKind::FrozenOrder),
    ("wrong_clock", FaultKind::WrongClock),
    ("late_events", FaultKind::LateEvents),
    ("no_bracket", FaultKind::NoBracket),
    ("no_stop_limit", FaultKind::NoStopLimit),
    ("session_closed", FaultKind::SessionClosed),
    ("stops_asleep", FaultKind::StopsAsleep),
    ("missed_product", FaultKind::MissedProduct),
];

impl FaultKind {
    pub fn parse(name: &str) -> Option<Self> {
        NAMES
            .iter()
            .find(|(of, _)| *of == name)
            .map(|(_, kind)| *kind)
    }

    pub fn name(self) -> &'static str {
        NAMES
            .iter()
            .find(|(_, kind)| *kind == self)
            .map_or("", |(name, _)| name)
    }

    /// Every name, for messages.
    pub fn names() -> String {
        NAMES.map(|(name, _)| name).join(", ")
    }
}

/// A fault that is armed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub kind: FaultKind,
    /// Parts of a million of the occasions.
    pub chance: u32,
    /// Times that it still strikes; `None`: for ever.
    pub left: Option<u32>,
    /// Milliseconds: of a delay, a silence, or by which the clock is off.
    pub ms: i64,
    /// Status of `server_error`.
    pub status: u16,
    /// Only REST calls whose path begins so.
    pub path: String,
    /// Occasions that it lets pass before the first strike.
    pub after: u32,
}

impl Fault {
    /// One that strikes at every occasion.
    pub fn new(kind: FaultKind) -> Self {
        Self {
            kind,
            chance: MILLION as u32,
            left: None,
            ms: match kind {
                FaultKind::SlowAnswer => 3_000,
                FaultKind::Silence => 10_000,
                FaultKind::WrongClock => 90_000,
                _ => 0,
            },
            status: 503,
            path: String::new(),
            after: 0,
        }
    }

    /// Reads `NAME`, then settings after commas: `slow_answer,chance=0.1,count=3,ms=500`; also
    /// `status`, `path` and `after`.
    ///
    /// # Errors
    /// What was not understood and what is expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parts = text.split(',');
        let name = parts.next().unwrap_or_default();
        let kind = FaultKind::parse(name)
            .ok_or_else(|| format!("fault {name:?}: expected one of {}", FaultKind::names()))?;
        let mut fault = Self::new(kind);
        for part in parts {
            let (setting, value) = part
                .split_once('=')
                .ok_or_else(|| format!("{part:?}: expected setting=value"))?;
            fault.set(setting, value)?;
        }
        Ok(fault)
    }

    /// Changes one setting.
    ///
    /// # Errors
    /// What was not understood and what is expected.
    pub fn set(&mut self, setting: &str, value: &str) -> Result<(), String> {
        let wrong = |expected: &str| format!("{setting}={value}: expected {expected}");
        match setting {
            "chance" => {
                let chance: f64 = value.parse().map_err(|_| wrong("0 to 1"))?;
                if !(0.0..=1.0).contains(&chance) {
                    return Err(wrong("0 to 1"));
                }
                self.chance = (chance * MILLION as f64).round() as u32;
            }
            "count" => self.left = Some(value.parse().map_err(|_| wrong("a number of times"))?),
            "after" => self.after = value.parse().map_err(|_| wrong("a number of occasions"))?,
            "ms" => {
                self.ms = value.parse().map_err(|_| wrong("milliseconds"))?;
                if self.ms.unsigned_abs() > 86_400_000 {
                    return Err(wrong("at most a day in milliseconds"));
                }
            }
            "status" => {
                self.status = value.parse().map_err(|_| wrong("a status of 400 to 599"))?;
                if !(400..600).contains(&self.status) {
                    return Err(wrong("a status of 400 to 599"));
                }
            }
            "path" if value.len() <= 200 => value.clone_into(&mut self.path),
            "path" => return Err(wrong("at most 200 characters")),
            _ => return Err(wrong("chance, count, after, ms, status or path")),
        }
        Ok(())
    }

    /// As it is shown.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "fault": self.kind.name(),
            "chance": f64::from(self.chance) / MILLION as f64,
            "count": self.left,
            "after": self.after,
            "ms": self.ms,
            "status": self.status,
            "path": self.path,
        })
    }
}

#[derive(Clone, Debug)]
pub struct Faults {
    armed: Vec<Fault>,
    rng: SplitMix64,
    /// How often each kind has struck.
    struck: BTreeMap<FaultKind, u64>,
}

impl Faults {
    pub fn new(seed: u64) -> Self {
        Self {
            armed: Vec::new(),
            rng: SplitMix64::new(seed),
            struck: BTreeMap::new(),
        }
    }

    /// Arms a fault.
    ///
    /// # Errors
    /// Too many are armed.
    pub fn arm(&mut self, fault: Fault) -> Result<(), String> {
        if self.armed.len() >= ARMED_MAX {
            return Err(format!("{ARMED_MAX} faults are armed; clear them first"));
        }
        self.armed.push(fault);
        Ok(())
    }

    pub fn clear(&mut self) {
        self.armed.clear();
    }

    pub fn armed(&self) -> &[Fault] {
        &self.armed
    }

    /// How often each kind has struck.
    pub fn struck(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.struck
            .iter()
            .map(|(kind, count)| (kind.name(), *count))
    }

    /// An occasion for a fault of this kind: whether it strikes, and its settings. `path` is that of
    /// a REST call.
    pub fn strikes(&mut self, kind: FaultKind, path: &str) -> Option<Fault> {
        let index = self
            .armed
            .iter()
            .position(|fault| fault.kind == kind && path.starts_with(&fault.path))?;
        let fault = &mut self.armed[index];
        if fault.after > 0 {
            fault.after -= 1;
            return None;
        }
        if self.rng.below(MILLION) >= u64::from(fault.chance) {
            return None;
        }
        let struck = fault.clone();
        if let Some(left) = &mut fault.left {
            *left = left.saturating_sub(1);
            if *left == 0 {
                self.armed.remove(index);
            }
        }
        *self.struck.entry(kind).or_default() += 1;
        Some(struck)
    }

    /// By how many nanoseconds the venue's clock is off.
    pub fn clock_offset(&self) -> i64 {
        let of_clock = |fault: &&Fault| fault.kind == FaultKind::WrongClock;
        let off = self.armed.iter().find(of_clock);
        off.map_or(0, |fault| fault.ms * crate::core::units::stamp::MILLISECOND)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_strikes_as_often_as_was_asked() {
        let mut faults = Faults::new(1);
        faults
            .arm(Fault::parse("answer_lost,count=2,after=1,path=/orders").unwrap())
            .unwrap();
        let mut strikes = |path| faults.strikes(FaultKind::AnswerLost, path).is_some();
        assert!(!strikes("/accounts"));
        let outcome: Vec<bool> = (0..5).map(|_| strikes("/orders")).collect();
        assert_eq!(outcome, [false, true, true, false, false]);
    }

    #[test]
    fn the_same_seed_strikes_the_same_occasions() {
        let run = |seed| {
            let mut faults = Faults::new(seed);
            faults
                .arm(Fault::parse("missing_frame,chance=0.3").unwrap())
                .unwrap();
            let mut hit = || faults.strikes(FaultKind::MissingFrame, "").is_some();
            (0..200).map(|_| hit()).collect::<Vec<_>>()
        };
        assert_eq!(run(5), run(5));
        assert_ne!(run(5), run(6));
        let hits = run(5).into_iter().filter(|hit| *hit).count();
        assert!((30..90).contains(&hits), "{hits}");
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for (text, says) in [
            ("explode", "expected one of disconnect"),
            ("silence,ms=x", "ms=x"),
            ("silence,chance=2", "0 to 1"),
            ("server_error,status=200", "400 to 599"),
            ("silence,colour=red", "colour=red"),
        ] {
            let error = Fault::parse(text).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }
}
