//! A rule as a row of clauses: written once, it decides and explains.
//!
//! A clause compares with the tolerance of its scale. What is absent is never met. A flagged
//! oscillator is never met either; a flagged money flow always is, for both sides: a market in which
//! nothing moves is not bearish.

use super::signal::{Signal, Signals};
use crate::indicators::Reading;
use crate::indicators::Relation;
use crate::indicators::compare::{PERCENT, above, below};
use crate::indicators::heikin_ashi::Colour;
use crate::indicators::wavetrend::{Crossing, Wave};

/// One condition of a rule with its outcome.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clause {
    pub name: &'static str,
    pub relation: Relation,
    /// Absent until warm.
    pub value: Option<f64>,
    /// What it is held against; absent until warm.
    pub threshold: Option<f64>,
    /// The value is flagged.
    pub flat: bool,
    pub met: bool,
}

/// Takes up rules one by one.
pub trait Judge {
    /// Takes up a rule; returns whether all of its clauses are met.
    fn rule<const N: usize>(&mut self, signal: Signal, clauses: [Clause; N]) -> bool;

    /// Whether rules are wanted that cannot fire, because what they begin with did not happen.
    fn wants_silent(&self) -> bool;
}

/// Keeps which rules fired, and nothing else.
#[derive(Clone, Copy, Debug, Default)]
pub struct Deciding(pub Signals);

impl Judge for Deciding {
    #[inline(always)]
    fn rule<const N: usize>(&mut self, signal: Signal, clauses: [Clause; N]) -> bool {
        let fired = clauses.iter().all(|clause| clause.met);
        self.0.note(signal, fired);
        fired
    }

    #[inline(always)]
    fn wants_silent(&self) -> bool {
        false
    }
}

#[inline(always)]
fn holds(value: f64, relation: Relation, threshold: f64, scale: f64) -> bool {
    match relation {
        Relation::Above | Relation::CrossesOver => above(value, threshold, scale),
        Relation::Below | Relation::CrossesUnder => below(value, threshold, scale),
        Relation::AtLeast => !below(value, threshold, scale),
        Relation::AtMost => !above(value, threshold, scale),
        Relation::Equals => !above(value, threshold, scale) && !below(value, threshold, scale),
    }
}

impl Clause {
    /// An oscillator (scale 100) against a level; not met where it is flagged.
    #[inline(always)]
    pub fn oscillator(
        name: &'static str,
        reading: Option<Reading>,
        relation: Relation,
        level: f64,
    ) -> Self {
        let met = reading.is_some_and(|r| !r.flat && holds(r.value, relation, level, PERCENT));
        Self::read(name, reading, relation, level, met)
    }

    /// A money flow (scale 100) against a level; met where it is flagged.
    #[inline(always)]
    pub fn flow(
        name: &'static str,
        reading: Option<Reading>,
        relation: Relation,
        level: f64,
    ) -> Self {
        let met = reading.is_some_and(|r| r.flat || holds(r.value, relation, level, PERCENT));
        Self::read(name, reading, relation, level, met)
    }

    #[inline(always)]
    fn read(
        name: &'static str,
        reading: Option<Reading>,
        relation: Relation,
        level: f64,
        met: bool,
    ) -> Self {
        Self {
            name,
            relation,
            value: reading.map(|r| r.value),
            threshold: Some(level),
            flat: reading.is_some_and(|r| r.flat),
            met,
        }
    }

    /// A price against another; the scale is the close.
    #[inline(always)]
    pub fn price(
        name: &'static str,
        value: Option<f64>,
        relation: Relation,
        threshold: Option<f64>,
        close: f64,
    ) -> Self {
        let met = match (value, threshold) {
            (Some(value), Some(threshold)) => holds(value, relation, threshold, close),
            _ => false,
        };
        Self {
            name,
            relation,
            value,
            threshold,
            flat: false,
            met,
        }
    }

    /// Two values of an oscillator against each other.
    #[inline(always)]
    pub fn values(
        name: &'static str,
        value: Option<f64>,
        relation: Relation,
        threshold: Option<f64>,
    ) -> Self {
        Self::price(name, value, relation, threshold, PERCENT)
    }

