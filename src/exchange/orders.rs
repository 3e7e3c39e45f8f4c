//! Orders, fills and balances as an exchange states them; amounts are exact, ids the venue's own.

use crate::core::units::{Decimal, Side, Timestamp};

/// What an order asks of the venue. Prices and sizes lie on the product's grid already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderTerms {
    /// At market, at once or not at all; size in base units (contracts for futures).
    Market { size: Decimal },
    /// At market for an amount of quote currency: spot buys.
    MarketQuote { quote_size: Decimal },
    Limit {
        size: Decimal,
        price: Decimal,
        life: OrderLife,
        post_only: bool,
    },
    StopLimit {
        size: Decimal,
        price: Decimal,
        stop: Decimal,
        /// Triggers when the price falls to `stop` rather than rises to it.
        falling: bool,
        life: OrderLife,
    },
    /// Target and stop of a position in one order.
    Bracket {
        size: Decimal,
        target: Decimal,
        stop: Decimal,
        life: OrderLife,
    },
}

/// How long an order rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderLife {
    UntilCancelled,
    UntilTime(Timestamp),
    ImmediateOrCancel,
    FillOrKill,
}

/// A new order as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOrder {
    pub client_id: String,
    pub product: String,
    pub side: Side,
    pub terms: OrderTerms,
    /// Derivatives only; `None` = the account's setting.
    pub leverage: Option<u32>,
}

/// Where an order stands at the venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VenueOrderStatus {
    Pending,
    Open,
    Filled,
    Cancelled,
    Expired,
    Failed,
    /// The venue does not say, or says something new.
    Unknown,
}

impl VenueOrderStatus {
    /// Nothing more will happen to it.
    pub const fn is_final(self) -> bool {
        matches!(
            self,
            Self::Filled | Self::Cancelled | Self::Expired | Self::Failed
        )
    }
}

/// An order as the venue tells it: cumulative state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VenueOrder {
    pub venue_id: String,
    pub client_id: String,
    pub product: String,
    pub side: Side,
    pub status: VenueOrderStatus,
    /// Ordered size in base units, where told.
    pub size: Option<Decimal>,
    pub limit_price: Option<Decimal>,
    pub stop_price: Option<Decimal>,
    pub filled: Decimal,
    pub average_price: Option<Decimal>,
    pub fees: Decimal,
    pub fills: u32,
    /// Why it was refused or cancelled, as the venue says.
    pub reason: String,
    pub created: Option<Timestamp>,
}

/// One execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VenueFill {
    /// Unique per execution: what repeats are told by.
    pub fill_id: String,
    pub venue_order_id: String,
    pub product: String,
    pub side: Side,
    pub price: Decimal,
    /// Base units.
    pub size: Decimal,
    /// In quote currency; negative = rebate.
    pub fee: Decimal,
    /// `None` where the venue does not say.
    pub maker: Option<bool>,
    pub time: Timestamp,
}

/// A derivative position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VenuePosition {
    pub product: String,
    /// Signed: above 0 long; contracts or base units, as the product's sizes are.
    pub size: Decimal,
    pub entry_price: Option<Decimal>,
}

/// One currency of the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balance {
    pub currency: String,
    pub available: Decimal,
    pub hold: Decimal,
}

/// The account's US dollars where derivatives are traded. The venue moves them between its spot and
/// its clearing side as margin asks for it: only `total` says how much there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FuturesBalance {
    /// Both sides together; profit that is not realised is not counted.
    pub total: Decimal,
    /// The clearing side alone; below 0: owed.
    pub clearing: Decimal,
    pub unrealised: Decimal,
    /// Margin of what is held.
    pub initial_margin: Decimal,
    /// What new orders may ask for.
    pub available_margin: Decimal,
}

/// A product with its grid and what may be done with it now.
#[derive(Clone, Debug, PartialEq)]
pub struct Product {
    /// Name in the venue's calls.
    pub id: String,
    /// Another name of the same book, where there is one.
    pub alias: Option<String>,
    pub instrument: crate::core::market::Instrument,
    /// Base units of one contract; 1 for spot.
    pub contract_size: Decimal,
    pub base_currency: String,
    pub price: Option<Decimal>,
    pub tradable: bool,
    /// Only limit orders are taken.
    pub limit_only: bool,
    pub post_only: bool,
}
