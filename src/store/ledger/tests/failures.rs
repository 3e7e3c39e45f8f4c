//! Each failure has its own error, and each message names what, where and what was expected.

use super::samples::*;
use crate::core::market::SymbolId;
use crate::core::records::Record;
use crate::store::ledger::lock::lock_path;
use crate::store::ledger::schema::APPLICATION_ID;
use crate::store::ledger::{Ledger, LedgerError, Mode, Reader, SessionStatus};
use std::fs;

#[test]
fn a_second_minnow_is_told_who_holds_the_ledger() {
    let scratch = Scratch::new("lock");
    let path = scratch.file("paper.sqlite");
    let ledger = Ledger::open(&path, Mode::Paper).unwrap();
    let error = Ledger::open(&path, Mode::Paper).unwrap_err();
    let pid = std::process::id();
    assert_eq!(
        error,
        LedgerError::Locked {
            path: path.clone(),
            pid: Some(pid)
        }
    );
    let text = error.to_string();
    assert!(text.contains(&format!("process {pid}")), "{text}");
    assert!(text.contains("paper.sqlite"), "{text}");
    drop(ledger);
    assert!(!lock_path(&path).exists());
    Ledger::open(&path, Mode::Paper).unwrap();
}

#[test]
fn a_ledger_is_readable_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let scratch = Scratch::new("private");
    let replay = scratch.file("replay.sqlite");
    let _replay = Ledger::create_replay(&replay, &session(Mode::Replay)).unwrap();
    let paper = scratch.file("paper.sqlite");
    let _paper = Ledger::open(&paper, Mode::Paper).unwrap();
    for path in [&replay, &paper] {
        for suffix in ["", "-wal", "-shm"] {
            let name = format!("{}{suffix}", path.display());
            if let Ok(found) = fs::metadata(&name) {
                assert_eq!(found.permissions().mode() & 0o777, 0o600, "{name}");
            }
        }
    }
}

#[test]
fn a_lock_file_left_by_a_dead_process_blocks_nobody() {
    let scratch = Scratch::new("stale-lock");
    let path = scratch.file("paper.sqlite");
    fs::write(lock_path(&path), "1\n").unwrap();
    Ledger::open(&path, Mode::Paper).unwrap();
}

#[test]
fn a_directory_that_cannot_be_written_is_named() {
    let scratch = Scratch::new("unwritable");
    // A file where a directory is needed hinders every user, root included.
    fs::write(scratch.file("data"), "").unwrap();
    let path = scratch.file("data").join("replays").join("a.sqlite");
    let error = Ledger::create_replay(&path, &session(Mode::Replay)).unwrap_err();
    assert!(matches!(error, LedgerError::Unwritable { .. }), "{error:?}");
    let text = error.to_string();
    assert!(
        text.contains("a.sqlite") && text.contains("Expected: an existing directory"),
        "{text}"
    );
}

#[test]
fn a_fifo_in_the_place_of_a_ledger_is_refused_and_never_waited_for() {
    let scratch = Scratch::new("fifo");
    let path = scratch.file("a.sqlite");
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(made.unwrap().success());
    let error = Ledger::create_replay(&path, &session(Mode::Replay)).unwrap_err();
    assert!(matches!(error, LedgerError::NotALedger { .. }), "{error:?}");
    assert!(Reader::open(&path).is_err());
    assert!(path.exists(), "it is left alone");
}

#[test]
fn a_full_disk_loses_nothing_that_was_committed() {
    let scratch = Scratch::new("full");
    let path = scratch.file("a.sqlite");
    let mut ledger = Ledger::create_replay(&path, &session(Mode::Replay)).unwrap();
    ledger.write(&[core(Record::Fill(fill(1)))]).unwrap();
    // SQLite reports its own page limit exactly as it reports a full disk.
    let pages: i64 = ledger
        .connection
        .query_row("PRAGMA page_count", [], |row| row.get(0))
        .unwrap();
    ledger
        .connection
        .query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))
        .unwrap();
    let batch: Vec<_> = (2..2000).map(|id| core(Record::Fill(fill(id)))).collect();
    let error = ledger.write(&batch).unwrap_err();
    assert_eq!(error, LedgerError::DiskFull { path: path.clone() });
    assert!(error.to_string().contains("the disk is full"));
    ledger
        .connection
        .query_row("PRAGMA max_page_count = 1000000", [], |_| Ok(()))
        .unwrap();
    // The same batch again, after room was made.
    ledger.write(&batch).unwrap();
    ledger.close(&end(SessionStatus::Complete)).unwrap();
    let count: i64 = rusqlite::Connection::open(&path)
        .unwrap()
        .query_row("SELECT count(*) FROM fills", [], |row| row.get(0))
        .unwrap();
    assert_eq!(count, 1999);
}

