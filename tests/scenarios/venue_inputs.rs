//! Whatever a venue says, however absurd: no panic, books that add up, a state that can be restored.

use crate::venue_world::*;
use crate::world::*;
use minnow::core::Core;
use minnow::core::input::*;
use minnow::core::market::SymbolId;
use minnow::core::modes::Turns;
use minnow::core::snapshot::Snapshot;
use minnow::core::units::*;
use proptest::prelude::*;

/// Numbers near what is usual, and far from it.
fn number() -> impl Strategy<Value = i64> {
    prop_oneof![
        6 => 0i64..60,
        3 => 95_000i64..105_000,
        1 => prop_oneof![Just(i64::MIN), Just(i64::MAX), Just(-1), Just(1_000_000_000_000_000)],
    ]
}

fn money() -> impl Strategy<Value = Decimal> {
    prop_oneof![
        5 => (0i64..20_000).prop_map(Decimal::from_int),
        1 => any::<i128>().prop_map(Decimal::from_raw),
    ]
}

#[derive(Clone, Debug)]
enum Say {
    Trade(i64),
    /// News of the nth order from the end; beyond all of them, of one that nobody knows.
    News(usize, u8, i64, i64, Decimal),
    Cash(Decimal),
    Position(u16, i64),
    /// The nth order as listed, with a fill.
    Listed(usize, u8, i64, i64),
    Feed(u8, bool),
    Reconciled(bool),
}

fn say_something() -> impl Strategy<Value = Say> {
    prop_oneof![
        6 => (-300i64..300).prop_map(Say::Trade),
        8 => (0usize..4, 0u8..14, number(), number(), money())
            .prop_map(|(n, kind, a, b, fee)| Say::News(n, kind, a, b, fee)),
        1 => money().prop_map(Say::Cash),
        1 => (0u16..2, number()).prop_map(|(symbol, lots)| Say::Position(symbol, lots)),
        2 => (0usize..4, 0u8..5, number(), number())
            .prop_map(|(n, state, a, b)| Say::Listed(n, state, a, b)),
        1 => (0u8..8, any::<bool>()).prop_map(|(feed, fresh)| Say::Feed(feed, fresh)),
        3 => any::<bool>().prop_map(Say::Reconciled),
    ]
}

fn state(number: u8) -> VenueState {
    [
        VenueState::Open,
        VenueState::Filled,
        VenueState::Cancelled,
        VenueState::Expired,
        VenueState::Failed,
    ][usize::from(number) % 5]
}

fn news(kind: u8, a: i64, b: i64, fee: Decimal) -> OrderNews {
    let reason = "reason".to_owned();
    match kind {
        0 => OrderNews::Durable,
        1 => OrderNews::Sent,
        2 => accepted(&format!("v{}", a % 3)),
        3 => OrderNews::Rejected { reason },
        4 => OrderNews::NeverSent { reason },
        5 => OrderNews::Unknown { reason },
        6 => OrderNews::CancelRefused { reason },
        7..=9 => stands(state(kind + a.unsigned_abs() as u8 % 5), b),
        _ => OrderNews::Filled {
            fill_id: format!("f{}", a.wrapping_mul(31).wrapping_add(b)),
            price: Price(if a < 60 { 100_000 + a } else { a }),
            quantity: Quantity(b),
            fee: if kind == 10 { fee } else { Decimal::ONE },
            maker: false,
            time: Timestamp(a),
        },
    }
}

fn client_id(world: &World, n: usize) -> String {
    let mut orders = world.orders.values().rev();
    let known = orders.nth(n).map(|o| o.client_id.clone());
    known.unwrap_or_else(|| "mwabc234-q7xyz-aaaaab2-e".to_owned())
}

fn listing_of(world: &World, now: i64, n: usize, status: u8, a: i64, b: i64) -> VenueListing {
    let order = ListedOrder {
        venue_id: format!("v{}", a % 3),
        client_id: client_id(world, n),
        symbol: Some(SymbolId(n as u16 % 2)),
        side: if b % 2 == 0 { Side::Buy } else { Side::Sell },
        status: state(status),
        quantity: Quantity(a),
        filled: Quantity(b),
        price: None,
    };
    let fill = ListedFill {
        fill_id: format!("l{a}"),
        venue_id: order.venue_id.clone(),
        symbol: SymbolId(n as u16 % 2),
        side: order.side,
        price: Price(100_000),
        quantity: Quantity(b),
        fee: Decimal::ONE,
        maker: true,
        time: Timestamp::from_millis(START + now),
    };
    VenueListing {
        open: vec![order],
        fills: vec![fill],
        ..nothing_listed(now)
    }
}

fn input(world: &World, now: i64, price: &mut i64, say: &Say) -> Input {
    match say {
        Say::Trade(step) => {
            *price = (*price + step).max(1_000);
            Input::Trade(minnow::core::market::Trade {
                symbol: SymbolId(0),
                aggressor: minnow::core::market::Aggressor::Unknown,
                price: Price(*price),
                quantity: Quantity(10),
                time: Timestamp::from_millis(START + now),
                id: 0,
            })
        }
        Say::News(n, kind, a, b, fee) => Input::Order(OrderEvent {
            client_id: client_id(world, *n),
            news: news(*kind, *a, *b, *fee),
        }),
        Say::Cash(amount) => Input::Account(AccountNews {
            cash: *amount,
            fees: Vec::new(),
        }),
        Say::Position(symbol, lots) => Input::Listing(Box::new(VenueListing {
            positions: vec![ListedPosition {
                symbol: SymbolId(*symbol),
                lots: *lots,
            }],
            ..nothing_listed(now)
        })),
        Say::Listed(n, status, a, b) => {
            Input::Listing(Box::new(listing_of(world, now, *n, *status, *a, *b)))
        }
        Say::Feed(number, fresh) => {
            let names = [
                "trades", "ticker", "book", "orders", "account", "x", "", "candles",
            ];
            feed(names[usize::from(*number) % names.len()], *fresh)
        }
        Say::Reconciled(ok) => Input::Reconciled {
            ok: *ok,
            text: String::new(),
        },
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn nothing_that_a_venue_says_breaks_the_books(
        derivative: bool,
        steps in prop::collection::vec((say_something(), 100i64..4000), 20..200),
    ) {
        let mut s = if derivative { settings() } else { venue_settings() };
        s.execution = minnow::core::settings::Execution::Venue;
        s.trading.interval = minnow::core::market::Interval::parse("5s").unwrap();
        s.trading.min_trading_interval = Span::from_secs(5);
        s.risk.emergency_position_errors = 100_000;
        let script = say((1..200).map(|n| (n, if n % 4 == 3 { close() } else { long("20", "3", "1") })));
        let mut world = at_venue(s.clone(), script.clone());
        let (mut now, mut price) = (0, 100_000);
        for (each, delay) in &steps {
            now += delay;
            let next = input(&world, now, &mut price, each);
            world.input(now, next);
            prop_assert!(world.core.account().adds_up());
        }
        let at = Stamp::of_history(Timestamp::from_millis(START + now));
        let text = serde_json::to_string(&world.core.snapshot(at)).unwrap();
        let snapshot: Snapshot = serde_json::from_str(&text).unwrap();
        let core = Core::with_strategies(s, Turns::History, |_| Box::new(script.clone()));
        let again = core.take_up(snapshot).unwrap();
        prop_assert_eq!(again.next_deadline(), world.core.next_deadline());
        let again = serde_json::to_string(&again.snapshot(at)).unwrap();
        prop_assert_eq!(text, again);
    }
}
