//! The name that was probably meant.

/// Longest name that is compared; anything longer has no near neighbour in the table.
const COMPARED_MAX: usize = 64;
/// Largest distance that counts as a slip.
const DISTANCE_MAX: usize = 3;

/// The candidate nearest to `name`: distance at most 3 and at most a third of the name's length.
/// The first of several equally near ones.
pub fn closest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let wanted: Vec<char> = name.chars().take(COMPARED_MAX + 1).collect();
    if wanted.len() > COMPARED_MAX {
        return None;
    }
    let limit = DISTANCE_MAX.min(wanted.len() / 3);
    candidates
        .filter(|c| c.len().abs_diff(wanted.len()) <= limit)
        .map(|c| (distance(&wanted, &c.chars().collect::<Vec<_>>()), c))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Damerau-Levenshtein distance in its restricted form: insertions, deletions, substitutions and
/// swaps of neighbours, no part edited twice.
pub fn distance(a: &[char], b: &[char]) -> usize {
    let mut two_back: Vec<usize> = Vec::new();
    let mut back: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let substitution = back[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = substitution.min(back[j] + 1).min(row[j - 1] + 1);
            let swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if swapped {
                row[j] = row[j].min(two_back[j - 2] + 1);
            }
        }
        two_back = std::mem::replace(&mut back, row);
    }
    back[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(a: &str, b: &str) -> usize {
        distance(
            &a.chars().collect::<Vec<_>>(),
            &b.chars().collect::<Vec<_>>(),
        )
    }

    #[test]
    fn slips_are_counted() {
        for (a, b, expected) in [
            ("", "abc", 3),
            ("abc", "abc", 0),
            ("abc", "acb", 1),
            ("abc", "ab", 1),
            ("abc", "axc", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(between(a, b), expected, "{a} {b}");
            assert_eq!(between(b, a), expected, "{b} {a}");
        }
    }

    #[test]
    fn a_name_too_far_from_all_has_no_neighbour() {
        let names = ["risk.order_rate", "risk.max_leverage"];
        assert_eq!(
            closest("risk.oder_rate", names.into_iter()),
            Some("risk.order_rate")
        );
        assert_eq!(closest("risk.something", names.into_iter()), None);
        assert_eq!(closest("ab", ["abc"].into_iter()), None);
    }
}
