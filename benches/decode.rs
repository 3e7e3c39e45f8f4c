//! What it costs to read the block form: trades and candles a second, checksums included.
//!
//! `cargo bench --bench decode`; instructions per row:
//! `valgrind --tool=callgrind target/release/deps/decode-* --bench --sample-count 1 --sample-size 1`.

use minnow::core::input::Input;
use minnow::core::market::{Candle, CandleSource, Instrument, Interval, ProductKind, SymbolId};
use minnow::core::units::{Decimal, Price, Stamp, Timestamp};
use minnow::store::recording::{
    Batch, BlockWriter, Chunk, ChunkDecoder, Entry, Header, OpenOptions, RecordingWriter, Rows,
    open,
};
use std::path::{Path, PathBuf};

fn main() {
    divan::main();
}

fn bundled() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("recordings/btc-perp-2018-01-01.mrec")
}

/// All chunks of a file in memory, so that only decoding is measured.
fn chunks(path: &Path) -> (Vec<Chunk>, ChunkDecoder) {
    let mut opened = open(path, &OpenOptions::default()).expect("the recording opens");
    let mut chunks = Vec::new();
    while let Some(chunk) = opened.reader.next(Vec::new()).expect("the recording reads") {
        chunks.push(chunk);
    }
    (chunks, opened.decoder)
}

fn decode(chunks: Vec<Chunk>, decoder: &mut ChunkDecoder) -> (u64, u64) {
    let mut rows = Rows::new(512);
    let (mut count, mut sum) = (0u64, 0u64);
    for chunk in chunks {
        divan::black_box(decoder.begin(chunk).expect("the chunk is whole"));
        while let Some(batch) = decoder.next_batch(&mut rows).expect("the chunk decodes") {
            match batch {
                Batch::Trades => {
                    divan::black_box(&*rows);
                    count += rows.len() as u64;
                }
                Batch::Candles => {
                    count += rows.candles().len() as u64;
                    for row in rows.candles() {
                        sum = sum.wrapping_add(row.candle.close.0 as u64);
                    }
                }
                Batch::Entry(_) => {}
            }
        }
    }
    (count, sum)
}

#[divan::bench(items_count = 1_000_000u64)]
fn trades(bencher: divan::Bencher) {
    let path = bundled();
    bencher
        .with_inputs(|| chunks(&path))
        .bench_values(|(chunks, mut decoder)| decode(chunks, &mut decoder));
}

/// Reading, checksums and decoding of the file in the page cache.
#[divan::bench(items_count = 1_000_000u64)]
fn trades_with_reading_and_checksums() -> u64 {
    let mut opened = open(&bundled(), &OpenOptions::default()).expect("the recording opens");
    let mut rows = Rows::new(512);
    let (mut spare, mut count) = (Vec::new(), 0u64);
    while let Some(chunk) = opened.reader.next(spare).expect("the recording reads") {
        spare = opened.decoder.begin(chunk).expect("the chunk is whole");
        while let Some(batch) = opened.decoder.next_batch(&mut rows).expect("it decodes") {
            count += matches!(batch, Batch::Trades) as u64 * rows.len() as u64;
        }
    }
    count
}

const CANDLES: i64 = 1_000_000;

#[divan::bench(items_count = CANDLES as u64)]
fn candles(bencher: divan::Bencher) {
    let path = std::env::temp_dir().join(format!("minnow-bench-{}.mrec", std::process::id()));
    write_candles(&path);
    bencher
        .with_inputs(|| chunks(&path))
        .bench_values(|(chunks, mut decoder)| decode(chunks, &mut decoder));
    let _ = std::fs::remove_file(&path);
}

/// A walk of minute candles with steps like a market's.
fn write_candles(path: &Path) {
    let _ = std::fs::remove_file(path);
    let header = Header::new(vec![Instrument {
        min_quantity: Decimal::new(1, 8),
        ..Instrument::linear(
            "BTC-USD",
            ProductKind::Spot,
            "USD",
            Decimal::new(1, 2),
            Decimal::new(1, 8),
        )
    }]);
    let mut writer = BlockWriter::create(path, &header).expect("the file is made");
    let (mut close, mut state) = (6_400_000i64, 88_172_645_463_325_252u64);
    for minute in 0..CANDLES {
        let mut step = |range: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % range) as i64
        };
        let open = close;
        close = (open + step(4001) - 2000).max(100_000);
        let open_time = Timestamp(minute * 60_000_000_000);
        let candle = Candle {
            open_time,
            open: Price(open),
            high: Price(open.max(close) + step(1000)),
            low: Price(open.min(close) - step(1000)),
            close: Price(close),
            volume: i128::from(step(10_000_000_000)),
            quote_volume: 0,
            trades: 0,
            source: CandleSource::Venue,
            complete: true,
        };
        let end = open_time + Interval::MINUTE.span();
        writer
            .entry(&Entry::Input {
                stamp: Stamp::of_history(end),
                input: Input::Candle {
                    symbol: SymbolId(0),
                    interval: Interval::MINUTE,
                    candle,
                },
            })
            .expect("the candle is written");
    }
    writer.finish().expect("the file is closed");
}
