//! What the core wants of a venue's order: sent by the runtime, never by the core.

use crate::market::SymbolId;
use crate::records::Order;
use crate::units::{Price, Timestamp};

/// An order to make durable and then to send, once.
///
/// `limit` and `expires` complete the record: by `order.kind` it is
/// - `Market` (entries, closes, guards) or `StopMarket` (a stop that was reached): at once or not
///   at all, within `limit` where there is one (immediate-or-cancel), plain market otherwise;
/// - `TakeProfitLimit` (a target that was reached): immediate-or-cancel at `limit`;
/// - `Limit` or `PostOnly`: rests at `order.price` until `expires`;
/// - `StopLimit`: rests until `order.price` is traded, then sells within `limit`;
/// - `Bracket`: rests as target at `target` and as stop at `order.price` in one order.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderRequest {
    pub symbol: SymbolId,
    pub order: Order,
    /// Worst price it may fill at: the slippage tolerance of an entry, the price collar of an exit,
    /// the level of a target. `None` = plain market.
    pub limit: Option<Price>,
    /// Of a bracket.
    pub target: Option<Price>,
    /// When a resting order ends by itself at the venue.
    pub expires: Option<Timestamp>,
}
