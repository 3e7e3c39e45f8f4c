//! The bounded book against an unbounded one, and its rules.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

const DEPTH: usize = 3;
const FOREVER: i64 = i64::MAX;

fn book(bids: &[(i64, i64)], asks: &[(i64, i64)]) -> OrderBook {
    let mut book = OrderBook::new(DEPTH);
    book.start();
    for (price, lots) in bids {
        book.level(Side::Buy, Price(*price), Quantity(*lots));
    }
    for (price, lots) in asks {
        book.level(Side::Sell, Price(*price), Quantity(*lots));
    }
    book.end(0);
    book
}

fn d(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

proptest! {
    /// As long as the book says that it is good, it shows exactly what a whole book would.
    #[test]
    fn the_bounded_book_is_the_top_of_the_whole_one(
        steps in prop::collection::vec((any::<bool>(), 1i64..30, 0i64..4), 1..300),
    ) {
        let mut bounded = OrderBook::new(DEPTH);
        bounded.start();
        let mut whole: [BTreeMap<i64, i64>; 2] = Default::default();
        for (is_bid, price, lots) in steps {
            let side = if is_bid { Side::Buy } else { Side::Sell };
            bounded.level(side, Price(price), Quantity(lots));
            bounded.end(0);
            let levels = &mut whole[usize::from(is_bid)];
            if lots == 0 { levels.remove(&price); } else { levels.insert(price, lots); }
            let bids: Vec<_> = bounded.levels(Side::Buy).collect();
            let asks: Vec<_> = bounded.levels(Side::Sell).collect();
            prop_assert!(bids.windows(2).all(|w| w[0].0 > w[1].0), "bids descend");
            prop_assert!(asks.windows(2).all(|w| w[0].0 < w[1].0), "asks ascend");
            prop_assert!(bids.iter().chain(&asks).all(|(_, q)| q.0 > 0));
            prop_assert!(bounded.bids.levels.len() <= 2 * DEPTH);
            let thin = bounded.bids.is_thin(DEPTH) || bounded.asks.is_thin(DEPTH);
            if thin {
                prop_assert!(bounded.problem(0, FOREVER).is_some_and(BookProblem::needs_snapshot));
                break;
            }
            let top = |levels: &mut dyn Iterator<Item = (&i64, &i64)>| -> Vec<_> {
                levels.take(DEPTH).map(|(p, q)| (Price(*p), Quantity(*q))).collect()
            };
            prop_assert_eq!(bids, top(&mut whole[1].iter().rev()));
            prop_assert_eq!(asks, top(&mut whole[0].iter()));
        }
    }
}

#[test]
fn prices_weights_and_walks_are_those_of_the_levels() {
    let book = book(&[(100, 30), (99, 10)], &[(102, 10), (103, 10), (110, 5)]);
    let quote = book.quote(5, FOREVER).unwrap();
    assert_eq!((quote.bid, quote.ask), (Price(100), Price(102)));
    // 2 of 101.
    assert_eq!(
        quote.spread_bps().unwrap().round(6, Rounding::HalfEven),
        d("198.019802")
    );
    // (100 x 10 + 102 x 30) / 40
    assert_eq!(book.microprice(), Some(d("101.5")));
    // (40 - 25) / 65
    let imbalance = book.imbalance().unwrap();
    assert_eq!(imbalance.round(6, Rounding::HalfEven), d("0.230769"));
    assert_eq!(book.vwap(Side::Sell, Quantity(10)), Some(d("102")));
    assert_eq!(book.vwap(Side::Sell, Quantity(20)), Some(d("102.5")));
    assert_eq!(book.vwap(Side::Sell, Quantity(25)), Some(d("104")));
    assert_eq!(book.vwap(Side::Sell, Quantity(26)), None, "not that deep");
    assert_eq!(book.vwap(Side::Buy, Quantity(0)), None);
}

#[test]
fn a_book_that_cannot_be_trusted_gives_no_price() {
    let mut book = OrderBook::new(DEPTH);
    book.level(Side::Buy, Price(1), Quantity(1));
    book.end(0);
    assert_eq!(
        book.quote(0, 100),
        Err(BookProblem::Missing),
        "an update is no book"
    );
    book.start();
    book.level(Side::Buy, Price(100), Quantity(1));
    book.end(0);
    assert_eq!(book.quote(0, 100), Err(BookProblem::Empty));
    book.level(Side::Sell, Price(101), Quantity(1));
    book.end(10);
    assert!(book.quote(110, 100).is_ok());
    assert_eq!(book.quote(111, 100), Err(BookProblem::Stale));
    book.invalidate("messages are missing");
    book.level(Side::Sell, Price(102), Quantity(1));
    book.end(120);
    let problem = book.quote(120, 100).unwrap_err();
    assert_eq!(problem.name(), "messages are missing");
    assert!(problem.needs_snapshot());
    book.start();
    book.level(Side::Sell, Price(102), Quantity(-1));
    book.end(130);
    assert!(matches!(book.quote(130, 100), Err(BookProblem::Invalid(_))));
    book.forget();
    assert_eq!(book.quote(130, 100), Err(BookProblem::Missing));
}

#[test]
fn a_crossed_book_recovers_within_a_second_or_not_at_all() {
    let mut book = book(&[(100, 1)], &[(102, 1)]);
    book.level(Side::Buy, Price(102), Quantity(1));
    book.end(0);
    assert_eq!(book.quote(CROSSED_FOR, FOREVER), Err(BookProblem::Crossed));
    let later = book.quote(CROSSED_FOR + 1, FOREVER).unwrap_err();
    assert!(later.needs_snapshot());
    book.level(Side::Buy, Price(102), Quantity(0));
    book.end(CROSSED_FOR / 2);
    assert!(book.quote(CROSSED_FOR, FOREVER).is_ok());
}

#[test]
fn a_spread_of_prices_that_are_none_is_none() {
    let quote = |bid, ask| Quote {
        bid: Price(bid),
        ask: Price(ask),
    };
    assert_eq!(quote(0, 5).spread_bps(), None);
    assert_eq!(quote(i64::MIN, i64::MAX).spread_bps(), None);
    assert!(quote(1, i64::MAX).spread_bps().is_some());
    assert!(quote(5, 4).spread_bps().unwrap().is_negative());
}
