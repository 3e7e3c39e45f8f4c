//! Collects what every source says, untyped, with the exact place of each statement.
//!
//! Nothing is decided here: precedence and types are the loader's. Files are read whole with a
//! bound. Secrets are moved into their own type as soon as they are seen.

use super::env_file;
use super::files::{FILE_MAX, ReadError, SECRET_FILE_MAX, mode_of, read_bounded, wipe_text};
use super::findings::Findings;
use super::key::{Key, Kind, SecretForm};
use super::keys::Names;
use super::parse::Raw;
use super::secret::Secret;
use super::source::Source;
use super::suggest::closest;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The file that is read when none is named.
pub const USUAL_FILE: &str = "config/concurrency_optimized.json";

/// Says what is wrong with a key, without repeating any of it.
pub type KeyCheck = fn(&str) -> Result<(), String>;

/// Everything a configuration is made of. Holds secrets: it has no `Debug`.
#[derive(Default)]
pub struct Sources {
    /// `--config`.
    pub config_file: Option<PathBuf>,
    /// `--default section.key=value`, in their order.
    pub defaults: Vec<String>,
    /// `--env-file`.
    pub env_file: Option<PathBuf>,
    /// The process environment.
    pub environment: Vec<(String, String)>,
    /// Names of environment variables whose values are no text.
    pub environment_not_text: Vec<String>,
    /// `--set section.key=value`, in their order.
    pub sets: Vec<String>,
    /// Flags of their own: key, value, flag.
    pub named: Vec<(&'static str, String, &'static str)>,
    /// Whether a text is a private key of Coinbase, with what is wrong otherwise: its codec knows. `None`:
    /// nobody looks at it.
    pub check_private_key: Option<KeyCheck>,
    /// Read neither `.env` nor a configuration file: what is stated here is everything.
    pub without_files: bool,
    /// Folder that relative paths start from; empty = the working directory.
    pub directory: PathBuf,
}

/// One statement about a key.
pub(super) struct Assignment {
    pub key: &'static Key,
    /// The name it was stated by.
    pub name: String,
    pub raw: Raw,
    pub source: Source,
}

/// One place that holds a secret.
pub(super) struct SecretCandidate {
    pub key: &'static Key,
    pub name: String,
    pub secret: Secret,
    pub source: Source,
}

/// A file that others may read and that holds a secret: `.env`, or one that `<NAME>_FILE` names.
pub(super) struct ExposedFile {
    pub path: String,
    pub mode: u32,
}

pub(super) struct Gathered {
    pub names: &'static Names,
    pub assignments: Vec<Assignment>,
    pub secrets: Vec<SecretCandidate>,
    pub findings: Findings,
    pub warnings: Vec<String>,
    pub config_file: Option<String>,
    pub env_file: Option<String>,
    pub exposed: Vec<ExposedFile>,
    /// `TRADING_MODE` and where it stands.
    pub trading_mode: Option<(String, Source)>,
    pub state_directory: Option<String>,
    /// `CONFIG_FILE` of the highest source that names one.
    pub named_file: Option<(String, Source)>,
    pub directory: PathBuf,
}

/// Reads all sources.
pub(super) fn gather(sources: &Sources) -> Gathered {
    let mut gathered = Gathered::new(&sources.directory);
    for text in &sources.defaults {
        gathered.take_option(text, "--default", Source::StartDefault);
    }
    if !sources.without_files {
        gathered.read_env_file(sources.env_file.as_deref());
    }
    gathered.take_environment(sources);
    for text in &sources.sets {
        gathered.take_option(text, "--set", Source::Set);
    }
    for (key, value, flag) in &sources.named {
        if let Some(key) = gathered.names.dotted(key) {
            let raw = Raw::Text(value.clone());
            gathered.assign(key, (*flag).to_owned(), raw, Source::Flag(flag));
        }
    }
    if !sources.without_files {
        gathered.read_config_file(sources.config_file.as_deref());
    }
    gathered
}

impl Gathered {
    /// Nothing gathered yet; relative paths start from `directory`.
    pub(super) fn new(directory: &Path) -> Self {
        Self {
            names: Names::shared(),
            assignments: Vec::new(),
            secrets: Vec::new(),
            findings: Findings::default(),
            warnings: Vec::new(),
            config_file: None,
            env_file: None,
            exposed: Vec::new(),
            trading_mode: None,
            state_directory: None,
            named_file: None,
            directory: directory.to_owned(),
        }
    }

    pub(super) fn assign(&mut self, key: &'static Key, name: String, raw: Raw, source: Source) {
        self.assignments.push(Assignment {
            key,
            name,
            raw,
            source,
        });
    }

