//! Where a value came from, and which source wins.

use super::json_file::Position;
use std::fmt;

/// Precedence, low to high.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    BuiltIn,
    File,
    StartDefault,
    EnvFile,
    Environment,
    CommandLine,
}

/// The place a value stands at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Built in.
    Default,
    /// The preset of the strategy, in place of the built-in default.
    Preset,
    /// The folder that systemd made for the service.
    StateDirectory,
    File {
        path: String,
        position: Position,
    },
    /// `--default`, what the start script brings.
    StartDefault,
    EnvFile {
        path: String,
        line: usize,
        name: String,
    },
    Environment {
        name: String,
    },
    /// `--set`.
    Set,
    /// A flag of its own, such as `--log-level`.
    Flag(&'static str),
    /// A file of `$CREDENTIALS_DIRECTORY`; secrets only.
    Credential {
        name: String,
    },
    /// A file named by `<NAME>_FILE`; secrets only.
    SecretFile {
        name: String,
    },
}

impl Source {
    pub fn level(&self) -> Level {
        match self {
            Self::Default | Self::Preset | Self::StateDirectory => Level::BuiltIn,
            Self::File { .. } => Level::File,
            Self::StartDefault => Level::StartDefault,
            Self::EnvFile { .. } => Level::EnvFile,
            Self::Environment { .. } | Self::Credential { .. } | Self::SecretFile { .. } => {
                Level::Environment
            }
            Self::Set | Self::Flag(_) => Level::CommandLine,
        }
    }

    /// Precedence among the places of a secret, low to high.
    pub(super) fn secret_rank(&self) -> u8 {
        match self {
            Self::Credential { .. } => 4,
            Self::SecretFile { .. } => 3,
            Self::Environment { .. } => 2,
            _ => 1,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Preset => f.write_str("strategy.vumanchu.preset"),
            Self::StateDirectory => f.write_str("environment STATE_DIRECTORY"),
            Self::File { path, position } => {
                write!(f, "{path}:{}:{}", position.line, position.column)
            }
            Self::StartDefault => f.write_str("--default"),
            Self::EnvFile { path, line, name } => write!(f, "{path}:{line} {name}"),
            Self::Environment { name } => write!(f, "environment {}", name.escape_debug()),
            Self::Set => f.write_str("--set"),
            Self::Flag(name) => f.write_str(name),
            Self::Credential { name } => write!(f, "credential {name}"),
            Self::SecretFile { name } => write!(f, "the file named by {name}"),
        }
    }
}
