//! The real loop, scheduler, effect table and workers as one process, with planted tasks.
//!
//! Run without the variable below this is the driver: it starts itself as the process under test,
//! sends signals, and reads status dumps and log lines. No case asserts how long something took.

#[path = "support/planted.rs"]
mod planted;
#[path = "support/scenarios.rs"]
mod scenarios;
mod support;

use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use support::process::{Process, class, count, task};

/// Names the scenario that this process is to run.
const VARIABLE: &str = "MINNOW_PLANTED_SCENARIO";

const CASES: &[(&str, fn())] = &[
    (
        "two_tasks_start_a_turn_and_four_are_in_flight",
        two_tasks_start_a_turn_and_four_are_in_flight,
    ),
    (
        "failures_back_off_disable_and_recover",
        failures_back_off_disable_and_recover,
    ),
    (
        "a_task_is_over_at_its_limit_and_its_result_is_late",
        a_task_is_over_at_its_limit_and_its_result_is_late,
    ),
    (
        "a_panic_is_reported_and_the_worker_goes_on",
        a_panic_is_reported_and_the_worker_goes_on,
    ),
    (
        "orders_go_on_while_slow_calls_hang",
        orders_go_on_while_slow_calls_hang,
    ),
    (
        "effects_keep_to_their_places_and_their_queue",
        effects_keep_to_their_places_and_their_queue,
    ),
    (
        "a_flood_starves_neither_timers_nor_other_sources",
        a_flood_starves_neither_timers_nor_other_sources,
    ),
    (
        "a_replay_that_never_ends_starves_nobody",
        a_replay_that_never_ends_starves_nobody,
    ),
    (
        "three_threads_and_no_wake_up_while_nothing_is_due",
        three_threads_and_no_wake_up_while_nothing_is_due,
    ),
    ("stop_signals_end_with_0", stop_signals_end_with_0),
    (
        "a_second_stop_signal_ends_at_once_with_3",
        a_second_stop_signal_ends_at_once_with_3,
    ),
    (
        "the_shutdown_deadline_ends_with_3",
        the_shutdown_deadline_ends_with_3,
    ),
    (
        "an_emergency_stop_ends_with_4",
        an_emergency_stop_ends_with_4,
    ),
    (
        "a_panic_on_the_loop_ends_with_101_after_one_line",
        a_panic_on_the_loop_ends_with_101_after_one_line,
    ),
];

