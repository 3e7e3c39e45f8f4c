//! When things are due: the timer wheel and the task scheduler on top of it. No clock inside.
//!
//! All times are milliseconds of the monotonic clock, taken from the turn's stamp by [`mono_ms`].

pub mod events;
pub mod pacing;
pub mod scheduler;
mod steering;
pub mod task;
pub mod view;
pub mod wheel;

pub use events::{AddError, TaskEvent, TaskFailure, Weight};
pub use pacing::SchedulerSettings;
pub use scheduler::Scheduler;
pub use task::{Period, Run, TaskClass, TaskId, TaskSpec, TaskView};
pub use view::SchedulerView;
pub use wheel::{Armed, TimerKey, Wheel};

use super::units::Stamp;

/// The stamp's monotonic time in whole milliseconds, the unit of wheel, scheduler and effect table.
pub fn mono_ms(at: Stamp) -> u64 {
    u64::try_from(at.mono / 1_000_000).unwrap_or(0)
}
