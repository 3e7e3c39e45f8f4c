//! Books by REST: whose is asked for next, and when.
//!
//! A sound book is asked for again when its time is over and something of its symbol has come since;
//! one that is wrong or was not answered, sooner, but no more often than snapshots may be asked for
//! (behaviour 6). One call at a time, the symbol that waited longest first. Calls keep a distance
//! that leaves half of each request limit to others, and a longer one after failures. Nothing is due
//! while nothing happens. Pure: calls are said, not made; times are monotonic nanoseconds.

use super::books::{BookSettings, Books};
use crate::core::market::SymbolId;
use crate::core::units::stamp::SECOND;
use crate::core::units::{Span, Timestamp};
use crate::runtime::live::calls::limiter::Window;
use serde::Serialize;

/// Longest distance of two calls after failures, unless the limits ask for a longer one.
const FAILING_PAUSE: i64 = 60 * SECOND;
/// The distance doubles with each failure so many times.
const DOUBLINGS: u32 = 6;

/// Counts since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct BookCallCounts {
    pub asked: u64,
    /// Answers whose book was taken.
    pub taken: u64,
    /// Calls without an answer, or with one that is none.
    pub failed: u64,
    /// Answers that were older than what was known, or whose time is too far from ours.
    pub stale: u64,
}

/// One symbol's place among the others.
#[derive(Clone, Copy, Debug)]
struct Turn {
    /// Something of the symbol has come since its book was asked for.
    news: bool,
    /// The last call brought a book.
    taken: bool,
    /// When its book was asked for last.
    asked: i64,
    /// The exchange's time of its book.
    time: Option<Timestamp>,
}

/// See the file's head.
#[derive(Clone, Debug)]
pub struct BookCalls {
    refresh: Span,
    mend: Span,
    distance: i64,
    max_drift: Span,
    turns: Vec<Turn>,
    /// Whose book is asked for and not answered.
    flying: Option<SymbolId>,
    /// No call before this.
    next: i64,
    /// In a row.
    failures: u32,
    pub counts: BookCallCounts,
}

/// Nanoseconds between two calls that together are half of what each window allows.
fn distance(windows: &[Window]) -> i64 {
    let of = |window: &Window| {
        let requests = i64::try_from(window.requests.max(1)).unwrap_or(i64::MAX);
        window.span.0.saturating_mul(2) / requests
    };
    windows.iter().map(of).max().unwrap_or(0)
}

impl BookCalls {
    pub fn new(symbols: usize, settings: &BookSettings, windows: &[Window]) -> Self {
        let turn = Turn {
            news: false,
            taken: false,
            asked: i64::MIN,
            time: None,
        };
        Self {
            refresh: settings.refresh_every.max(settings.snapshot_every),
            mend: settings.snapshot_every,
            distance: distance(windows),
            max_drift: settings.max_drift,
            turns: vec![turn; symbols],
            flying: None,
            next: i64::MIN,
            failures: 0,
            counts: BookCallCounts::default(),
        }
    }

    /// Something of a symbol has come: its book may have changed.
    pub fn news(&mut self, symbol: SymbolId) {
        self.turns[symbol.index()].news = true;
    }

    /// When a symbol's book is wanted; `None` = not before something happens.
    fn due(&self, symbol: SymbolId, books: &Books, now: i64) -> Option<i64> {
        let turn = &self.turns[symbol.index()];
        let is_wrong = books.is_wrong(symbol, now);
        let pause = if turn.taken && !is_wrong {
            self.refresh
        } else {
            self.mend
        };
        (turn.news || is_wrong).then(|| turn.asked.saturating_add(pause.0))
    }

    fn symbols(&self) -> impl Iterator<Item = SymbolId> + use<> {
        (0..self.turns.len() as u16).map(SymbolId)
    }

    /// The symbol whose book is to be asked for now; it counts as asked.
    pub fn ask(&mut self, books: &Books, now: i64) -> Option<SymbolId> {
        if self.flying.is_some() || self.next > now {
            return None;
        }
        let symbol = self
            .symbols()
            .filter(|symbol| self.due(*symbol, books, now).is_some_and(|due| due <= now))
            .min_by_key(|symbol| self.turns[symbol.index()].asked)?;
        let turn = &mut self.turns[symbol.index()];
        (turn.asked, turn.news) = (now, false);
        self.flying = Some(symbol);
        self.next = now.saturating_add(self.distance);
        self.counts.asked += 1;
        Some(symbol)
    }

