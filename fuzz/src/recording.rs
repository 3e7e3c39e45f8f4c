//! Reading whatever bytes as a recording: what must hold of everything that is read.

use crate::scratch;
use minnow::core::input::Input;
use minnow::core::market::instrument::GRID_MAX;
use minnow::store::recording::{
    Batch, BlockWriter, Entry, Header, LineWriter, OpenOptions, RecordingError, RecordingWriter,
    Rows, Sequential, open,
};
use std::path::Path;

/// What reading to the end brought.
pub struct Read {
    pub header: Header,
    pub entries: Vec<Entry>,
    pub error: Option<RecordingError>,
    /// Damages that are more than a cut-off end.
    pub holes: usize,
}

/// Reads a file to its end or first error; `None` when it cannot be opened.
pub fn read(path: &Path, skip_damaged: bool, rows: usize) -> Option<Read> {
    let options = OpenOptions {
        skip_damaged,
        ..OpenOptions::default()
    };
    let opened = match open(path, &options) {
        Ok(opened) => opened,
        Err(error) => {
            assert_one_line(&error.to_string());
            return None;
        }
    };
    let header = opened.header;
    let mut source = Sequential::new(opened.reader, opened.decoder);
    let mut rows = Rows::new(rows);
    let mut entries = Vec::new();
    let error = loop {
        match source.next_batch(&mut rows) {
            Ok(None) => break None,
            Ok(Some(Batch::Trades)) => {
                assert!(!rows.is_empty(), "a run of no trades");
                entries.extend(rows.iter().map(|row| Entry::trade(*row)));
            }
            Ok(Some(Batch::Candles)) => {
                assert!(!rows.candles().is_empty(), "a run of no candles");
                entries.extend(rows.candles().iter().map(|row| Entry::candle(*row)));
            }
            Ok(Some(Batch::Entry(entry))) => entries.push(entry),
            Err(error) => break Some(error),
        }
    };
    if let Some(error) = &error {
        assert_one_line(&error.to_string());
    }
    let lists = [source.reader.damages(), source.decoder.damages()];
    let named = lists.iter().flat_map(|list| list.named());
    let holes = named
        .inspect(|damage| assert_one_line(&damage.to_string()))
        .filter(|damage| !damage.kind.is_tail())
        .count();
    assert_entries(&header, &entries);
    Some(Read {
        header,
        entries,
        error,
        holes,
    })
}

/// A message is one line of text.
pub fn assert_one_line(message: &str) {
    assert!(
        !message.is_empty() && !message.contains(['\n', '\r']),
        "not one line: {message:?}"
    );
}

/// What every reader of a recording relies on: known symbols, numbers on the grid, a clock that
/// does not go back, nothing after the trailer.
pub fn assert_entries(header: &Header, entries: &[Entry]) {
    let mut clock = i64::MIN;
    for (index, entry) in entries.iter().enumerate() {
        if let Some(stamp) = entry.stamp() {
            assert!(stamp.mono >= clock, "entry {index}: the clock goes back");
            clock = stamp.mono;
        }
        let (symbol, numbers) = match entry {
            Entry::Input { input, .. } => match input {
                Input::Trade(t) => (t.symbol, vec![t.price.0, t.quantity.0]),
                Input::Candle { symbol, candle, .. } => {
                    assert!(candle.volume >= 0 && candle.quote_volume >= 0);
                    let c = candle;
                    (*symbol, vec![c.open.0, c.high.0, c.low.0, c.close.0])
                }
                Input::Quiet { symbol, .. } => (*symbol, Vec::new()),
                _ => continue,
            },
            Entry::Trailer(_) => {
                assert_eq!(index + 1, entries.len(), "something follows the trailer");
                continue;
            }
            _ => continue,
        };
        assert!(symbol.index() < header.instruments.len());
        assert!(numbers.iter().all(|n| (0..=GRID_MAX).contains(n)));
    }
}

/// Reads a file in every way and checks that the ways agree.
pub fn check(path: &Path) {
    let strict = read(path, false, 512);
    let skipping = read(path, true, 512);
    let few_rows = read(path, true, 3);
    let Some(skipping) = skipping else {
        assert!(strict.is_none(), "skipping damage reads less");
        return;
    };
    assert!(
        !matches!(skipping.error, Some(RecordingError::Damaged(_))),
        "damage stops a reader that skips it: {:?}",
        skipping.error
    );
    if let Some(strict) = strict {
        assert!(strict.header == skipping.header);
        assert_eq!(
            strict.error.is_some(),
            skipping.holes > 0 || skipping.error.is_some(),
            "strict stops at damage"
        );
        assert!(
            skipping.entries.starts_with(&strict.entries),
            "up to the first damage both read the same"
        );
    }
    let few_rows = few_rows.expect("it was opened before");
    // A run of trades that goes back in time is left out whole, so runs matter in damaged files.
    assert_eq!(few_rows.holes == 0, skipping.holes == 0);
    if skipping.holes == 0 {
        assert!(few_rows.entries == skipping.entries, "runs are no matter");
    }
    check_rewriting(&skipping);
}

/// What was read can be written in both forms and comes back the same.
fn check_rewriting(read: &Read) {
    let mut written = read.entries.clone();
    if matches!(written.last(), Some(Entry::Trailer(_))) {
        written.pop();
    }
    let block_path = scratch::absent("again.mrec");
    let line_path = scratch::absent("again.jsonl");
    let block = BlockWriter::create(&block_path, &read.header);
    let line = LineWriter::create_file(&line_path, &read.header);
    let block = block.unwrap_or_else(|error| panic!("{error}"));
    let line = line.unwrap_or_else(|error| panic!("{error}"));
    let writers: [(Box<dyn RecordingWriter>, &Path); 2] =
        [(Box::new(block), &block_path), (Box::new(line), &line_path)];
    for (mut writer, path) in writers {
        for entry in &written {
            writer
                .entry(entry)
                .unwrap_or_else(|error| panic!("{}: {error}: {entry:?}", path.display()));
        }
        let trailer = writer.finish().unwrap_or_else(|error| panic!("{error}"));
        let mut again = self::read(path, false, 512).expect("what was written can be opened");
        assert_eq!(again.error, None);
        assert_eq!(again.entries.pop(), Some(Entry::Trailer(trailer)));
        assert!(again.header == read.header, "the header comes back");
        for (index, (a, b)) in written.iter().zip(&again.entries).enumerate() {
            assert_eq!(a, b, "entry {index} of {}", path.display());
        }
        assert_eq!(again.entries.len(), written.len());
    }
}
