//! The machine's clocks: one reading a turn, and what the readings say about steps and suspends.
//!
//! Monotonic time is CLOCK_BOOTTIME, which goes on while the machine sleeps: an order that was due
//! during a suspend is late, not early. Nobody else in the house reads a clock to decide something.

use crate::core::units::{Stamp, Timestamp};

/// Wall against monotonic time within one turn beyond which the wall clock was stepped.
const STEP_NS: i64 = 250_000_000;
/// Time that passed for the machine but not for its processes beyond which it was suspended.
const SUSPEND_NS: i64 = 1_000_000_000;

/// Something happened to the clocks between two turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockEvent {
    /// The wall clock was set; nanoseconds, positive = forward.
    Stepped { by_ns: i64 },
    /// The machine was suspended for so many nanoseconds: data is stale, connections are dead.
    Suspended { for_ns: i64 },
}

/// One reading of all three clocks, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Reading {
    boot: i64,
    running: i64,
    wall: i64,
}

impl Reading {
    fn now() -> Self {
        Self {
            boot: read(libc::CLOCK_BOOTTIME),
            running: read(libc::CLOCK_MONOTONIC),
            wall: read(libc::CLOCK_REALTIME),
        }
    }

    /// What happened since `earlier`. A step of less than a quarter of a second, and the slewing of
    /// a time daemon, are ordinary.
    fn compare(self, earlier: Self) -> [Option<ClockEvent>; 2] {
        let boot = self.boot - earlier.boot;
        let for_ns = boot - (self.running - earlier.running);
        let by_ns = (self.wall - earlier.wall) - boot;
        [
            (for_ns > SUSPEND_NS).then_some(ClockEvent::Suspended { for_ns }),
            (by_ns.abs() > STEP_NS).then_some(ClockEvent::Stepped { by_ns }),
        ]
    }
}

/// Monotonic nanoseconds, suspends included.
pub fn monotonic_ns() -> i64 {
    read(libc::CLOCK_BOOTTIME)
}

/// The clock reading now, for what has no turn yet: the start of a process.
pub fn stamp() -> Stamp {
    Clock::default().turn().0
}

fn read(clock: libc::clockid_t) -> i64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is a valid place for the answer. The call cannot fail for these clocks on any
    // kernel that runs this program (BOOTTIME: Linux 2.6.39).
    let status = unsafe { libc::clock_gettime(clock, &mut time) };
    assert_eq!(status, 0, "the kernel has this clock");
    // The fields are 32 bits wide on some targets.
    #[allow(clippy::unnecessary_cast)]
    let (seconds, nanoseconds) = (time.tv_sec as i64, time.tv_nsec as i64);
    seconds * 1_000_000_000 + nanoseconds
}

/// Reads the clocks once a turn and compares with the turn before.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    last: Option<Reading>,
}

impl Clock {
    /// The stamp of this turn, and what happened to the clocks since the last one.
    pub fn turn(&mut self) -> (Stamp, [Option<ClockEvent>; 2]) {
        let reading = Reading::now();
        let events = match self.last.replace(reading) {
            Some(last) => reading.compare(last),
            None => [None; 2],
        };
        let stamp = Stamp {
            mono: reading.boot,
            wall: Timestamp(reading.wall),
        };
        (stamp, events)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;
    const START: Reading = Reading {
        boot: 100 * SECOND,
        running: 90 * SECOND,
        wall: 1_700_000_000 * SECOND,
    };

    fn after(boot: i64, running: i64, wall: i64) -> [Option<ClockEvent>; 2] {
        let reading = Reading {
            boot: START.boot + boot,
            running: START.running + running,
            wall: START.wall + wall,
        };
        reading.compare(START)
    }

    #[test]
    fn an_ordinary_turn_says_nothing() {
        assert_eq!(after(SECOND, SECOND, SECOND + 200_000_000), [None, None]);
    }

    #[test]
    fn a_step_back_and_a_step_forward_are_told() {
        let stepped = |by_ns| [None, Some(ClockEvent::Stepped { by_ns })];
        assert_eq!(after(SECOND, SECOND, -SECOND), stepped(-2 * SECOND));
        assert_eq!(after(SECOND, SECOND, 2 * SECOND), stepped(SECOND));
    }

    #[test]
    fn a_suspend_is_not_a_step() {
        let suspended = Some(ClockEvent::Suspended {
            for_ns: 3600 * SECOND,
        });
        assert_eq!(
            after(3601 * SECOND, SECOND, 3601 * SECOND),
            [suspended, None]
        );
    }

    #[test]
    fn time_goes_forward() {
        let mut clock = Clock::default();
        let (first, _) = clock.turn();
        let (second, _) = clock.turn();
        assert!(second.mono >= first.mono);
    }
}
