//! What is known of one order at the venue beside its record, and when it is asked about.

use super::news::VenueState;
use crate::records::{Order, OrderState};
use crate::schedule::Armed;
use crate::units::stamp::SECOND;
use crate::units::{Price, Quantity, Span};
use serde::{Deserialize, Serialize};

/// Gaps before the queries of an order that owes an answer: after 1, 2, 5, 10 and 30 s.
const QUERY_GAPS: [Span; 5] = [
    Span::from_secs(1),
    Span::from_secs(1),
    Span::from_secs(3),
    Span::from_secs(5),
    Span::from_secs(20),
];
/// Gap of every further one.
const QUERY_EVERY: Span = Span::from_secs(60);

/// What was touched within this time is left alone by a reconciliation: news are on their way.
pub const SETTLES_AFTER: Span = Span::from_secs(5);
/// Complete listings without an order, over at least [`ABSENT_FOR`], that prove it was never sent.
pub const ABSENT_TIMES: u8 = 3;
pub const ABSENT_FOR: Span = Span::from_secs(60);

/// The venue's side of an order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct VenueTrack {
    /// Target of an order that rests as stop and target in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Price>,
    /// Why it is to be cancelled.
    pub cancel: Option<String>,
    /// What the venue says is filled, cumulative.
    pub told: Quantity,
    /// The final state it told, while fills up to it are missing.
    pub ended: Option<VenueState>,
    /// Queries in a row.
    pub asked: u8,
    /// Monotonic time of its last news.
    pub touched: i64,
    /// Complete listings in a row without it, and the monotonic time of the first.
    pub absent: u8,
    pub absent_since: i64,
    /// It was taken: counted as a success, once.
    pub taken: bool,
    #[serde(skip)]
    pub check: Option<Armed>,
}

impl VenueTrack {
    /// Whether the venue owes an answer about it.
    pub fn owes_answer(&self, order: &Order) -> bool {
        order.state == OrderState::Unknown
            || order.state == OrderState::Cancelling
            || self.ended.is_some()
            || self.told > order.filled
    }

    /// Time to the next query.
    pub fn next_query(&self) -> Span {
        let place = usize::from(self.asked);
        QUERY_GAPS.get(place).copied().unwrap_or(QUERY_EVERY)
    }
}

/// Whether something touched at `touched` is still in motion at `now`. A clock that began anew
/// (another start of the machine) moves nothing.
pub fn in_motion(touched: i64, now: i64) -> bool {
    (0..SETTLES_AFTER.0).contains(&now.saturating_sub(touched)) && touched != 0
}

/// The same of a moment that has passed: whether something was touched since, or shortly before.
pub fn moved_since(touched: i64, began: i64, now: i64) -> bool {
    touched != 0 && touched <= now && began.saturating_sub(touched) < SETTLES_AFTER.0
}

/// Gaps before a close that failed is tried again: 1, 2, 5, 10, 30, then every 60 s.
pub fn retry_gap(misses: u32) -> Span {
    const GAPS: [i64; 6] = [1, 2, 5, 10, 30, 60];
    let place = (misses.max(1) as usize - 1).min(GAPS.len() - 1);
    Span(GAPS[place] * SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_come_after_1_2_5_10_30_seconds_and_then_every_minute() {
        let mut track = VenueTrack::default();
        let mut at = 0;
        let times: Vec<i64> = (0..7)
            .map(|_| {
                at += track.next_query().0 / SECOND;
                track.asked += 1;
                at
            })
            .collect();
        assert_eq!(times, [1, 2, 5, 10, 30, 90, 150]);
    }

    #[test]
    fn what_was_touched_settles_after_five_seconds_and_before_a_new_clock() {
        assert!(in_motion(10, 10 + SETTLES_AFTER.0 - 1));
        assert!(!in_motion(10, 10 + SETTLES_AFTER.0));
        assert!(!in_motion(10, 9));
    }
}
