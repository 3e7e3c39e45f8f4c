//! Symbols whose trades the exchange has not confirmed since the market's connection was made.
//!
//! A confirmation names products, and a connection that confirms some of them brings nothing of the
//! others: each symbol counts by itself, and what stays out is subscribed to again. Pure: monotonic
//! nanoseconds of the loop come in.

use crate::core::market::SymbolId;
use crate::core::units::stamp::SECOND;
use std::collections::BTreeSet;

/// Between two wishes for what stays out.
const AGAIN: i64 = 30 * SECOND;

#[derive(Debug, Default)]
pub(in crate::runtime::live) struct Unconfirmed {
    symbols: BTreeSet<SymbolId>,
    due: i64,
}

impl Unconfirmed {
    /// Every symbol is subscribed to anew and to be confirmed by `due`.
    pub(in crate::runtime::live) fn begin(
        &mut self,
        symbols: impl Iterator<Item = SymbolId>,
        due: i64,
    ) {
        self.symbols = symbols.collect();
        self.due = due;
    }

    /// A confirmation or data of the symbol came. `true`: it counts as subscribed from now on.
    pub(in crate::runtime::live) fn take(&mut self, symbol: SymbolId) -> bool {
        self.symbols.remove(&symbol)
    }

    /// The connection is gone.
    pub(in crate::runtime::live) fn end(&mut self) {
        self.symbols.clear();
    }

    /// When [`Unconfirmed::expire`] is wanted next.
    pub(in crate::runtime::live) fn next_deadline(&self) -> Option<i64> {
        (!self.symbols.is_empty()).then_some(self.due)
    }

    /// What is still out and to be subscribed to again.
    pub(in crate::runtime::live) fn expire(&mut self, now: i64) -> Vec<SymbolId> {
        if self.next_deadline().is_none_or(|due| due > now) {
            return Vec::new();
        }
        self.due = now.saturating_add(AGAIN);
        self.symbols.iter().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_confirmed_in_time_is_wanted_again_and_again() {
        let (a, b) = (SymbolId(0), SymbolId(1));
        let mut unconfirmed = Unconfirmed::default();
        assert!(!unconfirmed.take(a));
        unconfirmed.begin([a, b].into_iter(), 100);
        assert!(unconfirmed.take(a));
        assert!(!unconfirmed.take(a), "once");
        assert_eq!(unconfirmed.expire(99), []);
        assert_eq!(unconfirmed.expire(100), [b]);
        assert_eq!(unconfirmed.next_deadline(), Some(100 + AGAIN));
        assert_eq!(unconfirmed.expire(101), []);
        assert!(unconfirmed.take(b));
        assert_eq!(unconfirmed.next_deadline(), None);
    }
}