    /// A line crossing another; prices, so that the scale is the close.
    #[inline(always)]
    pub fn cross(
        name: &'static str,
        now: Option<(f64, f64)>,
        before: Option<(f64, f64)>,
        relation: Relation,
        close: f64,
    ) -> Self {
        let met = match (now, before) {
            (Some((a, b)), Some((a_before, b_before))) => {
                holds(a, relation, b, close) && !holds(a_before, relation, b_before, close)
            }
            _ => false,
        };
        Self {
            name,
            relation,
            value: now.map(|pair| pair.0),
            threshold: now.map(|pair| pair.1),
            flat: false,
            met,
        }
    }

    /// wt1 crossing wt2 on this bar.
    #[inline(always)]
    pub fn wave(name: &'static str, wave: &Wave, wanted: Crossing) -> Self {
        Self {
            name,
            relation: match wanted {
                Crossing::Down => Relation::CrossesUnder,
                _ => Relation::CrossesOver,
            },
            value: wave.wt1,
            threshold: wave.wt2,
            flat: wave.flat,
            met: wave.crossing == Some(wanted),
        }
    }

    /// Something that is so or not.
    #[inline(always)]
    pub fn flag(name: &'static str, is: Option<bool>, wanted: bool) -> Self {
        Self {
            name,
            relation: Relation::Equals,
            value: is.map(|is| f64::from(u8::from(is))),
            threshold: Some(f64::from(u8::from(wanted))),
            flat: false,
            met: is == Some(wanted),
        }
    }

    /// The colour of a candle, shown as 1 = green.
    #[inline(always)]
    pub fn colour(name: &'static str, colour: Option<Colour>, wanted: Colour) -> Self {
        let is_green = colour.map(|colour| colour == Colour::Green);
        Self::flag(name, is_green, wanted == Colour::Green)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(value: f64, flat: bool) -> Option<Reading> {
        Some(Reading { value, flat })
    }

    #[test]
    fn comparisons_keep_the_tolerance_of_their_scale() {
        let rsi =
            |value, relation| Clause::oscillator("rsi", reading(value, false), relation, 30.0);
        assert!(!rsi(30.0 + 0.9e-7, Relation::Above).met);
        assert!(rsi(30.0 + 1.1e-7, Relation::Above).met);
        assert!(rsi(30.0 + 0.9e-7, Relation::AtMost).met);
        assert!(!rsi(30.0 + 1.1e-7, Relation::AtMost).met);
        assert!(rsi(30.0 - 0.9e-7, Relation::AtLeast).met);
        assert!(rsi(30.0, Relation::Equals).met);
        let price = |value| Clause::price("open", Some(value), Relation::Above, Some(1e4), 1e4);
        assert!(!price(1e4 + 0.9e-5).met && price(1e4 + 1.1e-5).met);
    }

    #[test]
    fn a_flagged_oscillator_meets_nothing_and_a_flagged_flow_everything() {
        for relation in [Relation::Above, Relation::Below] {
            assert!(!Clause::oscillator("rsi", reading(50.0, true), relation, 0.0).met);
            assert!(!Clause::oscillator("rsi", reading(-50.0, true), relation, 0.0).met);
            assert!(Clause::flow("money_flow", reading(-2.5, true), relation, 0.0).met);
        }
        assert!(!Clause::flow("money_flow", reading(-2.5, false), Relation::Above, 0.0).met);
    }

    #[test]
    fn what_is_absent_is_never_met() {
        for relation in [Relation::Above, Relation::Below, Relation::AtMost] {
            assert!(!Clause::oscillator("rsi", None, relation, 0.0).met);
            assert!(!Clause::flow("money_flow", None, relation, 0.0).met);
            assert!(!Clause::price("open", None, relation, Some(1.0), 1.0).met);
            assert!(!Clause::cross("e1", Some((2.0, 1.0)), None, relation, 1.0).met);
        }
        assert!(!Clause::flag("x", None, false).met);
        assert!(!Clause::colour("x", None, Colour::Red).met);
    }
}
