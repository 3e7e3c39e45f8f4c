//! The program under test in a folder of its own, without the surroundings' settings.

use crate::support::folder::Folder;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The recording that comes with the program.
pub fn bundled() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("recordings/btc-perp-2018-01-01.mrec")
}

/// Runs a verb to its end.
pub fn minnow(folder: &Folder, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_minnow"))
        .args(arguments)
        .current_dir(folder.path())
        .env_clear()
        .output()
        .expect("the program starts")
}

/// What it printed; it must have succeeded.
pub fn printed(folder: &Folder, arguments: &[&str]) -> String {
    let output = minnow(folder, arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
    String::from_utf8(output.stdout).expect("text")
}

/// What it printed as one JSON object.
pub fn json(folder: &Folder, arguments: &[&str]) -> Value {
    let text = printed(folder, arguments);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Replays a recording of the folder into `ledger`.
pub fn replay(folder: &Folder, recording: &str, ledger: &str, settings: &[&str]) -> Value {
    let mut arguments = vec![
        "replay",
        recording,
        "--dry-run",
        "--json",
        "--ledger",
        ledger,
    ];
    for setting in settings {
        arguments.extend(["--set", setting]);
    }
    json(folder, &arguments)
}

/// No value of the text is NaN or infinite, and no line but those of files is wider than a page.
pub fn assert_sound(what: &str, text: &str) {
    for word in text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '_')) {
        let low = word.to_ascii_lowercase();
        assert!(
            !["nan", "inf", "infinity"].contains(&low.as_str()),
            "{what}: {word} in\n{text}"
        );
    }
}

/// Every metric that is null is listed with a reason, and no other.
pub fn assert_explained(what: &str, report: &Value) {
    let metrics = report["metrics"].as_object().expect("metrics");
    let listed: Vec<&str> = report["not_computed"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|item| {
            assert!(!item["reason"].as_str().expect("a reason").is_empty());
            item["metric"].as_str().expect("a name")
        })
        .collect();
    for (name, value) in metrics.iter().filter(|(name, _)| !name.ends_with("_ms")) {
        assert_eq!(
            value.is_null(),
            listed.contains(&name.as_str()),
            "{what}: {name} = {value}, not computed: {listed:?}"
        );
    }
    for (name, value) in [
        ("luck.interval", &report["luck"]["interval"]),
        ("luck.random", &report["luck"]["random"]),
        ("profit_split", &report["profit_split"]),
    ] {
        assert_eq!(value.is_null(), listed.contains(&name), "{what}: {name}");
    }
}
