//! Whatever happens to a file is noticed, costs no more than it must, and never panics.

use super::tests::{Scratch, entries, header, instrument, read_until_error, write};
use super::*;
use crate::core::input::Input;
use crate::core::market::{Aggressor, SymbolId, TimedTrade, Trade};
use crate::core::units::{Decimal, Price, Quantity, Stamp, Timestamp};
use proptest::prelude::*;
use std::path::{Path, PathBuf};

fn some_entries() -> Vec<Entry> {
    (0..24i64)
        .map(|index| {
            let time = Timestamp(1_514_764_800_000_000_000 + index * 250_000_000);
            let stamp = Stamp::of_history(time);
            match index % 6 {
                3 => Entry::Turn(stamp),
                5 => Entry::Input {
                    stamp,
                    input: Input::Quiet {
                        symbol: SymbolId(0),
                        until: time,
                    },
                },
                _ => Entry::trade(TimedTrade {
                    stamp,
                    trade: Trade {
                        symbol: SymbolId(0),
                        aggressor: Aggressor::Sell,
                        price: Price(27_000 + index * 7),
                        quantity: Quantity(100 + index * 1000),
                        time,
                        id: 500 + index as u64,
                    },
                }),
            }
        })
        .collect()
}

fn small_header() -> Header {
    Header::new(vec![instrument(
        "BTC-PERP",
        Decimal::new(5, 1),
        Decimal::new(1, 5),
    )])
}

/// The small recording in a form, in pieces (blocks, gzip members) of four entries.
fn small(folder: &Scratch, name: &str) -> (PathBuf, Vec<u8>) {
    let path = folder.0.join(name);
    let header = small_header();
    let mut writer: Box<dyn RecordingWriter> = if name.ends_with(".mrec") {
        Box::new(BlockWriter::create(&path, &header).unwrap())
    } else {
        Box::new(LineWriter::create_file(&path, &header).unwrap())
    };
    for piece in some_entries().chunks(4) {
        for entry in piece {
            writer.entry(entry).unwrap();
        }
        writer.flush().unwrap();
    }
    writer.finish().unwrap();
    let bytes = std::fs::read(&path).unwrap();
    (path, bytes)
}

/// Changes a file in place: much faster than making it anew thousands of times.
fn put(path: &Path, bytes: &[u8]) {
    use std::io::Write;
    let mut file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    file.write_all(bytes).unwrap();
    file.set_len(bytes.len() as u64).unwrap();
}

fn unpack(bytes: &[u8]) -> Option<Vec<u8>> {
    use std::io::Read;
    let mut text = Vec::new();
    let read = flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut text);
    read.ok().map(|_| text)
}

struct Outcome {
    entries: Vec<Entry>,
    damages: Vec<Damage>,
    /// Of opening or reading.
    error: Option<RecordingError>,
}

fn read(path: &Path, skip_damaged: bool) -> Outcome {
    let options = OpenOptions {
        skip_damaged,
        ..OpenOptions::default()
    };
    let (mut entries, damages, error) = match read_until_error(path, &options) {
        Ok(outcome) => outcome,
        Err(error) => (Vec::new(), Vec::new(), Some(error)),
    };
    entries.retain(|entry| !matches!(entry, Entry::Trailer(_)));
    Outcome {
        entries,
        damages,
        error,
    }
}

fn is_subsequence(part: &[Entry], whole: &[Entry]) -> bool {
    let mut rest = whole.iter();
    part.iter().all(|entry| rest.any(|other| other == entry))
}

const FORMS: [&str; 3] = ["small.mrec", "small.jsonl", "small.jsonl.gz"];

#[test]
fn a_cut_at_any_byte_is_noticed_and_everything_before_it_still_reads() {
    let folder = Scratch::new("cut");
    let whole = some_entries();
    for name in FORMS {
        let (path, bytes) = small(&folder, name);
        let mut last = 0;
        for end in 0..bytes.len() {
            put(&path, &bytes[..end]);
            let outcome = read(&path, false);
            assert!(whole.starts_with(&outcome.entries), "{name} cut at {end}");
            assert!(
                outcome.entries.len() >= last,
                "{name} cut at {end}: fewer than before"
            );
            last = outcome.entries.len();
            match &outcome.error {
                // Without its header a recording means nothing.
                Some(RecordingError::Header { .. } | RecordingError::Foreign { .. }) => {
                    assert_eq!(last, 0, "{name} cut at {end}");
                }
                Some(other) => panic!("{name} cut at {end}: {other}"),
                None => {
                    // The last newline alone carries nothing.
                    let ignorable = name == "small.jsonl" && end + 1 == bytes.len();
                    assert!(
                        ignorable || !outcome.damages.is_empty(),
                        "{name} cut at {end} unnoticed"
                    );
                    assert!(
                        outcome.damages.iter().all(|d| d.kind.is_tail()),
                        "{name} cut at {end}"
                    );
                }
            }
        }
        assert!(last >= whole.len() - 4, "{name}: {last}");
    }
}

