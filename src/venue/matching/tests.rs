//! What the exchange does, order by order.

use super::admission::{OrderTime, Shape};
use super::order::{Event, Status};
use super::{Engine, FlowTrade, OrderRequest};
use crate::core::units::stamp::SECOND;
use crate::core::units::{Decimal, Price, Side, Timestamp};
use crate::venue::product::Product;

pub(super) fn d(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp(seconds * SECOND)
}

/// One product around 100 with a spread of 1, a tick of 0.01 and a lot of 0.001.
pub(super) fn engine(balances: &[(&str, &str)]) -> Engine {
    let mut product = Product::new("BTC", "USD", (d("0.01"), d("0.001")), d("100"), d("10"));
    (product.spread, product.step) = (100, 100);
    let balances: Vec<_> = balances
        .iter()
        .map(|(c, a)| ((*c).to_owned(), d(a)))
        .collect();
    let mut engine = Engine::new(vec![product], &balances, 1, 2);
    trade(&mut engine, 1, "100", "1", Side::Buy);
    engine.take_events();
    engine
}

/// A trade of the rest of the market.
pub(super) fn trade(engine: &mut Engine, time: i64, price: &str, size: &str, side: Side) {
    let instrument = &engine.listed()[0].product.instrument;
    let trade = FlowTrade {
        product: 0,
        price: instrument.exact_price(d(price)).unwrap(),
        lots: instrument.exact_quantity(d(size)).unwrap().0,
        aggressor: side,
    };
    engine.flow(at(time), &trade);
}

pub(super) fn limit(id: &str, side: Side, size: &str, price: &str) -> OrderRequest {
    OrderRequest {
        client_id: id.to_owned(),
        product_id: "BTC-USD".to_owned(),
        side: Some(side),
        shape: Shape::Limit,
        life: OrderTime::UntilCancelled,
        base_size: Some(d(size)),
        quote_size: None,
        limit_price: Some(d(price)),
        stop_price: None,
        rising: None,
        post_only: false,
        leverage: None,
        configuration: serde_json::Value::Null,
    }
}

pub(super) fn market(id: &str, side: Side, size: &str) -> OrderRequest {
    OrderRequest {
        shape: Shape::Market,
        life: OrderTime::ImmediateOrCancel,
        limit_price: None,
        ..limit(id, side, size, "1")
    }
}

/// Places an order and gives its number.
pub(super) fn place(engine: &mut Engine, request: &OrderRequest) -> u64 {
    engine
        .place(at(10), request)
        .unwrap_or_else(|refusal| panic!("{refusal:?}"))
}

fn refusal(engine: &mut Engine, request: &OrderRequest) -> (&'static str, &'static str) {
    let before: Vec<_> = engine
        .accounts()
        .all()
        .map(|(_, balance)| balance)
        .collect();
    let refusal = engine.place(at(10), request).unwrap_err();
    let after: Vec<_> = engine
        .accounts()
        .all()
        .map(|(_, balance)| balance)
        .collect();
    assert_eq!(before, after, "a refusal changes nothing");
    (refusal.reason, refusal.preview)
}

pub(super) fn status(engine: &Engine, number: u64) -> (Status, String) {
    let order = engine
        .orders()
        .find(|order| order.number == number)
        .unwrap();
    (
        order.status,
        engine.listed()[0].product.size(order.filled).to_string(),
    )
}

fn id_of(engine: &Engine, number: u64) -> String {
    engine
        .orders()
        .find(|order| order.number == number)
        .unwrap()
        .id
        .clone()
}

#[test]
fn a_market_buy_walks_the_book_and_pays_the_taker_fee() {
    let mut engine = engine(&[("USD", "100000")]);
    let number = place(&mut engine, &market("a", Side::Buy, "2"));
    assert_eq!(status(&engine, number), (Status::Filled, "2".into()));
    let order = engine.orders().next().unwrap();
    assert!(order.value >= d("200"), "{}", order.value);
    assert_eq!(order.fees, order.value * d("0.012"));
    let usd = engine.accounts().balance("USD");
    assert_eq!(usd.available, d("100000") - order.value - order.fees);
    assert_eq!(usd.hold, Decimal::ZERO);
    assert_eq!(engine.accounts().balance("BTC").available, d("2"));
}

#[test]
fn a_market_buy_for_an_amount_never_spends_more_than_that() {
    let mut engine = engine(&[("USD", "1000")]);
    let request = OrderRequest {
        base_size: None,
        quote_size: Some(d("500")),
        ..market("a", Side::Buy, "1")
    };
    let number = place(&mut engine, &request);
    assert_eq!(status(&engine, number).0, Status::Filled);
    let order = engine.orders().next().unwrap();
    let spent = order.value + order.fees;
    assert!(spent <= d("500") && spent > d("499.8"), "{spent}");
    let usd = engine.accounts().balance("USD");
    assert_eq!(
        (usd.available, usd.hold),
        (d("1000") - spent, Decimal::ZERO)
    );
}

