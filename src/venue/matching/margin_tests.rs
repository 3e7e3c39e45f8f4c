//! Contracts at the exchange: long and short on margin, profit and fees, sweeps, refusals.

use super::admission::{OrderTime, Shape};
use super::order::Status;
use super::tests::{at, d, limit};
use super::{Engine, FlowTrade, OrderRequest};
use crate::core::units::{Decimal, Side, Timestamp};
use crate::venue::contract::nano_bitcoin;
use crate::venue::product::built_in;

const CONTRACT: &str = "BIP-20DEC30-CDE";

/// BTC-USD and the contract, which has just traded at 80,000; this much money.
fn engine(dollars: &str) -> Engine {
    let mut products = built_in(3);
    products.truncate(1);
    products.push(nano_bitcoin(d("80000")));
    let mut engine = Engine::new(products, &[("USD".to_owned(), d(dollars))], 1, 2);
    trade(&mut engine, "80000");
    engine.take_events();
    engine
}

/// The market trades a contract at so many dollars.
fn trade(engine: &mut Engine, price: &str) {
    let price = engine.listed()[1].product.instrument.exact_price(d(price));
    let trade = FlowTrade {
        product: 1,
        price: price.expect("on the grid"),
        lots: 1,
        aggressor: Side::Buy,
    };
    engine.flow(at(1), &trade);
}

fn market(id: &str, side: Side, contracts: &str) -> OrderRequest {
    OrderRequest {
        product_id: CONTRACT.to_owned(),
        shape: Shape::Market,
        life: OrderTime::ImmediateOrCancel,
        limit_price: None,
        ..limit(id, side, contracts, "1")
    }
}

fn resting(id: &str, side: Side, contracts: &str, price: &str) -> OrderRequest {
    OrderRequest {
        product_id: CONTRACT.to_owned(),
        ..limit(id, side, contracts, price)
    }
}

fn place(engine: &mut Engine, request: &OrderRequest) -> u64 {
    engine
        .place(at(10), request)
        .unwrap_or_else(|refusal| panic!("{refusal:?}"))
}

fn refusal(engine: &mut Engine, request: &OrderRequest) -> (&'static str, &'static str) {
    let before = engine.margin();
    let refusal = engine.place(at(10), request).unwrap_err();
    assert_eq!(engine.margin(), before, "a refusal changes nothing");
    (refusal.reason, refusal.preview)
}

fn lots(engine: &Engine) -> i64 {
    engine.position(1).map_or(0, |position| position.lots)
}

/// What was paid for contracts that are still open, signed.
fn fills_value(engine: &Engine) -> (Decimal, Decimal) {
    let product = &engine.listed()[1].product;
    engine
        .fills()
        .fold((Decimal::ZERO, Decimal::ZERO), |(paid, fees), fill| {
            let value = product.value(fill.price, fill.lots).unwrap();
            let value = if fill.side == Side::Buy {
                value
            } else {
                -value
            };
            (paid + value, fees + fill.fee)
        })
}

#[test]
fn a_short_needs_no_holdings_and_brings_what_the_price_falls() {
    let mut engine = engine("10000");
    let number = place(&mut engine, &market("a", Side::Sell, "3"));
    let order = engine
        .orders()
        .find(|order| order.number == number)
        .unwrap();
    assert_eq!((order.status, order.fees), (Status::Filled, d("0.45")));
    assert_eq!(lots(&engine), -3);
    trade(&mut engine, "79000");
    let entry = engine
        .position(1)
        .unwrap()
        .average_price(&engine.listed()[1].product);
    let unrealised = (entry - d("79000")) * d("0.03");
    assert_eq!(engine.margin().unrealised, unrealised);
    assert_eq!(engine.margin().total(), d("9999.55"), "not realised yet");
    place(&mut engine, &market("b", Side::Buy, "3"));
    let (paid, fees) = fills_value(&engine);
    assert_eq!((lots(&engine), fees), (0, d("0.9")));
    assert_eq!(engine.margin().total(), d("10000") - paid - fees);
    assert_eq!(engine.margin().unrealised, Decimal::ZERO);
    assert!(engine.margin().realised_today > d("25"));
    assert_eq!(engine.accounts().all().count(), 2, "nothing was delivered");
}

#[test]
fn margin_is_a_tenth_of_the_worst_that_may_be_held() {
    let mut engine = engine("1000");
    // 12 contracts are worth 9,600 dollars; a tenth and the fees are there, of 13 they are not.
    let funds = ("INSUFFICIENT_FUND", "PREVIEW_INSUFFICIENT_FUND");
    assert_eq!(
        refusal(&mut engine, &resting("a", Side::Sell, "13", "81000")),
        funds
    );
    place(&mut engine, &resting("b", Side::Sell, "12", "81000"));
    assert_eq!(engine.margin().orders, d("961.8"));
    assert_eq!(
        refusal(&mut engine, &resting("c", Side::Sell, "1", "81000")),
        funds
    );
    // The other side could not be held beside it: only its fees are asked for.
    place(&mut engine, &resting("d", Side::Buy, "12", "79000"));
    assert_eq!(engine.margin().orders, d("963.6"));
    assert_eq!(
        refusal(&mut engine, &resting("e", Side::Buy, "1", "79000")),
        funds
    );
}

