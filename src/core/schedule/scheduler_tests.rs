//! The scheduler against a linear model of its rules, and its rules one by one.

use super::*;
use crate::units::rng::SplitMix64;

fn spec(name: &'static str, class: TaskClass, interval: u64) -> TaskSpec {
    TaskSpec {
        name,
        class,
        period: Period::Every(interval),
        timeout_ms: None,
    }
}

fn scheduler(tasks: &[TaskSpec]) -> Scheduler {
    let mut scheduler = Scheduler::new(SchedulerSettings::default(), 0);
    for task in tasks {
        scheduler.add(task.clone()).unwrap();
    }
    scheduler
}

/// The runs started by one turn.
fn turn(scheduler: &mut Scheduler, now: u64) -> Vec<Run> {
    let mut events = Vec::new();
    scheduler.turn(now, &mut events);
    started(&events)
}

fn started(events: &[TaskEvent]) -> Vec<Run> {
    events
        .iter()
        .filter_map(|event| match event {
            TaskEvent::Started(run) => Some(*run),
            _ => None,
        })
        .collect()
}

fn finish(scheduler: &mut Scheduler, run: Run, now: u64, result: Result<(), String>) {
    assert!(scheduler.returned(run, now, result, &mut Vec::new()));
}

const NAMES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];

#[test]
fn two_start_a_turn_and_four_are_in_flight_with_one_place_kept_for_risk() {
    let mut tasks: Vec<_> = NAMES[..6]
        .iter()
        .map(|name| spec(name, TaskClass::Market, 1000))
        .collect();
    tasks.push(spec("g", TaskClass::Risk, 5000));
    let mut scheduler = scheduler(&tasks);
    let first = turn(&mut scheduler, 500);
    assert_eq!(first.len(), 2);
    assert_eq!(
        scheduler.next_deadline(),
        Some(200),
        "the third waits for the next turn"
    );
    assert_eq!(
        turn(&mut scheduler, 500).len(),
        1,
        "the fourth place is kept"
    );
    assert_eq!(scheduler.in_flight(), 3);
    assert_eq!(
        scheduler.next_deadline(),
        Some(600),
        "waiting tasks without a place do not spin the loop"
    );
    let risk = turn(&mut scheduler, 600);
    assert_eq!(risk.len(), 1);
    assert_eq!(scheduler.spec(risk[0].task).unwrap().name, "g");
    assert_eq!(scheduler.in_flight(), 4);
    finish(&mut scheduler, first[0], 610, Ok(()));
    assert_eq!(turn(&mut scheduler, 610).len(), 1);
    assert_eq!(scheduler.in_flight(), 4);
}

#[test]
fn a_task_with_one_place_in_all_still_runs() {
    let settings = SchedulerSettings {
        max_in_flight: 1,
        ..SchedulerSettings::default()
    };
    let mut scheduler = Scheduler::new(settings, 0);
    scheduler
        .add(spec("a", TaskClass::Housekeeping, 10))
        .unwrap();
    assert_eq!(turn(&mut scheduler, 0).len(), 1);
}

#[test]
fn missed_periods_are_one_run_and_are_counted() {
    let mut scheduler = scheduler(&[spec("a", TaskClass::Market, 100)]);
    let run = turn(&mut scheduler, 350)[0];
    finish(&mut scheduler, run, 350, Ok(()));
    assert_eq!(scheduler.views()[0].skipped, 3);
    assert_eq!(
        scheduler.next_deadline(),
        Some(400),
        "on the grid, after now"
    );
    let run = turn(&mut scheduler, 400)[0];
    finish(&mut scheduler, run, 620, Ok(()));
    assert_eq!(
        scheduler.views()[0].skipped,
        5,
        "500 and 600 passed in flight"
    );
    assert_eq!(scheduler.next_deadline(), Some(700));
}

#[test]
fn a_run_ends_when_its_code_has_returned_and_its_effects_have_ended() {
    let mut scheduler = scheduler(&[spec("a", TaskClass::Market, 1000)]);
    let run = turn(&mut scheduler, 0)[0];
    assert!(scheduler.effect_started(run));
    assert!(scheduler.effect_started(run));
    let mut events = Vec::new();
    scheduler.returned(run, 5, Ok(()), &mut events);
    scheduler.effect_ended(run, 10, Weight::Optional, Err("lost".into()), &mut events);
    assert!(events.is_empty());
    scheduler.effect_ended(run, 20, Weight::Essential, Ok(()), &mut events);
    assert_eq!(
        events,
        [TaskEvent::Succeeded {
            run,
            duration_ms: 20
        }]
    );
    assert!(!scheduler.effect_ended(run, 30, Weight::Essential, Ok(()), &mut events));
    assert_eq!(scheduler.late_results(), 1);
}

