//! Signals in the middle of a slow replay.

use crate::book::Book;
use crate::bot::{Bot, end, status, wait_until};
use crate::market::{later, record, trades};
use crate::support::folder::Folder;
use std::io::Read;
use std::process::Stdio;

const HOUR: i64 = 3_600_000_000_000;

/// The cases below know when momentum trades in the bundled recording.
const MOMENTUM: [&str; 4] = [
    "--set",
    "strategy.type=momentum",
    "--set",
    "data.enable_cipher_b_filter=false",
];

#[test]
fn a_stop_signal_ends_with_130_and_everything_up_to_there() {
    for (signal, name) in [(libc::SIGINT, "SIGINT"), (libc::SIGTERM, "SIGTERM")] {
        let bot = Bot::bundled().with(&["--speed", "20000"]);
        let mut process = bot.start();
        wait_until(&mut process, "the first trades", |details| {
            details["trades"].as_u64() >= Some(2)
        });
        process.signal(signal);
        let run = end(&mut process);
        assert_eq!(run.status, Some(130), "{}", run.stderr);
        let report = run.report();
        assert_eq!(report.status(), "interrupted");
        let book = Book::open(bot.ledger());
        book.assert_sound("interrupted");

        // It is complete up to the stated point: the same as a recording that ends there.
        let inputs = usize::try_from(report.inputs()).unwrap();
        let (header, trades) = trades();
        let stated = format!(
            "stopped by {name}: what follows is complete up to {}",
            trades[inputs - 1].stamp.wall
        );
        assert!(run.stderr.contains(&stated), "{stated}: {}", run.stderr);
        let cut = bot.folder.file("cut.mrec");
        record(&cut, header, [&trades[..inputs]]);
        let whole = Bot::new(&[&cut]);
        let mut expected = whole.report().essence();
        expected["session"]["status"] = "interrupted".into();
        let notes = expected["notes"].as_array_mut().expect("a list");
        notes.insert(0, "interrupted: complete up to the last data shown".into());
        assert_eq!(report.essence(), expected);
        assert_eq!(book.content(), Book::open(whole.ledger()).content());
    }
}

#[test]
fn two_stop_signals_end_at_once_with_3() {
    let bot = Bot::bundled().with(&["--speed", "0.001"]);
    let mut process = bot.start();
    // Both are waiting when it goes on: the second finds the first under way.
    process.signal(libc::SIGSTOP);
    process.signal(libc::SIGINT);
    process.signal(libc::SIGTERM);
    process.signal(libc::SIGCONT);
    let run = end(&mut process);
    assert_eq!(run.status, Some(3), "{}", run.stderr);
    assert_eq!(run.stdout, "", "no report of what was given up");
    Book::open(bot.ledger()).assert_sound("running");
}

#[test]
fn a_report_that_nobody_reads_does_not_hold_up_a_second_stop_signal() {
    let bot = Bot::bundled();
    let mut child = bot
        .command()
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut stdout = child.stdout.take().expect("stdout is piped");
    // It has begun to print more than the pipe takes: the loop is over.
    stdout.read_exact(&mut [0]).expect("a report");
    let pid = libc::pid_t::try_from(child.id()).expect("a process id");
    for signal in [libc::SIGINT, libc::SIGTERM] {
        // SAFETY: a plain system call; the process is our child and has not been waited for.
        assert_eq!(unsafe { libc::kill(pid, signal) }, 0);
    }
    assert_eq!(child.wait().expect("our child").code(), Some(3));
    drop(stdout);
    // The run itself was over before.
    Book::open(bot.ledger()).assert_sound("complete");
}

