//! The circuit breaker of the exchange: technical failures stop entries for a while.
//!
//! CLOSED counts failures of the last window; at the limit it is OPEN. After its time one probe may
//! pass (HALF_OPEN): success closes, failure opens twice as long, up to an hour. Reductions always
//! pass. A pure state machine: time comes in as monotonic nanoseconds.

use crate::units::Span;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Longest time the breaker stays open.
const LONGEST_OPEN: Span = Span::from_secs(3600);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BreakerState {
    Closed,
    Open,
    /// One probe entry at most.
    HalfOpen,
}

/// How much a failure weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureWeight {
    /// Rejected for a technical reason, 5xx, timeout.
    Single,
    /// An order whose outcome is unknown.
    Double,
    /// Reconciliation found a mismatch: opens at once.
    Opens,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breaker {
    limit: u32,
    window: Span,
    open_for: Span,
    /// Stamps of failures in the window, a double one twice; at most `limit` of them.
    failures: VecDeque<i64>,
    opened: Option<(i64, Span)>,
}

impl Breaker {
    pub fn new(limit: u32, window: Span, open_for: Span) -> Self {
        Self {
            limit,
            window,
            open_for,
            failures: VecDeque::new(),
            opened: None,
        }
    }

    /// Takes over settings that may have changed; an open breaker stays open for its time.
    pub fn adopt(&mut self, limit: u32, window: Span, open_for: Span) {
        self.limit = limit;
        self.window = window;
        self.open_for = open_for;
        while self.failures.len() > limit as usize {
            self.failures.pop_front();
        }
    }

    /// The limit became smaller. Returns whether the breaker opened by it.
    pub fn catch_up(&mut self, now: i64) -> bool {
        let beyond = self.state(now) == BreakerState::Closed && self.failures(now) >= self.limit;
        if beyond {
            self.open(now, self.open_for);
        }
        beyond
    }

    pub fn state(&self, now: i64) -> BreakerState {
        match self.opened {
            None => BreakerState::Closed,
            Some((at, span)) if now - at < span.0 => BreakerState::Open,
            Some(_) => BreakerState::HalfOpen,
        }
    }

    /// Failures that count at `now`.
    pub fn failures(&self, now: i64) -> u32 {
        self.failures
            .iter()
            .filter(|at| now - **at < self.window.0)
            .count() as u32
    }

    /// Notes a failure; returns whether the breaker opened by it.
    pub fn fail(&mut self, now: i64, weight: FailureWeight) -> bool {
        match self.state(now) {
            BreakerState::Open => false,
            BreakerState::HalfOpen => {
                let (_, span) = self.opened.expect("half open was open before");
                self.open(now, Span((span.0 * 2).min(LONGEST_OPEN.0)));
                true
            }
            BreakerState::Closed => {
                while self
                    .failures
                    .front()
                    .is_some_and(|at| now - at >= self.window.0)
                {
                    self.failures.pop_front();
                }
                let count = match weight {
                    FailureWeight::Single => 1,
                    FailureWeight::Double => 2,
                    FailureWeight::Opens => self.limit,
                };
                for _ in 0..count {
                    self.failures.push_back(now);
                }
                if self.failures.len() >= self.limit as usize {
                    self.open(now, self.open_for);
                    return true;
                }
                false
            }
        }
    }

    /// Notes a success: takes one failure off, or closes after a probe.
    pub fn succeed(&mut self, now: i64) {
        match self.state(now) {
            BreakerState::Closed => {
                self.failures.pop_front();
            }
            BreakerState::HalfOpen => self.opened = None,
            BreakerState::Open => {}
        }
    }

    fn open(&mut self, now: i64, span: Span) {
        self.opened = Some((now, span));
        self.failures.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::stamp::SECOND;

    fn breaker() -> Breaker {
        Breaker::new(5, Span::from_secs(300), Span::from_secs(300))
    }

    #[test]
    fn five_failures_in_the_window_open_it() {
        let mut b = breaker();
        for second in 0..4 {
            assert!(!b.fail(second * SECOND, FailureWeight::Single));
        }
        // The first has left the window: still four.
        assert!(!b.fail(300 * SECOND, FailureWeight::Single));
        assert!(b.fail(300 * SECOND, FailureWeight::Single));
        assert_eq!(b.state(599 * SECOND), BreakerState::Open);
        assert_eq!(b.state(600 * SECOND), BreakerState::HalfOpen);
    }

    #[test]
    fn a_failed_probe_opens_twice_as_long_up_to_an_hour() {
        let mut b = breaker();
        let mut now = 0;
        assert!(b.fail(now, FailureWeight::Opens));
        for expected in [600, 1200, 2400, 3600, 3600] {
            now += 3600 * SECOND;
            assert_eq!(b.state(now), BreakerState::HalfOpen);
            assert!(b.fail(now, FailureWeight::Single));
            assert_eq!(b.state(now + expected * SECOND - 1), BreakerState::Open);
            assert_eq!(b.state(now + expected * SECOND), BreakerState::HalfOpen);
        }
        b.succeed(now + 3600 * SECOND);
        assert_eq!(b.state(now + 3600 * SECOND), BreakerState::Closed);
    }

    #[test]
    fn success_takes_one_off_and_unknown_counts_double() {
        let mut b = breaker();
        b.fail(0, FailureWeight::Double);
        b.fail(0, FailureWeight::Double);
        b.succeed(0);
        assert_eq!(b.failures(0), 3);
        assert!(b.fail(0, FailureWeight::Double));
    }
}
