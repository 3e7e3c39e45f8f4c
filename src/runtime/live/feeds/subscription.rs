//! What is subscribed to on a connection, and once more where it does not come.

use crate::core::units::stamp::SECOND;
use crate::exchange::stream::StreamRole;
use crate::log;
use crate::runtime::link_sockets::LinkSockets;
use crate::runtime::live::job::LiveJob;
use crate::runtime::live::session::{Session, TARGET, kind_of};
use crate::runtime::shell::Shell;

impl Session<'_> {
    /// A connection is open: everything of its role.
    pub(in crate::runtime::live) fn subscribe(&mut self, index: usize, shell: &mut Shell<LiveJob>) {
        let role = self.connections[index].role;
        self.codec.connected(role);
        if role == StreamRole::Book {
            return self.books_connected(index, shell);
        }
        if role == StreamRole::Market {
            let limit = i64::from(self.codec.rhythm(role).confirm_seconds) * SECOND;
            let due = shell.at().mono.saturating_add(limit);
            self.unconfirmed.begin(self.markets.symbols(), due);
        }
        self.ask_for_stream(index, &self.markets.products(), shell);
    }

    /// What the exchange has not confirmed is subscribed to once more, on the same connection: the
    /// others go on.
    pub(in crate::runtime::live) fn subscribe_again(&mut self, shell: &mut Shell<LiveJob>) {
        let missing = self.unconfirmed.expire(shell.at().mono);
        let role = StreamRole::Market;
        let index = self.connections.iter().position(|c| c.role == role);
        let Some(index) = index.filter(|_| !missing.is_empty()) else {
            return;
        };
        let products: Vec<String> = missing
            .iter()
            .map(|symbol| self.markets.market(*symbol).product.clone())
            .collect();
        self.connections[index].counts.unsubscribed += 1;
        let fields: log::Fields<'_> = &[("products", &products.join(","))];
        log::warn(
            TARGET,
            "connected, but not subscribed: asked for again",
            fields,
        );
        self.ask_for_stream(index, &products, shell);
    }

    /// Sends the subscription's frames.
    fn ask_for_stream(&mut self, index: usize, products: &[String], shell: &mut Shell<LiveJob>) {
        let role = self.connections[index].role;
        let at = self.stamp(shell).wall;
        let mut nonce = || self.caller.nonce();
        let frames = match self.codec.subscribe(role, products, at, &mut nonce) {
            Ok(frames) => frames,
            Err(text) => {
                let fields: log::Fields<'_> = &[("role", &role.name()), ("why", &text)];
                log::error(TARGET, "cannot subscribe", fields);
                return;
            }
        };
        let kind = kind_of(role);
        for frame in frames {
            // A full buffer is found by the missing confirmation.
            let _ = self.connections[index].send(frame, &mut LinkSockets { shell, kind });
        }
    }
}
