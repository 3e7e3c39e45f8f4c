//! How much memory reading a recording may take, by form.
//!
//! A single entry that is larger than a block or chunk takes what it needs, up to the limit of its
//! form; recordings that this program wrote hold none.

use super::block_form::layout::{BLOCK_OTHERS, BLOCK_ROWS};
use super::block_form::trades::WIDE_LENGTH;
use super::line_form::gzip::{RETAINED, WINDOW};
use super::line_form::read::CHUNK;
use super::line_form::write::PLAIN_TEXT;

/// Bytes of a full block: the widest rows, each a control byte and its data, or other entries.
pub const fn block_bytes() -> usize {
    let rows = BLOCK_ROWS * (1 + WIDE_LENGTH as usize);
    if rows > BLOCK_OTHERS {
        rows
    } else {
        BLOCK_OTHERS
    }
}

/// Bytes of text, and of the window of a compressed file in line form.
pub const fn line_bytes() -> usize {
    CHUNK + 2 * WINDOW + RETAINED
}

/// Bytes of text that a writer of plain lines gathers.
pub const fn writer_bytes() -> usize {
    2 * PLAIN_TEXT
}
