//! What both forms' writers can do.

use super::{Entry, RecordingError, Trailer};
use crate::core::market::TimedTrade;

/// Writes entries in order; append only, so that a file is readable up to where it was cut.
pub trait RecordingWriter {
    /// Appends an entry. A trailer is ignored: `finish` writes the one that is true of this file.
    ///
    /// # Errors
    /// `Refused` when the clock goes back, the symbol is not in the header or a number is out of
    /// range (nothing is written then); `Io` when the disk refuses.
    fn entry(&mut self, entry: &Entry) -> Result<(), RecordingError>;

    /// Appends a run of trades.
    ///
    /// # Errors
    /// Like `entry`.
    fn trades(&mut self, rows: &[TimedTrade]) -> Result<(), RecordingError> {
        rows.iter()
            .try_for_each(|row| self.entry(&Entry::trade(*row)))
    }

    /// Hands everything so far to the operating system.
    ///
    /// # Errors
    /// `Io` when the disk refuses.
    fn flush(&mut self) -> Result<(), RecordingError>;

    /// Writes what is left and the trailer, and waits until it is on disk.
    ///
    /// # Errors
    /// `Io` when the disk refuses.
    fn finish(&mut self) -> Result<Trailer, RecordingError>;

    /// What was written so far.
    fn counts(&self) -> Trailer;
}
