//! From configuration to the log.

use super::Failure;
use crate::config::Effective;
use crate::log::{self, Buffering, FileSettings, Format, Level, LogSettings};
use std::path::PathBuf;
use std::time::Duration;

/// Starts the log as configured and lets it know the secrets that it must mask.
///
/// # Errors
/// The log file cannot be opened.
pub fn start_log(effective: &Effective) -> Result<(), Failure> {
    for (_, secret) in effective.secrets() {
        log::register_secret(secret.expose());
    }
    let file = effective.text("logging.file");
    let settings = LogSettings {
        level: level(effective),
        format: match effective.text("logging.format") {
            "text" => Format::Text,
            "json" => Format::Json,
            _ => Format::Auto,
        },
        buffering: if effective.flag("logging.async_logging") {
            Buffering::Lines {
                lines: effective.count("logging.log_buffer_size"),
                interval: Duration::from_secs_f64(
                    effective
                        .seconds("logging.log_flush_interval")
                        .as_secs_f64(),
                ),
            }
        } else {
            Buffering::Off
        },
        file: (!file.is_empty()).then(|| FileSettings {
            path: PathBuf::from(file),
            max_bytes: effective.count("logging.max_file_mb") as u64 * 1024 * 1024,
            max_files: effective.count("logging.max_files") as u32,
        }),
    };
    log::start(&settings)
        .map_err(|error| Failure::run_time(format!("logging.file = {file}: cannot open: {error}")))
}

/// The configured level, from now on.
pub fn apply_level(effective: &Effective) {
    log::set_level(level(effective));
}

fn level(effective: &Effective) -> Level {
    match effective.text("system.log_level") {
        "trace" => Level::Trace,
        "debug" => Level::Debug,
        "warn" => Level::Warn,
        "error" => Level::Error,
        _ => Level::Info,
    }
}
