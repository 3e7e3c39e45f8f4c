//! What holds whatever is asked of the exchange and whatever the market does.

use super::admission::{OrderTime, Shape};
use super::book::Owner;
use super::order::Event;
use super::tests::{at, d, engine, limit, trade};
use super::{Engine, OrderRequest, Status};
use crate::core::units::{Decimal, Price, Side};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Deed {
    Limit(bool, i64, i64, u8),
    Market(bool, i64),
    Amount(i64),
    Stop(bool, i64, i64, i64),
    Bracket(i64, i64, i64),
    Cancel(usize),
    Edit(usize, i64, i64),
    Trade(bool, i64, i64),
    Freeze,
    Thaw,
    Expire,
}

fn deed() -> impl Strategy<Value = Deed> {
    let price = 9_000i64..11_000;
    let size = 1i64..8_000;
    prop_oneof![
        4 => (any::<bool>(), size.clone(), price.clone(), 0u8..5)
            .prop_map(|(b, s, p, l)| Deed::Limit(b, s, p, l)),
        1 => (any::<bool>(), size.clone()).prop_map(|(b, s)| Deed::Market(b, s)),
        1 => (100i64..200_000).prop_map(Deed::Amount),
        1 => (any::<bool>(), size.clone(), price.clone(), price.clone())
            .prop_map(|(b, s, p, q)| Deed::Stop(b, s, p, q)),
        1 => (size.clone(), price.clone(), price.clone())
            .prop_map(|(s, p, q)| Deed::Bracket(s, p, q)),
        1 => (0usize..20).prop_map(Deed::Cancel),
        1 => (0usize..20, size, price.clone()).prop_map(|(i, s, p)| Deed::Edit(i, s, p)),
        6 => (any::<bool>(), price, 1i64..20_000).prop_map(|(b, p, s)| Deed::Trade(b, p, s)),
        1 => Just(Deed::Expire),
        1 => Just(Deed::Freeze),
        1 => Just(Deed::Thaw),
    ]
}

fn side(buy: bool) -> Side {
    if buy { Side::Buy } else { Side::Sell }
}

fn cents(price: i64) -> String {
    (Decimal::new(price, 2)).to_string()
}

fn milli(size: i64) -> String {
    (Decimal::new(size, 3)).to_string()
}

/// Does it; what is refused is no mistake.
fn act(engine: &mut Engine, number: usize, time: i64, deed: &Deed) {
    let client = format!("order-{number}");
    let request = |side, size: i64, price: i64| limit(&client, side, &milli(size), &cents(price));
    let open_id = |engine: &Engine, index: usize| {
        engine
            .open_orders()
            .nth(index)
            .map(|order| order.id.clone())
    };
    let wanted = match *deed {
        Deed::Limit(buy, size, price, life) => OrderRequest {
            life: match life {
                0 => OrderTime::ImmediateOrCancel,
                1 => OrderTime::FillOrKill,
                2 => OrderTime::Until(at(time + 5)),
                _ => OrderTime::UntilCancelled,
            },
            post_only: life == 4,
            ..request(side(buy), size, price)
        },
        Deed::Market(buy, size) => OrderRequest {
            shape: Shape::Market,
            life: OrderTime::ImmediateOrCancel,
            limit_price: None,
            ..request(side(buy), size, 1)
        },
        Deed::Amount(cents) => OrderRequest {
            shape: Shape::Market,
            life: match cents % 2 {
                0 => OrderTime::FillOrKill,
                _ => OrderTime::ImmediateOrCancel,
            },
            limit_price: None,
            base_size: None,
            quote_size: Some(Decimal::new(cents, 2)),
            ..request(Side::Buy, 1, 1)
        },
        Deed::Stop(rising, size, stop, price) => OrderRequest {
            shape: Shape::StopLimit,
            stop_price: Some(Decimal::new(
                if rising {
                    stop.min(price)
                } else {
                    stop.max(price)
                },
                2,
            )),
            rising: Some(rising),
            ..request(
                side(rising),
                size,
                if rising {
                    stop.max(price)
                } else {
                    stop.min(price)
                },
            )
        },
        Deed::Bracket(size, target, stop) => OrderRequest {
            shape: Shape::Bracket,
            stop_price: Some(Decimal::new(stop.min(target), 2)),
            ..request(Side::Sell, size, target.max(stop))
        },
        Deed::Cancel(index) => {
            if let Some(id) = open_id(engine, index) {
                assert!(engine.cancel(&id));
            }
            return;
        }
        Deed::Edit(index, size, price) => {
            if let Some(id) = open_id(engine, index) {
                let (price, size) = (Decimal::new(price, 2), Decimal::new(size, 3));
                let _ = engine.edit(at(time), &id, Some(price), Some(size));
            }
            return;
        }
        Deed::Trade(buy, price, size) => {
            return trade(engine, time, &cents(price), &milli(size), side(buy));
        }
        Deed::Expire => return engine.expire(at(time)),
        Deed::Freeze => {
            engine.faults.freeze_next = true;
            return;
        }
        Deed::Thaw => return engine.thaw(at(time)),
    };
    let _ = engine.place(at(time), &wanted);
}

