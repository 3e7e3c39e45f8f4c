//! The core's records on their way to the ledger: collected in order, written by workers.
//!
//! The ledger's connection travels with the job that writes, so there is one writer and no lock.
//! When the open batch is full and one is on its way, `is_full` says so: a replay waits, a session
//! stops its entries. No row is ever dropped.

use crate::core::effect::{Effect, Effects, ModelRequest};
use crate::log;
use crate::store::ledger::batcher::BatchLimits;
use crate::store::ledger::{Batcher, Committed, Ledger, LedgerError, ReplayRows, Row};
use std::collections::BTreeMap;

/// Follows the core's effects as they pass.
pub trait Observer {
    fn effect(&mut self, effect: &Effect);
}

/// A batch on its way with the ledger.
#[derive(Debug)]
pub struct Commit {
    pub ledger: Box<Ledger>,
    pub rows: Vec<Row>,
    /// Also move the log into the file.
    pub checkpoint: bool,
}

/// What came of it.
#[derive(Debug)]
pub struct Written {
    pub ledger: Box<Ledger>,
    pub rows: Vec<Row>,
    pub result: Result<Committed, LedgerError>,
}

impl Commit {
    /// Writes the batch in one transaction; on a worker.
    pub fn run(mut self) -> Written {
        let result = self.ledger.write(&self.rows);
        if self.checkpoint
            && result.is_ok()
            && let Err(error) = self.ledger.checkpoint()
        {
            // Nothing is lost: the log is still there, and the next one is tried.
            log::warn("ledger", "no checkpoint", &[("why", &error)]);
        }
        Written {
            ledger: self.ledger,
            rows: self.rows,
            result,
        }
    }
}

#[derive(Debug)]
pub struct Journal {
    /// Away while a worker writes with it.
    ledger: Option<Box<Ledger>>,
    batcher: Batcher,
    rows: ReplayRows,
    failed: bool,
    checkpoint: bool,
    pub rows_written: u64,
    pub batches: u64,
}

impl Journal {
    pub fn new(ledger: Ledger, limits: BatchLimits) -> Self {
        Self {
            ledger: Some(Box::new(ledger)),
            batcher: Batcher::new(limits),
            rows: ReplayRows::default(),
            failed: false,
            checkpoint: false,
            rows_written: 0,
            batches: 0,
        }
    }

    /// Takes what is for the ledger out of the core's effects; returns the questions to models.
    /// `now` is monotonic nanoseconds of the loop.
    pub fn take(
        &mut self,
        effects: &mut Effects,
        now: i64,
        observer: &mut dyn Observer,
    ) -> Vec<ModelRequest> {
        let mut questions = Vec::new();
        for effect in effects.drain(..) {
            observer.effect(&effect);
            let row = match effect {
                Effect::Persist(record) => Some(Row::Core(record)),
                Effect::Equity(point) => self.rows.equity(&point),
                Effect::Checkpoint(checkpoint) => self.rows.checkpoint(&checkpoint),
                Effect::Alert(alert) => {
                    let fields: log::Fields<'_> = &[("alert", &alert.name), ("at", &alert.time)];
                    log::debug("core", &alert.text, fields);
                    None
                }
                Effect::Ask(question) => {
                    questions.push(question);
                    None
                }
                // For the venue: a session carries them out itself, a replay must not.
                Effect::Submit(_)
                | Effect::Cancel { .. }
                | Effect::Query { .. }
                | Effect::Reconcile => None,
            };
            if let Some(row) = row {
                self.batcher.push(row, now);
            }
        }
        questions
    }

    /// The last thinned rows at the end of a run, and its HOLDs by reason.
    pub fn finish(&mut self, holds: &BTreeMap<&'static str, u64>, now: i64) {
        for row in self.rows.finish(holds) {
            self.batcher.push(row, now);
        }
    }

    /// The batch to write now, if one is due and the ledger is here.
    pub fn due(&mut self, now: i64) -> Option<Commit> {
        if !self.batcher.due(now) {
            return None;
        }
        self.everything()
    }

    /// A batch should be written now, and the ledger is here.
    pub fn is_due(&self, now: i64) -> bool {
        self.is_here() && self.batcher.due(now)
    }

    /// No worker writes with the ledger at the moment.
    pub fn is_here(&self) -> bool {
        self.ledger.is_some()
    }

    /// The next batch also moves the log into the file.
    pub fn want_checkpoint(&mut self) {
        self.checkpoint = true;
    }

    /// A row of the runtime's own.
    pub fn push(&mut self, row: Row, now: i64) {
        self.batcher.push(row, now);
    }

    /// All rows collected so far, if there are any and the ledger is here.
    pub fn everything(&mut self) -> Option<Commit> {
        if self.batcher.pending() == 0 {
            return None;
        }
        let ledger = self.ledger.take()?;
        match self.batcher.take() {
            Some(rows) => Some(Commit {
                ledger,
                rows,
                checkpoint: std::mem::take(&mut self.checkpoint),
            }),
            None => {
                self.ledger = Some(ledger);
                None
            }
        }
    }

    /// The ledger comes back.
    ///
    /// # Errors
    /// The ledger's; the rows are kept in front of all others.
    pub fn written(&mut self, written: Written) -> Result<(), LedgerError> {
        self.ledger = Some(written.ledger);
        match written.result {
            Ok(committed) => {
                self.failed = false;
                self.rows_written += committed.rows as u64;
                self.batches += 1;
                self.batcher.committed(written.rows);
                Ok(())
            }
            Err(error) => {
                self.failed = true;
                self.batcher.failed(written.rows);
                Err(error)
            }
        }
    }

    /// No room for more: wait for the ledger.
    pub fn is_full(&self) -> bool {
        self.ledger.is_none() && self.batcher.has_its_size()
    }

    /// Nothing is collected and nothing on its way.
    pub fn is_idle(&self) -> bool {
        self.batcher.pending() == 0 && self.ledger.is_some()
    }

    /// When the age of the oldest row demands a batch, monotonic nanoseconds.
    pub fn next_deadline(&self) -> Option<i64> {
        self.ledger.as_ref()?;
        self.batcher.next_deadline()
    }

    pub fn pending(&self) -> usize {
        self.batcher.pending()
    }

    /// Rows that were not written: collected when the ledger failed.
    pub fn rows_lost(&self) -> usize {
        if self.failed {
            self.batcher.pending()
        } else {
            0
        }
    }

    /// The ledger, once idle.
    pub fn into_ledger(self) -> Option<Box<Ledger>> {
        self.ledger
    }
}
