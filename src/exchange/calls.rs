//! Calls to an exchange and what comes back: commands in, requests out, answers decoded.

use super::orders::{
    Balance, FuturesBalance, NewOrder, Product, VenueFill, VenueOrder, VenuePosition,
};
use super::public_trade::PublicTrade;
use super::stream::{BookLevel, VenueCandle};
use crate::core::market::Interval;
use crate::core::units::{Decimal, Timestamp};

/// One thing to ask of the exchange.
#[derive(Clone, Debug, PartialEq)]
pub enum Call {
    ServerTime,
    KeyPermissions,
    /// All products, or those named.
    Products {
        ids: Vec<String>,
        futures: bool,
    },
    Book {
        product: String,
        levels: u16,
    },
    /// Closed and forming buckets between two times; at most `candle_page` of them.
    Candles {
        product: String,
        interval: Interval,
        from: Timestamp,
        to: Timestamp,
    },
    /// The last trades, newest first.
    Trades {
        product: String,
        limit: u16,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    },
    Accounts {
        cursor: String,
    },
    FeeTier,
    Place(NewOrder),
    Preview(NewOrder),
    Edit {
        venue_id: String,
        price: Decimal,
        size: Decimal,
    },
    Cancel {
        venue_ids: Vec<String>,
    },
    Order {
        venue_id: String,
    },
    /// Orders of a product (all when empty) created since a time.
    Orders {
        product: String,
        standing: Standing,
        since: Option<Timestamp>,
        cursor: String,
    },
    Fills {
        product: String,
        order: String,
        since: Option<Timestamp>,
        cursor: String,
    },
    /// Derivative positions.
    Positions,
    /// What stands behind derivatives.
    FuturesBalance,
}

impl Call {
    /// May be sent again when its outcome is not known.
    pub const fn is_repeatable(&self) -> bool {
        !matches!(self, Self::Place(_) | Self::Edit { .. })
    }

    /// Orders, cancels and what reconciliation asks: not held back by our own limiter.
    pub const fn moves_money(&self) -> bool {
        matches!(
            self,
            Self::Place(_)
                | Self::Edit { .. }
                | Self::Cancel { .. }
                | Self::Order { .. }
                | Self::Orders { .. }
                | Self::Fills { .. }
        )
    }
}

/// Which orders a list has. Exchanges do not list open ones and those on their way in one answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Any,
    Open,
    /// Taken, but not in the book yet, or with a change of theirs under way.
    Pending,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
    Delete,
}

impl Method {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }
}

/// A request without host and without signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub method: Method,
    /// Path with its prefix, without query: what is signed.
    pub path: String,
    /// Without `?`; empty = none.
    pub query: String,
    /// JSON.
    pub body: Option<String>,
    pub signed: bool,
}

/// A decoded answer. One exists at a time, moved once: a box would save nothing.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::large_enum_variant)]
pub enum CallAnswer {
    ServerTime(Timestamp),
    Permissions {
        can_view: bool,
        can_trade: bool,
        can_transfer: bool,
        portfolio: String,
    },
    /// Products that could not be understood are named in `refused`, never guessed.
    Products {
        products: Vec<Product>,
        refused: Vec<String>,
    },
    Book {
        levels: Vec<BookLevel>,
        time: Option<Timestamp>,
    },
    /// Oldest first; the forming bucket may be among them.
    Candles(Vec<VenueCandle>),
    /// Oldest first.
    Trades(Vec<OwnedTrade>),
    Accounts {
        balances: Vec<Balance>,
        next: Option<String>,
    },
    FeeTier {
        maker: Decimal,
        taker: Decimal,
        volume: Option<Decimal>,
    },
    /// The venue has it.
    Placed {
        venue_id: String,
        client_id: String,
    },
    /// Definitely refused: it does not exist and will not.
    PlaceRefused {
        reason: String,
        text: String,
    },
    Preview {
        errors: Vec<String>,
        warnings: Vec<String>,
    },
    Edited {
        errors: Vec<String>,
    },
    /// Per order: accepted, or why not. Accepted is not cancelled yet.
    CancelResults(Vec<(String, Result<(), String>)>),
    Order(VenueOrder),
    Orders {
        orders: Vec<VenueOrder>,
        next: Option<String>,
    },
    Fills {
        fills: Vec<VenueFill>,
        next: Option<String>,
    },
    Positions(Vec<VenuePosition>),
    FuturesBalance(FuturesBalance),
}

/// A public trade of a REST answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedTrade {
    pub price: Decimal,
    pub quantity: Decimal,
    pub aggressor: crate::core::market::Aggressor,
    pub time: Timestamp,
    pub id: u64,
}

impl From<&PublicTrade<'_>> for OwnedTrade {
    fn from(trade: &PublicTrade<'_>) -> Self {
        Self {
            price: trade.price,
            quantity: trade.quantity,
            aggressor: trade.aggressor,
            time: trade.time,
            id: trade.id,
        }
    }
}

/// What kind of failure an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// 429: wait.
    RateLimited,
    /// 401: key, clock or signature.
    Unauthorized,
    /// 403 with the venue's code.
    Forbidden,
    NotFound,
    /// Another definite refusal of the request itself.
    Invalid,
    /// 5xx, gateway pages, HTML: transient; an order may exist.
    Unavailable,
    /// Success in status, but not what the venue is known to answer: an order may exist.
    Undecodable,
}

/// An answer that is none. The text names the call, the status and what was expected; bodies are
/// cut to a few hundred characters and never hold a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallFailure {
    pub kind: FailureKind,
    pub status: u16,
    pub text: String,
    /// Seconds the venue asks to wait.
    pub retry_after: Option<u32>,
}

impl CallFailure {
    /// Whether an order that was sent may exist all the same.
    pub const fn is_ambiguous(&self) -> bool {
        matches!(
            self.kind,
            FailureKind::Unavailable | FailureKind::Undecodable
        )
    }
}

impl std::fmt::Display for CallFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for CallFailure {}
