//! A process killed while it writes leaves a readable ledger that does not claim to be complete.

use super::samples::*;
use crate::core::records::Record;
use crate::store::ledger::{Ledger, Mode, Reader, SessionStatus};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

const FILE: &str = "MINNOW_TEST_LEDGER_TO_KILL";
const BATCH: u64 = 500;

/// The child of the test below; without its variable there is nothing to do.
#[test]
#[ignore = "started by the kill test"]
fn writes_until_it_is_killed() {
    let path = std::env::var_os(FILE).expect("the kill test names the file");
    let mut ledger = Ledger::create_replay(path.as_ref(), &session(Mode::Replay)).unwrap();
    for batch in 0.. {
        let rows: Vec<_> = (batch * BATCH..(batch + 1) * BATCH)
            .map(|id| core(Record::Fill(fill(id + 1))))
            .collect();
        let done = ledger.write(&rows).unwrap();
        println!("committed {}", done.total);
    }
}

#[test]
fn a_kill_in_the_middle_leaves_a_readable_running_ledger() {
    let scratch = Scratch::new("kill");
    let path = scratch.file("a.sqlite");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--nocapture", "writes_until_it_is_killed"])
        .env(FILE, &path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut committed: u64 = 0;
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        if let Some((_, total)) = line.split_once("committed ") {
            committed = total.parse().unwrap();
        }
        if committed >= 20 * BATCH {
            // Most of its time is inside a transaction.
            child.kill().unwrap();
            break;
        }
    }
    child.wait().unwrap();
    assert!(committed >= 20 * BATCH, "the child ended early");
    let stored = Reader::open(&path)
        .unwrap()
        .latest_session()
        .unwrap()
        .unwrap();
    assert_eq!(stored.status, SessionStatus::Running);
    let connection = rusqlite::Connection::open(&path).unwrap();
    let (count, verdict): (u64, String) = connection
        .query_row(
            "SELECT (SELECT count(*) FROM fills), quick_check FROM pragma_quick_check",
            [],
            |row| Ok((row.get::<_, i64>(0)? as u64, row.get(1)?)),
        )
        .unwrap();
    assert_eq!(verdict, "ok");
    // Everything it was told is committed is there, and whole batches only.
    assert!(count >= committed, "{count} < {committed}");
    assert_eq!(count % BATCH, 0);
    drop(connection);
    // The lock died with its holder: the replay can be started again.
    Ledger::create_replay(&path, &session(Mode::Replay)).unwrap();
}
