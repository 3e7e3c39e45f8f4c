//! Collects rows into batches, in order, and says when one is due. Pure: time is given.
//!
//! Bounds: a batch is due at its row limit or age; two batches may be in flight. When the open
//! batch is full and two are in flight the batcher [`is_full`](Batcher::is_full): a replay waits,
//! a session stops its entries. Rows are still accepted then, because one input of the core may
//! yield several, and none is ever dropped; the overrun is what the inputs already begun yield.

use super::rows::Row;
use crate::core::records::Record;
use crate::core::units::Span;

/// Batches that may be on their way at once.
pub const IN_FLIGHT_MAX: usize = 2;

/// Row limits and age after which a batch is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchLimits {
    /// 1 or more; a decision counts as eight.
    pub rows: usize,
    /// Age of the oldest row.
    pub age: Span,
}

impl BatchLimits {
    /// A session with a clock: 256 rows or a second.
    pub const SESSION: Self = Self {
        rows: 256,
        age: Span::from_secs(1),
    };
    /// Bulk replay: 1,024 rows or a second. Three batches may be in memory at once.
    pub const REPLAY: Self = Self {
        rows: 1024,
        age: Span::from_secs(1),
    };
}

/// Rows that a decision with its checks counts as: it takes about 3 KB, another row about 400 bytes.
const DECISION_COUNTS_AS: usize = 8;

fn counts_as(row: &Row) -> usize {
    match row {
        Row::Core(record) if matches!(record.as_ref(), Record::Decision(_)) => DECISION_COUNTS_AS,
        _ => 1,
    }
}

/// Rows on their way to the ledger.
#[derive(Debug)]
pub struct Batcher {
    limits: BatchLimits,
    rows: Vec<Row>,
    /// What they count as.
    counted: usize,
    /// Monotonic nanoseconds at which the oldest row came.
    oldest: i64,
    in_flight: usize,
    /// Emptied vectors of earlier batches, used again.
    spare: Vec<Vec<Row>>,
}

impl Batcher {
    /// # Panics
    /// If the row limit is 0 (a programming error).
    pub fn new(limits: BatchLimits) -> Self {
        assert!(limits.rows > 0, "a batch holds at least one row");
        Self {
            limits,
            rows: Vec::with_capacity(limits.rows),
            counted: 0,
            oldest: 0,
            in_flight: 0,
            spare: Vec::new(),
        }
    }

    /// Adds a row; `now` is monotonic nanoseconds.
    pub fn push(&mut self, row: Row, now: i64) {
        if self.rows.is_empty() {
            self.oldest = now;
        }
        self.counted += counts_as(&row);
        self.rows.push(row);
    }

    /// The open batch has its size.
    pub fn has_its_size(&self) -> bool {
        self.counted >= self.limits.rows
    }

    /// Whether a batch should be written now.
    pub fn due(&self, now: i64) -> bool {
        self.in_flight < IN_FLIGHT_MAX
            && (self.has_its_size()
                || (!self.rows.is_empty() && now.saturating_sub(self.oldest) >= self.limits.age.0))
    }

    /// When the age limit of the open batch is reached; `None` while there is nothing to write or
    /// two batches are in flight (the return of one is what to wait for then).
    pub fn next_deadline(&self) -> Option<i64> {
        (!self.rows.is_empty() && self.in_flight < IN_FLIGHT_MAX)
            .then(|| self.oldest.saturating_add(self.limits.age.0))
    }

    /// No room for more than the rows of inputs already begun.
    pub fn is_full(&self) -> bool {
        self.in_flight >= IN_FLIGHT_MAX && self.has_its_size()
    }

    /// Rows not yet handed out.
    pub fn pending(&self) -> usize {
        self.rows.len()
    }

    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Hands out everything collected, due or not (at the end of a run, or before an order's
    /// intent); empty when there is nothing or two batches are in flight.
    pub fn take(&mut self) -> Option<Vec<Row>> {
        if self.rows.is_empty() || self.in_flight >= IN_FLIGHT_MAX {
            return None;
        }
        self.in_flight += 1;
        self.counted = 0;
        let empty = self
            .spare
            .pop()
            .unwrap_or_else(|| Vec::with_capacity(self.limits.rows));
        Some(std::mem::replace(&mut self.rows, empty))
    }

    /// A batch was committed; its vector is used again.
    pub fn committed(&mut self, mut batch: Vec<Row>) {
        self.in_flight = self.in_flight.saturating_sub(1);
        if self.spare.len() < IN_FLIGHT_MAX {
            batch.clear();
            self.spare.push(batch);
        }
    }

    /// A batch could not be written: its rows stand in front of all others again, so that nothing
    /// is lost and order is kept. With two batches in flight, give back the later one first.
    pub fn failed(&mut self, mut batch: Vec<Row>) {
        self.in_flight = self.in_flight.saturating_sub(1);
        batch.append(&mut self.rows);
        self.rows = batch;
        self.counted = self.rows.iter().map(counts_as).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::units::Timestamp;
    use crate::store::ledger::rows::LimitRow;
    use proptest::prelude::*;

    fn row(number: usize) -> Row {
        Row::Limit(LimitRow {
            name: number.to_string(),
            value: None,
            text: String::new(),
            since: Timestamp(0),
            until: None,
        })
    }

    fn batcher() -> Batcher {
        Batcher::new(BatchLimits {
            rows: 3,
            age: Span(100),
        })
    }

    #[test]
    fn a_batch_is_due_at_its_row_limit_or_age() {
        let mut batcher = batcher();
        assert!(!batcher.due(1000));
        batcher.push(row(0), 1000);
        assert_eq!(batcher.next_deadline(), Some(1100));
        assert!(!batcher.due(1099));
        assert!(batcher.due(1100));
        batcher.push(row(1), 1001);
        batcher.push(row(2), 1002);
        assert!(batcher.due(1002));
    }

    #[test]
    fn it_is_full_only_with_two_batches_in_flight() {
        let mut batcher = batcher();
        for number in 0..9 {
            batcher.push(row(number), 0);
            if batcher.due(0) {
                assert!(batcher.take().is_some() || batcher.in_flight() == 2);
            }
        }
        assert!(batcher.is_full());
        assert_eq!(batcher.take(), None);
        assert_eq!(batcher.next_deadline(), None);
        batcher.committed(Vec::new());
        assert!(!batcher.is_full());
        assert!(batcher.due(0));
    }

    proptest! {
        #[test]
        fn every_row_is_committed_once_and_in_order(steps in prop::collection::vec(0u8..4, 0..200)) {
            let mut batcher = batcher();
            let (mut next, mut flying, mut written) = (0, std::collections::VecDeque::new(), Vec::new());
            for step in steps {
                match step {
                    0 | 1 => { batcher.push(row(next), 0); next += 1; }
                    2 => flying.extend(batcher.take()),
                    // A failure stops what follows it too: later batches come back first.
                    _ if next % 5 == 0 => while let Some(batch) = flying.pop_back() { batcher.failed(batch) },
                    _ => if let Some(batch) = flying.pop_front() {
                        written.extend(batch.iter().cloned());
                        batcher.committed(batch);
                    },
                }
            }
            for batch in flying { written.extend(batch.iter().cloned()); batcher.committed(batch); }
            while let Some(batch) = batcher.take() { written.extend(batch.iter().cloned()); batcher.committed(batch); }
            prop_assert_eq!(written, (0..next).map(row).collect::<Vec<_>>());
        }
    }
}
