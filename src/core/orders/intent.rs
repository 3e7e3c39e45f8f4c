//! An order on its way: what is wanted, and what is working at the venue.

use crate::market::SymbolId;
use crate::records::{ExitReason, Leg, Order, OrderKind};
use crate::schedule::Armed;
use crate::units::{Decimal, Price, Quantity, Side};
use crate::venue::track::VenueTrack;
use serde::{Deserialize, Serialize};

/// What an entry brings along for the position it opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryPlan {
    pub leverage: u32,
    /// Distance of the stop from the average fill, in %.
    pub stop_pct: Decimal,
    pub target_pct: Decimal,
    /// Cost of entry and exit in % of the value: where break-even lies.
    pub round_trip_pct: Decimal,
}

/// An order that somebody wants. It cannot be submitted before the risk gate has approved it.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderIntent {
    pub symbol: SymbolId,
    pub decision: u64,
    pub leg: Leg,
    pub side: Side,
    pub kind: OrderKind,
    pub quantity: Quantity,
    pub price: Option<Price>,
    /// Last traded price when it was decided: slippage is measured from here.
    pub reference: Price,
    /// `Some` exactly for entries.
    pub entry: Option<EntryPlan>,
    /// `Some` exactly for reductions.
    pub exit: Option<ExitReason>,
}

impl OrderIntent {
    pub fn is_reduction(&self) -> bool {
        self.exit.is_some()
    }
}

/// An order at work.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Working {
    pub order: Order,
    pub entry: Option<EntryPlan>,
    pub exit: Option<ExitReason>,
    pub reference: Price,
    /// It matches trades with a later monotonic stamp only.
    pub active_after: i64,
    /// It has begun to fill: the rest goes on without that condition.
    pub started: bool,
    /// Armed for entries on trades.
    #[serde(skip)]
    pub timeout: Option<Armed>,
    /// The venue's side of it; `None` on paper.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub venue: Option<Box<VenueTrack>>,
}

impl Working {
    pub fn remaining(&self) -> Quantity {
        self.order.quantity - self.order.filled
    }

    /// Whether a trade stamped `mono` may fill it.
    pub fn matches_at(&self, mono: i64) -> bool {
        self.started || mono > self.active_after
    }
}