    /// When [`BookCalls::ask`] is wanted next.
    pub fn next_deadline(&self, books: &Books, now: i64) -> Option<i64> {
        if self.flying.is_some() {
            return None;
        }
        let due = self
            .symbols()
            .filter_map(|symbol| self.due(symbol, books, now));
        due.min().map(|due| due.max(self.next))
    }

    /// An answer has come, with the exchange's time of its book and that time as it is now. Whether
    /// the book is to be taken: the one that is known may be newer.
    pub fn answered(
        &mut self,
        symbol: SymbolId,
        (time, wall): (Option<Timestamp>, Timestamp),
        now: i64,
    ) -> bool {
        let turn = &mut self.turns[symbol.index()];
        let is_stale = time.is_some_and(|time| {
            let drift = wall.0.abs_diff(time.0);
            drift > self.max_drift.0.unsigned_abs() || turn.time.is_some_and(|last| time < last)
        });
        if is_stale {
            self.counts.stale += 1;
            self.missed(symbol, now);
            return false;
        }
        self.flying = None;
        self.failures = 0;
        self.counts.taken += 1;
        (turn.taken, turn.time) = (true, time.or(turn.time));
        true
    }

    /// The call brought nothing; what is known stays and grows old.
    pub fn failed(&mut self, symbol: SymbolId, now: i64) {
        self.counts.failed += 1;
        self.missed(symbol, now);
    }

    fn missed(&mut self, symbol: SymbolId, now: i64) {
        self.flying = None;
        let turn = &mut self.turns[symbol.index()];
        (turn.taken, turn.news) = (false, true);
        self.failures = self.failures.saturating_add(1);
        let least = self.distance.max(SECOND);
        let pause = least.saturating_mul(1 << self.failures.min(DOUBLINGS));
        let pause = pause.min(FAILING_PAUSE.max(self.distance));
        self.next = now.saturating_add(pause);
    }
}

#[cfg(test)]
mod tests {
    use super::super::books::BookSource;
    use super::*;
    use crate::core::units::Decimal;
    use proptest::prelude::*;

    const A: SymbolId = SymbolId(0);
    const B: SymbolId = SymbolId(1);
    const WALL: Timestamp = Timestamp(1_790_000_000 * SECOND);

    fn settings() -> BookSettings {
        BookSettings {
            source: BookSource::Rest { levels: 50 },
            depth: 20,
            stale_after: Span::from_secs(2),
            snapshot_every: Span::from_secs(5),
            refresh_every: Span::from_secs(30),
            max_drift: Span::from_secs(5),
            max_spread_bps: Decimal::from_int(200),
        }
    }

    fn window(requests: usize, seconds: i64) -> Window {
        Window {
            requests,
            span: Span::from_secs(seconds),
        }
    }

    /// Two symbols within 60 requests a minute: calls are 2 s apart.
    fn calls() -> (BookCalls, Books) {
        let calls = BookCalls::new(2, &settings(), &[window(60, 60)]);
        (calls, Books::new(2, settings()))
    }

    fn take(calls: &mut BookCalls, symbol: SymbolId, now: i64) -> bool {
        let wall = Timestamp(WALL.0 + now);
        calls.answered(symbol, (Some(wall), wall), now)
    }

    #[test]
    fn one_call_is_under_way_and_the_symbol_that_waited_longest_is_next() {
        let (mut calls, books) = calls();
        assert_eq!(calls.next_deadline(&books, 0), None, "nothing has come");
        assert_eq!(calls.ask(&books, 0), None);
        calls.news(B);
        calls.news(A);
        assert_eq!(calls.ask(&books, 0), Some(A));
        assert_eq!(calls.next_deadline(&books, 9 * SECOND), None, "under way");
        assert_eq!(calls.ask(&books, 9 * SECOND), None);
        calls.news(A);
        assert!(take(&mut calls, A, SECOND));
        assert_eq!(calls.next_deadline(&books, SECOND), Some(2 * SECOND));
        assert_eq!(calls.ask(&books, SECOND), None, "too close to the other");
        assert_eq!(calls.ask(&books, 2 * SECOND), Some(B));
        assert!(take(&mut calls, B, 2 * SECOND));
        assert_eq!(calls.next_deadline(&books, 0), Some(30 * SECOND));
        assert_eq!(calls.ask(&books, 30 * SECOND), Some(A));
        assert_eq!((calls.counts.asked, calls.counts.taken), (3, 2));
    }

