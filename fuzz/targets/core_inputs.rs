//! A sequence of inputs through the core: no panic, books that add up, fast path like plain path.
//!
//! With MINNOW_FUZZ_SHOW in the environment it prints the program and what it came to.

#![no_main]

use libfuzzer_sys::fuzz_target;
use minnow_fuzz::program::Program;

fuzz_target!(|program: Program| {
    let show = std::env::var_os("MINNOW_FUZZ_SHOW").is_some();
    if show {
        eprintln!("{program:#?}");
    }
    let counts = program.check();
    if show {
        eprintln!("{counts:?}");
    }
});
