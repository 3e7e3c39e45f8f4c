//! The bounded buffers of the log.

use super::line::{DUMP_MAX, LINE_MAX};
use super::logger::BUFFER_TEXT;
use super::repeat::{WATCHED, Watched};
use crate::core::planned::Buffer;

/// What a buffered line is reckoned with, bytes: the program's own are shorter. Lines that say more
/// are written when the buffered text has its bound.
pub const LINE_RECKONED: usize = 256;

/// What a log that buffers this many lines may take: text for the stream and for the file.
pub fn buffers(lines: usize) -> Vec<Buffer> {
    vec![
        Buffer::new(
            "log",
            "buffered lines",
            "logging.log_buffer_size, LINE_RECKONED, BUFFER_TEXT",
            2,
            (lines * LINE_RECKONED).min(BUFFER_TEXT),
        ),
        Buffer::new(
            "log",
            "longest line and dump",
            "LINE_MAX, DUMP_MAX",
            2,
            LINE_MAX + DUMP_MAX,
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
