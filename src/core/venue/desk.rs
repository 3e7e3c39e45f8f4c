//! What the core keeps of a venue beside the orders in their slots. Bounded; the oldest goes.

use super::protective::ProtectiveDesk;
use super::track::{in_motion, moved_since};
use crate::orders::Working;
use crate::records::ExitReason;
use crate::schedule::Armed;
use crate::units::Timestamp;
use crate::units::stamp::SECOND;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Finished orders kept, so that a late fill finds its order. A fill of an older one is found as a
/// difference of positions.
pub const FINISHED_KEPT: usize = 64;
/// Ids of fills kept, so that none counts twice: far more than a venue tells again in a listing.
pub const FILL_IDS_KEPT: usize = 4096;
/// Foreign orders remembered as reported; beyond it the oldest may be reported again.
pub const FOREIGN_KEPT: usize = 256;
/// A large unexplained change of the balance wants two reconciliations that far apart.
const TWICE_APART: i64 = 10 * SECOND;
/// Failed reconciliations in a row that alert.
pub const FAILURES_TOLD: u32 = 3;

/// The account's dealings with the venue.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct VenueDesk {
    /// No entry before the first reconciliation, and after each doubt.
    reconciled: bool,
    /// A large change is to be seen twice; the monotonic time of the first.
    doubt: Option<Option<i64>>,
    /// A reconciliation was asked for and has not ended.
    asked: bool,
    failures: u32,
    /// The venue's cash was taken over.
    pub(super) baselined: bool,
    /// The balance differs while a protective order rests, which may have filled: whether everything
    /// was compared since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) cash_doubt: Option<bool>,
    /// Wall time since which everything of the venue is followed: what ended before is not ours to
    /// count.
    pub(super) since: Option<Timestamp>,
    /// Monotonic time at which the last listing was begun: its balances and positions are of then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) listed_from: Option<i64>,
    /// Every position is to be left, also one that a late fill opens.
    pub(crate) close_all: Option<ExitReason>,
    pub(super) finished: VecDeque<Working>,
    fill_ids: VecDeque<String>,
    foreign: VecDeque<String>,
}

impl VenueDesk {
    /// The desk of a new process: nothing is reconciled, and no question is under way.
    pub(crate) fn after_restart(mut self) -> Self {
        self.reconciled = false;
        self.asked = false;
        self.doubt = None;
        // What was closed because the earlier process ended is over with it; what an operator wanted
        // closed stays so until it is resumed.
        if self.close_all == Some(ExitReason::Shutdown) {
            self.close_all = None;
        }
        self
    }

    pub const fn is_reconciled(&self) -> bool {
        self.reconciled
    }

    /// Something is in doubt: no entry before the next reconciliation. Returns whether it has to be
    /// asked for.
    pub(super) fn doubt(&mut self, twice: bool) -> bool {
        self.reconciled = false;
        if twice && self.doubt.is_none() {
            self.doubt = Some(None);
        }
        self.ask()
    }

    /// Something new is to be seen twice, whatever was before.
    pub(super) fn doubt_anew(&mut self) {
        self.reconciled = false;
        self.doubt = Some(None);
    }

    /// A reconciliation is wanted; false while one is under way.
    pub(super) fn ask(&mut self) -> bool {
        !std::mem::replace(&mut self.asked, true)
    }

    /// A reconciliation found everything resolved. Returns whether another one is wanted.
    pub(super) fn round_ended(&mut self, mono: i64) -> bool {
        self.asked = false;
        self.failures = 0;
        self.cash_doubt = self.cash_doubt.map(|_| true);
        match self.doubt {
            None => self.reconciled = true,
            Some(Some(first)) if mono - first >= TWICE_APART || mono < first => {
                self.doubt = None;
                self.reconciled = true;
            }
            Some(Some(_)) => {}
            Some(None) => self.doubt = Some(Some(mono)),
        }
        !self.reconciled
    }

    /// A reconciliation failed; returns how many in a row.
    pub(super) fn round_failed(&mut self) -> u32 {
        self.asked = false;
        self.reconciled = false;
        self.failures = self.failures.saturating_add(1);
        self.failures
    }

    pub(super) fn knows_fill(&self, fill_id: &str) -> bool {
        self.fill_ids.iter().any(|known| known == fill_id)
    }

