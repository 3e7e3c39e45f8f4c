//! What is wrong with a configuration: all of it at once, sorted by key, one line each.

use super::source::Source;
use std::fmt;

/// Findings kept; the rest is counted.
const KEPT_MAX: usize = 500;

/// One mistake: the key it belongs to and the line without its `config: `.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    pub key: String,
    pub text: String,
}

/// Everything that is wrong. `Display` prints one line each: `config: key = value (from source):
/// problem`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    list: Vec<Finding>,
    not_kept: usize,
}

impl Findings {
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Sorted by key.
    pub fn list(&self) -> &[Finding] {
        &self.list
    }

    /// A mistake that belongs to `key` (a key, a file or an option), with its whole text.
    pub fn add(&mut self, key: &str, text: String) {
        if self.list.len() >= KEPT_MAX {
            self.not_kept += 1;
            return;
        }
        let finding = Finding {
            key: key.to_owned(),
            text,
        };
        if let Err(at) = self.list.binary_search(&finding) {
            self.list.insert(at, finding);
        }
    }

    /// A value of a key that cannot be.
    pub fn add_value(&mut self, key: &str, shown: &str, source: &Source, problem: &str) {
        self.add(key, format!("{key} = {shown} (from {source}): {problem}"));
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, finding) in self.list.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "config: {}", finding.text)?;
        }
        if self.not_kept > 0 {
            write!(f, "\nconfig: and {} more", self.not_kept)?;
        }
        Ok(())
    }
}

impl std::error::Error for Findings {}
