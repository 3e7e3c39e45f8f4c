//! Markets that no decimal could follow, and entries in more parts than a position keeps.

use crate::invariants::check;
use crate::world::*;
use minnow::core::Core;
use minnow::core::market::instrument::GRID_MAX;
use minnow::core::market::{Aggressor, SymbolId, TimedTrade, Trade};
use minnow::core::modes::Turns;
use minnow::core::orders::position::LOTS_MAX;
use minnow::core::records::*;
use minnow::core::risk::countable::COUNTED_MAX;
use minnow::core::risk::emergency::Trigger;
use minnow::core::settings::Settings;
use minnow::core::units::*;
use proptest::prelude::*;

/// The largest account that can be configured.
fn rich() -> Settings {
    let mut settings = settings();
    settings.paper.starting_balance = d("1000000000");
    settings
}

/// Ten million units bought at 100.
fn holding(proposal: Proposal) -> World {
    let mut world = World::new(rich(), say([(1, proposal)]));
    world.minutes(0, 2, "100");
    world.trade(90_001, "100", "20000000");
    assert_eq!(world.position().abs(), d("10000000"));
    world
}

/// A price so far away that it takes three trades to be believed.
fn jump(world: &mut World, millis: i64, price: &str) {
    for n in 0..3 {
        world.trade(millis + n, price, "0.001");
    }
}

fn tripped(world: &World) -> &Event {
    let events: Vec<&Event> = world
        .events
        .iter()
        .filter(|event| event.code == "emergency_stop")
        .collect();
    assert_eq!(events.len(), 1, "told once: {events:?}");
    events[0]
}

fn trigger(world: &World) -> Option<Trigger> {
    world.core.emergency().latched().map(|(trigger, _)| trigger)
}

#[test]
fn a_billionfold_price_is_refused_and_latches_the_emergency_stop() {
    for proposal in [long("20", "3", "1"), short("20", "3", "1")] {
        let mut world = holding(proposal);
        let (fills, equity, position) = (world.fills.len(), world.core.equity(), world.position());
        jump(&mut world, 91_000, "100000000000");
        assert_eq!(trigger(&world), Some(Trigger::Uncountable));
        let text = &tripped(&world).text;
        assert!(text.contains("BTC-PERP at 100000000000"), "{text}");
        assert!(text.contains("the price is refused"), "{text}");
        assert_eq!(
            world.core.counts().inputs_refused,
            3,
            "all of them, counted"
        );
        let untouched = (fills, equity, position);
        assert_eq!(
            (world.fills.len(), world.core.equity(), world.position()),
            untouched
        );
        check(&world);
        // The close that the stop asks for works and is filled at a price that counts.
        jump(&mut world, 100_000, "100");
        world.trade(100_010, "100", "20000000");
        assert_eq!(world.position(), d("0"));
        assert_eq!(world.trades[0].reason, ExitReason::EmergencyStop);
        check(&world);
    }
}

#[test]
fn a_candle_that_reaches_such_a_price_is_refused_whole() {
    let mut world = World::new(rich(), say([(1, long("20", "3", "1"))]));
    let calm = ["100", "100", "100", "100"];
    world.candle(0, calm, "20000000");
    world.candle(1, calm, "20000000");
    assert_eq!(world.position(), d("10000000"));
    let equity = world.core.equity();
    world.candle(2, ["100", "100000000000", "100", "100"], "20000000");
    assert_eq!(trigger(&world), Some(Trigger::Uncountable));
    assert_eq!(world.core.counts().candles_refused, 1);
    assert_eq!(world.core.equity(), equity);
    world.candle(3, calm, "20000000");
    assert_eq!(world.position(), d("0"));
    check(&world);
}

#[test]
fn without_anything_held_any_price_of_the_grid_is_a_market() {
    let mut world = World::new(rich(), say([]));
    world.minutes(0, 2, "100");
    jump(&mut world, 91_000, "100000000000");
    assert_eq!(world.core.counts().inputs_refused, 0);
    let last = world.core.symbols()[0].last.expect("a market");
    assert_eq!(last, Price(200_000_000_000));
    assert_eq!(trigger(&world), None);
}

#[test]
fn an_account_beyond_what_is_counted_enters_nothing_more() {
    let mut settings = settings();
    settings.paper.starting_balance = COUNTED_MAX + COUNTED_MAX;
    let mut world = World::new(settings, say([(1, long("20", "3", "1"))]));
    world.minutes(0, 3, "100");
    assert_eq!(trigger(&world), Some(Trigger::Uncountable));
    assert!(tripped(&world).text.contains("equity is beyond"));
    assert!(world.orders.is_empty());
    assert_eq!(world.held("emergency_stop"), Some(2));
}

