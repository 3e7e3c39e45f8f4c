//! A strategy that asks a model: the answer comes seconds later, too late, or never.

use crate::world::*;
use minnow::core::input::{Answer, Input};
use minnow::core::modes::{Mode, Turns};
use minnow::core::records::*;
use minnow::core::units::*;

fn asking() -> World {
    let mut script = say([]);
    script.lines.insert(1, Line::AskModel);
    let mut world = World::new(settings(), script);
    world.minutes(0, 1, "50000");
    world.trade(62_000, "50000", "10");
    assert_eq!(world.questions.len(), 1);
    world
}

fn answer(run: u64, body: &str) -> Input {
    let answer = Answer::Text {
        body: body.into(),
        latency_ms: 1500,
    };
    Input::Answer { run, answer }
}

#[test]
fn an_answer_in_time_becomes_an_order() {
    let mut world = asking();
    let run = world.questions[0].run;
    world.input(63_000, answer(run, "LONG"));
    assert_eq!(world.decisions[0].action, Action::Long);
    world.trade(63_001, "50000", "10");
    assert_eq!(world.position(), d("0.2"));
}

#[test]
fn no_answer_is_a_hold_at_the_deadline_and_a_late_one_is_counted() {
    let mut world = asking();
    let run = world.questions[0].run;
    // 40 s after the close of minute 0.
    world.trade(99_999, "50000", "10");
    assert!(world.held("no answer in time").is_none());
    world.trade(100_000, "50000", "10");
    assert_eq!(world.held("no answer in time").unwrap(), 1);
    world.input(100_500, answer(run, "LONG"));
    assert_eq!(world.core.counts().late_answers, 1);
    assert!(world.orders.is_empty());
}

#[test]
fn a_failed_question_is_a_hold() {
    let mut world = asking();
    let run = world.questions[0].run;
    let answer = Answer::Failed {
        text: "timeout after 30.0 s".into(),
    };
    world.input(63_000, Input::Answer { run, answer });
    assert!(world.orders.is_empty());
    world.input(63_001, self::answer(run, "LONG"));
    assert_eq!(world.core.counts().late_answers, 1, "one answer a question");
}

#[test]
fn an_answer_to_another_price_is_discarded() {
    let mut world = asking();
    world.trade(62_500, "50300", "10");
    let run = world.questions[0].run;
    world.input(63_000, answer(run, "LONG"));
    assert!(world.orders.is_empty());
    assert_eq!(world.decisions[0].reason, "price moved");
}

#[test]
fn the_answer_passes_the_preconditions_of_its_own_time() {
    let mut world = asking();
    let run = world.questions[0].run;
    world.command(62_900, minnow::core::input::Command::Pause);
    world.input(63_000, answer(run, "LONG"));
    assert_eq!(world.decisions[0].reason, "paused");
    assert_eq!(world.cash(), Decimal::from_int(10_000));
}

/// A question at every candle, each of which fails.
fn failing(minutes: i64) -> World {
    let mut script = say([]);
    for seen in 1..=200 {
        script.lines.insert(seen, Line::AskModel);
    }
    let mut world = World::new(settings(), script);
    for minute in 0..=minutes {
        fail_open_question(&mut world, minute);
    }
    world
}

/// A trade that closes the minute before, and a failure for what was asked then.
fn fail_open_question(world: &mut World, minute: i64) {
    let asked = world.questions.len();
    world.trade(minute * 60_000 + 2_000, "50000", "10");
    if let Some(question) = world.questions.get(asked) {
        let (run, text) = (question.run, "timeout after 30.0 s".to_owned());
        let answer = Answer::Failed { text };
        world.input(minute * 60_000 + 3_000, Input::Answer { run, answer });
    }
}

fn told(world: &World, code: &str) -> usize {
    world.events.iter().filter(|e| e.code == code).count()
}

#[test]
fn a_failed_decision_is_a_hold_with_the_errors_text() {
    let world = failing(1);
    let decision = world.decisions.last().expect("a row");
    assert_eq!(decision.action, Action::Hold);
    assert_eq!(decision.reason, "timeout after 30.0 s");
    assert_eq!(world.held("decision_error"), Some(1));
}

