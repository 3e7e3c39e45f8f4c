//! What a session does beside trading: the exchange's clock, old recordings, late results.

use super::calls::caller::{CallTrouble, Ended};
use super::job::{LiveJob, LiveOutput};
use super::session::{Purpose, Session, TARGET};
use super::settings::Retention;
use crate::exchange::calls::{Call, FailureKind};
use crate::log;
use crate::runtime::jobs::EffectClass;
use crate::runtime::shell::Shell;
use crate::store::recording::retention::Removed;

/// Between two questions for the time that refused keys bring about, nanoseconds.
const TIME_ASKED_EVERY: i64 = 10 * crate::core::units::stamp::SECOND;

impl Session<'_> {
    /// Asks the exchange for its time.
    pub(super) fn ask_for_clock(&mut self) {
        self.caller.ask(
            Call::ServerTime,
            Purpose::Clock,
            EffectClass::Reconciliation,
        );
    }

    /// A signature holds two minutes: a key that is refused may be a clock that is wrong.
    pub(super) fn ask_for_time_if_refused(
        &mut self,
        ended: &Ended<Purpose>,
        shell: &Shell<LiveJob>,
    ) {
        let unauthorized = matches!(
            &ended.result,
            Err(CallTrouble::Refused(failure)) if failure.kind == FailureKind::Unauthorized
        );
        let now = shell.at().mono;
        if unauthorized && now.saturating_sub(self.asked_for_time) >= TIME_ASKED_EVERY {
            self.asked_for_time = now;
            log::warn(TARGET, "the key is refused: asking for the time", &[]);
            self.ask_for_clock();
        }
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
