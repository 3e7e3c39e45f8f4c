//! What stops entries, and what never stops a reduction.

use crate::world::*;
use minnow::core::input::{Command, Input};
use minnow::core::records::*;
use minnow::core::risk::emergency::Trigger;
use minnow::core::units::*;

fn refused(world: &World) -> &Decision {
    world
        .decisions
        .iter()
        .rev()
        .find(|d| !d.checks.is_empty())
        .expect("a decision with checks")
}

fn check<'a>(decision: &'a Decision, name: &str) -> &'a Check {
    decision
        .checks
        .iter()
        .find(|c| c.name == name)
        .unwrap_or_else(|| panic!("no {name}"))
}

#[test]
fn every_check_of_the_table_is_recorded_in_its_order() {
    let mut world = World::new(settings(), say([(1, long("20", "3", "1"))]));
    world.minutes(0, 2, "50000");
    let names: Vec<&str> = world.decisions[0].checks.iter().map(|c| c.name).collect();
    assert_eq!(
        names,
        [
            "emergency_stop",
            "circuit_breaker",
            "data",
            "reconciled",
            "mandatory_stop_loss",
            "stop_loss_pct",
            "take_profit_pct",
            "min_reward_risk",
            "max_daily_loss_pct",
            "max_weekly_loss_pct",
            "max_monthly_loss_pct",
            "max_concurrent_trades",
            "max_trades_per_day",
            "consecutive_losses",
            "min_account_balance",
            "max_leverage",
            "max_position_pct",
            "max_total_exposure_pct",
            "max_margin_used_pct",
            "max_size_pct",
            "stop_before_liquidation",
            "max_loss_per_trade_pct",
            "min_profit",
            "venue_minimum",
            "price_collar_pct",
            "min_trading_interval",
            "order_rate",
            "duplicate",
        ]
    );
    let daily = check(&world.decisions[0], "max_daily_loss_pct");
    assert_eq!(
        (daily.value, daily.limit, daily.margin),
        (Some(d("0")), Some(d("5")), Some(d("5")))
    );
}

#[test]
fn the_daily_loss_limit_keeps_entries_off_until_the_next_day() {
    let mut tight = settings();
    tight.risk.max_daily_loss_pct = d("1");
    let script = say([
        (1, long("20", "3", "1")),
        (5, long("20", "3", "1")),
        (1500, long("20", "3", "1")),
    ]);
    let mut world = World::new(tight, script);
    world.trade(30_000, "50000", "10");
    world.trade(60_500, "50000", "10");
    world.trade(60_600, "50000", "10");
    // The stop costs 1 % and the fees 0.3 %.
    world.trade(61_000, "49500", "10");
    assert_eq!(world.events[0].code, "max_daily_loss_pct");
    world.minutes(2, 1505, "49500");
    let at_five = &world.decisions[1];
    assert_eq!(at_five.action, Action::Hold);
    assert!(
        at_five.reason.starts_with("max_daily_loss_pct: 1.29"),
        "{}",
        at_five.reason
    );
    let next_day = world
        .decisions
        .iter()
        .find(|d| d.candle.as_millis() == START + 1499 * 60_000);
    assert_eq!(
        next_day.unwrap().action,
        Action::Long,
        "a new day, a new baseline"
    );
}

#[test]
fn closing_on_a_loss_limit_is_an_option() {
    let mut closing = settings();
    closing.risk.max_daily_loss_pct = d("0.5");
    closing.risk.close_on_loss_limit = true;
    let mut world = World::new(closing, say([(1, long("20", "5", "2"))]));
    world.trade(30_000, "50000", "10");
    world.trade(60_500, "50000", "10");
    world.trade(60_600, "50000", "10");
    world.minutes(2, 4, "49700");
    assert_eq!(world.trades[0].reason, ExitReason::LossLimit);
}

