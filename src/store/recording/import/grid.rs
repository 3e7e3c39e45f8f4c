//! The finest decimal step of what was seen: tick and lot where nobody states them.

use crate::core::units::Decimal;

/// Finds the largest power of ten (at most 1) that every number seen is a multiple of.
#[derive(Clone, Copy, Debug)]
pub struct FinestStep {
    /// In units of 1e-18.
    step: i128,
}

impl Default for FinestStep {
    fn default() -> Self {
        Self {
            step: Decimal::ONE.raw(),
        }
    }
}

impl FinestStep {
    #[inline]
    pub fn see(&mut self, value: Decimal) {
        // A step of 1 divides everything, so this ends.
        while value.raw() % self.step != 0 {
            self.step /= 10;
        }
    }

    pub const fn step(self) -> Decimal {
        Decimal::from_raw(self.step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_finest_step_seen_is_the_grid() {
        let mut step = FinestStep::default();
        for (text, expected) in [
            ("13873", "1"),
            ("13873.5", "0.1"),
            ("0.00141342", "0.00000001"),
            ("1", "0.00000001"),
        ] {
            step.see(Decimal::parse(text).unwrap());
            assert_eq!(step.step().to_string(), expected);
        }
    }
}
