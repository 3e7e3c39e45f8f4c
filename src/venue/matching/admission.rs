//! Whether an order may be placed: the exchange's checks in its order, after those of form.
//!
//! Product known and, of a contract, its session open; increments, minimums, maximums; side, type and
//! stop; client order id; funds or margin; book.
//! What passes is on the product's grid and can be paid for.

use super::engine::{Engine, OPEN_MAX, Preview};
use super::order::{Kind, Life, Refusal, Size, Terms};
use crate::core::units::{Decimal, Price, Quantity, Rounding, Side, Timestamp};
use crate::venue::product::Product;

/// The kinds of configuration that the venue knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Market,
    Limit,
    StopLimit,
    Bracket,
    /// Known to the exchange, not offered here: the field that asks for it.
    Unsupported(&'static str),
}

/// An order as it was sent: the form is sound, the values are not looked at.
#[derive(Clone, Debug)]
pub struct OrderRequest {
    pub client_id: String,
    pub product_id: String,
    pub side: Option<Side>,
    pub shape: Shape,
    pub life: OrderTime,
    pub base_size: Option<Decimal>,
    pub quote_size: Option<Decimal>,
    pub limit_price: Option<Decimal>,
    pub stop_price: Option<Decimal>,
    /// `STOP_DIRECTION_STOP_UP`; `None` where none is stated.
    pub rising: Option<bool>,
    pub post_only: bool,
    /// `None`: whatever margin allows.
    pub leverage: Option<Decimal>,
    /// The configuration, to be shown again.
    pub configuration: serde_json::Value,
}

/// How long it is to stay, as sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderTime {
    UntilCancelled,
    Until(Timestamp),
    ImmediateOrCancel,
    FillOrKill,
}

/// What passed the checks.
#[derive(Clone, Copy, Debug)]
pub struct Admitted {
    /// The order that has this client order id already.
    pub existing: Option<u64>,
    pub product: usize,
    pub side: Side,
    pub terms: Terms,
    /// To be set aside: quote currency for a buy, base for a sell; of contracts, margin and fee.
    pub hold: Decimal,
    pub worst_rate: Decimal,
}

fn refuse<T>(reason: &'static str, preview: &'static str, message: &str) -> Result<T, Refusal> {
    Err(Refusal::new(reason, preview, message))
}

fn unsupported<T>(text: &str) -> Result<T, Refusal> {
    refuse(
        "UNSUPPORTED_ORDER_CONFIGURATION",
        "PREVIEW_INVALID_ORDER_CONFIG",
        text,
    )
}

impl Engine {
    /// Passes an order through the checks.
    ///
    /// # Errors
    /// The first refusal.
    pub fn admit(&self, request: &OrderRequest) -> Result<Admitted, Refusal> {
        let Some(product) = self.product(&request.product_id) else {
            return refuse(
                "INVALID_PRODUCT_ID",
                "PREVIEW_INVALID_PRODUCT_ID",
                "unknown product",
            );
        };
        let listed = &self.listed[product];
        let spec = &listed.product;
        if spec.contract.is_some() && self.faults.session_closed {
            return refuse(
                "ORDER_ENTRY_DISABLED",
                "UNKNOWN_PREVIEW_FAILURE_REASON",
                "the session of this contract is closed",
            );
        }
        let limit = price_on_grid(spec, request.limit_price)?;
        let stop = price_on_grid(spec, request.stop_price)?;
        let size = size_on_grid(spec, request)?;
        let Some(side) = request.side else {
            return refuse(
                "INVALID_SIDE",
                "PREVIEW_INVALID_SIDE",
                "expected BUY or SELL",
            );
        };
        self.takes_form(spec, request)?;
        if spec.contract.is_some() && matches!(size, Size::Quote(_)) {
            return unsupported("quote_size is for market buys of spot");
        }
        let terms = terms(request, side, size, limit, stop, listed.last)?;
        self.check_worth(product, side, &terms)?;
        let worst_rate = self.fee_tier().0.taker;
        let existing = self.by_client_id.get(&request.client_id).copied();
        if existing.is_some() && !request.client_id.is_empty() && !self.repeated_id_is_answered {
            return refuse(
                "DUPLICATE_CLIENT_ORDER_ID",
                "UNKNOWN_PREVIEW_FAILURE_REASON",
                "client_order_id was used before",
            );
        }
        if self.open.len() >= OPEN_MAX {
            return refuse(
                "COMMANDER_REJECTED_NEW_ORDER",
                "UNKNOWN_PREVIEW_FAILURE_REASON",
                "too many open orders",
            );
        }
        let hold = self.need(product, side, &terms, worst_rate, existing.is_some())?;
        if let (true, Some(limit)) = (terms.post_only, limit)
            && self.would_cross(product, side, limit)
        {
            return refuse(
                "INVALID_LIMIT_PRICE_POST_ONLY",
                "PREVIEW_INVALID_LIMIT_PRICE_POST_ONLY",
                "a post-only order would trade at once",
            );
        }
        Ok(Admitted {
            existing: existing.filter(|_| !request.client_id.is_empty()),
            product,
            side,
            terms,
            hold,
            worst_rate,
        })
    }