    /// `section.key=value`, or the same with an environment name.
    fn take_option(&mut self, text: &str, option: &str, source: Source) {
        let Some((name, value)) = text.split_once('=') else {
            // What stands there may be a secret that was mistyped: only the option is named.
            self.findings
                .add(option, format!("{option}: expected section.key=value"));
            return;
        };
        let name = name.trim();
        if name == "CONFIG_FILE" && source == Source::StartDefault {
            self.named_file = Some((value.to_owned(), source));
            return;
        }
        let key = self
            .names
            .dotted(name)
            .or_else(|| self.names.flat(name))
            .or_else(|| self.names.environment(name).map(|(_, key)| key));
        let Some(key) = key else {
            let dotted = if name.contains('.') {
                name.to_owned()
            } else {
                name.to_ascii_lowercase().replace("__", ".")
            };
            self.unknown(&dotted, &source);
            return;
        };
        if key.is_secret() {
            self.misplaced_secret(key, &source);
            return;
        }
        self.assign(key, name.to_owned(), Raw::Text(value.to_owned()), source);
    }

    pub(super) fn misplaced_secret(&mut self, key: &Key, source: &Source) {
        let name = key.environment_name();
        self.findings.add_value(
            key.name,
            "***",
            source,
            &format!("a secret has no place here; give it by {name} in .env or the environment, by {name}_FILE, or as a systemd credential"),
        );
    }

    pub(super) fn unknown(&mut self, name: &str, source: &Source) {
        // Control characters and endless names stay out of the message.
        let shown: String = name.chars().filter(|c| !c.is_control()).take(100).collect();
        let hint = self.hint(name);
        self.findings.add(
            &shown.clone(),
            format!("{shown} (from {source}): unknown key; {hint}"),
        );
    }

    fn hint(&self, name: &str) -> String {
        if let Some(near) = closest(name, self.names.dotted_names()) {
            return format!("did you mean {near}?");
        }
        let section = name.split('.').next().unwrap_or(name);
        if self.names.is_section(section) && section != name {
            let prefix = format!("{section}.");
            let keys: Vec<&str> = self
                .names
                .dotted_names()
                .filter_map(|n| n.strip_prefix(&prefix))
                .collect();
            return format!("keys of {section}: {}", keys.join(", "));
        }
        if let Some(near) = closest(section, self.names.sections()) {
            return format!("did you mean the section {near}?");
        }
        let sections: Vec<&str> = self.names.sections().collect();
        format!("sections: {}", sections.join(", "))
    }

    fn read_env_file(&mut self, named: Option<&Path>) {
        let path = named.unwrap_or(Path::new(".env"));
        let shown = path.display().to_string();
        let full = self.directory.join(path);
        let text = match read_bounded(&full, FILE_MAX) {
            Ok(text) => text,
            Err(ReadError::Missing) if named.is_none() => return,
            Err(error) => {
                self.findings.add(&shown, format!("{shown}: {error}"));
                return;
            }
        };
        self.env_file = Some(shown.clone());
        let (lines, bad) = env_file::parse(&text);
        wipe_text(text);
        for line in bad {
            self.findings
                .add(&shown, format!("{shown}:{}: {}", line.number, line.problem));
        }
        let mut latest: BTreeMap<String, usize> = BTreeMap::new();
        for line in &lines {
            if let Some(earlier) = latest.insert(line.name.clone(), line.number) {
                self.warnings.push(format!(
                    "{} stands twice in {shown}: line {} wins over line {earlier}",
                    line.name, line.number
                ));
            }
        }
        for line in lines {
            if latest.get(&line.name) == Some(&line.number) {
                let source = Source::EnvFile {
                    path: shown.clone(),
                    line: line.number,
                    name: line.name.clone(),
                };
                self.take_variable(&line.name, line.value, source);
            }
        }
        let mode = mode_of(&full);
        if self.env_file_holds_secret() && mode & 0o077 != 0 {
            self.exposed.push(ExposedFile { path: shown, mode });
        }
    }

    fn env_file_holds_secret(&self) -> bool {
        let in_file = |source: &Source| matches!(source, Source::EnvFile { .. });
        self.secrets.iter().any(|s| in_file(&s.source))
            || self
                .assignments
                .iter()
                .any(|a| a.key.hides() && in_file(&a.source))
    }

    fn take_environment(&mut self, sources: &Sources) {
        for (name, value) in &sources.environment {
            match name.as_str() {
                "CREDENTIALS_DIRECTORY" if !value.is_empty() => self.read_credentials(value),
                // systemd separates several folders by a colon; ours is the first.
                "STATE_DIRECTORY" => {
                    let first = value.split(':').next().filter(|v| !v.is_empty());
                    self.state_directory = first.map(str::to_owned);
                }
                _ => {
                    let source = Source::Environment { name: name.clone() };
                    self.take_variable(name, value.clone(), source);
                }
            }
        }
        for name in &sources.environment_not_text {
            let known = self.names.flat(name).is_some()
                || self.names.environment(name).is_some()
                || super::keys::FLAT_ONLY.contains(&name.as_str());
            if known {
                self.findings
                    .add(name, format!("{name} (from environment): not valid UTF-8"));
            }
        }
    }

