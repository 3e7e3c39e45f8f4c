//! Orders and their fills in text.

use super::facts::{FillFacts, OrderFacts};
use super::text::time;
use crate::report::figures::{fit, printable};
use crate::report::page::Page;

pub(super) fn orders(page: &mut Page, orders: &[OrderFacts]) {
    if orders.is_empty() {
        return;
    }
    page.section("Orders and fills");
    for order in orders {
        one_order(page, order);
    }
}

fn one_order(page: &mut Page, order: &OrderFacts) {
    let price = order
        .price
        .map_or_else(String::new, |price| format!(" at {price}"));
    let reduces = if order.reduce_only {
        ", reduce-only"
    } else {
        ""
    };
    page.indented(
        &format!("o{}", order.id),
        &format!(
            "{} of d{}: {} {} {}{price}{reduces}: {}",
            order.leg, order.decision, order.side, order.quantity, order.kind, order.state
        ),
    );
    page.entry("", &order.client_id);
    page.entry("", format!("made {}", time(order.created_ms)));
    if order.updated_ms != order.created_ms {
        page.entry("", format!("last changed {}", time(order.updated_ms)));
    }
    if order.filled.is_positive() {
        page.indented(
            " ",
            &format!(
                "filled {} for {}, fee {}",
                order.filled, order.filled_value, order.fee
            ),
        );
    }
    if !order.reason.is_empty() {
        page.indented(" ", &printable(&order.reason, 300));
    }
    for fill in &order.fills {
        one_fill(page, fill);
    }
    if order.fills_left_out > 0 {
        page.line(format!("    and {} more fills", order.fills_left_out));
    }
}

fn one_fill(page: &mut Page, fill: &FillFacts) {
    page.line(format!(
        "    f{:<6} {} {} at {} {}, ref {}",
        fill.id,
        time(fill.time_ms),
        fit(fill.quantity, 9),
        fit(fill.price, 9),
        fill.role,
        fit(fill.reference, 9)
    ));
}