#[test]
fn a_resting_order_is_filled_by_the_market_at_its_price_and_pays_the_maker_fee() {
    let mut engine = engine(&[("USD", "1000")]);
    let number = place(&mut engine, &limit("a", Side::Buy, "3", "98.5"));
    assert_eq!(status(&engine, number).0, Status::Open);
    let held = d("295.5") * d("1.012");
    assert_eq!(engine.accounts().balance("USD").hold, held);
    // Not reached.
    trade(&mut engine, 11, "99", "5", Side::Sell);
    assert_eq!(status(&engine, number), (Status::Open, "0".into()));
    // The seller comes down to 98: the order is the best bid, and the quotes follow.
    trade(&mut engine, 12, "98", "2", Side::Sell);
    assert_eq!(status(&engine, number).1, "2");
    let fill = engine.fills().next().unwrap();
    assert!(fill.maker && fill.price == Price(9850));
    assert_eq!(fill.fee, d("197") * d("0.006"));
    trade(&mut engine, 13, "97", "2", Side::Sell);
    assert_eq!(status(&engine, number), (Status::Filled, "3".into()));
    let usd = engine.accounts().balance("USD");
    assert_eq!(usd.hold, Decimal::ZERO);
    assert_eq!(usd.available, d("1000") - d("295.5") * d("1.006"));
}

#[test]
fn at_one_price_who_came_first_is_served_first() {
    let mut engine = engine(&[("USD", "100000")]);
    // The house stands at 99 already.
    let ahead = engine.listed()[0].book.house_at(Side::Buy, Price(9900));
    assert!(ahead > 0);
    let first = place(&mut engine, &limit("a", Side::Buy, "1", "99"));
    let second = place(&mut engine, &limit("b", Side::Buy, "1", "99"));
    let ahead = engine.listed()[0].product.size(ahead);
    let size = (ahead + d("1.5")).to_string();
    trade(&mut engine, 11, "99", &size, Side::Sell);
    assert_eq!(status(&engine, first), (Status::Filled, "1".into()));
    assert_eq!(status(&engine, second), (Status::Open, "0.5".into()));
}

#[test]
fn what_the_exchange_refuses_is_refused() {
    let mut engine = engine(&[("USD", "1000"), ("BTC", "1")]);
    let buy = |size, price| limit("x", Side::Buy, size, price);
    assert_eq!(
        refusal(&mut engine, &buy("1", "99.001")).0,
        "INVALID_PRICE_PRECISION"
    );
    assert_eq!(
        refusal(&mut engine, &buy("0.0005", "99")).1,
        "PREVIEW_INVALID_BASE_SIZE_TOO_SMALL"
    );
    assert_eq!(
        refusal(&mut engine, &buy("1.0005", "99")).1,
        "PREVIEW_INVALID_SIZE_PRECISION"
    );
    assert_eq!(
        refusal(&mut engine, &buy("0.005", "99")).1,
        "PREVIEW_INVALID_QUOTE_SIZE_TOO_SMALL"
    );
    assert_eq!(
        refusal(&mut engine, &buy("11", "99")).0,
        "INSUFFICIENT_FUND"
    );
    // 10 x 99 is there, its fee is not.
    assert_eq!(
        refusal(&mut engine, &buy("10", "99")).0,
        "INSUFFICIENT_FUND"
    );
    let sell = limit("x", Side::Sell, "1.001", "101");
    assert_eq!(refusal(&mut engine, &sell).0, "INSUFFICIENT_FUND");
    let unknown = OrderRequest {
        product_id: "DOGE-USD".to_owned(),
        ..buy("1", "99")
    };
    assert_eq!(refusal(&mut engine, &unknown).0, "INVALID_PRODUCT_ID");
    let post_only = OrderRequest {
        post_only: true,
        ..buy("1", "100")
    };
    assert_eq!(
        refusal(&mut engine, &post_only).0,
        "INVALID_LIMIT_PRICE_POST_ONLY"
    );
    let no_side = OrderRequest {
        side: None,
        ..buy("1", "99")
    };
    assert_eq!(refusal(&mut engine, &no_side).0, "INVALID_SIDE");
    place(&mut engine, &buy("1", "90"));
    assert_eq!(
        refusal(&mut engine, &buy("1", "90")).0,
        "DUPLICATE_CLIENT_ORDER_ID"
    );
    engine.repeated_id_is_answered = true;
    assert_eq!(engine.place(at(20), &buy("1", "90")), Ok(1));
}

