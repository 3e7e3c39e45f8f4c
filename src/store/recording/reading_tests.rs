//! Segments, seeking, and reading only some symbols.

use super::tests::{Scratch, entries, header, read_all, read_until_error, write};
use super::*;
use crate::core::market::SymbolId;
use crate::core::market::{Aggressor, TimedTrade, Trade};
use crate::core::units::{Price, Quantity, Stamp, Timestamp};
use proptest::prelude::*;
use serde_json::value::RawValue;

fn trade(index: i64, symbol: u16) -> Entry {
    let time = Timestamp::from_millis(1_514_764_800_000 + index * 1000);
    Entry::trade(TimedTrade {
        stamp: Stamp::of_history(time),
        trade: Trade {
            symbol: SymbolId(symbol),
            aggressor: Aggressor::Buy,
            price: Price(27_000 + index % 97),
            quantity: Quantity(1 + index % 1000),
            time,
            id: 0,
        },
    })
}

fn trades(count: i64) -> Vec<Entry> {
    (0..count).map(|index| trade(index, 0)).collect()
}

#[test]
fn readers_and_chunks_may_travel_to_a_worker() {
    const fn travels<T: Send + 'static>() {}
    const {
        travels::<ChunkReader>();
        travels::<Chunk>();
        travels::<RecordingError>();
    }
}

/// A folder of three segments, the later ones with a state.
fn segmented(folder: &Scratch, compress: bool) -> std::path::PathBuf {
    let path = folder.0.join("session");
    let mut writer = LineWriter::create_folder(&path, &header(), 1, compress).unwrap();
    for (index, entry) in trades(300).iter().enumerate() {
        if index == 100 || index == 200 {
            let state = SegmentState {
                state: RawValue::from_string(format!("{{\"after\":{index}}}")).unwrap(),
                hash: format!("{index:016x}"),
            };
            writer.rotate(Some(state)).unwrap();
        }
        writer.entry(entry).unwrap();
    }
    writer.finish().unwrap();
    if !compress {
        // The newest closed segment stays plain, as after a crash.
        for closed in writer.take_closed().iter().take(2) {
            compress_segment(closed).unwrap();
        }
    }
    path
}

#[test]
fn segments_read_as_one_and_each_stands_alone() {
    for compress in [false, true] {
        let folder = Scratch::new("segments");
        let path = segmented(&folder, compress);
        let (read, damages) = read_all(&path, false).unwrap();
        assert_eq!((read.len(), damages), (301, 0));
        assert_eq!(&read[..300], trades(300).as_slice());
        let index = std::fs::read_to_string(path.join("index.json")).unwrap();
        let index: serde_json::Value = serde_json::from_str(&index).unwrap();
        assert_eq!(index["segments"][1]["before"], 100);
        assert_eq!(index["segments"][2]["after"], 300);
        // Retention takes the oldest away: what is left starts with its state.
        std::fs::remove_file(path.join("00000001.jsonl.gz")).unwrap();
        let opened = open(&path, &OpenOptions::default()).unwrap();
        assert_eq!(opened.header.state.unwrap().get(), "{\"after\":100}");
        let (read, damages) = read_all(&path, false).unwrap();
        assert_eq!((read.len(), damages), (201, 0));
        assert_eq!(read[0], trade(100, 0));
    }
}

#[test]
fn a_missing_or_damaged_segment_in_the_middle_is_named() {
    let folder = Scratch::new("middle");
    let path = segmented(&folder, true);
    let middle = path.join("00000002.jsonl.gz");
    let bytes = std::fs::read(&middle).unwrap();
    std::fs::remove_file(&middle).unwrap();
    let error = read_all(&path, false).unwrap_err().to_string();
    assert!(
        error.contains("lines are missing") && error.contains("00000003"),
        "{error}"
    );
    assert_eq!(read_all(&path, true).unwrap().0.len(), 201);
    std::fs::write(&middle, &bytes[..bytes.len() / 2]).unwrap();
    let error = read_all(&path, false).unwrap_err().to_string();
    assert!(
        error.contains("00000002") && error.contains("are lost"),
        "{error}"
    );
    let left = read_all(&path, true).unwrap().0.len();
    assert!((201..301).contains(&left), "{left}");
}

#[test]
fn a_segment_with_a_damaged_header_is_left_out_when_damage_is_skipped() {
    let folder = Scratch::new("first");
    let path = segmented(&folder, false);
    let first = path.join("00000001.jsonl.gz");
    let mut bytes = std::fs::read(&first).unwrap();
    bytes[40] ^= 0x55;
    std::fs::write(&first, bytes).unwrap();
    let error = read_all(&path, false).unwrap_err().to_string();
    assert!(
        error.contains("00000001") && error.contains("header"),
        "{error}"
    );
    let (read, damages) = read_all(&path, true).unwrap();
    assert_eq!((read.len(), damages), (201, 1));
}

