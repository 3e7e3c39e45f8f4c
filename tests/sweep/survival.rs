//! Whatever is killed, the sweep goes on and comes to the same rows.

use crate::desk::{Desk, FUTURES, MOMENTUM, bundled};
use crate::support::process::Process;
use minnow::core::units::Span;
use minnow::runtime::{EventLoop, LoopSettings};
use minnow::store::sweep_results::{Stored, SweepResults};
use minnow::sweep::run::ProcessStart;
use minnow::sweep::{Plan, SweepOutcome, SweepRun};
use std::time::{Duration, Instant};

/// Tasks of the plan: some seconds of one process.
const TASKS: usize = 400;
const PATIENCE: Duration = Duration::from_secs(60);

fn planned(tasks: usize) -> Desk {
    let desk = Desk::new();
    desk.run(&[
        "sweep",
        "plan",
        &bundled(),
        "--set",
        FUTURES,
        "--set",
        MOMENTUM,
        // Its longer frames would have every part begin where the recording does.
        "--set",
        "data.enable_cipher_b_filter=false",
        "--sample",
        &(tasks / 2).to_string(),
        "--range",
        "strategy.momentum.lookback=5..200:int",
        "--range",
        "strategy.momentum.entry_threshold=0.0001..0.01:log",
        "--split",
        "0.75",
        "-o",
        "p.json",
    ])
    .expect(0);
    desk
}

fn start(desk: &Desk, results: &str, processes: &str) -> Process {
    Process::start_silent(desk.command(&[
        "sweep",
        "run",
        "p.json",
        "-o",
        results,
        "--processes",
        processes,
    ]))
}

/// The arguments a process was started with; those of its parent until it runs a program of its own.
fn arguments(pid: u32) -> Vec<u8> {
    std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default()
}

/// Processes that this one has started.
fn children(parent: u32) -> Vec<i32> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc")
        .expect("a proc file system")
        .flatten()
    {
        let name = entry.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse::<i32>().ok()) else {
            continue;
        };
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        // pid (name) state parent
        let fields = stat.rsplit(')').next().unwrap_or_default();
        if fields.split_whitespace().nth(1) == Some(parent.to_string().as_str()) {
            found.push(pid);
        }
    }
    found
}

fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "never came to {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn send(pid: i32, signal: i32) {
    // SAFETY: a plain system call on a process that the program under test has just started.
    let status = unsafe { libc::kill(pid, signal) };
    assert_eq!(status, 0, "process {pid} was there");
}

#[test]
fn whatever_is_killed_costs_one_task_or_none_and_the_rows_are_the_same() {
    let desk = planned(TASKS);

    // A worker process dies in its first task.
    let mut sweep = start(&desk, "worker.sqlite", "1");
    let child = wait_for("a worker process", || children(sweep.id()).first().copied());
    send(child, libc::SIGKILL);
    assert_eq!(sweep.wait().code(), Some(0), "{:#?}", sweep.all_lines());
    let said = sweep.all_lines().join("\n");
    assert!(
        said.contains("400 of 400 tasks") && said.contains("1 failed"),
        "{said}"
    );
    let rows = desk.rows("worker.sqlite");
    let failed: Vec<_> = rows.iter().filter(|row| row.outcome.is_err()).collect();
    assert_eq!((rows.len(), failed.len()), (TASKS, 1));
    let reason = failed[0].outcome.as_ref().expect_err("it failed");
    assert_eq!(reason, "its process ended by signal 9");
    let again = desk
        .run(&["sweep", "run", "p.json", "-o", "worker.sqlite"])
        .expect(0);
    assert!(again.stderr.contains("0 of 0 tasks"), "{}", again.stderr);
    let retry = [
        "sweep",
        "run",
        "p.json",
        "-o",
        "worker.sqlite",
        "--retry-failed",
    ];
    let again = desk.run(&retry).expect(0);
    assert!(again.stderr.contains("1 of 1 tasks"), "{}", again.stderr);

    // The sweep itself dies after its first batch; its worker ends with it.
    let mut sweep = start(&desk, "parent.sqlite", "1");
    let written = wait_for("a first batch", || {
        let stored = Stored::read(&desk.file("parent.sqlite")).ok()?;
        (!stored.rows.is_empty()).then_some(stored.rows.len())
    });
    let orphans = children(sweep.id());
    sweep.signal(libc::SIGKILL);
    assert_eq!(sweep.wait().code(), None);
    wait_for("the end of its workers", || {
        let left = orphans.iter().filter(|pid| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/cmdline"));
            stat.is_ok_and(|line| line.contains("sweep-tasks"))
        });
        (left.count() == 0).then_some(())
    });
    let kept = desk.rows("parent.sqlite").len();
    assert!(
        written <= kept && kept < TASKS,
        "{written} then {kept} rows"
    );
    let again = desk
        .run(&["sweep", "run", "p.json", "-o", "parent.sqlite"])
        .expect(0);
    let left = format!("{0} of {0} tasks", TASKS - kept);
    assert!(again.stderr.contains(&left), "{}: {left}", again.stderr);
    assert_eq!(
        desk.timeless("parent.sqlite"),
        desk.timeless("worker.sqlite")
    );
}

