//! The loop with small applications: what the process tests do not reach.

use super::super::application::{Arrival, EffectOutcome};
use super::super::effect_table::Lapse;
use super::super::jobs::{EffectId, Slice, Verdict, Wait};
use super::*;

/// Doubles a number.
struct Double(u32);

impl Job for Double {
    type Output = u32;
    fn run(self) -> Slice<Self> {
        Slice::Done(self.0 * 2)
    }
}

type Reaction = fn(&mut Shell<Double>);

/// Notes what is called, and reacts as its script says.
#[derive(Default)]
struct Scripted {
    notes: Vec<String>,
    script: Vec<(&'static str, Reaction)>,
    progress: Vec<Progress>,
}

impl Scripted {
    fn note(&mut self, note: String, shell: &mut Shell<Double>) {
        let matching = self.script.iter().position(|(name, _)| *name == note);
        if let Some(at) = matching {
            let (_, react) = self.script.remove(at);
            react(shell);
        }
        self.notes.push(note);
    }

    fn run(mut self) -> Vec<String> {
        let end = EventLoop::new(LoopSettings::default())
            .unwrap()
            .run(&mut self)
            .unwrap();
        assert_eq!(end.exit_code(), 0);
        self.notes
    }
}

impl Application for Scripted {
    type Job = Double;

    fn start(&mut self, shell: &mut Shell<Double>) -> io::Result<()> {
        self.note("start".into(), shell);
        Ok(())
    }

    fn on_signal(&mut self, signal: Signal, shell: &mut Shell<Double>) {
        self.note(signal.name().into(), shell);
    }

    fn on_effect(&mut self, report: EffectReport<u32>, shell: &mut Shell<Double>) {
        let text = match report.outcome {
            EffectOutcome::Done(value) => value.to_string(),
            other => other.failure().unwrap(),
        };
        self.note(format!("effect {text}"), shell);
    }

    fn on_begin(&mut self, id: EffectId, tag: u64, shell: &mut Shell<Double>) {
        if tag == 7 {
            let arrival = shell.finish(id, EffectClass::Llm, Verdict::Succeeded, 1);
            assert_eq!(arrival, Arrival::InTime);
        }
        self.note(format!("begin {tag}"), shell);
    }

    fn on_timer(&mut self, tag: u64, shell: &mut Shell<Double>) {
        self.note(format!("timer {tag}"), shell);
    }

    fn work(&mut self, _budget: WorkBudget, shell: &mut Shell<Double>) -> Progress {
        if self.progress.is_empty() {
            return Progress::Idle;
        }
        self.note("work".into(), shell);
        self.progress.remove(0)
    }
}

fn double(shell: &mut Shell<Double>) {
    shell.submit(EffectRequest::new(EffectClass::Ledger, Double(21)));
}

#[test]
fn work_that_waits_for_an_effect_goes_on_when_one_has_ended() {
    let scripted = Scripted {
        script: vec![("work", double), ("work", |shell| shell.request_exit(0))],
        progress: vec![Progress::WaitForEffect, Progress::Idle],
        ..Scripted::default()
    };
    assert_eq!(scripted.run(), ["start", "work", "effect 42", "work"]);
}

#[test]
fn paced_work_is_called_at_its_time_and_idle_work_when_it_is_resumed() {
    let at = clock::monotonic_ns() + 5_000_000;
    let scripted = Scripted {
        script: vec![
            ("start", |shell| {
                shell.arm(shell.now_ms() + 20, 1);
            }),
            ("timer 1", Shell::resume_work),
            ("work", |_| {}),
            ("work", |_| {}),
            ("work", |shell| shell.request_exit(0)),
        ],
        progress: vec![Progress::WaitUntil(at), Progress::Idle, Progress::Idle],
        ..Scripted::default()
    };
    assert_eq!(scripted.run(), ["start", "work", "work", "timer 1", "work"]);
}

#[test]
fn timers_fire_in_order_and_cancelled_ones_do_not() {
    let scripted = Scripted {
        script: vec![
            ("start", |shell| {
                let now = shell.now_ms();
                shell.arm(now + 2, 2);
                shell.arm(now + 1, 1);
                let gone = shell.arm(now + 1, 9);
                shell.arm(now + 3, 3);
                shell.cancel(gone);
            }),
            ("timer 3", |shell| shell.request_exit(0)),
        ],
        ..Scripted::default()
    };
    assert_eq!(scripted.run(), ["start", "timer 1", "timer 2", "timer 3"]);
}

#[test]
fn effects_on_the_loop_keep_to_the_table_and_time_out() {
    let scripted = Scripted {
        script: vec![
            ("start", |shell| {
                shell.submit_on_loop(EffectRequest::new(EffectClass::Llm, 7));
            }),
            ("begin 7", |shell| {
                assert_eq!(shell.effects_in_flight(), 0, "it was finished");
                let mut request = EffectRequest::new(EffectClass::Llm, 8);
                request.limit_ms = 100;
                request.wait = Wait::Unlimited;
                shell.submit_on_loop(request);
            }),
            ("effect timeout after 0.1 s", |shell| shell.request_exit(0)),
        ],
        ..Scripted::default()
    };
    let expected = ["start", "begin 7", "begin 8", "effect timeout after 0.1 s"];
    assert_eq!(scripted.run(), expected);
}

#[test]
fn abandoned_effects_are_not_reported_in_time() {
    let scripted = Scripted {
        script: vec![
            ("start", |shell| {
                double(shell);
                shell.abandon_class(EffectClass::Ledger);
                assert_eq!(shell.effects_in_flight(), 0);
                shell.arm(shell.now_ms() + 1, 1);
            }),
            ("timer 1", |shell| shell.request_exit(0)),
        ],
        ..Scripted::default()
    };
    // A worker may have been quick enough to take it: then its result comes, late.
    let notes = scripted.run();
    assert!(
        notes.iter().all(|note| !note.contains("abandoned")),
        "{notes:?}"
    );
    let failure = EffectOutcome::<()>::Lapsed(Lapse::QueueTimeout).failure();
    assert_eq!(failure.as_deref(), Some("queue timeout"));
}
