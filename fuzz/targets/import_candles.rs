//! A line of options and candles through the importer: as JSON where they begin like it, else CSV.

#![no_main]

use libfuzzer_sys::fuzz_target;
use minnow::store::recording::import::CandleFormat;
use minnow_fuzz::importing;

fuzz_target!(|bytes: &[u8]| {
    if let Some((wish, text)) = importing::wish(bytes) {
        let format = match text.trim_ascii_start().first() {
            Some(b'[' | b'{') => CandleFormat::Json,
            _ => CandleFormat::Csv,
        };
        importing::candles(wish, format, text);
    }
});
