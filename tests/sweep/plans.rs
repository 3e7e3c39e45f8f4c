//! Plans, slices and merges as plain files; what cannot be swept is refused before anything runs.

use crate::desk::{Desk, FUTURES, MOMENTUM, bundled};

/// A plan of eight short tasks.
fn plan(desk: &Desk, name: &str, grid: &str) {
    desk.run(&[
        "sweep",
        "plan",
        &bundled(),
        "--set",
        FUTURES,
        "--set",
        MOMENTUM,
        "--grid",
        grid,
        "--split",
        "0.2",
        "-o",
        name,
    ])
    .expect(0);
}

const GRID: &str = "strategy.momentum.lookback=10,20,30,40";

#[test]
fn slices_run_apart_and_merged_are_the_whole() {
    let desk = Desk::new();
    plan(&desk, "p.json", GRID);
    desk.run(&["sweep", "run", "p.json"]).expect(0);
    for slice in ["1/3", "2/3", "3/3"] {
        let output = format!("{}.sqlite", &slice[..1]);
        desk.run(&["sweep", "run", "p.json", "--slice", slice, "-o", &output])
            .expect(0);
    }
    assert_eq!(desk.rows("1.sqlite").len(), 3);
    let merge = [
        "sweep",
        "merge",
        "1.sqlite",
        "3.sqlite",
        "2.sqlite",
        "-o",
        "all.sqlite",
    ];
    desk.run(&merge).expect(0);
    assert_eq!(desk.timeless("all.sqlite"), desk.timeless("p.sqlite"));
    // Merging again, and with the whole, changes nothing.
    desk.run(&["sweep", "merge", "p.sqlite", "1.sqlite", "-o", "all.sqlite"])
        .expect(0);
    assert_eq!(desk.timeless("all.sqlite"), desk.timeless("p.sqlite"));

    plan(&desk, "other.json", "strategy.momentum.lookback=10,20,30");
    desk.run(&["sweep", "run", "other.json"]).expect(0);
    let mixed = [
        "sweep",
        "merge",
        "1.sqlite",
        "other.sqlite",
        "-o",
        "mixed.sqlite",
    ];
    let refused = desk.run(&mixed).expect(1);
    assert!(
        refused.stderr.contains("different plans"),
        "{}",
        refused.stderr
    );
    assert!(!desk.file("mixed.sqlite").exists());
    let other = ["sweep", "run", "other.json", "-o", "1.sqlite"];
    let refused = desk.run(&other).expect(1);
    assert!(
        refused.stderr.contains("another plan"),
        "{}",
        refused.stderr
    );
}

#[test]
fn rows_that_disagree_are_not_merged() {
    let desk = Desk::new();
    plan(&desk, "p.json", GRID);
    desk.run(&["sweep", "run", "p.json"]).expect(0);
    std::fs::copy(desk.file("p.sqlite"), desk.file("q.sqlite")).expect("room for a copy");
    let connection = rusqlite_open(&desk, "q.sqlite");
    connection
        .execute("UPDATE results SET state_hash = '00' WHERE task = 3", [])
        .expect("a table of results");
    drop(connection);
    let merge = ["sweep", "merge", "p.sqlite", "q.sqlite", "-o", "all.sqlite"];
    let refused = desk.run(&merge).expect(1);
    assert!(refused.stderr.contains("task 3"), "{}", refused.stderr);
}

fn rusqlite_open(desk: &Desk, name: &str) -> rusqlite::Connection {
    rusqlite::Connection::open(desk.file(name)).expect("a database")
}

#[test]
fn a_bad_key_or_value_is_refused_as_set_refuses_it_and_nothing_is_written() {
    let desk = Desk::new();
    let file = bundled();
    for (pair, grid) in [
        (
            "strategy.momentum.lookbak=5",
            "strategy.momentum.lookbak=5,6",
        ),
        (
            "strategy.momentum.lookback=x",
            "strategy.momentum.lookback=20,x",
        ),
        ("trading.interval=7m", "trading.interval=1m,7m"),
        (
            "trading.symbols=NO-SUCH",
            "trading.symbols=BTC-PERP|NO-SUCH",
        ),
    ] {
        let set = desk.run(&["replay", &file, "--set", pair]).expect(78);
        let swept = desk.run(&["sweep", &file, "--grid", grid]).expect(78);
        let told = set.stderr.lines().last().expect("a finding");
        assert!(swept.stderr.contains(told), "{} lacks {told}", swept.stderr);
    }
    for (arguments, said) in [
        (&["--grid", "a"][..], "expected a configuration key"),
        (
            &["--range", "strategy.momentum.lookback=1..9:int"],
            "--sample",
        ),
        (&[], "nothing to sweep"),
        (&["--grid", GRID, "--grid", GRID], "swept twice"),
        (&["--grid", GRID, "--split", "2"], "between 0 and 1"),
        (
            &["--grid", GRID, "--walk-forward", "train=9d,test=1d"],
            "too short",
        ),
        (&["--grid", GRID, "--period", "1s"], "longest candle"),
    ] {
        let swept = desk.run(&[&["sweep", &file][..], arguments].concat());
        let swept = swept.expect(2);
        assert!(swept.stderr.contains(said), "{} lacks {said}", swept.stderr);
    }
    let left = std::fs::read_dir(desk.folder.path()).expect("the folder");
    assert_eq!(left.count(), 0, "something was written");
}

