//! The result depends on recording and settings only: not on workers, limits, pace, path or form.

use crate::book::Book;
use crate::bot::{Bot, Report, bundled, minnow, reference};
use crate::market;
use std::path::{Path, PathBuf};

/// About the first day.
const DAY: usize = 230_000;

/// Equal to the reference in report, rows and hash at every candle.
fn assert_same(what: &str, bot: &Bot, report: &Report) {
    let reference = reference();
    assert_eq!(report.hash(), reference.report.hash(), "{what}");
    assert_eq!(report.essence(), reference.report.essence(), "{what}");
    let (ours, theirs) = (Book::open(bot.ledger()), Book::open(reference.bot.ledger()));
    ours.assert_sound("complete");
    assert_eq!(ours.candle_hashes(), theirs.candle_hashes(), "{what}");
    let (ours, theirs) = (ours.content(), theirs.content());
    for (table, rows) in &theirs {
        assert_eq!(&ours[table], rows, "{what}: table {table}");
    }
}

#[test]
fn the_reference_trades_and_hashes_every_candle() {
    // Everything else compares with this run: it must have something to compare.
    let reference = reference();
    assert_eq!(reference.report.inputs(), 1_000_000);
    assert!(reference.report.0["trade_count"].as_u64().unwrap() > 100);
    let book = Book::open(reference.bot.ledger());
    let hashes = book.candle_hashes();
    assert_eq!(hashes.len(), 5953);
    assert!(hashes.windows(2).all(|pair| pair[0] != pair[1]));
}

#[test]
fn a_repetition_is_the_same_in_a_new_ledger_and_over_the_old_one() {
    let bot = Bot::bundled();
    for what in ["first", "over the old ledger"] {
        assert_same(what, &bot, &bot.report());
    }
}

#[test]
fn workers_tasks_and_effects_make_no_difference() {
    for (name, value) in [
        ("SYSTEM__THREAD_POOL_SIZE", "1"),
        ("SYSTEM__THREAD_POOL_SIZE", "2"),
        ("SYSTEM__THREAD_POOL_SIZE", "3"),
        ("SYSTEM__MAX_CONCURRENT_TASKS", "2"),
        ("SYSTEM__MAX_CONCURRENT_TASKS", "4"),
        ("FP_MAX_CONCURRENT_EFFECTS", "1"),
        ("FP_MAX_CONCURRENT_EFFECTS", "25"),
    ] {
        let bot = Bot::bundled().environment(name, value);
        let report = bot.report();
        assert_eq!(
            report.0["session"]["configuration"][key_of(name)],
            serde_json::json!(value.parse::<u64>().unwrap()),
            "{name} was taken"
        );
        assert_same(&format!("{name}={value}"), &bot, &report);
    }
}

fn key_of(name: &str) -> &'static str {
    match name {
        "SYSTEM__THREAD_POOL_SIZE" => "system.thread_pool_size",
        "SYSTEM__MAX_CONCURRENT_TASKS" => "system.max_concurrent_tasks",
        _ => "functional_programming.max_concurrent_effects",
    }
}

#[test]
fn the_plain_path_is_the_same() {
    let bot = Bot::bundled().with(&["--plain"]);
    assert_same("--plain", &bot, &bot.report());
}

#[test]
fn holds_that_are_kept_change_nothing_else() {
    let bot = Bot::bundled().with(&["--keep-all"]);
    let report = bot.report();
    let reference = reference();
    assert_eq!(report.essence(), reference.report.essence());
    let (ours, theirs) = (Book::open(bot.ledger()), Book::open(reference.bot.ledger()));
    let holds = "SELECT count(*) FROM decisions WHERE action = 'HOLD'";
    let counted = "SELECT sum(count) FROM hold_counts";
    assert_eq!(ours.value(holds), theirs.value(counted));
    assert_eq!(ours.value(counted), theirs.value(counted));
    let (mut ours, mut theirs) = (ours.content(), theirs.content());
    for table in ["decisions", "decision_rows", "value_names", "risk_checks"] {
        ours.remove(table);
        theirs.remove(table);
    }
    assert_eq!(ours, theirs);
}

