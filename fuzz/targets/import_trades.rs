//! A line of options and a CSV of trades through the importer.

#![no_main]

use libfuzzer_sys::fuzz_target;
use minnow_fuzz::importing;

fuzz_target!(|bytes: &[u8]| {
    if let Some((wish, text)) = importing::wish(bytes) {
        importing::trades(wish, text);
    }
});
