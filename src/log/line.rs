//! How a line looks: text for people, JSON for machines. Every value is redacted on its way in.
//!
//! Text: `2026-01-01T00:00:00.250Z INFO scheduler task_started task=metrics`; values with blanks or
//! quotes are quoted. JSON: `{"ts":..,"level":..,"target":..,"msg":..,"fields":{..}}`. One line
//! each: line breaks inside values are escaped.

use super::Fields;
use super::level::Level;
use super::redact::{redact, redact_named};
use crate::core::units::Timestamp;
use std::fmt::Write as _;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Text on a terminal, JSON otherwise.
    Auto,
    Text,
    Json,
}

/// One line, redacted and not yet in a form.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Line {
    pub level: Level,
    pub target: String,
    pub message: String,
    pub fields: LineFields,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum LineFields {
    Named(Vec<(String, String)>),
    /// One JSON value.
    Json(String),
}

impl std::hash::Hash for Level {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (*self as u8).hash(state);
    }
}

impl Line {
    pub fn new(level: Level, target: &str, message: &str, fields: Fields<'_>) -> Self {
        let named = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), redact_named(name, &value.to_string())))
            .collect();
        Self {
            level,
            target: target.to_owned(),
            message: redact(message).into_owned(),
            fields: LineFields::Named(named),
        }
    }

    /// A line whose fields are one JSON value.
    pub fn of_json(level: Level, target: &str, message: &str, json: &str) -> Self {
        Self {
            level,
            target: target.to_owned(),
            message: redact(message).into_owned(),
            fields: LineFields::Json(redact(json).into_owned()),
        }
    }

    /// Appends the line with its line break.
    pub fn render(&self, time: Timestamp, format: Format, out: &mut String) {
        match format {
            Format::Json => self.render_json(time, out),
            Format::Text | Format::Auto => self.render_text(time, out),
        }
        out.push('\n');
    }

    fn render_text(&self, time: Timestamp, out: &mut String) {
        let _ = write!(out, "{time} {} {} ", self.level, self.target);
        push_escaped(&self.message, out);
        match &self.fields {
            LineFields::Named(fields) => {
                for (name, value) in fields {
                    let _ = write!(out, " {name}=");
                    push_value(value, out);
                }
            }
            LineFields::Json(json) => {
                out.push(' ');
                push_one_line(json, out);
            }
        }
    }

    fn render_json(&self, time: Timestamp, out: &mut String) {
        let _ = write!(out, "{{\"ts\":\"{time}\",\"level\":\"{}\"", self.level);
        out.push_str(",\"target\":");
        push_json(&self.target, out);
        out.push_str(",\"msg\":");
        push_json(&self.message, out);
        out.push_str(",\"fields\":");
        match &self.fields {
            LineFields::Named(fields) => {
                out.push('{');
                for (index, (name, value)) in fields.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    push_json(name, out);
                    out.push(':');
                    push_json(value, out);
                }
                out.push('}');
            }
            LineFields::Json(json) => push_one_line(json, out),
        }
        out.push('}');
    }
}

/// A value as text: quoted where it would be ambiguous.
fn push_value(value: &str, out: &mut String) {
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && c != '"' && c != '=';
    if !value.is_empty() && value.chars().all(plain) {
        out.push_str(value);
    } else {
        push_json(value, out);
    }
}

/// Text with its control characters escaped, so that one line stays one line.
fn push_escaped(text: &str, out: &mut String) {
    for c in text.chars() {
        if c.is_control() {
            let _ = write!(out, "{}", c.escape_default());
        } else {
            out.push(c);
        }
    }
}

/// JSON on one line: a line break between its tokens is as good as a blank.
fn push_one_line(json: &str, out: &mut String) {
    out.extend(json.chars().map(|c| if c == '\n' { ' ' } else { c }));
}

fn push_json(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                // Control characters lie below U+00A0: four digits are enough.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rendered(line: &Line, format: Format) -> String {
        let mut out = String::new();
        line.render(Timestamp::from_millis(1_767_225_600_250), format, &mut out);
        out
    }

    #[test]
    fn text_reads_as_documented() {
        let line = Line::new(
            Level::Info,
            "scheduler",
            "task_started",
            &[("task", &"metrics"), ("why", &"a \"b\"")],
        );
        assert_eq!(
            rendered(&line, Format::Text),
            "2026-01-01T00:00:00.250Z INFO scheduler task_started task=metrics why=\"a \\\"b\\\"\"\n"
        );
    }

    #[test]
    fn a_field_is_redacted_by_its_name_and_by_its_value() {
        let line = Line::new(
            Level::Info,
            "config",
            "loaded",
            &[
                ("api_key", &"abc def"),
                ("url", &"wss://me:pw@host/path"),
                ("n", &7),
            ],
        );
        let text = rendered(&line, Format::Text);
        assert!(
            text.ends_with("api_key=*** url=wss://***@host/path n=7\n"),
            "{text}"
        );
    }

    proptest! {
        #[test]
        fn json_lines_parse_and_give_the_values_back(
            message in "[ -~éß\n\t]{0,20}",
            value in "[ -~\u{0}-\u{1f}\u{80}-\u{9f}]{0,20}",
        ) {
            let line = Line::new(Level::Warn, "t", &message, &[("name", &value)]);
            let text = rendered(&line, Format::Json);
            prop_assert_eq!(text.matches('\n').count(), 1);
            let parsed: serde_json::Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(parsed["msg"].as_str().unwrap(), redact(&message));
            prop_assert_eq!(
                parsed["fields"]["name"].as_str().unwrap(),
                redact_named("name", &value)
            );
        }

        #[test]
        fn text_is_one_line_whatever_it_says(message in "\\PC{0,10}\n\\PC{0,10}", value in ".*") {
            let line = Line::new(Level::Warn, "t", &message, &[("name", &value)]);
            prop_assert_eq!(rendered(&line, Format::Text).matches('\n').count(), 1);
        }
    }
}
