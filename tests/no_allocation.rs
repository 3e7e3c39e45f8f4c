//! A trade costs no heap allocation: neither read, nor decoded, nor taken by the core. Counted by an
//! allocator that stands between program and system; each thread counts its own.
//!
//! What may allocate is what makes a row of the ledger: a decision, an order, a fill, and with them
//! the candle that they follow from. Their number a candle is bounded.

mod support;

use minnow::config::identity::instance_head;
use minnow::config::{Sources, load};
use minnow::core::Core;
use minnow::core::effect::Effects;
use minnow::core::market::{Instrument, TimedTrade};
use minnow::core::modes::Turns;
use minnow::core::settings::Identity;
use minnow::core::strategy::build;
use minnow::core::strategy::cipher_b_filter::CipherBFilter;
use minnow::core::strategy::decision::CandleView;
use minnow::core::units::Timestamp;
use minnow::store::recording::{Batch, OpenOptions, Opened, Rows, open};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::path::{Path, PathBuf};
use support::folder::Folder;

/// Counts what is asked of the system's allocator.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    // While a thread ends nothing is counted.
    let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
}

// SAFETY: everything is handed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What `work` returns, and how often it allocated.
fn counted<T>(work: impl FnOnce() -> T) -> (T, u64) {
    let before = ALLOCATIONS.get();
    let result = work();
    (result, ALLOCATIONS.get() - before)
}

fn bundled() -> Opened {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("recordings/btc-perp-2018-01-01.mrec");
    open(&path, &OpenOptions::default()).expect("the bundled recording")
}

/// Every trade of the bundled recording.
fn trades() -> (Vec<Instrument>, Vec<TimedTrade>) {
    let mut opened = bundled();
    let mut rows = Rows::new(512);
    let (mut all, mut spare) = (Vec::with_capacity(1_000_000), Vec::new());
    while let Some(chunk) = opened.reader.next(spare).expect("no damage") {
        spare = opened.decoder.begin(chunk).expect("no damage");
        while let Some(batch) = opened.decoder.next_batch(&mut rows).expect("no damage") {
            if batch == Batch::Trades {
                all.extend_from_slice(&rows);
            }
        }
    }
    (opened.header.instruments, all)
}

/// The core as `minnow replay` sets it up for this recording.
fn core(instruments: &[Instrument]) -> Core {
    // The shipped file and an empty environment: nobody's own settings.
    let folder = Folder::new();
    let empty = folder.write("empty.env", "");
    let sources = Sources {
        config_file: Some(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("config/minimal.json")),
        env_file: Some(empty),
        sets: ["trading.enable_futures=true", "trading.leverage=3"]
            .map(str::to_owned)
            .to_vec(),
        ..Sources::default()
    };
    let effective = load(&sources).unwrap_or_else(|findings| panic!("{findings}"));
    let identity = Identity {
        instance_head: instance_head("test"),
        session: "aaaaa".to_owned(),
    };
    let settings = effective
        .for_core(instruments, &identity)
        .unwrap_or_else(|findings| panic!("{findings}"));
    Core::new(settings, Turns::History)
}

#[test]
fn the_allocator_counts() {
    let (vector, count) = counted(|| vec![1u8; 100]);
    assert_eq!((vector.len(), count), (100, 1));
    let ((), count) = counted(|| ());
    assert_eq!(count, 0);
}

#[test]
fn reading_and_decoding_a_trade_allocates_nothing() {
    let mut opened = bundled();
    let mut rows = Rows::new(512);
    let (mut chunks, mut decoded, mut spare) = (0, 0, Vec::new());
    loop {
        let (chunk, reading) = counted(|| opened.reader.next(std::mem::take(&mut spare)));
        let Some(chunk) = chunk.expect("no damage") else {
            break;
        };
        let (back, beginning) = counted(|| opened.decoder.begin(chunk));
        spare = back.expect("no damage");
        let mut decoding = 0;
        loop {
            let (batch, count) = counted(|| opened.decoder.next_batch(&mut rows));
            match batch.expect("no damage") {
                Some(Batch::Trades) => decoding += count,
                // The trailer is text.
                Some(Batch::Candles | Batch::Entry(_)) => {}
                None => break,
            }
            decoded += rows.len();
        }
        chunks += 1;
        assert_eq!(decoding, 0, "chunk {chunks}");
        // The buffers grow with the first blocks, and with one that is larger than all before; the
        // trailer brings the header once more.
        let bound = if chunks <= 3 { 16 } else { 2 };
        if decoded < 1_000_000 {
            assert!(
                reading + beginning <= bound,
                "chunk {chunks}: {reading} + {beginning}"
            );
        }
    }
    assert!(decoded >= 1_000_000 && chunks > 60, "{decoded} in {chunks}");
}

