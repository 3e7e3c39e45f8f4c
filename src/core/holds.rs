//! How often the core decided to hold, by reason; and which of these decisions get a row.

use super::Core;
use super::market::SymbolId;
use std::collections::BTreeMap;

/// Which decisions to HOLD get a row of their own; every other one is counted by its reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum HoldRows {
    /// Those that an error or the risk gate refused, with values and limits: for runs whose recording
    /// gives the others back.
    Refused,
    /// Those too of which the strategy wanted something else (`already in position`,
    /// `cipher_b_filter`).
    #[default]
    Wished,
    /// All.
    All,
}

/// Proposals of one symbol that became HOLD for one reason and got no row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldBack {
    pub symbol: SymbolId,
    pub reason: &'static str,
    pub count: u64,
}

/// Counts by reason. The reasons are the program's own words: there are some twenty.
#[derive(Clone, Debug, Default)]
pub struct HoldCounts {
    counts: BTreeMap<&'static str, u64>,
    /// The last reason and how often in a row it came: nearly every HOLD repeats it.
    row: (&'static str, u64),
    /// One entry a symbol and reason: some ten a symbol.
    held_back: Vec<HeldBack>,
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

    /// A proposal that became HOLD and gets no row.
    pub fn note_held_back(&mut self, symbol: SymbolId, reason: &'static str) {
        let known = self
            .held_back
            .iter_mut()
            .find(|h| h.symbol == symbol && h.reason == reason);
        match known {
            Some(known) => known.count += 1,
            None => self.held_back.push(HeldBack {
                symbol,
                reason,
                count: 1,
            }),
        }
    }

    pub fn held_back(&self) -> &[HeldBack] {
        &self.held_back
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
    /// Which decisions to HOLD get a row from now on.
    pub fn keep_holds(&mut self, rows: HoldRows) {
        self.keep_holds = rows;
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

    #[test]
    fn what_was_held_back_is_counted_by_symbol_and_reason() {
        let mut holds = HoldCounts::default();
        for symbol in [0, 1, 0, 0] {
            holds.note_held_back(SymbolId(symbol), "shorts not available");
        }
        holds.note_held_back(SymbolId(0), "paused");
        let counts: Vec<_> = holds
            .held_back()
            .iter()
            .map(|h| (h.symbol.0, h.reason, h.count))
            .collect();
        let shorts = "shorts not available";
        assert_eq!(counts, [(0, shorts, 3), (1, shorts, 1), (0, "paused", 1)]);
    }
}
