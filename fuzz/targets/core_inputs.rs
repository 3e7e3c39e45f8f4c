//! A sequence of inputs through the core: no panic, books that add up, fast path like plain path.

#![no_main]

use libfuzzer_sys::fuzz_target;
use minnow_fuzz::program::Program;

fuzz_target!(|program: Program| program.check());