    /// Whether the product takes orders of this form and leverage.
    fn takes_form(&self, spec: &Product, request: &OrderRequest) -> Result<(), Refusal> {
        match request.shape {
            Shape::Bracket if self.faults.no_bracket => {}
            Shape::StopLimit if self.faults.no_stop_limit => {}
            _ => return check_leverage(spec, request.leverage),
        }
        refuse(
            "UNSUPPORTED_ORDER_CONFIGURATION",
            "PREVIEW_INVALID_ORDER_CONFIG",
            "the product takes no order of this form",
        )
    }

    /// The order's value within the product's limits; without a limit price it is worth what the market
    /// says.
    fn check_worth(&self, product: usize, side: Side, terms: &Terms) -> Result<(), Refusal> {
        let listed = &self.listed[product];
        let market = || listed.last.or_else(|| listed.book.best(side.opposite()));
        match (terms.size, terms.limit.or_else(market)) {
            (Size::Base(size), Some(price)) => check_value(&listed.product, price, size),
            // An amount was compared as it is; without any price nothing trades.
            _ => Ok(()),
        }
    }

    /// What an admitted order would come to if it traded as far as it can.
    pub fn preview(&self, admitted: &Admitted) -> Option<Preview> {
        let listed = &self.listed[admitted.product];
        let rate = admitted.worst_rate;
        let mut preview = Preview::default();
        let Size::Base(size) = admitted.terms.size else {
            preview.quote = admitted
                .hold
                .checked_div(Decimal::ONE + rate, Rounding::Down)?;
            preview.commission = admitted.hold - preview.quote;
            let best = listed.book.best(Side::Sell)?;
            preview.base = preview
                .quote
                .checked_div(listed.product.price(best), Rounding::Down)?;
            return Some(preview);
        };
        preview.base = listed.product.size(size.0);
        let price = admitted.terms.limit;
        let price = price.or_else(|| listed.book.best(admitted.side.opposite()))?;
        preview.quote = listed.product.value(price, size.0)?;
        if let Some(contract) = &listed.product.contract {
            preview.commission = contract.fees(size.0)?;
            preview.margin = Some(admitted.hold);
            return Some(preview);
        }
        preview.commission = preview.quote.checked_mul(rate, Rounding::HalfEven)?;
        Some(preview)
    }
}

pub(super) fn too_large() -> Refusal {
    let preview = "PREVIEW_INVALID_BASE_SIZE_TOO_LARGE";
    Refusal::new("INVALID_SIZE_PRECISION", preview, "size is too large")
}

fn price_on_grid(spec: &Product, price: Option<Decimal>) -> Result<Option<Price>, Refusal> {
    let Some(price) = price else { return Ok(None) };
    match spec.instrument.exact_price(price) {
        Some(price) => Ok(Some(price)),
        None => {
            let tick = spec.instrument.tick;
            let message = format!("price {price} is no multiple of {tick} above 0");
            let preview = "PREVIEW_INVALID_PRICE_PRECISION";
            Err(Refusal::new("INVALID_PRICE_PRECISION", preview, message))
        }
    }
}

fn size_on_grid(spec: &Product, request: &OrderRequest) -> Result<Size, Refusal> {
    let refuse = |preview: &'static str, message: String| {
        Err(Refusal::new("INVALID_SIZE_PRECISION", preview, message))
    };
    match (request.base_size, request.quote_size) {
        (Some(size), None) => {
            if size < spec.base_min {
                let text = format!("size {size} is below the minimum {}", spec.base_min);
                return refuse("PREVIEW_INVALID_BASE_SIZE_TOO_SMALL", text);
            }
            if size > spec.base_max {
                let text = format!("size {size} is above the maximum {}", spec.base_max);
                return refuse("PREVIEW_INVALID_BASE_SIZE_TOO_LARGE", text);
            }
            match spec.instrument.exact_quantity(size) {
                Some(quantity) => Ok(Size::Base(quantity)),
                None => {
                    let text = format!("size {size} is no multiple of {}", spec.instrument.lot);
                    refuse("PREVIEW_INVALID_SIZE_PRECISION", text)
                }
            }
        }
        (None, Some(amount)) => {
            if amount < spec.quote_min {
                let text = format!("size {amount} is below the minimum {}", spec.quote_min);
                return refuse("PREVIEW_INVALID_QUOTE_SIZE_TOO_SMALL", text);
            }
            if amount > spec.quote_max {
                let text = format!("size {amount} is above the maximum {}", spec.quote_max);
                return refuse("PREVIEW_INVALID_QUOTE_SIZE_TOO_LARGE", text);
            }
            let tick = spec.instrument.tick;
            let steps = amount.in_steps_of(tick, Rounding::Down);
            if steps.and_then(|n| tick.mul_div(n, 1, Rounding::Down)) != Some(amount) {
                let text = format!("size {amount} is no multiple of {tick}");
                return refuse("PREVIEW_INVALID_SIZE_PRECISION", text);
            }
            Ok(Size::Quote(amount))
        }
        _ => refuse(
            "PREVIEW_INVALID_SIZE_PRECISION",
            "expected base_size or quote_size".to_owned(),
        ),
    }
}

