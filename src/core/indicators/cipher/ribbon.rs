//! The ribbon: eight exponential averages of the close, warm together.

use crate::indicators::Ema;
use crate::indicators::compare::{above, below};
use serde::{Deserialize, Serialize};

/// Averages of a ribbon.
pub const LINES: usize = 8;

/// The averages on one bar, e1 to e8.
pub type Lines = [f64; LINES];

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ribbon {
    averages: [Ema; LINES],
}

impl Ribbon {
    /// # Panics
    /// If a length is 0 (a programming error; configuration allows at least 1).
    pub fn new(lengths: [usize; LINES]) -> Self {
        Self {
            averages: lengths.map(Ema::new),
        }
    }

    /// Takes up a close. First lines at the longest length - 1.
    pub fn update(&mut self, close: f64) -> Option<Lines> {
        let mut lines = [0.0; LINES];
        let mut warm = true;
        for (line, average) in lines.iter_mut().zip(&mut self.averages) {
            match average.update(close) {
                Some(value) => *line = value,
                None => warm = false,
            }
        }
        warm.then_some(lines)
    }
}

/// 1 where the ribbon is bullish (e2 above e8), -1 where bearish, 0 where neither.
pub fn trend_dot(lines: &Lines, close: f64) -> i8 {
    let (fast, slow) = (lines[1], lines[7]);
    i8::from(above(fast, slow, close)) - i8::from(below(fast, slow, close))
}

/// |e1 - e8| in % of the close.
pub fn strength(lines: &Lines, close: f64) -> f64 {
    (lines[0] - lines[7]).abs() / close * 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ribbon_is_warm_as_a_whole_at_index_33() {
        let mut ribbon = Ribbon::new([5, 11, 15, 18, 21, 24, 28, 34]);
        for index in 0..36 {
            let lines = ribbon.update(100.0);
            assert_eq!(lines.is_some(), index >= 33, "{index}");
        }
    }

    #[test]
    fn dot_and_strength_follow_the_second_first_and_eighth_line() {
        let lines = [103.0, 101.0, 0.0, 0.0, 0.0, 0.0, 0.0, 100.0];
        assert_eq!(trend_dot(&lines, 100.0), 1);
        assert!((strength(&lines, 100.0) - 3.0).abs() < 1e-12);
        let mut lines = lines;
        lines[1] = 99.0;
        assert_eq!(trend_dot(&lines, 100.0), -1);
        lines[1] = 100.0 + 0.9e-7;
        assert_eq!(trend_dot(&lines, 100.0), 0);
    }
}
