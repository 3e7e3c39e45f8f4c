//! What a recording says about itself before its first entry.
//!
//! Secrets never stand here: the settings carry the names of secret keys at most.

use super::RecordingError;
use crate::core::market::{Instrument, SymbolId};
use crate::core::settings::Execution;
use crate::core::units::Stamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::path::Path;

/// The version that this program writes and the highest that it reads.
///
/// 2 = frames as received.
pub const FORMAT_VERSION: u32 = 2;

/// Most instruments that one recording may hold.
pub const INSTRUMENTS_MAX: usize = 4096;

/// Who gives the turns of the core.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TurnKind {
    /// Imported history: stamps are the exchange's time, turns follow from the core's deadlines.
    #[default]
    Bulk,
    /// A live session: each turn was recorded with its clock reading.
    Session,
}

/// The header of a recording or of one of its segments.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Header {
    pub version: u32,
    #[serde(default)]
    pub turns: TurnKind,
    /// Name of the session; of imported history: five base32 digits of its checksum.
    #[serde(default)]
    pub session: String,
    /// Name of the bot; of imported history: eight hex digits of its checksum.
    #[serde(default)]
    pub instance: String,
    /// `minnow 0.1.0`.
    #[serde(default)]
    pub program: String,
    /// Fingerprint of the configuration; empty when nothing was decided (imports).
    #[serde(default)]
    pub fingerprint: String,
    /// Effective configuration without secret values.
    #[serde(default)]
    pub settings: BTreeMap<String, serde_json::Value>,
    #[serde(default)]
    pub seed: u64,
    /// Who filled the orders; absent = the paper account.
    #[serde(default, skip_serializing_if = "Execution::is_paper")]
    pub execution: Execution,
    /// `SymbolId` inside the recording is the index in this list.
    pub instruments: Vec<Instrument>,
    /// Stamp of the start, or of the first entry of imported history.
    #[serde(default)]
    pub started: Stamp,
    /// Where the data comes from and what was done to it, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub origin: String,
    /// The state that the core started from, in canonical form; `None` = a new core.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<Box<RawValue>>,
    /// Rolling state hash at that state, 16 hex digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_hash: Option<String>,
}

impl PartialEq for Header {
    fn eq(&self, other: &Self) -> bool {
        let text = |state: &Option<Box<RawValue>>| state.as_ref().map(|s| s.get().to_owned());
        self.version == other.version
            && self.turns == other.turns
            && self.session == other.session
            && self.instance == other.instance
            && self.program == other.program
            && self.fingerprint == other.fingerprint
            && self.settings == other.settings
            && self.seed == other.seed
            && self.execution == other.execution
            && self.instruments == other.instruments
            && self.started == other.started
            && self.origin == other.origin
            && text(&self.state) == text(&other.state)
            && self.state_hash == other.state_hash
    }
}

impl Header {
    /// A header of the current version and program, everything else empty.
    pub fn new(instruments: Vec<Instrument>) -> Self {
        Self {
            version: FORMAT_VERSION,
            program: concat!("minnow ", env!("CARGO_PKG_VERSION")).to_owned(),
            instruments,
            ..Self::default()
        }
    }

    /// Reads a header's JSON. The version is looked at first, so that a newer header of another
    /// shape is named as newer, not as malformed.
    pub fn parse(path: &Path, text: &str) -> Result<Self, RecordingError> {
        #[derive(Deserialize)]
        struct Version {
            version: u64,
        }
        let Version { version } = serde_json::from_str(text).map_err(|error| {
            RecordingError::header(
                path,
                format!("expected a JSON object with a version: {error}"),
            )
        })?;
        check_version(path, version)?;
        let header: Self = serde_json::from_str(text)
            .map_err(|error| RecordingError::header(path, error.to_string()))?;
        header
            .check()
            .map_err(|reason| RecordingError::header(path, reason))?;
        Ok(header)
    }

    /// Checks that the instruments can be used; the text says what is wrong.
    pub fn check(&self) -> Result<(), String> {
        if self.instruments.is_empty() || self.instruments.len() > INSTRUMENTS_MAX {
            return Err(format!(
                "{} instruments: expected 1 to {INSTRUMENTS_MAX}",
                self.instruments.len()
            ));
        }
        for (index, instrument) in self.instruments.iter().enumerate() {
            instrument.check()?;
            if self.instruments[..index]
                .iter()
                .any(|earlier| earlier.symbol == instrument.symbol)
            {
                return Err(format!("instrument {} stands twice", instrument.symbol));
            }
        }
        Ok(())
    }

    /// Index of a symbol's name in this recording.
    pub fn symbol(&self, name: &str) -> Option<SymbolId> {
        let index = self.instruments.iter().position(|i| i.symbol == name)?;
        u16::try_from(index).ok().map(SymbolId)
    }
}

/// Refuses a version that this program does not know.
pub(crate) fn check_version(path: &Path, found: u64) -> Result<(), RecordingError> {
    if found > u64::from(FORMAT_VERSION) {
        return Err(RecordingError::NewerVersion {
            path: path.to_owned(),
            found,
            supported: FORMAT_VERSION,
        });
    }
    if found == 0 {
        return Err(RecordingError::header(
            path,
            "version 0: expected 1 or more",
        ));
    }
    Ok(())
}

/// What the symbols of a recording are called by its reader.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SymbolTable {
    /// As in the recording's own list.
    #[default]
    AsRecorded,
    /// These names have these numbers; entries of other symbols are left out.
    Named(Vec<(String, SymbolId)>),
}

impl SymbolTable {
    /// The reader's number of each of the recording's instruments; `None` = not wanted.
    pub(crate) fn resolve(&self, header: &Header) -> Vec<Option<SymbolId>> {
        header
            .instruments
            .iter()
            .enumerate()
            .map(|(index, instrument)| match self {
                Self::AsRecorded => u16::try_from(index).ok().map(SymbolId),
                Self::Named(names) => names
                    .iter()
                    .find(|(name, _)| *name == instrument.symbol)
                    .map(|(_, id)| *id),
            })
            .collect()
    }
}