#[test]
fn three_failures_in_a_row_are_told_and_five_pause_the_strategy_for_half_an_hour() {
    let world = failing(2);
    assert_eq!(told(&world, "decision_errors"), 0);
    let world = failing(4);
    assert_eq!(told(&world, "decision_errors"), 1);
    assert_eq!(told(&world, "strategy_paused"), 0);
    let mut world = failing(20);
    assert_eq!(told(&world, "strategy_paused"), 1);
    assert_eq!(world.questions.len(), 5, "nobody is asked while it pauses");
    assert_eq!(world.held("strategy_paused"), Some(15));
    // Half an hour after the fifth it is tried, fails and pauses again.
    for minute in 21..=50 {
        fail_open_question(&mut world, minute);
    }
    assert_eq!(world.questions.len(), 6);
    assert_eq!(
        world.core.mode(),
        Mode::Running,
        "six in fifty minutes pause no bot"
    );
}

#[test]
fn a_success_or_the_operators_resume_brings_a_strategy_back() {
    let mut world = failing(4);
    world.trade(5 * 60_000 + 2_000, "50000", "10");
    let run = world.questions.last().expect("asked").run;
    world.input(5 * 60_000 + 3_000, answer(run, "nothing"));
    for minute in 6..=9 {
        fail_open_question(&mut world, minute);
    }
    assert_eq!(told(&world, "strategy_paused"), 0, "counted anew");
    fail_open_question(&mut world, 10);
    assert_eq!(told(&world, "strategy_paused"), 1);
    let asked = world.questions.len();
    let reason = "looked at it".to_owned();
    world.command(
        10 * 60_000 + 4_000,
        minnow::core::input::Command::Resume { reason },
    );
    fail_open_question(&mut world, 11);
    assert_eq!(world.questions.len(), asked + 1);
}

#[test]
fn errors_of_every_category_count_towards_the_ten() {
    let core =
        |turns| minnow::core::Core::with_strategies(settings(), turns, |_| Box::new(say([])));
    let fail = |world: &mut World, second: i64| {
        let text = "disk full".to_owned();
        world.input(second * 1000, Input::LedgerFailed { text });
    };
    // An input of a symbol that nobody trades.
    let stray = |world: &mut World, second: i64| {
        let trade = minnow::core::market::Trade {
            symbol: minnow::core::market::SymbolId(7),
            aggressor: minnow::core::market::Aggressor::Unknown,
            price: Price(1),
            quantity: Quantity(1),
            time: Timestamp::from_millis(START + second * 1000),
            id: 0,
        };
        world.input(second * 1000, Input::Trade(trade));
    };
    for (turns, expected) in [
        (Turns::Session, Mode::Paused),
        (Turns::History, Mode::Running),
    ] {
        let mut world = World::of(core(turns));
        for second in 0..5 {
            fail(&mut world, second);
            stray(&mut world, second);
            if second < 4 {
                assert_eq!(world.core.mode(), Mode::Running, "{second}");
            }
        }
        // In history what is refused belongs to the file: five errors only.
        assert_eq!(world.core.mode(), expected);
        let paused = usize::from(expected == Mode::Paused);
        assert_eq!(told(&world, "too_many_errors"), paused);
    }
    let mut world = World::of(core(Turns::History));
    for second in 0..10 {
        fail(&mut world, second);
    }
    assert_eq!(world.core.mode(), Mode::Paused);
}

#[test]
fn ten_errors_of_all_symbols_within_ten_minutes_pause_the_bot() {
    let mut two = settings();
    two.instruments.push(instrument("ETH-PERP"));
    two.paper.fees.push(two.paper.fees[0]);
    let mut script = say([]);
    for seen in 1..=20 {
        script.lines.insert(seen, Line::AskModel);
    }
    let mut world = World::new(two, script);
    for minute in 0..=5 {
        assert_eq!(world.core.mode(), Mode::Running);
        let asked = world.questions.len();
        for symbol in [0, 1] {
            world.trade_of(symbol, minute * 60_000 + 2_000, "50000", "10");
        }
        for run in asked..world.questions.len() {
            let (run, text) = (world.questions[run].run, "no route".to_owned());
            let answer = Answer::Failed { text };
            world.input(minute * 60_000 + 3_000, Input::Answer { run, answer });
        }
    }
    assert_eq!(told(&world, "too_many_errors"), 1);
    assert_eq!(world.core.mode(), Mode::Paused);
}
