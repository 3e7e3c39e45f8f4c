//! What is written comes back bit for bit; what is not ours is refused.

use super::*;
use crate::core::units::{Decimal, Timestamp};
use std::path::PathBuf;

struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("minnow-sweep-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join(name);
        let _ = std::fs::remove_file(&path);
        Self(path)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn figures(seed: u64) -> Figures {
    Figures {
        fingerprint: "ab".repeat(32),
        state_hash: format!("{seed:016x}"),
        inputs: 1_000_000,
        trades: 12,
        wins: 5,
        net: Decimal::parse("-12.345678901234567891").unwrap(),
        fees: Decimal::new(125, 2),
        slippage: Decimal::ZERO,
        return_pct: Some(0.1 + 0.2),
        win_rate_pct: Some(500.0 / 12.0),
        profit_factor: None,
        sharpe: Some(-1.0 / 7.0),
        max_drawdown_pct: Some(1e-300),
        exposure_pct: Some(33.3),
        returns: Some(Moments {
            n: 1440,
            mean: 1.0 / 3.0,
            m2: 5e-324,
            m3: -1e-9,
            m4: f64::MAX,
        }),
        notes: vec!["\"280\" candles were left out".to_owned()],
        elapsed_us: 25_000,
    }
}

fn row(task: u32, outcome: Result<Figures, String>) -> ResultRow {
    ResultRow {
        task,
        combination: task + 1,
        window: 1,
        part: if task.is_multiple_of(2) {
            Part::In
        } else {
            Part::Out
        },
        settings: vec!["strategy.momentum.lookback=20".to_owned()],
        from: None,
        to: Some(Timestamp(1_514_764_800_000_000_001)),
        outcome,
    }
}

#[test]
fn rows_come_back_bit_for_bit_in_the_order_of_their_tasks() {
    let place = Place::new("round-trip.sqlite");
    let mut without = figures(3);
    without.returns = None;
    let rows = [
        row(2, Ok(figures(2))),
        row(0, Ok(without)),
        row(1, Err("ended by signal 9".to_owned())),
    ];
    let mut results = SweepResults::open(&place.0, "{\"plan\":1}", "d1").unwrap();
    results.write(&rows).unwrap();
    drop(results);
    let stored = Stored::read(&place.0).unwrap();
    let expected = [rows[1].clone(), rows[2].clone(), rows[0].clone()];
    assert_eq!(stored.rows, expected);
    assert_eq!(
        (stored.plan.as_str(), stored.digest.as_str()),
        ("{\"plan\":1}", "d1")
    );
    // The same through the line that a worker process writes.
    for row in &rows {
        let line = serde_json::to_string(row).unwrap();
        assert_eq!(&serde_json::from_str::<ResultRow>(&line).unwrap(), row);
    }
}

#[test]
fn a_failed_task_gives_way_to_a_later_try_and_a_done_one_stays() {
    let place = Place::new("retry.sqlite");
    let mut results = SweepResults::open(&place.0, "{}", "d").unwrap();
    results
        .write(&[row(0, Err("crashed".to_owned())), row(1, Ok(figures(1)))])
        .unwrap();
    let settled = |results: &SweepResults, retry| -> Vec<u32> {
        results.settled(retry).unwrap().into_iter().collect()
    };
    assert_eq!(settled(&results, false), [0, 1]);
    assert_eq!(settled(&results, true), [1]);
    results
        .write(&[row(0, Ok(figures(7))), row(1, Ok(figures(8)))])
        .unwrap();
    drop(results);
    let hashes: Vec<String> = Stored::read(&place.0)
        .unwrap()
        .rows
        .into_iter()
        .map(|row| row.outcome.unwrap().state_hash)
        .collect();
    assert_eq!(hashes, [format!("{:016x}", 7), format!("{:016x}", 1)]);
}

#[test]
fn another_plan_another_writer_and_foreign_files_are_refused() {
    let place = Place::new("refused.sqlite");
    let results = SweepResults::open(&place.0, "{}", "first").unwrap();
    let busy = SweepResults::open(&place.0, "{}", "first").unwrap_err();
    assert!(busy.to_string().contains("in use"), "{busy}");
    drop(results);
    let other = SweepResults::open(&place.0, "{}", "second").unwrap_err();
    assert!(other.to_string().contains("another plan"), "{other}");
    assert!(Stored::read(&place.0).unwrap().rows.is_empty());

    let foreign = Place::new("foreign.sqlite");
    let connection = rusqlite::Connection::open(&foreign.0).unwrap();
    connection.execute_batch("CREATE TABLE t (x)").unwrap();
    drop(connection);
    for error in [
        Stored::read(&foreign.0).unwrap_err(),
        SweepResults::open(&foreign.0, "{}", "d").unwrap_err(),
    ] {
        assert!(
            error.to_string().contains("not a file of sweep results"),
            "{error}"
        );
    }
    std::fs::write(&foreign.0, "no database, but long enough to be read as one").unwrap();
    let text = Stored::read(&foreign.0).unwrap_err().to_string();
    assert!(text.contains("not a file of sweep results"), "{text}");
    let missing = Stored::read(&foreign.0.with_extension("none")).unwrap_err();
    assert!(missing.to_string().contains("no such file"), "{missing}");
}

#[test]
fn results_of_version_1_are_read_and_go_on_with_notes() {
    let place = Place::new("version-1.sqlite");
    let mut old = figures(1);
    old.notes = Vec::new();
    let mut results = SweepResults::open(&place.0, "{}", "d1").unwrap();
    results.write(&[row(0, Ok(old.clone()))]).unwrap();
    drop(results);
    let connection = rusqlite::Connection::open(&place.0).unwrap();
    connection
        .execute_batch("ALTER TABLE results DROP COLUMN notes; PRAGMA user_version = 1;")
        .unwrap();
    drop(connection);
    let first = row(0, Ok(old));
    assert_eq!(
        Stored::read(&place.0).unwrap().rows,
        std::slice::from_ref(&first)
    );
    let second = row(1, Ok(figures(2)));
    let mut results = SweepResults::open(&place.0, "{}", "d1").unwrap();
    results.write(std::slice::from_ref(&second)).unwrap();
    drop(results);
    assert_eq!(Stored::read(&place.0).unwrap().rows, [first, second]);
}
