//! The recording of a session on its way to the disk: what it holds beside the inputs, when a piece is
//! due, and what becomes of it when the disk refuses or is too slow.

use super::kept_frames::Request;
use crate::core::units::Stamp;
use crate::log;
use crate::net::{HttpError, HttpReply};
use crate::runtime::jobs::{EffectClass, EffectId};
use crate::runtime::live::calls::caller::CallTrouble;
use crate::runtime::live::job::LiveJob;
use crate::runtime::live::session::{Session, TARGET, submit};
use crate::runtime::replay::{ITEMS_MAX, Recorded};
use crate::runtime::shell::Shell;

impl Session<'_> {
    /// Rows and the recording to their workers, when they are due.
    pub(in crate::runtime::live) fn keep(&mut self, stamp: Stamp, shell: &mut Shell<LiveJob>) {
        self.keep_rows(stamp, shell);
        if let Some(recorder) = &mut self.recorder {
            if recorder.is_overrun() {
                self.recorder = None;
                let why = format!("the disk is too slow: more than {ITEMS_MAX} entries wait");
                log::error(
                    TARGET,
                    "recording stopped, trading goes on",
                    &[("why", &why)],
                );
                return;
            }
            let rotates = recorder.maybe_rotate(&self.core, self.last);
            if let Some(batch) = recorder.due() {
                submit(shell, EffectClass::Storage, LiveJob::Record(batch));
            }
            if rotates {
                self.retain(shell);
            }
        }
    }

    /// A piece of the recording is written. A disk that refuses ends the recording, not the trading.
    pub(in crate::runtime::live) fn recorded(&mut self, recorded: Recorded) {
        let outcome = self.recorder.as_mut().map(|r| r.returned(recorded));
        if let Some(Err(error)) = outcome {
            self.recorder = None;
            let text = error.to_string();
            log::error(
                TARGET,
                "recording stopped, trading goes on",
                &[("why", &text)],
            );
        }
    }

    /// A worker brought an answer, or none: into the recording where it is wanted, then to whoever
    /// asked. `false`: it was no call of ours.
    pub(in crate::runtime::live) fn call_ended(
        &mut self,
        id: EffectId,
        reply: Result<&Result<HttpReply, HttpError>, CallTrouble>,
        shell: &mut Shell<LiveJob>,
    ) -> bool {
        let now = shell.at().mono;
        let Some((call, sent)) = self.caller.under_way(id) else {
            return false;
        };
        let request = Request::of(&*self.codec, call);
        let times = (self.stamp(shell), now - sent);
        let failed = self.caller.counts.failed;
        let why = reply.as_ref().err().map(ToString::to_string);
        let noted = reply
            .as_ref()
            .map(|reply| *reply)
            .map_err(|_| why.as_deref().unwrap_or_default());
        let ended = self.caller.ended(&*self.codec, now, id, reply.clone());
        let has_failed = self.caller.counts.failed > failed;
        let recorder = self.recorder.as_mut();
        self.settings
            .kept_frames
            .call(recorder, &request, noted, times, has_failed);
        if let Some(ended) = ended {
            self.answered(ended, shell);
        }
        true
    }
}