fn main() -> ExitCode {
    if let Ok(name) = std::env::var(VARIABLE) {
        let scenario = scenarios::named(&name).expect("a known scenario");
        return planted::run(scenario).into();
    }
    let filters: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    if std::env::args().any(|argument| argument == "--list") {
        for (name, _) in CASES {
            println!("{name}: test");
        }
        return ExitCode::SUCCESS;
    }
    let (mut passed, mut failed) = (0, 0);
    for (name, case) in CASES {
        if !filters.is_empty() && !filters.iter().any(|filter| name.contains(filter)) {
            continue;
        }
        match std::panic::catch_unwind(case) {
            Ok(()) => {
                println!("test {name} ... ok");
                passed += 1;
            }
            Err(_) => {
                println!("test {name} ... FAILED");
                failed += 1;
            }
        }
    }
    println!("{passed} passed, {failed} failed");
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn start(scenario: &str) -> Process {
    let program = std::env::current_exe().expect("the path of this test");
    let mut command = Command::new(program);
    command.env(VARIABLE, scenario);
    Process::start(command, "planted ready")
}

fn stop(mut process: Process) {
    process.signal(libc::SIGTERM);
    assert_eq!(process.wait().code(), Some(0));
}

fn two_tasks_start_a_turn_and_four_are_in_flight() {
    let mut process = start("crowd");
    let dump = process.dump_until("every task ran ten times", |dump| {
        let tasks = dump["scheduler"]["tasks"].as_array().unwrap();
        count(&dump["scheduler"]["in_flight_high_water"]) == 4
            && tasks.iter().all(|task| count(&task["runs"]) >= 10)
    });
    let scheduler = &dump["scheduler"];
    assert_eq!(scheduler["started_a_turn_max"], 2, "{scheduler:#}");
    assert_eq!(scheduler["in_flight_high_water"], 4, "{scheduler:#}");
    let skipped = |name| count(&task(&dump, name)["skipped"]);
    assert!(
        skipped("f") > 0,
        "what missed its period is counted: {scheduler:#}"
    );
    assert!(
        count(&task(&dump, "risk_a")["runs"]) >= count(&task(&dump, "f")["runs"]),
        "class risk goes first"
    );
    stop(process);
}

fn failures_back_off_disable_and_recover() {
    let mut process = start("failures");
    let is_disabled = |dump: &Value, name: &str| task(dump, name)["enabled"] == false;
    let dump = process.dump_until("both are disabled", |dump| {
        is_disabled(dump, "failing") && is_disabled(dump, "probed")
    });
    assert_eq!(task(&dump, "failing")["error_count"], 5);
    assert_eq!(task(&dump, "failing")["failures"], 5);
    let delays: Vec<String> = process
        .lines_with("task_failed task=failing ")
        .iter()
        .map(|line| {
            let (_, rest) = line.split_once("retry_in_ms=").expect("the retry is told");
            rest.split(' ').next().expect("a value").to_owned()
        })
        .collect();
    assert_eq!(delays, ["40", "80", "160", "320", "never"]);
    process.wait_for_line("ERROR planted task_disabled task=failing");
    let probes = count(&task(&dump, "probed")["runs"]);
    process.dump_until("the disabled task is probed", |dump| {
        count(&task(dump, "probed")["runs"]) > probes + 1
    });
    process.signal(libc::SIGHUP);
    let dump = process.dump_until("both are back", |dump| {
        !is_disabled(dump, "failing") && !is_disabled(dump, "probed")
    });
    process.wait_for_line("task_recovered task=probed");
    assert_eq!(task(&dump, "probed")["error_count"], 0);
    let dump = process.dump_until("the enabled task ran at once", |dump| {
        count(&task(dump, "failing")["runs"]) == 6
    });
    assert_eq!(task(&dump, "failing")["error_count"], 0);
    assert_eq!(
        task(&dump, "beside")["failures"],
        0,
        "others were left alone"
    );
    stop(process);
}

fn a_task_is_over_at_its_limit_and_its_result_is_late() {
    let mut process = start("timeouts");
    process.wait_for_line("task_failed task=hanging");
    let dump = process.dump();
    let hanging = task(&dump, "hanging");
    assert_eq!(hanging["timeouts"], 1, "{hanging:#}");
    assert_eq!(hanging["error_count"], 1);
    assert_ne!(hanging["state"], "in_flight", "its place is free");
    let dump = process.dump_until("the late result came and was counted", |dump| {
        count(&dump["effects"]["late_results"]) >= 1
    });
    assert_eq!(class(&dump, "market_data")["succeeded"], 0, "{dump:#}");
    assert!(count(&class(&dump, "market_data")["abandoned"]) >= 1);
    let runs = count(&task(&dump, "beside")["runs"]);
    process.dump_until("other tasks run", |dump| {
        count(&task(dump, "beside")["runs"]) > runs
    });
    stop(process);
}

fn a_panic_is_reported_and_the_worker_goes_on() {
    let mut process = start("panics");
    let line = process.wait_for_line("task_failed task=panicking");
    assert!(line.contains("panicked: planted at "), "{line}");
    let panicked = |dump: &Value| count(&dump["workers"][1]["panicked"]);
    let dump = process.dump_until("it panicked until it was disabled", |dump| {
        task(dump, "panicking")["enabled"] == false
    });
    assert_eq!(panicked(&dump), 5);
    assert_eq!(class(&dump, "storage")["failed"], 5);
    let succeeded = |dump: &Value| count(&class(dump, "storage")["succeeded"]);
    let before = succeeded(&dump);
    let dump = process.dump_until("the same worker runs other jobs", |dump| {
        succeeded(dump) > before + 5
    });
    assert_eq!(dump["workers"][1]["started"], true);
    assert_eq!(task(&dump, "after")["failures"], 0);
    stop(process);
}

fn orders_go_on_while_slow_calls_hang() {
    let mut process = start("hanging_calls");
    process.wait_for_line("ERROR loop worker_stuck");
    let orders = |dump: &Value| count(&class(dump, "order")["succeeded"]);
    let before = process.dump();
    let dump = process.dump_until("orders go on", |dump| orders(dump) > orders(&before) + 20);
    assert_eq!(task(&dump, "orders")["failures"], 0, "{dump:#}");
    assert_ne!(dump["workers"][0]["job"]["class"], "llm");
    let hanging = &dump["workers"][1]["job"]["class"];
    assert!(hanging == "llm" || hanging == "notification", "{hanging}");
    let stuck = dump["stuck"].as_array().unwrap();
    assert_eq!(stuck.len(), 1, "one worker is lost to slow jobs: {dump:#}");
    let timed_out = |name| count(&class(&dump, name)["timed_out"]);
    assert_eq!(timed_out("llm") + timed_out("notification"), 1);
    process.signal(libc::SIGTERM);
    assert_eq!(process.wait().code(), Some(3), "a worker did not join");
    assert_eq!(process.lines_with("worker_did_not_join worker=1").len(), 1);
}

fn effects_keep_to_their_places_and_their_queue() {
    let mut process = start("many_effects");
    let dump = process.dump();
    assert!(
        count(&dump["effects"]["in_flight"]) <= 23,
        "two places are reserved"
    );
    assert_eq!(dump["effects"]["waiting_high_water"], 100);
    assert_eq!(class(&dump, "storage")["refused"], 7);
    let dump = process.dump_until("all that were admitted are done", |dump| {
        count(&class(dump, "storage")["succeeded"]) == 123
    });
    assert_eq!(count(&dump["effects"]["in_flight"]), 0);
    stop(process);
}

/// Writes without end until told to stop.
fn flood(mut stream: TcpStream, stop: Arc<AtomicBool>) {
    let block = [b'x'; 64 * 1024];
    while !stop.load(Ordering::Relaxed) && stream.write_all(&block).is_ok() {}
}

fn a_flood_starves_neither_timers_nor_other_sources() {
    let mut process = start("flood");
    let line = process.wait_for_line("planted listening");
    let (_, port) = line.split_once("port=").expect("the port is told");
    let address = format!("127.0.0.1:{port}");
    let stop_flood = Arc::new(AtomicBool::new(false));
    let flooding = TcpStream::connect(&address).expect("it listens");
    let thread = {
        let stop_flood = Arc::clone(&stop_flood);
        std::thread::spawn(move || flood(flooding, stop_flood))
    };
    let before = process.dump_until("the flood outruns the budget", |dump| {
        count(&dump["details"]["spent_budgets"]) > 10
    });
    let mut quiet = TcpStream::connect(&address).expect("it listens");
    quiet
        .set_read_timeout(Some(Duration::from_secs(30)))
        .expect("a timeout");
    for _ in 0..20 {
        quiet.write_all(b"p").expect("it reads");
        let mut answer = [0; 1];
        quiet
            .read_exact(&mut answer)
            .expect("the quiet source is served");
    }
    let runs = |dump: &Value| count(&task(dump, "ticking")["runs"]);
    let dump = process.dump_until("timers are served", |dump| runs(dump) > runs(&before) + 10);
    assert_eq!(dump["details"]["most_messages"], 64, "{dump:#}");
    let messages = |dump: &Value| count(&dump["details"]["messages"]);
    assert!(
        messages(&dump) > messages(&before),
        "the flood was still on"
    );
    stop_flood.store(true, Ordering::Relaxed);
    stop(process);
    thread.join().expect("the flood ends");
}

fn a_replay_that_never_ends_starves_nobody() {
    let mut process = start("endless_work");
    let slices = |dump: &Value| count(&dump["details"]["slices"]);
    let runs = |dump: &Value| count(&task(dump, "ticking")["runs"]);
    let orders = |dump: &Value| count(&class(dump, "order")["succeeded"]);
    let before = process.dump();
    process.dump_until("work, timers and workers go on side by side", |dump| {
        slices(dump) > slices(&before) + 10
            && runs(dump) > runs(&before) + 10
            && orders(dump) > orders(&before) + 3
    });
    stop(process);
}

fn three_threads_and_no_wake_up_while_nothing_is_due() {
    let mut process = start("idle");
    process.dump_until("both workers have worked", |dump| {
        count(&class(dump, "order")["succeeded"]) == 1
            && count(&class(dump, "llm")["succeeded"]) == 1
            && count(&task(dump, "rare")["runs"]) == 1
    });
    let before = process.dump();
    // Any tick of a second or less would show in each of the windows and in the count of turns. The
    // loop falls asleep after it has written the dump, which may show in the first one.
    let is_quiet = |process: &Process| {
        let sleeps = process.sleeps();
        std::thread::sleep(Duration::from_millis(1200));
        process.sleeps() == sleeps
    };
    assert!((0..2).any(|_| is_quiet(&process)), "no thread wakes up");
    let after = process.dump();
    let turns = |dump: &Value| count(&dump["loop"]["turns"]);
    assert_eq!(
        turns(&after),
        turns(&before) + 1,
        "the one of the dump itself"
    );
    let mut threads = process.threads();
    threads.sort();
    assert_eq!(threads[..2], ["minnow-worker-0", "minnow-worker-1"]);
    assert_eq!((threads.len(), &after["threads"]), (3, &Value::from(3)));
    stop(process);
}

fn stop_signals_end_with_0() {
    for signal in [libc::SIGTERM, libc::SIGINT] {
        let mut process = start("stops");
        process.signal(signal);
        assert_eq!(process.wait().code(), Some(0));
    }
}

fn a_second_stop_signal_ends_at_once_with_3() {
    let mut process = start("will_not_stop");
    process.signal(libc::SIGTERM);
    process.wait_for_line("loop signal name=SIGTERM");
    process.dump();
    process.signal(libc::SIGINT);
    assert_eq!(process.wait().code(), Some(3));
}

fn the_shutdown_deadline_ends_with_3() {
    let mut process = start("misses_its_deadline");
    process.signal(libc::SIGTERM);
    assert_eq!(process.wait().code(), Some(3));
    assert_eq!(process.lines_with("shutdown_deadline_passed").len(), 1);
}

fn an_emergency_stop_ends_with_4() {
    let mut process = start("stops");
    process.signal(libc::SIGUSR2);
    assert_eq!(process.wait().code(), Some(4));
}

fn a_panic_on_the_loop_ends_with_101_after_one_line() {
    let mut process = start("panics_on_the_loop");
    process.signal(libc::SIGHUP);
    assert_eq!(process.wait().code(), Some(101));
    let lines = process.lines_with("panicked");
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("ERROR process panicked text=\"planted on the loop at "));
}
