//! `minnow balance`: what the account holds, as the exchange says; no ledger is needed.

use super::exchange::{ask_account, refused};
use super::table::{Side, render};
use super::{Common, Exit, Failure, sources};
use crate::exchange::calls::{Call, CallAnswer};
use crate::exchange::orders::Balance;
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
    let answers = ask_account(&effective, [Call::Accounts { cursor }])?;
    let mut balances = balances(&answers)?;
    balances.retain(|balance| arguments.all || !total(balance).is_zero());
    balances.sort_by(|a, b| a.currency.cmp(&b.currency));
    super::report::print(&if common.json {
        as_json(&balances)
    } else {
        as_text(&balances)
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

pub(super) fn total(balance: &Balance) -> crate::core::units::Decimal {
    balance.available + balance.hold
}

fn as_json(balances: &[Balance]) -> String {
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
    format!("{}\n", json!({ "balances": list }))
}

fn as_text(balances: &[Balance]) -> String {
    if balances.is_empty() {
        return "nothing is held\n".to_owned();
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
    render(heads, &rows)
}