#[test]
fn sighup_reads_the_configuration_again_and_changes_no_result() {
    let level = |level: &str| format!(r#"{{"system": {{"log_level": "{level}"}}}}"#);
    // Long enough for the alert of a losing run at 03:01.
    let window = ["--to", "2018-01-01T03:10:00Z"];
    let bot = Bot::bundled()
        .with(&window)
        .with(&MOMENTUM)
        .with(&["--speed", "4000", "--config", "config.json"])
        // The test reads the lines while it runs.
        .with(&["--set", "logging.async_logging=false"]);
    bot.folder.write("config.json", level("info"));
    let mut process = bot.start();
    bot.folder.write("config.json", level("debug"));
    process.signal(libc::SIGHUP);
    let line = process.wait_for_line("configuration read again");
    assert!(
        line.contains("applied: system.log_level; needs a restart: nothing"),
        "{line}"
    );

    for (broken, said) in [
        ("{\"system\": ", "config.json"),
        (r#"{"system": {"log_level": "loud"}}"#, "system.log_level"),
    ] {
        bot.folder.write("config.json", broken);
        process.signal(libc::SIGHUP);
        let line = process.wait_for_line("reload refused");
        assert!(line.contains("the running configuration stays"), "{line}");
        assert!(line.contains(said), "{said}: {line}");
        assert!(line.contains(r#""level":"ERROR""#), "{line}");
    }
    // The level stays that of the last good reading: told by what only debug writes.
    let run = end(&mut process);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    assert!(run.stderr.contains(r#""level":"DEBUG""#), "{}", run.stderr);

    let undisturbed = Bot::bundled().with(&window).with(&MOMENTUM);
    let expected = undisturbed.report();
    assert_eq!(run.report().essence(), expected.essence());
    assert_eq!(
        Book::open(bot.ledger()).content(),
        Book::open(undisturbed.ledger()).content()
    );
}

#[test]
fn sigusr1_writes_one_line_of_json() {
    let bot = Bot::bundled().with(&["--speed", "1"]);
    let mut process = bot.start();
    let fields = status(&mut process);
    assert_eq!(fields["pid"], process.id());
    assert_eq!(fields["details"]["equity"], "10000");
    assert!(fields["details"]["state_hash"].is_string());
    assert!(
        fields["workers"]
            .as_array()
            .is_some_and(|workers| workers.len() == 2)
    );
    process.signal(libc::SIGTERM);
    let run = end(&mut process);
    assert_eq!(run.status, Some(130), "{}", run.stderr);
    assert!(
        !run.stderr.contains(r#""msg":"status""#),
        "one line for one signal"
    );
}

#[test]
fn sigusr2_closes_the_position_and_ends_with_4() {
    let (header, trades) = trades();
    let minute = |n: i64| {
        let midnight = trades[0].stamp.wall.0 / HOUR * HOUR;
        trades.partition_point(|row| row.stamp.wall.0 < midnight + n * HOUR / 60)
    };
    // The first position opens at 01:42. A silence long enough for a signal follows at 01:50, with
    // the position still open, and then an hour of trades.
    let before = &trades[..minute(110)];
    let after = later(&trades[minute(110)..minute(170)], 20 * HOUR);
    let folder = Folder::new();
    let recording = folder.file("silence.mrec");
    record(&recording, header, [before, &after[..]]);
    let bot = Bot::new(&[&recording])
        .with(&MOMENTUM)
        .with(&["--speed", "20000"]);
    let mut process = bot.start();
    wait_until(&mut process, "the silence", |details| {
        details["inputs"].as_u64() == Some(before.len() as u64)
    });
    process.signal(libc::SIGUSR2);
    let run = end(&mut process);
    assert_eq!(run.status, Some(4), "{}", run.stderr);

    let report = run.report();
    assert_eq!(
        report.status(),
        "complete",
        "it replays to its end, without entries"
    );
    assert_eq!(report.0["trade_count"], 1, "no entry after the stop");
    assert_eq!(report.0["trades"][0]["reason"], "operator");
    assert_eq!(report.0["open_positions"].as_array().map(Vec::len), Some(0));
    let book = Book::open(bot.ledger());
    book.assert_sound("complete");
    assert_eq!(book.column("SELECT side FROM positions"), ["FLAT"]);
    assert_eq!(
        book.value("SELECT text FROM limits WHERE name = 'emergency_stop'"),
        "operator"
    );
    assert_eq!(
        book.value("SELECT level FROM events WHERE code = 'emergency_stop'"),
        "critical"
    );
}
