//! How SQLite allocates, said once in the process before its first use.
//!
//! Nobody asks for its memory statistics, which cost a lock at each allocation. A connection's small
//! blocks (bound texts, registers) come from one piece of [`LOOKASIDE_BLOCKS`] x
//! [`LOOKASIDE_BYTES`] instead of the general allocator; when it is used up, that one serves.

use rusqlite::ffi;
use std::ffi::c_int;
use std::sync::Once;

/// SQLite's own default.
const LOOKASIDE_BYTES: c_int = 1200;
/// About 190 KiB a connection; SQLite divides part of it into blocks of 128 bytes.
const LOOKASIDE_BLOCKS: c_int = 160;

/// Before the first connection is opened; later calls do nothing.
pub fn configure() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: both options take the integers given here; `Once` keeps a second thread out. Where
        // SQLite is already running it refuses, and the defaults go on to apply.
        unsafe {
            ffi::sqlite3_config(ffi::SQLITE_CONFIG_MEMSTATUS, 0 as c_int);
            ffi::sqlite3_config(
                ffi::SQLITE_CONFIG_LOOKASIDE,
                LOOKASIDE_BYTES,
                LOOKASIDE_BLOCKS,
            );
        }
    });
}
