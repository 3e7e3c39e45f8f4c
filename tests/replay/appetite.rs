//! What a replay takes: threads, wake-ups, memory.

use crate::bot::{Bot, Report, status, wait_until};
use crate::market::{later, record, trades};
use crate::support::folder::Folder;
use crate::support::process::Process;
use std::io::Read;
use std::os::fd::AsRawFd;
use std::process::Stdio;
use std::time::Duration;

/// Peak memory of a replay, however long its recording is.
const PEAK_KIB: u64 = 16 * 1024;

#[test]
fn there_are_three_threads_and_never_more() {
    // Both workers at once, or each when there is work that no started one is free for.
    for (on_first_use, least) in [("false", 3), ("true", 2)] {
        let on_first_use = format!("io_effects.thread_pool_optimization={on_first_use}");
        let bot = Bot::bundled().with(&["--speed", "20000", "--set", &on_first_use]);
        let mut process = bot.start();
        let status = wait_until(&mut process, "a commit", |details| {
            details["rows_written"].as_u64() > Some(0)
        });
        let mut threads = process.threads();
        threads.sort();
        assert!(threads.len() >= least, "{on_first_use}: {threads:?}");
        let known = ["minnow", "minnow-worker-0", "minnow-worker-1"];
        if threads.len() == 3 {
            assert_eq!(threads, known, "{on_first_use}");
        }
        assert!(
            threads.iter().all(|name| known.contains(&name.as_str())),
            "{threads:?}"
        );
        assert!(threads.len() <= 3, "{threads:?}");
        assert_eq!(status["threads"].as_u64(), Some(threads.len() as u64));
    }
}

#[test]
fn nothing_wakes_up_until_the_next_trade_is_due() {
    // The next trade is due in an hour. Lines that are buffered would have to be flushed.
    let quiet = ["--speed", "0.001", "--set", "logging.async_logging=false"];
    let bot = Bot::bundled().with(&quiet);
    let mut process = bot.start();
    wait_until(&mut process, "the first trade", |details| {
        details["inputs"].as_u64() == Some(1)
    });
    // A poll that a signal interrupts is begun again.
    let wake_ups = |process: &mut _| {
        let status = status(process);
        let count = |name: &str| status["loop"][name].as_u64().expect("a count");
        count("wake_ups") - count("interrupted")
    };
    // What was read ahead and the status itself have to come to their end.
    let settle = |process: &Process| {
        let mut sleeps = process.sleeps();
        let settled = (0..100).any(|_| {
            std::thread::sleep(Duration::from_millis(100));
            let last = std::mem::replace(&mut sleeps, process.sleeps());
            last == sleeps
        });
        assert!(settled, "it never came to rest");
        sleeps
    };
    settle(&process);
    let before = wake_ups(&mut process);
    let sleeps = settle(&process);
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(process.sleeps(), sleeps, "a thread woke up");
    // One sleep, ended by the signal that asks.
    assert_eq!(wake_ups(&mut process), before + 1);
}

/// Runs it and returns its report and its peak of memory in KiB, read when all its work is done and
/// it waits for somebody to read the report.
fn peak_of(bot: &Bot) -> (Report, u64) {
    const PIPE: libc::c_int = 4096;
    let mut child = bot
        .command()
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdout = child.stdout.take().expect("stdout is piped");
    // SAFETY: a plain system call on a descriptor that is open.
    let size = unsafe { libc::fcntl(stdout.as_raw_fd(), libc::F_SETPIPE_SZ, PIPE) };
    assert!(size > 0, "the pipe is small");
    let mut text = vec![0; 1];
    stdout.read_exact(&mut text).expect("a report");
    let file = format!("/proc/{}/status", child.id());
    let state = std::fs::read_to_string(file).expect("it waits");
    stdout.read_to_end(&mut text).expect("a report");
    assert!(
        text.len() > 4 * size as usize,
        "a report longer than the pipe"
    );
    assert!(child.wait().expect("our child").success());
    let peak = state
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.trim().strip_suffix(" kB"))
        .expect("a peak")
        .parse()
        .expect("a number");
    let text = String::from_utf8(text).expect("text");
    (Report::parse(&text), peak)
}

#[test]
fn ten_times_the_recording_takes_no_more_memory() {
    let (report, peak) = peak_of(&Bot::bundled());
    assert_eq!(report.inputs(), 1_000_000);
    assert!(peak <= PEAK_KIB, "{peak} KiB for a million trades");

    let folder = Folder::new();
    let long = folder.file("long.mrec");
    let (header, trades) = trades();
    // A hundred hours later each time: the recording is a little shorter.
    let again = (0..10).map(|n| later(trades, n * 100 * 3_600_000_000_000));
    record(&long, header, again);
    let (report, peak) = peak_of(&Bot::new(&[&long]));
    assert_eq!(report.inputs(), 10_000_000);
    assert!(peak <= PEAK_KIB, "{peak} KiB for ten million trades");
}
