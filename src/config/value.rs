//! A typed value of a key, how it is written for people and how it goes into JSON.
//!
//! Numbers are exact decimals; in JSON they are strings, so that no reader turns them into doubles.

use crate::core::units::Decimal;
use std::collections::BTreeMap;
use std::fmt;

/// Prices of one model in USD per million tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModelPrice {
    pub input: Decimal,
    pub cached_input: Option<Decimal>,
    pub output: Decimal,
}

/// The value of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// No value; only keys that have words for it.
    Null,
    Bool(bool),
    Integer(i64),
    Number(Decimal),
    Text(String),
    List(Vec<String>),
    Lengths(Vec<u32>),
    Prices(BTreeMap<String, ModelPrice>),
    /// A secret that is set; the secret itself lies elsewhere.
    Secret,
}

impl Value {
    /// For recordings, `--json` and the fingerprint.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match self {
            Self::Null => Json::Null,
            Self::Bool(b) => Json::Bool(*b),
            Self::Integer(n) => Json::from(*n),
            Self::Number(d) => Json::String(d.to_string()),
            Self::Text(text) => Json::String(text.clone()),
            Self::List(items) => Json::from(items.clone()),
            Self::Lengths(items) => Json::from(items.clone()),
            Self::Prices(prices) => Json::Object(
                prices
                    .iter()
                    .map(|(model, price)| (model.clone(), price.to_json()))
                    .collect(),
            ),
            Self::Secret => Json::String(SET.to_owned()),
        }
    }
}

/// A value of [`Value::to_json`] in the notation of `--set`.
pub fn set_notation(json: &serde_json::Value) -> String {
    match json {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(items) => {
            let items: Vec<String> = items.iter().map(set_notation).collect();
            items.join(",")
        }
        other => other.to_string(),
    }
}

/// What is printed instead of a secret that is set.
pub const SET: &str = "***(set)";
/// What is printed instead of a secret that is not.
pub const UNSET: &str = "(unset)";

impl ModelPrice {
    fn to_json(self) -> serde_json::Value {
        let mut map = serde_json::Map::new();
        map.insert("input".into(), self.input.to_string().into());
        if let Some(cached) = self.cached_input {
            map.insert("cached_input".into(), cached.to_string().into());
        }
        map.insert("output".into(), self.output.to_string().into());
        map.into()
    }
}

impl fmt::Display for Value {
    /// JSON notation with plain numbers: `true`, `5`, `"text"`, `["a", "b"]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(d) => d.fmt(f),
            Self::Secret => f.write_str(SET),
            Self::List(items) => {
                let quoted: Vec<String> = items.iter().map(|i| quote(i)).collect();
                write!(f, "[{}]", quoted.join(", "))
            }
            other => write!(f, "{}", other.to_json()),
        }
    }
}

/// Longest text quoted in a message, in characters.
const QUOTED_MAX: usize = 80;

/// A text in quotes with control characters escaped, cut to what fits a message.
pub fn quote(text: &str) -> String {
    let cut = match text.char_indices().nth(QUOTED_MAX) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text.to_owned(),
    };
    serde_json::Value::String(cut).to_string()
}
