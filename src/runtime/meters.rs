//! What the loop measures of itself: turns, wake-ups, turn time, lag, the phase that took long.
//!
//! Plain integers, rendered on demand. Histograms have fixed logarithmic buckets (four an octave,
//! so a percentile is at most 25 % too high) and never allocate after their creation.

use serde::Serialize;

/// Buckets a histogram: values up to 2^41 microseconds (25 days), four buckets an octave.
pub const BUCKETS: usize = 164;
/// A turn beyond this is counted and logged with the phase that took it.
pub const SLOW_TURN_US: u64 = 50_000;
/// A turn beyond this degrades readiness.
pub const STALLED_TURN_US: u64 = 1_000_000;

/// Durations in microseconds in fixed logarithmic buckets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram {
    counts: Box<[u64]>,
    count: u64,
    sum: u64,
    max: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            counts: vec![0; BUCKETS].into_boxed_slice(),
            count: 0,
            sum: 0,
            max: 0,
        }
    }
}

/// Values 0 to 3 have a bucket each; above, the two bits after the highest one choose among four.
fn bucket(value: u64) -> usize {
    if value < 4 {
        return value as usize;
    }
    let octave = 63 - value.leading_zeros() as usize;
    let quarter = (value >> (octave - 2)) as usize & 3;
    ((octave - 1) * 4 + quarter).min(BUCKETS - 1)
}

/// The largest value of a bucket.
fn upper(index: usize) -> u64 {
    if index < 4 {
        return index as u64;
    }
    let (octave, quarter) = (index / 4 + 1, index as u64 % 4);
    ((5 + quarter) << (octave - 2)) - 1
}

impl Histogram {
    pub fn record(&mut self, microseconds: u64) {
        self.counts[bucket(microseconds)] += 1;
        self.count += 1;
        self.sum = self.sum.saturating_add(microseconds);
        self.max = self.max.max(microseconds);
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    /// Sum of everything recorded, in microseconds.
    pub fn sum(&self) -> u64 {
        self.sum
    }

    pub fn max(&self) -> u64 {
        self.max
    }

    /// The value that `percent` (0..=100) of the recorded values do not exceed, as the upper end of
    /// its bucket; 0 when nothing was recorded.
    pub fn percentile(&self, percent: u64) -> u64 {
        let rank = (self.count * percent).div_ceil(100).max(1);
        let mut seen = 0;
        for (index, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return upper(index).min(self.max);
            }
        }
        self.max
    }

    /// Values not above `microseconds`, to the bucket: what a cumulative export wants.
    pub fn count_up_to(&self, microseconds: u64) -> u64 {
        self.counts[..=bucket(microseconds)].iter().sum()
    }

    pub fn summary(&self) -> Summary {
        Summary {
            count: self.count,
            p50_us: self.percentile(50),
            p99_us: self.percentile(99),
            max_us: self.max,
        }
    }
}

/// A histogram in four numbers, microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    pub count: u64,
    pub p50_us: u64,
    pub p99_us: u64,
    pub max_us: u64,
}

/// The parts of a turn, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    Signals,
    Effects,
    Accounts,
    Markets,
    Clients,
    Work,
    Timers,
    Flush,
}

impl Phase {
    pub const COUNT: usize = 8;

    pub const fn name(self) -> &'static str {
        match self {
            Self::Signals => "signals",
            Self::Effects => "effects",
            Self::Accounts => "accounts",
            Self::Markets => "markets",
            Self::Clients => "clients",
            Self::Work => "work",
            Self::Timers => "timers",
            Self::Flush => "flush",
        }
    }

    const ALL: [Self; Self::COUNT] = [
        Self::Signals,
        Self::Effects,
        Self::Accounts,
        Self::Markets,
        Self::Clients,
        Self::Work,
        Self::Timers,
        Self::Flush,
    ];
}

/// A turn that took too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlowTurn {
    pub turn: u64,
    pub took_us: u64,
    /// The phase that took most of it, and how long.
    pub phase: Phase,
    pub phase_us: u64,
}

