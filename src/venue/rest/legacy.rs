//! The answers of the older interface (v2) that other clients ask for when they load their markets.

use super::Outcome;
use crate::core::units::{Decimal, Rounding, Timestamp};
use crate::venue::product::{currency_name, is_fiat};
use crate::venue::server::http::Request;
use crate::venue::text::{rfc3339, unix_seconds};
use crate::venue::world::World;
use serde_json::{Map, Value, json};

/// Digits that the older interface shows of coins and of money.
const fn exponent(fiat: bool) -> u32 {
    if fiat { 2 } else { 8 }
}

fn currencies_of(world: &World, fiat: bool) -> Vec<String> {
    let all = world.engine.accounts().all();
    all.map(|(currency, _)| currency.to_owned())
        .filter(|currency| is_fiat(currency) == fiat)
        .collect()
}

pub fn currencies(world: &mut World, _: &Request, _: Timestamp, _: &[&str]) -> Outcome {
    let shown: Vec<Value> = currencies_of(world, true)
        .iter()
        .map(|code| json!({"id": code, "name": currency_name(code), "min_size": "0.01"}))
        .collect();
    Ok(json!({"data": shown}))
}

pub fn crypto(world: &mut World, _: &Request, _: Timestamp, _: &[&str]) -> Outcome {
    let shown: Vec<Value> = currencies_of(world, false)
        .iter()
        .map(|code| {
            json!({
                "asset_id": world.account_ids.get(code),
                "code": code,
                "name": currency_name(code),
                "exponent": exponent(false),
                "type": "crypto",
            })
        })
        .collect();
    Ok(json!({"data": shown}))
}

pub fn rates(world: &mut World, request: &Request, _: Timestamp, _: &[&str]) -> Outcome {
    let currency = request.parameter("currency").unwrap_or("USD");
    let mut rates = Map::new();
    rates.insert(currency.to_owned(), json!("1"));
    for listed in world.engine.listed() {
        let product = &listed.product;
        let rate = listed
            .last
            .filter(|_| product.quote == currency && product.contract.is_none())
            .and_then(|last| Decimal::ONE.checked_div(product.price(last), Rounding::HalfEven));
        if let Some(rate) = rate {
            rates.insert(product.base.clone(), json!(rate.to_string()));
        }
    }
    Ok(json!({"data": {"currency": currency, "rates": rates}}))
}

pub fn time(_: &mut World, _: &Request, now: Timestamp, _: &[&str]) -> Outcome {
    Ok(json!({"data": {"epoch": unix_seconds(now), "iso": rfc3339(now, 0)}}))
}

pub fn accounts(world: &mut World, _: &Request, _: Timestamp, _: &[&str]) -> Outcome {
    let all: Vec<Value> = world
        .engine
        .accounts()
        .all()
        .map(|(code, balance)| {
            let fiat = is_fiat(code);
            let digits = exponent(fiat);
            let total = balance.total().round(digits, Rounding::Down);
            json!({
                "id": code,
                "name": format!("{code} Wallet"),
                "primary": false,
                "type": if fiat { "fiat" } else { "wallet" },
                "currency": {
                    "code": code,
                    "name": currency_name(code),
                    "exponent": digits,
                    "type": if fiat { "fiat" } else { "crypto" },
                    "asset_id": world.account_ids.get(code),
                },
                "balance": {
                    "amount": format!("{total:.precision$}", precision = digits as usize),
                    "currency": code,
                },
                "created_at": null,
                "updated_at": null,
                "resource": "account",
                "resource_path": format!("/v2/accounts/{code}"),
                "allow_deposits": false,
                "allow_withdrawals": false,
            })
        })
        .collect();
    Ok(json!({
        "pagination": {
            "ending_before": null,
            "starting_after": null,
            "previous_ending_before": null,
            "next_starting_after": null,
            "limit": all.len(),
            "order": "desc",
            "previous_uri": null,
            "next_uri": null,
        },
        "data": all,
    }))
}
