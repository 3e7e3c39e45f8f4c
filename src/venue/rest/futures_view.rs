//! Contracts as REST and the streams show them: terms, sessions, positions, margin.
//!
//! Amounts of positions and of the balance summary are `{"value", "currency"}` in REST, plain texts in
//! the streams, as at the exchange.

use crate::core::units::{Decimal, Rounding, Timestamp};
use crate::venue::contract::{Contract, FUNDING_INTERVAL, funding_time, session_of};
use crate::venue::matching::{Margin, Position};
use crate::venue::text::rfc3339;
use crate::venue::world::World;
use serde_json::{Map, Value, json};

/// How an amount of dollars is written.
pub type Amount = fn(Decimal) -> Value;

/// REST: with its currency.
pub fn with_currency(value: Decimal) -> Value {
    json!({"value": value.to_string(), "currency": "USD"})
}

/// Streams: the text alone.
pub fn plain(value: Decimal) -> Value {
    value.to_string().into()
}

/// When a contract trades; `null` for a spot pair.
pub fn session_json(world: &World, contract: Option<&Contract>, now: Timestamp) -> Value {
    if contract.is_none() {
        return Value::Null;
    }
    let (open, close) = session_of(now);
    let closed = world.engine.faults.session_closed;
    let state = if closed { "CLOSED" } else { "OPEN" };
    json!({
        "is_session_open": !closed,
        "open_time": rfc3339(open, 0),
        "close_time": rfc3339(close, 0),
        "session_state": format!("FCM_TRADING_SESSION_STATE_{state}"),
        "after_hours_order_entry_disabled": true,
        "closed_reason": "FCM_TRADING_SESSION_CLOSED_REASON_UNDEFINED",
        "maintenance": null,
    })
}

/// The terms of a contract; `null` for a spot pair.
pub fn details_json(world: &World, index: usize, now: Timestamp) -> Value {
    let product = world.product(index);
    let Some(contract) = &product.contract else {
        return Value::Null;
    };
    let funding = rfc3339(funding_time(now), 0);
    let interest = world
        .engine
        .position(index)
        .map_or(0, |held| held.lots.abs());
    json!({
        "venue": "cde",
        "contract_code": contract.code,
        "contract_expiry": contract.expiry,
        "contract_size": product.instrument.contract_value.to_string(),
        "contract_root_unit": contract.root,
        "group_description": contract.group,
        "contract_expiry_timezone": "Europe/London",
        "group_short_description": contract.short_group,
        "risk_managed_by": "MANAGED_BY_FCM",
        "contract_expiry_type": "EXPIRING",
        "perpetual_details": {
            "open_interest": interest.to_string(),
            "funding_rate": "0",
            "funding_time": funding,
            "max_leverage": contract.max_leverage.to_string(),
            "base_asset_uuid": "",
            "underlying_type": "",
        },
        "contract_display_name": contract.display_name,
        "funding_rate": "0",
        "funding_time": funding,
        "funding_interval": format!("{FUNDING_INTERVAL}s"),
        "open_interest": interest.to_string(),
    })
}

/// A position as `/cfm/positions` shows it.
pub fn position_json(world: &World, index: usize, held: &Position) -> Value {
    let product = world.product(index);
    let mark = world.engine.listed()[index].last.unwrap_or(product.start);
    let size = product.size(held.lots.abs());
    let value = product.value(mark, held.lots.abs()).unwrap_or_default();
    let contract = product.contract.as_ref();
    let initial = contract.and_then(|contract| contract.initial_margin(value));
    let maintenance = contract.and_then(|contract| contract.maintenance_margin(value));
    let expiry = contract.map_or("", |contract| contract.expiry.as_str());
    let leverage = contract.map_or(1, |contract| contract.max_leverage);
    let average = held.average_price(product);
    json!({
        "product_id": product.id,
        "expiration_time": expiry,
        "side": held.side_name(),
        "number_of_contracts": size.to_string(),
        "current_price": with_currency(product.price(mark)),
        "avg_entry_price": with_currency(average),
        "unrealized_pnl": with_currency(held.unrealised(product, mark)),
        "daily_realized_pnl": with_currency(held.realised_today),
        "total_fees": with_currency(held.fees),
        "contract_size": product.instrument.contract_value.to_string(),
        "entry_vwap": with_currency(average),
        "leverage": leverage.to_string(),
        "im_contribution": with_currency(initial.unwrap_or_default()),
        "mm_contribution": with_currency(maintenance.unwrap_or_default()),
        "position_notional": with_currency(value),
    })
}

