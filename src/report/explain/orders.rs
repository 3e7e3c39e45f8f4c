//! Orders with their fills, a trade, and how it ended, as facts.

use super::case::Case;
use super::facts::{ExitFacts, FillFacts, OrderFacts};
use crate::core::risk::limits::share_pct;
use crate::store::ledger::read_explain::{OrderFill, StoredOrder};
use crate::store::ledger::{LedgerError, Reader};

/// Fills listed of one order; the rest is counted.
const FILLS: usize = 20;

/// The orders of a case with their fills.
pub fn order_facts(reader: &Reader, case: &Case) -> Result<Vec<OrderFacts>, LedgerError> {
    case.orders
        .iter()
        .map(|order| {
            let (fills, total) = reader.fills_of_order(case.session.id, order.id, FILLS)?;
            Ok(one_order(order, &fills, total))
        })
        .collect()
}

fn one_order(order: &StoredOrder, fills: &[OrderFill], total: u64) -> OrderFacts {
    OrderFacts {
        id: order.id,
        client_id: order.client_id.clone(),
        decision: order.decision,
        leg: order.leg.clone(),
        side: order.side.clone(),
        kind: order.kind.clone(),
        quantity: order.quantity,
        price: order.price,
        reduce_only: order.reduce_only,
        state: order.state.clone(),
        filled: order.filled,
        filled_value: order.filled_value,
        fee: order.fee,
        reason: order.reason.clone(),
        created_ms: order.created.into(),
        updated_ms: order.updated.into(),
        fills_left_out: total.saturating_sub(fills.len() as u64),
        fills: fills
            .iter()
            .map(|fill| FillFacts {
                id: fill.id,
                time_ms: fill.time.into(),
                price: fill.price,
                quantity: fill.quantity,
                value: fill.value,
                fee: fill.fee,
                role: if fill.maker { "maker" } else { "taker" },
                reference: fill.reference,
            })
            .collect(),
    }
}

/// How a trade ended; its decision is filled in by who has it.
pub fn exit_facts(case: &Case) -> Option<ExitFacts> {
    let trade = case.trade.as_ref()?;
    let closing = case.closing_order();
    let has_level = matches!(trade.reason.as_str(), "take_profit" | "stop_loss");
    let price = closing.and_then(|order| order.price);
    let level = price.map_or_else(String::new, |price| format!(" at {price}"));
    let words = match trade.reason.as_str() {
        "take_profit" => format!("a trade reached the target{level}"),
        "stop_loss" => format!("a trade reached the stop{level}"),
        "strategy" => "the strategy decided to leave".to_owned(),
        "max_hold" => "it was held for the longest time allowed".to_owned(),
        "emergency_stop" => "the emergency stop closed it".to_owned(),
        "liquidation" => "a trade reached the liquidation price".to_owned(),
        "loss_limit" => "a loss limit was hit".to_owned(),
        "operator" => "the operator closed it".to_owned(),
        "reconciled" => "the venue holds less than was known here: corrected".to_owned(),
        "unprotected" => "the venue took no protective order for it".to_owned(),
        "shutdown" => "the bot was stopped, and closes what it holds".to_owned(),
        other => other.to_owned(),
    };
    Some(ExitFacts {
        reason: trade.reason.clone(),
        words,
        order: closing.map(|order| order.id),
        level: price.filter(|_| has_level),
        reached: None,
        limit: None,
        otherwise: None,
        decision: None,
    })
}

/// What the fills of the order that closed it tell: at which price its level was reached, and by how
/// much.
pub fn tell_reached(exit: &mut ExitFacts, orders: &[OrderFacts]) {
    let closing = orders.iter().find(|order| Some(order.id) == exit.order);
    let (Some(level), Some(fill)) = (exit.level, closing.and_then(|order| order.fills.first()))
    else {
        return;
    };
    let reached = fill.reference;
    let beyond = if reached > level {
        reached - level
    } else {
        level - reached
    };
    let share = share_pct(beyond, level);
    exit.reached = Some(reached);
    exit.otherwise = Some(format!(
        "the position would have stayed, had no trade come to {level}; the one at {reached} came \
         {beyond} ({share:.4} %) beyond it"
    ));
}
