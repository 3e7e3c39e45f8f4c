//! Bytes as a recording in block form: as they are, and with the checksums set right.

#![no_main]

use libfuzzer_sys::fuzz_target;
use minnow_fuzz::{recording, scratch, seal};

fuzz_target!(|bytes: &[u8]| {
    recording::check(&scratch::file("input.mrec", bytes));
    if bytes.starts_with(b"\x93minnow\n") {
        recording::check(&scratch::file("sealed.mrec", &seal::blocks(bytes)));
    }
});