#[test]
fn immediate_orders_take_what_is_there_and_rest_nowhere() {
    let mut engine = engine(&[("USD", "1000000")]);
    let there = engine.listed()[0].book.levels(Side::Sell).next().unwrap();
    let there = engine.listed()[0].product.size(there.1);
    let more = (there + d("1")).to_string();
    let immediate = OrderRequest {
        life: OrderTime::ImmediateOrCancel,
        ..limit("a", Side::Buy, &more, "100")
    };
    let number = place(&mut engine, &immediate);
    assert_eq!(
        status(&engine, number),
        (Status::Cancelled, there.to_string())
    );
    let all_or_nothing = OrderRequest {
        life: OrderTime::FillOrKill,
        ..limit("b", Side::Buy, "500", "101")
    };
    let number = place(&mut engine, &all_or_nothing);
    assert_eq!(status(&engine, number), (Status::Cancelled, "0".into()));
    assert_eq!(engine.accounts().balance("USD").hold, Decimal::ZERO);
}

#[test]
fn a_stop_waits_for_its_price_then_sells_down_to_its_limit() {
    let mut engine = engine(&[("BTC", "5")]);
    let stop = |stop: &str| OrderRequest {
        shape: Shape::StopLimit,
        stop_price: Some(d(stop)),
        rising: Some(false),
        ..limit("a", Side::Sell, "2", "90")
    };
    assert_eq!(
        refusal(&mut engine, &stop("100")).1,
        "PREVIEW_STOP_PRICE_ABOVE_LAST_TRADE_PRICE"
    );
    let number = place(&mut engine, &stop("97"));
    assert_eq!(engine.accounts().balance("BTC").hold, d("2"));
    trade(&mut engine, 11, "97.01", "1", Side::Sell);
    assert_eq!(status(&engine, number), (Status::Open, "0".into()));
    trade(&mut engine, 12, "97", "1", Side::Sell);
    assert_eq!(status(&engine, number), (Status::Filled, "2".into()));
    assert!(engine.orders().next().unwrap().triggered);
}

#[test]
fn a_bracket_takes_its_target_or_leaves_by_its_stop_never_both() {
    for (price, side, expected) in [("106", Side::Buy, "105"), ("95", Side::Sell, "95")] {
        let mut engine = engine(&[("BTC", "2")]);
        let bracket = OrderRequest {
            shape: Shape::Bracket,
            stop_price: Some(d("95")),
            ..limit("a", Side::Sell, "2", "105")
        };
        let number = place(&mut engine, &bracket);
        trade(&mut engine, 11, price, "20", side);
        assert_eq!(status(&engine, number), (Status::Filled, "2".into()));
        let fill = engine.fills().next().unwrap();
        let sold = engine.listed()[0].product.price(fill.price);
        assert_eq!(sold, d(expected));
        assert_eq!(engine.accounts().balance("BTC").total(), Decimal::ZERO);
        assert!(
            engine.listed()[0]
                .book
                .queue(Side::Sell)
                .iter()
                .all(|(_, resting)| { resting.owner == super::book::Owner::House })
        );
    }
}

#[test]
fn nobody_trades_with_himself() {
    let mut engine = engine(&[("USD", "1000"), ("BTC", "5")]);
    let resting = place(&mut engine, &limit("a", Side::Buy, "1", "99.5"));
    let number = place(&mut engine, &limit("b", Side::Sell, "2", "99"));
    assert_eq!(status(&engine, resting), (Status::Open, "0".into()));
    assert_eq!(status(&engine, number), (Status::Cancelled, "0".into()));
    assert_eq!(engine.accounts().balance("BTC").hold, Decimal::ZERO);
}

#[test]
fn a_cancelled_order_frees_its_money_and_cannot_be_cancelled_again() {
    let mut engine = engine(&[("USD", "1000")]);
    let number = place(&mut engine, &limit("a", Side::Buy, "1", "90"));
    let id = id_of(&engine, number);
    assert!(engine.cancel(&id));
    assert!(!engine.cancel(&id) && !engine.cancel("nothing"));
    assert_eq!(engine.accounts().balance("USD").available, d("1000"));
    assert_eq!(status(&engine, number).0, Status::Cancelled);
}

#[test]
fn orders_end_when_their_time_is_over() {
    let mut engine = engine(&[("USD", "1000")]);
    let until = OrderRequest {
        life: OrderTime::Until(at(60)),
        ..limit("a", Side::Buy, "1", "90")
    };
    let number = place(&mut engine, &until);
    assert_eq!(engine.next_expiry(), Some(at(60)));
    engine.expire(at(59));
    assert_eq!(status(&engine, number).0, Status::Open);
    engine.expire(at(60));
    assert_eq!(status(&engine, number).0, Status::Expired);
    assert_eq!(engine.next_expiry(), None);
    assert_eq!(engine.accounts().balance("USD").hold, Decimal::ZERO);
}

