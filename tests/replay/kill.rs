//! A run that is killed leaves a sound ledger, and the next one is as if it had never been.

use crate::book::Book;
use crate::bot::{Bot, end, reference, wait_until};
use std::time::Duration;

/// Ends it as no handler can prevent.
fn kill(process: &mut crate::support::process::Process) {
    process.signal(libc::SIGKILL);
    assert_eq!(end(process).status, None, "killed");
}

fn assert_runs_anew(bot: &Bot) {
    let report = Bot::bundled()
        .ledger_at(bot.ledger().to_path_buf())
        .report();
    let reference = reference();
    assert_eq!(report.essence(), reference.report.essence());
    let book = Book::open(bot.ledger());
    book.assert_sound("complete");
    assert_eq!(book.content(), Book::open(reference.bot.ledger()).content());
}

#[test]
fn killed_in_the_middle_it_says_running_and_is_made_anew() {
    let bot = Bot::bundled().with(&["--speed", "20000"]);
    let mut process = bot.start();
    let status = wait_until(&mut process, "rows in the ledger", |details| {
        details["rows_written"].as_u64() > Some(0)
    });
    kill(&mut process);
    let book = Book::open(bot.ledger());
    book.assert_sound("running");
    // What was reported as written is there.
    let written = status["details"]["rows_written"].as_u64().unwrap();
    let tables = ["orders", "fills", "lots", "trades", "decisions", "equity"];
    let kept: u64 = tables
        .iter()
        .map(|table| book.count(&format!("SELECT count(*) FROM {table}")))
        .sum();
    assert!(kept > 0 && written > 0, "{kept} rows, {written} written");
    assert_runs_anew(&bot);
}

#[test]
fn killed_at_any_moment_the_ledger_is_sound() {
    let bot = Bot::bundled();
    for moment in 0..10 {
        let mut process = bot.start();
        std::thread::sleep(Duration::from_millis(12 * moment));
        process.signal(libc::SIGKILL);
        // The fast ones may have come to their end.
        let _ = end(&mut process);
        let book = Book::open(bot.ledger());
        assert_eq!(book.value("PRAGMA integrity_check"), "ok");
        let status = book.value("SELECT status FROM sessions");
        assert!(
            ["running", "complete"].contains(&status.as_str()),
            "{status}"
        );
        if status == "running" {
            let end = book.value("SELECT coalesce(state_hash, 'none') FROM sessions");
            assert_eq!(end, "none", "what is not complete has no result");
        }
    }
    assert_runs_anew(&bot);
}
