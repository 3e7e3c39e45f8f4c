//! What of a replay's records becomes rows: the one place that knows what is kept.
//!
//! Orders, fills, lots, trades, events, refusals and decisions other than HOLD: all of them. Plain
//! HOLDs: counted by reason, unless everything is to be kept. Equity: one row an hour. State
//! hashes: packed. Pure; memory is bounded by its parts.

use super::equity_thinner::EquityThinner;
use super::hashes::HashPacker;
use super::hold_counts::HoldCounts;
use super::rows::{Row, is_plain_hold};
use crate::core::effect::Checkpoint;
use crate::core::records::Record;

/// Whether HOLDs without a proposal are rows of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    Counted,
    Kept,
}

/// Between the core's effects and the batcher.
#[derive(Clone, Debug)]
pub struct ReplayRows {
    holds: Holds,
    counts: HoldCounts,
    equity: EquityThinner,
    hashes: HashPacker,
}

impl ReplayRows {
    pub fn new(holds: Holds) -> Self {
        Self {
            holds,
            counts: HoldCounts::new(),
            equity: EquityThinner::hourly(),
            hashes: HashPacker::new(),
        }
    }

    /// The row that a record leads to now, if any.
    pub fn record(&mut self, record: Box<Record>) -> Option<Row> {
        match record.as_ref() {
            Record::Equity(point) => self.equity.push(point).map(equity_row),
            Record::Decision(decision)
                if self.holds == Holds::Counted && is_plain_hold(decision) =>
            {
                self.counts.count(decision.symbol, &decision.reason);
                None
            }
            _ => Some(Row::Core(record)),
        }
    }

    /// The row that a checkpoint leads to now, if any.
    pub fn checkpoint(&mut self, checkpoint: &Checkpoint) -> Option<Row> {
        self.hashes.push(checkpoint).map(Row::Hashes)
    }

    /// What is left at the end of a run: the last equity, the last hashes, the counts of HOLDs.
    pub fn finish(&mut self) -> Vec<Row> {
        let equity = self.equity.finish().map(equity_row);
        let hashes = self.hashes.finish().map(Row::Hashes);
        let counts = self.counts.rows().into_iter().map(Row::Holds);
        equity.into_iter().chain(hashes).chain(counts).collect()
    }
}

fn equity_row(point: crate::core::records::EquityPoint) -> Row {
    Row::Core(Box::new(Record::Equity(point)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::records::Action;
    use crate::core::units::Timestamp;
    use crate::store::ledger::tests::samples::{decision, equity, fill};

    fn pass(rows: &mut ReplayRows, record: Record) -> Option<Row> {
        rows.record(Box::new(record))
    }

    #[test]
    fn holds_are_counted_and_refusals_kept() {
        let mut rows = ReplayRows::new(Holds::Counted);
        let hold = Record::Decision(decision(1, Action::Hold, Action::Hold));
        let refusal = Record::Decision(decision(2, Action::Long, Action::Hold));
        assert_eq!(pass(&mut rows, hold.clone()), None);
        assert_eq!(pass(&mut rows, hold.clone()), None);
        let kept = pass(&mut rows, refusal);
        assert!(
            matches!(&kept, Some(Row::Core(record)) if matches!(**record, Record::Decision(_))),
            "{kept:?}"
        );
        let left = rows.finish();
        assert!(
            matches!(&left[..], [Row::Holds(holds)] if holds.count == 2),
            "{left:?}"
        );
        let mut all = ReplayRows::new(Holds::Kept);
        assert!(pass(&mut all, hold).is_some());
        assert!(all.finish().is_empty());
    }

    #[test]
    fn equity_is_thinned_and_hashes_are_packed() {
        let mut rows = ReplayRows::new(Holds::Counted);
        let mut written = 0;
        for minute in 0..120 {
            let record = Record::Equity(equity(minute * 60, 10_000));
            written += usize::from(pass(&mut rows, record).is_some());
            let checkpoint = Checkpoint {
                inputs: minute as u64,
                time: Timestamp(minute),
                hash: 7,
                candle: minute % 2 == 0,
            };
            assert_eq!(rows.checkpoint(&checkpoint), None);
        }
        assert_eq!(written, 1);
        let left = rows.finish();
        assert!(
            matches!(&left[..], [Row::Core(_), Row::Hashes(block)] if block.len() == 60),
            "{left:?}"
        );
        assert!(pass(&mut rows, Record::Fill(fill(1))).is_some());
    }
}
