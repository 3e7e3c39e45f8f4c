//! How fast rows are written; prints a figure, asserts none. Run with
//! `cargo test --release --lib ledger_rows_per_second -- --ignored --nocapture`.

use super::samples::*;
use crate::core::records::{Action, Record};
use crate::store::ledger::{Ledger, Mode, Row, SessionStatus};
use std::time::Instant;

fn measure(what: &str, rows: &[Row], written: usize) {
    let scratch = Scratch::new("speed");
    let path = scratch.file("a.sqlite");
    let mut ledger = Ledger::create_replay(&path, &session(Mode::Replay)).unwrap();
    let start = Instant::now();
    for batch in rows.chunks(4096) {
        ledger.write(batch).unwrap();
    }
    let seconds = start.elapsed().as_secs_f64();
    ledger.close(&end(SessionStatus::Complete)).unwrap();
    let bytes = std::fs::metadata(&path).unwrap().len();
    println!(
        "{what}: {:.0} rows/s ({:.0} inserts/s), {} bytes a row",
        rows.len() as f64 / seconds,
        written as f64 / seconds,
        bytes / rows.len() as u64
    );
    assert!(bytes > 0);
}

#[test]
#[ignore = "a measurement, not a check"]
fn ledger_rows_per_second() {
    const ROWS: usize = 200_000;
    let rows = |make: &dyn Fn(u64) -> Record| -> Vec<Row> {
        (1..=ROWS as u64).map(|id| core(make(id))).collect()
    };
    let points: Vec<_> = (1..=ROWS as i64)
        .map(|second| Row::Equity(equity(second, 9_985)))
        .collect();
    measure("equity", &points, ROWS);
    measure("fills", &rows(&|id| Record::Fill(fill(id))), ROWS);
    measure("orders", &rows(&|id| Record::Order(order(id))), ROWS);
    measure(
        "orders changed four times",
        &rows(&|id| Record::Order(order(id / 4))),
        ROWS,
    );
    measure("lots", &rows(&|id| Record::Lot(lot(id / 2, 0))), ROWS);
    let refused = rows(&|id| {
        let mut refused = decision(id, Action::Long, Action::Hold);
        let check = refused.checks[1].clone();
        refused.checks = vec![check; 25];
        Record::Decision(refused)
    });
    measure("decisions with 25 checks", &refused[..40_000], 40_000 * 26);
}

/// `cargo test --release --lib opening_a_large_ledger -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement, not a check"]
fn opening_a_large_ledger() {
    let scratch = Scratch::new("open-speed");
    let path = scratch.file("paper.sqlite");
    let mut ledger = Ledger::open(&path, Mode::Paper).unwrap();
    ledger.begin_session(&session(Mode::Paper)).unwrap();
    for batch in 0..250 {
        let ids = batch * 4000 + 1..=(batch + 1) * 4000;
        let rows: Vec<_> = ids
            .flat_map(|id| {
                [
                    Record::Fill(fill(id)),
                    Record::Lot(lot(id, i64::from(id < 4))),
                ]
            })
            .map(core)
            .collect();
        ledger.write(&rows).unwrap();
    }
    ledger.close(&end(SessionStatus::Complete)).unwrap();
    let start = Instant::now();
    let mut ledger = Ledger::open(&path, Mode::Paper).unwrap();
    let opened = start.elapsed();
    ledger.begin_session(&session(Mode::Paper)).unwrap();
    println!(
        "opened in {opened:?}, session begun after {:?}",
        start.elapsed()
    );
    assert!(!ledger.was_unclean());
}
