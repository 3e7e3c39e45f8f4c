//! The verbs about recordings from their command line to their exit status and their files.

use super::{CommandLine, Exit, Failure, Verb, compact, export, import, inspect};
use crate::exchange::recorded::{RecordedLine, unwrap_line};
use crate::exchange::{Decoded, decode};
use crate::runtime::Interrupt;
use clap::Parser;
use std::io::Read;
use std::path::{Path, PathBuf};

struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("minnow-verbs-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn run(arguments: &[&str]) -> Result<Exit, Failure> {
    let line = CommandLine::try_parse_from([&["minnow"], arguments].concat()).unwrap();
    match &line.verb {
        Verb::Import(arguments) => import::run(&line.common, arguments),
        Verb::Inspect(arguments) => inspect::run(&line.common, arguments),
        Verb::Export(arguments) => export::run(&line.common, arguments),
        Verb::Compact(arguments) => compact::run(&line.common, arguments),
        #[allow(unreachable_patterns)]
        _ => panic!("a verb about recordings"),
    }
}

/// The same, with a stop signal that comes when it was looked for so many times.
fn run_until(arguments: &[&str], looks: u32) -> Result<Exit, Failure> {
    let line = CommandLine::try_parse_from([&["minnow"], arguments].concat()).unwrap();
    let interrupt = Interrupt::after_looks(looks);
    match &line.verb {
        Verb::Import(arguments) => import::run_until(&line.common, arguments, interrupt),
        Verb::Export(arguments) => export::run_until(&line.common, arguments, interrupt),
        Verb::Compact(arguments) => compact::run_until(&line.common, arguments, interrupt),
        _ => panic!("a verb that writes a file"),
    }
}

fn bundled() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("recordings/btc-perp-2018-01-01.mrec")
        .display()
        .to_string()
}

const CSV: &str =
    "timestamp,price,size\n1514764802610,13873,10\nrubbish,13873,10\n1514764806057,13873.5,-3000\n";

#[test]
fn a_csv_becomes_a_recording_and_comes_out_as_it_went_in() {
    let folder = Scratch::new("round");
    let [csv, block, lines, again, out] =
        ["in.csv", "a.mrec", "a.jsonl.gz", "b.mrec", "out.csv"].map(|name| folder.file(name));
    std::fs::write(&csv, CSV).unwrap();
    assert_eq!(
        run(&["import", &csv, "-o", &block, "--symbol", "X-USD"]).unwrap(),
        Exit::Success
    );
    assert_eq!(
        run(&["export", &block, "--format", "jsonl", "-o", &lines]).unwrap(),
        Exit::Success
    );
    assert_eq!(
        run(&["compact", &lines, "-o", &again]).unwrap(),
        Exit::Success
    );
    assert_eq!(
        std::fs::read(&block).unwrap(),
        std::fs::read(&again).unwrap()
    );
    assert_eq!(run(&["export", &again, "-o", &out]).unwrap(), Exit::Success);
    assert_eq!(
        std::fs::read_to_string(&out).unwrap(),
        "symbol,timestamp,id,side,price,quantity\n\
         X-USD,1514764802610,,buy,13873,10\n\
         X-USD,1514764806057,,sell,13873.5,3000\n"
    );
    // The exported CSV imports to the same trades.
    let second = folder.file("c.mrec");
    assert_eq!(
        run(&["import", &out, "-o", &second, "--strict"]).unwrap(),
        Exit::Success
    );
    let third = folder.file("out2.csv");
    run(&["export", &second, "-o", &third]).unwrap();
    assert_eq!(std::fs::read(&out).unwrap(), std::fs::read(&third).unwrap());
}

#[test]
fn strict_refuses_bad_rows_and_leaves_nothing_behind() {
    let folder = Scratch::new("strict");
    let [csv, out] = ["in.csv", "a.mrec"].map(|name| folder.file(name));
    std::fs::write(&csv, CSV).unwrap();
    let failure = run(&["import", &csv, "-o", &out, "--symbol", "X-USD", "--strict"]).unwrap_err();
    assert_eq!(failure.exit, Exit::Failure);
    assert!(
        failure.message.contains("1 bad rows") && failure.message.contains("line 3"),
        "{failure}"
    );
    assert!(!Path::new(&out).exists());
    // Off the grid is found only when writing.
    let good = CSV.replace("rubbish", "1514764806000");
    std::fs::write(&csv, good).unwrap();
    let arguments = [
        "import", &csv, "-o", &out, "--symbol", "X-USD", "--strict", "--tick", "1",
    ];
    let failure = run(&arguments).unwrap_err();
    assert!(
        failure.message.contains("multiple of the tick 1"),
        "{failure}"
    );
    assert!(!Path::new(&out).exists());
}