/// Runs a verb that makes a recording.
fn make(bot: &Bot, arguments: &[&str], input: &Path, output: &str) -> PathBuf {
    let path = bot.folder.file(output);
    let run = minnow(&bot.folder)
        .args(arguments)
        .arg(input)
        .arg("--output")
        .arg(&path)
        .output()
        .expect("the program starts");
    let said = String::from_utf8_lossy(&run.stderr).into_owned();
    assert!(run.status.success(), "{arguments:?}: {said}");
    path
}

#[test]
fn the_line_form_plain_and_compressed_and_compacted_again_are_the_same() {
    let (header, trades) = market::trades();
    let maker = Bot::bundled();
    let day = maker.folder.file("day.mrec");
    market::record(&day, header, [&trades[..DAY]]);
    let export = ["export", "--format", "jsonl"];
    let plain = make(&maker, &export, &day, "plain.jsonl");
    let gzip = make(&maker, &export, &day, "packed.jsonl.gz");
    let again = make(&maker, &["compact"], &gzip, "again.mrec");
    let original = Bot::new(&[&day]);
    let expected = original.report();
    for form in [&plain, &gzip, &again] {
        let bot = Bot::new(&[form]);
        assert_eq!(
            bot.report().essence(),
            expected.essence(),
            "{}",
            form.display()
        );
        let (ours, theirs) = (Book::open(bot.ledger()), Book::open(original.ledger()));
        assert_eq!(ours.content(), theirs.content(), "{}", form.display());
    }
    let (ours, theirs) = (std::fs::read(&again), std::fs::read(&day));
    assert!(ours.unwrap() == theirs.unwrap(), "compacted byte for byte");
}

#[test]
fn imported_rows_are_the_same_in_both_forms_and_trade_as_the_reference() {
    let maker = Bot::bundled();
    let csv = make(&maker, &["export"], &bundled(), "trades.csv");
    let text = std::fs::read_to_string(&csv).expect("a CSV");
    let day: Vec<&str> = text.lines().take(1 + DAY).collect();
    let csv = maker.folder.write("day.csv", day.join("\n") + "\n");
    let import = "import --strict --tick 0.5 --lot 0.00001 --currency USD --maker-fee=-0.00025 \
                  --taker-fee 0.00075 --form";
    let runs = [("lines", "day.jsonl.gz"), ("block", "day.mrec")].map(|(form, name)| {
        let arguments: Vec<&str> = import.split_whitespace().chain([form]).collect();
        let bot = Bot::new(&[&make(&maker, &arguments, &csv, name)]);
        let report = bot.report();
        (bot, report)
    });
    let [(lines, lines_report), (block, block_report)] = &runs;
    assert_eq!(lines_report.essence(), block_report.essence());
    let content = Book::open(lines.ledger()).content();
    assert_eq!(content, Book::open(block.ledger()).content());
    // Client ids begin with the recording's own name: the hash differs, what was traded does not.
    let reference = Book::open(reference().bot.ledger());
    let ours = &content["trades"];
    assert!(ours.len() > 20);
    assert_eq!(
        ours[..],
        reference.rows("SELECT * FROM trades")[..ours.len()]
    );
}

#[test]
fn a_paced_replay_is_the_same_as_one_at_full_speed() {
    let window = ["--to", "2018-01-01T03:00:00Z"];
    let fast = Bot::bundled().with(&window);
    let slow = Bot::bundled().with(&window).with(&["--speed", "6000"]);
    let (fast_report, slow_report) = (fast.report(), slow.report());
    assert_eq!(fast_report.essence(), slow_report.essence());
    assert_eq!(
        Book::open(fast.ledger()).content(),
        Book::open(slow.ledger()).content()
    );
}