#[test]
fn an_edit_moves_the_hold_and_only_a_smaller_size_keeps_the_place() {
    let mut engine = engine(&[("USD", "1000")]);
    let number = place(&mut engine, &limit("a", Side::Buy, "2", "90"));
    let other = place(&mut engine, &limit("b", Side::Buy, "1", "90"));
    let id = id_of(&engine, number);
    let first = |engine: &Engine| {
        let queue = engine.listed()[0].book.queue(Side::Buy);
        let of_order =
            |(_, r): &&(Price, super::book::Resting)| r.owner != super::book::Owner::House;
        queue
            .iter()
            .find(of_order)
            .map(|(_, resting)| resting.owner)
    };
    engine
        .edit(at(11), &id, Some(d("90")), Some(d("1.5")))
        .unwrap();
    assert_eq!(first(&engine), Some(super::book::Owner::Order(number)));
    assert_eq!(engine.accounts().balance("USD").hold, d("225") * d("1.012"));
    engine.edit(at(12), &id, None, Some(d("3"))).unwrap();
    assert_eq!(first(&engine), Some(super::book::Owner::Order(other)));
    assert_eq!(
        engine.edit(at(13), &id, None, Some(d("3"))),
        Err("EDIT_REQUEST_EQUAL_TO_ORIGINAL_REQUEST")
    );
    assert_eq!(
        engine.edit(at(13), &id, Some(d("90.001")), None),
        Err("INVALID_EDITED_PRICE")
    );
    assert_eq!(
        engine.edit(at(13), &id, None, Some(d("30"))),
        Err("INSUFFICIENT_FUND")
    );
    assert_eq!(
        engine.edit(at(13), "nothing", None, None),
        Err("ORDER_NOT_FOUND")
    );
    let before = engine.accounts().balance("USD");
    assert_eq!(before.total(), d("1000"));
    // Moved to where sellers are, it trades at once.
    engine.edit(at(14), &id, Some(d("101")), None).unwrap();
    assert_eq!(status(&engine, number).0, Status::Filled);
}

#[test]
fn what_is_worth_less_than_the_minimum_is_taken_neither_at_market_nor_by_an_edit() {
    let mut engine = engine(&[("USD", "1000"), ("BTC", "1")]);
    let small = (
        "INVALID_SIZE_PRECISION",
        "PREVIEW_INVALID_QUOTE_SIZE_TOO_SMALL",
    );
    // The last price is 100: half a dollar.
    for side in [Side::Buy, Side::Sell] {
        let order = market("x", side, "0.005");
        assert_eq!(refusal(&mut engine, &order), small, "{side:?}");
    }
    place(&mut engine, &market("enough", Side::Sell, "0.01"));
    for (id, side, price) in [("a", Side::Buy, "90"), ("b", Side::Sell, "200")] {
        let number = place(&mut engine, &limit(id, side, "0.5", price));
        let id = id_of(&engine, number);
        let before: Vec<_> = engine.accounts().all().map(|(_, b)| b).collect();
        let too_small = engine.edit(at(11), &id, None, Some(d("0.004")));
        assert_eq!(too_small, Err("INVALID_EDITED_SIZE"));
        let after: Vec<_> = engine.accounts().all().map(|(_, b)| b).collect();
        assert_eq!(before, after, "nothing is moved");
        engine.edit(at(12), &id, None, Some(d("0.4"))).unwrap();
    }
}

#[test]
fn a_frozen_order_stays_pending_until_it_is_let_go() {
    let mut engine = engine(&[("USD", "1000")]);
    engine.faults.freeze_next = true;
    let number = place(&mut engine, &limit("a", Side::Buy, "1", "101"));
    let id = id_of(&engine, number);
    assert_eq!(status(&engine, number), (Status::Pending, "0".into()));
    assert!(engine.cancel(&id), "accepted, but not done");
    assert_eq!(status(&engine, number).0, Status::Pending);
    engine.thaw(at(20));
    assert_eq!(status(&engine, number).0, Status::Cancelled);
    assert_eq!(engine.accounts().balance("USD").available, d("1000"));
}

#[test]
fn fills_come_in_pieces_when_that_is_asked_for() {
    let mut engine = engine(&[("USD", "1000")]);
    (engine.faults.pieces, engine.faults.cut_after) = (4, 2);
    let number = place(&mut engine, &market("a", Side::Buy, "2"));
    assert_eq!(status(&engine, number), (Status::Cancelled, "1".into()));
    let states: Vec<_> = engine
        .take_events()
        .into_iter()
        .filter_map(|event| match event {
            Event::Order(order) => Some((order.status, order.filled)),
            Event::Print(_) => None,
        })
        .collect();
    let open = |filled| (Status::Open, filled);
    assert_eq!(
        states,
        [open(0), open(500), open(1000), (Status::Cancelled, 1000)]
    );
}
