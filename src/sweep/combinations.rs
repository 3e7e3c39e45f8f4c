//! The configurations that are tried: every combination of a grid, or a seeded sample.
//!
//! A grid goes through its axes like a counter, the last one fastest. A sample draws every axis anew
//! for each combination; one that was drawn before is drawn again, so that all differ.

use super::axis::Axis;
use crate::core::units::rng::SplitMix64;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Combinations of one sweep at most.
pub const COMBINATIONS_MAX: usize = 100_000;
/// Draws a wanted combination before a sample says that there are no more.
const DRAWS_EACH: usize = 100;

/// How many are drawn, and from which seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sampling {
    pub draws: u32,
    pub seed: u64,
}

/// The values of every combination, in the order of the axes.
///
/// # Errors
/// No axis, an axis twice, a range without sampling, or more than [`COMBINATIONS_MAX`].
pub fn combinations(axes: &[Axis], sampling: Option<Sampling>) -> Result<Vec<Vec<String>>, String> {
    if axes.is_empty() {
        return Err(
            "nothing to sweep: expected at least one --grid, or --range with --sample".into(),
        );
    }
    let mut keys = BTreeSet::new();
    if let Some(axis) = axes.iter().find(|axis| !keys.insert(axis.key.as_str())) {
        return Err(format!("{}: swept twice; expected each key once", axis.key));
    }
    match sampling {
        None => grid(axes),
        Some(sampling) => sample(axes, sampling),
    }
}

fn too_many(count: usize) -> String {
    format!("{count} configurations: expected at most {COMBINATIONS_MAX}")
}

fn grid(axes: &[Axis]) -> Result<Vec<Vec<String>>, String> {
    let mut count = 1usize;
    let mut lists = Vec::with_capacity(axes.len());
    for axis in axes {
        let Some(values) = axis.listed() else {
            return Err(format!(
                "{}: a range has no end of values; add --sample N, or list them by --grid",
                axis.key
            ));
        };
        count = count.saturating_mul(values.len());
        lists.push(values);
    }
    if count > COMBINATIONS_MAX {
        return Err(too_many(count));
    }
    let combination = |mut number: usize| {
        let mut values: Vec<String> = lists
            .iter()
            .rev()
            .map(|list| {
                let index = number % list.len();
                number /= list.len();
                list[index].clone()
            })
            .collect();
        values.reverse();
        values
    };
    Ok((0..count).map(combination).collect())
}

fn sample(axes: &[Axis], sampling: Sampling) -> Result<Vec<Vec<String>>, String> {
    let wanted = sampling.draws as usize;
    if wanted > COMBINATIONS_MAX {
        return Err(too_many(wanted));
    }
    let mut rng = SplitMix64::new(sampling.seed);
    let mut seen = BTreeSet::new();
    let mut drawn = Vec::with_capacity(wanted);
    for _ in 0..wanted.saturating_mul(DRAWS_EACH) {
        if drawn.len() == wanted {
            break;
        }
        let values: Vec<String> = axes.iter().map(|axis| axis.draw(&mut rng)).collect();
        if seen.insert(values.clone()) {
            drawn.push(values);
        }
    }
    Ok(drawn)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axes(grids: &[&str], ranges: &[&str]) -> Vec<Axis> {
        let grids = grids.iter().map(|text| Axis::parse_grid(text).unwrap());
        grids
            .chain(ranges.iter().map(|text| Axis::parse_range(text).unwrap()))
            .collect()
    }

    #[test]
    fn a_grid_counts_its_last_axis_fastest() {
        let all = combinations(&axes(&["a=1,2", "b=x,y,z"], &[]), None).unwrap();
        let text: Vec<String> = all.iter().map(|values| values.concat()).collect();
        assert_eq!(text, ["1x", "1y", "1z", "2x", "2y", "2z"]);
    }

    #[test]
    fn a_sample_is_a_function_of_its_seed_and_holds_nothing_twice() {
        let space = axes(&["a=1,2,3"], &["b=0..1", "c=1..9:int"]);
        let of = |seed| combinations(&space, Some(Sampling { draws: 50, seed })).unwrap();
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
        assert_eq!(of(1).len(), 50);
        let small = axes(&["a=1,2,3"], &[]);
        let mut all = combinations(&small, Some(Sampling { draws: 50, seed: 1 })).unwrap();
        all.sort();
        assert_eq!(all, [["1"], ["2"], ["3"]]);
    }

    #[test]
    fn what_cannot_be_swept_is_said() {
        let refused = |axes: &[Axis], sampling| combinations(axes, sampling).unwrap_err();
        assert!(refused(&[], None).contains("nothing to sweep"));
        assert!(refused(&axes(&["a=1", "a=2"], &[]), None).contains("twice"));
        assert!(refused(&axes(&[], &["a=1..2"]), None).contains("--sample"));
        let values: Vec<String> = (0..400).map(|n| n.to_string()).collect();
        let wide = format!("k={}", values.join(","));
        let two = [wide.clone(), wide.replacen('k', "l", 1)];
        let two: Vec<&str> = two.iter().map(String::as_str).collect();
        assert!(refused(&axes(&two, &[]), None).contains("160000"));
    }
}
