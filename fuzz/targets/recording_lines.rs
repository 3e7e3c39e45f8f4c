//! Bytes as a recording in line form: as they are, with the checksums set right, and that in gzip.

#![no_main]

use flate2::Compression;
use flate2::write::GzEncoder;
use libfuzzer_sys::fuzz_target;
use minnow_fuzz::{recording, scratch, seal};
use std::io::Write;

/// Text of one gzip member, so that small inputs have several.
const MEMBER: usize = 1000;

fuzz_target!(|bytes: &[u8]| {
    recording::check(&scratch::file("input.jsonl", bytes));
    if bytes.starts_with(&[0x1F, 0x8B]) {
        return;
    }
    let sealed = seal::lines(bytes);
    let plain = scratch::file("sealed.jsonl", &sealed);
    recording::check(&plain);
    let packed = scratch::file("sealed.jsonl.gz", &packed(&sealed));
    let (plain, packed) = (
        recording::read(&plain, true, 512),
        recording::read(&packed, true, 512),
    );
    assert_eq!(plain.is_some(), packed.is_some(), "gzip is no matter");
    if let (Some(plain), Some(packed)) = (plain, packed) {
        assert!(plain.entries == packed.entries, "gzip is no matter");
        assert_eq!(plain.holes, packed.holes);
    }
});

fn packed(text: &[u8]) -> Vec<u8> {
    let mut members = Vec::new();
    for text in text.chunks(MEMBER) {
        let mut encoder = GzEncoder::new(members, Compression::fast());
        encoder.write_all(text).expect("memory takes bytes");
        members = encoder.finish().expect("memory takes bytes");
    }
    members
}
