//! `init`: asks a few questions, or takes flags, and writes a `.env` and a configuration that pass
//! `check-config`.
//!
//! Never writes over a file. No secret is asked for: `.env` says where each one goes.

use super::{Common, Exit, Failure, sources};
use crate::config::tier::{TIERS, Tier};
use crate::config::value::Value;
use crate::config::{Sources, check_value};
use serde_json::{Map, Value as Json};
use std::io::{BufRead, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// File name of the configuration that is written.
const FILE: &str = "minnow.json";
/// Tries for one answer.
const TRIES: usize = 3;

#[derive(Clone, Debug, Default, clap::Args)]
pub struct Arguments {
    /// Folder that .env and minnow.json are written to
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub directory: PathBuf,
    /// minimal, default or moderate: the size of the machine
    #[arg(long)]
    pub tier: Option<String>,
    /// Symbols to trade, separated by commas, such as BTC-USD,ETH-USD
    #[arg(long, value_name = "LIST")]
    pub symbols: Option<String>,
    /// Length of the decision candle, such as 1m
    #[arg(long)]
    pub interval: Option<String>,
    /// Cash of the paper account at its start
    #[arg(long, value_name = "AMOUNT")]
    pub balance: Option<String>,
    /// Ask nothing: what is not given by a flag gets its default
    #[arg(long)]
    pub yes: bool,
}

/// Asks on the terminal and writes both files.
///
/// Fails with status 1 when one of the files exists or cannot be written, 2 for a flag that is no
/// valid value, 78 when the values contradict each other; then nothing stays written.
pub fn run(common: &Common, arguments: &Arguments) -> Result<Exit, Failure> {
    let stdin = std::io::stdin();
    let written = write_from(common, arguments, &mut stdin.lock(), &mut std::io::stderr())?;
    let mut out = std::io::stdout().lock();
    // The files are there; a closed stdout takes nothing from that.
    let _ = writeln!(out, "written: {}", written.join(", "));
    let _ = writeln!(out, "next: minnow check-config");
    Ok(Exit::Success)
}

/// One question and the key it answers.
struct Question {
    key: &'static str,
    words: &'static str,
    default: &'static str,
}

const QUESTIONS: [Question; 3] = [
    Question {
        key: "trading.symbols",
        words: "Symbols to trade, separated by commas",
        default: "BTC-USD",
    },
    Question {
        key: "trading.interval",
        words: "Length of the decision candle",
        default: "1m",
    },
    Question {
        key: "paper_trading.starting_balance",
        words: "Cash of the paper account at its start",
        default: "10000",
    },
];

/// The whole verb with its terminal given; returns what was written.
fn write_from(
    common: &Common,
    arguments: &Arguments,
    input: &mut impl BufRead,
    output: &mut impl Write,
) -> Result<Vec<String>, Failure> {
    let env_path = arguments.directory.join(".env");
    let file_path = arguments.directory.join(FILE);
    for path in [&env_path, &file_path] {
        if path.symlink_metadata().is_ok() {
            return Err(Failure::run_time(format!(
                "{} is already there; init writes over nothing",
                path.display()
            )));
        }
    }
    let tier = choose_tier(arguments, input, output)?;
    let mut values: Vec<(String, Value)> = Vec::new();
    let flags = [&arguments.symbols, &arguments.interval, &arguments.balance];
    for (question, flag) in QUESTIONS.iter().zip(flags) {
        let value = match flag {
            Some(text) => check_value(question.key, text).map_err(usage)?,
            None if arguments.yes => check_value(question.key, question.default).map_err(usage)?,
            None => ask(question.words, question.default, input, output, |text| {
                check_value(question.key, text)
            })?,
        };
        values.push((question.key.to_owned(), value));
    }
    for set in &common.sets {
        let (key, text) = set
            .split_once('=')
            .ok_or_else(|| usage("--set: expected section.key=value".to_owned()))?;
        values.push((key.to_owned(), check_value(key, text).map_err(usage)?));
    }
    let text = configuration_text(tier, &values);
    create(&file_path, &text, 0o644)?;
    if let Err(failure) = create(&env_path, &env_text(), 0o600) {
        let _ = std::fs::remove_file(&file_path);
        return Err(failure);
    }
    // What was written must load; the environment of this shell does not count.
    let written = Sources {
        directory: arguments.directory.clone(),
        ..Sources::default()
    };
    if let Err(failure) = sources::load_or_fail(&written) {
        let _ = std::fs::remove_file(&file_path);
        let _ = std::fs::remove_file(&env_path);
        return Err(failure);
    }
    let shown = [&env_path, &file_path].map(|path| path.display().to_string());
    Ok(shown.to_vec())
}

fn usage(problem: String) -> Failure {
    Failure::new(Exit::Usage, problem)
}

fn choose_tier(
    arguments: &Arguments,
    input: &mut impl BufRead,
    output: &mut impl Write,
) -> Result<Tier, Failure> {
    let find = |text: &str| {
        TIERS
            .iter()
            .find(|tier| tier.name == text)
            .copied()
            .ok_or_else(|| format!("tier {text:?}: allowed minimal, default, moderate"))
    };
    match &arguments.tier {
        Some(text) => find(text).map_err(usage),
        None if arguments.yes => find("default").map_err(usage),
        None => {
            for tier in TIERS {
                let _ = writeln!(output, "  {:9} {}", tier.name, tier.machine);
            }
            ask("Size of the machine", "default", input, output, find)
        }
    }
}

/// Asks until the answer is valid, three times at most; an empty answer takes the default.
fn ask<T>(
    words: &str,
    default: &str,
    input: &mut impl BufRead,
    output: &mut impl Write,
    check: impl Fn(&str) -> Result<T, String>,
) -> Result<T, Failure> {
    for _ in 0..TRIES {
        let _ = write!(output, "{words} [{default}]: ");
        let _ = output.flush();
        let mut line = String::new();
        let read = input
            .read_line(&mut line)
            .map_err(|error| Failure::run_time(format!("standard input: {error}")))?;
        if read == 0 {
            return Err(Failure::run_time(
                "standard input ended before all was answered; use flags or --yes",
            ));
        }
        let answer = match line.trim() {
            "" => default,
            answer => answer,
        };
        match check(answer) {
            Ok(value) => return Ok(value),
            Err(problem) => {
                let _ = writeln!(output, "{problem}");
            }
        }
    }
    Err(Failure::run_time(format!(
        "{words}: no valid answer in {TRIES} tries"
    )))
}

/// The tier's file with the chosen values in it.
fn configuration_text(tier: Tier, values: &[(String, Value)]) -> String {
    let mut root: Map<String, Json> =
        serde_json::from_str(tier.text).expect("the shipped tiers are JSON objects");
    root.insert(
        "_comment".to_owned(),
        format!("Written by minnow init for the {} tier.", tier.name).into(),
    );
    for (key, value) in values {
        let mut parts: Vec<&str> = key.split('.').collect();
        let last = parts.pop().unwrap_or_default();
        let mut place = &mut root;
        for part in parts {
            let inner = place
                .entry(part.to_owned())
                .or_insert_with(|| Json::Object(Map::new()));
            place = inner
                .as_object_mut()
                .expect("no key of the table is also a group");
        }
        place.insert(last.to_owned(), plain_json(value));
    }
    let mut text = serde_json::to_string_pretty(&root).expect("plain values have a JSON form");
    text.push('\n');
    text
}

/// Numbers as JSON numbers where that loses nothing.
fn plain_json(value: &Value) -> Json {
    if let Value::Number(number) = value {
        let text = number.to_string();
        if let Ok(json) = serde_json::from_str::<Json>(&text) {
            let printed = json.to_string();
            if printed == text {
                return json;
            }
        }
    }
    value.to_json()
}

fn env_text() -> String {
    format!(
        "\
# Written by minnow init. Every variable is explained in .env.example.
CONFIG_FILE={FILE}
ENVIRONMENT=development
# Secrets go here, into files named by <NAME>_FILE, or into systemd credentials:
#CDP_API_KEY_NAME=
#CDP_PRIVATE_KEY=
#OPENAI_API_KEY=
"
    )
}

/// Creates a file that must not exist yet.
fn create(path: &Path, text: &str, mode: u32) -> Result<(), Failure> {
    let named = |error: std::io::Error| Failure::run_time(format!("{}: {error}", path.display()));
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .map_err(named)?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(|error| {
            let _ = std::fs::remove_file(path);
            named(error)
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::load;
    use std::os::unix::fs::PermissionsExt;

    struct Place(PathBuf);

    impl Place {
        fn new(name: &str) -> Self {
            let path =
                std::env::temp_dir().join(format!("minnow-init-{}-{name}", std::process::id()));
            std::fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn arguments(&self) -> Arguments {
            Arguments {
                directory: self.0.clone(),
                ..Arguments::default()
            }
        }

        fn files(&self) -> usize {
            std::fs::read_dir(&self.0).unwrap().count()
        }

        fn load(&self) -> crate::config::Effective {
            let sources = Sources {
                directory: self.0.clone(),
                ..Sources::default()
            };
            load(&sources).unwrap_or_else(|findings| panic!("{findings}"))
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn answer(arguments: &Arguments, common: &Common, text: &str) -> Result<Vec<String>, Failure> {
        write_from(common, arguments, &mut text.as_bytes(), &mut Vec::new())
    }

    #[test]
    fn without_questions_the_defaults_are_written_and_load() {
        let place = Place::new("yes");
        let arguments = Arguments {
            yes: true,
            ..place.arguments()
        };
        answer(&arguments, &Common::default(), "").unwrap();
        let mode = place
            .0
            .join(".env")
            .metadata()
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        let effective = place.load();
        assert_eq!(effective.symbols(), ["BTC-USD"]);
        assert_eq!(effective.threads(), 3);
        assert_eq!(effective.config_file.as_deref(), Some(FILE));
    }

    #[test]
    fn answers_are_asked_again_when_they_are_not_valid() {
        let place = Place::new("answers");
        let text = "huge\nminimal\nBTC-USD, ETH-USD\n7m\n5m\n2500.50\n";
        answer(&place.arguments(), &Common::default(), text).unwrap();
        let effective = place.load();
        assert_eq!(effective.symbols(), ["BTC-USD", "ETH-USD"]);
        assert_eq!(effective.text("trading.interval"), "5m");
        assert_eq!(
            effective
                .number("paper_trading.starting_balance")
                .to_string(),
            "2500.5"
        );
        assert_eq!(effective.threads(), 2);
    }

    #[test]
    fn flags_and_sets_are_written() {
        let place = Place::new("flags");
        let arguments = Arguments {
            tier: Some("moderate".into()),
            symbols: Some("ETH-USD".into()),
            yes: true,
            ..place.arguments()
        };
        let common = Common {
            sets: vec![
                "risk.order_rate=9".into(),
                "trading.min_profit_pct=0.1".into(),
            ],
            ..Common::default()
        };
        answer(&arguments, &common, "").unwrap();
        let effective = place.load();
        assert_eq!(effective.integer("risk.order_rate"), 9);
        assert_eq!(
            effective.number("trading.min_profit_pct").to_string(),
            "0.1"
        );
        assert_eq!(effective.threads(), 4);
    }

    #[test]
    fn a_file_that_is_there_is_never_written_over() {
        for name in [".env", FILE] {
            let place = Place::new(&format!("there{name}"));
            std::fs::write(place.0.join(name), "mine").unwrap();
            let arguments = Arguments {
                yes: true,
                ..place.arguments()
            };
            let failure = answer(&arguments, &Common::default(), "").unwrap_err();
            assert_eq!(failure.exit, Exit::Failure);
            assert!(failure.message.contains(name), "{failure}");
            assert_eq!(std::fs::read_to_string(place.0.join(name)).unwrap(), "mine");
            assert_eq!(place.files(), 1);
        }
    }

    #[test]
    fn values_that_cannot_be_leave_nothing_behind() {
        let place = Place::new("wrong");
        for (arguments, sets, exit) in [
            (
                Arguments {
                    interval: Some("7m".into()),
                    yes: true,
                    ..place.arguments()
                },
                vec![],
                Exit::Usage,
            ),
            (
                Arguments {
                    symbols: Some("BTC-USD,BTC-EUR".into()),
                    yes: true,
                    ..place.arguments()
                },
                vec![],
                Exit::Configuration,
            ),
            (
                Arguments {
                    yes: true,
                    ..place.arguments()
                },
                vec!["llm.api_key=abc".to_owned()],
                Exit::Usage,
            ),
            (place.arguments(), vec![], Exit::Failure),
        ] {
            let common = Common {
                sets,
                ..Common::default()
            };
            let failure = answer(&arguments, &common, "").unwrap_err();
            assert_eq!(failure.exit, exit, "{failure}");
            assert_eq!(place.files(), 0);
        }
    }
}
