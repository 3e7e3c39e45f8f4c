//! The session's side of books and tickers: subscriptions and calls, one snapshot at a time, news for
//! the core.

use super::books::{BookChange, BookSource};
use crate::core::input::Input;
use crate::core::market::{Quote, SymbolId};
use crate::core::units::{Stamp, Timestamp};
use crate::exchange::calls::{Call, CallAnswer};
use crate::exchange::stream::{BookLevel, StreamEvent, StreamRole};
use crate::log;
use crate::runtime::jobs::EffectClass;
use crate::runtime::link_sockets::LinkSockets;
use crate::runtime::live::calls::caller::Ended;
use crate::runtime::live::job::LiveJob;
use crate::runtime::live::session::{Purpose, Session, TARGET, kind_of, submit};
use crate::runtime::shell::Shell;

impl Session<'_> {
    /// The connection of books stands; until they are there, they are silent.
    pub(in crate::runtime::live) fn books_connected(
        &mut self,
        index: usize,
        shell: &mut Shell<LiveJob>,
    ) {
        self.books.lost();
        self.ask_for_snapshot(index, shell);
    }

    /// The connection of books is gone.
    pub(in crate::runtime::live) fn books_lost(&mut self, stamp: Stamp, shell: &Shell<LiveJob>) {
        self.books.lost();
        self.tell_books(shell.at().mono, stamp);
    }

    /// At the beginning no book gives a price.
    pub(in crate::runtime::live) fn books_begin(&mut self, stamp: Stamp) {
        if self.books.is_level2() {
            for symbol in self.markets.symbols() {
                self.input(stamp, book_feed(symbol, false));
            }
        }
    }

    /// What a reading has brought: news for the core, the next snapshot, memory given back.
    pub(in crate::runtime::live) fn books_read(
        &mut self,
        index: usize,
        stamp: Stamp,
        shell: &mut Shell<LiveJob>,
    ) {
        let now = shell.at().mono;
        self.tell_books(now, stamp);
        self.tell_book_quotes(now, stamp);
        if self.books.arrived(now).is_some() {
            // A whole book has just passed: what it took is free again.
            let job = LiveJob::GiveBack { above: 0 };
            submit(shell, EffectClass::Storage, job);
            self.ask_for_snapshot(index, shell);
        }
    }

    /// Looks after books whose time has come: stale ones, snapshots that are due or overdue.
    pub(in crate::runtime::live) fn watch_books(&mut self, shell: &mut Shell<LiveJob>) {
        if !self.books.is_level2() {
            return;
        }
        let stamp = self.stamp(shell);
        self.tell_books(shell.at().mono, stamp);
        let Some(index) = self
            .connections
            .iter()
            .position(|c| c.role == StreamRole::Book)
        else {
            return;
        };
        if let Some(symbol) = self.books.overdue(shell.at().mono) {
            let product = self.markets.market(symbol).product.clone();
            let why = format!("{product}: no snapshot of its book came");
            let (kind, now) = (kind_of(StreamRole::Book), shell.now_ms());
            let registrar = &mut LinkSockets { shell, kind };
            let step = self.connections[index].give_up(why, now, registrar);
            self.step(index, step, shell);
            return;
        }
        if self.connections[index].is_subscribed() {
            self.ask_for_snapshot(index, shell);
        }
    }

    pub(in crate::runtime::live) fn books_deadline(&self, now: i64) -> Option<i64> {
        if self.rest_levels().is_some() {
            return self.book_calls.next_deadline(&self.books, now);
        }
        let connected = self
            .connections
            .iter()
            .any(|c| c.role == StreamRole::Book && c.is_subscribed());
        connected.then(|| self.books.next_deadline(now)).flatten()
    }

    /// Levels to ask for by REST; `None`: no book is asked for now. What is more urgent goes first.
    fn rest_levels(&self) -> Option<u16> {
        let BookSource::Rest { levels } = self.books.source() else {
            return None;
        };
        let is_idle = self.caller.waiting() == 0 && self.backfills.is_empty();
        let goes_on = self.errand.is_none() && !self.winding_up && !self.has_ended();
        (is_idle && goes_on).then_some(levels)
    }

    /// Asks for the book whose turn it is, if one's is.
    pub(in crate::runtime::live) fn ask_for_book(&mut self, now: i64) {
        let Some(levels) = self.rest_levels() else {
            return;
        };
        let Some(symbol) = self.book_calls.ask(&self.books, now) else {
            return;
        };
        let product = self.markets.market(symbol).product.clone();
        let call = Call::Book { product, levels };
        let purpose = Purpose::Book(symbol);
        if !self.caller.ask_once(call, purpose, EffectClass::MarketData) {
            self.book_calls.failed(symbol, now);
        }
    }

    /// A book by REST, or none: then what is known stays and grows old.
    pub(in crate::runtime::live) fn book_answered(
        &mut self,
        symbol: SymbolId,
        ended: Ended<Purpose>,
        (now, stamp): (i64, Stamp),
    ) {
        let product = self.markets.market(symbol).product.clone();
        let (levels, time) = match ended.result {
            Ok(CallAnswer::Book { levels, time }) => (levels, time),
            Ok(_) => return self.book_calls.failed(symbol, now),
            Err(trouble) => {
                self.book_calls.failed(symbol, now);
                let fields: log::Fields<'_> = &[("product", &product), ("why", &trouble)];
                return log::warn(TARGET, "book not answered", fields);
            }
        };
        let answered = (time, stamp.wall);
        if !self.book_calls.answered(symbol, answered, now) {
            let fields: log::Fields<'_> = &[("product", &product)];
            return log::warn(TARGET, "an old book was answered", fields);
        }
        // It is as old as the exchange says, or as the call was long.
        let trip = ended.half_trip.0.saturating_mul(2);
        let age = time.map_or(trip, |time| stamp.wall.since(time).0).max(0);
        let time = time.unwrap_or(stamp.wall);
        self.take_book(&product, &levels, (time, now.saturating_sub(age)));
        self.tell_books(now, stamp);
        self.tell_book_quotes(now, stamp);
    }

    /// A whole book as the events that a stream would bring; `at`: when the exchange showed it.
    fn take_book(&mut self, product: &str, levels: &[BookLevel], (time, at): (Timestamp, i64)) {
        let levels = levels.iter().map(|level| StreamEvent::BookLevel {
            product,
            level: *level,
            time,
        });
        let events = std::iter::once(StreamEvent::BookStart { product })
            .chain(levels)
            .chain(std::iter::once(StreamEvent::BookEnd { product }));
        for event in events {
            self.books.take(&event, &self.markets, at);
        }
    }

    fn tell_book_quotes(&mut self, now: i64, stamp: Stamp) {
        for (symbol, quote) in self.books.quotes(now) {
            self.tell_quote(symbol, quote, stamp);
        }
    }

    /// Best prices of tickers, where no level 2 books are kept.
    pub(in crate::runtime::live) fn take_quotes(
        &mut self,
        quotes: Vec<(SymbolId, Quote)>,
        stamp: Stamp,
        now: i64,
    ) {
        for (symbol, quote) in quotes {
            self.book_calls.news(symbol);
            if self.books.ticker(symbol, quote, now) {
                self.tell_quote(symbol, quote, stamp);
            }
        }
    }

    fn tell_quote(&mut self, symbol: SymbolId, quote: Quote, stamp: Stamp) {
        let max_spread_bps = self.books.max_spread_bps();
        self.input(
            stamp,
            Input::Quote {
                symbol,
                quote,
                max_spread_bps,
            },
        );
    }

    /// Books that begin or stop to give prices are told to the core and to the log.
    fn tell_books(&mut self, now: i64, stamp: Stamp) {
        for BookChange { symbol, problem } in self.books.changes(now) {
            if let Some(problem) = problem {
                let (product, why) = (&self.markets.market(symbol).product, problem.name());
                let fields: log::Fields<'_> = &[("product", product), ("why", &why)];
                log::info(TARGET, "the book gives no price", fields);
            }
            self.input(stamp, book_feed(symbol, problem.is_none()));
        }
    }

    /// Subscribes to the next product whose book is not there; one snapshot is under way at a time.
    fn ask_for_snapshot(&mut self, index: usize, shell: &mut Shell<LiveJob>) {
        let Some((symbol, was_subscribed)) = self.books.ask(shell.at().mono) else {
            return;
        };
        let (role, at) = (StreamRole::Book, self.stamp(shell).wall);
        let products = [self.markets.market(symbol).product.clone()];
        let mut nonce = || self.caller.nonce();
        let before = if was_subscribed {
            self.codec.unsubscribe(role, &products, at, &mut nonce)
        } else {
            Ok(Vec::new())
        };
        let frames = before.and_then(|mut frames| {
            frames.extend(self.codec.subscribe(role, &products, at, &mut nonce)?);
            Ok(frames)
        });
        match frames {
            Ok(frames) => {
                let kind = kind_of(role);
                for frame in frames {
                    // A full buffer is found by the missing snapshot.
                    let _ = self.connections[index].send(frame, &mut LinkSockets { shell, kind });
                }
            }
            Err(text) => log::error(TARGET, "cannot subscribe to books", &[("why", &text)]),
        }
    }
}

fn book_feed(symbol: SymbolId, fresh: bool) -> Input {
    Input::Feed {
        symbol,
        feed: "book".to_owned(),
        fresh,
    }
}

#[cfg(test)]
#[path = "book_feed_tests.rs"]
mod tests;
