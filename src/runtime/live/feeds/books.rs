//! Books of a session, by stream (level 2) or by REST, and the best prices that the core is told.
//!
//! A whole book is large: levels go into bounded books as they are decoded, one snapshot is asked
//! for at a time, and none of a product more often than configured. A book that has a gap, is stale,
//! crossed or empty gives no price; what only a snapshot mends asks for one. A level 2 book without
//! a price keeps entries off. One by REST does so when what the exchange shows is wrong (crossed, a
//! side empty), not when it is old: tickers have best prices too. Whose turn it is to be asked for
//! by REST: `book_calls`. Pure: subscriptions are said, not made; times are monotonic nanoseconds.

use super::markets::Markets;
use crate::core::market::order_book::BookProblem;
use crate::core::market::{OrderBook, Quote, SymbolId};
use crate::core::units::stamp::{MILLISECOND, SECOND};
use crate::core::units::{Decimal, Quantity, Side, Span};
use crate::exchange::stream::{StreamEvent, Ticker};
use serde::Serialize;

/// Best prices that have changed are told at least this often.
const TOLD_EVERY: i64 = 15 * SECOND;
/// A snapshot that was asked for has come by then, or never will.
const SNAPSHOT_WITHIN: i64 = 15 * SECOND;

/// Levels per side that a streamed book keeps at least. A margin as large as what is used is gone
/// within seconds where prices lie a tick apart, and each time a whole book of many MiB comes again.
const LEVELS_KEPT: usize = 500;

/// Where books come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BookSource {
    /// There are none: best prices come from tickers.
    Tickers,
    /// So many levels per side are asked for, now and then; best prices from tickers as well.
    Rest { levels: u16 },
    /// Snapshots and updates on a connection of their own.
    Level2,
}

impl BookSource {
    /// Levels per side that a book of this depth holds at most; 0 = there are none.
    pub fn kept_at_most(self, depth: usize) -> usize {
        match self {
            Self::Tickers => 0,
            Self::Rest { levels } => OrderBook::kept_at_most(depth, levels.into()),
            Self::Level2 => OrderBook::kept_at_most(depth, LEVELS_KEPT),
        }
    }
}

/// How books are kept.
#[derive(Clone, Debug)]
pub struct BookSettings {
    pub source: BookSource,
    /// Levels per side that are used.
    pub depth: usize,
    /// Silence after which a book gives no price.
    pub stale_after: Span,
    /// Least time between two snapshots of a product.
    pub snapshot_every: Span,
    /// Time for which a sound book by REST is not asked for again.
    pub refresh_every: Span,
    /// A book by REST whose time is further from ours is refused.
    pub max_drift: Span,
    /// Spread beyond which there is no entry, basis points of mid.
    pub max_spread_bps: Decimal,
}

/// Counts since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct BookCounts {
    pub snapshots: u64,
    /// Messages of levels, snapshots included.
    pub messages: u64,
    pub levels: u64,
    /// Levels of unknown products, and such that lie on no grid.
    pub levels_refused: u64,
    /// Times that a book stopped giving prices; by REST, without those that only grew old.
    pub problems: u64,
    /// Best prices of books that the core was told.
    pub quotes: u64,
}

/// What can be seen of a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct BookView {
    /// Levels per side that are known.
    pub bids: usize,
    pub asks: usize,
    /// Milliseconds since the exchange showed it.
    pub age_ms: i64,
    /// -1 to 1 over the levels that are used; nothing where the book gives no price.
    pub imbalance: Option<Decimal>,
}

#[derive(Clone, Debug)]
struct BookFeed {
    book: OrderBook,
    /// As the core was told.
    fresh: bool,
    touched: bool,
    /// Of the last message.
    at: i64,
    /// A snapshot is not asked for before this.
    next_snapshot: i64,
}

/// What the core was told last of a symbol's best prices.
#[derive(Clone, Copy, Debug)]
struct Told {
    quote: Quote,
    is_wide: bool,
    at: i64,
}

/// A book that gives prices again, or none any more and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BookChange {
    pub symbol: SymbolId,
    pub problem: Option<BookProblem>,
}

/// See the file's head.
#[derive(Clone, Debug)]
pub struct Books {
    settings: BookSettings,
    feeds: Vec<BookFeed>,
    told: Vec<Option<Told>>,
    /// When each symbol's last ticker came.
    tickers: Vec<i64>,
    /// The product whose snapshot is awaited, and since when.
    asked: Option<(SymbolId, i64)>,
    pub counts: BookCounts,
}

