//! The daily report: when it comes, what it says, and that it decides nothing.

use crate::world::*;
use minnow::core::daily_report::{self, DailyReport};
use minnow::core::units::Span;
use std::collections::BTreeMap;

/// In at 50,000 in minute 2, a second proposal in minute 4, out at 50,000 in minute 6.
fn day(report_minute: i64) -> World {
    let mut settings = settings();
    settings.paper.report_time = Span::from_secs(report_minute * 60);
    let script = say([
        (2, long("20", "3", "1")),
        (4, long("20", "3", "1")),
        (6, close()),
    ]);
    let mut world = World::new(settings, script);
    world.minutes(0, 20, "50000");
    world
}

fn reports(world: &World) -> Vec<DailyReport> {
    let events = world.events.iter();
    let daily = events.filter(|event| event.code == daily_report::CODE);
    daily
        .map(|event| serde_json::from_str(&event.text).expect("a daily report"))
        .collect()
}

#[test]
fn it_comes_with_the_first_candle_at_or_after_its_time_and_says_what_the_day_came_to() {
    let world = day(10);
    let all = reports(&world);
    assert_eq!(all.len(), 1);
    let event = world.events.iter().find(|e| e.code == daily_report::CODE);
    let time = event.expect("one").time.to_string();
    assert!(time.starts_with("2024-01-01T00:10:"), "{time}");
    let expected = DailyReport {
        date: "2024-01-01".to_owned(),
        start_equity: d("10000"),
        end_equity: d("9970"),
        pnl: d("-30"),
        realised_pnl: d("-30"),
        opened: 1,
        closed: 1,
        win_rate_pct: Some(d("0")),
        fees: d("30"),
        drawdown_pct: d("0.3"),
        open_positions: Vec::new(),
        refusals: BTreeMap::from([("already in position".to_owned(), 1)]),
        llm_cost: None,
    };
    assert_eq!(all[0], expected);
}

#[test]
fn an_open_position_is_listed_and_its_profit_stands_apart() {
    let world = day(4);
    let all = reports(&world);
    assert_eq!((all[0].opened, all[0].closed), (1, 0));
    assert_eq!(all[0].win_rate_pct, None);
    assert_eq!(all[0].realised_pnl, d("-15"));
    let open = &all[0].open_positions[0];
    assert_eq!(
        (open.symbol.as_str(), open.quantity),
        ("BTC-PERP", d("0.2"))
    );
    assert_eq!(open.unrealised, d("0"));
}

#[test]
fn days_without_a_candle_have_no_report_and_the_next_one_begins_where_the_last_ended() {
    let mut world = day(10);
    let third_day = 3 * 1440;
    world.minutes(third_day + 30, third_day + 40, "50000");
    let all = reports(&world);
    let dates: Vec<&str> = all.iter().map(|day| day.date.as_str()).collect();
    assert_eq!(dates, ["2024-01-01", "2024-01-04"]);
    assert_eq!(all[1].start_equity, d("9970"));
    assert_eq!((all[1].opened, all[1].fees), (0, d("0")));
    assert!(all[1].refusals.is_empty());
}

#[test]
fn when_it_is_reported_changes_no_state_hash() {
    let (early, late) = (day(3), day(1439));
    assert_eq!((reports(&early).len(), reports(&late).len()), (1, 0));
    assert_eq!(early.core.state_hash(), late.core.state_hash());
    assert_eq!(early.decisions, late.decisions);
}