#[test]
fn reading_starts_with_the_segment_or_block_that_holds_the_wanted_time() {
    let folder = Scratch::new("seek");
    let options = OpenOptions {
        from: Some(Timestamp::from_millis(1_514_764_800_000 + 150_000)),
        ..OpenOptions::default()
    };
    let path = segmented(&folder, true);
    let opened = open(&path, &options).unwrap();
    assert_eq!(
        opened.header.state_hash.as_deref(),
        Some("0000000000000064")
    );
    let (read, damages, error) = read_until_error(&path, &options).unwrap();
    assert_eq!((read.len(), damages.len(), error), (201, 0, None));

    let path = folder.0.join("blocks.mrec");
    let mut writer = BlockWriter::create(&path, &header()).unwrap();
    for piece in trades(300).chunks(50) {
        for entry in piece {
            writer.entry(entry).unwrap();
        }
        writer.flush().unwrap();
    }
    writer.finish().unwrap();
    let (read, damages, error) = read_until_error(&path, &options).unwrap();
    assert_eq!((damages.len(), error), (0, None));
    assert_eq!(read[0], trade(150, 0));
    assert_eq!(read.len(), 151);
}

#[test]
fn symbols_get_the_readers_numbers_and_unwanted_ones_are_left_out() {
    let folder = Scratch::new("symbols");
    let all: Vec<Entry> = (0..60).map(|i| trade(i, (i % 3) as u16)).collect();
    let paths = ["a.mrec", "a.jsonl"].map(|name| folder.0.join(name));
    write(
        &mut BlockWriter::create(&paths[0], &header()).unwrap(),
        &all,
    );
    write(
        &mut LineWriter::create_file(&paths[1], &header()).unwrap(),
        &all,
    );
    let options = OpenOptions {
        symbols: SymbolTable::Named(vec![
            ("ETH-USD".to_owned(), SymbolId(7)),
            ("BTC-PERP".to_owned(), SymbolId(0)),
            ("absent".to_owned(), SymbolId(1)),
        ]),
        ..OpenOptions::default()
    };
    let expected: Vec<Entry> = (0..60)
        .filter(|i| i % 3 != 2)
        .map(|i| trade(i, if i % 3 == 1 { 7 } else { 0 }))
        .collect();
    for path in &paths {
        let (mut read, _, error) = read_until_error(path, &options).unwrap();
        read.pop();
        assert_eq!((read, error), (expected.clone(), None));
    }
}

#[test]
fn a_file_is_never_written_over_and_what_must_not_be_recorded_is_refused() {
    let folder = Scratch::new("refuse");
    let path = folder.0.join("a.mrec");
    let mut writer = BlockWriter::create(&path, &header()).unwrap();
    assert!(BlockWriter::create(&path, &header()).is_err());
    assert!(LineWriter::create_file(&path, &header()).is_err());
    writer.entry(&trade(5, 0)).unwrap();
    let error = writer.entry(&trade(4, 0)).unwrap_err().to_string();
    assert!(
        error.contains("entry 2") && error.contains("before the last one"),
        "{error}"
    );
    let error = writer.entry(&trade(6, 9)).unwrap_err().to_string();
    assert!(error.contains("symbol number 9"), "{error}");
    assert_eq!(writer.finish().unwrap().entries, 1);
    let folder_path = folder.0.join("session");
    drop(LineWriter::create_folder(&folder_path, &header(), 1, false).unwrap());
    assert!(LineWriter::create_folder(&folder_path, &header(), 1, false).is_err());
}

#[test]
fn what_was_flushed_is_there_although_the_writer_never_finished() {
    let folder = Scratch::new("flushed");
    let paths = ["a.mrec", "a.jsonl", "a.jsonl.gz"].map(|name| folder.0.join(name));
    let mut writers: Vec<Box<dyn RecordingWriter>> = vec![
        Box::new(BlockWriter::create(&paths[0], &header()).unwrap()),
        Box::new(LineWriter::create_file(&paths[1], &header()).unwrap()),
        Box::new(LineWriter::create_file(&paths[2], &header()).unwrap()),
    ];
    for (path, writer) in paths.iter().zip(&mut writers) {
        for entry in trades(10) {
            writer.entry(&entry).unwrap();
        }
        writer.flush().unwrap();
        let (read, damages, error) = read_until_error(path, &OpenOptions::default()).unwrap();
        assert_eq!((read, error), (trades(10), None));
        assert_eq!(damages[0].kind, DamageKind::NotClosed);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn copies_from_form_to_form_lose_nothing(entries in entries(1..150)) {
        let folder = Scratch::new("copies");
        let first = folder.0.join("0.jsonl");
        write(&mut LineWriter::create_file(&first, &header()).unwrap(), &entries);
        let mut path = first.clone();
        for (step, name) in ["1.mrec", "2.jsonl", "3.mrec"].iter().enumerate() {
            let next = folder.0.join(name);
            let (read, _) = read_all(&path, false).unwrap();
            if step == 1 {
                write(&mut LineWriter::create_file(&next, &header()).unwrap(), &read);
            } else {
                write(&mut BlockWriter::create(&next, &header()).unwrap(), &read);
            }
            path = next;
        }
        let same = |a: &str, b: &str| {
            std::fs::read(folder.0.join(a)).unwrap() == std::fs::read(folder.0.join(b)).unwrap()
        };
        prop_assert!(same("0.jsonl", "2.jsonl"));
        prop_assert!(same("1.mrec", "3.mrec"));
    }
}
