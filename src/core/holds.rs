//! How often the core decided to hold, by reason.

use super::Core;
use std::collections::BTreeMap;

/// Counts by reason. The reasons are the program's own words: there are some twenty.
#[derive(Clone, Debug, Default)]
pub struct HoldCounts {
    counts: BTreeMap<&'static str, u64>,
    /// The last reason and how often in a row it came: nearly every HOLD repeats it.
    row: (&'static str, u64),
}

impl HoldCounts {
    pub fn note(&mut self, reason: &'static str) {
        // Mostly the very same word: then no letter needs to be compared.
        if !std::ptr::eq(self.row.0, reason) && self.row.0 != reason {
            let (before, count) = std::mem::replace(&mut self.row, (reason, 0));
            if count > 0 {
                *self.counts.entry(before).or_default() += count;
            }
        }
        self.row.1 += 1;
    }

    /// All of them; the empty reason = the strategy saw nothing.
    pub fn by_reason(&self) -> BTreeMap<&'static str, u64> {
        let mut all = self.counts.clone();
        if self.row.1 > 0 {
            *all.entry(self.row.0).or_default() += self.row.1;
        }
        all
    }
}

impl Core {
    /// Writes a decision row for every HOLD too.
    pub fn keep_holds(&mut self, keep: bool) {
        self.keep_holds = keep;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hold_is_counted_under_its_reason() {
        let mut holds = HoldCounts::default();
        assert!(holds.by_reason().is_empty());
        for reason in ["", "warm_up", "warm_up", "", "", "paused"] {
            holds.note(reason);
        }
        let expected = BTreeMap::from([("", 3), ("paused", 1), ("warm_up", 2)]);
        assert_eq!(holds.by_reason(), expected);
    }
}
