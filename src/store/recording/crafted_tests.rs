//! Files whose checksums hold while what they guard makes no sense: what fuzzing behind the
//! checksums has found. A reader names the damage, hands nothing of it out and goes on.

use super::block_form::layout::{BlockHead, KIND_TRADES, KIND_TRAILER};
use super::block_form::others::{self, OtherState};
use super::line_form::line;
use super::tests::{Scratch, header, read_until_error};
use super::*;
use crate::core::units::{Stamp, Timestamp};
use serde_json::value::RawValue;
use std::path::PathBuf;

/// A file of blocks behind a good header; lengths and checksums are set right.
fn with_blocks(folder: &Scratch, header: &Header, blocks: &[(BlockHead, Vec<u8>)]) -> PathBuf {
    let path = folder.0.join("crafted.mrec");
    drop(BlockWriter::create(&path, header).unwrap());
    let mut bytes = std::fs::read(&path).unwrap();
    for (head, payload) in blocks {
        let head = BlockHead {
            payload: payload.len() as u32,
            payload_crc: crc32fast::hash(payload),
            ..*head
        };
        bytes.extend_from_slice(&head.encode());
        bytes.extend_from_slice(payload);
    }
    std::fs::write(&path, bytes).unwrap();
    path
}

/// A file of lines behind a good header: number, kind, payload.
fn with_lines(folder: &Scratch, lines: &[(u64, &str, &str)]) -> PathBuf {
    let path = folder.0.join("crafted.jsonl");
    drop(LineWriter::create_file(&path, &header()).unwrap());
    let mut bytes = std::fs::read(&path).unwrap();
    for (number, kind, data) in lines {
        line::put(&mut bytes, *number, Stamp::default(), "x", kind, data);
    }
    std::fs::write(&path, bytes).unwrap();
    path
}

fn payload(lengths: [u32; 6], columns: &[u8]) -> Vec<u8> {
    let mut bytes: Vec<u8> = lengths.iter().flat_map(|n| n.to_le_bytes()).collect();
    bytes.extend_from_slice(columns);
    bytes
}

fn skipping(path: &std::path::Path) -> (Vec<Entry>, Vec<Damage>) {
    let options = OpenOptions {
        skip_damaged: true,
        ..OpenOptions::default()
    };
    let (entries, damages, error) = read_until_error(path, &options).unwrap();
    assert_eq!(error, None, "skipping damage goes on");
    (entries, damages)
}

/// Reading stops at damage of this kind, and going on finds that one only and these entries.
fn assert_damage(path: &std::path::Path, kind: DamageKind, expected: &[Entry]) {
    let (_, _, error) = read_until_error(path, &OpenOptions::default()).unwrap();
    let Some(RecordingError::Damaged(damage)) = error else {
        panic!("expected damage, not {error:?}");
    };
    assert_eq!(damage.kind, kind, "{damage}");
    let (entries, damages) = skipping(path);
    assert_eq!(entries, expected);
    let holes = damages.iter().filter(|damage| !damage.kind.is_tail());
    assert_eq!(holes.count(), 1, "{damages:?}");
}

const TRADES: BlockHead = BlockHead {
    kind: KIND_TRADES,
    flags: 0,
    symbol: 0,
    rows: 0,
    others: 0,
    before: 0,
    first: Timestamp(0),
    last: Timestamp(0),
    base: 0,
    unit: 0,
    payload: 0,
    payload_crc: 0,
};

#[test]
fn a_trailer_that_makes_no_sense_does_not_stop_a_reader_that_skips_damage() {
    let folder = Scratch::new("trailer");
    let head = BlockHead {
        kind: KIND_TRAILER,
        ..TRADES
    };
    let path = with_blocks(&folder, &header(), &[(head, b"{".to_vec())]);
    assert_damage(&path, DamageKind::Corrupt, &[]);
}

#[test]
fn a_block_whose_columns_do_not_fit_hands_nothing_out() {
    let folder = Scratch::new("columns");
    let head = BlockHead {
        others: 1,
        ..TRADES
    };
    let path = with_blocks(&folder, &header(), &[(head, payload([0; 6], &[8]))]);
    assert_damage(&path, DamageKind::Corrupt, &[]);
}

#[test]
fn a_clock_that_goes_once_around_its_range_is_seen_although_the_ends_are_in_order() {
    let folder = Scratch::new("around");
    // Six steps of 2^32 - 1 s: time in four bytes, the same price, one lot.
    let mut columns = vec![0b110; 6];
    for _ in 0..6 {
        columns.extend_from_slice(&[0xFF, 0xFF, 0xFF, 0xFF, 1]);
    }
    let head = BlockHead {
        rows: 6,
        unit: 3,
        ..TRADES
    };
    let block = (head, payload([30, 0, 0, 0, 0, 0], &columns));
    let path = with_blocks(&folder, &header(), &[block]);
    assert_damage(&path, DamageKind::Sequence, &[]);
}

#[test]
fn numbers_of_entries_at_the_end_of_their_range_are_no_numbers() {
    let folder = Scratch::new("numbers");
    let head = BlockHead {
        before: u64::MAX,
        ..TRADES
    };
    let path = with_blocks(&folder, &header(), &[(head, payload([0; 6], &[]))]);
    let (entries, damages) = skipping(&path);
    assert_eq!(entries, []);
    assert_eq!(damages[0].kind, DamageKind::TornTail, "{damages:?}");
    let path = with_lines(&folder, &[(u64::MAX, "turn", "{}"), (1, "turn", "{}")]);
    assert_damage(&path, DamageKind::Corrupt, &[Entry::Turn(Stamp::default())]);
}

#[test]
fn an_output_with_a_line_break_is_damage_because_no_writer_takes_it() {
    let folder = Scratch::new("line-break");
    let record = Entry::Record(RawValue::from_string("{\n}".to_owned()).unwrap());
    let mut column = Vec::new();
    others::encode(&mut OtherState::new(3), &mut column, 0, &record);
    let lengths = [0, 0, 0, 0, 0, column.len() as u32];
    let head = BlockHead {
        others: 1,
        ..TRADES
    };
    let path = with_blocks(&folder, &header(), &[(head, payload(lengths, &column))]);
    assert_damage(&path, DamageKind::Corrupt, &[]);
    let path = with_lines(&folder, &[(1, "record", "{\r}"), (2, "turn", "{}")]);
    assert_damage(&path, DamageKind::Corrupt, &[Entry::Turn(Stamp::default())]);
}

#[test]
fn a_header_between_the_lines_that_cannot_be_read_is_damage_and_can_be_skipped() {
    let folder = Scratch::new("inner-header");
    let path = with_lines(&folder, &[(0, "header", "{}"), (1, "turn", "{}")]);
    assert_damage(&path, DamageKind::Corrupt, &[Entry::Turn(Stamp::default())]);
}

#[test]
fn a_copy_of_the_header_in_the_trailer_counts_only_with_a_version_that_exists() {
    let folder = Scratch::new("version");
    let path = folder.0.join("crafted.mrec");
    let header = Header {
        version: 0,
        ..header()
    };
    BlockWriter::create(&path, &header)
        .unwrap()
        .finish()
        .unwrap();
    for skip_damaged in [false, true] {
        let options = OpenOptions {
            skip_damaged,
            ..OpenOptions::default()
        };
        let error = open(&path, &options).unwrap_err();
        assert!(matches!(error, RecordingError::Header { .. }), "{error}");
    }
}