/// Everything that must hold at any time.
fn check(engine: &Engine, usd: Decimal, btc: Decimal) {
    let (mut spent, mut bought, mut fees) = (Decimal::ZERO, Decimal::ZERO, Decimal::ZERO);
    let product = &engine.listed()[0].product;
    for fill in engine.fills() {
        let value = product.value(fill.price, fill.lots).unwrap();
        let sign = |x: Decimal| if fill.side == Side::Buy { x } else { -x };
        spent += sign(value) + fill.fee;
        bought += sign(product.size(fill.lots));
        fees += fill.fee;
    }
    // Money is conserved: what is missing was paid, what is there was bought.
    let (usd_now, btc_now) = (
        engine.accounts().balance("USD"),
        engine.accounts().balance("BTC"),
    );
    assert_eq!(usd_now.total(), usd - spent);
    assert_eq!(btc_now.total(), btc + bought);
    assert_eq!(engine.fee_tier().3, fees);
    // What is held is held for the open orders.
    let held = |side: Side| {
        let of_side = engine.open_orders().filter(move |order| order.side == side);
        of_side.fold(Decimal::ZERO, |sum, order| sum + order.hold)
    };
    assert_eq!(
        (usd_now.hold, btc_now.hold),
        (held(Side::Buy), held(Side::Sell))
    );
    assert!(!usd_now.available.is_negative() && !btc_now.available.is_negative());
    let book = &engine.listed()[0].book;
    if let (Some(bid), Some(ask)) = (book.best(Side::Buy), book.best(Side::Sell)) {
        assert!(bid < ask, "the book is crossed: {bid:?} {ask:?}");
    }
    for order in engine.orders() {
        assert!(
            order
                .ordered()
                .is_none_or(|ordered| order.filled <= ordered)
        );
        assert!(
            order.status != Status::Filled || order.ordered().is_none() || order.remaining() == 0
        );
        assert!(!order.status.is_final() || order.hold.is_zero());
        let lots: i64 = [Side::Buy, Side::Sell]
            .into_iter()
            .flat_map(|side| book.queue(side))
            .filter(|(_, resting)| resting.owner == Owner::Order(order.number))
            .map(|(_, resting)| resting.lots)
            .sum();
        let expected = if order.resting { order.remaining() } else { 0 };
        assert_eq!(lots, expected, "{order:?}");
    }
}

/// No trade went past an order of ours that had a better price.
fn check_priority(engine: &mut Engine, resting: &[(Side, Price, u64)]) {
    for event in engine.take_events() {
        let Event::Print(print) = event else { continue };
        let passive = print.aggressor.opposite();
        for (side, price, number) in resting {
            let better = match side {
                Side::Buy => *price > print.price,
                Side::Sell => *price < print.price,
            };
            if *side == passive && better {
                let order = engine
                    .orders()
                    .find(|order| order.number == *number)
                    .unwrap();
                assert!(!order.resting, "{print:?} passed {order:?}");
            }
        }
    }
}

fn resting(engine: &Engine) -> Vec<(Side, Price, u64)> {
    [Side::Buy, Side::Sell]
        .into_iter()
        .flat_map(|side| {
            engine.listed()[0]
                .book
                .queue(side)
                .into_iter()
                .map(move |q| (side, q))
        })
        .filter_map(|(side, (price, resting))| match resting.owner {
            Owner::Order(number) => Some((side, price, number)),
            Owner::House => None,
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn money_is_conserved_and_nothing_is_ever_below_zero(
        deeds in prop::collection::vec(deed(), 1..80),
        pieces in 0i64..4,
    ) {
        let (usd, btc) = (d("20000"), d("100"));
        let mut engine = engine(&[("USD", "20000"), ("BTC", "100")]);
        engine.faults.pieces = pieces;
        for (number, deed) in deeds.iter().enumerate() {
            let before = resting(&engine);
            engine.take_events();
            act(&mut engine, number, number as i64 + 10, deed);
            check(&engine, usd, btc);
            if matches!(deed, Deed::Trade(..)) {
                check_priority(&mut engine, &before);
            }
        }
        engine.thaw(at(1_000));
        // Without open orders nothing is held.
        let ids: Vec<String> = engine.open_orders().map(|order| order.id.clone()).collect();
        for id in ids {
            prop_assert!(engine.cancel(&id));
        }
        for (_, balance) in engine.accounts().all() {
            prop_assert_eq!(balance.hold, Decimal::ZERO);
        }
    }
}
