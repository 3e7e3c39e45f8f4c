//! Importing whatever text: what is written is what was readable, and nothing is lost on the way.

use crate::{recording, scratch};
use minnow::core::input::Input;
use minnow::core::market::{Candle, Trade};
use minnow::core::units::{Decimal, Timestamp};
use minnow::store::recording::import::{
    BadRows, CandleFormat, CandlePlan, CandleTable, Checksum, Columns, ImportError, ImportReport,
    Product, TimeUnit, TradePlan, TradeSource, TradeTable,
};
use minnow::store::recording::{BlockWriter, Entry, RecordingWriter};

/// Rows that an import may hold in memory here.
const MAX_ROWS: usize = 1000;

/// What the first line of an input says: `--columns` text, then words after semicolons.
pub struct Wish {
    pub product: Product,
    pub columns: Columns,
    pub unit: Option<TimeUnit>,
}

/// Splits an input into its first line and the file; `None` when the line says nothing usable.
pub fn wish(bytes: &[u8]) -> Option<(Wish, &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let line = std::str::from_utf8(&bytes[..end]).ok()?;
    let mut words = line.split(';');
    let columns = match Columns::parse(words.next()?) {
        Ok(columns) => columns,
        Err(error) => {
            recording::assert_one_line(&error.to_string());
            return None;
        }
    };
    let mut product = Product::default();
    let mut unit = None;
    for word in words {
        match word.split_once('=') {
            Some(("symbol", name)) => product.symbol = Some(name.to_owned()),
            Some(("tick", text)) => product.tick = Some(Decimal::parse(text).ok()?),
            Some(("lot", text)) => product.lot = Some(Decimal::parse(text).ok()?),
            None if word == "inverse" => product.inverse = true,
            None if word == "s" => unit = Some(TimeUnit::Seconds),
            None if word == "ms" => unit = Some(TimeUnit::Milliseconds),
            _ => return None,
        }
    }
    let wish = Wish {
        product,
        columns,
        unit,
    };
    Some((wish, &bytes[end + 1..]))
}

/// A refusal is one line of text.
fn refused(error: &ImportError) {
    recording::assert_one_line(&error.to_string());
}

/// A usable row, counted before anything is put on a grid.
struct Row {
    time: Timestamp,
    price: Decimal,
    quantity: Decimal,
}

/// Imports a CSV of trades and compares the recording with the rows.
pub fn trades(wish: Wish, text: &[u8]) {
    let path = scratch::file("trades.csv", text);
    let mut table = TradeTable::new(vec![path], wish.columns, wish.unit);
    let (mut rows, mut bad) = (Vec::new(), BadRows::default());
    let outcome = table.read(&mut Checksum::default(), &mut bad, &mut |record| {
        assert!(record.price.is_positive() && !record.quantity.is_negative());
        rows.push(Row {
            time: record.time,
            price: record.price,
            quantity: record.quantity,
        });
        Ok(())
    });
    if let Err(error) = outcome {
        refused(&error);
        return;
    }
    assert_eq!(bad.count == 0, bad.first.is_none());
    let plan = match TradePlan::learn(&mut table, &wish.product, MAX_ROWS) {
        Ok(plan) => plan,
        Err(error) => return refused(&error),
    };
    let output = scratch::absent("trades.mrec");
    let mut writer = BlockWriter::create(&output, plan.header()).expect("a planned header");
    let report = match plan.write(&mut table, &wish.product, &mut writer) {
        Ok(report) => report,
        Err(error @ ImportError::Recording(_)) => panic!("{error}"),
        Err(error) => return refused(&error),
    };
    writer.finish().expect("tmpfs takes bytes");
    assert_eq!(
        rows.len() as u64 + bad.count,
        report.trades + report.without_quantity + report.bad.count,
        "each row is written, without quantity or bad"
    );
    let read = recording::read(&output, false, 512).expect("it was just written");
    assert_eq!(read.error, None);
    assert_stated(&read.entries, &report);
    let written: Vec<_> = read.entries.iter().filter_map(trade_of).collect();
    assert_eq!(written.len() as u64, report.trades);
    if wish.product.inverse || report.sorted {
        return;
    }
    let mut written = written.into_iter().peekable();
    let left_out = rows.iter().filter(|row| {
        let next = written.next_if(|trade| {
            let instrument = &read.header.instruments[trade.symbol.index()];
            trade.time == row.time
                && instrument.price(trade.price) == row.price
                && instrument.quantity(trade.quantity) == row.quantity
        });
        next.is_none()
    });
    let left_out = left_out.count() as u64;
    assert_eq!(written.next(), None, "a trade that stands in no row");
    assert_eq!(left_out, rows.len() as u64 - report.trades);
}

fn trade_of(entry: &Entry) -> Option<&Trade> {
    match entry {
        Entry::Input {
            input: Input::Trade(trade),
            ..
        } => Some(trade),
        _ => None,
    }
}

fn candle_of(entry: &Entry) -> Option<&Candle> {
    match entry {
        Entry::Input {
            input: Input::Candle { candle, .. },
            ..
        } => Some(candle),
        _ => None,
    }
}

/// The report states what the recording holds.
fn assert_stated(entries: &[Entry], report: &ImportReport) {
    let quiet = |entry: &&Entry| {
        matches!(
            entry,
            Entry::Input {
                input: Input::Quiet { .. },
                ..
            }
        )
    };
    assert_eq!(entries.iter().filter(quiet).count() as u64, report.quiet);
    let Some(Entry::Trailer(trailer)) = entries.last() else {
        panic!("no trailer");
    };
    assert_eq!(trailer.entries + 1, entries.len() as u64);
    assert_eq!(
        (trailer.trades, trailer.candles),
        (report.trades, report.candles)
    );
    assert_eq!(trailer.last.wall, report.last);
}

/// Imports candles and compares the recording with the rows.
pub fn candles(wish: Wish, format: CandleFormat, text: &[u8]) {
    let path = scratch::file("candles.txt", text);
    let mut table = CandleTable::new(vec![path], format, wish.columns, wish.unit);
    let (mut rows, mut bad) = (Vec::new(), BadRows::default());
    let outcome = table.read(&mut Checksum::default(), &mut bad, &mut |record| {
        rows.push(*record);
        Ok(())
    });
    if let Err(error) = outcome {
        refused(&error);
        return;
    }
    let plan = match CandlePlan::learn(&mut table, &wish.product, None, MAX_ROWS) {
        Ok(plan) => plan,
        Err(error) => return refused(&error),
    };
    let output = scratch::absent("candles.mrec");
    let mut writer = BlockWriter::create(&output, plan.header()).expect("a planned header");
    let report = plan
        .write(&mut writer)
        .unwrap_or_else(|error| panic!("{error}"));
    writer.finish().expect("tmpfs takes bytes");
    assert_eq!(
        rows.len() as u64 + bad.count,
        report.candles + report.bad.count,
        "each candle is written or bad"
    );
    let read = recording::read(&output, false, 512).expect("it was just written");
    assert_eq!(read.error, None);
    assert_stated(&read.entries, &report);
    let instrument = &read.header.instruments[0];
    let mut last = None;
    for candle in read.entries.iter().filter_map(candle_of) {
        assert_eq!(candle.check(), Ok(()));
        assert!(last < Some(candle.open_time), "one candle a time, in order");
        last = Some(candle.open_time);
        let stated = rows.iter().any(|row| {
            row.open_time == candle.open_time
                && row.open == instrument.price(candle.open)
                && row.close == instrument.price(candle.close)
        });
        assert!(stated, "a candle that stands in no row: {candle:?}");
    }
}
