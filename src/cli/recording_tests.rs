//! The verbs about recordings from their command line to their exit status and their files.

use super::{CommandLine, Exit, Failure, Verb, compact, export, import, inspect};
use crate::exchange::recorded::{RecordedLine, unwrap_line};
use crate::exchange::{Decoded, decode};
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
    std::fs::remove_file(&out).unwrap();
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