#[test]
fn an_essential_effect_that_failed_fails_the_run() {
    let mut scheduler = scheduler(&[spec("a", TaskClass::Market, 1000)]);
    let run = turn(&mut scheduler, 0)[0];
    scheduler.effect_started(run);
    finish(&mut scheduler, run, 1, Ok(()));
    let mut events = Vec::new();
    scheduler.effect_ended(
        run,
        2,
        Weight::Essential,
        Err("http 500".into()),
        &mut events,
    );
    assert_eq!(
        events,
        [TaskEvent::Failed {
            run,
            failure: TaskFailure::Effect("http 500".into()),
            error_count: 1,
            retry_at_ms: Some(30_002),
        }]
    );
}

#[test]
fn a_run_is_over_at_its_limit_and_frees_its_place() {
    let mut scheduler = scheduler(&[spec("a", TaskClass::Market, 1000)]);
    let run = turn(&mut scheduler, 0)[0];
    scheduler.effect_started(run);
    assert_eq!(scheduler.next_deadline(), Some(45_000));
    assert!(turn(&mut scheduler, 44_999).is_empty());
    let mut events = Vec::new();
    scheduler.turn(45_000, &mut events);
    assert_eq!(
        events,
        [TaskEvent::Failed {
            run,
            failure: TaskFailure::TimedOut {
                limit_ms: 45_000,
                open_effects: 1
            },
            error_count: 1,
            retry_at_ms: Some(75_000),
        }]
    );
    assert_eq!(scheduler.in_flight(), 0);
    assert_eq!(scheduler.views()[0].timeouts, 1);
    assert!(!scheduler.returned(run, 45_001, Ok(()), &mut events));
    assert_eq!(scheduler.late_results(), 1);
}

/// Fails runs until the task is disabled; the delays between failure and retry.
fn fail_until_disabled(scheduler: &mut Scheduler) -> Vec<u64> {
    let mut delays = Vec::new();
    for _ in 0..20 {
        let Some(due) = scheduler.next_deadline() else {
            break;
        };
        let Some(run) = turn(scheduler, due).first().copied() else {
            continue;
        };
        let mut events = Vec::new();
        scheduler.returned(run, due, Err("broken".into()), &mut events);
        if let TaskEvent::Failed {
            retry_at_ms: Some(at),
            ..
        } = &events[0]
        {
            delays.push(at - due);
        }
        if events
            .iter()
            .any(|e| matches!(e, TaskEvent::Disabled { error_count: 5, .. }))
        {
            break;
        }
    }
    delays
}

#[test]
fn failures_back_off_up_to_the_interval_and_the_fifth_disables() {
    let mut long = scheduler(&[spec("a", TaskClass::Housekeeping, 120_000)]);
    assert_eq!(
        fail_until_disabled(&mut long),
        [30_000, 60_000, 120_000, 120_000]
    );
    assert!(!long.views()[0].enabled);
    assert_eq!(long.next_deadline(), None, "housekeeping is not probed");
    let mut short = scheduler(&[spec("a", TaskClass::Housekeeping, 30_000)]);
    assert_eq!(fail_until_disabled(&mut short), [30_000; 4]);
}

#[test]
fn a_disabled_task_that_matters_is_probed_and_comes_back_by_success() {
    let mut scheduler = scheduler(&[spec("a", TaskClass::Risk, 30_000)]);
    assert_eq!(
        *fail_until_disabled(&mut scheduler).last().unwrap(),
        1_800_000
    );
    let due = scheduler.next_deadline().unwrap();
    let run = turn(&mut scheduler, due)[0];
    finish(&mut scheduler, run, due, Err("still".into()));
    let due = scheduler.next_deadline().unwrap();
    let run = turn(&mut scheduler, due)[0];
    let mut events = Vec::new();
    scheduler.returned(run, due, Ok(()), &mut events);
    assert!(events.contains(&TaskEvent::Recovered(run.task)));
    assert!(scheduler.views()[0].enabled);
    assert_eq!(scheduler.next_deadline(), Some(due + 30_000));
}

