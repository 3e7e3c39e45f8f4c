//! The end of a session: what is still open, and its closing in order.

use super::feeds::connection::Connection;
use super::job::LiveJob;
use super::session::{Session, kind_of, submit};
use crate::core::input::Input;
use crate::core::records::{Order, OrderState};
use crate::core::units::stamp::SECOND;
use crate::runtime::jobs::EffectClass;
use crate::runtime::link_sockets::LinkSockets;
use crate::runtime::replay::Recorder;
use crate::runtime::shell::Shell;

/// How long the end waits for what becomes of orders.
const ORDERS_WAITED_FOR: i64 = 5 * SECOND;

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

    /// An order may still be told of: its sending, its fills or its cancel are under way.
    fn orders_in_motion(&self) -> bool {
        let moves = |order: &Order| {
            matches!(
                order.state,
                OrderState::Intended
                    | OrderState::Durable
                    | OrderState::Sent
                    | OrderState::Unknown
                    | OrderState::Cancelling
            )
        };
        !self.outgoing.is_empty()
            || self.caller.asks_about_orders()
            || self.core.symbols().iter().any(|symbol| {
                let resting = [&symbol.entry, &symbol.stop].into_iter().flatten();
                symbol.exit.is_some()
                    || resting.into_iter().any(|w| moves(&w.order))
                    // A position is not left before its protective order is where it should be.
                    || symbol.desk.protective.look.is_some()
            })
    }

    /// When the wait for orders is over, as the core counts time; `None` while there is none.
    pub(super) fn ending_deadline(&self) -> Option<i64> {
        let until = self.ending_since.saturating_add(ORDERS_WAITED_FOR);
        (self.winding_up && !self.sockets_stopped).then_some(until)
    }

    /// Stops in order: no entries, a while for what becomes of orders, then the rest of rows and
    /// recording, then the sockets.
    pub(super) fn wind_up(&mut self, shell: &mut Shell<LiveJob>) {
        let stamp = self.stamp(shell);
        if !self.winding_up {
            self.winding_up = true;
            self.ending_since = stamp.mono;
            if let Some(tasks) = &mut self.tasks {
                tasks.stop();
            }
            if let Some(notifier) = &self.notifier {
                notifier.stopping();
            }
            self.input(stamp, Input::Stop);
            self.carry_out(shell);
        }
        let waited = stamp.mono.saturating_sub(self.ending_since);
        // Once the recording has ended nothing more is waited for.
        let waits = !self.sockets_stopped && waited < ORDERS_WAITED_FOR;
        if waits && self.orders_in_motion() {
            return;
        }
        if !std::mem::replace(&mut self.sockets_stopped, true) {
            self.journal.finish(&self.core.holds(), stamp.mono);
            if let Some(recorder) = &mut self.recorder {
                recorder.finish_session(&self.core, self.last);
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
        // One more try of a ledger that refuses: what it does not take is told.
        let refuses = self.ledger_again.is_some_and(|again| stamp.mono < again);
        if !refuses && !self.journal.is_idle() {
            self.commit(stamp, shell);
        }
        let recorded = self.recorder.as_ref().is_none_or(Recorder::is_idle);
        let written = refuses || self.journal.is_idle();
        let closed = self.connections.iter().all(Connection::is_closed);
        if recorded && written && closed {
            self.settings.client.shut_down();
            shell.request_exit(0);
        }
    }
}
