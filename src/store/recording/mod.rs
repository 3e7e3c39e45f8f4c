//! Recordings: every input the core saw, in order, and what it started from.
//!
//! Two forms of the same entries. The **line form** is JSON lines, plain or in gzip members, in one
//! file or a folder of segments: for sessions and for other tools. The **block form** is compact
//! columns: for bulk history. `open` reads either; `LineWriter` and `BlockWriter` write them.
//! Reading has two halves, so that the loop never waits for the disk: a `ChunkReader` does the
//! reading, inflating and checksums and may travel to a worker; a `ChunkDecoder` stays.

mod block_form;
mod entry;
mod error;
mod frame;
mod header;
pub mod import;
mod line_form;
mod reader;
pub mod retention;
mod session_input;
pub mod sizes;
mod sniff;
pub mod survey;
mod writer;

pub use block_form::write::BlockWriter;
pub use entry::{Batch, CANDLES_OF_RUN, Entry, Rows, Trailer};
pub use error::{Damage, DamageKind, DamageList, RecordingError};
pub use frame::{Frame, FrameCall};
pub use header::{FORMAT_VERSION, Header, INSTRUMENTS_MAX, SymbolTable, TurnKind};
pub use line_form::segments::compress_segment;
pub use line_form::write::{LineWriter, SegmentState};
pub use reader::{Chunk, ChunkDecoder, ChunkReader, OpenOptions, Opened, Sequential, open};
pub use writer::RecordingWriter;

#[cfg(test)]
mod bundled_tests;
#[cfg(test)]
mod crafted_tests;
#[cfg(test)]
mod damage_tests;
#[cfg(test)]
mod reading_tests;
#[cfg(test)]
pub(crate) mod tests;
