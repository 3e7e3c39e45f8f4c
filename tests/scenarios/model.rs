//! A strategy that asks a model: the answer comes seconds later, too late, or never.

use crate::world::*;
use minnow::core::input::{Answer, Input};
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
    assert!(!world.core.holds().contains_key("no answer in time"));
    world.trade(100_000, "50000", "10");
    assert_eq!(world.core.holds()["no answer in time"], 1);
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