#[test]
fn what_reduces_a_position_is_let_in_without_money() {
    let mut engine = engine("820");
    place(&mut engine, &market("a", Side::Buy, "10"));
    trade(&mut engine, "74000");
    assert!(engine.margin().available().is_negative());
    let funds = ("INSUFFICIENT_FUND", "PREVIEW_INSUFFICIENT_FUND");
    assert_eq!(refusal(&mut engine, &market("b", Side::Buy, "1")), funds);
    // More than is held would open the other side.
    assert_eq!(refusal(&mut engine, &market("c", Side::Sell, "40")), funds);
    place(&mut engine, &market("d", Side::Sell, "10"));
    assert_eq!(lots(&engine), 0);
}

#[test]
fn dollars_are_swept_in_when_margin_asks_for_them_and_back_when_the_session_ends() {
    let mut engine = engine("10000");
    place(&mut engine, &market("a", Side::Buy, "10"));
    let margin = engine.margin();
    assert!(
        margin.cash >= d("800") && margin.cash < d("810"),
        "{margin:?}"
    );
    assert_eq!(margin.spot, engine.accounts().balance("USD").available);
    assert_eq!(
        margin.total(),
        d("9998.5"),
        "counted once, the fees are paid"
    );
    trade(&mut engine, "70000");
    let margin = engine.margin();
    assert!(
        margin.cash + margin.unrealised >= margin.initial,
        "{margin:?}"
    );
    place(&mut engine, &market("b", Side::Sell, "10"));
    let (total, end) = (engine.margin().total(), engine.next_expiry().unwrap());
    assert!(engine.margin().realised_today.is_negative());
    engine.expire(Timestamp(end.0 - 1));
    assert!(engine.margin().cash.is_positive());
    engine.expire(end);
    let margin = engine.margin();
    assert_eq!(
        (margin.total(), margin.realised_today),
        (total, Decimal::ZERO)
    );
    assert!(
        margin.cash < d("0.01") && !margin.cash.is_negative(),
        "{margin:?}"
    );
}

#[test]
fn contracts_are_ordered_whole_on_their_grid_and_in_their_session() {
    let mut engine = engine("10000");
    let precision = ("INVALID_SIZE_PRECISION", "PREVIEW_INVALID_SIZE_PRECISION");
    assert_eq!(
        refusal(&mut engine, &market("a", Side::Sell, "1.5")),
        precision
    );
    let small = (
        "INVALID_SIZE_PRECISION",
        "PREVIEW_INVALID_BASE_SIZE_TOO_SMALL",
    );
    assert_eq!(refusal(&mut engine, &market("a", Side::Sell, "0.5")), small);
    let price = ("INVALID_PRICE_PRECISION", "PREVIEW_INVALID_PRICE_PRECISION");
    assert_eq!(
        refusal(&mut engine, &resting("a", Side::Buy, "1", "79999")),
        price
    );
    let by_amount = OrderRequest {
        base_size: None,
        quote_size: Some(d("1000")),
        ..market("a", Side::Buy, "1")
    };
    assert_eq!(
        refusal(&mut engine, &by_amount).0,
        "UNSUPPORTED_ORDER_CONFIGURATION"
    );
    engine.faults.session_closed = true;
    let refused = refusal(&mut engine, &market("a", Side::Buy, "1"));
    assert_eq!(refused.0, "ORDER_ENTRY_DISABLED");
    engine.faults.session_closed = false;
    place(&mut engine, &market("a", Side::Buy, "1"));
}

#[test]
fn a_resting_order_asks_for_margin_until_it_ends_and_an_edit_for_more() {
    let mut engine = engine("1000");
    let number = place(&mut engine, &resting("a", Side::Buy, "2", "79000"));
    assert_eq!(engine.margin().orders, d("160.3"));
    let id = engine.orders().next().unwrap().id.clone();
    let refused = engine.edit(at(11), &id, None, Some(d("20")));
    assert_eq!(refused, Err("INSUFFICIENT_FUND"));
    assert_eq!(engine.edit(at(11), &id, None, Some(d("4"))), Ok(()));
    assert_eq!(engine.margin().orders, d("320.6"));
    // The market comes down to it.
    trade(&mut engine, "78000");
    let order = engine
        .orders()
        .find(|order| order.number == number)
        .unwrap();
    assert_eq!((order.status, order.hold), (Status::Filled, Decimal::ZERO));
    assert_eq!((lots(&engine), engine.margin().orders), (4, Decimal::ZERO));
    let product = &engine.listed()[1].product;
    let average = engine.position(1).unwrap().average_price(product);
    assert_eq!(average, d("79000"), "at its own price");
    place(&mut engine, &resting("b", Side::Sell, "9", "90000"));
    let open = engine.open_orders().next().unwrap().id.clone();
    assert!(engine.cancel(&open));
    assert_eq!(engine.margin().orders, Decimal::ZERO);
}

#[test]
fn a_loss_beyond_everything_is_owed() {
    let mut engine = engine("820");
    place(&mut engine, &market("a", Side::Buy, "10"));
    trade(&mut engine, "60000");
    place(&mut engine, &market("b", Side::Sell, "10"));
    let margin = engine.margin();
    assert_eq!(margin.spot, Decimal::ZERO);
    assert!(margin.cash.is_negative(), "{margin:?}");
    let (paid, fees) = fills_value(&engine);
    assert_eq!(margin.total(), d("820") - paid - fees);
}
