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
    pub(in crate::runtime::live) gap: Option<(u64, u64)>,
    pub(in crate::runtime::live) refusals: Vec<String>,
    pub(in crate::runtime::live) damaged: Vec<DecodeError>,
    pub(in crate::runtime::live) orders_dropped: u64,
}

impl Decoded {
    /// Reads one frame of a role.
    pub(in crate::runtime::live) fn read(
        &mut self,
        text: &str,
        (codec, role): (&mut dyn ExchangeCodec, StreamRole),
        (markets, orders, books): (&mut Markets, &mut Vec<VenueOrder>, &mut Books),
        now: i64,
    ) {
        let result = codec.decode(role, text, &mut |event| match event {
            event if books.take(&event, markets, now) => self.booked = true,
            StreamEvent::Order(order) if orders.len() < NEWS_MAX => orders.push(order),
            StreamEvent::Order(_) => self.orders_dropped += 1,
            event => self.note(event, markets),
        });
        if let Err(error) = result {
            self.damaged.push(error);
            if role == StreamRole::Book {
                books.damaged();
            }
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
                    // Only the last one of a reading counts.
                    self.quotes.retain(|(known, _)| *known != symbol);
                    self.quotes.push((symbol, quote));
                }
            }
            StreamEvent::OrdersComplete => self.subscribed = true,
            StreamEvent::Gap { expected, got } => self.gap = Some((expected, got)),
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
