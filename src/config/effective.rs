//! The configuration that applies: a typed value for every key, with its source.
//!
//! The getters cannot fail: after a load every key has a value of its kind, so asking for a key that
//! does not exist or has another type is a mistake of the program and panics.

use super::key::Key;
use super::keys;
use super::secret::Secret;
use super::source::Source;
use super::value::{SET, UNSET, Value};
use crate::core::units::{Decimal, Span};
use std::collections::BTreeMap;

/// One key with the value that applies.
#[derive(Clone, Debug)]
pub struct Entry {
    pub key: &'static Key,
    pub value: Value,
    pub source: Source,
    /// The name it was stated by, where that was not its own.
    pub alias: Option<String>,
    /// It has a value that came with the program: one of a tier's file, or the start script's.
    pub shipped: bool,
}

impl Entry {
    /// The value as people may see it: secrets and addresses that hold one are masked.
    pub fn shown(&self) -> String {
        if self.key.hides() {
            let set = match &self.value {
                Value::Secret => true,
                Value::Text(text) => !text.is_empty(),
                _ => false,
            };
            return if set { SET } else { UNSET }.to_owned();
        }
        self.value.to_string()
    }

    /// The value for recordings and `--json`, masked like `shown`.
    pub fn to_json(&self) -> serde_json::Value {
        if self.key.hides() {
            self.shown().into()
        } else {
            self.value.to_json()
        }
    }

    /// Whether any source states it.
    pub fn is_explicit(&self) -> bool {
        self.source.level() != super::source::Level::BuiltIn
    }

    /// `key = value (from source)`.
    pub fn stated(&self) -> String {
        format!(
            "{} = {} (from {})",
            self.key.name,
            self.shown(),
            self.source
        )
    }
}

/// A whole, checked configuration.
pub struct Effective {
    pub(super) entries: BTreeMap<&'static str, Entry>,
    pub(super) secrets: BTreeMap<&'static str, Secret>,
    pub(super) warnings: Vec<String>,
    /// The configuration file that was read, as it was named.
    pub config_file: Option<String>,
    /// The `.env` that was read, as it was named.
    pub env_file: Option<String>,
}

impl Effective {
    /// Every key in the order of its name.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// # Panics
    /// If there is no such key (a mistake of the program), like all getters.
    pub fn entry(&self, key: &str) -> &Entry {
        self.entries
            .get(key)
            .unwrap_or_else(|| panic!("no configuration key {key}"))
    }

    pub fn flag(&self, key: &str) -> bool {
        self.optional_flag(key).unwrap_or_else(|| no_value(key))
    }

    pub fn optional_flag(&self, key: &str) -> Option<bool> {
        match self.entry(key).value {
            Value::Bool(b) => Some(b),
            Value::Null => None,
            _ => wrong_type(key),
        }
    }

    pub fn integer(&self, key: &str) -> i64 {
        self.optional_integer(key).unwrap_or_else(|| no_value(key))
    }

    pub fn optional_integer(&self, key: &str) -> Option<i64> {
        match self.entry(key).value {
            Value::Integer(n) => Some(n),
            Value::Null => None,
            _ => wrong_type(key),
        }
    }

    /// A whole number as a size.
    ///
    /// # Panics
    /// Also if the key's range holds negative numbers.
    pub fn count(&self, key: &str) -> usize {
        usize::try_from(self.integer(key)).unwrap_or_else(|_| wrong_type(key))
    }

    pub fn number(&self, key: &str) -> Decimal {
        self.optional_number(key).unwrap_or_else(|| no_value(key))
    }

    pub fn optional_number(&self, key: &str) -> Option<Decimal> {
        match self.entry(key).value {
            Value::Number(d) => Some(d),
            Value::Null => None,
            _ => wrong_type(key),
        }
    }

    /// A number of seconds as a span, to the nanosecond.
    pub fn seconds(&self, key: &str) -> Span {
        span_of(self.number(key), 1)
    }

    pub fn optional_seconds(&self, key: &str) -> Option<Span> {
        self.optional_number(key).map(|n| span_of(n, 1))
    }

    /// A number of hours, whole or not, as a span.
    pub fn hours(&self, key: &str) -> Span {
        match self.entry(key).value {
            Value::Integer(n) => span_of(Decimal::from_int(n), 3600),
            Value::Number(n) => span_of(n, 3600),
            _ => wrong_type(key),
        }
    }

    /// A whole number of milliseconds as a span.
    pub fn milliseconds(&self, key: &str) -> Span {
        Span::from_millis(self.integer(key))
    }

    pub fn text(&self, key: &str) -> &str {
        self.optional_text(key).unwrap_or_else(|| no_value(key))
    }

