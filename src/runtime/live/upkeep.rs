//! What a session does beside trading: the exchange's clock, old recordings, late results.

use super::job::{LiveJob, LiveOutput};
use super::session::{Purpose, Session, TARGET};
use super::settings::Retention;
use crate::exchange::calls::Call;
use crate::log;
use crate::runtime::jobs::EffectClass;
use crate::runtime::shell::Shell;
use crate::store::recording::retention::Removed;

impl Session<'_> {
    /// Asks the exchange for its time.
    pub(super) fn ask_for_clock(&mut self) {
        self.caller.ask(
            Call::ServerTime,
            Purpose::Clock,
            EffectClass::Reconciliation,
        );
    }

    /// Removes recordings beyond what is kept; at the start and with each new segment.
    pub(super) fn retain(&self, shell: &mut Shell<LiveJob>) {
        Retention::keep(self.settings.retention.as_ref(), shell);
    }

    /// What the cleaning of recordings came to.
    pub(super) fn retained(&self, result: Result<Removed, String>) {
        match result {
            Ok(removed) if removed.segments > 0 => {
                let fields: log::Fields<'_> =
                    &[("segments", &removed.segments), ("bytes", &removed.bytes)];
                log::info(TARGET, "old recordings removed", fields);
            }
            Ok(_) => {}
            Err(text) => log::warn(TARGET, "old recordings stay", &[("why", &text)]),
        }
    }

    /// A result after its effect was given up: what travels with a job comes back all the same.
    pub(super) fn late(&mut self, output: LiveOutput, shell: &mut Shell<LiveJob>) {
        match output {
            LiveOutput::Written(written) => {
                let stamp = self.stamp(shell);
                let refused = self.written(written, stamp);
                self.keep_promises(refused.as_deref(), shell);
            }
            LiveOutput::Recorded(recorded) => self.recorded(recorded),
            // The owner has gone on: an order is asked for by its core.
            LiveOutput::Replied(_)
            | LiveOutput::Resolved { .. }
            | LiveOutput::Compressed(_)
            | LiveOutput::Looked(_)
            | LiveOutput::GivenBack(_)
            | LiveOutput::Retained(_) => {}
        }
    }
}
