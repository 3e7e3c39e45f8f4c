//! The breaker in front of the exchange's host: after failures in a row, calls that can wait do,
//! instead of piling up on a host that does not answer.
//!
//! Failures are those of the host: no connection, no answer in time, 5xx. Orders and cancels pass
//! whatever its state, because late is worse for them than in vain; their success closes it too.
//! Pure: times are monotonic nanoseconds.

use crate::core::units::stamp::SECOND;

/// Failures in a row that open it.
const OPENS_AFTER: u32 = 5;
/// How long it stays open.
const OPEN_FOR: i64 = 60 * SECOND;
/// Calls that find out whether the host is back.
const PROBES: u32 = 3;

/// See the file's head.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HostBreaker {
    failures: u32,
    /// Until when it is open; `None` = closed.
    open_until: Option<i64>,
    /// Probes sent since it was open.
    probes: u32,
    pub opened: u64,
}

impl HostBreaker {
    /// Earliest time at which a call that can wait may be sent; `None` while probes are awaited.
    pub fn next_allowed(&self, now: i64) -> Option<i64> {
        match self.open_until {
            None => Some(now),
            Some(until) if self.probes < PROBES => Some(until.max(now)),
            Some(_) => None,
        }
    }

    /// A call that can wait is sent.
    pub fn sent(&mut self) {
        if self.open_until.is_some() {
            self.probes += 1;
        }
    }

    /// The host answered: the first success closes it.
    pub fn succeeded(&mut self) {
        self.failures = 0;
        self.open_until = None;
        self.probes = 0;
    }

    /// The host did not. `true`: it opens.
    pub fn failed(&mut self, now: i64) -> bool {
        self.failures = self.failures.saturating_add(1);
        let opens = match self.open_until {
            None => self.failures >= OPENS_AFTER,
            // A probe that failed; calls sent before it opened fail late and change nothing.
            Some(until) => now >= until && self.probes > 0,
        };
        if opens {
            self.open_until = Some(now.saturating_add(OPEN_FOR));
            self.probes = 0;
            self.opened += 1;
        }
        opens
    }

    /// `closed`, `open` or `probing`.
    pub fn state(&self, now: i64) -> &'static str {
        match self.open_until {
            None => "closed",
            Some(until) if now < until => "open",
            Some(_) => "probing",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened() -> HostBreaker {
        let mut breaker = HostBreaker::default();
        for _ in 1..OPENS_AFTER {
            assert!(!breaker.failed(0));
            assert_eq!(breaker.next_allowed(3), Some(3));
        }
        assert!(breaker.failed(0));
        breaker
    }

    #[test]
    fn five_failures_in_a_row_open_it_for_a_minute() {
        let mut breaker = HostBreaker::default();
        for _ in 0..20 {
            for _ in 1..OPENS_AFTER {
                breaker.failed(0);
            }
            breaker.succeeded();
        }
        assert_eq!(breaker.next_allowed(0), Some(0), "never in a row");
        let breaker = opened();
        assert_eq!(breaker.next_allowed(1), Some(OPEN_FOR));
        assert_eq!(
            (breaker.state(1), breaker.state(OPEN_FOR)),
            ("open", "probing")
        );
    }

    #[test]
    fn three_probes_find_out_and_the_first_success_closes() {
        let mut breaker = opened();
        for _ in 0..PROBES {
            assert_eq!(breaker.next_allowed(OPEN_FOR), Some(OPEN_FOR));
            breaker.sent();
        }
        assert_eq!(
            breaker.next_allowed(OPEN_FOR),
            None,
            "the probes are awaited"
        );
        breaker.succeeded();
        assert_eq!(breaker.next_allowed(OPEN_FOR), Some(OPEN_FOR));
        assert_eq!(breaker.state(OPEN_FOR), "closed");
    }

    #[test]
    fn a_failed_probe_opens_it_again_and_what_was_sent_before_does_not() {
        let mut breaker = opened();
        assert!(!breaker.failed(10), "sent before it opened");
        breaker.sent();
        assert!(breaker.failed(OPEN_FOR + 1));
        assert_eq!(
            breaker.next_allowed(OPEN_FOR + 1),
            Some(2 * OPEN_FOR + 1),
            "a minute from the failure"
        );
        assert_eq!(breaker.opened, 2);
    }
}
