//! The scenarios: which tasks and effects are planted, with limits short enough to be met.

use crate::planted::{Behaviour, Listen, OnReload, OnStop, PlantedJob, PlantedWork, Scenario};
use minnow::core::schedule::{Period, SchedulerSettings, TaskClass, TaskSpec};
use minnow::runtime::{EffectClass, LoopSettings, Wait};
use std::time::Duration;

fn task(
    name: &'static str,
    class: TaskClass,
    interval_ms: u64,
    behaviour: Behaviour,
) -> (TaskSpec, Behaviour) {
    let spec = TaskSpec {
        name,
        class,
        period: Period::Every(interval_ms),
        timeout_ms: None,
    };
    (spec, behaviour)
}

fn sleep(milliseconds: u64) -> PlantedJob {
    PlantedJob::Sleep(Duration::from_millis(milliseconds))
}

/// Longer than any test.
fn hang() -> PlantedJob {
    sleep(600_000)
}

fn nothing() -> Scenario {
    Scenario {
        scheduler: SchedulerSettings::default(),
        machinery: LoopSettings::default(),
        tasks: Vec::new(),
        effects: Vec::new(),
        effect_limit_ms: 20_000,
        effect_wait: Wait::Unlimited,
        on_stop: OnStop::Exit,
        on_reload: OnReload::Mend,
        work: PlantedWork::None,
        listen: Listen::No,
    }
}

/// The scenario of this name.
pub fn named(name: &str) -> Option<Scenario> {
    let scenario = match name {
        "crowd" => crowd(),
        "failures" => failures(),
        "timeouts" => timeouts(),
        "panics" => panics(),
        "hanging_calls" => hanging_calls(),
        "many_effects" => many_effects(),
        "flood" => flood(),
        "endless_work" => endless_work(),
        "idle" => idle(),
        "stops" => nothing(),
        "will_not_stop" => Scenario {
            on_stop: OnStop::Ignore,
            ..nothing()
        },
        "misses_its_deadline" => misses_its_deadline(),
        "panics_on_the_loop" => Scenario {
            on_reload: OnReload::Panic,
            ..nothing()
        },
        _ => return None,
    };
    Some(scenario)
}

/// More due tasks than places, all with work on workers.
fn crowd() -> Scenario {
    let slow = Behaviour::Effect(EffectClass::Storage, sleep(30));
    let fast = Behaviour::Effect(EffectClass::Reconciliation, sleep(30));
    let mut tasks = vec![
        task("risk_a", TaskClass::Risk, 50, fast.clone()),
        task("risk_b", TaskClass::Risk, 50, fast),
    ];
    for name in ["a", "b", "c", "d", "e", "f"] {
        tasks.push(task(name, TaskClass::Market, 50, slow.clone()));
    }
    for name in ["quick_a", "quick_b", "quick_c", "quick_d"] {
        tasks.push(task(name, TaskClass::Risk, 10, Behaviour::Quick));
    }
    Scenario { tasks, ..nothing() }
}

/// Tasks that fail until they are mended, with short delays.
fn failures() -> Scenario {
    Scenario {
        scheduler: SchedulerSettings {
            error_recovery_delay_ms: 40,
            probe_interval_ms: 200,
            ..SchedulerSettings::default()
        },
        tasks: vec![
            task(
                "failing",
                TaskClass::Housekeeping,
                100_000,
                Behaviour::Failing,
            ),
            task("probed", TaskClass::Market, 100_000, Behaviour::Failing),
            task("beside", TaskClass::Market, 20, Behaviour::Quick),
        ],
        ..nothing()
    }
}

/// A task whose job takes longer than the task may.
fn timeouts() -> Scenario {
    Scenario {
        scheduler: SchedulerSettings {
            timeout_ms: 300,
            error_recovery_delay_ms: 500,
            ..SchedulerSettings::default()
        },
        tasks: vec![
            task(
                "hanging",
                TaskClass::Market,
                100_000,
                Behaviour::Effect(EffectClass::MarketData, sleep(450)),
            ),
            task("beside", TaskClass::Market, 20, Behaviour::Quick),
        ],
        ..nothing()
    }
}

fn panics() -> Scenario {
    Scenario {
        scheduler: SchedulerSettings {
            error_recovery_delay_ms: 50,
            ..SchedulerSettings::default()
        },
        tasks: vec![
            task(
                "panicking",
                TaskClass::Housekeeping,
                50,
                Behaviour::Effect(EffectClass::Storage, PlantedJob::Panic),
            ),
            task(
                "after",
                TaskClass::Housekeeping,
                20,
                Behaviour::Effect(EffectClass::Storage, PlantedJob::Value),
            ),
        ],
        ..nothing()
    }
}

/// Model calls and notifications hang for good while orders go on.
fn hanging_calls() -> Scenario {
    let machinery = LoopSettings {
        executor_shutdown_timeout: Duration::from_millis(100),
        ..LoopSettings::default()
    };
    Scenario {
        machinery,
        effects: vec![
            (EffectClass::Notification, hang()),
            (EffectClass::Llm, hang()),
            (EffectClass::Llm, hang()),
            (EffectClass::Notification, hang()),
        ],
        effect_limit_ms: 150,
        effect_wait: Wait::Unlimited,
        tasks: vec![task(
            "orders",
            TaskClass::Risk,
            20,
            Behaviour::Effect(EffectClass::Order, PlantedJob::Value),
        )],
        ..nothing()
    }
}

/// More effects than places and queue.
fn many_effects() -> Scenario {
    Scenario {
        effects: (0..130)
            .map(|_| (EffectClass::Storage, sleep(20)))
            .collect(),
        ..nothing()
    }
}

fn flood() -> Scenario {
    Scenario {
        listen: Listen::Loopback,
        tasks: vec![task("ticking", TaskClass::Market, 20, Behaviour::Quick)],
        ..nothing()
    }
}

fn endless_work() -> Scenario {
    Scenario {
        work: PlantedWork::Endless,
        tasks: vec![
            task("ticking", TaskClass::Market, 20, Behaviour::Quick),
            task(
                "orders",
                TaskClass::Risk,
                50,
                Behaviour::Effect(EffectClass::Order, PlantedJob::Value),
            ),
        ],
        ..nothing()
    }
}

/// Both workers have worked; then nothing is due for ten minutes.
fn idle() -> Scenario {
    Scenario {
        effects: vec![
            (EffectClass::Order, PlantedJob::Value),
            (EffectClass::Llm, PlantedJob::Value),
        ],
        tasks: vec![task("rare", TaskClass::Market, 600_000, Behaviour::Quick)],
        ..nothing()
    }
}

fn misses_its_deadline() -> Scenario {
    let machinery = LoopSettings {
        shutdown_timeout: Duration::from_millis(100),
        ..LoopSettings::default()
    };
    Scenario {
        machinery,
        on_stop: OnStop::Ignore,
        ..nothing()
    }
}