#[test]
fn a_rapid_loss_latches_the_emergency_stop_and_closes() {
    let mut big = settings();
    big.trading.leverage = 10;
    big.risk.max_position_pct = d("1000");
    big.risk.max_loss_per_trade_pct = d("8");
    let script = say([(1, long("20", "6", "3")), (6, long("20", "6", "3"))]);
    let mut world = World::new(big, script);
    world.trade(30_000, "50000", "10");
    world.trade(60_500, "50000", "10");
    world.trade(60_600, "50000", "10");
    // 2.8 % of 20,000 is 5.6 % of equity; the stop at 3 % is not reached.
    world.minutes(2, 4, "48600");
    assert_eq!(
        world.core.emergency().latched().unwrap().0,
        Trigger::RapidLoss
    );
    assert_eq!(
        world.trades[0].reason,
        ExitReason::EmergencyStop,
        "a reduction is never vetoed"
    );
    world.minutes(4, 9, "48600");
    assert_eq!(world.held("emergency_stop"), Some(5), "five candles since");
    // Too short a reason, then a good one.
    world.command(
        600_000,
        Command::Resume {
            reason: "short".into(),
        },
    );
    assert!(world.core.emergency().is_latched());
    world.command(
        600_001,
        Command::Resume {
            reason: "looked at it".into(),
        },
    );
    assert!(!world.core.emergency().is_latched());
}

#[test]
fn a_paused_bot_enters_nothing_but_leaves() {
    let script = say([
        (1, long("20", "3", "1")),
        (4, close()),
        (6, long("20", "3", "1")),
    ]);
    let mut world = World::new(settings(), script);
    world.minutes(0, 3, "50000");
    world.command(180_000, Command::Pause);
    world.minutes(3, 9, "50000");
    assert_eq!(world.trades.len(), 1, "the close passed");
    assert_eq!(world.fills.len(), 2);
    world.command(
        600_000,
        Command::Resume {
            reason: String::new(),
        },
    );
    assert!(world.held("paused").unwrap() > 0);
}

#[test]
fn an_operators_emergency_stop_closes_everything() {
    let mut world = World::new(settings(), say([(1, long("20", "3", "1"))]));
    world.minutes(0, 3, "50000");
    world.command(180_000, Command::EmergencyStop { close: true });
    world.minutes(3, 5, "50000");
    assert_eq!(world.trades[0].reason, ExitReason::Operator);
    assert!(world.core.emergency().is_latched());
}

#[test]
fn a_failed_ledger_stops_entries_but_not_exits() {
    let script = say([
        (1, long("20", "3", "1")),
        (4, close()),
        (6, long("20", "3", "1")),
    ]);
    let mut world = World::new(settings(), script);
    world.minutes(0, 3, "50000");
    world.input(
        180_000,
        Input::LedgerFailed {
            text: "disk full".into(),
        },
    );
    assert!(!world.position().is_zero(), "positions stay");
    world.minutes(3, 9, "50000");
    assert_eq!(world.trades.len(), 1);
    assert_eq!(world.fills.len(), 2);
}

#[test]
fn losing_trades_in_a_row_pause_entries() {
    let mut two = settings();
    two.risk.consecutive_losses = 2;
    let script = say((0..20)
        .map(|n| (1 + 3 * n, long("20", "3", "1")))
        .chain((0..20).map(|n| (2 + 3 * n, close()))));
    let mut world = World::new(two, script);
    world.minutes(0, 60, "50000");
    // Fees make every flat trade a loss: two, then an hour without.
    assert_eq!(world.trades.len(), 2);
    assert!(refused(&world).reason.starts_with("consecutive_losses"));
    assert_eq!(world.events[0].code, "consecutive_losses");
}

