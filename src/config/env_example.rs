//! The text of `.env.example`: every variable with default, range and meaning, made from the table.

use super::key::{Fallback, Key};
use super::keys;
use super::parse::allowed;
use std::fmt::Write;

const HEAD: &str = "\
# Every variable that minnow reads, with its default. Copy what you need to .env (mode 0600).
#
# Order of sources, low to high: built-in defaults, configuration file, --default, .env, environment,
# --set. NAME=value; # begins a comment; single quotes are literal; double quotes know \\n \\t \\\" \\\\.
# A secret may also lie in a file named by <NAME>_FILE, or in a systemd credential; never in the
# configuration file.

# The configuration file; otherwise config/concurrency_optimized.json if it is there.
#CONFIG_FILE=config/concurrency_optimized.json
# paper or live; switches nothing by itself, but must not contradict SYSTEM__DRY_RUN.
#TRADING_MODE=paper
";

/// The whole file.
pub fn text() -> String {
    let mut text = HEAD.to_owned();
    let mut section = "";
    for key in keys::all() {
        if key.section() != section {
            section = key.section();
            let _ = write!(text, "\n# ---- {section} ----\n");
        }
        write_key(&mut text, key);
    }
    text
}

fn write_key(text: &mut String, key: &Key) {
    let idle = if key.acts {
        ""
    } else {
        " (no effect in this version)"
    };
    let _ = writeln!(text, "# {}{idle}", key.meaning);
    let range = if key.is_secret() {
        "secret".to_owned()
    } else {
        allowed(key)
    };
    let unset = match key.default {
        Fallback::Null(words) if !key.is_secret() => format!("; unset: {words}"),
        _ => String::new(),
    };
    let also: Vec<String> = key
        .aliases
        .iter()
        .map(|alias| super::key::environment_name(alias))
        .collect();
    let also = if also.is_empty() {
        String::new()
    } else {
        format!("; also {}", also.join(", "))
    };
    let _ = writeln!(text, "# {range}{unset}{also}");
    let default = match key.default {
        Fallback::Value(value) => value,
        Fallback::Null(_) => "",
    };
    let _ = writeln!(text, "#{}={default}", key.environment_name());
}
