//! `minnow balance`: what the account holds, as the exchange says; no ledger is needed.
//!
//! With a derivative among the symbols also the dollars of both sides of the account: the exchange
//! moves them to and fro, so that the balance of the currency alone is not all of them.

use super::exchange::{ask_account, has_derivatives, refused};
use super::table::{Side, render};
use super::{Common, Exit, Failure, sources};
use crate::exchange::calls::{Call, CallAnswer};
use crate::exchange::orders::{Balance, FuturesBalance};
use crate::runtime::live::Answered;
use serde_json::json;

#[derive(Clone, Debug, Default, clap::Args)]
pub struct Arguments {
    /// Also currencies of which nothing is held
    #[arg(long)]
    pub all: bool,
}

/// Asks and shows.
///
/// # Errors
/// Configuration, no key (78); the exchange refuses or does not answer (1).
pub fn run(common: &Common, arguments: &Arguments) -> Result<Exit, Failure> {
    let effective = sources::configuration(common)?;
    let cursor = String::new();
    let mut questions = vec![Call::Accounts { cursor }];
    if has_derivatives(&effective.symbols()) {
        questions.push(Call::FuturesBalance);
    }
    let answers = ask_account(&effective, questions)?;
    let futures = futures(&answers)?;
    let mut balances = balances(&answers)?;
    balances.retain(|balance| arguments.all || !total(balance).is_zero());
    balances.sort_by(|a, b| a.currency.cmp(&b.currency));
    super::report::print(&if common.json {
        as_json(&balances, futures)
    } else {
        as_text(&balances, futures)
    })?;
    Ok(Exit::Success)
}

/// Every currency of every page.
///
/// # Errors
/// A page was refused or did not come: a part of a list is none.
pub(super) fn balances(answers: &[Answered]) -> Result<Vec<Balance>, Failure> {
    let mut all = Vec::new();
    for answer in answers {
        match (&answer.call, &answer.result) {
            (Call::Accounts { .. }, Ok(CallAnswer::Accounts { balances, .. })) => {
                all.extend(balances.iter().cloned());
            }
            (Call::Accounts { .. }, Err(trouble)) => return Err(refused("balances", trouble)),
            _ => {}
        }
    }
    Ok(all)
}

/// Where derivatives were asked about.
fn futures(answers: &[Answered]) -> Result<Option<FuturesBalance>, Failure> {
    let answer = answers
        .iter()
        .find(|answer| answer.call == Call::FuturesBalance);
    match answer.map(|answer| &answer.result) {
        Some(Ok(CallAnswer::FuturesBalance(futures))) => Ok(Some(*futures)),
        Some(Err(trouble)) => Err(refused("the balance of futures", trouble)),
        _ => Ok(None),
    }
}

pub(super) fn total(balance: &Balance) -> crate::core::units::Decimal {
    balance.available + balance.hold
}

fn as_json(balances: &[Balance], futures: Option<FuturesBalance>) -> String {
    let list: Vec<_> = balances
        .iter()
        .map(|balance| {
            json!({
                "currency": balance.currency,
                "total": total(balance).to_string(),
                "available": balance.available.to_string(),
                "hold": balance.hold.to_string(),
            })
        })
        .collect();
    let mut shown = json!({ "balances": list });
    if let Some(futures) = futures {
        shown["futures"] = json!({
            "total": futures.total.to_string(),
            "clearing": futures.clearing.to_string(),
            "unrealised": futures.unrealised.to_string(),
            "initial_margin": futures.initial_margin.to_string(),
            "available_margin": futures.available_margin.to_string(),
        });
    }
    format!("{shown}\n")
}

fn as_text(balances: &[Balance], futures: Option<FuturesBalance>) -> String {
    let margin = futures.map_or_else(String::new, |futures| {
        format!(
            "futures: {} USD in all, {} of it at the clearing side; unrealised {}, margin used {}, \
             available {}\n",
            futures.total,
            futures.clearing,
            futures.unrealised,
            futures.initial_margin,
            futures.available_margin
        )
    });
    if balances.is_empty() {
        return format!("nothing is held\n{margin}");
    }
    let rows: Vec<_> = balances
        .iter()
        .map(|balance| {
            [
                balance.currency.clone(),
                total(balance).to_string(),
                balance.available.to_string(),
                balance.hold.to_string(),
            ]
        })
        .collect();
    let heads = [
        ("currency", Side::Left),
        ("total", Side::Right),
        ("available", Side::Right),
        ("on hold", Side::Right),
    ];
    render(heads, &rows) + &margin
}
