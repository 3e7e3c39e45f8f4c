//! An order of the account, its terms and where it stands; and an execution.

use crate::core::units::{Decimal, Price, Quantity, Side, Timestamp};

/// What it does before and while it rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Market,
    Limit,
    /// Waits until the last price is at or beyond `stop`, then is a limit order.
    StopLimit {
        stop: Price,
        rising: bool,
    },
    /// A resting target that becomes a limit order well below `stop` when the price falls there.
    Bracket {
        stop: Price,
    },
}

/// How long it stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    UntilCancelled,
    Until(Timestamp),
    ImmediateOrCancel,
    FillOrKill,
}

/// How much of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    Base(Quantity),
    /// Market buys: an amount of the quote currency, fees included.
    Quote(Decimal),
}

/// What was asked for, on the product's grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    pub kind: Kind,
    pub life: Life,
    pub size: Size,
    /// None for market orders.
    pub limit: Option<Price>,
    pub post_only: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Taken, but not yet at work.
    Pending,
    Open,
    Filled,
    Cancelled,
    Expired,
}

impl Status {
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Filled | Self::Cancelled | Self::Expired)
    }

    /// As the protocol spells it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Open => "OPEN",
            Self::Filled => "FILLED",
            Self::Cancelled => "CANCELLED",
            Self::Expired => "EXPIRED",
        }
    }
}

/// A change that its owner made to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edit {
    pub price: Price,
    pub size: Quantity,
    pub accepted: Timestamp,
}

#[derive(Clone, Debug)]
pub struct Order {
    /// In order of acceptance, from 1.
    pub number: u64,
    pub id: String,
    pub client_id: String,
    /// Index of its product.
    pub product: usize,
    pub side: Side,
    pub terms: Terms,
    /// The configuration as it was sent.
    pub configuration: serde_json::Value,
    pub status: Status,
    /// Its stop has been reached.
    pub triggered: bool,
    /// It has a place in the book.
    pub resting: bool,
    /// Fault: it stays where it is, whatever is asked of it.
    pub frozen: bool,
    pub cancel_asked: bool,
    /// Lots.
    pub filled: i64,
    /// Quote currency.
    pub value: Decimal,
    pub fees: Decimal,
    pub fills: u32,
    /// Set aside for it: quote currency for a buy, base for a sell; of contracts, margin and fee that it
    /// asks for.
    pub hold: Decimal,
    /// The highest fee rate that its hold reckons with.
    pub worst_rate: Decimal,
    pub created: Timestamp,
    pub last_fill: Option<Timestamp>,
    pub cancel_message: &'static str,
    /// The latest changes, at most [`EDITS_KEPT`].
    pub edits: Vec<Edit>,
}

/// Changes of an order that are remembered.
pub const EDITS_KEPT: usize = 16;

impl Order {
    /// Ordered lots; `None` for an amount of quote currency.
    pub fn ordered(&self) -> Option<i64> {
        match self.terms.size {
            Size::Base(quantity) => Some(quantity.0),
            Size::Quote(_) => None,
        }
    }

    /// Lots still to be filled, where they are counted.
    pub fn remaining(&self) -> i64 {
        self.ordered().map_or(0, |ordered| ordered - self.filled)
    }

    /// Waits for its stop.
    pub fn is_waiting(&self) -> bool {
        let has_stop = matches!(
            self.terms.kind,
            Kind::StopLimit { .. } | Kind::Bracket { .. }
        );
        has_stop && !self.triggered && !self.status.is_final()
    }

    /// Value divided by filled base units; 0 before the first fill.
    pub fn average_price(&self, filled: Decimal) -> Decimal {
        use crate::core::units::Rounding;
        self.value
            .checked_div(filled, Rounding::HalfEven)
            .unwrap_or_default()
    }
}

/// One execution of an order.
#[derive(Clone, Debug)]
pub struct Fill {
    /// Increasing over all fills.
    pub number: u64,
    pub entry_id: String,
    pub trade_id: String,
    pub order: u64,
    pub order_id: String,
    pub product: usize,
    pub side: Side,
    pub price: Price,
    pub lots: i64,
    pub fee: Decimal,
    pub maker: bool,
    pub time: Timestamp,
}

/// A public trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Print {
    pub product: usize,
    pub price: Price,
    pub lots: i64,
    /// Who crossed the spread.
    pub aggressor: Side,
    pub time: Timestamp,
}

/// What the engine tells, in the order in which it happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// An order as it stands after a change.
    Order(Box<Order>),
    Print(Print),
}

/// Why an order or a change of it is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Name of the protocol's enumeration.
    pub reason: &'static str,
    /// The same for a preview.
    pub preview: &'static str,
    pub message: String,
}

impl Refusal {
    pub fn new(reason: &'static str, preview: &'static str, message: impl Into<String>) -> Self {
        Self {
            reason,
            preview,
            message: message.into(),
        }
    }
}
