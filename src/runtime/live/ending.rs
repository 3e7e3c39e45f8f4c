//! The end of a session: what is still open, and its closing in order.

use super::feeds::connection::Connection;
use super::job::LiveJob;
use super::session::{Session, kind_of, submit};
use crate::core::input::Input;
use crate::runtime::jobs::EffectClass;
use crate::runtime::link_sockets::LinkSockets;
use crate::runtime::replay::Recorder;
use crate::runtime::shell::Shell;

impl Session<'_> {
    /// What keeps the end from coming, in words.
    pub(super) fn open_things(&self) -> Vec<&'static str> {
        let mut open = Vec::new();
        if !self.journal.is_idle() {
            open.push("ledger rows");
        }
        if self.recorder.as_ref().is_some_and(|r| !r.is_idle()) {
            open.push("recording");
        }
        if !self.outgoing.is_empty() {
            open.push("orders not sent");
        }
        if !self.connections.iter().all(Connection::is_closed) {
            open.push("connections");
        }
        open
    }

    /// Stops in order: no entries, then the rest of rows and recording, then the sockets.
    pub(super) fn wind_up(&mut self, shell: &mut Shell<LiveJob>) {
        let stamp = self.stamp(shell);
        if !self.winding_up {
            self.winding_up = true;
            if let Some(tasks) = &mut self.tasks {
                tasks.stop();
            }
            if let Some(notifier) = &self.notifier {
                notifier.stopping();
            }
            self.input(stamp, Input::Stop);
            self.carry_out(shell);
            self.journal.finish(&self.core.holds(), stamp.mono);
            if let Some(recorder) = &mut self.recorder {
                recorder.finish();
            }
            let now = shell.now_ms();
            for connection in &mut self.connections {
                let kind = kind_of(connection.role);
                connection.stop(now, &mut LinkSockets { shell, kind });
            }
        }
        if let Some(batch) = self.recorder.as_mut().and_then(Recorder::everything) {
            submit(shell, EffectClass::Storage, LiveJob::Record(batch));
        }
        if !self.ledger_broken && !self.journal.is_idle() {
            self.commit(stamp, shell);
        }
        let recorded = self.recorder.as_ref().is_none_or(Recorder::is_idle);
        let written = self.ledger_broken || self.journal.is_idle();
        let closed = self.connections.iter().all(Connection::is_closed);
        if recorded && written && closed {
            self.settings.client.shut_down();
            shell.request_exit(0);
        }
    }
}
