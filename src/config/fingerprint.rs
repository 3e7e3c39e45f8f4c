//! The fingerprint: two configurations with the same one decide alike on the same inputs.
//!
//! SHA-256 over the canonical JSON of the effective keys that the core reads: sorted, no sources, no
//! secret, no path, listener, log, thread or memory setting, no instance. Where two notations mean
//! the same to the core, they count as one.

use super::core_settings::{FEE_KEYS, strategy_type};
use super::effective::Effective;
use crate::core::units::hexadecimal::hexadecimal;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Hexadecimal digits of the short form.
const SHORT: usize = 16;

impl Effective {
    /// 64 hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        hexadecimal(&Sha256::digest(self.canonical_json().as_bytes()))
    }

    /// The first 16 digits, for people.
    pub fn short_fingerprint(&self) -> String {
        let mut text = self.fingerprint();
        text.truncate(SHORT);
        text
    }

    /// What the fingerprint is made of.
    pub fn canonical_json(&self) -> String {
        let read: BTreeMap<&str, serde_json::Value> = self
            .entries()
            .filter(|entry| entry.key.core_reads && !entry.key.hides())
            // The list below says it already.
            .filter(|entry| entry.key.name != "trading.symbol")
            .map(|entry| {
                let name = entry.key.name;
                // A default rate gives way to the recording's, a stated one does not: null is not
                // the same as stating the default.
                let gives_way = FEE_KEYS.contains(&name) && !entry.is_explicit();
                let value = if gives_way {
                    serde_json::Value::Null
                } else if name == "strategy.type" {
                    strategy_type(self).into()
                } else if name == "trading.symbols" {
                    self.symbols().into()
                } else {
                    entry.to_json()
                };
                (name, value)
            })
            .collect();
        serde_json::to_string(&read).expect("a map of plain values has a JSON form")
    }
}
