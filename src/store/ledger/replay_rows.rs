//! What a replay thins before it is stored: equity to one row an hour, state hashes packed, HOLDs
//! as counts by reason. Everything else of the core is stored as it comes.
//!
//! Pure; memory is one point and one block of hashes.

use super::equity_thinner::EquityThinner;
use super::hashes::HashPacker;
use super::rows::{HoldCount, Row};
use crate::core::effect::Checkpoint;
use crate::core::records::EquityPoint;
use std::collections::BTreeMap;

/// What stands for a HOLD of a strategy that gave no reason.
pub const NO_SIGNAL: &str = "no signal";

/// Between the core's effects and the batcher.
#[derive(Clone, Debug)]
pub struct ReplayRows {
    equity: EquityThinner,
    hashes: HashPacker,
}

impl Default for ReplayRows {
    fn default() -> Self {
        Self {
            equity: EquityThinner::hourly(),
            hashes: HashPacker::new(),
        }
    }
}

impl ReplayRows {
    /// The row that a point of equity leads to now, if any.
    #[inline]
    pub fn equity(&mut self, point: &EquityPoint) -> Option<Row> {
        self.equity.push(point).map(Row::Equity)
    }

    /// The row that a checkpoint leads to now, if any.
    #[inline]
    pub fn checkpoint(&mut self, checkpoint: &Checkpoint) -> Option<Row> {
        self.hashes.push(checkpoint).map(Row::Hashes)
    }

    /// What is left at the end of a run: the last equity, the last hashes, and how often the core
    /// decided to hold, by reason.
    pub fn finish(&mut self, holds: &BTreeMap<&'static str, u64>) -> Vec<Row> {
        let equity = self.equity.finish().map(Row::Equity);
        let hashes = self.hashes.finish().map(Row::Hashes);
        let holds = holds.iter().map(|(reason, count)| {
            let reason = if reason.is_empty() { NO_SIGNAL } else { reason };
            Row::Holds(HoldCount {
                reason: reason.to_owned(),
                count: *count,
            })
        });
        equity.into_iter().chain(hashes).chain(holds).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::units::Timestamp;
    use crate::store::ledger::tests::samples::equity;

    #[test]
    fn equity_is_thinned_hashes_are_packed_and_holds_counted() {
        let mut rows = ReplayRows::default();
        let mut written = 0;
        for minute in 0..120 {
            written += usize::from(rows.equity(&equity(minute * 60, 10_000)).is_some());
            let checkpoint = Checkpoint {
                inputs: minute as u64,
                time: Timestamp(minute),
                hash: 7,
                candle: minute % 2 == 0,
            };
            assert_eq!(rows.checkpoint(&checkpoint), None);
        }
        assert_eq!(written, 1);
        let left = rows.finish(&BTreeMap::from([("", 3), ("warm_up", 2)]));
        let hold = |reason: &str, count| {
            Row::Holds(HoldCount {
                reason: reason.into(),
                count,
            })
        };
        assert_eq!(left.len(), 4);
        assert!(matches!(&left[0], Row::Equity(point) if point.time == equity(119 * 60, 0).time));
        assert!(matches!(&left[1], Row::Hashes(block) if block.len() == 60));
        assert_eq!(left[2..], [hold("no signal", 3), hold("warm_up", 2)]);
    }
}
