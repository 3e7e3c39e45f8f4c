//! What a venue says of our orders and our account, in the core's own numbers: plain values.
//!
//! The runtime makes them of answers and streams; nothing here knows an exchange's words. They are
//! recorded as they are, so that a session replays without its venue.

use crate::market::SymbolId;
use crate::settings::FeeRates;
use crate::units::{Decimal, Price, Quantity, Side, Timestamp};
use serde::{Deserialize, Serialize};

/// News of one of our orders, by its client order id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderEvent {
    pub client_id: String,
    pub news: OrderNews,
}

/// What happened to an order. They may come twice, late and in any order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderNews {
    /// Its intent is committed in the ledger.
    Durable,
    /// Its request has left.
    Sent,
    /// The venue has it under this id.
    Accepted { venue_id: String },
    /// Definitely refused by the venue: it does not exist and will not.
    Rejected { reason: String },
    /// It never left: the commit failed, or our own limiter gave it up.
    NeverSent { reason: String },
    /// Time-out, 5xx, cut connection, unreadable answer: it may or may not exist.
    Unknown { reason: String },
    /// One execution. `fee` in account currency, negative = rebate; `time` is the venue's.
    Filled {
        /// Unique per execution: what repeats are told by.
        fill_id: String,
        price: Price,
        quantity: Quantity,
        fee: Decimal,
        maker: bool,
        time: Timestamp,
    },
    /// Where it stands; `filled` is cumulative and no fill by itself: a final state whose `filled`
    /// exceeds the fills seen waits for the missing ones.
    State {
        status: VenueState,
        filled: Quantity,
    },
    /// The venue would not cancel it (or did not answer): it is asked where it stands.
    CancelRefused { reason: String },
}

/// Where an order stands at the venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VenueState {
    Open,
    Filled,
    Cancelled,
    Expired,
    /// Taken and then refused.
    Failed,
}

impl VenueState {
    /// Nothing more will happen to it.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Open)
    }
}

/// The account as the venue states it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountNews {
    /// All of the account currency, what is held for orders included.
    pub cash: Decimal,
    /// Rates that apply from now on; symbols that are not named keep theirs.
    pub fees: Vec<(SymbolId, FeeRates)>,
}

/// An order in a listing of the venue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedOrder {
    pub venue_id: String,
    /// Empty where the venue states none.
    pub client_id: String,
    /// `None` for a product that is not traded here.
    pub symbol: Option<SymbolId>,
    pub side: Side,
    pub status: VenueState,
    /// Ordered; zero where the venue does not say.
    pub quantity: Quantity,
    /// Cumulative.
    pub filled: Quantity,
    pub price: Option<Price>,
}

/// An execution in a listing of the venue; of traded symbols only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedFill {
    pub fill_id: String,
    /// The venue's id of its order.
    pub venue_id: String,
    pub symbol: SymbolId,
    pub side: Side,
    pub price: Price,
    pub quantity: Quantity,
    pub fee: Decimal,
    pub maker: bool,
    pub time: Timestamp,
}

/// What the venue holds of a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedPosition {
    pub symbol: SymbolId,
    /// Lots, signed: negative = short. For spot all of the base currency, floored to the lot: more
    /// than ours is somebody else's.
    pub lots: i64,
}

/// One round of asking the venue for everything of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VenueListing {
    /// When the first of its queries was sent.
    pub at: Timestamp,
    /// Every query succeeded, to its last page, and recent orders and fills reach back before the
    /// oldest order without a final state (at least 10 minutes). Only then does absence count.
    pub complete: bool,
    pub open: Vec<ListedOrder>,
    /// Orders with a final state lately.
    pub recent: Vec<ListedOrder>,
    pub fills: Vec<ListedFill>,
    /// Symbols whose holding was told; an unnamed symbol is not known, which is not the same as
    /// flat.
    pub positions: Vec<ListedPosition>,
}