    pub(super) fn note_fill(&mut self, fill_id: &str) {
        push(&mut self.fill_ids, fill_id.to_owned(), FILL_IDS_KEPT);
        // It may be what the balance differed by; the next difference is another one.
        self.cash_doubt = None;
    }

    /// Notes a foreign order; false if it was reported already.
    pub(super) fn note_foreign(&mut self, venue_id: &str) -> bool {
        let news = !self.knows_foreign(venue_id);
        if news {
            push(&mut self.foreign, venue_id.to_owned(), FOREIGN_KEPT);
        }
        news
    }

    pub(super) fn knows_foreign(&self, venue_id: &str) -> bool {
        self.foreign.iter().any(|known| known == venue_id)
    }

    pub(super) fn keep(&mut self, working: Working) {
        push(&mut self.finished, working, FINISHED_KEPT);
    }
}

fn push<T>(kept: &mut VecDeque<T>, value: T, most: usize) {
    if kept.len() >= most {
        kept.pop_front();
    }
    kept.push_back(value);
}

/// What is known of one symbol at the venue beside its orders.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SymbolDesk {
    /// Lots of a position that is not ours, signed: counted as exposure, never touched.
    pub foreign: i64,
    /// Signed lots that are ours by a protective order of ours found at the venue, of which no position is
    /// known here yet; 0 = none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub proven: i64,
    /// A holding that differed while an order of ours could have explained it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub differs: Option<Difference>,
    /// Monotonic time of the last news of an order.
    pub touched: i64,
    /// Highest decision number that the client id of an exit of ours was made of.
    pub exit_number: u64,
    /// Exits in a row that closed nothing.
    pub misses: u32,
    /// A close that waits for its turn.
    pub wanted: Option<ExitReason>,
    /// The target is not tried before this monotonic time.
    pub target_after: i64,
    /// What is held is compared again once its worth and the account's cash are known and no news of
    /// an order are on their way: there may be something to take over.
    #[serde(default, alias = "unpriced")]
    pub compare_again: bool,
    #[serde(default)]
    pub protective: ProtectiveDesk,
    #[serde(skip)]
    pub retry: Option<Armed>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
const fn is_zero(lots: &i64) -> bool {
    *lots == 0
}

/// A difference of holdings, seen once. Signed lots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    pub ours: i64,
    pub theirs: i64,
    /// Monotonic time.
    pub since: i64,
}

impl SymbolDesk {
    /// Whether a difference of holdings was seen the same long enough ago; it is noted if it was not.
    pub(super) fn differs_still(&mut self, ours: i64, theirs: i64, now: i64) -> bool {
        match self.differs {
            Some(seen) if (seen.ours, seen.theirs) == (ours, theirs) && seen.since <= now => {
                now - seen.since >= TWICE_APART
            }
            _ => {
                let since = now;
                self.differs = Some(Difference {
                    ours,
                    theirs,
                    since,
                });
                false
            }
        }
    }

    /// Whether orders moved since this moment, or shortly before it.
    pub fn moved_since(&self, began: i64, now: i64) -> bool {
        moved_since(self.touched, began, now)
    }

    /// Nothing of it is worth keeping.
    pub fn is_blank(&self) -> bool {
        *self == Self::default()
    }

    pub fn in_motion(&self, now: i64) -> bool {
        in_motion(self.touched, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_doubt_ends_with_two_rounds_ten_seconds_apart() {
        let mut desk = VenueDesk::default();
        assert!(!desk.round_ended(0));
        assert!(desk.is_reconciled());
        assert!(desk.doubt(true));
        assert!(!desk.doubt(false), "one is under way");
        assert!(desk.round_ended(100 * SECOND), "another is wanted");
        assert!(desk.round_ended(109 * SECOND));
        assert!(!desk.is_reconciled());
        assert!(!desk.round_ended(110 * SECOND));
        assert!(desk.is_reconciled());
    }

    #[test]
    fn memories_are_bounded_and_the_oldest_goes() {
        let mut desk = VenueDesk::default();
        for n in 0..=FILL_IDS_KEPT {
            desk.note_fill(&n.to_string());
        }
        assert!(!desk.knows_fill("0") && desk.knows_fill("1"));
        for n in 0..=FOREIGN_KEPT {
            assert!(desk.note_foreign(&n.to_string()));
        }
        assert!(!desk.note_foreign("1") && desk.note_foreign("0"));
    }
}
