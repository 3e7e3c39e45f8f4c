//! What a re-read configuration changes: what can be applied to the running process and what waits
//! for a restart. Applying it is the runtime's business.

use super::effective::Effective;
use super::value::Value;
use crate::core::risk::tightening::{LimitValues, limit_keys};
use crate::core::units::Decimal;

/// A key that every running process takes over.
const LOG_LEVEL: &str = "system.log_level";
/// The period of a task, which a session takes over that has the task.
pub const MEMORY_CLEANUP: &str = "resource_management.memory_cleanup_interval";

/// The keys that differ, each list in the order of names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReloadPlan {
    pub applied: Vec<&'static str>,
    pub needs_restart: Vec<&'static str>,
    /// Changed, but without effect in this version.
    pub without_effect: Vec<&'static str>,
}

impl Effective {
    /// Every limit that may become tighter while a session runs, in the unit of its key.
    pub fn limits(&self) -> LimitValues {
        let value = |key: &str| match self.entry(key).value {
            Value::Integer(n) => Decimal::from_int(n),
            _ => self.number(key),
        };
        limit_keys()
            .map(|(key, _)| (key.to_owned(), value(key)))
            .collect()
    }
}

/// Compares the configuration that the process started with and a freshly loaded one. The limits of
/// `Effective::limits` are left out: those in force may have become others since.
pub fn reload_difference(running: &Effective, fresh: &Effective) -> ReloadPlan {
    let mut plan = ReloadPlan::default();
    for entry in fresh.entries() {
        let key = entry.key;
        if limit_keys().any(|(limit, _)| limit == key.name) {
            continue;
        }
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
        } else if key.name == LOG_LEVEL {
            plan.applied.push(key.name);
        } else {
            plan.needs_restart.push(key.name);
        }
    }
    plan
}
