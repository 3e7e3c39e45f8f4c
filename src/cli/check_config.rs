//! `check-config`: every effective key with value and source, then warnings and what they amount to.
//!
//! Opens and writes nothing but what the configuration itself is read from.

use super::{Common, Exit, Failure, sources};
use crate::config::key::Fallback;
use crate::config::tier::{TELLING_COUNT, resembles};
use crate::config::value::Value;
use crate::config::{Effective, Entry};
use std::fmt::Write as _;
use std::io::Write as _;

/// `check-config` has no arguments of its own.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Arguments {}

/// Prints the configuration that applies. `planned_memory` gives the sum of all bounded buffers in
/// bytes, where it is known.
///
/// Fails with status 78 and every mistake when the configuration is not sound.
pub fn run(
    common: &Common,
    _arguments: &Arguments,
    planned_memory: impl Fn(&Effective) -> Option<u64>,
) -> Result<Exit, Failure> {
    let effective = sources::configuration(common)?;
    let planned = planned_memory(&effective);
    let text = if common.json {
        format!("{}\n", as_json(&effective, planned))
    } else {
        as_text(&effective, planned)
    };
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Ok(()) => Ok(Exit::Success),
        // Whoever reads has seen enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(Exit::Success),
        Err(error) => Err(Failure::run_time(format!("stdout: {error}"))),
    }
}

/// The report for people.
pub fn as_text(effective: &Effective, planned_memory: Option<u64>) -> String {
    let mut text = String::new();
    let width = |of: fn(&Entry) -> usize, most: usize| {
        effective.entries().map(of).max().unwrap_or(0).min(most)
    };
    let keys = width(|e| e.key.name.len(), 60);
    let values = width(|e| e.shown().chars().count(), 24);
    for entry in effective.entries() {
        let alias = match &entry.alias {
            // `.env` and environment name the variable themselves.
            Some(alias) if !entry.source.to_string().contains(alias) => format!(" as {alias}"),
            Some(_) => " (alias)".to_owned(),
            None => String::new(),
        };
        let null = match (&entry.value, entry.key.default) {
            (Value::Null, Fallback::Null(words)) if !entry.key.is_secret() => {
                format!("; null: {words}")
            }
            _ => String::new(),
        };
        let idle = if entry.key.acts {
            ""
        } else {
            "; no effect in this version"
        };
        let _ = writeln!(
            text,
            "{:keys$}  {:values$}  {}{alias}{null}{idle}",
            entry.key.name,
            entry.shown(),
            entry.source,
        );
    }
    text.push('\n');
    for line in effective.notices() {
        let _ = writeln!(text, "{line}");
    }
    let (tier, agreeing) = resembles(effective);
    let file = effective.config_file.as_deref().unwrap_or("none");
    let _ = writeln!(text, "configuration file: {file}");
    let _ = writeln!(text, "fingerprint: {}", effective.short_fingerprint());
    let _ = writeln!(
        text,
        "resembles the {} tier ({}; config/{}): {agreeing} of {TELLING_COUNT} telling keys agree",
        tier.name, tier.machine, tier.file
    );
    let _ = writeln!(
        text,
        "threads: {} (the loop, workers: {})",
        effective.threads(),
        effective.worker_threads()
    );
    if let Some(bytes) = planned_memory {
        let _ = writeln!(text, "planned memory: {bytes} bytes");
    }
    text
}

/// The same as one JSON object.
pub fn as_json(effective: &Effective, planned_memory: Option<u64>) -> serde_json::Value {
    let keys: Vec<serde_json::Value> = effective
        .entries()
        .map(|entry| {
            serde_json::json!({
                "key": entry.key.name,
                "value": entry.to_json(),
                "source": entry.source.to_string(),
                "alias": entry.alias,
                "acts": entry.key.acts,
            })
        })
        .collect();
    let (tier, agreeing) = resembles(effective);
    serde_json::json!({
        "keys": keys,
        "warnings": effective.warnings(),
        "without_effect": effective.without_effect(),
        "config_file": effective.config_file,
        "env_file": effective.env_file,
        "fingerprint": effective.fingerprint(),
        "tier": {"name": tier.name, "agreeing": agreeing, "of": TELLING_COUNT},
        "threads": effective.threads(),
        "planned_memory_bytes": planned_memory,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Sources, load};

    fn effective() -> Effective {
        let secret = "abcdefghijklmnopqrstuvwxyz".to_owned();
        let variable = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        load(&Sources {
            environment: vec![
                variable("OPENAI_API_KEY", &secret),
                variable("FP_EFFECT_TIMEOUT", "19"),
                variable("SCHEDULER__BATCH_SIZE", "1"),
            ],
            sets: vec!["scheduler.max_concurrent_tasks=3".to_owned()],
            // No file of the working directory may change the outcome.
            directory: "/nonexistent".into(),
            ..Sources::default()
        })
        .expect("a sound configuration")
    }

    #[test]
    fn every_key_is_printed_with_value_source_and_alias() {
        let effective = effective();
        let text = as_text(&effective, Some(1234));
        let line = |key: &str| {
            let line = text.lines().find(|l| l.split(' ').next() == Some(key));
            let words: Vec<&str> = line.expect(key).split_whitespace().collect();
            words.join(" ")
        };
        for entry in effective.entries() {
            line(entry.key.name);
        }
        assert_eq!(
            line("functional_programming.effect_timeout"),
            "functional_programming.effect_timeout 19 environment FP_EFFECT_TIMEOUT (alias)"
        );
        assert_eq!(
            line("system.max_concurrent_tasks"),
            "system.max_concurrent_tasks 3 --set as scheduler.max_concurrent_tasks"
        );
        assert_eq!(
            line("llm.api_key"),
            "llm.api_key ***(set) environment OPENAI_API_KEY (alias); no effect in this version"
        );
        assert_eq!(
            line("api.token"),
            "api.token (unset) default; no effect in this version"
        );
        assert_eq!(
            line("risk.trailing_stop_pct"),
            "risk.trailing_stop_pct null default; null: off"
        );
        assert!(text.contains("threads: 3 (the loop, workers: 2)"));
        assert!(text.contains("planned memory: 1234 bytes"));
        assert!(text.contains("resembles the default tier"));
        assert!(!text.contains("abcdefghij"));
    }

    #[test]
    fn json_says_the_same() {
        let effective = effective();
        let json = as_json(&effective, None);
        let keys = json["keys"].as_array().expect("a list");
        assert_eq!(keys.len(), effective.entries().count());
        let key = keys
            .iter()
            .find(|k| k["key"] == "llm.api_key")
            .expect("there");
        assert_eq!(key["value"], "***(set)");
        assert_eq!(key["acts"], false);
        assert_eq!(json["threads"], 3);
        assert_eq!(json["fingerprint"], effective.fingerprint());
        assert!(!json.to_string().contains("abcdefghij"));
    }
}
