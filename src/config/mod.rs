//! Configuration: sources, precedence, checks, and where each value came from.
//!
//! Built-in defaults, one JSON file, `--default`, `.env`, environment, `--set`: the later wins. All
//! mistakes of all sources are reported in one run. Nothing outside this room reads a file, an
//! environment variable or a secret for its settings. Imports only `core`.

mod cipher_settings;
mod core_settings;
mod cross_rules;
pub mod effective;
pub mod env_example;
mod env_file;
mod files;
pub mod findings;
mod fingerprint;
mod gather;
mod gather_file;
pub mod identity;
mod json_file;
pub mod key;
pub mod keys;
mod live_rules;
mod load;
mod parse;
mod presets;
pub mod recorded;
mod reload;
mod rules;
pub mod secret;
mod secret_choice;
pub mod source;
mod suggest;
pub mod tier;
pub mod value;
mod warnings;

#[cfg(test)]
mod tests;

pub use core_settings::FEE_KEYS;
pub use effective::{Effective, Entry};
pub use findings::{Finding, Findings};
pub use gather::{Sources, USUAL_FILE};
pub use keys::LIVE_CONFIRMATION;
pub use load::load;
pub use parse::check_value;
pub use recorded::Recorded;
pub use reload::{MEMORY_CLEANUP, ReloadPlan, reload_difference};
pub use rules::as_account_currency;
pub use secret::Secret;