    /// One variable of `.env` or the environment.
    fn take_variable(&mut self, name: &str, value: String, source: Source) {
        match name {
            "CONFIG_FILE" | "TRADING_MODE" if value.is_empty() => return,
            "CONFIG_FILE" => {
                self.named_file = Some((value, source));
                return;
            }
            "TRADING_MODE" => {
                self.trading_mode = Some((value, source));
                return;
            }
            _ => {}
        }
        if let Some(key) = name.strip_suffix("_FILE").and_then(|n| self.secret_key(n)) {
            self.read_secret_file(key, name, &value);
            return;
        }
        let found = self
            .names
            .flat(name)
            .or_else(|| self.names.environment(name).map(|(_, key)| key));
        let Some(key) = found else {
            self.maybe_unknown(name, &source);
            return;
        };
        if value.is_empty() {
            if key.is_secret() {
                self.warnings.push(format!(
                    "{name} (from {source}) is empty: it counts as unset"
                ));
            }
        } else if key.is_secret() {
            self.take_secret_text(key, name, value, source);
        } else {
            self.assign(key, name.to_owned(), Raw::Text(value), source);
        }
    }

    fn secret_key(&self, name: &str) -> Option<&'static Key> {
        self.names
            .flat(name)
            .or_else(|| self.names.environment(name).map(|(_, key)| key))
            .filter(|key| key.is_secret())
    }

    /// A name of a known section must be a known key; all others belong to other programs.
    fn maybe_unknown(&mut self, name: &str, source: &Source) {
        let capitals = name.to_ascii_uppercase();
        let in_file = matches!(source, Source::EnvFile { .. });
        if in_file && self.names.flat(&capitals).is_some() {
            self.warnings.push(format!(
                "{name} (from {source}) is not read: it is written {capitals}"
            ));
        }
        let lower = name.to_ascii_lowercase();
        let Some((section, _)) = lower.split_once("__") else {
            return;
        };
        if self.names.is_section(section) {
            self.unknown(&lower.replace("__", "."), source);
        }
    }

    fn read_secret_file(&mut self, key: &'static Key, name: &str, path: &str) {
        let source = Source::SecretFile {
            name: name.to_owned(),
        };
        // The environment is read last: its variable stands above the same one of `.env`.
        self.secrets.retain(|known| known.source != source);
        if path.is_empty() {
            self.warnings
                .push(format!("{name} is empty: it counts as unset"));
            return;
        }
        let full = self.directory.join(path);
        match read_bounded(&full, SECRET_FILE_MAX) {
            Ok(text) => {
                let mode = mode_of(&full);
                if mode & 0o077 != 0 {
                    let path = path.to_owned();
                    self.exposed.push(ExposedFile { path, mode });
                }
                self.take_secret_text(key, name, text, source);
            }
            Err(error) => {
                let problem = format!("{path}: {error}");
                self.findings.add_value(key.name, "***", &source, &problem);
            }
        }
    }

    fn take_secret_text(
        &mut self,
        key: &'static Key,
        name: &str,
        mut text: String,
        source: Source,
    ) {
        if matches!(key.kind, Kind::Secret(SecretForm::CdpPrivateKey)) && text.contains("\\n") {
            // Environment files hold the line breaks of a PEM as two characters each.
            let broken = text.replace("\\r\\n", "\n").replace("\\n", "\n");
            wipe_text(std::mem::replace(&mut text, broken));
        }
        text.truncate(text.trim_end_matches(['\n', '\r']).len());
        if text.is_empty() {
            self.warnings.push(format!(
                "{} (from {source}) is empty: it counts as unset",
                key.name
            ));
            return;
        }
        self.secrets.push(SecretCandidate {
            key,
            name: name.to_owned(),
            secret: Secret::new(text),
            source,
        });
    }

    fn read_credentials(&mut self, directory: &str) {
        let keys: Vec<&'static Key> = super::keys::all().filter(|k| k.is_secret()).collect();
        for key in keys {
            for name in credential_names(key) {
                let source = Source::Credential { name: name.clone() };
                match read_bounded(&Path::new(directory).join(&name), SECRET_FILE_MAX) {
                    Ok(text) => self.take_secret_text(key, &name, text, source),
                    Err(ReadError::Missing) => {}
                    Err(error) => {
                        let problem = error.to_string();
                        self.findings.add_value(key.name, "***", &source, &problem);
                    }
                }
            }
        }
    }
}

/// Names under which a secret may lie in the credentials folder.
pub(super) fn credential_names(key: &Key) -> Vec<String> {
    let mut names = vec![key.name.replace('.', "_")];
    let flat = key.aliases.iter().filter(|alias| !alias.contains('.'));
    names.extend(flat.map(|alias| alias.to_ascii_lowercase()));
    if key.name == "llm.api_key" {
        names.push("llm_key".to_owned());
    }
    names
}
