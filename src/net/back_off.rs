//! When to connect again: jittered exponential back-off, and a distance between connections.

use crate::core::units::rng::SplitMix64;

/// The first delay's upper end, ms.
const BASE_MS: u64 = 1_000;
/// No delay is longer, ms; also the distance of attempts once the fast ones are used up.
const CAP_MS: u64 = 60_000;
/// Data has to come for this long before failures are forgotten, ms.
const HEALTHY_MS: u64 = 60_000;

/// The delays of one connection: `uniform(0.5, 1) x min(60, 2^n)` s after the n-th failure in a row,
/// n from 0; after `attempts` of them every 60 s for ever.
///
/// Opening a connection forgets nothing: only a minute of data does, since a server that accepts
/// and drops would otherwise be asked once a second.
#[derive(Clone, Debug)]
pub struct BackOff {
    random: SplitMix64,
    attempts: u32,
    failures: u32,
    healthy_since: Option<u64>,
}

impl BackOff {
    /// `seed`: one a connection, so that they do not move in step.
    pub fn new(attempts: u32, seed: u64) -> Self {
        Self {
            random: SplitMix64::new(seed),
            attempts,
            failures: 0,
            healthy_since: None,
        }
    }

    /// The connection was lost or could not be made: how long to wait, ms.
    pub fn next_delay_ms(&mut self) -> u64 {
        self.healthy_since = None;
        let failures = self.failures;
        self.failures = failures.saturating_add(1);
        if failures >= self.attempts {
            return CAP_MS;
        }
        let ceiling = BASE_MS
            .checked_shl(failures.min(32))
            .map_or(CAP_MS, |delay| delay.min(CAP_MS));
        let half = ceiling / 2;
        half + self.random.below(half + 1)
    }

    /// Data came. Pings and heartbeats are no data.
    pub fn on_data(&mut self, now: u64) {
        let since = *self.healthy_since.get_or_insert(now);
        if self.failures != 0 && now.saturating_sub(since) >= HEALTHY_MS {
            self.failures = 0;
        }
    }

    /// Failures in a row.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// The fast attempts are used up: somebody should hear of it.
    pub fn is_slow(&self) -> bool {
        self.failures > self.attempts
    }
}

/// Keeps connections to one host apart, so that several lost at once do not come back at once.
#[derive(Clone, Copy, Debug)]
pub struct Stagger {
    distance_ms: u64,
    next_free: u64,
}

impl Stagger {
    pub const fn new(distance_ms: u64) -> Self {
        Self {
            distance_ms,
            next_free: 0,
        }
    }

    /// The time to dial at for whoever would like to dial at `wanted`: then, or as soon as the ones
    /// before are far enough ahead.
    pub fn take(&mut self, wanted: u64) -> u64 {
        let at = wanted.max(self.next_free);
        self.next_free = at.saturating_add(self.distance_ms);
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_delay_lies_within_half_and_whole_of_its_power_of_two(seed: u64, attempts in 0u32..40) {
            let mut back_off = BackOff::new(attempts, seed);
            for n in 0..attempts {
                let ceiling = if n < 6 { 1_000 << n } else { 60_000 };
                let delay = back_off.next_delay_ms();
                prop_assert!((ceiling / 2..=ceiling).contains(&delay), "n {n}: {delay}");
                prop_assert!(!back_off.is_slow());
            }
            for _ in 0..3 {
                prop_assert_eq!(back_off.next_delay_ms(), 60_000);
                prop_assert!(back_off.is_slow());
            }
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_delays_and_another_one_others() {
        let delays = |seed| {
            let mut back_off = BackOff::new(5, seed);
            std::array::from_fn::<u64, 5, _>(|_| back_off.next_delay_ms())
        };
        assert_eq!(delays(7), delays(7));
        assert_ne!(delays(7), delays(8));
    }

    #[test]
    fn only_a_minute_of_data_without_a_loss_forgets_failures() {
        let mut back_off = BackOff::new(5, 1);
        back_off.next_delay_ms();
        back_off.next_delay_ms();
        back_off.on_data(10_000);
        back_off.on_data(69_999);
        assert_eq!(back_off.failures(), 2);
        back_off.next_delay_ms();
        back_off.on_data(70_000);
        assert_eq!(
            back_off.failures(),
            3,
            "the minute begins anew with the connection"
        );
        back_off.on_data(130_000);
        assert_eq!(back_off.failures(), 0);
        assert!(back_off.next_delay_ms() <= 1_000);
    }

    #[test]
    fn connections_keep_their_distance_and_none_waits_without_need() {
        let mut stagger = Stagger::new(250);
        let times = [1_000, 1_000, 1_100, 5_000].map(|wanted| stagger.take(wanted));
        assert_eq!(times, [1_000, 1_250, 1_500, 5_000]);
    }
}
