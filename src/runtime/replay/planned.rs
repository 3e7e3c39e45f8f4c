//! The bounded buffers of a replay: those of the loop with its jobs, and what each file reads ahead.

use super::feed::{READ_AHEAD, ROWS};
use super::job::ReplayJob;
use super::recorder::{BATCH, Item};
use super::verification::WAITING_MAX;
use crate::core::effect::Checkpoint;
use crate::core::market::{TimedCandle, TimedTrade};
use crate::core::planned::Buffer;
use crate::runtime::event_loop::LoopSettings;
use crate::runtime::planned::buffers;
use crate::store::recording::CANDLES_OF_RUN;
use crate::store::recording::sizes::{block_bytes, line_bytes, writer_bytes};

/// What a replay of `files` recordings may take beside core, ledger and report. A recording whose
/// single entries are larger than a block takes more, up to its format's limit.
pub fn planned_buffers(settings: &LoopSettings, files: usize) -> Vec<Buffer> {
    let mut all = buffers::<ReplayJob>(settings);
    let mut of = |name, bound, count, bytes| {
        all.push(Buffer::new("runtime", name, bound, count * files, bytes));
    };
    of(
        "recording read ahead",
        "READ_AHEAD, BLOCK_ROWS, BLOCK_OTHERS",
        READ_AHEAD + 1,
        block_bytes(),
    );
    of("trades decoded", "ROWS", ROWS, size_of::<TimedTrade>());
    of(
        "candles decoded",
        "CANDLES_OF_RUN",
        CANDLES_OF_RUN,
        size_of::<TimedCandle>(),
    );
    of(
        "text and gzip window (line form)",
        "CHUNK, WINDOW, RETAINED",
        1,
        line_bytes(),
    );
    all.push(Buffer::new(
        "runtime",
        "state hashes to be compared",
        "WAITING_MAX",
        WAITING_MAX,
        size_of::<Checkpoint>(),
    ));
    // One batch is collected while another is written.
    let batches = 2 * BATCH;
    all.push(Buffer::new(
        "runtime",
        "recorded items (--record)",
        "BATCH",
        batches,
        size_of::<Item>(),
    ));
    all.push(Buffer::new(
        "runtime",
        "recorded text (--record)",
        "PLAIN_TEXT",
        1,
        writer_bytes(),
    ));
    all
}
