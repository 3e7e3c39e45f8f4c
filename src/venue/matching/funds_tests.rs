//! What orders set aside and spend when the market moves or ends.

use super::tests::{at, d, engine, limit, market, place, status, trade};
use super::{Engine, Status};
use crate::core::units::{Decimal, Side};

fn cancelled_for(engine: &Engine, number: u64) -> &'static str {
    let order = engine.orders().find(|order| order.number == number);
    order.unwrap().cancel_message
}

#[test]
fn an_order_let_go_at_a_higher_price_sets_aside_more_or_is_cancelled() {
    // The rise is paid for in the first account; in the second another order holds the rest.
    for (resting, ends) in [(None, Status::Filled), (Some("9.8"), Status::Cancelled)] {
        let mut engine = engine(&[("USD", "1000")]);
        engine.faults.freeze_next = true;
        let number = place(&mut engine, &market("a", Side::Buy, "1"));
        if let Some(size) = resting {
            place(&mut engine, &limit("b", Side::Buy, size, "90"));
        }
        trade(&mut engine, 11, "160", "20", Side::Buy);
        engine.thaw(at(20));
        assert_eq!(status(&engine, number).0, ends);
        let usd = engine.accounts().balance("USD");
        match resting {
            None => assert_eq!(usd.hold, Decimal::ZERO),
            Some(size) => {
                assert_eq!(cancelled_for(&engine, number), "INSUFFICIENT_FUND");
                assert_eq!(usd.hold, d(size) * d("91.08"));
                assert_eq!(usd.total(), d("1000"));
            }
        }
    }
}
