//! The bounded buffers of the ledger. Those of recordings: `recording::sizes`.

use super::ledger::Row;
use super::ledger::batcher::{BatchLimits, IN_FLIGHT_MAX};
use super::ledger::hashes::BLOCK_HASHES;
use super::ledger::open::CACHE_KIB;
use super::ledger::value_names::LISTS_MAX;
use crate::core::planned::Buffer;
use crate::core::records::Record;

/// Names of one list, as they are counted: a decision has some 40 indicators and 28 checks.
const NAMES_COUNTED: usize = 64;

/// What one ledger, written in batches of these limits, may take.
pub fn buffers(limits: BatchLimits) -> Vec<Buffer> {
    let of = |name, bound, count, bytes| Buffer::new("store", name, bound, count, bytes);
    vec![
        of(
            "ledger batches",
            "BatchLimits::rows, IN_FLIGHT_MAX",
            limits.rows * (1 + IN_FLIGHT_MAX),
            size_of::<Row>() + size_of::<Record>(),
        ),
        of(
            "state hashes",
            "BLOCK_HASHES",
            BLOCK_HASHES,
            size_of::<u64>(),
        ),
        of(
            "lists of value names",
            "LISTS_MAX",
            LISTS_MAX * NAMES_COUNTED,
            size_of::<&str>(),
        ),
        of("SQLite page cache", "CACHE_KIB", CACHE_KIB, 1024),
    ]
}
