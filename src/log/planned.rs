//! The bounded buffers of the log.

use super::repeat::{WATCHED, Watched};
use crate::core::planned::Buffer;

/// What a buffered line is reckoned with, bytes. Lines have no limit of their own; the program's
/// are shorter, but for a status dump.
pub const LINE_RECKONED: usize = 256;

/// What a log that buffers this many lines may take.
pub fn buffers(lines: usize) -> Vec<Buffer> {
    vec![
        Buffer::new(
            "log",
            "buffered lines",
            "logging.log_buffer_size, LINE_RECKONED",
            lines,
            LINE_RECKONED,
        ),
        Buffer::new(
            "log",
            "messages watched for repetition",
            "WATCHED",
            WATCHED,
            size_of::<Watched>(),
        ),
    ]
}
