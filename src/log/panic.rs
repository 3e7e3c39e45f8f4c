//! What a panic leaves behind: one log line on the loop thread, a quiet text on a worker.
//!
//! On a thread that contains its panics the hook keeps text and place for whoever catches the
//! panic; anywhere else it writes one line, flushes the log, and the process ends with status 101.

use super::redact::redact;
use super::{LOGGER, Level};
use std::cell::{Cell, RefCell};
use std::panic::PanicHookInfo;

thread_local! {
    static CONTAINED: Cell<bool> = const { Cell::new(false) };
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Installs the hook for the whole process.
pub fn install_panic_hook() {
    std::panic::set_hook(Box::new(report));
}

/// This thread catches its panics: they are kept for [`take_panic`] instead of being logged.
pub fn contain_panics_here() {
    CONTAINED.set(true);
}

/// Text and place of the last panic on this thread, redacted.
pub fn take_panic() -> Option<String> {
    LAST.take()
}

fn report(info: &PanicHookInfo<'_>) {
    let payload = info.payload();
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no text");
    let place = info
        .location()
        .map_or_else(|| "unknown place".to_owned(), ToString::to_string);
    let text = redact(&format!("{text} at {place}")).into_owned();
    if CONTAINED.get() {
        LAST.set(Some(text));
        return;
    }
    // The panic may have happened inside a log call of this very thread.
    match LOGGER.try_lock() {
        Ok(mut logger) => {
            logger.log(Level::Error, "process", "panicked", &[("text", &text)]);
            logger.flush();
        }
        Err(_) => eprintln!("ERROR process panicked text={text:?}"),
    }
}
