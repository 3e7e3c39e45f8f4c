//! The bounded buffers of the report.

use super::curve::POINTS_MAX;
use super::outcome_tally::REASONS_MAX;
use crate::core::planned::Buffer;
use crate::core::units::{Decimal, Timestamp};

/// What following a run takes. Beside it there is one entry a day with data, 32 bytes each.
pub fn buffers() -> Vec<Buffer> {
    vec![
        Buffer::new(
            "report",
            "equity curve",
            "POINTS_MAX",
            POINTS_MAX,
            size_of::<(Timestamp, Decimal)>(),
        ),
        Buffer::new(
            "report",
            "reasons of refusals",
            "REASONS_MAX",
            REASONS_MAX,
            128,
        ),
    ]
}
