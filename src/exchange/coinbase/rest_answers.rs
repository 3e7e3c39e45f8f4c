//! The answer to each call. What is no success, or not what the venue is known to answer, is a
//! failure; see `failures.rs`.

use super::failures::{failure, undecodable};
use super::{account_answers, market_answers, order_answers, products};
use crate::exchange::calls::{Call, CallAnswer, CallFailure};
use serde::Deserialize;

/// What reading a body of a successful status comes to.
pub(super) type Read = Result<CallAnswer, String>;

/// Reads a body as JSON.
pub(super) fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|error| {
        let page = body.trim_ascii_start().starts_with(b"<");
        let what = if page { "an HTML page: " } else { "" };
        format!("{what}{error}")
    })
}

/// Decodes the answer to a call.
pub(super) fn answer(call: &Call, status: u16, body: &[u8]) -> Result<CallAnswer, CallFailure> {
    if !(200..300).contains(&status) {
        return Err(failure(call, status, body));
    }
    let read = match call {
        Call::ServerTime => market_answers::server_time(body),
        Call::Products { ids, .. } => products::products(body, ids),
        Call::Book { product, .. } => market_answers::book(body, product),
        Call::Candles { from, to, .. } => market_answers::candles(body, *from, *to),
        Call::Trades { .. } => market_answers::trades(body),
        Call::KeyPermissions => account_answers::permissions(body),
        Call::Accounts { .. } => account_answers::accounts(body),
        Call::FeeTier => account_answers::fee_tier(body),
        Call::Positions => account_answers::positions(body),
        Call::FuturesBalance => account_answers::futures_balance(body),
        Call::Place(order) => order_answers::placed(body, &order.client_id),
        Call::Preview(_) => order_answers::preview(body),
        Call::Edit { .. } => order_answers::edited(body),
        Call::Cancel { .. } => order_answers::cancelled(body),
        Call::Order { .. } => order_answers::order(body),
        Call::Orders { .. } => order_answers::orders(body),
        Call::Fills { .. } => order_answers::fills(body),
    };
    read.map_err(|error| undecodable(call, status, &error))
}