/// What the core has told or done so far: as long as it stays, nothing but trades happened.
fn events(core: &Core) -> [u64; 5] {
    let counts = core.counts();
    [
        counts.candles,
        counts.decisions,
        counts.orders,
        counts.fills,
        counts.trades,
    ]
}

/// Hands all trades to the core in batches of so many rows.
fn run(core: &mut Core, trades: &[TimedTrade], batch: usize) -> Run {
    let mut effects = Effects::with_capacity(4096);
    let mut run = Run::default();
    for rows in trades.chunks(batch) {
        let before = events(core);
        let ((), count) = counted(|| core.handle_trades(rows, &mut effects));
        run.allocations += count;
        // A row that is written again (an order that timed out) is no new event, but told.
        if events(core) == before && effects.is_empty() {
            run.quiet_batches += 1;
            run.quiet_allocations += count;
        }
        // What the shell does with them is another matter.
        effects.clear();
    }
    run
}

#[derive(Debug, Default)]
struct Run {
    allocations: u64,
    /// Batches of which no event came, and what they allocated.
    quiet_batches: usize,
    quiet_allocations: u64,
}

#[test]
fn trades_inside_a_candle_allocate_nothing_in_the_core() {
    let (instruments, trades) = trades();
    for plain in [false, true] {
        let mut core = core(&instruments);
        core.use_plain_path(plain);
        // The very first trade arms the first timer; there is nothing else to warm up.
        core.handle_trades(&trades[..1], &mut Effects::new());
        let run = run(&mut core, &trades[1..], 16);
        assert!(run.quiet_batches > 50_000, "plain {plain}: {run:?}");
        assert_eq!(run.quiet_allocations, 0, "plain {plain}: {run:?}");
    }
}

#[test]
fn a_warm_strategy_takes_up_a_candle_without_allocating() {
    let (instruments, _) = trades();
    let core = core(&instruments);
    let settings = core.settings();
    let interval = settings.trading.interval;
    let mut strategy = build(&settings.strategy, interval);
    let mut own = CipherBFilter::new(
        settings.trading.cipher_b_filter.as_ref().expect("on"),
        interval,
        "momentum",
        false,
    )
    .expect("momentum is filtered");
    let (mut warm, mut count) = (0, 0);
    for index in 0..20_000i64 {
        let price = 100.0 + 10.0 * (index as f64 / 9.0).sin() + 5.0 * (index as f64 / 41.0).sin();
        let candle = CandleView {
            open_time: Timestamp(index * interval.span().0),
            open: price,
            high: price + 0.5,
            low: price - 0.5,
            close: price + 0.3 * (index as f64).sin(),
            volume: 1.0,
        };
        let ((), allocated) = counted(|| {
            strategy.observe(&candle);
            own.observe(&candle, None);
        });
        // Windows grow to their length; the longest that grows is that of 60 bars.
        if index > 200 {
            warm += 1;
            count += allocated;
        }
    }
    assert_eq!((warm, count), (19_799, 0));
}

#[test]
fn a_candle_with_all_that_follows_from_it_allocates_a_bounded_number_of_times() {
    let (instruments, trades) = trades();
    let mut core = core(&instruments);
    let run = run(&mut core, &trades, 512);
    let counts = core.counts().clone();
    assert_eq!(counts.candles, 5953);
    assert!(counts.trades > 100 && counts.orders > 300, "{counts:?}");
    // A HOLD costs less, an entry with its stop and target more; about 4.1 in the mean.
    let a_candle = run.allocations as f64 / counts.candles as f64;
    assert!(
        a_candle <= 4.5,
        "{a_candle:.2} allocations a candle: {run:?}"
    );
}
