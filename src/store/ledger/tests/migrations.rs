//! Older schemas are migrated after a copy was made; newer ones are refused.

use super::samples::*;
use crate::core::records::Record;
use crate::store::ledger::migrate::{copy_path, migrate};
use crate::store::ledger::schema::{STEPS, Step, VERSION};
use crate::store::ledger::{Ledger, LedgerError, Mode, Reader};
use rusqlite::Connection;
use std::path::Path;

fn text(path: &Path, sql: &str) -> Result<String, rusqlite::Error> {
    Connection::open(path)?.query_row(sql, [], |row| row.get(0))
}

fn planted(scratch: &Scratch) -> std::path::PathBuf {
    let path = scratch.file("paper.sqlite");
    let mut ledger = Ledger::open(&path, Mode::Paper).unwrap();
    ledger.begin_session(&session(Mode::Paper)).unwrap();
    ledger.write(&[core(Record::Fill(fill(1)))]).unwrap();
    path
}

fn with(next: &'static str) -> Vec<Step> {
    let mut steps = STEPS.to_vec();
    steps.push(Step {
        version: VERSION + 1,
        sql: next,
        whole: None,
    });
    steps
}

#[test]
fn steps_are_numbered_without_a_gap() {
    for (index, step) in STEPS.iter().enumerate() {
        assert_eq!(step.version as usize, index + 1);
    }
}

#[test]
fn an_older_ledger_is_copied_and_then_migrated() {
    let scratch = Scratch::new("migrate");
    let path = planted(&scratch);
    let mut connection = Connection::open(&path).unwrap();
    let steps = with("ALTER TABLE fills ADD COLUMN venue TEXT NOT NULL DEFAULT 'paper';");
    migrate(&mut connection, &path, &steps).unwrap();
    assert_eq!(text(&path, "SELECT venue FROM fills").unwrap(), "paper");
    let version = "SELECT value FROM meta WHERE key = 'schema_version'";
    assert_eq!(text(&path, version).unwrap(), (VERSION + 1).to_string());
    let copy = copy_path(&path, VERSION);
    assert_eq!(text(&copy, version).unwrap(), VERSION.to_string());
    assert_eq!(text(&copy, "SELECT price FROM fills").unwrap(), "50000.1");
    assert!(text(&copy, "SELECT venue FROM fills").is_err());
    // A second time there is nothing to do.
    migrate(&mut connection, &path, &steps).unwrap();
}

#[test]
fn a_step_that_fails_leaves_the_ledger_as_it_was() {
    let scratch = Scratch::new("half");
    let path = planted(&scratch);
    let mut connection = Connection::open(&path).unwrap();
    let steps = with("ALTER TABLE fills ADD COLUMN venue TEXT; DROP TABLE nonsense;");
    assert!(migrate(&mut connection, &path, &steps).is_err());
    drop(connection);
    assert!(text(&path, "SELECT venue FROM fills").is_err());
    drop(Ledger::open(&path, Mode::Paper).unwrap());
    assert!(copy_path(&path, VERSION).exists());
}

#[test]
fn a_migration_without_room_for_its_copy_changes_nothing() {
    let scratch = Scratch::new("no-copy");
    let path = planted(&scratch);
    let mut partial = copy_path(&path, VERSION).into_os_string();
    partial.push(".part");
    std::fs::create_dir_all(Path::new(&partial).join("in the way")).unwrap();
    let mut connection = Connection::open(&path).unwrap();
    let steps = with("ALTER TABLE fills ADD COLUMN venue TEXT;");
    let error = migrate(&mut connection, &path, &steps).unwrap_err();
    assert!(error.to_string().contains("copy the ledger"), "{error}");
    assert!(text(&path, "SELECT venue FROM fills").is_err());
}

#[test]
fn a_newer_ledger_is_refused_with_both_versions() {
    let scratch = Scratch::new("newer");
    let path = planted(&scratch);
    let newer = VERSION + 41;
    Connection::open(&path)
        .unwrap()
        .execute("UPDATE meta SET value = ?1", [newer.to_string()])
        .unwrap();
    let expected = LedgerError::NewerSchema {
        path: path.clone(),
        found: newer,
        supported: VERSION,
    };
    assert_eq!(Ledger::open(&path, Mode::Paper).unwrap_err(), expected);
    assert_eq!(Reader::open(&path).unwrap_err(), expected);
    let message = expected.to_string();
    assert!(
        message.contains(&format!("schema version {newer}")),
        "{message}"
    );
    assert!(
        message.contains(&format!("up to version {VERSION}")),
        "{message}"
    );
}

/// Names, columns and views of every table, however its text came about.
fn shape(steps: &[Step]) -> Vec<String> {
    let scratch = Scratch::new("shape");
    let path = scratch.file("paper.sqlite");
    let mut connection = Connection::open(&path).unwrap();
    migrate(&mut connection, &path, steps).unwrap();
    let mut told = Vec::new();
    let mut names = connection
        .prepare("SELECT type || ' ' || name FROM sqlite_schema ORDER BY type, name")
        .unwrap();
    let names = names.query_map([], |row| row.get::<_, String>(0)).unwrap();
    for name in names {
        let name = name.unwrap();
        let object = name.split_once(' ').unwrap().1.to_owned();
        let mut columns = connection
            .prepare(
                "SELECT cid || ' ' || name || ' ' || type || ' ' || \"notnull\" || ' ' || pk
                 FROM pragma_table_xinfo(?1)",
            )
            .unwrap();
        let columns = columns
            .query_map([&object], |row| row.get::<_, String>(0))
            .unwrap()
            .map(Result::unwrap);
        told.push(name);
        told.extend(columns);
    }
    told
}

#[test]
fn a_new_file_has_what_the_steps_come_to() {
    let whole = STEPS.last().unwrap();
    assert!(whole.whole.is_some());
    let one_by_one: Vec<Step> = STEPS
        .iter()
        .map(|step| Step {
            whole: None,
            ..*step
        })
        .collect();
    assert_eq!(shape(STEPS), shape(&one_by_one));
}