impl Books {
    pub fn new(symbols: usize, settings: BookSettings) -> Self {
        let keep = settings.source.kept_at_most(settings.depth);
        let feed = BookFeed {
            book: OrderBook::keeping(settings.depth, keep),
            // Nothing is said against a book by REST before it has come.
            fresh: settings.source != BookSource::Level2,
            touched: false,
            at: i64::MIN,
            next_snapshot: i64::MIN,
        };
        let feeds = if keep > 0 { symbols } else { 0 };
        Self {
            feeds: vec![feed; feeds],
            told: vec![None; symbols],
            tickers: vec![i64::MIN; symbols],
            settings,
            asked: None,
            counts: BookCounts::default(),
        }
    }

    pub fn source(&self) -> BookSource {
        self.settings.source
    }

    /// Kept by stream: without them there are no best prices.
    pub fn is_level2(&self) -> bool {
        self.settings.source == BookSource::Level2
    }

    pub fn max_spread_bps(&self) -> Decimal {
        self.settings.max_spread_bps
    }

    /// The connection is gone, and every book with it.
    pub fn lost(&mut self) {
        self.asked = None;
        for feed in &mut self.feeds {
            feed.book.forget();
            feed.touched = true;
        }
    }

    /// Takes an event of a book; `false`: it is of something else.
    pub fn take(&mut self, event: &StreamEvent<'_>, markets: &Markets, now: i64) -> bool {
        let product = match event {
            StreamEvent::BookStart { product }
            | StreamEvent::BookLevel { product, .. }
            | StreamEvent::BookEnd { product } => product,
            _ => return false,
        };
        let symbol = markets.symbol(product);
        let Some((symbol, feed)) =
            symbol.and_then(|symbol| Some((symbol, self.feeds.get_mut(symbol.index())?)))
        else {
            self.counts.levels_refused += 1;
            return true;
        };
        match event {
            StreamEvent::BookStart { .. } => {
                self.counts.snapshots += 1;
                feed.book.start();
            }
            StreamEvent::BookLevel { level, .. } => {
                let instrument = &markets.market(symbol).instrument;
                let side = if level.is_bid { Side::Buy } else { Side::Sell };
                let quantity = if level.quantity.is_zero() {
                    Some(Quantity(0))
                } else {
                    instrument.exact_quantity(level.quantity)
                };
                let placed = instrument.exact_price(level.price).zip(quantity);
                match placed {
                    Some((price, quantity)) => {
                        self.counts.levels += 1;
                        feed.book.level(side, price, quantity);
                    }
                    None => self.counts.levels_refused += 1,
                }
            }
            _ => {
                self.counts.messages += 1;
                feed.book.end(now);
                (feed.touched, feed.at) = (true, now);
            }
        }
        true
    }

    /// A book whose changes stopped half-way: a frame could not be read to its end.
    pub fn damaged(&mut self) {
        for feed in &mut self.feeds {
            feed.book.invalidate("a frame could not be read");
            feed.touched = true;
        }
    }

    /// Books that have begun or stopped to give prices by now; each is told once. Of books by REST
    /// only what is wrong with them counts.
    pub fn changes(&mut self, now: i64) -> Vec<BookChange> {
        let (stale_after, is_level2) = (self.settings.stale_after.0, self.is_level2());
        let mut changes = Vec::new();
        for (feed, id) in self.feeds.iter_mut().zip(0u16..) {
            let problem = feed.book.problem(now, stale_after);
            let problem = problem.filter(|problem| is_level2 || is_wrong(*problem));
            if feed.fresh == problem.is_some() {
                feed.fresh = problem.is_none();
                self.counts.problems += u64::from(problem.is_some());
                changes.push(BookChange {
                    symbol: SymbolId(id),
                    problem,
                });
            }
        }
        changes
    }

    /// Best prices of the books that were touched, where they are to be told.
    pub fn quotes(&mut self, now: i64) -> Vec<(SymbolId, Quote)> {
        let stale_after = self.settings.stale_after.0;
        let mut quotes = Vec::new();
        for (feed, id) in self.feeds.iter_mut().zip(0u16..) {
            if std::mem::take(&mut feed.touched)
                && let Ok(quote) = feed.book.quote(now, stale_after)
            {
                quotes.push((SymbolId(id), quote));
            }
        }
        quotes.retain(|(symbol, quote)| {
            // A book by REST is older than it looks: what came after it knows better.
            let index = symbol.index();
            let is_newest = self.is_level2() || self.feeds[index].at >= self.tickers[index];
            is_newest && self.is_news(*symbol, *quote, now)
        });
        self.counts.quotes += quotes.len() as u64;
        quotes
    }

    /// Best prices of a ticker, where they are to be told.
    pub fn ticker(&mut self, symbol: SymbolId, quote: Quote, now: i64) -> bool {
        self.tickers[symbol.index()] = now;
        !self.is_level2() && self.is_news(symbol, quote, now)
    }