#[test]
fn an_enabled_task_is_due_at_once_with_a_clean_record() {
    let mut scheduler = scheduler(&[spec("a", TaskClass::Housekeeping, 30_000)]);
    fail_until_disabled(&mut scheduler);
    let id = scheduler.find("a").unwrap();
    assert!(
        !scheduler.trigger(id, 1_000_000),
        "disabled tasks are not triggered"
    );
    assert!(scheduler.enable(id, 1_000_000));
    assert_eq!(scheduler.views()[0].error_count, 0);
    assert_eq!(turn(&mut scheduler, 1_000_000).len(), 1);
}

#[test]
fn the_operator_disables_and_nothing_probes() {
    let mut scheduler = scheduler(&[spec("a", TaskClass::Risk, 30_000)]);
    let run = turn(&mut scheduler, 0)[0];
    assert!(scheduler.disable(run.task));
    finish(&mut scheduler, run, 1, Err("x".into()));
    assert_eq!(scheduler.next_deadline(), None);
}

#[test]
fn a_task_on_demand_runs_when_wanted_and_a_wish_in_flight_is_kept() {
    let mut scheduler = scheduler(&[]);
    let id = scheduler
        .add(TaskSpec {
            name: "daily_rollover",
            class: TaskClass::Trading,
            period: Period::OnDemand,
            timeout_ms: Some(10),
        })
        .unwrap();
    assert_eq!(scheduler.next_deadline(), None);
    scheduler.arm_at(id, 500);
    scheduler.arm_at(id, 400);
    assert_eq!(scheduler.next_deadline(), Some(400));
    let run = turn(&mut scheduler, 400)[0];
    scheduler.arm_at(id, 900);
    finish(&mut scheduler, run, 401, Err("x".into()));
    assert_eq!(
        scheduler.next_deadline(),
        Some(30_401),
        "the failure backs off"
    );
    let run = turn(&mut scheduler, 30_401)[0];
    finish(&mut scheduler, run, 30_402, Ok(()));
    assert_eq!(scheduler.next_deadline(), Some(900), "the wish is not lost");
}

#[test]
fn classes_that_are_not_armed_are_added_switched_off() {
    let settings = SchedulerSettings {
        last_armed_class: TaskClass::Trading,
        ..SchedulerSettings::default()
    };
    let mut scheduler = Scheduler::new(settings, 0);
    scheduler.add(spec("a", TaskClass::Market, 10)).unwrap();
    assert_eq!(scheduler.next_deadline(), None);
    scheduler.add(spec("b", TaskClass::Trading, 10)).unwrap();
    assert_eq!(scheduler.next_deadline(), Some(100));
}

#[test]
fn bad_tasks_are_refused() {
    let mut scheduler = scheduler(&[spec("a", TaskClass::Risk, 1)]);
    assert_eq!(
        scheduler.add(spec("a", TaskClass::Risk, 1)),
        Err(AddError::Duplicate("a"))
    );
    assert_eq!(
        scheduler.add(spec("b", TaskClass::Risk, 0)),
        Err(AddError::NoInterval("b"))
    );
    assert!(matches!(
        scheduler.add(spec("B", TaskClass::Risk, 1)),
        Err(AddError::BadName(_))
    ));
}

// --- the model -----------------------------------------------------------------------------

/// One task of the model: everything recomputed by linear search from these few values.
#[derive(Clone, Debug)]
struct Simple {
    class: TaskClass,
    interval: u64,
    /// When it is due; `None` while in flight or given up for good.
    due: Option<u64>,
    /// (start, scheduled) of the run in flight.
    flight: Option<(u64, u64)>,
    errors: u32,
    given_up: bool,
    skipped: u64,
}

struct Model {
    tasks: Vec<Simple>,
    max: usize,
    batch: usize,
    limit: u64,
    delay: u64,
    probe: u64,
}

impl Model {
    fn end(&mut self, index: usize, now: u64, success: bool) {
        let (delay, probe) = (self.delay, self.probe);
        let task = &mut self.tasks[index];
        let (start, scheduled) = task.flight.take().unwrap();
        // Count the grid points that passed in flight, one by one.
        let mut next = scheduled + task.interval;
        while next <= now {
            task.skipped += u64::from(next > start);
            next += task.interval;
        }
        if success {
            task.errors = 0;
            task.given_up = false;
            task.due = Some(next);
            return;
        }
        task.errors += 1;
        task.given_up |= task.errors >= 5;
        let mut wait = delay;
        for _ in 1..task.errors {
            wait = (wait * 2).min(task.interval.max(delay));
        }
        task.due = match (task.given_up, task.class) {
            (false, _) => Some(now + wait),
            (true, TaskClass::Housekeeping) => None,
            (true, _) => Some(now + probe),
        };
    }

