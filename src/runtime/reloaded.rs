//! What a configuration that was read again brings to the session that runs.

use crate::core::risk::tightening::LimitValues;
use crate::core::settings::Settings;

/// The outcome of a reading; the log's level is set already.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reloaded {
    /// Keys that act already.
    pub applied: Vec<String>,
    /// Changed keys that this process does not take over.
    pub needs_restart: Vec<String>,
    /// Every limit that may become tighter while a session runs, as it is configured now.
    pub limits: LimitValues,
    /// Time between two memory cleanups, milliseconds; `None` = none.
    pub memory_cleanup_ms: Option<u64>,
}

impl Reloaded {
    /// Sorts the limits by those in force, and returns the tighter ones.
    pub fn tighter(&mut self, settings: &Settings) -> LimitValues {
        let comparison = settings.compare_limits(&self.limits);
        self.needs_restart.extend(comparison.not_tighter);
        comparison.tighter
    }

    /// The same in words.
    pub fn text(&self) -> String {
        let list = |keys: &[String]| {
            if keys.is_empty() {
                "nothing".to_owned()
            } else {
                keys.join(", ")
            }
        };
        format!(
            "configuration read again; applied: {}; needs a restart: {}",
            list(&self.applied),
            list(&self.needs_restart)
        )
    }
}