#[test]
fn a_flip_of_any_byte_is_noticed_and_costs_only_its_own_piece() {
    let folder = Scratch::new("flip");
    let whole = some_entries();
    for name in FORMS {
        let (path, bytes) = small(&folder, name);
        for at in 0..bytes.len() {
            for flip in [1u8 << (at % 8), 0xFF] {
                let mut bad = bytes.clone();
                bad[at] ^= flip;
                put(&path, &bad);
                let what = format!("{name} byte {at} ^ {flip:#04x}");
                let strict = read(&path, false);
                let skipping = read(&path, true);
                assert!(whole.starts_with(&strict.entries), "{what}");
                assert!(is_subsequence(&skipping.entries, &whole), "{what}");
                // Time and system in a gzip head and the last bits of a byte mean nothing.
                let ignorable = name.ends_with(".gz") && unpack(&bad) == unpack(&bytes);
                assert!(
                    ignorable || strict.error.is_some() || !strict.damages.is_empty(),
                    "{what} unnoticed"
                );
                let header_lost = matches!(
                    skipping.error,
                    Some(
                        RecordingError::Header { .. }
                            | RecordingError::Foreign { .. }
                            | RecordingError::NewerVersion { .. }
                    )
                );
                assert!(
                    header_lost || skipping.error.is_none(),
                    "{what}: {:?}",
                    skipping.error
                );
                if !header_lost {
                    assert!(
                        skipping.entries.len() + 4 >= whole.len(),
                        "{what}: {} left",
                        skipping.entries.len()
                    );
                }
            }
        }
    }
}

#[test]
fn a_damaged_header_of_the_block_form_is_replaced_by_its_copy() {
    let folder = Scratch::new("header");
    let (path, bytes) = small(&folder, "small.mrec");
    let mut bad = bytes;
    bad[60] ^= 4;
    std::fs::write(&path, &bad).unwrap();
    let strict = read(&path, false).error.unwrap().to_string();
    assert!(strict.contains("--skip-damaged takes the copy"), "{strict}");
    let outcome = read(&path, true);
    assert_eq!((outcome.entries, outcome.error), (some_entries(), None));
    assert!(outcome.damages[0].reason.contains("copy in the trailer"));
    let options = OpenOptions {
        skip_damaged: true,
        ..OpenOptions::default()
    };
    assert_eq!(open(&path, &options).unwrap().header, small_header());
}

/// Byte ranges of the blocks of a file.
fn blocks(bytes: &[u8]) -> Vec<std::ops::Range<usize>> {
    let starts: Vec<usize> = bytes
        .windows(4)
        .enumerate()
        .filter(|(_, w)| *w == b"\xB1mb\x0A")
        .map(|(at, _)| at)
        .collect();
    let ends = starts.iter().skip(1).copied().chain([bytes.len()]);
    starts
        .iter()
        .copied()
        .zip(ends)
        .map(|(a, b)| a..b)
        .collect()
}

fn lines(bytes: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut start = 0;
    bytes
        .split_inclusive(|b| *b == b'\n')
        .map(|line| {
            start += line.len();
            start - line.len()..start
        })
        .collect()
}

#[test]
fn pieces_that_are_missing_repeated_or_swapped_are_named() {
    let folder = Scratch::new("pieces");
    for name in ["small.mrec", "small.jsonl"] {
        let (path, bytes) = small(&folder, name);
        let pieces = if name == "small.mrec" {
            blocks(&bytes)
        } else {
            lines(&bytes)
        };
        assert!(pieces.len() >= 7);
        let join = |order: &[usize]| -> Vec<u8> {
            let mut out = bytes[..pieces[0].start].to_vec();
            for index in order {
                out.extend_from_slice(&bytes[pieces[*index].clone()]);
            }
            out
        };
        let all: Vec<usize> = (0..pieces.len()).collect();
        let last = pieces.len() - 1;
        let mut missing = all.clone();
        missing.remove(2);
        let mut repeated = all.clone();
        repeated.insert(3, 2);
        let mut swapped = all.clone();
        swapped.swap(2, 3);
        let mut twice_closed = all.clone();
        twice_closed.push(last);
        for order in [missing, repeated, swapped, twice_closed] {
            std::fs::write(&path, join(&order)).unwrap();
            let strict = read(&path, false);
            let Some(RecordingError::Damaged(damage)) = strict.error else {
                panic!("{name} {order:?}: {:?}", strict.error);
            };
            assert!(!damage.kind.is_tail(), "{name} {order:?}: {damage}");
            assert!(
                some_entries().starts_with(&strict.entries),
                "{name} {order:?}"
            );
            let skipping = read(&path, true);
            assert_eq!(skipping.error, None, "{name} {order:?}");
            assert!(
                is_subsequence(&skipping.entries, &some_entries()),
                "{name} {order:?}"
            );
            assert!(
                skipping.entries.len() + 4 >= some_entries().len(),
                "{name} {order:?}"
            );
        }
    }
}