/// Open positions as the user channel shows them; the exchange counts contracts that expire and
/// those that do not apart.
pub fn user_positions(world: &World) -> Value {
    let shown: Vec<Value> = world
        .engine
        .positions()
        .map(|(index, held)| {
            let product = world.product(index);
            let mark = world.engine.listed()[index].last.unwrap_or(product.start);
            json!({
                "product_id": product.id,
                "side": held.side_name(),
                "number_of_contracts": product.size(held.lots.abs()).to_string(),
                "realized_pnl": held.realised_today.to_string(),
                "unrealized_pnl": held.unrealised(product, mark).to_string(),
                "entry_price": held.average_price(product).to_string(),
            })
        })
        .collect();
    let none: [Value; 0] = [];
    json!({
        "perpetual_futures_positions": none,
        "expiring_futures_positions": shown,
        "prediction_market_positions": none,
    })
}

/// How far the account is from losing its positions, in percent of the maintenance margin; 0 where
/// nothing is held.
fn buffer_percentage(margin: &Margin) -> String {
    let percent = margin
        .buffer()
        .mul_div(
            100 * Decimal::ONE.raw(),
            margin.maintenance.raw(),
            Rounding::HalfEven,
        )
        .unwrap_or_default();
    percent.round(0, Rounding::Down).to_string()
}

/// The balance of the clearing side and of what stands behind it.
pub fn summary_json(world: &World, amount: Amount) -> Value {
    let margin = world.engine.margin();
    let available = margin.available().max(Decimal::ZERO);
    let percentage = buffer_percentage(&margin);
    // Margin is the same by day and by night here.
    let measure = |name: &str| {
        json!({
            "margin_window_type": format!("FCM_MARGIN_WINDOW_TYPE_{name}"),
            "margin_level": "MARGIN_LEVEL_TYPE_BASE",
            "initial_margin": amount(margin.initial),
            "maintenance_margin": amount(margin.maintenance),
            "liquidation_buffer_percentage": percentage,
            "liquidation_buffer": amount(margin.buffer()),
            "total_hold": amount(margin.orders),
            "futures_buying_power": amount(available),
        })
    };
    let amounts = [
        ("futures_buying_power", available),
        ("total_usd_balance", margin.total()),
        ("cbi_usd_balance", margin.spot),
        ("cfm_usd_balance", margin.cash),
        ("total_open_orders_hold_amount", margin.orders),
        ("unrealized_pnl", margin.unrealised),
        ("daily_realized_pnl", margin.realised_today),
        ("initial_margin", margin.initial),
        ("available_margin", available),
        ("liquidation_threshold", margin.maintenance),
        ("liquidation_buffer_amount", margin.buffer()),
    ];
    let named = |(name, value): (&str, Decimal)| (name.to_owned(), amount(value));
    let mut summary: Map<String, Value> = amounts.into_iter().map(named).collect();
    summary.insert(
        "liquidation_buffer_percentage".to_owned(),
        percentage.clone().into(),
    );
    for (name, window) in [
        ("intraday_margin_window_measure", "INTRADAY"),
        ("overnight_margin_window_measure", "OVERNIGHT"),
    ] {
        summary.insert(name.to_owned(), measure(window));
    }
    summary.into()
}
