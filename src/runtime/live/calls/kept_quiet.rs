//! What the exchange asks for ("fewer requests, until then") outlives the process, in the ledger.

use crate::core::units::{Stamp, Timestamp};
use crate::store::ledger::Row;
use crate::store::ledger::rows::{EXCHANGE_QUIET, LimitRow};

/// The row of a wish for quiet that ends at `until`, monotonic nanoseconds of the loop; `now` by the
/// same clock.
pub(in crate::runtime::live) fn quiet_row(until: i64, now: Stamp) -> Row {
    let ends = now.wall.0.saturating_add(until.saturating_sub(now.mono));
    Row::Limit(LimitRow {
        name: EXCHANGE_QUIET.to_owned(),
        value: None,
        text: "the exchange asks for fewer requests".to_owned(),
        since: now.wall,
        until: Some(Timestamp(ends)),
    })
}