    fn turn(&mut self, now: u64) -> Vec<usize> {
        loop {
            let over = |task: &Simple| {
                let (start, _) = task.flight?;
                (start + self.limit <= now).then_some(start + self.limit)
            };
            let Some(index) = self.tasks.iter().position(|task| over(task).is_some()) else {
                break;
            };
            self.end(index, now, false);
        }
        let mut started = Vec::new();
        while started.len() < self.batch {
            let flying = self.tasks.iter().filter(|t| t.flight.is_some()).count();
            let others = self
                .tasks
                .iter()
                .filter(|t| t.flight.is_some() && t.class != TaskClass::Risk)
                .count();
            let next = (0..self.tasks.len())
                .filter(|i| self.tasks[*i].due.is_some_and(|due| due <= now))
                .min_by_key(|i| (self.tasks[*i].class, self.tasks[*i].due, *i));
            let Some(index) = next else { break };
            let kept = self.max >= 2 && self.tasks[index].class != TaskClass::Risk;
            if flying == self.max || (kept && others == self.max - 1) {
                break;
            }
            let task = &mut self.tasks[index];
            let due = task.due.take().unwrap();
            let mut point = due + task.interval;
            while point <= now {
                task.skipped += 1;
                point += task.interval;
            }
            task.flight = Some((now, due));
            started.push(index);
        }
        started
    }
}

fn agree_with_the_model(seed: u64) {
    const CLASSES: [TaskClass; 4] = [
        TaskClass::Risk,
        TaskClass::Trading,
        TaskClass::Market,
        TaskClass::Housekeeping,
    ];
    let mut rng = SplitMix64::new(seed);
    let settings = SchedulerSettings {
        max_in_flight: 1 + rng.below(5) as usize,
        batch: 1 + rng.below(3) as usize,
        timeout_ms: 300,
        error_recovery_delay_ms: 1 + rng.below(200),
        probe_interval_ms: 3000,
        ..SchedulerSettings::default()
    };
    let mut model = Model {
        tasks: Vec::new(),
        max: settings.max_in_flight,
        batch: settings.batch,
        limit: settings.timeout_ms,
        delay: settings.error_recovery_delay_ms,
        probe: settings.probe_interval_ms,
    };
    let mut scheduler = Scheduler::new(settings, 0);
    for (index, name) in NAMES.iter().enumerate() {
        let (class, interval) = (CLASSES[rng.below(4) as usize], 20 + rng.below(600));
        scheduler.add(spec(name, class, interval)).unwrap();
        model.tasks.push(Simple {
            class,
            interval,
            due: Some(index as u64 * 100),
            flight: None,
            errors: 0,
            given_up: false,
            skipped: 0,
        });
    }
    let mut now = 0;
    let mut flying: Vec<Run> = Vec::new();
    for _ in 0..3000 {
        now += rng.below(80) * rng.below(3);
        while !flying.is_empty() && rng.below(3) > 0 {
            let run = flying.swap_remove(rng.below(flying.len() as u64) as usize);
            let success = rng.below(3) > 0;
            let result = if success { Ok(()) } else { Err(String::new()) };
            if scheduler.returned(run, now, result, &mut Vec::new()) {
                model.end(usize::from(run.task.0), now, success);
            }
        }
        let mut events = Vec::new();
        scheduler.turn(now, &mut events);
        let runs = started(&events);
        let names: Vec<usize> = runs.iter().map(|run| usize::from(run.task.0)).collect();
        assert_eq!(names, model.turn(now), "seed {seed} at {now}");
        flying.extend(runs);
        for (view, task) in scheduler.views().iter().zip(&model.tasks) {
            assert_eq!(view.error_count, task.errors, "seed {seed} {view:?}");
            assert_eq!(view.skipped, task.skipped, "seed {seed} {view:?}");
            assert_eq!(view.enabled, !task.given_up, "seed {seed} {view:?}");
            assert_eq!(view.state == "in_flight", task.flight.is_some());
        }
    }
}

#[test]
fn agrees_with_a_linear_model_of_the_rules() {
    for seed in 1..=60 {
        agree_with_the_model(seed);
    }
}
