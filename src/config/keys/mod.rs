//! The table of configuration keys, split by section, and the index of all their names.
//!
//! One row a key; nothing is read here. A key that is not in the table does not exist, and one that
//! has no effect in this version says so in its row.

mod exchange;
mod indicators;
mod llm;
mod risk;
mod service;
mod system;
mod trading;

pub use trading::LIVE_CONFIRMATION;

use super::key::{Key, environment_name};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// Flat names that are read although they name no key.
pub const FLAT_ONLY: &[&str] = &["CONFIG_FILE", "TRADING_MODE"];

const GROUPS: [&[Key]; 7] = [
    system::KEYS,
    service::KEYS,
    exchange::KEYS,
    trading::KEYS,
    risk::KEYS,
    llm::KEYS,
    indicators::KEYS,
];

/// Every row, section by section.
pub fn all() -> impl Iterator<Item = &'static Key> {
    GROUPS.iter().flat_map(|group| group.iter())
}

/// All names that lead to a key; made once per load.
pub struct Names {
    /// `section.key` and aliases of that form.
    dotted: BTreeMap<&'static str, &'static Key>,
    /// Flat environment names.
    flat: BTreeMap<&'static str, &'static Key>,
    /// Environment form in capitals of everything dotted.
    environment: BTreeMap<String, (&'static str, &'static Key)>,
    sections: BTreeSet<&'static str>,
}

impl Names {
    /// The names of all keys. Made once: each source of a configuration, and each shipped one it is
    /// compared with, looks its names up here.
    pub fn shared() -> &'static Self {
        static NAMES: LazyLock<Names> = LazyLock::new(Names::new);
        &NAMES
    }

    fn new() -> Self {
        let mut names = Self {
            dotted: BTreeMap::new(),
            flat: BTreeMap::new(),
            environment: BTreeMap::new(),
            sections: BTreeSet::new(),
        };
        for key in all() {
            for name in std::iter::once(&key.name).chain(key.aliases) {
                if name.contains('.') {
                    names.dotted.insert(name, key);
                    names
                        .environment
                        .insert(environment_name(name), (name, key));
                    names.sections.extend(name.split('.').next());
                } else {
                    names.flat.insert(name, key);
                }
            }
        }
        names
    }

    /// The key of a dotted name, if there is one.
    pub fn dotted(&self, name: &str) -> Option<&'static Key> {
        self.dotted.get(name).copied()
    }

    /// The key of a flat environment name, if there is one.
    pub fn flat(&self, name: &str) -> Option<&'static Key> {
        self.flat.get(name).copied()
    }

    /// The key of `SECTION__KEY` in any casing, with the dotted name it spells.
    pub fn environment(&self, name: &str) -> Option<(&'static str, &'static Key)> {
        self.environment.get(&name.to_ascii_uppercase()).copied()
    }

    pub fn is_section(&self, name: &str) -> bool {
        self.sections.contains(name)
    }

    pub fn sections(&self) -> impl Iterator<Item = &'static str> {
        self.sections.iter().copied()
    }

    /// Whether some key's name begins with `path` and a dot.
    pub fn is_group(&self, path: &str) -> bool {
        let prefix = format!("{path}.");
        self.dotted
            .range(prefix.as_str()..)
            .next()
            .is_some_and(|(name, _)| name.starts_with(&prefix))
    }

    /// Dotted names, sorted.
    pub fn dotted_names(&self) -> impl Iterator<Item = &'static str> {
        self.dotted.keys().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::key::Fallback;
    use crate::config::parse::parse_text;

    #[test]
    fn every_row_is_sound() {
        let mut seen = BTreeSet::new();
        for key in all() {
            assert!(key.name.contains('.'), "{}", key.name);
            assert!(!key.meaning.is_empty(), "{} has no meaning", key.name);
            for name in std::iter::once(&key.name).chain(key.aliases) {
                assert!(seen.insert(*name), "{name} names two keys");
                let flat = !name.contains('.');
                let case = if flat {
                    name.to_ascii_uppercase()
                } else {
                    name.to_ascii_lowercase()
                };
                assert_eq!(case, **name);
            }
            match key.default {
                Fallback::Value(text) => {
                    parse_text(key, text).unwrap_or_else(|e| panic!("{}: {e}", key.name));
                }
                Fallback::Null(words) => assert!(!words.is_empty(), "{}", key.name),
            }
        }
    }

    #[test]
    fn no_key_is_also_a_group_of_keys() {
        let names = Names::shared();
        for key in all() {
            assert!(!names.is_group(key.name), "{}", key.name);
        }
    }
}
