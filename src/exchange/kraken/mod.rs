//! Kraken spot (v1 and v2) and futures.

pub mod stream;