#[test]
fn a_clock_that_goes_back_is_damage_with_its_place() {
    let folder = Scratch::new("clock");
    // Two recordings whose pieces have the right numbers but the wrong times.
    for name in ["a.mrec", "a.jsonl"] {
        let (path, bytes) = small(&folder, name);
        let later = folder.0.join(format!("later-{name}"));
        let mut writer: Box<dyn RecordingWriter> = if name == "a.mrec" {
            Box::new(BlockWriter::create(&later, &small_header()).unwrap())
        } else {
            Box::new(LineWriter::create_file(&later, &small_header()).unwrap())
        };
        for piece in some_entries().chunks(4) {
            for entry in piece {
                let mut entry = entry.clone();
                if let Entry::Input { stamp, .. } | Entry::Turn(stamp) = &mut entry {
                    stamp.mono += 3_600_000_000_000;
                }
                writer.entry(&entry).unwrap();
            }
            writer.flush().unwrap();
        }
        writer.finish().unwrap();
        let other = std::fs::read(&later).unwrap();
        let cut = |bytes: &[u8]| {
            if name == "a.mrec" {
                blocks(bytes)
            } else {
                lines(bytes)
            }
        };
        let (ours, theirs) = (cut(&bytes), cut(&other));
        let mut mixed = bytes[..ours[1].start].to_vec();
        mixed.extend_from_slice(&other[theirs[1].clone()]);
        mixed.extend_from_slice(&bytes[ours[2].start..]);
        std::fs::write(&path, mixed).unwrap();
        let error = read(&path, false).error.unwrap().to_string();
        assert!(
            error.contains("clock goes back") && error.contains("entry"),
            "{error}"
        );
        assert_eq!(read(&path, true).error, None);
    }
}

#[test]
fn a_newer_version_is_said_to_be_newer() {
    let folder = Scratch::new("newer");
    let (path, mut bytes) = small(&folder, "small.mrec");
    bytes[8] = 9;
    std::fs::write(&path, &bytes).unwrap();
    let error = read(&path, true).error.unwrap();
    assert!(
        matches!(
            error,
            RecordingError::NewerVersion {
                found: 9,
                supported: 2,
                ..
            }
        ),
        "{error}"
    );
    let mut newer = small_header();
    newer.version = 3;
    let path = folder.0.join("newer.jsonl");
    write(&mut LineWriter::create_file(&path, &newer).unwrap(), &[]);
    let error = read(&path, true).error.unwrap().to_string();
    assert!(
        error.contains("version 3") && error.contains("version 2"),
        "{error}"
    );
}

#[test]
fn foreign_files_are_named_for_what_they_are() {
    let folder = Scratch::new("foreign");
    let gzip = super::line_form::gzip::member(b"timestamp,price,size\n1,2,3\n");
    for (content, expected) in [
        (b"".as_slice(), "empty"),
        (b"timestamp,price,size\n1,2,3\n", "minnow import"),
        (&gzip, "minnow import"),
        (b"SQLite format 3\0....", "SQLite"),
        (b"PK\x03\x04....", "zip"),
        (b"{\"channel\":\"market_trades\"}\n", "--format frames"),
        (b"[[1,2,3,4,5,6]]", "candles-json"),
        (b"\x00\x01\x02\x03", "00 01 02 03"),
        (b"\x93minn", "cut off"),
    ] {
        let path = folder.0.join("foreign");
        std::fs::write(&path, content).unwrap();
        let error = read(&path, true).error.unwrap();
        assert!(matches!(error, RecordingError::Foreign { .. }), "{error:?}");
        let error = error.to_string();
        assert!(error.contains(expected), "{error}");
    }
    std::fs::create_dir(folder.0.join("folder")).unwrap();
    let error = read(&folder.0.join("folder"), true)
        .error
        .unwrap()
        .to_string();
    assert!(error.contains("without segments"), "{error}");
    let error = read(&folder.0.join("nowhere"), true)
        .error
        .unwrap()
        .to_string();
    assert!(error.contains("cannot open"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn random_damage_never_panics_and_never_invents_an_entry(
        entries in entries(1..120),
        form in 0usize..3,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let folder = Scratch::new("random");
        let path = folder.0.join(FORMS[form]);
        if form == 0 {
            write(&mut BlockWriter::create(&path, &header()).unwrap(), &entries);
        } else {
            write(&mut LineWriter::create_file(&path, &header()).unwrap(), &entries);
        }
        let mut bytes = std::fs::read(&path).unwrap();
        for (at, value) in damage {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let at = cut.index(bytes.len());
        bytes.drain(at..(at + 3).min(bytes.len()));
        std::fs::write(&path, &bytes).unwrap();
        for skip_damaged in [false, true] {
            prop_assert!(is_subsequence(&read(&path, skip_damaged).entries, &entries));
        }
    }
}
