//! What a verb about recordings shows and obeys while it works through rows: how far it is, and a
//! stop signal.
//!
//! A stop is looked for between two pieces of work (64 KiB of input, a run of rows), so that a file
//! is either finished and kept, or given up and gone. Single-threaded, like the verbs themselves.

use super::progress::ProgressBar;
use super::{Exit, Failure};
use crate::core::market::TimedTrade;
use crate::runtime::Interrupt;
use crate::store::recording::import::Watch;
use crate::store::recording::{Entry, RecordingError, RecordingWriter, Trailer};
use indicatif::HumanCount;
use std::cell::Cell;
use std::path::PathBuf;
use std::time::Instant;

/// What a verb is at; rows are counted anew in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Rows are counted as they are read.
    Reading,
    /// Rows are counted as they are written.
    Writing,
}

/// Follows one run of a verb.
#[derive(Debug)]
pub struct RowWatch {
    interrupt: Interrupt,
    /// Where the rows go: a file that is there whole or not at all, or stdout.
    output: Option<PathBuf>,
    bar: Option<ProgressBar>,
    stage: Cell<Stage>,
    rows: Cell<u64>,
    bytes: Cell<u64>,
    /// Of the stage.
    began: Cell<Instant>,
    stopped: Cell<bool>,
}

impl RowWatch {
    /// `output`: the file that is written; `None` = stdout.
    pub fn new(interrupt: Interrupt, output: Option<PathBuf>) -> Self {
        Self {
            interrupt,
            output,
            bar: None,
            stage: Cell::new(Stage::Reading),
            rows: Cell::new(0),
            bytes: Cell::new(0),
            began: Cell::new(Instant::now()),
            stopped: Cell::new(false),
        }
    }

    /// Shows a bar on a terminal unless the output is for a program (`quiet`). `bytes`: what will
    /// be read in all.
    pub fn with_bar(self, verb: &str, quiet: bool, bytes: u64) -> Self {
        let bar = ProgressBar::new(verb, quiet, Some(bytes));
        Self {
            bar: (!bar.is_hidden()).then_some(bar),
            ..self
        }
    }

    /// Begins another stage.
    pub fn begin(&self, stage: Stage) {
        self.stage.set(stage);
        self.rows.set(0);
        self.began.set(Instant::now());
    }

    /// So many rows of the present stage are done.
    pub fn add_rows(&self, rows: u64) {
        self.rows.set(self.rows.get() + rows);
    }

    /// Whether a stop signal came; from then on the run counts as stopped.
    pub fn stops(&self) -> bool {
        if self.interrupt.came() {
            self.stopped.set(true);
        }
        self.stopped.get()
    }

    /// The failure to end with where a stop signal came.
    ///
    /// # Errors
    /// Status 130, with how far it came.
    pub fn check(&self) -> Result<(), Failure> {
        if self.stops() {
            return Err(self.interrupted());
        }
        Ok(())
    }

    /// A run that was stopped fails somewhere on its way out: what to say instead.
    pub fn instead_of(&self, failure: Failure) -> Failure {
        if self.stopped.get() {
            self.interrupted()
        } else {
            failure
        }
    }

    fn interrupted(&self) -> Failure {
        let stage = match self.stage.get() {
            Stage::Reading => "interrupted",
            Stage::Writing => "interrupted while writing,",
        };
        let left = match &self.output {
            Some(path) => format!("nothing was written to {}", path.display()),
            None => "stdout is complete up to there".to_owned(),
        };
        let rows = HumanCount(self.rows.get());
        Failure::new(
            Exit::Interrupted,
            format!("{stage} after {rows} rows; {left}"),
        )
    }

    /// Takes the bar away.
    pub fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish();
        }
    }
}

impl Watch for RowWatch {
    fn bytes(&self, count: usize) -> bool {
        self.bytes.set(self.bytes.get() + count as u64);
        if let Some(bar) = &self.bar {
            let what = match self.stage.get() {
                Stage::Reading => "read",
                Stage::Writing => "written",
            };
            bar.show_rows(self.bytes.get(), self.rows.get(), what, self.began.get());
        }
        !self.stops()
    }

    fn row(&self) {
        if self.stage.get() == Stage::Reading {
            self.add_rows(1);
        }
    }
}

/// A writer that counts what it writes and refuses once a stop signal came.
pub struct StoppingWriter<'a> {
    writer: &'a mut dyn RecordingWriter,
    watch: &'a RowWatch,
}

impl<'a> StoppingWriter<'a> {
    pub fn new(writer: &'a mut dyn RecordingWriter, watch: &'a RowWatch) -> Self {
        Self { writer, watch }
    }

    fn count(&self, rows: usize) -> Result<(), RecordingError> {
        if self.watch.stops() {
            // The verb says what it means.
            return Err(RecordingError::Io {
                path: self.watch.output.clone().unwrap_or_default(),
                action: "write",
                reason: "interrupted".to_owned(),
            });
        }
        self.watch.add_rows(rows as u64);
        Ok(())
    }
}

impl RecordingWriter for StoppingWriter<'_> {
    fn entry(&mut self, entry: &Entry) -> Result<(), RecordingError> {
        self.count(1)?;
        self.writer.entry(entry)
    }

    fn trades(&mut self, rows: &[TimedTrade]) -> Result<(), RecordingError> {
        self.count(rows.len())?;
        self.writer.trades(rows)
    }

    fn flush(&mut self) -> Result<(), RecordingError> {
        self.writer.flush()
    }

    fn finish(&mut self) -> Result<Trailer, RecordingError> {
        self.writer.finish()
    }

    fn counts(&self) -> Trailer {
        self.writer.counts()
    }
}
