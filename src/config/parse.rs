//! From what a source says to a typed value of a key; an error says what is wrong and what is allowed.
//!
//! Two notations: text (environment, `.env`, `--set`) and JSON. Numbers are plain decimals in both.

use super::json_file::object_entries;
use super::key::{Key, Kind, ListRule};
use super::rules;
use super::value::{ModelPrice, Value, quote};
use crate::core::units::Decimal;
use std::collections::BTreeMap;

/// What a source says, before it has a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Raw {
    Text(String),
    /// One JSON value as it stands in the file.
    Json(String),
}

impl Raw {
    /// How a message shows it: numbers and booleans as they are, everything else in quotes.
    pub fn shown(&self, key: &Key) -> String {
        let text = match self {
            Self::Text(text) | Self::Json(text) => text,
        };
        // An address with an @ may hold a password.
        if key.hides() || (rules::is_address(key) && text.contains('@')) {
            return "***".to_owned();
        }
        match self {
            Self::Json(json) => match serde_json::from_str::<String>(json) {
                Ok(string) => quote(&string),
                Err(_) => json.chars().take(80).filter(|c| !c.is_control()).collect(),
            },
            Self::Text(text) => {
                let bare = Decimal::parse_plain(text).is_ok() || text == "true" || text == "false";
                if bare && text.len() <= 80 {
                    text.clone()
                } else {
                    quote(text)
                }
            }
        }
    }
}

/// Parses what a source says of `key`.
pub fn parse(key: &Key, raw: &Raw) -> Result<Value, String> {
    match raw {
        Raw::Text(text) => parse_text(key, text),
        Raw::Json(json) => parse_json(key, json),
    }
}

/// Parses the notation of the environment. An empty text is no value for keys that may be null.
pub fn parse_text(key: &Key, text: &str) -> Result<Value, String> {
    let text = text.trim();
    if key.is_nullable() && (text.is_empty() || text == "null") {
        return Ok(Value::Null);
    }
    match key.kind {
        Kind::Bool | Kind::Integer { .. } | Kind::Number { .. } => parse_scalar(key, text),
        Kind::Text(rule) => rules::check_text(rule, text).map(|()| Value::Text(text.to_owned())),
        Kind::List(rule) => parse_list(rule, split_list(text)),
        Kind::Lengths { .. } => {
            let parts = split_list(text);
            parse_lengths(key, parts.iter().map(String::as_str))
        }
        Kind::Prices => parse_prices(text),
        Kind::Secret(_) => Err("a secret has no place here".to_owned()),
    }
}

fn split_list(text: &str) -> Vec<String> {
    if text.is_empty() {
        return Vec::new();
    }
    text.split(',').map(|part| part.trim().to_owned()).collect()
}

fn parse_json(key: &Key, json: &str) -> Result<Value, String> {
    if json == "null" {
        return if key.is_nullable() {
            Ok(Value::Null)
        } else {
            Err(format!("null is no value here; {}", allowed(key)))
        };
    }
    match key.kind {
        Kind::Bool | Kind::Integer { .. } | Kind::Number { .. } => {
            match serde_json::from_str::<String>(json) {
                Ok(text) => parse_scalar(key, text.trim()),
                Err(_) => parse_scalar(key, json),
            }
        }
        Kind::Text(rule) => {
            let text: String = serde_json::from_str(json)
                .map_err(|_| format!("not a text in quotes; {}", allowed(key)))?;
            rules::check_text(rule, &text).map(|()| Value::Text(text))
        }
        Kind::List(rule) => {
            let items: Vec<String> = serde_json::from_str(json)
                .map_err(|_| "not an array of texts, such as [\"a\", \"b\"]".to_owned())?;
            parse_list(rule, items)
        }
        Kind::Lengths { count } => {
            let items: Vec<&serde_json::value::RawValue> = serde_json::from_str(json)
                .map_err(|_| format!("not an array of {count} whole numbers"))?;
            parse_lengths(key, items.iter().map(|item| item.get()))
        }
        Kind::Prices => parse_prices(json),
        Kind::Secret(_) => Err("a secret has no place here".to_owned()),
    }
}

