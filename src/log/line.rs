//! How a line looks: text for people, JSON for machines. Every value is redacted on its way in.
//!
//! Text: `2026-01-01T00:00:00.250Z INFO scheduler task_started task=metrics`; values with blanks or
//! quotes are quoted. JSON: `{"ts":..,"level":..,"target":..,"msg":..,"fields":{..}}`. One line
//! each: line breaks inside values are escaped. A line that says more than its bound is cut there,
//! after redaction, so that no half of a secret is left: `...(N more)` tells how many characters are
//! missing.

use super::Fields;
use super::level::Level;
use super::redact::{redact, redact_named};
use crate::core::units::Timestamp;
use std::fmt::Write as _;

/// Text of one line, message and values together, in bytes before escapes.
pub const LINE_MAX: usize = 16 << 10;
/// The JSON value of a dump; a longer one is cut and becomes a JSON string.
pub const DUMP_MAX: usize = 64 << 10;

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
        let mut room = LINE_MAX;
        let message = cut(redact(message).into_owned(), &mut room);
        let named = fields
            .iter()
            .map(|(name, value)| {
                let value = redact_named(name, &value.to_string());
                ((*name).to_owned(), cut(value, &mut room))
            })
            .collect();
        Self {
            level,
            target: target.to_owned(),
            message,
            fields: LineFields::Named(named),
        }
    }

    /// A line whose fields are one JSON value.
    pub fn of_json(level: Level, target: &str, message: &str, json: &str) -> Self {
        let mut json = redact(json).into_owned();
        if json.len() > DUMP_MAX {
            let text = cut(json, &mut { DUMP_MAX });
            json = String::new();
            push_json(&text, &mut json);
        }
        Self {
            level,
            target: target.to_owned(),
            message: cut(redact(message).into_owned(), &mut { LINE_MAX }),
            fields: LineFields::Json(json),
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

/// The part of a redacted text that there is room for, and what it took.
fn cut(mut text: String, room: &mut usize) -> String {
    if text.len() <= *room {
        *room -= text.len();
        return text;
    }
    let mut end = std::mem::take(room);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let more = text[end..].chars().count();
    text.truncate(end);
    // Writing into a string cannot fail.
    let _ = write!(text, "...({more} more)");
    text
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

    #[test]
    fn a_line_beyond_its_bound_is_cut_and_says_how_much_is_missing() {
        let long = "é".repeat(LINE_MAX);
        let line = Line::new(Level::Info, "t", &long, &[("name", &"value")]);
        let kept = "é".repeat(LINE_MAX / 2);
        let more = LINE_MAX - LINE_MAX / 2;
        assert_eq!(line.message, format!("{kept}...({more} more)"));
        let text = rendered(&line, Format::Text);
        assert!(text.ends_with(" name=\"...(5 more)\"\n"));
        let fits = Line::new(Level::Info, "t", &"x".repeat(LINE_MAX), &[]);
        assert_eq!(fits.message.len(), LINE_MAX);
    }

    #[test]
    fn no_half_of_a_secret_is_left_where_a_line_is_cut() {
        let secret = "sk-abcdefghijklmnopqrstuvwxyz";
        for before in LINE_MAX - 40..LINE_MAX + 4 {
            let text = format!("{} {secret} {}", "x".repeat(before), "y".repeat(100));
            let lines = [
                Line::new(Level::Info, "t", &text, &[]),
                Line::new(Level::Info, "t", "m", &[("v", &text)]),
            ];
            for line in lines {
                let text = rendered(&line, Format::Json);
                assert!(!text.contains("sk-") && !text.contains("abcd"), "{before}");
                assert!(text.contains(" more)"), "{before}");
            }
        }
    }

    #[test]
    fn a_dump_beyond_its_bound_is_still_one_json_value() {
        let long = format!("{{\"a\":\"{}\"}}", "\\n".repeat(DUMP_MAX));
        let line = Line::of_json(Level::Info, "t", "m", &long);
        let text = rendered(&line, Format::Json);
        let parsed: serde_json::Value = serde_json::from_str(&text).unwrap();
        let fields = parsed["fields"].as_str().unwrap();
        assert!(fields.starts_with("{\"a\":\"\\n") && fields.ends_with(" more)"));
        assert!(fields.len() < DUMP_MAX + 32);
        let short = Line::of_json(Level::Info, "t", "m", "{\"a\":1}");
        assert_eq!(short.fields, LineFields::Json("{\"a\":1}".to_owned()));
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