#[test]
fn what_the_command_line_must_say_is_a_usage_error() {
    let folder = Scratch::new("usage");
    let [csv, out] = ["in.csv", "a.mrec"].map(|name| folder.file(name));
    std::fs::write(&csv, CSV).unwrap();
    assert_eq!(
        run(&["import", &csv, "-o", &out]).unwrap_err().exit,
        Exit::Usage
    );
    std::fs::write(&out, "something precious").unwrap();
    let failure = run(&["import", &csv, "-o", &out, "--symbol", "X-USD"]).unwrap_err();
    assert_eq!(failure.exit, Exit::Usage);
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "something precious");
    let failure = run(&["export", &bundled(), "--format", "jsonl"]).unwrap_err();
    assert_eq!(failure.exit, Exit::Usage);
    let failure = run(&["inspect", &csv]).unwrap_err();
    assert_eq!(failure.exit, Exit::Failure);
    assert!(failure.message.contains("use `minnow import`"), "{failure}");
}

/// Names of what lies in a folder.
fn names(folder: &Scratch) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(&folder.0)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_stop_signal_at_any_moment_ends_with_130_and_leaves_no_output() {
    let folder = Scratch::new("stopped");
    let [trades, unsorted, candles, recording, out] =
        ["t.csv", "u.csv", "c.csv", "in.mrec", "out"].map(|name| folder.file(name));
    let rows: Vec<String> = (0..9_000i64)
        .map(|n| format!("{},100,1", 1_514_764_800_000 + n * 1000))
        .collect();
    let text = |rows: &[String]| format!("timestamp,price,size\n{}\n", rows.join("\n"));
    std::fs::write(&trades, text(&rows)).unwrap();
    let backwards: Vec<String> = rows[..400].iter().rev().cloned().collect();
    std::fs::write(&unsorted, text(&backwards)).unwrap();
    let rows: Vec<String> = (0..300i64)
        .map(|n| format!("{},2,3,1,2,5", 1_514_764_800 + n * 60))
        .collect();
    let text = format!("time,open,high,low,close,volume\n{}\n", rows.join("\n"));
    std::fs::write(&candles, text).unwrap();
    run(&["import", &trades, "-o", &recording, "--symbol", "X-USD"]).unwrap();
    let inputs = names(&folder);
    let verbs: [&[&str]; 7] = [
        &["import", &trades, "-o", &out, "--symbol", "X-USD"],
        &["import", &unsorted, "-o", &out, "--symbol", "X-USD"],
        &[
            "import",
            &candles,
            "--format",
            "candles-csv",
            "-o",
            &out,
            "--symbol",
            "X-USD",
        ],
        &[
            "import", &trades, "--form", "lines", "-o", &out, "--symbol", "X-USD",
        ],
        &["compact", &recording, "-o", &out],
        &["export", &recording, "-o", &out],
        &["export", &recording, "--format", "jsonl", "-o", &out],
    ];
    for arguments in verbs {
        let mut looks = 0;
        let (mut began, mut while_writing) = (false, false);
        loop {
            match run_until(arguments, looks) {
                Ok(exit) => {
                    assert_eq!(exit, Exit::Success);
                    break;
                }
                Err(failure) => {
                    assert_eq!(failure.exit, Exit::Interrupted, "{failure}");
                    let end = format!(" rows; nothing was written to {out}");
                    let said = &failure.message;
                    assert!(
                        said.starts_with("interrupted") && said.ends_with(&end),
                        "{said}"
                    );
                    assert_eq!(names(&folder), inputs, "{arguments:?} after {looks} looks");
                    began |= !said.contains(" after 0 rows");
                    while_writing |= said.contains("while writing");
                }
            }
            looks += 1;
        }
        assert!(began, "{arguments:?} was never stopped within its rows");
        assert_eq!(while_writing, arguments[0] == "import", "{arguments:?}");
        std::fs::remove_file(&out).expect("a run that was not stopped has its output");
    }
}

#[test]
fn a_recording_or_a_table_that_is_no_file_is_named_and_never_waited_for() {
    let folder = Scratch::new("special");
    let [fifo, out] = ["fifo", "out"].map(|name| folder.file(name));
    let made = std::process::Command::new("mkfifo").arg(&fifo).status();
    assert!(made.unwrap().success());
    let segments = folder.0.join("segments");
    std::fs::create_dir(&segments).unwrap();
    let segment = segments.join("00000001.jsonl");
    let made = std::process::Command::new("mkfifo").arg(&segment).status();
    assert!(made.unwrap().success());
    let (segments, place) = (segments.display().to_string(), folder.file(""));
    for (arguments, named, kind) in [
        (&["inspect", &fifo][..], &fifo, "a FIFO"),
        (
            &["inspect", &segments],
            &segment.display().to_string(),
            "a FIFO",
        ),
        (&["compact", &fifo, "-o", &out], &fifo, "a FIFO"),
        (&["export", &fifo, "-o", &out], &fifo, "a FIFO"),
        (
            &["import", &fifo, "-o", &out, "--symbol", "X-USD"],
            &fifo,
            "a FIFO",
        ),
        (
            &["import", &place, "-o", &out, "--symbol", "X-USD"],
            &place,
            "a folder",
        ),
        (
            &["inspect", "/dev/null"],
            &"/dev/null".to_owned(),
            "a device",
        ),
    ] {
        let failure = run(arguments).unwrap_err();
        assert_eq!(failure.exit, Exit::Failure, "{failure}");
        let said = format!("{named}: cannot open: {kind}; expected a regular file");
        assert_eq!(failure.message, said);
        assert!(!Path::new(&out).exists());
    }
}

