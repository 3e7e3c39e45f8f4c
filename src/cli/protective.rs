//! What may rest at the exchange to guard a position. Exchanges differ by product and documents
//! disagree, so each product is asked about with order previews before a session begins.

use super::Failure;
use super::exchange::Exchange;
use super::trade::note;
use crate::config::Effective;
use crate::core::market::{ProductKind, ProtectiveForm};
use crate::core::units::{Decimal, Rounding, Side};
use crate::exchange::calls::{Call, CallAnswer};
use crate::exchange::orders::{NewOrder, OrderLife, OrderTerms, Product};
use crate::runtime::live::{Answered, Patience};

/// How far from the last price a previewed order's levels lie, in %.
const DISTANCE: i64 = 10;

/// The form of each product, in their order, told to the user; with the exchange again.
///
/// # Errors
/// As [`Exchange::ask`].
pub fn protective_forms(
    exchange: Exchange,
    effective: &Effective,
    products: &[Product],
    patience: Patience,
) -> Result<(Exchange, Vec<ProtectiveForm>), Failure> {
    if !exchange.has_key || !effective.flag("exchange.protective_orders") {
        return Ok((exchange, vec![ProtectiveForm::None; products.len()]));
    }
    let questions: Vec<Call> = products.iter().flat_map(previews).collect();
    let (exchange, answers) = exchange.ask(effective, questions, patience)?;
    let forms = products.iter().map(|product| {
        let form = form_of(product, &answers);
        let id = &product.id;
        match form {
            ProtectiveForm::Bracket => {
                note(&format!(
                    "{id}: stop and target rest at the exchange in one order"
                ));
            }
            ProtectiveForm::StopLimit => note(&format!(
                "{id}: the stop rests at the exchange, the target is watched by the bot"
            )),
            ProtectiveForm::None => note(&format!(
                "warning: {id}: the exchange takes no protective order ({}): stop and target are \
                 watched by the bot alone, and only while it runs",
                why_not(product, &answers)
            )),
        }
        form
    });
    let forms = forms.collect();
    Ok((exchange, forms))
}

/// The smallest bracket and the smallest stop-limit order to leave a long position, and a short one
/// where there are any.
fn previews(product: &Product) -> Vec<Call> {
    let grid = &product.instrument;
    let Some(price) = product.price.filter(|price| price.is_positive()) else {
        return Vec::new();
    };
    let level = |percent: i64, rounding| {
        price
            .mul_div(percent.into(), 100, Rounding::HalfEven)
            .and_then(|level| level.in_steps_of(grid.tick, rounding))
            .and_then(|ticks| grid.tick.mul_div(ticks, 1, Rounding::Down))
    };
    let (Some(stop), Some(target)) = (
        level(100 - DISTANCE, Rounding::Down),
        level(100 + DISTANCE, Rounding::Up),
    ) else {
        return Vec::new();
    };
    // Worth the smallest value also at the stop.
    let worth = grid
        .min_notional
        .mul_div(2 * Decimal::ONE.raw(), price.raw(), Rounding::Up)
        .unwrap_or_default();
    let Some(size) = worth
        .max(grid.min_quantity)
        .max(grid.lot)
        .in_steps_of(grid.lot, Rounding::Up)
        .and_then(|lots| grid.lot.mul_div(lots, 1, Rounding::Down))
    else {
        return Vec::new();
    };
    let life = OrderLife::UntilCancelled;
    let mut sides = vec![(Side::Sell, stop, target)];
    if grid.kind != ProductKind::Spot {
        sides.push((Side::Buy, target, stop));
    }
    let forms = |(side, stop, target): (Side, Decimal, Decimal)| {
        let bracket = OrderTerms::Bracket {
            size,
            target,
            stop,
            life,
        };
        let stop_limit = OrderTerms::StopLimit {
            size,
            price: stop,
            stop,
            falling: side == Side::Sell,
            life,
        };
        [bracket, stop_limit].map(|terms| {
            Call::Preview(NewOrder {
                client_id: String::new(),
                product: product.id.clone(),
                side,
                terms,
                leverage: None,
            })
        })
    };
    sides.into_iter().flat_map(forms).collect()
}

/// The best form whose preview finds nothing wrong with it.
fn form_of(product: &Product, answers: &[Answered]) -> ProtectiveForm {
    let offered = |bracket: bool| {
        let mut asked = answers_about(product, answers)
            .filter(|(order, _)| matches!(order.terms, OrderTerms::Bracket { .. }) == bracket)
            .peekable();
        asked.peek().is_some() && asked.all(|(_, answer)| objection(answer).is_none())
    };
    if offered(true) {
        ProtectiveForm::Bracket
    } else if offered(false) {
        ProtectiveForm::StopLimit
    } else {
        ProtectiveForm::None
    }
}

fn why_not(product: &Product, answers: &[Answered]) -> String {
    answers_about(product, answers)
        .filter_map(|(_, answer)| objection(answer))
        .last()
        .unwrap_or_else(|| "it states no price to ask about".to_owned())
}

fn answers_about<'a>(
    product: &'a Product,
    answers: &'a [Answered],
) -> impl Iterator<Item = (&'a NewOrder, &'a Answered)> {
    answers.iter().filter_map(|answer| match &answer.call {
        Call::Preview(order) if order.product == product.id => Some((order, answer)),
        _ => None,
    })
}

/// What the exchange has against the order besides that nothing is there to sell.
fn objection(answer: &Answered) -> Option<String> {
    match &answer.result {
        Ok(CallAnswer::Preview { errors, .. }) => errors
            .iter()
            .find(|error| !error.to_ascii_uppercase().contains("INSUFFICIENT"))
            .cloned(),
        Ok(_) => Some("an answer of another kind".to_owned()),
        Err(trouble) => Some(trouble.to_string()),
    }
}