#[test]
fn a_damaged_file_is_called_damaged() {
    let scratch = Scratch::new("damaged");
    let path = scratch.file("paper.sqlite");
    let mut ledger = Ledger::open(&path, Mode::Paper).unwrap();
    ledger.begin_session(&session(Mode::Paper)).unwrap();
    let batch: Vec<_> = (1..5000).map(|id| core(Record::Fill(fill(id)))).collect();
    ledger.write(&batch).unwrap();
    ledger.close(&end(SessionStatus::Complete)).unwrap();
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 4096].fill(0x5a);
    fs::write(&path, &bytes).unwrap();
    let ledger = Ledger::open(&path, Mode::Paper).unwrap();
    let error = ledger.quick_check().unwrap_err();
    assert!(matches!(error, LedgerError::Corrupt { .. }), "{error:?}");
    assert!(error.to_string().contains("damaged"), "{error}");
    drop(ledger);
    fs::write(&path, b"SQLite format 3\0 and then nothing of it").unwrap();
    let error = Ledger::open(&path, Mode::Paper).unwrap_err();
    assert_eq!(error, LedgerError::NotALedger { path });
}

#[test]
fn a_replay_never_removes_what_is_not_a_replay_ledger() {
    let scratch = Scratch::new("foreign");
    let paper = scratch.file("paper.sqlite");
    drop(Ledger::open(&paper, Mode::Paper).unwrap());
    let error = Ledger::create_replay(&paper, &session(Mode::Replay)).unwrap_err();
    assert!(
        matches!(&error, LedgerError::WrongMode { found, .. } if found == "paper"),
        "{error:?}"
    );
    let notes = scratch.file("notes.txt");
    fs::write(&notes, "my notes").unwrap();
    let error = Ledger::create_replay(&notes, &session(Mode::Replay)).unwrap_err();
    assert_eq!(
        error,
        LedgerError::NotALedger {
            path: notes.clone()
        }
    );
    assert_eq!(fs::read_to_string(&notes).unwrap(), "my notes");
    let foreign = scratch.file("foreign.sqlite");
    rusqlite::Connection::open(&foreign)
        .unwrap()
        .execute_batch("CREATE TABLE t (x)")
        .unwrap();
    let not_ours = Err(LedgerError::NotALedger {
        path: foreign.clone(),
    });
    assert_eq!(
        Ledger::create_replay(&foreign, &session(Mode::Replay)).map(|_| ()),
        not_ours
    );
    assert_eq!(Ledger::open(&foreign, Mode::Paper).map(|_| ()), not_ours);
    assert_eq!(Reader::open(&foreign).map(|_| ()), not_ours);
}

#[test]
fn modes_never_share_a_file() {
    let scratch = Scratch::new("modes");
    let path = scratch.file("paper.sqlite");
    drop(Ledger::open(&path, Mode::Paper).unwrap());
    let error = Ledger::open(&path, Mode::Live).unwrap_err();
    assert!(
        error.to_string().contains("belongs to mode paper"),
        "{error}"
    );
}

#[test]
fn a_replay_is_made_anew_and_a_killed_one_too() {
    let scratch = Scratch::new("anew");
    let path = scratch.file("deep").join("a.sqlite");
    for _ in 0..2 {
        let mut ledger = Ledger::create_replay(&path, &session(Mode::Replay)).unwrap();
        ledger.write(&[core(Record::Fill(fill(1)))]).unwrap();
        // Dropped without an end, as a kill would leave it.
    }
    let reader = Reader::open(&path).unwrap();
    let stored = reader.latest_session().unwrap().unwrap();
    assert_eq!((stored.id, stored.status), (1, SessionStatus::Running));
}

#[test]
fn an_unknown_symbol_is_refused_with_its_number() {
    let scratch = Scratch::new("symbol");
    let path = scratch.file("a.sqlite");
    let mut ledger = Ledger::create_replay(&path, &session(Mode::Replay)).unwrap();
    let mut foreign = fill(1);
    foreign.symbol = SymbolId(3);
    let error = ledger.write(&[core(Record::Fill(foreign))]).unwrap_err();
    assert!(error.to_string().contains("symbol number 3"), "{error}");
    let mut endless = fill(1);
    endless.id = u64::MAX;
    let error = ledger.write(&[core(Record::Fill(endless))]).unwrap_err();
    assert!(error.to_string().contains("beyond 2^63"), "{error}");
}

