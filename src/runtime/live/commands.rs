//! What may be asked of a running session through its control socket.

use super::job::LiveJob;
use super::session::{Session, SessionOutcome, TARGET};
use crate::core::input::{Command, Input};
use crate::log;
use crate::runtime::control::Request;
use crate::runtime::shell::Shell;
use crate::runtime::signals::Signal;
use serde::Deserialize;
use serde_json::json;

/// A request as it stands in its line.
#[derive(Debug, Deserialize)]
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
    /// Latched; `close` also closes every position.
    EmergencyStop {
        #[serde(default)]
        close: bool,
    },
    /// Entries' orders are cancelled; no entries until resumed.
    CancelAll,
    /// The same, and every position is closed at market.
    CloseAll,
    /// The configuration is read again, as SIGHUP does.
    Reload,
    /// End in order, as SIGTERM does.
    Stop,
}

impl Session<'_> {
    /// Does what a client wants, and answers.
    pub(super) fn obey(&mut self, request: &Request, shell: &mut Shell<LiveJob>) {
        let answer = match serde_json::from_str::<Wish>(&request.line) {
            Ok(wish) => self.fulfil(wish, shell),
            Err(error) => json!({
                "ok": false,
                "error": format!(
                    "{error}: expected a line such as {{\"command\":\"status\"}}; commands: status, \
                     pause, resume, emergency_stop, cancel_all, close_all, reload, stop"
                ),
            }),
        };
        let line = answer.to_string();
        if let Some(control) = &mut self.control {
            control.answer(request.client, &line, shell);
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

    fn fulfil(&mut self, wish: Wish, shell: &mut Shell<LiveJob>) -> serde_json::Value {
        let command = match wish {
            Wish::Status => return json!({ "ok": true, "status": self.seen(shell) }),
            Wish::Stop => {
                self.end(SessionOutcome::Stopped(Signal::Terminate));
                return json!({ "ok": true });
            }
            Wish::Reload => {
                return match self.reload(shell) {
                    Ok(text) => json!({ "ok": true, "text": text }),
                    Err(text) => json!({ "ok": false, "error": text }),
                };
            }
            Wish::Pause => Command::Pause,
            Wish::Resume { reason } => Command::Resume { reason },
            Wish::EmergencyStop { close } => Command::EmergencyStop { close },
            Wish::CancelAll => Command::CancelAll,
            Wish::CloseAll => Command::CloseAll,
        };
        log::info(
            TARGET,
            "command",
            &[("command", &format_args!("{command:?}"))],
        );
        let stamp = self.stamp(shell);
        self.input(stamp, Input::Command(command));
        self.carry_out(shell);
        let latched = self.core.emergency().latched();
        json!({
            "ok": true,
            "mode": self.core.mode(),
            "emergency_stop": latched.map(|(trigger, _)| trigger.name()),
        })
    }
}
