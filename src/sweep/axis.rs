//! One setting that is varied: a list of values, or a range that values are drawn from.
//!
//! `KEY=a,b,c` lists values (`KEY=a|b` where a value has a comma itself); `KEY=LOW..HIGH` is a range
//! of decimals, `:log` draws its logarithm evenly, `:int` whole numbers. Drawn decimals have six
//! significant digits (of the larger end, where the range is linear). Whether key and values are any good is the configuration's to say.

use crate::core::units::decimal_text::exponent;
use crate::core::units::rng::SplitMix64;
use crate::core::units::{Decimal, Rounding};

/// Steps that a range is divided into for drawing.
const STEPS: u64 = 1_000_000;
/// Significant digits of a drawn decimal.
const DIGITS: i32 = 6;

/// A setting and its values.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    pub key: String,
    pub values: Values,
}

/// Where the values of an axis come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    Listed(Vec<String>),
    /// Evenly within both ends.
    Linear(Decimal, Decimal),
    /// Evenly in the logarithm; both ends above 0.
    Logarithmic(Decimal, Decimal),
    /// Whole numbers, both ends included.
    Whole(i64, i64),
}

impl Axis {
    /// `KEY=a,b,c` or `KEY=a|b|c`.
    ///
    /// # Errors
    /// What was expected.
    pub fn parse_grid(text: &str) -> Result<Self, String> {
        let (key, values) = key_of(text)?;
        let separator = if values.contains('|') { '|' } else { ',' };
        let mut listed: Vec<String> = Vec::new();
        for value in values.split(separator).map(str::trim) {
            if listed.iter().any(|known| known == value) {
                return Err(format!("{key}: the value {value} is listed twice"));
            }
            listed.push(value.to_owned());
        }
        Ok(Self {
            key,
            values: Values::Listed(listed),
        })
    }

    /// `KEY=LOW..HIGH`, `KEY=LOW..HIGH:log` or `KEY=LOW..HIGH:int`.
    ///
    /// # Errors
    /// What was expected.
    pub fn parse_range(text: &str) -> Result<Self, String> {
        let (key, range) = key_of(text)?;
        let wrong = || format!("{key}={range}: expected LOW..HIGH, LOW..HIGH:log or LOW..HIGH:int");
        let (ends, kind) = match range.split_once(':') {
            None => (range, ""),
            Some((ends, kind)) => (ends, kind),
        };
        let (low, high) = ends.split_once("..").ok_or_else(wrong)?;
        let values = match kind {
            "int" => {
                let whole = |text: &str| text.trim().parse::<i64>().map_err(|_| wrong());
                Values::Whole(whole(low)?, whole(high)?)
            }
            "" | "log" => {
                let number = |text: &str| Decimal::parse_plain(text.trim()).map_err(|_| wrong());
                let (low, high) = (number(low)?, number(high)?);
                if kind.is_empty() {
                    Values::Linear(low, high)
                } else {
                    Values::Logarithmic(low, high)
                }
            }
            _ => return Err(wrong()),
        };
        let (ordered, positive) = match values {
            Values::Whole(low, high) => (low < high, true),
            Values::Linear(low, high) => (low < high, true),
            Values::Logarithmic(low, high) => (low < high, low.is_positive()),
            Values::Listed(_) => (true, true),
        };
        if !ordered {
            return Err(format!(
                "{key}={range}: expected a lower end below the upper one"
            ));
        }
        if !positive {
            return Err(format!("{key}={range}: a logarithm needs ends above 0"));
        }
        Ok(Self { key, values })
    }

    /// The listed values; `None` for a range.
    pub fn listed(&self) -> Option<&[String]> {
        match &self.values {
            Values::Listed(values) => Some(values),
            _ => None,
        }
    }

    /// One value, in the notation of `--set`.
    pub fn draw(&self, rng: &mut SplitMix64) -> String {
        match &self.values {
            Values::Listed(values) => {
                let index = usize::try_from(rng.below(values.len().max(1) as u64)).unwrap_or(0);
                values.get(index).cloned().unwrap_or_default()
            }
            Values::Whole(low, high) => {
                let count = high.abs_diff(*low).saturating_add(1);
                low.wrapping_add_unsigned(rng.below(count)).to_string()
            }
            Values::Linear(low, high) => {
                let step = i128::from(rng.below(STEPS + 1));
                let largest = low.abs().max(high.abs()).to_f64();
                // A range too wide for decimals ends at its lower end.
                let value = high
                    .checked_sub(*low)
                    .and_then(|width| width.mul_div(step, i128::from(STEPS), Rounding::HalfEven))
                    .and_then(|offset| low.checked_add(offset))
                    .unwrap_or(*low);
                let rounded = value.round(digits_of(largest), Rounding::HalfEven);
                rounded.clamp(*low, *high).to_string()
            }
            Values::Logarithmic(low, high) => {
                let share = (rng.draw() >> 11) as f64 / (1u64 << 53) as f64;
                let (from, to) = (libm::log(low.to_f64()), libm::log(high.to_f64()));
                let value = libm::exp(from + (to - from) * share);
                // Its text is the double to the last digit shown, however small it is.
                let text = format!("{value:.*}", digits_of(value) as usize);
                let drawn = Decimal::parse_plain(&text).unwrap_or(*low);
                drawn.clamp(*low, *high).to_string()
            }
        }
    }
}