/// Counters of the loop.
#[derive(Clone, Debug, Default)]
pub struct Meters {
    pub turns: u64,
    /// Times the loop came back from a sleep (a poll that could block).
    pub wake_ups: u64,
    /// Sleeps that a signal cut short.
    pub interrupted: u64,
    pub turn_time: Histogram,
    /// How long after its deadline a timer was served.
    pub lag: Histogram,
    pub slow_turns: u64,
    pub stalled_turns: u64,
    /// Monotonic nanoseconds of the last stalled turn's end.
    pub last_stall_ns: Option<i64>,
    phases: [u64; Phase::COUNT],
    phase_totals: [u64; Phase::COUNT],
    mark_ns: i64,
    began_ns: i64,
}

impl Meters {
    /// A turn begins at this monotonic time.
    pub fn begin(&mut self, now_ns: i64) {
        self.turns += 1;
        self.phases = [0; Phase::COUNT];
        self.began_ns = now_ns;
        self.mark_ns = now_ns;
    }

    /// A phase ended at this monotonic time.
    pub fn phase(&mut self, phase: Phase, now_ns: i64) {
        let took = microseconds(now_ns - self.mark_ns);
        self.phases[phase as usize] += took;
        self.phase_totals[phase as usize] += took;
        self.mark_ns = now_ns;
    }

    /// The turn is over; tells when it took too long.
    pub fn end(&mut self) -> Option<SlowTurn> {
        let took_us = microseconds(self.mark_ns - self.began_ns);
        self.turn_time.record(took_us);
        if took_us > STALLED_TURN_US {
            self.stalled_turns += 1;
            self.last_stall_ns = Some(self.mark_ns);
        }
        if took_us <= SLOW_TURN_US {
            return None;
        }
        self.slow_turns += 1;
        let phase = Phase::ALL
            .into_iter()
            .max_by_key(|phase| self.phases[*phase as usize])?;
        Some(SlowTurn {
            turn: self.turns,
            took_us,
            phase,
            phase_us: self.phases[phase as usize],
        })
    }

    /// Microseconds spent in each phase since the start.
    pub fn phase_totals(&self) -> impl Iterator<Item = (Phase, u64)> + '_ {
        Phase::ALL
            .into_iter()
            .map(|phase| (phase, self.phase_totals[phase as usize]))
    }
}

fn microseconds(nanoseconds: i64) -> u64 {
    u64::try_from(nanoseconds / 1000).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_value_lies_in_its_bucket_and_the_bucket_is_narrow(value in 0u64..1 << 41) {
            let index = bucket(value);
            prop_assert!(value <= upper(index));
            prop_assert!(index == 0 || value > upper(index - 1));
            prop_assert!(upper(index) - value <= value / 4);
        }

        #[test]
        fn a_percentile_is_never_below_the_true_one(
            mut values in proptest::collection::vec(0u64..1 << 30, 1..200),
            percent in 1u64..=100,
        ) {
            let mut histogram = Histogram::default();
            for value in &values {
                histogram.record(*value);
            }
            values.sort_unstable();
            let rank = (values.len() * percent as usize).div_ceil(100).max(1);
            let truth = values[rank - 1];
            let shown = histogram.percentile(percent);
            prop_assert!(shown >= truth && shown <= truth + truth / 4);
        }
    }

    #[test]
    fn the_largest_values_share_the_last_bucket() {
        let mut histogram = Histogram::default();
        histogram.record(u64::MAX);
        assert_eq!(histogram.summary().max_us, u64::MAX);
        assert_eq!(histogram.count_up_to(u64::MAX), 1);
    }

    #[test]
    fn a_slow_turn_names_the_phase_that_took_it() {
        let mut meters = Meters::default();
        meters.begin(0);
        meters.phase(Phase::Signals, 1_000_000);
        meters.phase(Phase::Markets, 61_000_000);
        let slow = meters.end().unwrap();
        assert_eq!((slow.phase, slow.phase_us), (Phase::Markets, 60_000));
        assert_eq!((meters.slow_turns, meters.stalled_turns), (1, 0));
    }
}