#[test]
fn an_entry_in_more_parts_than_a_position_keeps_ends_with_the_last_lot() {
    let mut settings = settings();
    settings.trading.order_timeout = Span::from_secs(300);
    let mut world = World::new(settings, say([(1, long("20", "3", "1"))]));
    // Of 100 units the first 10 come at once.
    world.minutes(0, 2, "100");
    assert_eq!(world.position(), d("10"));
    let parts = LOTS_MAX as i64 + 500;
    for n in 0..parts {
        let price = if n % 2 == 0 { "100" } else { "100.5" };
        world.trade(90_001 + n, price, "0.001");
    }
    let position = world.core.symbols()[0].position.as_ref().expect("held");
    assert!(position.is_full());
    assert_eq!(position.lots().count(), LOTS_MAX);
    let entry = world.last_order(Leg::Entry);
    assert_eq!(
        (entry.state, entry.reason.as_str()),
        (OrderState::Cancelled, "lots_max")
    );
    assert_eq!(entry.filled, position.quantity());
    check(&world);
    // Closed at once, it yields to the cent what its lots say: every second of the parts lost
    // 0.5 x 0.001.
    world.minutes(2, 3, "100");
    world.command(
        150_001,
        minnow::core::input::Command::EmergencyStop { close: true },
    );
    world.trade(150_002, "100", "100");
    assert_eq!(world.position(), d("0"));
    let lost = Decimal::from_int((LOTS_MAX as i64 - 1) / 2) * d("0.0005");
    assert_eq!(world.trades[0].gross, -lost);
    check(&world);
}

/// Prices anywhere on the grid, moved by powers of ten.
fn market(steps: &[(u8, u16, i8, u64)]) -> Vec<TimedTrade> {
    let (mut price, mut millis) = (100_000i64, START);
    steps
        .iter()
        .map(|(kind, delay, step, quantity)| {
            millis += i64::from(*delay);
            price = match kind % 8 {
                0 => price.saturating_mul(10i64.pow(u32::from(kind / 64 * 3))),
                1 => price / 10i64.pow(u32::from(kind / 64 * 3)),
                2 => price,
                _ => price + price / 2000 * i64::from(*step) / 100,
            }
            .clamp(1, GRID_MAX);
            let time = Timestamp::from_millis(millis);
            TimedTrade {
                stamp: Stamp::of_history(time),
                trade: Trade {
                    symbol: SymbolId(0),
                    aggressor: Aggressor::Unknown,
                    price: Price(price),
                    quantity: Quantity(1 + (quantity % GRID_MAX as u64) as i64),
                    time,
                    id: 0,
                },
            }
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn no_market_of_the_grid_stops_the_core_and_both_paths_agree(
        steps in prop::collection::vec((any::<u8>(), 0u16..700, any::<i8>(), any::<u64>()), 50..500),
        says in prop::collection::vec(0u8..4, 40),
        balance in 100i64..1_000_000_000,
    ) {
        let mut settings = rich();
        settings.paper.starting_balance = Decimal::from_int(balance);
        settings.trading.interval = minnow::core::market::Interval::parse("5s").unwrap();
        settings.trading.min_trading_interval = Span::ZERO;
        settings.trading.min_profit_pct = Decimal::ZERO;
        settings.risk.max_trades_per_day = 10_000;
        settings.risk.max_daily_loss_pct = Decimal::from_int(50);
        settings.risk.emergency_rapid_loss_pct = Decimal::from_int(50);
        let script = say(says.iter().enumerate().filter_map(|(n, say)| match say {
            0 => Some((n + 1, long("20", "20", "1"))),
            1 => Some((n + 1, short("20", "20", "1"))),
            2 => Some((n + 1, close())),
            _ => None,
        }));
        // The same price three times, so that most jumps are believed.
        let rows: Vec<TimedTrade> = market(&steps).into_iter().flat_map(|row| [row; 3]).collect();
        let start = |plain: bool| {
            let mut core = Core::with_strategies(settings.clone(), Turns::History, |_| {
                Box::new(script.clone())
            });
            core.use_plain_path(plain);
            World::of(core)
        };
        let (mut fast, mut plain) = (start(false), start(true));
        for rows in rows.chunks(16) {
            fast.rows(rows);
            plain.rows(rows);
            prop_assert_eq!(fast.core.state_hash(), plain.core.state_hash());
            prop_assert_eq!(fast.core.counts().inputs_refused, plain.core.counts().inputs_refused);
            check(&fast);
        }
    }
}