    #[test]
    fn a_symbol_of_which_nothing_has_come_is_left_alone() {
        let (mut calls, books) = calls();
        calls.news(A);
        calls.ask(&books, 0);
        take(&mut calls, A, 0);
        assert_eq!(calls.next_deadline(&books, 3600 * SECOND), None);
        assert_eq!(calls.ask(&books, 3600 * SECOND), None);
        calls.news(A);
        assert_eq!(calls.ask(&books, 3600 * SECOND), Some(A));
    }

    #[test]
    fn an_old_answer_is_refused_and_counted() {
        let (mut calls, books) = calls();
        let mut at = 0;
        let mut answer = |calls: &mut BookCalls, time: i64| {
            at += 120 * SECOND;
            calls.news(A);
            assert_eq!(calls.ask(&books, at), Some(A));
            calls.answered(A, (Some(Timestamp(WALL.0 + time)), WALL), at)
        };
        assert!(!answer(&mut calls, -6 * SECOND), "older than may be");
        assert!(!answer(&mut calls, 6 * SECOND), "of the future");
        assert!(answer(&mut calls, -SECOND));
        assert!(
            !answer(&mut calls, -2 * SECOND),
            "older than the one before"
        );
        assert!(answer(&mut calls, -SECOND), "the same again");
        calls.news(A);
        calls.ask(&books, at + 120 * SECOND);
        assert!(calls.answered(A, (None, WALL), at), "without a time");
        assert_eq!((calls.counts.stale, calls.counts.failed), (3, 0));
    }

    #[test]
    fn failures_are_counted_and_draw_the_calls_apart() {
        let (mut calls, books) = calls();
        calls.news(A);
        let mut pauses = Vec::new();
        let mut now = 0;
        for _ in 0..8 {
            assert_eq!(calls.ask(&books, now), Some(A));
            calls.failed(A, now);
            let next = calls.next_deadline(&books, now).unwrap();
            pauses.push((next - now) / SECOND);
            now = next;
        }
        assert_eq!(pauses, [5, 8, 16, 32, 60, 60, 60, 60]);
        assert_eq!(calls.counts.failed, 8);
        assert_eq!(calls.ask(&books, now), Some(A));
        take(&mut calls, A, now);
        calls.news(B);
        assert_eq!(calls.next_deadline(&books, now), Some(now + 2 * SECOND));
    }

    proptest! {
        /// Whatever happens, other calls have half of each limit, and two of a symbol are apart.
        #[test]
        fn calls_stay_below_half_of_each_limit(
            steps in prop::collection::vec((0i64..4000, 0u8..4, any::<bool>()), 1..300),
            requests in 1usize..20,
        ) {
            let windows = [window(requests, 10), window(30, 60)];
            let mut calls = BookCalls::new(2, &settings(), &windows);
            let books = Books::new(2, settings());
            let mut asked: Vec<(i64, SymbolId)> = Vec::new();
            let mut now = 0;
            for (wait, what, is_a) in steps {
                now += wait * 1_000_000;
                match (what, calls.flying) {
                    (0 | 1, _) => calls.news(if is_a { A } else { B }),
                    (2, Some(symbol)) => { calls.answered(symbol, (None, WALL), now); }
                    (3, Some(symbol)) => calls.failed(symbol, now),
                    _ => {}
                }
                asked.extend(calls.ask(&books, now).map(|symbol| (now, symbol)));
            }
            for window in windows {
                for (at, _) in &asked {
                    let within = asked.iter().filter(|(other, _)| {
                        (*at..*at + window.span.0).contains(other)
                    });
                    prop_assert!(2 * within.count() <= window.requests + 1);
                }
            }
            for symbol in [A, B] {
                let of: Vec<i64> = asked.iter().filter(|a| a.1 == symbol).map(|a| a.0).collect();
                prop_assert!(of.windows(2).all(|pair| pair[1] - pair[0] >= 5 * SECOND));
            }
        }
    }
}
