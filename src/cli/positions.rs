//! `minnow positions`: what is held of the configured symbols, as the exchange says; no ledger is
//! needed.
//!
//! Spot: all of a symbol's base currency, whoever bought it. Derivatives: every position that the
//! exchange lists.

use super::balance::{balances, total};
use super::exchange::{ask_account, products_of, refused};
use super::table::{Side, render};
use super::{Common, Exit, Failure, sources};
use crate::core::market::ProductKind;
use crate::core::units::{Decimal, Rounding};
use crate::exchange::calls::{Call, CallAnswer, FailureKind};
use crate::exchange::orders::{Product, VenuePosition};
use crate::runtime::live::Answered;
use crate::runtime::live::calls::caller::CallTrouble;
use serde_json::json;

#[derive(Clone, Debug, Default, clap::Args)]
pub struct Arguments {}

/// Something held.
struct Held {
    product: String,
    kind: &'static str,
    /// Signed: above 0 long.
    size: Decimal,
    entry_price: Option<Decimal>,
    price: Option<Decimal>,
    value: Option<Decimal>,
}

/// Asks and shows.
///
/// # Errors
/// Configuration, no key (78); the exchange refuses or does not answer (1).
pub fn run(common: &Common, _: &Arguments) -> Result<Exit, Failure> {
    let effective = sources::configuration(common)?;
    let symbols = effective.symbols();
    let questions = [
        super::exchange::products_call(&symbols),
        Call::Accounts {
            cursor: String::new(),
        },
        Call::Positions,
    ];
    let answers = ask_account(&effective, questions)?;
    let products = products_of(&symbols, &answers)?;
    let mut held = spot(&products, &answers)?;
    held.extend(derivatives(&products, &answers)?);
    super::report::print(&if common.json {
        as_json(&held)
    } else {
        as_text(&held)
    })?;
    Ok(Exit::Success)
}

fn spot(products: &[Product], answers: &[Answered]) -> Result<Vec<Held>, Failure> {
    let balances = balances(answers)?;
    let held = products
        .iter()
        .filter(|product| product.instrument.kind == ProductKind::Spot)
        .filter_map(|product| {
            let size = balances
                .iter()
                .filter(|balance| balance.currency == product.base_currency)
                .map(total)
                .fold(Decimal::ZERO, |sum, more| sum + more);
            (!size.is_zero()).then(|| Held {
                product: product.id.clone(),
                kind: "spot",
                size,
                entry_price: None,
                price: product.price,
                value: product.price.and_then(|price| worth(size, price)),
            })
        });
    Ok(held.collect())
}

fn worth(size: Decimal, price: Decimal) -> Option<Decimal> {
    let value = size.checked_mul(price, Rounding::HalfEven)?;
    Some(value.round(2, Rounding::HalfEven))
}

fn derivatives(products: &[Product], answers: &[Answered]) -> Result<Vec<Held>, Failure> {
    let wants_them = products
        .iter()
        .any(|product| product.instrument.kind != ProductKind::Spot);
    let positions = answers
        .iter()
        .find(|answer| answer.call == Call::Positions)
        .map(|answer| &answer.result);
    match positions {
        Some(Ok(CallAnswer::Positions(positions))) => {
            Ok(positions.iter().map(|p| derivative(p, products)).collect())
        }
        // An account without derivatives is refused here; it holds none then.
        Some(Err(CallTrouble::Refused(failure)))
            if !wants_them
                && matches!(
                    failure.kind,
                    FailureKind::Forbidden | FailureKind::NotFound | FailureKind::Invalid
                ) =>
        {
            Ok(Vec::new())
        }
        Some(Err(trouble)) => Err(refused("derivative positions", trouble)),
        _ => Err(Failure::run_time(
            "derivative positions: the exchange did not answer the question",
        )),
    }
}

fn derivative(position: &VenuePosition, products: &[Product]) -> Held {
    let product = products
        .iter()
        .find(|product| product.id == position.product);
    let price = product.and_then(|product| product.price);
    Held {
        product: position.product.clone(),
        kind: "derivative",
        size: position.size,
        entry_price: position.entry_price,
        price,
        value: product.zip(price).and_then(|(product, price)| {
            let base = position
                .size
                .checked_mul(product.contract_size, Rounding::HalfEven)?;
            worth(base, price)
        }),
    }
}

fn as_json(held: &[Held]) -> String {
    let text = |value: Option<Decimal>| value.map(|value| value.to_string());
    let list: Vec<_> = held
        .iter()
        .map(|held| {
            json!({
                "product": held.product,
                "kind": held.kind,
                "size": held.size.to_string(),
                "entry_price": text(held.entry_price),
                "price": text(held.price),
                "value": text(held.value),
            })
        })
        .collect();
    format!("{}\n", json!({ "positions": list }))
}

fn as_text(held: &[Held]) -> String {
    if held.is_empty() {
        return "nothing is held of the configured symbols\n".to_owned();
    }
    let text = |value: Option<Decimal>| value.map_or_else(|| "-".to_owned(), |v| v.to_string());
    let rows: Vec<_> = held
        .iter()
        .map(|held| {
            [
                held.product.clone(),
                held.kind.to_owned(),
                held.size.to_string(),
                text(held.entry_price),
                text(held.price),
                text(held.value),
            ]
        })
        .collect();
    let heads = [
        ("product", Side::Left),
        ("kind", Side::Left),
        ("size", Side::Right),
        ("entry price", Side::Right),
        ("price", Side::Right),
        ("value", Side::Right),
    ];
    render(heads, &rows)
}
