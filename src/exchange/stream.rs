//! What an exchange's streams bring, in plain values: the events that a codec makes of frames.

use super::orders::{VenueOrder, VenuePosition};
use super::public_trade::PublicTrade;
use crate::core::units::{Decimal, Timestamp};

/// What a websocket connection is for. Each role has a connection of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StreamRole {
    /// Trades, tickers, heartbeats, status: no key.
    Market,
    /// Level 2 books: large messages, one snapshot at a time.
    Book,
    /// Our orders and positions: signed.
    Account,
}

impl StreamRole {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Market => "market",
            Self::Book => "book",
            Self::Account => "account",
        }
    }
}

/// A feed of one connection, as the venue's subscriptions count them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Channel {
    Trades,
    Ticker,
    Book,
    Candles,
    Heartbeats,
    Status,
    Orders,
}

impl Channel {
    /// As it stands in a reason: `stale:trades`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Trades => "trades",
            Self::Ticker => "ticker",
            Self::Book => "book",
            Self::Candles => "candles",
            Self::Heartbeats => "heartbeats",
            Self::Status => "status",
            Self::Orders => "orders",
        }
    }
}

/// Best prices and last trade of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticker<'a> {
    pub product: &'a str,
    pub price: Decimal,
    pub best_bid: Option<Decimal>,
    pub best_bid_quantity: Option<Decimal>,
    pub best_ask: Option<Decimal>,
    pub best_ask_quantity: Option<Decimal>,
    pub time: Timestamp,
}

/// One level of a book; quantity 0 = the level is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BookLevel {
    pub is_bid: bool,
    pub price: Decimal,
    pub quantity: Decimal,
}

/// A candle as the venue states it; bucket lengths are the venue's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VenueCandle {
    pub open_time: Timestamp,
    pub open: Decimal,
    pub high: Decimal,
    pub low: Decimal,
    pub close: Decimal,
    /// Base units.
    pub volume: Decimal,
}

/// One thing that a frame says. Borrowed from the frame; a sink copies what it keeps.
#[derive(Clone, Debug, PartialEq)]
pub enum StreamEvent<'a> {
    /// `snapshot`: among the last trades sent on subscribing, so possibly known already.
    Trade {
        trade: PublicTrade<'a>,
        snapshot: bool,
    },
    Ticker(Ticker<'a>),
    /// A new book begins: everything known of the product is gone.
    BookStart {
        product: &'a str,
    },
    BookLevel {
        product: &'a str,
        level: BookLevel,
        time: Timestamp,
    },
    /// The levels of one message are through: the book is consistent again.
    BookEnd {
        product: &'a str,
    },
    Candle {
        product: &'a str,
        seconds: u32,
        candle: VenueCandle,
    },
    Heartbeat {
        counter: u64,
    },
    /// The whole current set of this connection.
    Subscribed {
        channel: Channel,
        products: Vec<&'a str>,
    },
    /// An order of ours, cumulative: not a fill.
    Order(VenueOrder),
    /// The last part of the account's first snapshot is through.
    OrdersComplete,
    Position(VenuePosition),
    ProductStatus {
        product: &'a str,
        tradable: bool,
    },
    /// Messages of this connection are missing: books are void, orders must be asked for.
    Gap {
        expected: u64,
        got: u64,
    },
    /// A numbered message of this channel could not be read whole: what it told is missing, whatever came
    /// of it before.
    Lost {
        channel: Channel,
    },
    /// The venue refused something; the connection goes on.
    Refused {
        text: String,
    },
}

/// How a connection of the venue is kept alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rhythm {
    /// Largest message accepted, bytes.
    pub max_message: usize,
    /// Seconds of silence after which the connection counts as dead.
    pub silence_seconds: u32,
    /// Seconds within which a subscription must be confirmed or bring data.
    pub confirm_seconds: u32,
}