#[test]
fn combinations_that_contradict_themselves_are_refused_or_left_out() {
    let desk = Desk::new();
    let file = bundled();
    let sweep = [
        "sweep",
        "plan",
        &file,
        "--grid",
        "risk.default_stop_loss_pct=1,3",
        "--grid",
        "risk.max_stop_loss_pct=2,10",
        "-o",
        "p.json",
    ];
    let refused = desk.run(&sweep).expect(78);
    assert!(refused.stderr.contains("stop_loss"), "{}", refused.stderr);
    desk.run(&[&sweep[..], &["--skip-invalid"]].concat())
        .expect(0);
    let text = std::fs::read_to_string(desk.file("p.json")).expect("a plan");
    let plan: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(plan["left_out"], 1);
    assert_eq!(plan["tasks"].as_array().map(Vec::len), Some(3));
}

#[test]
fn a_recording_that_is_not_the_plans_is_refused() {
    let desk = Desk::new();
    let copy = desk.file("copy.mrec");
    std::fs::copy(bundled(), &copy).expect("room for a copy");
    desk.run(&["sweep", "plan", "copy.mrec", "--grid", GRID, "-o", "p.json"])
        .expect(0);
    let mut bytes = std::fs::read(&copy).expect("the copy");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&copy, bytes).expect("room for it");
    let refused = desk.run(&["sweep", "run", "p.json"]).expect(1);
    assert!(
        refused.stderr.contains("the same recording"),
        "{}",
        refused.stderr
    );
    assert!(!desk.file("p.sqlite").exists());
    let damaged = desk.run(&["sweep", "plan", "copy.mrec", "--grid", GRID, "-o", "q.json"]);
    assert!(damaged.expect(1).stderr.contains("whole recording"));
}

#[test]
fn the_same_sweep_again_finds_its_results_and_shows_and_exports_them() {
    let desk = Desk::new();
    let file = bundled();
    let sweep = [
        "sweep", &file, "--set", FUTURES, "--set", MOMENTUM, "--grid", GRID, "--split", "0.2",
        "--csv", "rows.csv",
    ];
    let first = desk.run(&sweep).expect(0);
    assert!(first.stderr.contains("8 of 8 tasks"), "{}", first.stderr);
    for said in ["Best of 4 tries", "out-of-sample", "The same again"] {
        assert!(first.stdout.contains(said), "{}", first.stdout);
    }
    let csv = std::fs::read_to_string(desk.file("rows.csv")).expect("a CSV file");
    assert_eq!(csv.lines().count(), 9);
    assert!(
        csv.lines().all(|line| line.split(',').count() == 30),
        "{csv}"
    );
    let second = desk.run(&sweep).expect(0);
    assert!(second.stderr.contains("0 of 0 tasks"), "{}", second.stderr);
    assert_eq!(second.stdout, first.stdout);
    let by_return = desk.run(&[&sweep[..], &["--by", "return", "--top", "1"]].concat());
    assert!(by_return.expect(0).stdout.contains("in-sample return"));
    assert_eq!(
        std::fs::read_to_string(desk.file("rows.csv")).expect("still there"),
        csv
    );
    assert!(!desk.file("rows.csv.part").exists());
}

#[test]
fn rows_are_written_over_rows_and_over_nothing_else() {
    let desk = Desk::new();
    let file = bundled();
    let fifo = desk.file("fifo");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status();
    assert!(made.expect("mkfifo starts").success());
    desk.folder.write("precious.csv", "time,price\n1,2\n");
    for (name, said) in [
        ("precious.csv", "it exists and holds no rows of a sweep"),
        ("fifo", "a FIFO; expected a regular file"),
        ("/dev/null", "a device; expected a regular file"),
        (".", "a folder; expected a regular file"),
    ] {
        let refused = desk.run(&["sweep", &file, "--grid", GRID, "--csv", name]);
        let refused = refused.expect(2).stderr;
        assert!(
            refused.contains(name) && refused.contains(said),
            "{refused}"
        );
    }
    let left = std::fs::read_to_string(desk.file("precious.csv"));
    assert_eq!(left.expect("still there"), "time,price\n1,2\n");
    // Refused before anything was planned.
    assert!(!desk.file("data").exists());
}

