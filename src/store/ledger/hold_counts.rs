//! How often each symbol held, by reason: what a replay keeps instead of a row a candle.
//!
//! Bounded: at most [`REASONS_MAX`] reasons per symbol; any further one is counted under
//! [`OTHER`]. Counting a known reason allocates nothing.

use crate::core::market::SymbolId;
use std::collections::BTreeMap;

/// Distinct reasons kept per symbol.
pub const REASONS_MAX: usize = 64;
/// Where reasons beyond [`REASONS_MAX`] are counted.
pub const OTHER: &str = "other reasons";

/// The count of one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldCount {
    pub symbol: SymbolId,
    pub reason: String,
    pub count: u64,
}

/// Counts of all symbols.
#[derive(Clone, Debug, Default)]
pub struct HoldCounts {
    symbols: Vec<BTreeMap<String, u64>>,
}

impl HoldCounts {
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts one HOLD.
    pub fn count(&mut self, symbol: SymbolId, reason: &str) {
        if self.symbols.len() <= symbol.index() {
            self.symbols.resize_with(symbol.index() + 1, BTreeMap::new);
        }
        let reasons = &mut self.symbols[symbol.index()];
        if let Some(count) = reasons.get_mut(reason) {
            *count += 1;
            return;
        }
        let name = if reasons.len() < REASONS_MAX {
            reason
        } else {
            OTHER
        };
        *reasons.entry(name.to_owned()).or_insert(0) += 1;
    }

    /// All counts, by symbol and then by reason.
    pub fn rows(&self) -> Vec<HoldCount> {
        let mut rows = Vec::new();
        for (index, reasons) in self.symbols.iter().enumerate() {
            for (reason, count) in reasons {
                rows.push(HoldCount {
                    symbol: SymbolId(index as u16),
                    reason: reason.clone(),
                    count: *count,
                });
            }
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_symbol_and_reason() {
        let mut counts = HoldCounts::new();
        for reason in ["no signal", "warming up", "no signal"] {
            counts.count(SymbolId(1), reason);
        }
        counts.count(SymbolId(0), "no signal");
        let rows: Vec<_> = counts
            .rows()
            .into_iter()
            .map(|row| (row.symbol.0, row.reason, row.count))
            .collect();
        assert_eq!(
            rows,
            [
                (0, "no signal".to_owned(), 1),
                (1, "no signal".to_owned(), 2),
                (1, "warming up".to_owned(), 1)
            ]
        );
    }

    #[test]
    fn reasons_beyond_the_bound_are_still_counted() {
        let mut counts = HoldCounts::new();
        for index in 0..REASONS_MAX + 36 {
            counts.count(SymbolId(0), &format!("reason {index}"));
        }
        let rows = counts.rows();
        assert_eq!(rows.len(), REASONS_MAX + 1);
        assert_eq!(rows.iter().map(|row| row.count).sum::<u64>(), 100);
        assert!(
            rows.iter()
                .any(|row| row.reason == OTHER && row.count == 36)
        );
    }
}