#[test]
fn sizes_are_cut_to_every_cap_and_say_so() {
    let run = |change: &dyn Fn(&mut minnow::core::settings::Settings)| {
        let mut s = settings();
        change(&mut s);
        let mut world = World::new(s, say([(1, long("50", "3", "1"))]));
        world.minutes(0, 3, "50000");
        (world.position(), world.decisions[0].clone())
    };
    let (quantity, decision) = run(&|_| {});
    assert_eq!(quantity, d("0.2"), "50 % is cut to max_size_pct 20");
    assert_eq!(
        check(&decision, "max_size_pct").outcome,
        CheckOutcome::Changed
    );
    let (quantity, decision) = run(&|s| s.risk.max_position_pct = d("50"));
    assert_eq!(quantity, d("0.1"));
    assert_eq!(
        check(&decision, "max_position_pct").outcome,
        CheckOutcome::Changed
    );
    let (quantity, _) = run(&|s| s.risk.max_total_exposure_pct = d("25"));
    assert_eq!(quantity, d("0.05"));
    let (quantity, _) = run(&|s| s.risk.max_margin_used_pct = d("5"));
    assert_eq!(quantity, d("0.05"));
    // 1 % stop + 0.3 % round trip on 10,000 would lose 1.3 %: half of it may.
    let (quantity, _) = run(&|s| s.risk.max_loss_per_trade_pct = d("0.65"));
    assert_eq!(quantity, d("0.1"));
    let (quantity, decision) = run(&|s| s.risk.max_leverage = 2);
    assert_eq!(quantity, d("0.08"));
    assert_eq!(
        check(&decision, "max_leverage").outcome,
        CheckOutcome::Changed
    );
}

#[test]
fn leverage_is_cut_until_the_stop_lies_before_liquidation() {
    let mut s = settings();
    s.trading.leverage = 20;
    s.risk.max_position_pct = d("1000");
    s.risk.max_loss_per_trade_pct = d("8");
    // Stop 5 %: 0.7 x (100/L - 0.5) >= 5 wants L <= 13.
    let mut world = World::new(s, say([(1, long("5", "8", "5"))]));
    world.minutes(0, 3, "50000");
    let decision = &world.decisions[0];
    assert_eq!(
        check(decision, "stop_before_liquidation").outcome,
        CheckOutcome::Changed
    );
    assert_eq!(
        world.core.symbols()[0]
            .position
            .as_ref()
            .unwrap()
            .plan
            .leverage,
        13
    );
    assert_eq!(world.position(), d("0.13"), "the margin of 500 stays");
}

#[test]
fn too_little_profit_and_too_small_an_order_are_refused() {
    let refusal =
        |target: &str, stop: &str, change: &dyn Fn(&mut minnow::core::settings::Settings)| {
            let mut s = settings();
            change(&mut s);
            let mut world = World::new(s, say([(1, long("20", target, stop))]));
            world.minutes(0, 3, "50000");
            assert!(world.orders.is_empty());
            world.decisions[0].reason.clone()
        };
    assert_eq!(
        refusal("0.79", "0.5", &|_| {}),
        "min_profit: 0.79, limit 0.8"
    );
    assert_eq!(refusal("1", "2", &|_| {}), "min_reward_risk: 0.5, limit 1");
    assert!(
        refusal("3", "1", &|s| s.instruments[0].min_quantity = d("0.3"))
            .starts_with("venue_minimum")
    );
    assert!(
        refusal("3", "1", &|s| s.instruments[0].min_notional = d("20000"))
            .starts_with("venue_minimum")
    );
    assert!(
        refusal("3", "1", &|s| s.risk.min_account_balance = d("20000"))
            .starts_with("min_account_balance")
    );
    assert!(
        refusal("3", "1", &|s| s.risk.max_trades_per_day = 0).starts_with("max_trades_per_day")
    );
}

#[test]
fn entries_keep_their_distance() {
    let mut s = settings();
    s.trading.min_trading_interval = Span::from_secs(600);
    let script = say([
        (1, long("20", "3", "1")),
        (2, close()),
        (5, long("20", "3", "1")),
        (12, long("20", "3", "1")),
    ]);
    let mut world = World::new(s, script);
    world.minutes(0, 15, "50000");
    let reasons: Vec<&str> = world.decisions.iter().map(|d| d.reason.as_str()).collect();
    assert!(
        reasons[2].starts_with("min_trading_interval: 240"),
        "{reasons:?}"
    );
    assert_eq!(world.decisions[3].action, Action::Long);
}

#[test]
fn a_price_in_doubt_blocks_entries() {
    let mut world = World::new(settings(), say([(1, long("20", "3", "1"))]));
    world.trade(30_000, "50000", "10");
    world.trade(60_500, "70000", "1");
    world.trade(61_100, "70000", "1");
    assert_eq!(world.held("price_in_doubt"), Some(1));
    assert!(world.orders.is_empty());
}
