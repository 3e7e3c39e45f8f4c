//! Calls about the account: balances, fee tier, portfolio, what the key may do.

use super::futures_view::position_json;
use super::{Outcome, not_found, number};
use crate::core::units::{Decimal, Timestamp};
use crate::venue::matching::{Balance, Position};
use crate::venue::product::{currency_name, is_fiat};
use crate::venue::server::http::Request;
use crate::venue::text::rfc3339;
use crate::venue::world::World;
use serde_json::{Value, json};

const PAGE: usize = 49;
const PAGE_MAX: usize = 250;

fn amount(value: Decimal, currency: &str) -> Value {
    json!({"value": value.to_string(), "currency": currency})
}

fn account_json(world: &World, currency: &str, balance: Balance, now: Timestamp) -> Value {
    let kind = if is_fiat(currency) { "FIAT" } else { "CRYPTO" };
    json!({
        "uuid": world.account_ids.get(currency),
        "name": format!("{currency} Wallet"),
        "currency": currency,
        "available_balance": amount(balance.available, currency),
        "default": true,
        "active": true,
        "created_at": rfc3339(world.started, 3),
        "updated_at": rfc3339(now, 3),
        "deleted_at": null,
        "type": format!("ACCOUNT_TYPE_{kind}"),
        "ready": true,
        "hold": amount(balance.hold, currency),
        "retail_portfolio_id": world.portfolio_id,
        "platform": "ACCOUNT_PLATFORM_CONSUMER",
    })
}

pub fn accounts(world: &mut World, request: &Request, now: Timestamp, _: &[&str]) -> Outcome {
    let limit = number(request, "limit", PAGE, PAGE_MAX)?.max(1);
    let from = number(request, "cursor", 0, usize::MAX)?;
    let all: Vec<Value> = world
        .engine
        .accounts()
        .all()
        .map(|(currency, balance)| account_json(world, currency, balance, now))
        .collect();
    let total = all.len();
    let page: Vec<Value> = all.into_iter().skip(from).take(limit).collect();
    let next = from + page.len();
    let has_next = next < total;
    Ok(json!({
        "size": page.len(),
        "accounts": page,
        "has_next": has_next,
        "cursor": if has_next { next.to_string() } else { String::new() },
    }))
}

pub fn account(world: &mut World, _: &Request, now: Timestamp, path: &[&str]) -> Outcome {
    let id = path.last().copied().unwrap_or_default();
    let currency = world.account_ids.iter().find(|(_, of)| *of == id);
    let (currency, _) =
        currency.ok_or_else(|| not_found("account with this UUID was not found"))?;
    let balance = world.engine.accounts().balance(currency);
    Ok(json!({"account": account_json(world, currency, balance, now)}))
}

pub fn transaction_summary(world: &mut World, _: &Request, _: Timestamp, _: &[&str]) -> Outcome {
    let (tier, volume, next, fees) = world.engine.fee_tier();
    Ok(json!({
        "total_volume": volume.to_string(),
        "total_fees": fees.to_string(),
        "fee_tier": {
            "pricing_tier": tier.name,
            "usd_from": tier.from.to_string(),
            "usd_to": next.map_or_else(String::new, |next| next.to_string()),
            "taker_fee_rate": tier.taker.to_string(),
            "maker_fee_rate": tier.maker.to_string(),
            "aop_from": "",
            "aop_to": "",
        },
        "margin_rate": null,
        "goods_and_services_tax": null,
        "advanced_trade_only_volume": volume.to_string(),
        "advanced_trade_only_fees": fees.to_string(),
        "coinbase_pro_volume": "0",
        "coinbase_pro_fees": "0",
        "total_balance": "",
        "has_promo_fee": false,
    }))
}

pub fn key_permissions(world: &mut World, _: &Request, _: Timestamp, _: &[&str]) -> Outcome {
    Ok(json!({
        "can_view": true,
        "can_trade": world.permissions.trade,
        "can_transfer": world.permissions.transfer,
        "portfolio_uuid": world.portfolio_id,
        "portfolio_type": "DEFAULT",
    }))
}

fn portfolio_json(world: &World) -> Value {
    json!({
        "name": "Default",
        "uuid": world.portfolio_id,
        "type": "DEFAULT",
        "deleted": false,
    })
}

pub fn portfolios(world: &mut World, _: &Request, _: Timestamp, _: &[&str]) -> Outcome {
    Ok(json!({"portfolios": [portfolio_json(world)]}))
}

pub fn portfolio(world: &mut World, _: &Request, _: Timestamp, path: &[&str]) -> Outcome {
    if path.last() != Some(&world.portfolio_id.as_str()) {
        return Err(not_found("portfolio was not found"));
    }
    let positions: Vec<Value> = world
        .engine
        .accounts()
        .all()
        .map(|(currency, balance)| {
            json!({
                "asset": currency,
                "account_uuid": world.account_ids.get(currency),
                "asset_name": currency_name(currency),
                "total_balance_crypto": balance.total().to_string(),
                "available_to_trade_crypto": balance.available.to_string(),
                "is_cash": is_fiat(currency),
            })
        })
        .collect();
    Ok(json!({"breakdown": {
        "portfolio": portfolio_json(world),
        "spot_positions": positions,
        "futures_positions": futures_positions(world),
        "perp_positions": [],
    }}))
}

/// The breakdown names some fields otherwise than `/cfm/positions`.
fn futures_positions(world: &World) -> Vec<Value> {
    let position = |(index, held): (usize, &Position)| {
        let mut shown = position_json(world, index, held);
        shown["amount"] = shown["number_of_contracts"].clone();
        shown["side"] = format!("FUTURES_POSITION_SIDE_{}", held.side_name()).into();
        shown
    };
    world.engine.positions().map(position).collect()
}

pub fn payment_methods(_: &mut World, _: &Request, _: Timestamp, _: &[&str]) -> Outcome {
    Ok(json!({"payment_methods": []}))
}
