//! Strict JSON with positions: every key of an object with the line and column it stands at.
//!
//! Duplicate keys are seen, not merged. Syntax (trailing commas, NaN, comments) is refused by the
//! parser with line and column. Positions are counted in characters from 1.

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// Line and column, both from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

/// One member of an object, borrowed from the text.
pub struct JsonEntry<'a> {
    /// The name, unescaped.
    pub name: String,
    /// The name as it stands in the text, with its quotes; its address gives the position.
    quoted_name: &'a RawValue,
    pub value: &'a RawValue,
}

impl JsonEntry<'_> {
    /// Where the name stands in `text`, which the entry must be borrowed from.
    pub fn position(&self, text: &str) -> Position {
        let start = self.quoted_name.get().as_ptr() as usize;
        let offset = start
            .checked_sub(text.as_ptr() as usize)
            .filter(|offset| text.is_char_boundary(*offset))
            .unwrap_or(0);
        position_of(text, offset)
    }
}

fn position_of(text: &str, offset: usize) -> Position {
    let before = &text[..offset];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    Position {
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
    }
}

/// The members of the object that `json` is, in their order, duplicates included.
pub fn object_entries(json: &str) -> Result<Vec<JsonEntry<'_>>, serde_json::Error> {
    struct Entries<'a>(Vec<JsonEntry<'a>>);

    impl<'de> Deserialize<'de> for Entries<'de> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Collect;
            impl<'de> Visitor<'de> for Collect {
                type Value = Entries<'de>;
                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("an object")
                }
                fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                    let mut entries = Vec::new();
                    while let Some((quoted_name, value)) =
                        map.next_entry::<&'de RawValue, &'de RawValue>()?
                    {
                        let name = serde_json::from_str(quoted_name.get())
                            .map_err(serde::de::Error::custom)?;
                        entries.push(JsonEntry {
                            name,
                            quoted_name,
                            value,
                        });
                    }
                    Ok(Entries(entries))
                }
            }
            deserializer.deserialize_map(Collect)
        }
    }

    serde_json::from_str::<Entries<'_>>(json).map(|entries| entries.0)
}

/// Whether the raw value is an object.
pub fn is_object(value: &RawValue) -> bool {
    value.get().starts_with('{')
}

/// Checks the syntax of a whole file; the error carries line, column and words.
pub fn check_syntax(text: &str) -> Result<(), (Position, String)> {
    // The full parser, unlike one that only skips, knows trailing commas by name, checks escapes and
    // bounds the depth.
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(_) => Ok(()),
        Err(error) => {
            let words = error.to_string();
            // serde_json appends the position that is printed in front here.
            let words = words.split(" at line ").next().unwrap_or(&words).to_owned();
            let position = Position {
                line: error.line(),
                column: error.column(),
            };
            Err((position, words))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_carry_their_line_and_column_even_when_escaped() {
        let text = "{\n  \"a\": 1,\n\t\"\\u0062\": {\"ä\": 2, \"c\": 3}}";
        let entries = object_entries(text).unwrap();
        let places: Vec<_> = entries
            .iter()
            .map(|e| {
                (
                    e.name.as_str(),
                    e.position(text).line,
                    e.position(text).column,
                )
            })
            .collect();
        assert_eq!(places, [("a", 2, 3), ("b", 3, 2)]);
        let inner = object_entries(entries[1].value.get()).unwrap();
        let place = inner[1].position(text);
        assert_eq!((place.line, place.column), (3, 21));
    }

    #[test]
    fn duplicates_are_kept_apart() {
        let entries = object_entries(r#"{"a": 1, "a": 2}"#).unwrap();
        assert_eq!(entries.len(), 2);
    }

    #[test]
    fn syntax_errors_name_line_and_column() {
        for (text, line, words) in [
            ("{\n\"a\": 1,\n}", 3, "trailing comma"),
            ("{\"a\": NaN}", 1, "expected value"),
            ("{\"a\": 1} x", 1, "trailing characters"),
            ("", 1, "EOF while parsing a value"),
        ] {
            let (place, message) = check_syntax(text).unwrap_err();
            assert_eq!(message, words, "{text}");
            assert!(place.line == line || text.is_empty(), "{text}");
        }
    }
}