    /// The core wants to know on which side of the limit the spread is; the prices themselves it
    /// wants from time to time.
    fn is_news(&mut self, symbol: SymbolId, quote: Quote, now: i64) -> bool {
        let Some(bps) = quote.spread_bps() else {
            return false;
        };
        let is_wide = bps > self.settings.max_spread_bps;
        let told = &mut self.told[symbol.index()];
        let is_news = told.is_none_or(|told| {
            told.is_wide != is_wide || (told.quote != quote && now - told.at >= TOLD_EVERY)
        });
        if is_news {
            *told = Some(Told {
                quote,
                is_wide,
                at: now,
            });
        }
        is_news
    }

    /// A snapshot came that was awaited.
    pub fn arrived(&mut self, now: i64) -> Option<SymbolId> {
        let (symbol, _) = self.asked?;
        let problem = self.feeds[symbol.index()]
            .book
            .problem(now, self.settings.stale_after.0);
        if problem.is_some_and(BookProblem::needs_snapshot) {
            return None;
        }
        self.asked = None;
        Some(symbol)
    }

    /// The product to ask a snapshot of now: one at a time. The flag: it was subscribed before.
    pub fn ask(&mut self, now: i64) -> Option<(SymbolId, bool)> {
        if self.asked.is_some() {
            return None;
        }
        let stale_after = self.settings.stale_after.0;
        let index = self.feeds.iter().position(|feed| {
            let problem = feed.book.problem(now, stale_after);
            problem.is_some_and(BookProblem::needs_snapshot) && feed.next_snapshot <= now
        })?;
        let feed = &mut self.feeds[index];
        feed.next_snapshot = now.saturating_add(self.settings.snapshot_every.0);
        let was_subscribed = feed.book.problem(now, stale_after) != Some(BookProblem::Missing);
        let symbol = SymbolId(index as u16);
        self.asked = Some((symbol, now));
        Some((symbol, was_subscribed))
    }

    /// The snapshot asked for did not come in time.
    pub fn overdue(&self, now: i64) -> Option<SymbolId> {
        let (symbol, since) = self.asked?;
        (now - since >= SNAPSHOT_WITHIN).then_some(symbol)
    }

    /// When [`Books::changes`], [`Books::ask`] and [`Books::overdue`] are wanted next.
    pub fn next_deadline(&self, now: i64) -> Option<i64> {
        let stale_after = self.settings.stale_after.0;
        let changes = self
            .feeds
            .iter()
            .filter_map(|f| f.book.next_change(stale_after));
        let changes = changes.filter(|at| *at > now);
        let asked = self.asked.map(|(_, since)| since + SNAPSHOT_WITHIN);
        let asks = self.feeds.iter().filter(|feed| {
            let problem = feed.book.problem(now, stale_after);
            asked.is_none() && problem.is_some_and(BookProblem::needs_snapshot)
        });
        let asks = asks.map(|feed| feed.next_snapshot.max(now));
        changes.chain(asks).chain(asked).min()
    }

    /// What a book gives no price for, in words; `None` = it gives one.
    pub fn problem(&self, symbol: SymbolId, now: i64) -> Option<&'static str> {
        let feed = self.feeds.get(symbol.index())?;
        let problem = feed.book.problem(now, self.settings.stale_after.0)?;
        Some(problem.name())
    }

    /// The exchange shows a book that cannot be right: only its next one ends it.
    pub fn is_wrong(&self, symbol: SymbolId, now: i64) -> bool {
        let feed = self.feeds.get(symbol.index());
        let problem = feed.and_then(|feed| feed.book.problem(now, self.settings.stale_after.0));
        problem.is_some_and(is_wrong)
    }

    /// What is known of a book; `None` before its first message.
    pub fn view(&self, symbol: SymbolId, now: i64) -> Option<BookView> {
        let feed = self.feeds.get(symbol.index())?;
        let book = &feed.book;
        let is_good = book.problem(now, self.settings.stale_after.0).is_none();
        (feed.at > i64::MIN).then(|| BookView {
            bids: book.known(Side::Buy),
            asks: book.known(Side::Sell),
            age_ms: (now - feed.at) / MILLISECOND,
            imbalance: is_good.then(|| book.imbalance()).flatten(),
        })
    }
}

/// Not a matter of time: what is there is not as a book has to be.
const fn is_wrong(problem: BookProblem) -> bool {
    !matches!(problem, BookProblem::Missing | BookProblem::Stale)
}

/// Best prices of a ticker on the grid.
pub fn ticker_quote(ticker: &Ticker<'_>, markets: &Markets) -> Option<(SymbolId, Quote)> {
    let symbol = markets.symbol(ticker.product)?;
    let instrument = &markets.market(symbol).instrument;
    let bid = instrument.exact_price(ticker.best_bid?)?;
    let ask = instrument.exact_price(ticker.best_ask?)?;
    Some((symbol, Quote { bid, ask }))
}

#[cfg(test)]
#[path = "books_tests.rs"]
mod tests;
