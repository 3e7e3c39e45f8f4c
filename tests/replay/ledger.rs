//! The ledger of a run as other people's tools see it.

use crate::bot::reference;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// Asks the `sqlite3` program; `None` where there is none.
fn sqlite3(ledger: &Path, query: &str) -> Option<String> {
    let output = match Command::new("sqlite3")
        .arg("-readonly")
        .arg(ledger)
        .arg(query)
        .output()
    {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            eprintln!("skipped: there is no sqlite3 program here");
            return None;
        }
        Err(error) => panic!("sqlite3: {error}"),
    };
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{query}: {said}");
    Some(
        String::from_utf8(output.stdout)
            .expect("text")
            .trim()
            .to_owned(),
    )
}

#[test]
fn sqlite3_reads_it_and_counts_what_the_report_says() {
    let reference = reference();
    let report = &reference.report.0;
    let ask = |query: &str| sqlite3(reference.bot.ledger(), query);
    let Some(check) = ask("PRAGMA integrity_check") else {
        return;
    };
    assert_eq!(check, "ok");
    let count = |table: &str| {
        let count = ask(&format!("SELECT count(*) FROM {table}")).expect("it was there");
        count.parse::<u64>().expect("a count")
    };
    assert_eq!(Some(count("trades")), report["trade_count"].as_u64());
    assert_eq!(Some(count("fills")), report["metrics"]["fills"].as_u64());
    for (query, expected) in [
        (
            "SELECT state_hash FROM sessions",
            &report["session"]["state_hash"],
        ),
        ("SELECT status FROM sessions", &report["session"]["status"]),
        (
            "SELECT fingerprint FROM sessions",
            &report["session"]["fingerprint"],
        ),
    ] {
        assert_eq!(ask(query).as_deref(), expected.as_str(), "{query}");
    }
    let orders = ask("SELECT leg || ' ' || state, count(*) FROM orders GROUP BY 1").expect("rows");
    let orders: BTreeMap<String, u64> = orders
        .lines()
        .map(|line| {
            let (kind, count) = line.rsplit_once('|').expect("two columns");
            (kind.to_owned(), count.parse().expect("a count"))
        })
        .collect();
    assert_eq!(serde_json::json!(orders), report["orders"]);
    // Those with a row by it; the others, which the decision cycle held back, by their count.
    let with_row = ask(
        "SELECT coalesce(refused_by, reason), count(*) FROM decisions
        WHERE proposed <> 'HOLD' AND action = 'HOLD' GROUP BY 1",
    )
    .expect("rows");
    let held = ask("SELECT reason, count FROM hold_counts").expect("rows");
    let counts = |text: &str| -> BTreeMap<String, u64> {
        let pairs = text
            .lines()
            .map(|line| line.rsplit_once('|').expect("two columns"));
        pairs
            .map(|(why, count)| (why.to_owned(), count.parse().expect("a count")))
            .collect()
    };
    let (with_row, held) = (counts(&with_row), counts(&held));
    let reported = report["refusals"].as_array().expect("a list");
    let mut without_row = 0;
    for refusal in reported {
        let why = refusal["reason"].as_str().expect("a reason");
        let expected = with_row.get(why).or_else(|| {
            without_row += 1;
            held.get(why)
        });
        assert_eq!(refusal["count"].as_u64(), expected.copied(), "{why}");
    }
    assert!(without_row > 0, "nothing was held back: {reported:?}");
    assert_eq!(with_row.len() + without_row, reported.len());
    let holds = ask("SELECT sum(count) FROM hold_counts").expect("a sum");
    let reported: u64 = report["holds"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|hold| hold["count"].as_u64().expect("a count"))
        .sum();
    assert_eq!(holds, reported.to_string());
}

#[test]
fn every_view_can_be_read_and_shows_the_rows_of_its_table() {
    let reference = reference();
    let ask = |query: &str| sqlite3(reference.bot.ledger(), query);
    let Some(views) = ask("SELECT name FROM sqlite_master WHERE type = 'view'") else {
        return;
    };
    let views: Vec<&str> = views.lines().collect();
    assert!(views.len() >= 8, "{views:?}");
    for view in views {
        let shown = ask(&format!("SELECT count(*) FROM (SELECT * FROM {view})"));
        match view.strip_prefix("v_") {
            Some(table) => {
                let rows = ask(&format!("SELECT count(*) FROM {table}"));
                assert_eq!(shown, rows, "{view}");
            }
            None => assert_ne!(shown.as_deref(), Some("0"), "{view}"),
        }
    }
    let times = ask("SELECT first_data, last_data FROM v_sessions");
    assert_eq!(
        times.as_deref(),
        Some("2018-01-01T00:00:02.610Z|2018-01-05T03:13:32.822Z")
    );
}
