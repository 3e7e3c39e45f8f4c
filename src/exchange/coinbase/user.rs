//! The user channel: orders of ours as cumulative state, derivative positions, and when the first
//! snapshot is whole.

use super::book::Kind;
use super::loose::{Amount, Quotient, positive, reason};
use super::terms::{side, status};
use crate::core::units::{Decimal, Side};
use crate::exchange::codec::EventSink;
use crate::exchange::orders::{VenueOrder, VenueOrderStatus, VenuePosition};
use crate::exchange::stream::StreamEvent;
use serde::Deserialize;
use std::borrow::Cow;

/// Most orders that a frame of a snapshot holds: one with fewer is the last.
const SNAPSHOT_ORDERS: usize = 50;

/// How far the account's first snapshot is through.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Snapshot {
    /// A full frame came, more may follow.
    is_open: bool,
}

impl Snapshot {
    /// Something else than a part of it came: there are no more parts.
    pub(super) fn close(&mut self, sink: &mut EventSink<'_>) {
        if std::mem::take(&mut self.is_open) {
            sink(StreamEvent::OrdersComplete);
        }
    }
}

/// One event of `user`.
#[derive(Deserialize)]
pub(super) struct UserEvent<'a> {
    #[serde(rename = "type")]
    kind: Kind,
    #[serde(borrow, default)]
    orders: Vec<OrderFields<'a>>,
    #[serde(borrow, default)]
    positions: Option<Positions<'a>>,
}

impl UserEvent<'_> {
    /// # Errors
    /// An order or position that lacks or garbles what it must state.
    pub(super) fn tell(
        &self,
        snapshot: &mut Snapshot,
        sink: &mut EventSink<'_>,
    ) -> Result<(), String> {
        if self.kind == Kind::Update {
            snapshot.close(sink);
        }
        for order in &self.orders {
            sink(StreamEvent::Order(order.order()?));
        }
        for position in self.positions.iter().flat_map(Positions::all) {
            sink(StreamEvent::Position(position.position()?));
        }
        if self.kind == Kind::Snapshot {
            snapshot.is_open = true;
            if self.orders.len() < SNAPSHOT_ORDERS {
                snapshot.close(sink);
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct OrderFields<'a> {
    #[serde(borrow)]
    order_id: Cow<'a, str>,
    #[serde(borrow, default)]
    client_order_id: Cow<'a, str>,
    #[serde(borrow)]
    product_id: Cow<'a, str>,
    #[serde(borrow)]
    order_side: Cow<'a, str>,
    #[serde(borrow)]
    status: Cow<'a, str>,
    #[serde(borrow, default)]
    order_type: Cow<'a, str>,
    cumulative_quantity: Amount,
    #[serde(default)]
    leaves_quantity: Amount,
    #[serde(default)]
    limit_price: Amount,
    #[serde(default)]
    stop_price: Amount,
    #[serde(default)]
    avg_price: Quotient,
    #[serde(default)]
    total_fees: Amount,
    #[serde(default)]
    number_of_fills: Amount,
    #[serde(borrow, default)]
    reject_reason: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    cancel_reason: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    creation_time: Option<Cow<'a, str>>,
}

impl OrderFields<'_> {
    fn order(&self) -> Result<VenueOrder, String> {
        let about =
            |field: &str, error: String| format!("order {}: {field}: {error}", self.order_id);
        let status = status(&self.status);
        let filled = self
            .cumulative_quantity
            .not_negative()
            .map_err(|e| about("cumulative_quantity", e))?;
        // What is left of an order that still works; of a market order it may be quote currency.
        let is_working = matches!(status, VenueOrderStatus::Open | VenueOrderStatus::Pending);
        let is_market = self.order_type.eq_ignore_ascii_case("market");
        let size = self
            .leaves_quantity
            .0
            .filter(|_| is_working && !is_market)
            .and_then(|left| left.checked_add(filled));
        Ok(VenueOrder {
            venue_id: self.order_id.clone().into_owned(),
            client_id: self.client_order_id.clone().into_owned(),
            product: self.product_id.clone().into_owned(),
            side: side(&self.order_side).map_err(|e| about("order_side", e))?,
            status,
            size,
            limit_price: positive(self.limit_price.0),
            stop_price: positive(self.stop_price.0),
            filled,
            average_price: positive(self.avg_price.0),
            fees: self.total_fees.0.unwrap_or(Decimal::ZERO),
            fills: self
                .number_of_fills
                .count()
                .map_err(|e| about("number_of_fills", e))?,
            reason: reason([self.reject_reason.as_deref(), self.cancel_reason.as_deref()]),
            created: self.creation_time.as_deref().and_then(super::fields::time),
        })
    }
}

/// Positions of both kinds of derivatives; what else is listed is not traded here.
#[derive(Deserialize)]
struct Positions<'a> {
    #[serde(borrow, default)]
    perpetual_futures_positions: Option<Vec<PositionFields<'a>>>,
    #[serde(borrow, default)]
    expiring_futures_positions: Option<Vec<PositionFields<'a>>>,
}

impl<'a> Positions<'a> {
    fn all(&self) -> impl Iterator<Item = &PositionFields<'a>> {
        [
            &self.perpetual_futures_positions,
            &self.expiring_futures_positions,
        ]
        .into_iter()
        .flatten()
        .flatten()
    }
}

/// A derivative position of the user channel or of a REST answer; the names of the fields differ
/// between venues of the same API.
#[derive(Deserialize)]
pub(super) struct PositionFields<'a> {
    #[serde(borrow)]
    product_id: Cow<'a, str>,
    #[serde(borrow, default, alias = "position_side")]
    side: Cow<'a, str>,
    #[serde(alias = "net_size")]
    number_of_contracts: Amount,
    #[serde(default, alias = "avg_entry_price")]
    entry_price: Quotient,
    #[serde(default)]
    entry_vwap: Quotient,
    #[serde(default)]
    vwap: Quotient,
}

impl PositionFields<'_> {
    /// # Errors
    /// A position with a size but no side.
    pub(super) fn position(&self) -> Result<VenuePosition, String> {
        let size = self.number_of_contracts.0.unwrap_or(Decimal::ZERO);
        // LONG, Long, FUTURES_POSITION_SIDE_LONG, POSITION_SIDE_LONG.
        let stated = self.side.to_ascii_uppercase();
        let side = if stated.ends_with("LONG") {
            Some(Side::Buy)
        } else if stated.ends_with("SHORT") {
            Some(Side::Sell)
        } else {
            None
        };
        let size = match side {
            _ if size.is_zero() => size,
            Some(Side::Buy) => size.abs(),
            Some(Side::Sell) => -size.abs(),
            None => {
                return Err(format!(
                    "position of {}: side {:?}: expected LONG or SHORT",
                    self.product_id,
                    super::fields::shown(&self.side)
                ));
            }
        };
        let entry = [self.entry_price, self.entry_vwap, self.vwap];
        Ok(VenuePosition {
            product: self.product_id.clone().into_owned(),
            size,
            entry_price: entry.into_iter().find_map(|price| positive(price.0)),
        })
    }
}
