//! Our own limit of requests, on top of the venue's: polling, back-fill and downloads wait, orders
//! do not.
//!
//! Sliding windows; pure, monotonic nanoseconds come in. Memory: one stamp a request of the largest
//! window.

use crate::core::units::Span;
use std::collections::VecDeque;

/// At most `requests` within `span`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// 1 or more.
    pub requests: usize,
    pub span: Span,
}

/// See the file's head.
#[derive(Clone, Debug)]
pub struct Limiter {
    windows: Vec<Window>,
    /// When requests were sent, oldest first; at most as many as the largest window allows.
    sent: VecDeque<i64>,
    /// The venue said to wait until then.
    blocked_until: i64,
}

impl Limiter {
    pub fn new(windows: Vec<Window>) -> Self {
        Self {
            windows,
            sent: VecDeque::new(),
            blocked_until: i64::MIN,
        }
    }

    /// Earliest time at which another request may be sent; at or before `now` = at once.
    pub fn next_allowed(&self, now: i64) -> i64 {
        let mut at = now.max(self.blocked_until);
        for window in &self.windows {
            if let Some(back) = self.sent.len().checked_sub(window.requests.max(1)) {
                at = at.max(self.sent[back].saturating_add(window.span.0));
            }
        }
        at
    }

    /// A request is sent now.
    pub fn note(&mut self, now: i64) {
        self.sent.push_back(now);
        let most = self.windows.iter().map(|w| w.requests).max().unwrap_or(0);
        while self.sent.len() > most {
            self.sent.pop_front();
        }
    }

    /// Until when the venue asks for quiet; the past when it does not.
    pub fn blocked_until(&self) -> i64 {
        self.blocked_until
    }

    /// The venue asks for quiet until then; an earlier wish stays if it is later.
    pub fn block_until(&mut self, until: i64) {
        self.blocked_until = self.blocked_until.max(until);
    }

    /// An operator's word stands above the venue's wish.
    pub fn lift(&mut self) {
        self.blocked_until = i64::MIN;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn windows() -> Vec<Window> {
        vec![
            Window {
                requests: 3,
                span: Span(10),
            },
            Window {
                requests: 5,
                span: Span(100),
            },
        ]
    }

    #[test]
    fn the_tightest_window_governs() {
        let mut limiter = Limiter::new(windows());
        for at in [0, 1, 2] {
            assert_eq!(limiter.next_allowed(at), at);
            limiter.note(at);
        }
        assert_eq!(limiter.next_allowed(3), 10);
        limiter.note(10);
        limiter.note(11);
        assert_eq!(limiter.next_allowed(12), 100);
    }

    #[test]
    fn what_the_venue_asks_for_stands_above_our_own() {
        let mut limiter = Limiter::new(Vec::new());
        limiter.block_until(50);
        limiter.block_until(20);
        assert_eq!(limiter.next_allowed(7), 50);
        assert_eq!(limiter.next_allowed(60), 60);
    }

    proptest! {
        #[test]
        fn no_window_is_ever_exceeded(waits in prop::collection::vec(0i64..30, 1..80)) {
            let mut limiter = Limiter::new(windows());
            let (mut now, mut sent) = (0, Vec::new());
            for wait in waits {
                now = limiter.next_allowed(now + wait);
                limiter.note(now);
                sent.push(now);
            }
            for window in windows() {
                for run in sent.windows(window.requests + 1) {
                    prop_assert!(run[window.requests] - run[0] >= window.span.0);
                }
            }
        }
    }
}