/// Digits after the point that leave six significant ones of a number of this size.
fn digits_of(size: f64) -> u32 {
    (DIGITS - 1 - exponent(size)).clamp(0, 18).unsigned_abs()
}

fn key_of(text: &str) -> Result<(String, &str), String> {
    match text.split_once('=') {
        Some((key, values)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), values)),
        _ => Err(format!(
            "{text}: expected a configuration key, =, and its values"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn drawn(range: &str, count: usize) -> Vec<String> {
        let axis = Axis::parse_range(range).unwrap();
        let mut rng = SplitMix64::new(11);
        (0..count).map(|_| axis.draw(&mut rng)).collect()
    }

    #[test]
    fn grids_list_values_and_lists_of_lists_are_parted_by_a_bar() {
        let axis = Axis::parse_grid("a.b=1, 2,3").unwrap();
        assert_eq!(
            (axis.key.as_str(), axis.listed().unwrap()),
            ("a.b", &["1".into(), "2".into(), "3".into()][..])
        );
        let axis = Axis::parse_grid("a.b=X,Y|Z").unwrap();
        assert_eq!(axis.listed().unwrap(), ["X,Y", "Z"]);
        for wrong in ["a.b", "=1", "a.b=1,1"] {
            assert!(Axis::parse_grid(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn ranges_that_make_no_sense_say_what_was_expected() {
        for wrong in [
            "k=1",
            "k=2..1",
            "k=1..1",
            "k=0..1:log",
            "k=1..2:lin",
            "k=1.5..2:int",
            "k=a..b",
            "1..2",
        ] {
            let error = Axis::parse_range(wrong).unwrap_err();
            assert!(
                error.contains("expected") || error.contains("needs"),
                "{error}"
            );
        }
    }

    #[test]
    fn whole_numbers_are_drawn_from_end_to_end() {
        let all = drawn("k=-1..2:int", 200);
        for value in ["-1", "0", "1", "2"] {
            assert!(all.iter().any(|v| v == value), "{value}");
        }
        assert!(
            all.iter()
                .all(|v| (-1..=2).contains(&v.parse::<i64>().unwrap()))
        );
    }

    #[test]
    fn logarithmic_draws_are_even_in_magnitude() {
        let all = drawn("k=0.001..10:log", 4000);
        let below = all
            .iter()
            .filter(|v| v.parse::<f64>().unwrap() < 0.1)
            .count();
        assert!(
            (1850..2150).contains(&below),
            "{below} of 4000 below the middle 0.1"
        );
        assert!(
            all.iter()
                .all(|v| v.trim_start_matches(['0', '.']).len() <= 7),
            "{all:?}"
        );
    }

    #[test]
    fn small_numbers_are_drawn_with_all_their_digits() {
        // Six significant digits where eighteen places have room for them; of a linear range, at its
        // upper end.
        for (range, digits) in [
            ("k=0.00001..0.0001:log", 6),
            ("k=0.0000000001..0.000000001:log", 6),
            ("k=0.0000000000000001..0.000000000000001:log", 3),
            ("k=0.00001..0.0001", 5),
        ] {
            let all = drawn(range, 200);
            let significant = |v: &String| v.trim_start_matches(['0', '.']).len();
            let longest = all.iter().map(significant).max();
            assert_eq!(longest, Some(digits), "{range}: {all:?}");
            let distinct: std::collections::BTreeSet<&String> = all.iter().collect();
            assert!(distinct.len() > 150, "{range}: {}", distinct.len());
        }
    }

    #[test]
    fn a_draw_is_the_same_on_every_machine() {
        // From the generator's reference sequence in 60 decimals: 6457827717110365317 / 2^64 =
        // 0.3500795..., 10^(-5 + 4 * 0.3500795...) = 0.000251372733...; the second 0.0000494967161...
        let mut rng = SplitMix64::new(1_234_567);
        let axis = Axis::parse_range("k=0.00001..0.1:log").unwrap();
        assert_eq!(axis.draw(&mut rng), "0.000251373");
        assert_eq!(axis.draw(&mut rng), "0.0000494967");
    }

    #[test]
    fn linear_draws_are_even_and_short() {
        let all = drawn("k=0.5..2", 4000);
        let below = all
            .iter()
            .filter(|v| v.parse::<f64>().unwrap() < 1.25)
            .count();
        assert!((1850..2150).contains(&below), "{below}");
        assert!(all.iter().all(|v| v.len() <= 7), "{all:?}");
    }

    proptest! {
        #[test]
        fn draws_stay_within_the_ends(
            low in -1_000_000_000i64..1_000_000_000, width in 1i64..1_000_000_000, digits in 0u32..9,
            seed: u64,
        ) {
            let (low, high) = (Decimal::new(low, digits), Decimal::new(low + width, digits));
            let mut rng = SplitMix64::new(seed);
            let mut kinds = vec![Values::Linear(low, high)];
            if low.is_positive() {
                kinds.push(Values::Logarithmic(low, high));
            }
            for values in kinds {
                let axis = Axis { key: "k".into(), values };
                let value = Decimal::parse_plain(&axis.draw(&mut rng)).unwrap();
                prop_assert!((low..=high).contains(&value), "{value}");
            }
        }
    }
}
