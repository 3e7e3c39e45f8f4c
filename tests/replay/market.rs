//! Recordings made for a test out of the trades of the bundled one.

use crate::bot::bundled;
use minnow::core::market::TimedTrade;
use minnow::core::units::{Stamp, Timestamp};
use minnow::store::recording::{
    Batch, BlockWriter, Header, OpenOptions, RecordingWriter, Rows, Sequential, open,
};
use std::path::Path;
use std::sync::OnceLock;

/// Header and trades of the bundled recording, read once.
pub fn trades() -> &'static (Header, Vec<TimedTrade>) {
    static TRADES: OnceLock<(Header, Vec<TimedTrade>)> = OnceLock::new();
    TRADES.get_or_init(|| {
        let opened = open(&bundled(), &OpenOptions::default()).expect("the bundled recording");
        let header = opened.header;
        let mut source = Sequential::new(opened.reader, opened.decoder);
        let mut rows = Rows::new(4096);
        let mut all = Vec::with_capacity(1_000_000);
        while let Some(batch) = source.next_batch(&mut rows).expect("no damage") {
            if batch == Batch::Trades {
                all.extend_from_slice(&rows);
            }
        }
        assert_eq!(all.len(), 1_000_000);
        (header, all)
    })
}

/// A recording of these runs of trades in block form.
pub fn record<R: AsRef<[TimedTrade]>>(
    path: &Path,
    header: &Header,
    runs: impl IntoIterator<Item = R>,
) {
    let mut writer = BlockWriter::create(path, header).expect("a new file");
    for run in runs {
        writer
            .trades(run.as_ref())
            .expect("in order and on the grid");
    }
    writer.finish().expect("room for it");
}

/// The same trades, so much later.
pub fn later(rows: &[TimedTrade], nanoseconds: i64) -> Vec<TimedTrade> {
    rows.iter()
        .map(|row| {
            let time = Timestamp(row.trade.time.0 + nanoseconds);
            let mut row = *row;
            row.trade.time = time;
            row.stamp = Stamp::of_history(time);
            row
        })
        .collect()
}
