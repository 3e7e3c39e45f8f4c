//! The configuration of a session as its ledger keeps it: single values, and the whole made again.
//!
//! No file, `.env` or environment of the moment has a say. What is not recorded has its built-in
//! value; what this version does not take is an error in words, not a guess.

use super::effective::Effective;
use super::findings::Findings;
use super::gather::Sources;
use super::key::Fallback;
use super::keys::Names;
use super::load::load;
use super::parse::{Raw, parse, parse_text};
use super::value::{Value, set_notation};
use crate::core::units::{Decimal, Span};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// Recorded values by key; the default has none, so that everything is built in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recorded {
    values: BTreeMap<String, Json>,
}

impl Recorded {
    /// From the JSON that [`Effective::recordable`] made.
    ///
    /// # Errors
    /// In words, when it is none.
    pub fn parse(json: &str) -> Result<Self, String> {
        serde_json::from_str(json)
            .map(|values| Self { values })
            .map_err(|e| format!("the session's configuration is no JSON object: {e}"))
    }

    /// A whole number.
    ///
    /// # Errors
    /// The recorded value is none, or out of the key's range.
    pub fn integer(&self, key: &str) -> Result<i64, String> {
        match self.value(key)? {
            Value::Integer(number) => Ok(number),
            other => Err(format!("{key} is {other}: expected a whole number")),
        }
    }

    /// A number of milliseconds.
    ///
    /// # Errors
    /// As [`integer`](Self::integer).
    pub fn milliseconds(&self, key: &str) -> Result<Span, String> {
        self.integer(key).map(Span::from_millis)
    }

    /// A decimal.
    ///
    /// # Errors
    /// As [`integer`](Self::integer).
    pub fn number(&self, key: &str) -> Result<Decimal, String> {
        match self.value(key)? {
            Value::Number(number) => Ok(number),
            other => Err(format!("{key} is {other}: expected a number")),
        }
    }

    fn value(&self, name: &str) -> Result<Value, String> {
        let key = Names::shared()
            .dotted(name)
            .ok_or_else(|| format!("{name}: no such key"))?;
        match (self.values.get(name), key.default) {
            (Some(json), _) => parse(key, &Raw::Json(json.to_string()))
                .map_err(|problem| format!("the session's {name} = {json}: {problem}")),
            (None, Fallback::Value(text)) => parse_text(key, text),
            (None, Fallback::Null(_)) => Ok(Value::Null),
        }
    }

    /// Whether a key has the value that applies where no source states one.
    #[must_use]
    pub fn is_built_in(&self, name: &str) -> bool {
        self.value(name) == Self::default().value(name)
    }

    /// The recorded values of the wanted keys, as `--set` takes them. A null where the key must have a
    /// value states nothing.
    pub fn sets(&self, wanted: impl Fn(&str) -> bool) -> Vec<String> {
        let names = Names::shared();
        self.values
            .iter()
            .filter(|(name, _)| wanted(name))
            .filter(|(name, value)| {
                !value.is_null() || names.dotted(name).is_some_and(|key| key.is_nullable())
            })
            .map(|(name, value)| format!("{name}={}", set_notation(value)))
            .collect()
    }
}

/// The configuration that these `--set` pairs alone amount to, in paper mode; `verb` says who wants it.
///
/// # Errors
/// What is wrong with them, as `--set` has it.
pub fn load_alone(sets: Vec<String>, verb: &'static str) -> Result<Effective, Findings> {
    load(&Sources {
        sets,
        named: vec![("system.dry_run", "true".to_owned(), verb)],
        without_files: true,
        ..Sources::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_recorded_is_built_in_and_what_is_wrong_is_named() {
        let none = Recorded::default();
        // The values of the table in the shipped documentation.
        let grace = none.milliseconds("market_data.close_grace_ms");
        assert_eq!(grace, Ok(Span::from_millis(1000)));
        let outlier = none.number("market_data.outlier_pct");
        assert_eq!(outlier, Ok(Decimal::from_int(20)));
        assert_eq!(none.integer("trading.min_candles_for_trading"), Ok(100));
        let some = Recorded::parse(
            r#"{"market_data.outlier_pct":"7.5","trading.min_candles_for_trading":-1}"#,
        );
        let some = some.unwrap();
        let outlier = some.number("market_data.outlier_pct");
        assert_eq!(outlier, Ok(Decimal::new(75, 1)));
        let wrong = some.integer("trading.min_candles_for_trading").unwrap_err();
        assert!(
            wrong.contains("trading.min_candles_for_trading = -1") && wrong.contains("1..5000"),
            "{wrong}"
        );
        assert!(some.integer("no.such.key").is_err());
        assert!(!some.is_built_in("market_data.outlier_pct"));
        assert!(some.is_built_in("market_data.close_grace_ms"));
        assert!(some.integer("market_data.outlier_pct").is_err());
        let broken = Recorded::parse("[").unwrap_err();
        assert!(broken.contains("no JSON object"), "{broken}");
    }

    #[test]
    fn sets_are_what_was_recorded_and_wanted() {
        let recorded = Recorded::parse(
            r#"{"a.text":"x","risk.trailing_stop_pct":null,"risk.order_rate":null,
                "trading.symbols":["A","B"],"trading.leverage":5,"trading.reversal":true}"#,
        );
        let sets = recorded.unwrap().sets(|name| name != "a.text");
        assert_eq!(
            sets,
            [
                "risk.trailing_stop_pct=null",
                "trading.leverage=5",
                "trading.reversal=true",
                "trading.symbols=A,B"
            ]
        );
    }
}
