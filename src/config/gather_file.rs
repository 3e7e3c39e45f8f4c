//! The configuration file: which one it is, and every statement in it with line and column.

use super::files::{FILE_MAX, ReadError, read_bounded};
use super::gather::{Gathered, USUAL_FILE};
use super::json_file::{JsonEntry, Position, check_syntax, is_object, object_entries};
use super::key::Kind;
use super::parse::Raw;
use super::source::Source;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Deepest nesting of a configuration file.
const DEPTH_MAX: usize = 6;

impl Gathered {
    pub(super) fn read_config_file(&mut self, named: Option<&Path>) {
        let (path, source) = match (named, self.named_file.take()) {
            (Some(path), _) => (path.to_owned(), Some("--config".to_owned())),
            (None, Some((path, source))) => {
                let source = match source {
                    Source::StartDefault => "--default CONFIG_FILE".to_owned(),
                    other => other.to_string(),
                };
                (PathBuf::from(path), Some(source))
            }
            (None, None) => (PathBuf::from(USUAL_FILE), None),
        };
        let shown = path.display().to_string();
        let text = match read_bounded(&self.directory.join(&path), FILE_MAX) {
            Ok(text) => text,
            Err(ReadError::Missing) if source.is_none() => {
                self.warnings.push(format!(
                    "no configuration file ({USUAL_FILE} is not there): built-in defaults apply"
                ));
                return;
            }
            Err(error) => {
                let from = source.map_or(String::new(), |s| format!(" (from {s})"));
                self.findings.add(&shown, format!("{shown}{from}: {error}"));
                return;
            }
        };
        self.take_config_text(&shown, &text);
    }

    /// Every statement of a configuration file's text; `shown` is how messages name the file.
    pub(super) fn take_config_text(&mut self, shown: &str, text: &str) {
        self.config_file = Some(shown.to_owned());
        let position = |p: Position| format!("{shown}:{}:{}", p.line, p.column);
        if let Err((place, problem)) = check_syntax(text) {
            self.findings
                .add(shown, format!("{}: {problem}", position(place)));
            return;
        }
        if !text.trim_start().starts_with('{') {
            let start = Position { line: 1, column: 1 };
            self.findings
                .add(shown, format!("{}: expected an object", position(start)));
            return;
        }
        self.take_object(shown, text, text, "", 0);
    }

    /// Every member of an object of the file; `prefix` is the dotted path down to it.
    fn take_object(&mut self, path: &str, text: &str, object: &str, prefix: &str, depth: usize) {
        let entries = match object_entries(object) {
            Ok(entries) => entries,
            Err(error) => {
                let inside = if prefix.is_empty() { "" } else { " in " };
                self.findings
                    .add(path, format!("{path}{inside}{prefix}: {error}"));
                return;
            }
        };
        let mut first: BTreeMap<String, Position> = BTreeMap::new();
        for entry in &entries {
            let position = entry.position(text);
            let source = Source::File {
                path: path.to_owned(),
                position,
            };
            let name = if prefix.is_empty() {
                entry.name.clone()
            } else {
                format!("{prefix}.{}", entry.name)
            };
            if let Some(earlier) = first.insert(entry.name.clone(), position) {
                let shown: String = name.chars().filter(|c| !c.is_control()).take(100).collect();
                self.findings.add(
                    &shown.clone(),
                    format!(
                        "{shown} (from {source}): stands there twice; first at {}:{}",
                        earlier.line, earlier.column
                    ),
                );
            } else if entry.name.contains('.') {
                let shown: String = name.chars().filter(|c| !c.is_control()).take(100).collect();
                self.findings.add(
                    &shown.clone(),
                    format!("{shown} (from {source}): a dot has no place in a name; nest objects"),
                );
            } else if entry.name != "_comment" {
                self.take_member(path, text, entry, &name, source, depth);
            }
        }
    }

    fn take_member(
        &mut self,
        path: &str,
        text: &str,
        entry: &JsonEntry<'_>,
        name: &str,
        source: Source,
        depth: usize,
    ) {
        if let Some(key) = self.names.dotted(name) {
            if key.is_secret() {
                self.misplaced_secret(key, &source);
            } else if is_object(entry.value) && !matches!(key.kind, Kind::Prices) {
                let problem = "an object is no value here";
                self.findings.add_value(name, "{..}", &source, problem);
            } else {
                let raw = Raw::Json(entry.value.get().to_owned());
                self.assign(key, name.to_owned(), raw, source);
            }
        } else if self.names.is_group(name) && depth < DEPTH_MAX {
            if is_object(entry.value) {
                self.take_object(path, text, entry.value.get(), name, depth + 1);
            } else {
                self.findings
                    .add(name, format!("{name} (from {source}): expected an object"));
            }
        } else {
            self.unknown(name, &source);
        }
    }
}
