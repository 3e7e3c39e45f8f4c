//! What the gold buy remembers: the last deep bottoms of the wave, and the RSI there.
//!
//! A deep bottom is a turning point of wt2 under the bottom limit of the first pair of divergences.

use crate::indicators::Reading;
use serde::{Deserialize, Serialize};

/// A deep bottom of the wave.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeepBottom {
    /// Bar on which it became known.
    pub known: u64,
    /// wt2 at its centre.
    pub wave: f64,
    /// RSI at its centre; absent before it is warm.
    pub rsi: Option<Reading>,
}

/// What the rule of the gold buy looks at, on one bar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GoldInputs {
    /// wt2 at the centre of the last deep bottom known two bars ago.
    pub previous_low: Option<f64>,
    /// RSI at the centre of the last deep bottom known now.
    pub last_rsi: Option<Reading>,
}

/// The last two deep bottoms.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct DeepBottoms {
    last: Option<DeepBottom>,
    before: Option<DeepBottom>,
}

impl DeepBottoms {
    /// Takes up a bottom that has just become known.
    pub fn note(&mut self, bottom: DeepBottom) {
        self.before = self.last.replace(bottom);
    }

    /// What the rule looks at on bar `bar`. Two bottoms become known at least two bars apart, so
    /// the one before the last is always old enough.
    pub fn inputs(&self, bar: u64) -> GoldInputs {
        let old = self.last.filter(|bottom| bottom.known + 2 <= bar);
        GoldInputs {
            previous_low: old.or(self.before).map(|bottom| bottom.wave),
            last_rsi: self.last.and_then(|bottom| bottom.rsi),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bottom_counts_as_the_previous_low_two_bars_after_it_is_known() {
        let mut bottoms = DeepBottoms::default();
        assert_eq!(bottoms.inputs(9), GoldInputs::default());
        let bottom = |known, wave, rsi| DeepBottom {
            known,
            wave,
            rsi: Some(Reading::of(rsi)),
        };
        bottoms.note(bottom(10, -80.0, 20.0));
        let at = |bottoms: &DeepBottoms, bar| {
            let inputs = bottoms.inputs(bar);
            (inputs.previous_low, inputs.last_rsi.map(|r| r.value))
        };
        assert_eq!(at(&bottoms, 10), (None, Some(20.0)));
        assert_eq!(at(&bottoms, 11), (None, Some(20.0)));
        assert_eq!(at(&bottoms, 12), (Some(-80.0), Some(20.0)));
        bottoms.note(bottom(20, -70.0, 25.0));
        assert_eq!(at(&bottoms, 20), (Some(-80.0), Some(25.0)));
        assert_eq!(at(&bottoms, 21), (Some(-80.0), Some(25.0)));
        assert_eq!(at(&bottoms, 22), (Some(-70.0), Some(25.0)));
    }
}
