//! `minnow plan`: every bounded buffer of a replay or a session with count, size and the total, from the
//! configuration and the code's own constants.
//!
//! An upper bound of what is asked for, not a measurement: most buffers are never full, and memory
//! that was never touched is not resident. Program text, the allocator's own bookkeeping and text
//! that values own are not in it.

use super::replay::loop_settings;
use super::task_settings::book_source;
use super::{Common, Exit, Failure, sources};
use crate::config::Effective;
use crate::core::planned::{Buffer, CoreSizes};
use crate::runtime::live::BookSource;
use crate::store::ledger::BatchLimits;
use std::fmt::Write as _;
use std::io::Write as _;

#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// Recordings replayed at once
    #[arg(long, default_value_t = 1, value_name = "N",
          value_parser = clap::value_parser!(u16).range(1..))]
    pub files: u16,
}

/// Prints the plan.
///
/// # Errors
/// Configuration (78); standard output cannot be written.
pub fn run(common: &Common, arguments: &Arguments) -> Result<Exit, Failure> {
    let effective = sources::configuration(common)?;
    let buffers = buffers(&effective, arguments.files.into());
    let text = if common.json {
        format!("{}\n", as_json(&buffers))
    } else {
        as_text(&buffers)
    };
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::run_time(format!("standard output: {error}")))
        }
        _ => Ok(Exit::Success),
    }
}

/// Sum of all buffers in bytes, for one recording at a time.
pub fn total(effective: &Effective) -> Option<u64> {
    Some(sum(&buffers(effective, 1)))
}

/// Every bounded buffer, room by room.
pub fn buffers(effective: &Effective, files: usize) -> Vec<Buffer> {
    let sizes = CoreSizes {
        symbols: effective.symbols().len(),
        candle_limit: effective.count("indicators.candle_limit"),
        lookback: effective.count("strategy.momentum.lookback"),
        mean_window: effective.count("strategy.mean_reversion.window"),
        cipher_windows: effective.cipher_windows(),
        order_rate: effective.count("risk.order_rate"),
        breaker_failures: effective.count("risk.breaker_failures"),
        api_failures: effective.count("risk.emergency_api_failures"),
        position_errors: effective.count("risk.emergency_position_errors"),
    };
    let mut all = crate::core::planned::buffers(&sizes);
    all.extend(crate::runtime::replay::planned_buffers(
        &loop_settings(effective),
        files,
    ));
    // The market's connection, the account's where orders are real, and that of level 2 books.
    let source = book_source(effective);
    let has_account = !effective.flag("system.dry_run");
    let connections = 1 + usize::from(has_account) + usize::from(source == BookSource::Level2);
    all.extend(crate::runtime::live::planned_buffers(
        effective.symbols().len(),
        connections,
        source.kept_at_most(effective.count("orderbook.depth_levels")),
    ));
    all.extend(crate::store::planned::buffers(BatchLimits::REPLAY));
    all.extend(crate::report::planned::buffers());
    let lines = if effective.flag("logging.async_logging") {
        effective.count("logging.log_buffer_size")
    } else {
        0
    };
    all.extend(crate::log::planned::buffers(lines));
    all
}

fn sum(buffers: &[Buffer]) -> u64 {
    buffers.iter().map(Buffer::bytes).sum()
}

fn as_text(buffers: &[Buffer]) -> String {
    let mut text = format!(
        "{:8} {:32} {:>9} {:>9} {:>11}  bounded by\n",
        "room", "buffer", "count", "bytes", "total"
    );
    for buffer in buffers {
        // Writing into a string cannot fail.
        let _ = writeln!(
            text,
            "{:8} {:32} {:>9} {:>9} {:>11}  {}",
            buffer.room,
            buffer.name,
            buffer.count,
            buffer.bytes_each,
            buffer.bytes(),
            buffer.bound
        );
    }
    let total = sum(buffers);
    let _ = writeln!(
        text,
        "total {total} bytes ({:.1} MiB), if every buffer were full",
        total as f64 / f64::from(1 << 20)
    );
    text
}

fn as_json(buffers: &[Buffer]) -> serde_json::Value {
    let rows: Vec<serde_json::Value> = buffers
        .iter()
        .map(|buffer| {
            serde_json::json!({
                "room": buffer.room,
                "name": buffer.name,
                "bound": buffer.bound,
                "count": buffer.count,
                "bytes_each": buffer.bytes_each,
                "bytes": buffer.bytes(),
            })
        })
        .collect();
    serde_json::json!({"buffers": rows, "total_bytes": sum(buffers)})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Sources, load};

    fn plan(sets: &[&str]) -> Vec<Buffer> {
        let effective = load(&Sources {
            sets: sets.iter().map(|set| (*set).to_owned()).collect(),
            directory: "/nonexistent".into(),
            ..Sources::default()
        });
        buffers(
            &effective.unwrap_or_else(|findings| panic!("{findings}")),
            1,
        )
    }

    fn of(buffers: &[Buffer], name: &str) -> Buffer {
        *buffers.iter().find(|b| b.name == name).expect(name)
    }

    #[test]
    fn settings_change_what_is_planned() {
        let small = plan(&["indicators.candle_limit=500", "trading.symbols=BTC-USD"]);
        let large = plan(&[
            "indicators.candle_limit=1000",
            "trading.symbols=BTC-USD,ETH-USD",
            "functional_programming.max_concurrent_effects=50",
        ]);
        let history = |buffers: &[Buffer]| of(buffers, "candle history").count;
        assert_eq!((history(&small), history(&large)), (500, 2000));
        let effects = |buffers: &[Buffer]| of(buffers, "effect table").count;
        assert_eq!(effects(&large) - effects(&small), 25);
        assert!(sum(&large) > sum(&small));
    }

    #[test]
    fn books_take_what_their_depth_and_source_say() {
        let levels = |sets: &[&str]| {
            let two = [&["trading.symbols=BTC-USD,ETH-USD"], sets].concat();
            let buffers = plan(&two);
            let links = of(&buffers, "websocket links").count;
            (of(&buffers, "levels of order books").count, links)
        };
        // Two symbols, two sides; one level more than is kept comes in before the worst one goes.
        assert_eq!(levels(&[]), (4 * 51, 1), "50 by REST");
        let deep = "orderbook.depth_levels=100";
        assert_eq!(levels(&[deep]), (4 * 201, 1));
        assert_eq!(levels(&[deep, "orderbook.rest_levels=0"]), (0, 1));
        assert_eq!(levels(&["orderbook.enabled=true"]), (4 * 501, 2));
    }

    #[test]
    fn the_total_is_the_sum_of_the_rows_in_both_forms() {
        let buffers = plan(&[]);
        let json = as_json(&buffers);
        let rows = json["buffers"].as_array().expect("rows");
        let added: u64 = rows.iter().filter_map(|row| row["bytes"].as_u64()).sum();
        assert_eq!(json["total_bytes"].as_u64(), Some(added));
        let text = as_text(&buffers);
        assert!(text.contains(&format!("total {added} bytes")), "{text}");
        assert_eq!(text.lines().count(), buffers.len() + 2);
    }

    #[test]
    fn the_default_plan_fits_the_smallest_machine() {
        // 256 MB machines run the minimal tier; a plan near that would be a mistake of its own.
        let total = sum(&plan(&[]));
        assert!(total < 32 << 20, "{total} bytes");
    }
}
