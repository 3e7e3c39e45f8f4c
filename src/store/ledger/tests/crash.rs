//! A process killed while it writes leaves a readable ledger that does not claim to be complete.

use super::samples::*;
use crate::core::records::Record;
use crate::store::ledger::{Ledger, Mode, Reader, SessionStatus};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

const FILE: &str = "MINNOW_TEST_LEDGER_TO_KILL";
const BATCH: u64 = 500;

/// The child of the test below; without its variable there is nothing to do.
#[test]
#[ignore = "started by the kill test"]
fn writes_until_it_is_killed() {
    let path = std::env::var_os(FILE).expect("the kill test names the file");
    let mut ledger = Ledger::create_replay(path.as_ref(), &session(Mode::Replay)).unwrap();
    println!("committed 0");
    for batch in 0.. {
        let rows: Vec<_> = (batch * BATCH..(batch + 1) * BATCH)
            .map(|id| core(Record::Fill(fill(id + 1))))
            .collect();
        let done = ledger.write(&rows).unwrap();
        println!("committed {}", done.total);
    }
}

/// Starts the child and kills it as soon as it has committed that many rows.
fn killed_after(path: &Path, rows: u64) -> u64 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--nocapture", "writes_until_it_is_killed"])
        .env(FILE, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut committed = None;
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        if let Some((_, total)) = line.split_once("committed ") {
            committed = Some(total.parse().unwrap());
        }
        if committed >= Some(rows) {
            // Most of its time is inside a transaction.
            child.kill().unwrap();
            break;
        }
    }
    child.wait().unwrap();
    let committed = committed.expect("the child began");
    assert!(committed >= rows, "the child ended early");
    committed
}

#[test]
fn a_kill_at_any_time_leaves_a_readable_running_ledger() {
    let scratch = Scratch::new("kill");
    let path = scratch.file("a.sqlite");
    // Each round makes the ledger anew over what the kill before it left.
    for rows in [0, 0, BATCH, 3 * BATCH, 40 * BATCH] {
        let committed = killed_after(&path, rows);
        let stored = Reader::open(&path).unwrap().latest_session().unwrap();
        assert_eq!(stored.unwrap().status, SessionStatus::Running);
        let (count, verdict): (i64, String) = rusqlite::Connection::open(&path)
            .unwrap()
            .query_row(
                "SELECT (SELECT count(*) FROM fills), quick_check FROM pragma_quick_check",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .unwrap();
        assert_eq!(verdict, "ok");
        // Everything it was told is committed is there, and whole batches only.
        assert!(count as u64 >= committed, "{count} < {committed}");
        assert_eq!(count as u64 % BATCH, 0);
    }
    Ledger::create_replay(&path, &session(Mode::Replay)).unwrap();
}
