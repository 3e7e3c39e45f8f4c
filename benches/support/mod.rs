//! What the benches share: the bundled recording, longer ones made of it, and settings that trade.
//!
//! Longer recordings are the bundled one again and again with later times, so that prices, sizes
//! and gaps stay a market's. They are made where a bench needs them and removed at its end.

// Each bench is a program of its own and uses a part of this.
#![allow(dead_code)]

use minnow::config::{Sources, load};
use minnow::core::input::Input;
use minnow::core::market::{
    Candle, CandleSource, Instrument, Interval, SymbolId, TimedTrade, Trade,
};
use minnow::core::settings::{Identity, Settings};
use minnow::core::units::{Span, Stamp, Timestamp};
use minnow::store::recording::{
    Batch, BlockWriter, Entry, Header, OpenOptions, RecordingWriter, Rows, TurnKind, open,
};
use std::path::{Path, PathBuf};

/// Trades of the bundled recording.
pub const TRADES: u64 = 1_000_000;
/// The settings that every bench replays with; without derivatives the bundled perpetual would
/// only be looked at, and neither account nor ledger would have anything to do.
pub const SETS: [&str; 1] = ["trading.enable_futures=true"];

const MINUTE: i64 = 60_000_000_000;

pub fn bundled() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("recordings/btc-perp-2018-01-01.mrec")
}

/// A folder of this process, removed at the end.
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("minnow-bench-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a scratch folder can be made");
        Self(path)
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What the core decides by: the built-in configuration with [`SETS`], whatever lies around here.
pub fn settings(instruments: &[Instrument]) -> Settings {
    let sources = Sources {
        directory: std::env::temp_dir(),
        sets: SETS.iter().map(|set| (*set).to_owned()).collect(),
        ..Sources::default()
    };
    let effective = load(&sources).expect("the built-in configuration is valid");
    let identity = Identity {
        instance_head: "aaaaaa".to_owned(),
        session: "aaaaa".to_owned(),
    };
    effective
        .for_core(instruments, &identity)
        .expect("it fits the recording")
}

pub fn header(path: &Path) -> Header {
    open(path, &OpenOptions::default())
        .expect("the recording opens")
        .header
}

/// All trades of a recording, in batches of the size in which a replay hands them to the core.
pub fn trades(path: &Path) -> Vec<Vec<TimedTrade>> {
    let mut opened = open(path, &OpenOptions::default()).expect("the recording opens");
    let mut rows = Rows::new(512);
    let (mut all, mut spare) = (Vec::new(), Vec::new());
    while let Some(chunk) = opened.reader.next(spare).expect("the recording reads") {
        spare = opened.decoder.begin(chunk).expect("the chunk is whole");
        while let Some(batch) = opened.decoder.next_batch(&mut rows).expect("it decodes") {
            if matches!(batch, Batch::Trades) {
                all.push(rows.to_vec());
            }
        }
    }
    all
}

/// How much later each repetition begins: whole minutes, so that candles stay what they were.
fn period(batches: &[Vec<TimedTrade>]) -> i64 {
    let first = batches.first().and_then(|b| b.first());
    let last = batches.last().and_then(|b| b.last());
    match (first, last) {
        (Some(first), Some(last)) => {
            let minute = |row: &TimedTrade| row.stamp.wall.0.div_euclid(MINUTE);
            (minute(last) + 1 - minute(first)) * MINUTE
        }
        _ => MINUTE,
    }
}

fn later(row: &TimedTrade, by: i64) -> TimedTrade {
    let move_on = Span(by);
    TimedTrade {
        stamp: Stamp {
            mono: row.stamp.mono + by,
            wall: row.stamp.wall + move_on,
        },
        trade: Trade {
            time: row.trade.time + move_on,
            ..row.trade
        },
    }
}

/// Writes the bundled recording `times` over, one after the other. No id repeats: it has none.
pub fn write_repeated(path: &Path, times: i64) {
    let batches = trades(&bundled());
    let period = period(&batches);
    let _ = std::fs::remove_file(path);
    let mut writer =
        BlockWriter::create(path, &header(&bundled())).expect("the recording can be made");
    let mut moved = Vec::with_capacity(512);
    for round in 0..times {
        for batch in &batches {
            moved.clear();
            moved.extend(batch.iter().map(|row| later(row, round * period)));
            writer.trades(&moved).expect("the trades are written");
        }
    }
    writer.finish().expect("the recording is closed");
}

/// The first trades of the bundled recording.
pub fn write_first(path: &Path, count: usize) {
    let _ = std::fs::remove_file(path);
    let mut writer =
        BlockWriter::create(path, &header(&bundled())).expect("the recording can be made");
    let batches = trades(&bundled());
    let first: Vec<TimedTrade> = batches.into_iter().flatten().take(count).collect();
    writer.trades(&first).expect("the trades are written");
    writer.finish().expect("the recording is closed");
}

/// Minute candles of the bundled recording; a minute without trades repeats the close before it.
pub fn candles() -> Vec<Candle> {
    let mut all: Vec<Candle> = Vec::new();
    for row in trades(&bundled()).iter().flatten() {
        let trade = &row.trade;
        let open_time = Timestamp(trade.time.0.div_euclid(MINUTE) * MINUTE);
        let quantity = i128::from(trade.quantity.0);
        let value = quantity * i128::from(trade.price.0);
        while let Some(last) = all.last().filter(|last| last.open_time < open_time) {
            let next = Candle {
                open_time: last.open_time + Span(MINUTE),
                open: last.close,
                high: last.close,
                low: last.close,
                volume: 0,
                quote_volume: 0,
                trades: 0,
                ..*last
            };
            all.push(next);
        }
        match all.last_mut() {
            Some(last) if last.trades > 0 => {
                last.high = last.high.max(trade.price);
                last.low = last.low.min(trade.price);
                last.close = trade.price;
                last.volume += quantity;
                last.quote_volume += value;
                last.trades += 1;
            }
            open => {
                let candle = Candle {
                    open_time,
                    open: trade.price,
                    high: trade.price,
                    low: trade.price,
                    close: trade.price,
                    volume: quantity,
                    quote_volume: value,
                    trades: 1,
                    source: CandleSource::Venue,
                    complete: true,
                };
                match open {
                    Some(filler) => *filler = candle,
                    None => all.push(candle),
                }
            }
        }
    }
    all
}

/// A recording of at least that many minute candles; returns how many there are.
pub fn write_candles(path: &Path, at_least: usize) -> u64 {
    let candles = candles();
    let period = candles.len() as i64 * MINUTE;
    let _ = std::fs::remove_file(path);
    let header = Header {
        turns: TurnKind::Bulk,
        ..Header::new(header(&bundled()).instruments)
    };
    let mut writer = BlockWriter::create(path, &header).expect("the recording can be made");
    let rounds = at_least.div_ceil(candles.len());
    for round in 0..rounds as i64 {
        for candle in &candles {
            let open_time = candle.open_time + Span(round * period);
            let entry = Entry::Input {
                stamp: Stamp::of_history(open_time + Interval::MINUTE.span()),
                input: Input::Candle {
                    symbol: SymbolId(0),
                    interval: Interval::MINUTE,
                    candle: Candle {
                        open_time,
                        ..*candle
                    },
                },
            };
            writer.entry(&entry).expect("the candle is written");
        }
    }
    writer.finish().expect("the recording is closed");
    (rounds * candles.len()) as u64
}
