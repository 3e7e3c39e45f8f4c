//! Decoded frames of one reading of a connection: the exchange's words in, the core's numbers out.

use super::books::{Books, ticker_quote};
use super::markets::Markets;
use crate::core::market::{Quote, SymbolId, Trade};
use crate::exchange::orders::VenueOrder;
use crate::exchange::stream::{Channel, StreamEvent, StreamRole};
use crate::exchange::{DecodeError, ExchangeCodec, PublicTrade};
use crate::runtime::live::orders::venue_orders::NEWS_MAX;

/// Events in the core's numbers, collected while the link's buffer is borrowed.
#[derive(Debug, Default)]
pub(in crate::runtime::live) struct Decoded {
    pub(in crate::runtime::live) trades: Vec<(Trade, bool)>,
    pub(in crate::runtime::live) subscribed: bool,
    /// Symbols whose trades are confirmed.
    pub(in crate::runtime::live) confirmed: Vec<SymbolId>,
    /// Levels of books came.
    pub(in crate::runtime::live) booked: bool,
    /// The last best prices of each symbol.
    pub(in crate::runtime::live) quotes: Vec<(SymbolId, Quote)>,
    /// Of the frame that is read.
    frame_quotes: Vec<(SymbolId, Quote)>,
    pub(in crate::runtime::live) gap: Option<(u64, u64)>,
    /// The channel of a frame that was damaged: what it told is missing.
    pub(in crate::runtime::live) lost: Option<Channel>,
    pub(in crate::runtime::live) refusals: Vec<String>,
    pub(in crate::runtime::live) damaged: Vec<DecodeError>,
    pub(in crate::runtime::live) orders_dropped: u64,
}

/// How much there was before a frame.
struct Marks {
    trades: usize,
    confirmed: usize,
    refusals: usize,
    orders: usize,
    orders_dropped: u64,
    subscribed: bool,
}

impl Decoded {
    /// Reads one frame of a role: all of it, or nothing. The exchange's words are handed on while they
    /// are read, and a frame may turn out to be damaged behind them.
    pub(in crate::runtime::live) fn read(
        &mut self,
        text: &str,
        (codec, role): (&mut dyn ExchangeCodec, StreamRole),
        (markets, orders, books): (&mut Markets, &mut Vec<VenueOrder>, &mut Books),
        now: i64,
    ) {
        let before = Marks {
            trades: self.trades.len(),
            confirmed: self.confirmed.len(),
            refusals: self.refusals.len(),
            orders: orders.len(),
            orders_dropped: self.orders_dropped,
            subscribed: self.subscribed,
        };
        let result = codec.decode(role, text, &mut |event| match event {
            event if books.take(&event, markets, now) => self.booked = true,
            StreamEvent::Order(order) if orders.len() < NEWS_MAX => orders.push(order),
            StreamEvent::Order(_) => self.orders_dropped += 1,
            event => self.note(event, markets),
        });
        match result {
            Ok(()) => self.keep_quotes(),
            Err(error) => {
                self.damaged.push(error);
                self.undo(&before, orders);
                if role == StreamRole::Book {
                    books.damaged();
                }
            }
        }
    }

    /// Takes back what a frame told. A gap in front of it stays one.
    fn undo(&mut self, before: &Marks, orders: &mut Vec<VenueOrder>) {
        self.trades.truncate(before.trades);
        self.confirmed.truncate(before.confirmed);
        self.refusals.truncate(before.refusals);
        orders.truncate(before.orders);
        self.orders_dropped = before.orders_dropped;
        self.subscribed = before.subscribed;
        self.frame_quotes.clear();
    }

    /// Of a symbol only the last one of a reading counts.
    fn keep_quotes(&mut self) {
        for (symbol, quote) in self.frame_quotes.drain(..) {
            self.quotes.retain(|(known, _)| *known != symbol);
            self.quotes.push((symbol, quote));
        }
    }

    /// What could not be read, in words.
    #[cfg(test)]
    pub(in crate::runtime::live) fn refused(&self) -> Vec<String> {
        self.damaged.iter().map(ToString::to_string).collect()
    }

    fn note(&mut self, event: StreamEvent<'_>, markets: &mut Markets) {
        match event {
            StreamEvent::Trade { trade, snapshot } => self.trade(&trade, snapshot, markets),
            StreamEvent::Subscribed { channel, products } => {
                if channel == Channel::Trades {
                    let symbols = products.iter().filter_map(|p| markets.symbol(p));
                    self.confirmed.extend(symbols);
                }
                self.subscribed |= match channel {
                    // Every connection has them; they prove the transport only.
                    Channel::Heartbeats => false,
                    Channel::Orders => true,
                    _ => !products.is_empty(),
                };
            }
            StreamEvent::Ticker(ticker) => {
                if let Some((symbol, quote)) = ticker_quote(&ticker, markets) {
                    self.frame_quotes.push((symbol, quote));
                }
            }
            StreamEvent::OrdersComplete => self.subscribed = true,
            StreamEvent::Gap { expected, got } => self.gap = Some((expected, got)),
            StreamEvent::Lost { channel } => self.lost = Some(channel),
            StreamEvent::Refused { text } => self.refusals.push(text),
            _ => {}
        }
    }

    fn trade(&mut self, trade: &PublicTrade<'_>, snapshot: bool, markets: &mut Markets) {
        if let Some(trade) = markets.trade(trade) {
            if self.confirmed.last() != Some(&trade.symbol) {
                self.confirmed.push(trade.symbol);
            }
            self.trades.push((trade, snapshot));
        }
    }
}

#[cfg(test)]
#[path = "decoded_tests.rs"]
mod tests;
