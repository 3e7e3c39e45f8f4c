//! Trades and candles a second through the core alone, with decoding, and through the whole program.
//!
//! `cargo bench --bench pipeline`. The whole program is the released binary as a process of its
//! own: start, configuration, reading, checksums, decoding, candles, indicators, strategy, risk,
//! paper account, ledger, report. Pin it with `taskset -c 0 cargo bench ...` to see one core's
//! worth. With `MINNOW_BENCH_RECORDINGS=<folder>` it only writes the longer recordings there, for
//! `scripts/bench.sh`.

mod support;

use minnow::core::Core;
use minnow::core::effect::Effects;
use minnow::core::market::TimedTrade;
use minnow::core::modes::Turns;
use minnow::store::recording::{Batch, Entry, OpenOptions, Rows, open};
use std::path::Path;
use std::process::{Command, Stdio};
use support::{SETS, Scratch, TRADES, bundled, header, settings, trades};

/// Repetitions of the bundled recording in the long one.
const TIMES: u64 = 10;
/// Minute candles asked for, about 11 months.
const CANDLES: usize = 500_000;

fn main() {
    if let Some(folder) = std::env::var_os("MINNOW_BENCH_RECORDINGS") {
        let folder = Path::new(&folder);
        support::write_first(&folder.join("first.mrec"), 1);
        support::write_repeated(&folder.join("10x.mrec"), TIMES as i64);
        let candles = support::write_candles(&folder.join("candles.mrec"), CANDLES);
        println!("{candles} candles");
        return;
    }
    divan::main();
}

fn new_core() -> Core {
    Core::new(settings(&header(&bundled()).instruments), Turns::History)
}

/// Trades in, wishes thrown away; returns how many wishes there were.
fn feed(core: &mut Core, batches: &[Vec<TimedTrade>]) -> usize {
    let mut effects = Effects::with_capacity(256);
    let mut wishes = 0;
    for batch in batches {
        core.handle_trades(batch, &mut effects);
        wishes += effects.len();
        effects.clear();
    }
    wishes
}

#[divan::bench(items_count = TRADES)]
fn core_alone(bencher: divan::Bencher) {
    let batches = trades(&bundled());
    bencher
        .with_inputs(new_core)
        .bench_values(|mut core| feed(&mut core, &batches));
}

/// Every trade one by one, without the path for trades that can change nothing.
#[divan::bench(items_count = TRADES, sample_count = 20)]
fn core_alone_plain_path(bencher: divan::Bencher) {
    let batches = trades(&bundled());
    bencher
        .with_inputs(|| {
            let mut core = new_core();
            core.use_plain_path(true);
            core
        })
        .bench_values(|mut core| feed(&mut core, &batches));
}

/// Reading, checksums, decoding and the core on one thread.
fn decode_into(core: &mut Core, path: &Path) -> u64 {
    let mut opened = open(path, &OpenOptions::default()).expect("the recording opens");
    let mut rows = Rows::new(512);
    let mut effects = Effects::with_capacity(256);
    let mut spare = Vec::new();
    while let Some(chunk) = opened.reader.next(spare).expect("the recording reads") {
        spare = opened.decoder.begin(chunk).expect("the chunk is whole");
        while let Some(batch) = opened.decoder.next_batch(&mut rows).expect("it decodes") {
            match batch {
                Batch::Trades => core.handle_trades(&rows, &mut effects),
                Batch::Candles => {
                    for row in rows.candles() {
                        core.handle_candle(row, &mut effects);
                    }
                }
                Batch::Entry(Entry::Input { stamp, input }) => {
                    core.handle(stamp, input, &mut effects);
                }
                Batch::Entry(_) => {}
            }
            divan::black_box(effects.len());
            effects.clear();
        }
    }
    core.inputs()
}

#[divan::bench(items_count = TRADES)]
fn decode_and_core(bencher: divan::Bencher) {
    let path = bundled();
    bencher
        .with_inputs(new_core)
        .bench_values(|mut core| decode_into(&mut core, &path));
}

#[divan::bench(sample_count = 20)]
fn decode_and_core_on_candles(bencher: divan::Bencher) {
    let scratch = Scratch::new("candles");
    let path = scratch.file("candles.mrec");
    let count = support::write_candles(&path, CANDLES);
    bencher
        .counter(divan::counter::ItemsCount::new(count))
        .with_inputs(new_core)
        .bench_values(|mut core| {
            let inputs = decode_into(&mut core, &path);
            assert_eq!(inputs, count, "the core saw every candle");
        });
}

/// `minnow replay` as a process; its ledger is made anew each time.
fn replay(recording: &Path, scratch: &Scratch) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_minnow"));
    command.arg("replay").arg(recording);
    command.arg("--ledger").arg(scratch.file("ledger.sqlite"));
    for set in SETS {
        command.args(["--set", set]);
    }
    let status = command
        .current_dir(scratch.file(""))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("minnow starts");
    assert!(status.success(), "the replay ends well: {status}");
}

#[divan::bench(items_count = TRADES, sample_count = 30)]
fn whole_process(bencher: divan::Bencher) {
    let scratch = Scratch::new("whole");
    let path = bundled();
    bencher.bench_local(|| replay(&path, &scratch));
}

#[divan::bench(items_count = TRADES * TIMES, sample_count = 10)]
fn whole_process_10x(bencher: divan::Bencher) {
    let scratch = Scratch::new("whole-10x");
    let path = scratch.file("10x.mrec");
    support::write_repeated(&path, TIMES as i64);
    bencher.bench_local(|| replay(&path, &scratch));
}

#[divan::bench(sample_count = 10)]
fn whole_process_on_candles(bencher: divan::Bencher) {
    let scratch = Scratch::new("whole-candles");
    let path = scratch.file("candles.mrec");
    let count = support::write_candles(&path, CANDLES);
    bencher
        .counter(divan::counter::ItemsCount::new(count))
        .bench_local(|| replay(&path, &scratch));
}
