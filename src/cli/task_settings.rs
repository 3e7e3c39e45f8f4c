//! The configuration's keys about periodic tasks and books, as a session is told them.

use crate::config::Effective;
use crate::core::schedule::{SchedulerSettings, TaskClass};
use crate::core::units::Span;
use crate::runtime::live::{BookSettings, BookSource, TaskSettings};
use crate::runtime::memory;
use std::path::Path;

/// Name of the file whose presence in the data directory stops trading.
pub const HALT: &str = "HALT";
/// Without a limit of its own and of its control group.
const MEMORY_MB: u64 = 512;

/// What a session's tasks are paced by.
pub fn task_settings(effective: &Effective) -> TaskSettings {
    let milliseconds = |span: Span| u64::try_from(span.as_millis()).unwrap_or(1).max(1);
    let seconds = |key: &str| milliseconds(effective.seconds(key));
    let on = |key: &str| effective.flag(key);
    TaskSettings {
        scheduler: SchedulerSettings {
            max_in_flight: effective.count("system.max_concurrent_tasks"),
            batch: effective.task_batch_size(),
            timeout_ms: seconds("scheduler.task_timeout_seconds"),
            error_recovery_delay_ms: seconds("scheduler.error_recovery_delay_seconds"),
            disable_after: if on("functional_programming.error_recovery") {
                SchedulerSettings::default().disable_after
            } else {
                1
            },
            last_armed_class: if on("functional_programming.scheduler_enabled") {
                TaskClass::Housekeeping
            } else {
                TaskClass::Trading
            },
            ..SchedulerSettings::default()
        },
        effect_timeout_ms: seconds("functional_programming.effect_timeout"),
        memory_cleanup_ms: on("system.enable_memory_optimization")
            .then(|| seconds("resource_management.memory_cleanup_interval")),
        memory_limit: memory_limit(
            effective.optional_integer("system.memory_limit_mb"),
            memory::group_limit(),
        ),
        halt_file: Path::new(effective.text("data.directory")).join(HALT),
    }
}

/// Where a session's books come from: by stream, else by REST, else not at all.
pub fn book_source(effective: &Effective) -> BookSource {
    let levels = u16::try_from(effective.count("orderbook.rest_levels")).unwrap_or(u16::MAX);
    match (effective.flag("orderbook.enabled"), levels) {
        (true, _) => BookSource::Level2,
        (false, 0) => BookSource::Tickers,
        (false, levels) => BookSource::Rest { levels },
    }
}

/// How a session keeps books.
pub fn book_settings(effective: &Effective) -> BookSettings {
    BookSettings {
        source: book_source(effective),
        depth: effective.count("orderbook.depth_levels"),
        stale_after: effective.milliseconds("orderbook.staleness_threshold_ms"),
        snapshot_every: effective.milliseconds("orderbook.snapshot_recovery_interval_ms"),
        refresh_every: effective.seconds("data.cache_ttl_seconds"),
        max_drift: effective.milliseconds("orderbook.max_timestamp_drift_ms"),
        max_spread_bps: effective.number("orderbook.max_spread_bps"),
    }
}

/// Bytes: the smaller of what is configured and 80 % of the control group's limit.
fn memory_limit(configured_mb: Option<i64>, group: Option<u64>) -> u64 {
    let configured = configured_mb.and_then(|mb| u64::try_from(mb).ok());
    let share = group.map(|bytes| bytes / 5 * 4);
    let least = [configured.map(|mb| mb << 20), share]
        .into_iter()
        .flatten()
        .min();
    least.unwrap_or(MEMORY_MB << 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smaller_limit_of_memory_applies() {
        assert_eq!(memory_limit(None, None), 512 << 20);
        assert_eq!(memory_limit(Some(128), None), 128 << 20);
        assert_eq!(memory_limit(None, Some(100 << 20)), 80 << 20);
        assert_eq!(memory_limit(Some(64), Some(100 << 20)), 64 << 20);
        assert_eq!(memory_limit(Some(128), Some(100 << 20)), 80 << 20);
    }
}
