//! What may be asked of a running session through its control socket.

use super::job::LiveJob;
use super::session::{Session, SessionOutcome, TARGET};
use crate::core::input::{Command, Input};
use crate::log;
use crate::runtime::control::Request;
use crate::runtime::shell::Shell;
use crate::runtime::signals::Signal;
use serde::Deserialize;
use serde_json::{Value, json};

/// A request as it stands in its line.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", tag = "command", deny_unknown_fields)]
pub(super) enum Wish {
    /// Everything that can be seen.
    Status,
    /// No entries until resumed.
    Pause,
    Resume {
        #[serde(default)]
        reason: String,
    },
    /// Latched; `close` also closes every position. Not said: as `risk.emergency_close` has it.
    EmergencyStop { close: Option<bool> },
    /// Entries' orders are cancelled; no entries until resumed.
    CancelAll,
    /// The same, and every position is closed at market.
    CloseAll,
    /// The configuration is read again, as SIGHUP does.
    Reload,
    /// End in order, as SIGTERM does.
    Stop,
}

impl Wish {
    /// As the signal has it.
    pub const EMERGENCY_STOP: Self = Self::EmergencyStop { close: None };

    /// Whoever tells this wants out, and nothing else is to be waited for.
    pub const fn leaves(&self) -> bool {
        matches!(
            self,
            Self::EmergencyStop { .. } | Self::CancelAll | Self::CloseAll
        )
    }

    /// As it stands in a request.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Pause => "pause",
            Self::Resume { .. } => "resume",
            Self::EmergencyStop { .. } => "emergency_stop",
            Self::CancelAll => "cancel_all",
            Self::CloseAll => "close_all",
            Self::Reload => "reload",
            Self::Stop => "stop",
        }
    }
}

/// The answer to a line that is no request.
pub(super) fn unreadable(error: &serde_json::Error) -> Value {
    json!({
        "ok": false,
        "error": format!(
            "{error}: expected a line such as {{\"command\":\"status\"}}; commands: status, \
             pause, resume, emergency_stop, cancel_all, close_all, reload, stop"
        ),
    })
}

/// When a request is answered.
enum Answer {
    Now(Value),
    OnceDurable(Value),
}

impl Session<'_> {
    /// Does what a client wants, and answers: at once, or when what it promises is in the ledger.
    pub(super) fn obey(&mut self, request: &Request, shell: &mut Shell<LiveJob>) {
        let answer = match serde_json::from_str::<Wish>(&request.line) {
            Ok(wish) => match self.fulfil(wish, shell) {
                Answer::Now(answer) => answer,
                Answer::OnceDurable(answer) => {
                    self.promises.give(request.client, answer);
                    let stamp = self.stamp(shell);
                    return self.keep_rows(stamp, shell);
                }
            },
            Err(error) => unreadable(&error),
        };
        self.answer(request.client, &answer, shell);
    }

    /// Takes over what was told while the session was being prepared; before it sends anything.
    pub(super) fn heed(&mut self, kept: Vec<Wish>, shell: &mut Shell<LiveJob>) {
        for wish in kept {
            // Who wanted it was told that it acts from here on.
            let _ = self.fulfil(wish, shell);
        }
    }

    /// The configuration is read again; what may be taken over acts from here on. What it did, in
    /// words.
    ///
    /// # Errors
    /// The configuration is not valid: the running one stays.
    pub(super) fn reload(&mut self, shell: &mut Shell<LiveJob>) -> Result<String, String> {
        let mut reloaded = (self.reload)().inspect_err(|text| log::error("config", text, &[]))?;
        let limits = reloaded.tighter(self.core.settings());
        reloaded.applied.extend(limits.keys().cloned());
        if !limits.is_empty() {
            let stamp = self.stamp(shell);
            self.input(stamp, Input::Command(Command::TightenLimits { limits }));
            self.carry_out(shell);
        }
        self.pace_tasks(&mut reloaded, shell.now_ms());
        let text = reloaded.text();
        log::info("config", &text, &[]);
        Ok(text)
    }

    fn fulfil(&mut self, wish: Wish, shell: &mut Shell<LiveJob>) -> Answer {
        if wish.leaves() {
            // How the account stands is to be known first, whatever quiet the exchange asked for.
            self.caller.lift_quiet();
        }
        let command = match wish {
            Wish::Status => {
                return Answer::Now(json!({ "ok": true, "status": self.seen(shell) }));
            }
            Wish::Stop => {
                self.end(SessionOutcome::Stopped(Signal::Terminate));
                return Answer::Now(json!({ "ok": true }));
            }
            Wish::Reload => {
                return Answer::Now(match self.reload(shell) {
                    Ok(text) => json!({ "ok": true, "text": text }),
                    Err(text) => json!({ "ok": false, "error": text }),
                });
            }
            Wish::Pause => Command::Pause,
            Wish::Resume { reason } => Command::Resume { reason },
            Wish::EmergencyStop { close } => Command::EmergencyStop {
                close: close.unwrap_or(self.core.settings().risk.emergency_close),
            },
            Wish::CancelAll => Command::CancelAll,
            Wish::CloseAll => Command::CloseAll,
        };
        if !self.promises.has_room() {
            let text = "too many commands at once: expected some to be answered first";
            return Answer::Now(json!({ "ok": false, "error": text }));
        }
        let releases = matches!(command, Command::Resume { .. });
        log::info(
            TARGET,
            "command",
            &[("command", &format_args!("{command:?}"))],
        );
        let stamp = self.stamp(shell);
        self.input(stamp, Input::Command(command));
        let refused = releases && self.core.emergency().is_latched();
        if releases && !refused {
            // The file stands above a resume.
            self.look_for_halt(stamp);
        }
        self.carry_out(shell);
        let latched = self.core.emergency().latched();
        if releases && !refused && latched.is_some() {
            let text = "the HALT file is there, or nobody can say so: remove it first";
            return Answer::Now(json!({ "ok": false, "error": text }));
        }
        if refused {
            let text = "refused: leaving an emergency stop needs a reason of at least 8 characters";
            return Answer::Now(json!({ "ok": false, "error": text }));
        }
        Answer::OnceDurable(json!({
            "ok": true,
            "mode": self.core.mode(),
            "emergency_stop": latched.map(|(trigger, _)| trigger.name()),
        }))
    }
}