    pub fn optional_text(&self, key: &str) -> Option<&str> {
        match &self.entry(key).value {
            Value::Text(text) => Some(text),
            Value::Null => None,
            _ => wrong_type(key),
        }
    }

    pub fn list(&self, key: &str) -> &[String] {
        match &self.entry(key).value {
            Value::List(items) => items,
            _ => wrong_type(key),
        }
    }

    /// A secret, if it is set.
    pub fn secret(&self, key: &str) -> Option<&Secret> {
        let entry = self.entry(key);
        assert!(entry.key.is_secret(), "{key} is no secret");
        self.secrets.get(key)
    }

    /// Every secret that is set, for what masks them in logs.
    pub fn secrets(&self) -> impl Iterator<Item = (&'static str, &Secret)> {
        self.secrets.iter().map(|(name, secret)| (*name, secret))
    }

    /// The symbols of the run, in the configured order: `trading.symbols`, else `trading.symbol`.
    pub fn symbols(&self) -> Vec<&str> {
        let list = self.list("trading.symbols");
        if list.is_empty() {
            vec![self.text("trading.symbol")]
        } else {
            list.iter().map(String::as_str).collect()
        }
    }

    /// Worker threads that really run: the configured number under its ceiling.
    pub fn worker_threads(&self) -> usize {
        self.count("system.thread_pool_size")
            .min(self.count("system.max_worker_threads"))
    }

    /// Operating system threads of the process: the loop and the workers.
    pub fn threads(&self) -> usize {
        self.worker_threads() + 1
    }

    /// Due tasks started per turn: at most the tasks in flight.
    pub fn task_batch_size(&self) -> usize {
        self.count("system.task_batch_size")
            .min(self.count("system.max_concurrent_tasks"))
    }

    /// Folder of session recordings.
    pub fn recording_directory(&self) -> std::path::PathBuf {
        match self.optional_text("recording.directory") {
            Some(path) if !path.is_empty() => path.into(),
            _ => std::path::Path::new(self.text("data.directory")).join("recordings"),
        }
    }

    /// What is odd but no mistake, with what really applies.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Keys that are set and have no effect in this version: a line for each that the user set, one
    /// line with a count for those whose values came with the program.
    pub fn without_effect(&self) -> Vec<String> {
        let idle = || self.entries().filter(|e| e.is_explicit() && !e.key.acts);
        let mut lines: Vec<String> = idle()
            .filter(|e| !e.shipped)
            .map(|e| format!("{}: has no effect in this version", e.stated()))
            .collect();
        let shipped = idle().filter(|e| e.shipped).count();
        if shipped > 0 {
            let file = self.config_file.as_deref();
            let place = file.map_or("--default".to_owned(), |f| format!("{f}, --default"));
            lines.push(format!(
                "{shipped} settings as shipped ({place}) have no effect in this version; check-config marks them"
            ));
        }
        lines
    }

    /// What the start prints about the configuration: warnings, then what has no effect.
    pub fn notices(&self) -> Vec<String> {
        let warnings = self
            .warnings
            .iter()
            .map(|w| format!("config: warning: {w}"));
        let idle = self.without_effect();
        warnings
            .chain(idle.into_iter().map(|line| format!("config: {line}")))
            .collect()
    }

    /// All effective values for a recording's header; secrets by name only.
    pub fn recordable(&self) -> BTreeMap<String, serde_json::Value> {
        self.entries()
            .map(|entry| (entry.key.name.to_owned(), entry.to_json()))
            .collect()
    }
}

/// The built-in value of every key.
pub(super) fn built_in() -> BTreeMap<&'static str, Entry> {
    keys::all()
        .map(|key| {
            let value = match key.default {
                super::key::Fallback::Null(_) => Value::Null,
                super::key::Fallback::Value(text) => super::parse::parse_text(key, text)
                    .expect("the table's defaults are valid values of their keys"),
            };
            let entry = Entry {
                key,
                value,
                source: Source::Default,
                alias: None,
                shipped: false,
            };
            (key.name, entry)
        })
        .collect()
}

fn span_of(number: Decimal, seconds_each: i64) -> Span {
    // 1e-18 to 1e-9: ranges of the table keep this far inside an i64.
    let nanoseconds = number.raw() / 1_000_000_000 * i128::from(seconds_each);
    Span(i64::try_from(nanoseconds).unwrap_or(i64::MAX))
}

fn no_value<T>(key: &str) -> T {
    panic!("configuration key {key} has no value; ask for it as optional")
}

fn wrong_type<T>(key: &str) -> T {
    panic!("configuration key {key} has another type")
}
