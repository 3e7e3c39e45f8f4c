//! What orders set aside and spend when the market moves or ends.

use super::admission::OrderTime;
use super::tests::{at, d, engine, limit, market, place, status, trade};
use super::{Engine, OrderRequest, Status};
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

fn whole_book(engine: &Engine) -> Decimal {
    let listed = &engine.listed()[0];
    let value = |(price, lots)| listed.product.value(price, lots).unwrap();
    let asks = listed.book.levels(Side::Sell);
    asks.fold(Decimal::ZERO, |sum, level| sum + value(level))
}

#[test]
fn an_amount_larger_than_the_book_is_not_filled() {
    for life in [OrderTime::FillOrKill, OrderTime::ImmediateOrCancel] {
        let mut engine = engine(&[("USD", "100000000")]);
        let there = whole_book(&engine);
        let amount = |id: &str, amount: Decimal| OrderRequest {
            base_size: None,
            quote_size: Some(amount.round(0, crate::core::units::Rounding::Down)),
            life,
            ..market(id, Side::Buy, "1")
        };
        engine.listed[0].product.quote_max = d("100000000");
        let number = place(&mut engine, &amount("a", there * d("1.1")));
        let (ended, filled) = status(&engine, number);
        assert_eq!(ended, Status::Cancelled, "{life:?}");
        assert_eq!(filled == "0", life == OrderTime::FillOrKill);
        assert_eq!(engine.accounts().balance("USD").hold, Decimal::ZERO);
        // A part of the book is enough.
        trade(&mut engine, 20, "100", "1", Side::Buy);
        let number = place(&mut engine, &amount("b", there * d("0.5")));
        assert_eq!(status(&engine, number).0, Status::Filled, "{life:?}");
    }
}
