//! The bounded buffers of the loop's machinery, for jobs of one type.

use super::application::EffectReport;
use super::effect_table::EffectTable;
use super::event_loop::{EVENTS_A_POLL, LoopSettings};
use super::jobs::{EffectClass, EffectId, Job, JobEnd};
use super::meters::BUCKETS;
use super::shell::{ShellTimer, Work};
use super::worker_thread::Package;
use super::workers::STACK_BYTES;
use crate::core::planned::Buffer;
use crate::core::schedule::Wheel;

/// Histograms: of turn time and lag, and of the durations of each class of effects.
const HISTOGRAMS: usize = 2 + EffectClass::COUNT;

/// What the loop, its effect table and its workers may take.
pub(super) fn buffers<J: Job>(settings: &LoopSettings) -> Vec<Buffer> {
    let of = |name, bound, count, bytes| Buffer::new("runtime", name, bound, count, bytes);
    let effects = settings.effects.max_in_flight + settings.effects.waiting_capacity;
    let (lanes, threads) = (settings.pool.lane_capacity, settings.pool.threads);
    vec![
        of(
            "effect table",
            "functional_programming.max_concurrent_effects, waiting_capacity",
            effects,
            EffectTable::<Work<J>>::SLOT_BYTES,
        ),
        of(
            "effect alarms and shell timers",
            "wheel: LEVELS, SLOTS",
            1,
            Wheel::<EffectId>::bytes(effects) + Wheel::<ShellTimer>::bytes(effects),
        ),
        of(
            "effect reports",
            "functional_programming.max_concurrent_effects, waiting_capacity",
            effects,
            size_of::<EffectReport<J::Output>>(),
        ),
        of(
            "worker lanes",
            "lane_capacity, EffectClass::COUNT",
            lanes * EffectClass::COUNT,
            size_of::<Package<J>>(),
        ),
        of(
            "worker results",
            "results_capacity",
            settings.pool.results_capacity(),
            size_of::<JobEnd<J::Output>>(),
        ),
        of(
            "worker stacks",
            "STACK_BYTES, system.thread_pool_size",
            threads,
            STACK_BYTES,
        ),
        of(
            "poll events",
            "EVENTS_A_POLL",
            EVENTS_A_POLL,
            size_of::<libc::epoll_event>(),
        ),
        of(
            "histograms",
            "BUCKETS",
            HISTOGRAMS * BUCKETS,
            size_of::<u64>(),
        ),
    ]
}