#[test]
fn a_process_that_gives_no_result_is_ended_and_its_task_has_failed() {
    let desk = planned(6);
    let mut sweep = Process::start_silent(desk.command(&[
        "sweep",
        "run",
        "p.json",
        "--processes",
        "1",
        "--task-limit",
        "5s",
    ]));
    // Stopped before it runs a program of its own, it would stop its parent as well.
    let own = arguments(sweep.id());
    let child = wait_for("a worker process", || {
        let child = children(sweep.id()).first().copied()?;
        let its = arguments(child.unsigned_abs());
        (!its.is_empty() && its != own).then_some(child)
    });
    // It neither ends nor says anything; only SIGKILL moves it.
    send(child, libc::SIGSTOP);
    assert_eq!(sweep.wait().code(), Some(0), "{:#?}", sweep.all_lines());
    assert!(!std::path::Path::new(&format!("/proc/{child}")).exists());
    let rows = desk.rows("p.sqlite");
    let failures: Vec<&String> = rows
        .iter()
        .filter_map(|r| r.outcome.as_ref().err())
        .collect();
    assert_eq!(rows.len(), 6);
    assert_eq!(
        failures,
        ["its process gave no result within 5 s and was ended"]
    );
}

#[test]
fn a_process_that_closes_its_output_and_stays_is_not_waited_for() {
    let desk = planned(2);
    let plan = Plan::read(&desk.file("p.json")).expect("a plan");
    let path = desk.file("r.sqlite");
    let results = SweepResults::open(&path, &plan.to_json(), &plan.digest()).expect("results");
    let start = ProcessStart {
        program: "/bin/sh".into(),
        arguments: vec!["-c".into(), "exec sleep 1000 >&-".into()],
        limit: Span::from_secs(1),
    };
    let mut sweep = SweepRun::new(&plan, start, 2, vec![0, 1], results, None);
    let machine = EventLoop::new(LoopSettings::default()).expect("a loop");
    machine.run(&mut sweep).expect("an end");
    assert_eq!(sweep.outcome(), SweepOutcome::Complete);
    drop(sweep);
    let failures: Vec<_> = desk
        .rows("r.sqlite")
        .into_iter()
        .map(|r| r.outcome)
        .collect();
    let reason = "its process gave no result within 1 s and was ended";
    assert_eq!(failures, [Err(reason.to_owned()), Err(reason.to_owned())]);
}

#[test]
fn a_signal_ends_it_in_order_and_the_same_command_goes_on() {
    let desk = planned(TASKS);
    let mut sweep = start(&desk, "r.sqlite", "2");
    let workers = wait_for("two workers", || {
        let workers = children(sweep.id());
        (workers.len() == 2).then_some(workers)
    });
    // One that hears nothing is not waited for either.
    send(workers[0], libc::SIGSTOP);
    sweep.signal(libc::SIGINT);
    assert_eq!(sweep.wait().code(), Some(130));
    for pid in workers {
        let there = std::path::Path::new(&format!("/proc/{pid}")).exists();
        assert!(!there, "worker {pid} is still there");
    }
    let said = sweep.all_lines().join("\n");
    assert!(said.contains("goes on from here"), "{said}");
    let rows = desk.rows("r.sqlite").len();
    assert!(rows < TASKS, "all were done");
    assert!(
        said.contains(&format!("{rows} of 400 tasks")),
        "{rows} rows: {said}"
    );
    let text = desk.run(&["sweep", "show", "r.sqlite"]).expect(0).stdout;
    assert!(text.contains(&format!("{rows} of 400 done")), "{text}");
    let again = desk
        .run(&["sweep", "run", "p.json", "-o", "r.sqlite"])
        .expect(0);
    let left = format!("{0} of {0} tasks", TASKS - rows);
    assert!(again.stderr.contains(&left), "{}", again.stderr);
    assert_eq!(desk.rows("r.sqlite").len(), TASKS);
}