fn parse_scalar(key: &Key, text: &str) -> Result<Value, String> {
    match key.kind {
        Kind::Bool => match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Ok(Value::Bool(true)),
            "false" | "0" | "no" | "off" => Ok(Value::Bool(false)),
            _ => Err(format!("not a yes or no; {}", allowed(key))),
        },
        Kind::Integer { min, max } => {
            let number: i64 = text.parse().map_err(|_| {
                // A whole number beyond i64 is out of range rather than malformed.
                let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
                let whole = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
                let what = if whole {
                    "out of range"
                } else {
                    "not an integer"
                };
                format!("{what}; {}", allowed(key))
            })?;
            if (min..=max).contains(&number) {
                Ok(Value::Integer(number))
            } else {
                Err(format!("out of range; {}", allowed(key)))
            }
        }
        Kind::Number { min, max } => {
            use crate::core::units::DecimalError;
            let number = Decimal::parse_plain(text).map_err(|error| {
                let what = match error {
                    DecimalError::Malformed => "not a plain decimal number",
                    DecimalError::TooPrecise => "more than 18 digits after the point",
                    DecimalError::OutOfRange => "out of range",
                };
                format!("{what}; {}", allowed(key))
            })?;
            if number < bound(min) || number > bound(max) {
                return Err(format!("out of range; {}", allowed(key)));
            }
            Ok(Value::Number(number))
        }
        _ => Err("not a plain value".to_owned()),
    }
}

/// A bound of the table.
fn bound(text: &'static str) -> Decimal {
    Decimal::parse_plain(text).expect("the table's bounds are decimals")
}

fn parse_list(rule: ListRule, items: Vec<String>) -> Result<Value, String> {
    rules::check_list(rule, &items).map(|()| Value::List(items))
}

fn parse_lengths<'a>(key: &Key, items: impl Iterator<Item = &'a str>) -> Result<Value, String> {
    let wrong = || format!("expected {}", allowed(key));
    let mut lengths = Vec::new();
    for item in items.take(100) {
        let length: u32 = item.parse().map_err(|_| wrong())?;
        if !(1..=500).contains(&length) {
            return Err(wrong());
        }
        lengths.push(length);
    }
    match key.kind {
        Kind::Lengths { count } if count == lengths.len() => Ok(Value::Lengths(lengths)),
        _ => Err(wrong()),
    }
}

/// Models in one price table at most.
const PRICES_MAX: usize = 200;

fn parse_prices(json: &str) -> Result<Value, String> {
    const SHAPE: &str = r#"expected {"model-prefix": {"input": .., "cached_input": .., "output": ..}} in USD per million tokens"#;
    let entries = object_entries(json).map_err(|_| SHAPE.to_owned())?;
    if entries.len() > PRICES_MAX {
        return Err(format!("more than {PRICES_MAX} models"));
    }
    let mut prices = BTreeMap::new();
    for entry in entries {
        let mut amounts: BTreeMap<String, Decimal> = BTreeMap::new();
        for part in object_entries(entry.value.get()).map_err(|_| SHAPE.to_owned())? {
            let known = ["input", "cached_input", "output"].contains(&part.name.as_str());
            let text = part.value.get().trim_matches('"');
            let amount = Decimal::parse_plain(text).ok().filter(|a| !a.is_negative());
            let (true, Some(amount)) = (known, amount) else {
                return Err(format!("{}.{}: {SHAPE}", entry.name, part.name));
            };
            if amounts.insert(part.name.clone(), amount).is_some() {
                return Err(format!("{}.{}: given twice", entry.name, part.name));
            }
        }
        let (Some(input), Some(output)) = (amounts.get("input"), amounts.get("output")) else {
            return Err(format!("{}: {SHAPE}", entry.name));
        };
        let price = ModelPrice {
            input: *input,
            cached_input: amounts.get("cached_input").copied(),
            output: *output,
        };
        if prices.insert(entry.name.clone(), price).is_some() {
            return Err(format!("{}: given twice", entry.name));
        }
    }
    Ok(Value::Prices(prices))
}

/// Checks what a person would write after `key=`, without loading anything.
///
/// The error says what is wrong and what is allowed; an unknown key and a secret are errors too.
pub fn check_value(key: &str, text: &str) -> Result<Value, String> {
    let row = super::keys::all()
        .find(|row| row.name == key)
        .ok_or_else(|| format!("{key}: unknown key"))?;
    parse_text(row, text).map_err(|problem| {
        let shown = Raw::Text(text.to_owned()).shown(row);
        format!("{key} = {shown}: {problem}")
    })
}

/// What the key accepts, for messages: `allowed 1..16`.
pub fn allowed(key: &Key) -> String {
    let what = match key.kind {
        Kind::Bool => "true, yes, on, 1, false, no, off, 0".to_owned(),
        Kind::Integer { min, max } => format!("{min}..{max}"),
        Kind::Number { min, max } => format!("{min}..{max}"),
        Kind::Text(rule) => rules::allowed_text(rule),
        Kind::List(rule) => rules::allowed_list(rule),
        Kind::Lengths { count } => format!("{count} whole numbers, each 1..500"),
        Kind::Prices => "a table of prices".to_owned(),
        Kind::Secret(_) => "a secret".to_owned(),
    };
    let or_null = if key.is_nullable() && !key.is_secret() {
        " or null"
    } else {
        ""
    };
    format!("allowed {what}{or_null}")
}
