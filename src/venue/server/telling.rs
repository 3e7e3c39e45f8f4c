//! What clients are told, and when: orders at once, trades and changes of the book in batches,
//! heartbeats every second.

use super::application::{CHANGES, SECOND, SECOND_MS, TRADES, VenueJob, VenueServer};
use super::client::Client;
use crate::runtime::{Shell, Token};
use crate::venue::world::News;
use std::collections::BTreeSet;

/// Trades of a product between two batches of frames; the oldest give way.
const BATCH_MAX: usize = 1_000;
const TRADES_MS: u64 = 250;
const CHANGES_MS: u64 = 50;
/// Seconds between two frames of the slow ticker.
const SLOW_TICKER: u64 = 5;

impl VenueServer {
    /// Sends what a session has to say.
    pub(super) fn deliver(&mut self, token: Token, shell: &mut Shell<VenueJob>) {
        let now_ms = self.now_ms();
        let sound = self
            .clients
            .get_mut(&token)
            .is_none_or(|client| client.send_frames(now_ms));
        if !sound {
            self.drop_client(token, shell);
        }
    }

    /// Tells every session what has happened; trades and changes wait for their batch.
    pub(super) fn spread_news(&mut self, shell: &mut Shell<VenueJob>) {
        let now = self.now();
        let is_watched = self.clients.values().any(Client::is_web);
        for news in self.world.take_news() {
            match news {
                News::Order(order) => {
                    for client in self.clients.values_mut() {
                        client.session.order(&mut self.world, now, &order);
                    }
                }
                News::Trade { product, tick } if is_watched => {
                    let waiting = &mut self.trades[product];
                    if waiting.len() == BATCH_MAX {
                        waiting.remove(0);
                    }
                    waiting.push(tick);
                    self.changed.insert(product);
                    self.changed_slowly.insert(product);
                    self.arm(TRADES, TRADES_MS, shell);
                    self.arm(CHANGES, CHANGES_MS, shell);
                }
                News::Trade { .. } => {}
            }
        }
        if is_watched {
            // Orders that rest or leave change the book without a trade.
            self.arm(CHANGES, CHANGES_MS, shell);
            self.deliver_all(shell);
        } else {
            for product in 0..self.trades.len() {
                self.world.engine.book_mut(product).forget_touched();
            }
        }
    }

    pub(super) fn deliver_all(&mut self, shell: &mut Shell<VenueJob>) {
        let tokens: Vec<Token> = self.clients.keys().copied().collect();
        for token in tokens {
            self.deliver(token, shell);
        }
    }

    pub(super) fn send_trades(&mut self) {
        let now = self.now();
        for client in self.clients.values_mut() {
            client.session.trades(&mut self.world, now, &self.trades);
        }
        self.trades.iter_mut().for_each(Vec::clear);
    }

    pub(super) fn send_changes(&mut self) {
        let now = self.now();
        let changed = std::mem::take(&mut self.changed);
        for client in self.clients.values_mut() {
            client
                .session
                .tickers(&mut self.world, now, &changed, false);
        }
        for product in 0..self.trades.len() {
            let levels = self.world.engine.book_mut(product).take_touched();
            for client in self.clients.values_mut() {
                client
                    .session
                    .levels(&mut self.world, now, product, &levels);
            }
        }
    }

    pub(super) fn send_second(&mut self, shell: &mut Shell<VenueJob>) {
        let now = self.now();
        self.seconds += 1;
        let slow = self.seconds.is_multiple_of(SLOW_TICKER);
        let changed = match slow {
            true => std::mem::take(&mut self.changed_slowly),
            false => BTreeSet::new(),
        };
        for client in self.clients.values_mut() {
            client.session.second(&mut self.world, now);
            client.session.tickers(&mut self.world, now, &changed, true);
        }
        if self.clients.values().any(Client::is_web) {
            self.arm(SECOND, SECOND_MS, shell);
        }
    }
}