/// The value of an order within the product's limits.
pub(super) fn check_value(spec: &Product, price: Price, size: Quantity) -> Result<(), Refusal> {
    let value = spec.value(price, size.0).ok_or_else(too_large)?;
    let refuse = |preview, text: String| Err(Refusal::new("INVALID_SIZE_PRECISION", preview, text));
    if value < spec.quote_min {
        let text = format!(
            "order value {value} is below the minimum {}",
            spec.quote_min
        );
        return refuse("PREVIEW_INVALID_QUOTE_SIZE_TOO_SMALL", text);
    }
    if value > spec.quote_max {
        let text = format!(
            "order value {value} is above the maximum {}",
            spec.quote_max
        );
        return refuse("PREVIEW_INVALID_QUOTE_SIZE_TOO_LARGE", text);
    }
    Ok(())
}

/// Spot has none, and a contract as much as its margin allows.
fn check_leverage(spec: &Product, asked: Option<Decimal>) -> Result<(), Refusal> {
    let largest = spec.contract.as_ref().map_or(1, |terms| terms.max_leverage);
    let offered = Decimal::ONE..=Decimal::from_int(largest);
    match asked {
        Some(asked) if !offered.contains(&asked) => refuse(
            "UNSUPPORTED_ORDER_CONFIGURATION",
            "PREVIEW_INVALID_LEVERAGE",
            &format!("leverage {asked}: expected 1 to {largest}"),
        ),
        _ => Ok(()),
    }
}

fn terms(
    request: &OrderRequest,
    side: Side,
    size: Size,
    limit: Option<Price>,
    stop: Option<Price>,
    last: Option<Price>,
) -> Result<Terms, Refusal> {
    if let Shape::Unsupported(field) = request.shape {
        return unsupported(&format!("{field} is not offered by this venue"));
    }
    let quote = matches!(size, Size::Quote(_));
    if quote && (request.shape != Shape::Market || side == Side::Sell) {
        return unsupported("quote_size is for market buys");
    }
    let kind = match (request.shape, limit, stop) {
        (Shape::Market, None, None) => Kind::Market,
        (Shape::Limit, Some(_), None) => Kind::Limit,
        (Shape::StopLimit, Some(limit), Some(stop)) => {
            let Some(rising) = request.rising else {
                return unsupported("a stop-limit order needs its stop_direction");
            };
            check_stop(stop, rising, last)?;
            check_room(side, stop, limit)?;
            Kind::StopLimit { stop, rising }
        }
        (Shape::Bracket, Some(target), Some(stop)) => {
            if side == Side::Buy {
                return unsupported("a bracket leaves what was bought: expected SELL");
            }
            let is_around = |last| stop < last && last < target;
            if target <= stop || !last.is_none_or(is_around) {
                let text =
                    "expected limit_price above the last price and stop_trigger_price below it";
                let preview = "PREVIEW_INVALID_BRACKET_PRICES";
                return refuse("INVALID_BRACKET_PRICES", preview, text);
            }
            Kind::Bracket { stop }
        }
        _ => return unsupported("order_configuration is not offered by this venue"),
    };
    let life = match request.life {
        OrderTime::UntilCancelled => Life::UntilCancelled,
        OrderTime::Until(end) => Life::Until(end),
        OrderTime::ImmediateOrCancel => Life::ImmediateOrCancel,
        OrderTime::FillOrKill => Life::FillOrKill,
    };
    Ok(Terms {
        kind,
        life,
        size,
        limit,
        post_only: request.post_only,
    })
}

/// A limit that could never be reached from its stop on is refused.
fn check_room(side: Side, stop: Price, limit: Price) -> Result<(), Refusal> {
    let (preview, text) = match side {
        Side::Buy if limit < stop => (
            "PREVIEW_STOP_PRICE_ABOVE_LIMIT_PRICE",
            "limit_price of a buy must not be below stop_price",
        ),
        Side::Sell if limit > stop => (
            "PREVIEW_STOP_PRICE_BELOW_LIMIT_PRICE",
            "limit_price of a sell must not be above stop_price",
        ),
        _ => return Ok(()),
    };
    refuse("INVALID_LIMIT_PRICE", preview, text)
}

/// A stop that has been passed already is refused.
fn check_stop(stop: Price, rising: bool, last: Option<Price>) -> Result<(), Refusal> {
    let Some(last) = last else { return Ok(()) };
    if rising && stop <= last {
        let preview = "PREVIEW_STOP_PRICE_BELOW_LAST_TRADE_PRICE";
        return refuse(
            "INVALID_STOP_PRICE",
            preview,
            "stop is at or below the last price",
        );
    }
    if !rising && stop >= last {
        let preview = "PREVIEW_STOP_PRICE_ABOVE_LAST_TRADE_PRICE";
        return refuse(
            "INVALID_STOP_PRICE",
            preview,
            "stop is at or above the last price",
        );
    }
    Ok(())
}
