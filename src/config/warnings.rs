//! What is odd but no mistake, each with the value that really applies.

use super::effective::Effective;
use super::gather::Gathered;
use super::keys::LIVE_CONFIRMATION;
use super::value::Value;
use crate::core::units::Decimal;

/// Caps on workers, all below `system.thread_pool_size`.
const WORKER_CAPS: [&str; 5] = [
    "io_effects.parallel_max_workers",
    "functional_programming.interpreter_thread_pool_size",
    "market_data.subscriber_thread_pool_size",
    "validation.thread_pool_size",
    "monitoring.thread_pool_size",
];

/// All warnings of a configuration without mistakes.
pub(super) fn of(effective: &Effective, gathered: &Gathered) -> Vec<String> {
    let mut warnings = Vec::new();
    smaller_applies(effective, &mut warnings);
    timeouts(effective, &mut warnings);
    boldness(effective, &mut warnings);
    mode(effective, gathered, &mut warnings);
    let has_model =
        effective.secret("llm.api_key").is_some() || !effective.text("llm.base_url").is_empty();
    if effective.text("strategy.type") == "auto" && has_model {
        warnings.push(
            "strategy.type = \"auto\" means vumanchu in this version; llm arrives with a later version"
                .to_owned(),
        );
    }
    warnings
}

fn smaller_applies(effective: &Effective, warnings: &mut Vec<String>) {
    let mut cap = |key: &str, ceiling_key: &str, ceiling: usize| {
        if effective.count(key) > ceiling {
            let (stated, above) = (effective.entry(key).stated(), effective.entry(ceiling_key));
            let above = above.stated();
            warnings.push(format!("{stated} is above {above}: {ceiling} applies"));
        }
    };
    cap(
        "system.task_batch_size",
        "system.max_concurrent_tasks",
        effective.count("system.max_concurrent_tasks"),
    );
    cap(
        "system.thread_pool_size",
        "system.max_worker_threads",
        effective.count("system.max_worker_threads"),
    );
    for key in WORKER_CAPS {
        cap(key, "system.thread_pool_size", effective.worker_threads());
    }
}

fn timeouts(effective: &Effective, warnings: &mut Vec<String>) {
    let entry = effective.entry("system.async_timeout");
    let timeout = effective.number("system.async_timeout");
    for (key, name) in [
        ("functional_programming.effect_timeout", "FP_EFFECT_TIMEOUT"),
        ("exchange.timeout_seconds", "EXCHANGE__API_TIMEOUT"),
    ] {
        let bound = effective.number(key);
        if timeout > bound {
            warnings.push(format!(
                "{} has no effect beyond {bound} s, raise {name} too",
                entry.stated()
            ));
        }
    }
}

fn boldness(effective: &Effective, warnings: &mut Vec<String>) {
    for (key, most) in [("trading.leverage", 10), ("trading.max_size_pct", 50)] {
        let entry = effective.entry(key);
        let value = match entry.value {
            Value::Integer(n) => Decimal::from_int(n),
            _ => effective.number(key),
        };
        if value > Decimal::from_int(most) {
            warnings.push(format!("{} is above {most}", entry.stated()));
        }
    }
}

fn mode(effective: &Effective, gathered: &Gathered, warnings: &mut Vec<String>) {
    let dry_run = effective.flag("system.dry_run");
    if dry_run && effective.text("system.environment") == "production" {
        let stated = effective.entry("system.environment").stated();
        warnings.push(format!("{stated}, but this is a dry run: no real orders"));
    }
    if dry_run
        && let Some((mode, source)) = &gathered.trading_mode
        && mode.eq_ignore_ascii_case("live")
    {
        warnings.push(format!(
            "TRADING_MODE = live (from {source}) enables no orders: system.dry_run = true applies"
        ));
    }
    let confirmed = effective.text("trading.live_confirmation") == LIVE_CONFIRMATION;
    let play =
        effective.text("exchange.network") == "testnet" || effective.flag("exchange.sandbox");
    if confirmed && play {
        warnings.push(
            "live trading is confirmed, but the exchange is a testnet or sandbox: no real money moves"
                .to_owned(),
        );
    }
    for exposed in &gathered.exposed {
        warnings.push(format!(
            "{} holds a secret and others may read it (mode {:04o}); chmod 600 {0}",
            exposed.path, exposed.mode
        ));
    }
}
