//! What decisions are read as, however their rows keep the names of indicators and checks.

use super::samples::*;
use crate::core::records::{Action, Decision, Record};
use crate::store::ledger::migrate::migrate;
use crate::store::ledger::read_explain::StoredDecision;
use crate::store::ledger::schema::STEPS;
use crate::store::ledger::{Ledger, Mode, Reader, Row};
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::path::Path;

fn row(decision: &Decision) -> Row {
    core(Record::Decision(decision.clone()))
}

fn read(path: &Path, id: u64) -> StoredDecision {
    let reader = Reader::open(path).unwrap();
    let session = reader.latest_session().unwrap().unwrap().id;
    let found = reader.decision(session, id.try_into().unwrap()).unwrap();
    found.expect("it is stored")
}

/// Every indicator and check, to the last digit.
fn assert_is(stored: &StoredDecision, written: &Decision) {
    let indicators: BTreeMap<String, Option<f64>> = written
        .indicators
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Some(*value).filter(|v| v.is_finite())))
        .collect();
    assert_eq!(stored.indicators, indicators);
    assert_eq!(stored.checks.len(), written.checks.len());
    for (stored, written) in stored.checks.iter().zip(&written.checks) {
        assert_eq!(stored.name, written.name);
        assert_eq!(
            (stored.value, stored.limit, stored.margin),
            (written.value, written.limit, written.margin)
        );
    }
    let outcomes: Vec<&str> = stored.checks.iter().map(|c| c.outcome.as_str()).collect();
    assert_eq!(outcomes, ["passed", "refused"]);
}

/// One of 80 indicators is left out each time: more lists than are known at once.
#[test]
fn names_come_back_however_many_lists_of_them_there_are() {
    let scratch = Scratch::new("lists");
    let path = scratch.file("a.sqlite");
    let mut ledger = Ledger::create_replay(&path, &session(Mode::Replay)).unwrap();
    let names: Vec<&'static str> = (0..80)
        .map(|n| &*Box::leak(format!("indicator_{n}").into_boxed_str()))
        .collect();
    let decisions: Vec<Decision> = (0..80_usize)
        .map(|left_out| {
            let mut decision = decision(left_out as u64 + 1, Action::Long, Action::Hold);
            let kept = names
                .iter()
                .enumerate()
                .filter(|(index, _)| *index != left_out);
            let value = |index: usize| -1.0 / (index as f64 + 3.0);
            decision.indicators = kept.map(|(index, name)| (*name, value(index))).collect();
            decision.indicators.extend([("green", 1.0), ("small", 1.0)]);
            decision
        })
        .collect();
    for decision in &decisions {
        ledger.write(&[row(decision)]).unwrap();
    }
    for decision in &decisions {
        assert_is(&read(&path, decision.id), decision);
    }
    let connection = Connection::open(&path).unwrap();
    let count = |sql: &str| {
        let count: i64 = connection.query_row(sql, [], |row| row.get(0)).unwrap();
        count
    };
    assert_eq!(count("SELECT count(*) FROM value_names"), 64);
    let written_out = "SELECT count(*) FROM decision_rows WHERE indicator_names IS NULL";
    assert_eq!(count(written_out), 80 - 63);
}

#[test]
fn lists_of_a_batch_that_failed_are_looked_up_anew() {
    let scratch = Scratch::new("failed-list");
    let path = scratch.file("paper.sqlite");
    let open = || {
        let mut ledger = Ledger::open(&path, Mode::Paper).unwrap();
        ledger.begin_session(&session(Mode::Paper)).unwrap();
        ledger
    };
    let mut ledger = open();
    let first = decision(1, Action::Long, Action::Hold);
    ledger.write(&[row(&first), row(&first)]).unwrap_err();
    ledger.write(&[row(&first)]).unwrap();
    assert_is(&read(&path, 1), &first);
    drop(ledger);
    // Nor does another writer of the same file store a list twice.
    open()
        .write(&[row(&decision(2, Action::Long, Action::Hold))])
        .unwrap();
    let connection = Connection::open(&path).unwrap();
    let lists: i64 = connection
        .query_row("SELECT count(*) FROM value_names", [], |row| row.get(0))
        .unwrap();
    assert_eq!(lists, 2);
}

#[test]
fn decisions_of_an_older_ledger_are_read_beside_new_ones() {
    let scratch = Scratch::new("older-decisions");
    let path = scratch.file("paper.sqlite");
    let mut connection = Connection::open(&path).unwrap();
    migrate(&mut connection, &path, &STEPS[..2]).unwrap();
    connection
        .execute_batch(
            "PRAGMA user_version = 2;
             INSERT INTO decisions VALUES (1, 1, 'BTC-PERP', 0, 1, '50000', 'momentum', 'LONG', 0.75, 0.5,
               '20', '4', NULL, 5, 'breakout', 'HOLD', 'min interval', 'min_interval',
               '{\"rsi\":61.25,\"broken\":null,\"tiny\":1e-12}',
               '[[\"data\",\"passed\",null,null,null],[\"min_interval\",\"refused\",\"30\",\"60\",\"-30\"]]',
               '-0.2', '9985');",
        )
        .unwrap();
    drop(connection);
    let mut ledger = Ledger::open(&path, Mode::Paper).unwrap();
    ledger.begin_session(&session(Mode::Paper)).unwrap();
    let second = decision(2, Action::Long, Action::Hold);
    ledger.write(&[row(&second)]).unwrap();
    for id in [1, 2] {
        assert_is(&read(&path, id), &second);
    }
    let connection = Connection::open(&path).unwrap();
    let refused: String = connection
        .query_row(
            "SELECT group_concat(decision || ' ' || number || ' ' || name || ' ' || value, ', ')
             FROM risk_checks WHERE outcome = 'refused'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(refused, "1 2 min_interval 30, 2 2 min_interval 30");
}