#[test]
fn a_plan_is_whole_or_not_there_and_neither_read_from_nor_written_into_something_else() {
    let desk = Desk::new();
    plan(&desk, "p.json", GRID);
    assert!(!desk.file("p.json.part").exists());
    // The same plan again is the same file; another one does not replace it.
    plan(&desk, "p.json", GRID);
    let written = std::fs::read(desk.file("p.json")).expect("a plan");
    let other = ["sweep", "plan", &bundled(), "--grid", GRID, "-o", "p.json"];
    let refused = desk.run(&other).expect(1).stderr;
    assert!(refused.contains("another plan is there"), "{refused}");
    assert_eq!(std::fs::read(desk.file("p.json")).expect("a plan"), written);
    let made = std::process::Command::new("mkfifo")
        .arg(desk.file("fifo"))
        .status();
    assert!(made.expect("mkfifo starts").success());
    for name in ["fifo", "/dev/zero"] {
        let kind = if name == "fifo" { "a FIFO" } else { "a device" };
        let read = desk.run(&["sweep", "run", name, "-o", "r.sqlite"]);
        let write = desk.run(&["sweep", "plan", &bundled(), "--grid", GRID, "-o", name]);
        for refused in [read, write] {
            let said = refused.expect(1).stderr;
            assert!(said.contains(name) && said.contains(kind), "{said}");
        }
    }
}

#[test]
fn a_draw_below_a_ten_thousandth_goes_into_the_plan_with_its_digits() {
    let desk = Desk::new();
    let key = "strategy.momentum.entry_threshold";
    let range = format!("{key}=0.00001..0.0001:log");
    desk.run(&[
        "sweep",
        "plan",
        &bundled(),
        "--set",
        MOMENTUM,
        "--sample",
        "20",
        "--range",
        &range,
        "-o",
        "p.json",
    ])
    .expect(0);
    let text = std::fs::read_to_string(desk.file("p.json")).expect("a plan");
    let plan: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let tasks = plan["tasks"].as_array().expect("tasks");
    let drawn: Vec<&str> = tasks
        .iter()
        .filter_map(|task| {
            task["sets"][0]
                .as_str()?
                .strip_prefix(key)?
                .strip_prefix('=')
        })
        .collect();
    assert_eq!(drawn.len(), 20);
    assert!(
        drawn.iter().all(|value| value.starts_with("0.0000")),
        "{drawn:?}"
    );
    let longest = drawn.iter().map(|value| value.len()).max();
    assert_eq!(longest, Some("0.0000123456".len()), "{drawn:?}");
}

#[test]
fn a_worker_that_can_do_nothing_says_so_and_ends_the_sweep() {
    let desk = Desk::new();
    let said = desk
        .run(&["sweep-tasks", "none.json", "0"])
        .expect(1)
        .stdout;
    assert!(
        said.starts_with(r#"{"unable":"none.json: cannot be read"#),
        "{said}"
    );
    plan(&desk, "p.json", GRID);
    let said = desk.run(&["sweep-tasks", "p.json", "7-9"]).expect(1).stdout;
    assert!(said.contains("task numbers below 8"), "{said}");
    assert!(
        !desk
            .run(&["--help"])
            .expect(0)
            .stdout
            .contains("sweep-tasks")
    );
}

#[test]
fn sessions_in_segments_are_swept_whole_and_divided_only_as_one_file() {
    let desk = Desk::new();
    let record = [
        "replay",
        &bundled(),
        "--set",
        FUTURES,
        "--set",
        MOMENTUM,
        "--to",
        "2018-01-02",
        "--set",
        "recording.segment_mb=1",
        "--record",
        "session",
    ];
    desk.run(&record).expect(0);
    let sweep = |more: &[&str]| {
        let words = [
            "sweep",
            "session",
            "--set",
            FUTURES,
            "--set",
            MOMENTUM,
            "--grid",
            GRID,
            // Its longer frames would have every part begin where the recording does.
            "--set",
            "data.enable_cipher_b_filter=false",
            "-o",
        ];
        desk.run(&[&words[..], more].concat())
    };
    let divided = sweep(&["divided.json", "--split", "0.9"]).expect(1);
    assert!(
        divided.stderr.contains("minnow compact"),
        "{}",
        divided.stderr
    );
    sweep(&["whole.json"]).expect(0);
    let shown = desk.shown("whole.sqlite");
    let part = &shown["windows"][0]["best"][0]["in_sample"];
    let report = desk.replay_of(part);
    assert_eq!(part["state_hash"], report["session"]["state_hash"]);
}

#[test]
fn a_sample_beyond_all_there_is_says_how_many_there_were() {
    let desk = Desk::new();
    let plan = |sample: &str, out: &str| {
        let file = bundled();
        let arguments = [
            "sweep", "plan", &file, "--set", MOMENTUM, "--sample", sample,
        ];
        let range = [
            "--range",
            "strategy.momentum.lookback=20..23:int",
            "-o",
            out,
        ];
        desk.run(&[&arguments[..], &range].concat())
            .expect(0)
            .stderr
    };
    let told = plan("300", "all.json");
    assert!(told.contains("--sample 300: only 4 different"), "{told}");
    let told = plan("2", "two.json");
    assert!(!told.contains("only"), "{told}");
}
