//! Answers about the account: permissions of the key, balances, fees, derivative positions and margin.

use super::loose::{Amount, Quotient};
use super::rest_answers::{Read, read};
use super::user::PositionFields;
use crate::core::units::Decimal;
use crate::exchange::calls::CallAnswer;
use crate::exchange::orders::{Balance, FuturesBalance};
use serde::Deserialize;
use std::borrow::Cow;

/// What is not said is not permitted, except for transfers: those a key must be known not to have.
#[derive(Deserialize)]
struct PermissionsBody<'a> {
    can_view: bool,
    can_trade: bool,
    can_transfer: bool,
    #[serde(borrow, default)]
    portfolio_uuid: Cow<'a, str>,
}

pub(super) fn permissions(body: &[u8]) -> Read {
    let key: PermissionsBody<'_> = read(body)?;
    Ok(CallAnswer::Permissions {
        can_view: key.can_view,
        can_trade: key.can_trade,
        can_transfer: key.can_transfer,
        portfolio: key.portfolio_uuid.into_owned(),
    })
}

#[derive(Deserialize)]
struct AccountsBody<'a> {
    #[serde(borrow)]
    accounts: Vec<AccountFields<'a>>,
    #[serde(default)]
    has_next: bool,
    #[serde(borrow, default)]
    cursor: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct AccountFields<'a> {
    #[serde(borrow)]
    currency: Cow<'a, str>,
    available_balance: Amount,
    #[serde(default)]
    hold: Amount,
    #[serde(default = "yes")]
    active: bool,
    #[serde(borrow, default, rename = "type")]
    kind: Cow<'a, str>,
}

const fn yes() -> bool {
    true
}

/// Balances of a page, one for each currency of it: what lies in vaults or closed accounts cannot be
/// traded with and does not count.
pub(super) fn accounts(body: &[u8]) -> Read {
    let page: AccountsBody<'_> = read(body)?;
    let mut balances: Vec<Balance> = Vec::new();
    for account in &page.accounts {
        if !account.active || account.kind.ends_with("VAULT") {
            continue;
        }
        let about = |error| format!("account of {}: {error}", account.currency);
        // A futures wallet may owe: its amount is below 0.
        let available = account.available_balance.0.unwrap_or(Decimal::ZERO);
        let hold = account.hold.not_negative().map_err(about)?;
        match balances.iter_mut().find(|b| b.currency == account.currency) {
            Some(balance) => {
                let sum = |a: Decimal, b: Decimal| {
                    a.checked_add(b)
                        .ok_or_else(|| about("amounts beyond 1.7e20".to_owned()))
                };
                balance.available = sum(balance.available, available)?;
                balance.hold = sum(balance.hold, hold)?;
            }
            None => balances.push(Balance {
                currency: account.currency.clone().into_owned(),
                available,
                hold,
            }),
        }
    }
    let next = next_page(page.cursor, Some(page.has_next));
    Ok(CallAnswer::Accounts { balances, next })
}

/// The cursor of the next page; some answers say whether there is one, others only give it.
pub(super) fn next_page(cursor: Option<Cow<'_, str>>, has_next: Option<bool>) -> Option<String> {
    cursor
        .filter(|cursor| !cursor.is_empty() && has_next != Some(false))
        .map(Cow::into_owned)
}

#[derive(Deserialize)]
struct FeeBody {
    fee_tier: FeeTier,
    #[serde(default)]
    total_volume: Quotient,
}

#[derive(Deserialize)]
struct FeeTier {
    maker_fee_rate: Amount,
    taker_fee_rate: Amount,
}

pub(super) fn fee_tier(body: &[u8]) -> Read {
    let answer: FeeBody = read(body)?;
    let rate = |name: &str, amount: Amount| {
        amount
            .0
            .ok_or_else(|| format!("{name} is missing: expected a fraction"))
    };
    Ok(CallAnswer::FeeTier {
        maker: rate("maker_fee_rate", answer.fee_tier.maker_fee_rate)?,
        taker: rate("taker_fee_rate", answer.fee_tier.taker_fee_rate)?,
        volume: answer.total_volume.0,
    })
}

#[derive(Deserialize)]
struct FuturesBalanceBody {
    balance_summary: FuturesBalanceFields,
}

/// Amounts are missing where an account has nothing of the kind, but not what it has in all.
#[derive(Deserialize)]
struct FuturesBalanceFields {
    total_usd_balance: Amount,
    #[serde(default)]
    cfm_usd_balance: Amount,
    #[serde(default)]
    unrealized_pnl: Amount,
    #[serde(default)]
    initial_margin: Amount,
    #[serde(default)]
    available_margin: Amount,
}

pub(super) fn futures_balance(body: &[u8]) -> Read {
    let summary = read::<FuturesBalanceBody>(body)?.balance_summary;
    let about = |amount: Amount| amount.0.unwrap_or(Decimal::ZERO);
    let total = summary.total_usd_balance.0;
    Ok(CallAnswer::FuturesBalance(FuturesBalance {
        total: total.ok_or("total_usd_balance is missing: expected an amount")?,
        clearing: about(summary.cfm_usd_balance),
        unrealised: about(summary.unrealized_pnl),
        initial_margin: about(summary.initial_margin),
        available_margin: about(summary.available_margin),
    }))
}

#[derive(Deserialize)]
struct PositionsBody<'a> {
    #[serde(borrow)]
    positions: Vec<PositionFields<'a>>,
}

pub(super) fn positions(body: &[u8]) -> Read {
    let answer: PositionsBody<'_> = read(body)?;
    answer
        .positions
        .iter()
        .map(PositionFields::position)
        .collect::<Result<_, _>>()
        .map(CallAnswer::Positions)
}