#[test]
fn inspect_fails_on_damage_and_not_on_a_cut_off_end() {
    let folder = Scratch::new("inspect");
    assert_eq!(run(&["inspect", &bundled()]).unwrap(), Exit::Success);
    let bytes = std::fs::read(bundled()).unwrap();
    let path = folder.file("a.mrec");
    std::fs::write(&path, &bytes[..bytes.len() - 700_000]).unwrap();
    assert_eq!(run(&["inspect", &path, "--json"]).unwrap(), Exit::Success);
    let mut bad = bytes;
    bad[1_000_000] ^= 1;
    std::fs::write(&path, &bad).unwrap();
    assert_eq!(run(&["inspect", &path]).unwrap(), Exit::Failure);
    let out = folder.file("out.mrec");
    let failure = run(&["compact", &path, "-o", &out]).unwrap_err();
    assert!(failure.message.contains("entries after entry"), "{failure}");
    assert!(!Path::new(&out).exists(), "no half recording is left");
    assert_eq!(
        run(&["compact", &path, "-o", &out, "--skip-damaged"]).unwrap(),
        Exit::Success
    );
}

/// The folder of real data of others, which never lies in the repository itself.
fn shared_data() -> Option<PathBuf> {
    let folder = std::env::var_os("MINNOW_SHARED_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("SKIPPED: no folder {} with real data", folder.display());
    None
}

/// Frames with trades, trades, and lines that could not be decoded.
fn count(path: &Path) -> (usize, usize, usize) {
    let bytes = std::fs::read(path).unwrap();
    let mut text = String::new();
    if bytes.starts_with(&[0x1F, 0x8B]) {
        let mut reader = flate2::read::MultiGzDecoder::new(bytes.as_slice());
        reader.read_to_string(&mut text).unwrap();
    } else {
        text = String::from_utf8(bytes).unwrap();
    }
    let (mut frames, mut trades, mut bad) = (0, 0, 0);
    for line in text.lines() {
        let RecordedLine::Frame(frame) = unwrap_line(line) else {
            continue;
        };
        match decode(&frame, &mut |_| trades += 1) {
            Ok(Decoded::Trades) => frames += 1,
            Ok(Decoded::Other) => {}
            Err(_) => bad += 1,
        }
    }
    (frames, trades, bad)
}

#[test]
fn real_recordings_of_three_venues_decode_whole() {
    let Some(data) = shared_data() else { return };
    for (file, expected) in [
        ("coinbase/advanced_ws_frames_2026-09-30.jsonl", (1, 22, 0)),
        (
            "coinbase/cryptofeed_exchange_feed_2021-04-17_5products.jsonl.gz",
            (77, 77, 0),
        ),
        ("binance/hft_spot_btcusdt_20240808.log.gz", (9757, 9757, 0)),
        (
            "binance/hft_usdm_btcusdt_20240808.log.gz",
            (21_313, 21_313, 0),
        ),
        (
            "binance/cryptofeed_usdm_2021-07-22_sushiusdt_akrousdt.jsonl.gz",
            (48, 48, 0),
        ),
        (
            "kraken/cryptofeed_ws_v1_2021-04-17_6pairs.jsonl.gz",
            (8, 10, 0),
        ),
    ] {
        assert_eq!(count(&data.join(file)), expected, "{file}");
    }
}

#[test]
fn an_import_of_which_nothing_is_left_is_an_error_and_leaves_nothing() {
    let scratch = Scratch::new("nothing");
    let (input, output) = (scratch.file("in.csv"), scratch.file("out.mrec"));
    // At the finest step that is stated these are more steps than are counted.
    let rows = (0..5).map(|n| format!("{},2000000{n}.98765432,1\n", 1_514_764_800 + n));
    let text: String = std::iter::once("time,price,quantity\n".to_owned())
        .chain(rows)
        .collect();
    std::fs::write(&input, text).unwrap();
    let arguments = ["import", "--symbol", "ODD-USD", "-o", &output, &input];
    let failure = run(&arguments).unwrap_err().to_string();
    assert!(
        failure.contains("no row can be used: 5 are bad"),
        "{failure}"
    );
    assert!(!Path::new(&output).exists());
}
