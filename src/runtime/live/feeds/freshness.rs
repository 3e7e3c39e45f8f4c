//! How old the last data of each symbol is, and what follows from it.
//!
//! A symbol without data is asked about once before it counts as stale: if the venue shows no newer
//! trade either, it is quiet, not stale. Pings and heartbeats prove the transport, never a symbol.
//! Pure: monotonic nanoseconds come in.

use crate::core::market::SymbolId;
use crate::core::units::Span;

/// Share of the limit after which a silent symbol is asked about, in quarters.
const PROBE_AFTER_QUARTERS: i64 = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// No data has come since the connection was made.
    Waiting,
    Fresh,
    Stale,
}

#[derive(Clone, Copy, Debug)]
struct Feed {
    state: State,
    /// Of the last data, or of the last proof that there is none.
    last: i64,
    probed: bool,
}

/// What a symbol's silence calls for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// Ask the venue for its last trade.
    Probe(SymbolId),
    /// Entries are blocked from here on.
    Stale(SymbolId),
}

/// The clocks of all symbols.
#[derive(Clone, Debug)]
pub struct Freshness {
    limit: Span,
    feeds: Vec<Feed>,
}

impl Freshness {
    /// Nothing has come yet.
    pub fn new(symbols: usize, limit: Span) -> Self {
        let feed = Feed {
            state: State::Waiting,
            last: 0,
            probed: false,
        };
        Self {
            limit,
            feeds: vec![feed; symbols],
        }
    }

    /// Data of a symbol has come, or its proof of quiet. `true`: it was not fresh before.
    pub fn note(&mut self, symbol: SymbolId, now: i64) -> bool {
        let feed = &mut self.feeds[symbol.index()];
        let was_fresh = feed.state == State::Fresh;
        *feed = Feed {
            state: State::Fresh,
            last: now,
            probed: false,
        };
        !was_fresh
    }

    /// What comes is not of now.
    pub fn doubt(&mut self, symbol: SymbolId) {
        self.feeds[symbol.index()].state = State::Stale;
    }

    /// The connection is gone: nothing is fresh before data has come again. The symbols that were.
    pub fn lost(&mut self) -> Vec<SymbolId> {
        let mut were_fresh = Vec::new();
        for (feed, id) in self.feeds.iter_mut().zip(0u16..) {
            if feed.state == State::Fresh {
                were_fresh.push(SymbolId(id));
            }
            feed.state = State::Waiting;
        }
        were_fresh
    }

    pub fn is_fresh(&self, symbol: SymbolId) -> bool {
        self.feeds[symbol.index()].state == State::Fresh
    }

    /// Age of the last data in nanoseconds; `None` before the first.
    pub fn age(&self, symbol: SymbolId, now: i64) -> Option<i64> {
        let feed = &self.feeds[symbol.index()];
        (feed.last > 0).then(|| now - feed.last)
    }

    fn due(&self, feed: &Feed) -> Option<i64> {
        let share = if feed.probed { 4 } else { PROBE_AFTER_QUARTERS };
        (feed.state == State::Fresh).then(|| feed.last + self.limit.0 / 4 * share)
    }

    /// When [`Freshness::expire`] is wanted next.
    pub fn next_deadline(&self) -> Option<i64> {
        self.feeds.iter().filter_map(|feed| self.due(feed)).min()
    }

    /// What has been silent for too long by now; each is told once.
    pub fn expire(&mut self, now: i64) -> Vec<Silence> {
        let mut silences = Vec::new();
        for index in 0..self.feeds.len() {
            let feed = self.feeds[index];
            if self.due(&feed).is_none_or(|due| due > now) {
                continue;
            }
            let symbol = SymbolId(index as u16);
            let feed = &mut self.feeds[index];
            if feed.probed {
                feed.state = State::Stale;
                silences.push(Silence::Stale(symbol));
            } else {
                feed.probed = true;
                silences.push(Silence::Probe(symbol));
            }
        }
        silences
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: SymbolId = SymbolId(0);
    const B: SymbolId = SymbolId(1);

    #[test]
    fn a_silent_symbol_is_asked_about_first_and_stale_afterwards() {
        let mut clocks = Freshness::new(2, Span(100));
        assert_eq!(clocks.next_deadline(), None, "nothing has come yet");
        assert!(clocks.note(A, 1000));
        assert!(clocks.note(B, 1050));
        assert!(!clocks.note(B, 1060));
        assert_eq!(clocks.next_deadline(), Some(1075));
        assert_eq!(clocks.expire(1074), []);
        assert_eq!(clocks.expire(1075), [Silence::Probe(A)]);
        assert_eq!(clocks.expire(1099), []);
        assert_eq!(clocks.expire(1100), [Silence::Stale(A)]);
        assert!(!clocks.is_fresh(A) && clocks.is_fresh(B));
        assert!(clocks.note(A, 1110), "it is told that data has come again");
    }

    #[test]
    fn a_quiet_symbol_is_asked_about_again_each_time() {
        let mut clocks = Freshness::new(1, Span(100));
        clocks.note(A, 1000);
        assert_eq!(clocks.expire(1080), [Silence::Probe(A)]);
        // The venue shows no newer trade.
        assert!(!clocks.note(A, 1081));
        assert_eq!(clocks.next_deadline(), Some(1156));
        assert_eq!(clocks.expire(1156), [Silence::Probe(A)]);
    }

    #[test]
    fn a_lost_connection_leaves_nothing_fresh() {
        let mut clocks = Freshness::new(2, Span(100));
        clocks.note(B, 1000);
        assert_eq!(clocks.lost(), [B]);
        assert_eq!(clocks.lost(), []);
        assert_eq!(clocks.next_deadline(), None);
        assert_eq!(clocks.age(B, 1010), Some(10));
    }
}