#[test]
fn a_missing_ledger_and_an_empty_file_are_told_apart() {
    let scratch = Scratch::new("missing");
    let path = scratch.file("a.sqlite");
    let missing = Reader::open(&path).unwrap_err();
    assert_eq!(missing, LedgerError::Missing { path: path.clone() });
    fs::write(&path, "").unwrap();
    let empty = Reader::open(&path).unwrap_err();
    assert_eq!(empty, LedgerError::NotALedger { path: path.clone() });
    assert!(Reader::open(scratch.path()).is_err());
}

#[test]
fn another_programs_transaction_is_busy_not_lost() {
    let scratch = Scratch::new("busy");
    let path = scratch.file("a.sqlite");
    let mut ledger = Ledger::create_replay(&path, &session(Mode::Replay)).unwrap();
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let batch = [core(Record::Fill(fill(1)))];
    let error = ledger.write(&batch).unwrap_err();
    assert_eq!(error, LedgerError::Busy { path: path.clone() });
    other.execute_batch("ROLLBACK").unwrap();
    ledger.write(&batch).unwrap();
}

#[test]
fn a_reader_needs_no_lock_and_no_writable_directory() {
    let scratch = Scratch::new("reader %41?#");
    let path = scratch.file("a.sqlite");
    let mut ledger = Ledger::create_replay(&path, &session(Mode::Replay)).unwrap();
    ledger.write(&[core(Record::Fill(fill(1)))]).unwrap();
    assert!(
        Reader::open(&path)
            .unwrap()
            .latest_session()
            .unwrap()
            .is_some()
    );
    ledger.close(&end(SessionStatus::Complete)).unwrap();
    let before = fs::read(&path).unwrap();
    drop(Reader::open(&path).unwrap());
    assert_eq!(fs::read(&path).unwrap(), before);
    assert!(!path.with_extension("sqlite-wal").exists());
    let application: i32 = rusqlite::Connection::open(&path)
        .unwrap()
        .query_row("PRAGMA application_id", [], |row| row.get(0))
        .unwrap();
    assert_eq!(application, APPLICATION_ID);
    let uri = crate::store::ledger::read::immutable_uri(&path);
    let connection = rusqlite::Connection::open_with_flags(
        uri,
        rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY | rusqlite::OpenFlags::SQLITE_OPEN_URI,
    )
    .unwrap();
    let count: i64 = connection
        .query_row("SELECT count(*) FROM fills", [], |row| row.get(0))
        .unwrap();
    assert_eq!(count, 1);
}

/// Needs a file system of under 1 MB; for instance
/// `unshare -m sh -c 'mount -t tmpfs -o size=300k none /mnt && MINNOW_TEST_SMALL_DIRECTORY=/mnt
/// cargo test --lib a_really_full_disk -- --ignored --nocapture'`.
#[test]
#[ignore = "needs a small file system"]
fn a_really_full_disk_gets_one_clear_message() {
    let directory = std::env::var_os("MINNOW_TEST_SMALL_DIRECTORY")
        .expect("MINNOW_TEST_SMALL_DIRECTORY names the small file system");
    let path = std::path::Path::new(&directory).join("a.sqlite");
    let full = LedgerError::DiskFull { path: path.clone() };
    let mut ledger = match Ledger::create_replay(&path, &session(Mode::Replay)) {
        Ok(ledger) => ledger,
        Err(error) => return assert_eq!(error, full),
    };
    let mut committed = 0;
    let error = loop {
        let batch: Vec<_> = (committed + 1..=committed + 100)
            .map(|id| core(Record::Fill(fill(id))))
            .collect();
        match ledger.write(&batch) {
            Ok(done) => committed = done.total,
            Err(error) => break error,
        }
    };
    println!("after {committed} rows: {error}");
    assert_eq!(error, full);
    drop(ledger);
    let count: i64 = rusqlite::Connection::open(&path)
        .unwrap()
        .query_row("SELECT count(*) FROM fills", [], |row| row.get(0))
        .unwrap();
    assert_eq!(count as u64, committed);
}
