//! The log: one place through which every line leaves the process, redacted.
//!
//! A small facade of functions over one global logger; lines go to stderr and, if configured, to a
//! file that rotates. Any thread may log. The logger sits behind a mutex and not behind a channel:
//! lines are rare and short, a line of level warn must be out before the caller goes on, and a
//! channel would need somebody to wake up and drain it. It starts no thread and no timer; the loop
//! asks [`due_in`] before it sleeps and calls [`tick`] when that time has come.
//!
//! Imports `core` only. Limits: `buffer_lines` lines buffered, 64 different messages watched for
//! repetition, two times the file size before lines for a file that cannot rotate are dropped.

mod file;
mod level;
mod line;
mod logger;
mod panic;
pub mod planned;
pub mod redact;
mod redact_patterns;
mod repeat;

pub use file::{FileSettings, Rotation, RotationStep};
pub use level::Level;
pub use line::Format;
pub use logger::{Buffering, LogSettings, LogStatistics, Logger};
pub use panic::{contain_panics_here, install_panic_hook, take_panic};

use std::fmt::Display;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Fields of a line, in their order.
pub type Fields<'a> = &'a [(&'a str, &'a dyn Display)];

static LEVEL: AtomicU8 = AtomicU8::new(Level::Info as u8);
/// Something is buffered or suppressed, so that somebody has to call [`tick`].
static PENDING: AtomicBool = AtomicBool::new(false);
static LOGGER: LazyLock<Mutex<Logger>> = LazyLock::new(|| Mutex::new(Logger::plain()));

fn lock() -> MutexGuard<'static, Logger> {
    // A panic inside a log call leaves whole lines behind; the log goes on.
    LOGGER.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Replaces the plain logger (info to stderr, unbuffered) that stands there from the start.
///
/// # Errors
/// The log file cannot be opened.
pub fn start(settings: &LogSettings) -> std::io::Result<()> {
    let logger = Logger::to_stderr(settings)?;
    let mut current = lock();
    current.flush();
    *current = logger;
    LEVEL.store(settings.level as u8, Ordering::Relaxed);
    PENDING.store(false, Ordering::Release);
    Ok(())
}

/// Changes the level; takes effect at once.
pub fn set_level(level: Level) {
    LEVEL.store(level as u8, Ordering::Relaxed);
}

/// Lines of this level are written.
pub fn enabled(level: Level) -> bool {
    level as u8 <= LEVEL.load(Ordering::Relaxed)
}

/// Writes a line if its level is enabled. `target` is the part of the program, `message` a stable
/// name or short text; what varies goes into the fields.
pub fn log(level: Level, target: &str, message: &str, fields: Fields<'_>) {
    if enabled(level) {
        let mut logger = lock();
        logger.log(level, target, message, fields);
        PENDING.store(logger.due_in().is_some(), Ordering::Release);
    }
}

pub fn error(target: &str, message: &str, fields: Fields<'_>) {
    log(Level::Error, target, message, fields);
}

pub fn warn(target: &str, message: &str, fields: Fields<'_>) {
    log(Level::Warn, target, message, fields);
}

pub fn info(target: &str, message: &str, fields: Fields<'_>) {
    log(Level::Info, target, message, fields);
}

pub fn debug(target: &str, message: &str, fields: Fields<'_>) {
    log(Level::Debug, target, message, fields);
}

pub fn trace(target: &str, message: &str, fields: Fields<'_>) {
    log(Level::Trace, target, message, fields);
}

/// Writes a line of level info whatever the level is, at once; `json` is one JSON value and stands
/// in place of the fields.
pub fn dump(target: &str, message: &str, json: &str) {
    let mut logger = lock();
    logger.dump(target, message, json);
    PENDING.store(logger.due_in().is_some(), Ordering::Release);
}

/// From now on this value appears nowhere. Shorter than 8 characters: ignored, it would redact
/// ordinary words.
pub fn register_secret(value: &str) {
    redact::register(value);
}

/// Time until [`tick`] has something to do; `None` while nothing is buffered or suppressed.
pub fn due_in() -> Option<Duration> {
    if !PENDING.load(Ordering::Acquire) {
        return None;
    }
    lock().due_in()
}

/// Writes what has been buffered long enough.
pub fn tick() {
    let mut logger = lock();
    logger.tick();
    PENDING.store(logger.due_in().is_some(), Ordering::Release);
}

/// Writes everything that is buffered or suppressed.
pub fn flush() {
    let mut logger = lock();
    logger.flush();
    PENDING.store(false, Ordering::Release);
}

/// A full log file to compress, once each: run its steps as a slow job.
pub fn take_rotation() -> Option<Rotation> {
    lock().take_rotation()
}

/// What the log has written and lost.
pub fn statistics() -> LogStatistics {
    lock().statistics()
}
