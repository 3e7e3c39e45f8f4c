//! What a re-read configuration changes: what can be applied to the running process and what waits
//! for a restart. Applying it is the runtime's business.

use super::effective::Effective;

/// Keys that a running process takes over.
const LIVE: [&str; 4] = [
    "system.log_level",
    "logging.async_logging",
    "logging.log_buffer_size",
    "logging.log_flush_interval",
];

/// The keys that differ, each list in the order of names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReloadPlan {
    pub applied: Vec<&'static str>,
    pub needs_restart: Vec<&'static str>,
    /// Changed, but without effect in this version.
    pub without_effect: Vec<&'static str>,
}

/// Compares the running configuration with a freshly loaded one.
pub fn reload_difference(running: &Effective, fresh: &Effective) -> ReloadPlan {
    let mut plan = ReloadPlan::default();
    for entry in fresh.entries() {
        let key = entry.key;
        let same = if key.is_secret() {
            running.secret(key.name) == fresh.secret(key.name)
        } else {
            running.entry(key.name).value == entry.value
        };
        if same {
            continue;
        }
        if !key.acts {
            plan.without_effect.push(key.name);
        } else if LIVE.contains(&key.name) {
            plan.applied.push(key.name);
        } else {
            plan.needs_restart.push(key.name);
        }
    }
    plan
}
