//! The rules of the house, checked over the source tree itself: which room may import which, what a
//! room may not touch, and how files and functions are kept short.
//!
//! Reads `src`, `tests`, `benches` and `fuzz` as text; no dependency. Comments and strings do not
//! count. A rule that is broken is told with file and line, all of them in one run. Not checked
//! here: format and lints, which the toolchain does.

mod support {
    pub mod source;
}

use std::path::PathBuf;
use support::source::{self, Found, Source};

/// Longest file and longest function, lines.
const FILE_LINES: usize = 500;
const FUNCTION_LINES: usize = 70;

/// Each room, and the rooms it may import besides itself.
const ARROWS: &[(&str, &[&str])] = &[
    ("core", &[]),
    ("files", &[]),
    ("log", &["core"]),
    ("config", &["core", "files"]),
    ("exchange", &["core"]),
    ("net", &["core", "files", "log"]),
    ("store", &["core", "files"]),
    (
        "runtime",
        &["core", "log", "config", "exchange", "net", "store"],
    ),
    ("report", &["core", "log", "config", "exchange", "store"]),
    (
        "sweep",
        &[
            "core", "files", "log", "config", "exchange", "store", "runtime", "report",
        ],
    ),
    (
        "venue",
        &["core", "files", "log", "net", "store", "runtime"],
    ),
    (
        "cli",
        &[
            "core", "files", "log", "config", "exchange", "net", "store", "runtime", "report",
            "sweep", "venue",
        ],
    ),
];

/// What a pure room may not name: a clock, a socket, a file, a thread, the environment, randomness,
/// or a collection without order.
const IMPURE: &[&str] = &[
    "std::net",
    "std::fs",
    "std::io",
    "std::thread",
    "std::env",
    "std::process",
    "std::time::Instant",
    "std::time::SystemTime",
    "std::collections::HashMap",
    "std::collections::HashSet",
    "mio",
    "libc",
    "crossbeam_channel",
    "signal_hook",
    "rusqlite",
    "ureq",
    "rustls",
    "rand",
    "getrandom",
];

/// Paths that only some rooms may name outside tests, and these rooms.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("std::thread", &["runtime"]),
    ("mio", &["runtime", "net", "venue"]),
    ("rustls", &["net", "venue"]),
    ("tungstenite", &["net", "venue"]),
    ("ureq", &["net"]),
    ("crossbeam_channel", &["runtime"]),
    ("signal_hook", &["runtime"]),
    ("rusqlite", &["store"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("indicatif", &["cli"]),
    ("std::env", &["cli", "config", "log"]),
    ("std::process::exit", &[]),
    ("std::thread::sleep", &[]),
    ("std::collections::HashMap", &[]),
    ("std::collections::HashSet", &[]),
];

/// Words that only tests may say.
const ONLY_IN_TESTS: &[&str] = &[".unwrap()", "todo!", "unimplemented!", "dbg!"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folders: &[&str]) -> Vec<Source> {
    source::sources(&root(), folders)
}

fn none(broken: &[String], rule: &str) {
    assert!(
        broken.is_empty(),
        "{rule}; broken {} times:\n  {}",
        broken.len(),
        broken.join("\n  ")
    );
}

/// Whether `path` is `prefix` or lies below it.
fn within(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

#[test]
fn rooms_import_only_along_the_arrows() {
    let mut broken = Vec::new();
    for source in sources(&["src"]) {
        let Some(room) = source.room() else {
            continue;
        };
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == room) else {
            broken.push(format!("{}: room {room} has no row in ARROWS", source.name));
            continue;
        };
        for Found { line, path } in source.crate_paths() {
            let target = path.split("::").next().unwrap_or_default();
            let known = ARROWS.iter().any(|(name, _)| *name == target);
            if known && target != room && !allowed.contains(&target) {
                broken.push(format!(
                    "{}:{line}: {room} imports {target} ({path})",
                    source.name
                ));
            }
        }
    }
    none(
        &broken,
        "cli -> sweep, venue -> runtime, report -> store, exchange, net, config, log -> core, files",
    );
}

#[test]
fn every_room_of_the_table_exists_and_has_a_door_sign() {
    for (room, _) in ARROWS {
        let door = if *room == "core" { "lib.rs" } else { "mod.rs" };
        let sign = root().join("src").join(room).join(door);
        let text = std::fs::read_to_string(&sign)
            .unwrap_or_else(|error| panic!("{}: {error}", sign.display()));
        assert!(text.starts_with("//! "), "{}: no door sign", sign.display());
    }
}

#[test]
fn core_and_exchange_name_no_clock_socket_file_thread_or_hash_map() {
    let mut broken = Vec::new();
    for source in sources(&["src/core", "src/exchange"]) {
        for Found { line, path } in source.paths() {
            if IMPURE.iter().any(|impure| within(&path, impure)) {
                broken.push(format!("{}:{line}: {path}", source.name));
            }
        }
    }
    none(&broken, "core and exchange are pure");
}

#[test]
fn threads_databases_and_the_environment_stay_in_their_rooms() {
    let mut broken = Vec::new();
    for source in sources(&["src"]) {
        let room = source.room().unwrap_or("main");
        for Found { line, path } in source.paths_outside_tests() {
            for (prefix, rooms) in ONLY_IN {
                let is_door = room == "main" && matches!(*prefix, "std::env");
                if within(&path, prefix) && !rooms.contains(&room) && !is_door {
                    broken.push(format!(
                        "{}:{line}: {path} belongs to {rooms:?}",
                        source.name
                    ));
                }
            }
        }
    }
    none(&broken, "what only some rooms may name");
}

#[test]
fn no_file_is_longer_than_500_lines() {
    let broken: Vec<String> = sources(&["src", "tests", "benches", "fuzz"])
        .iter()
        .filter(|source| source.lines() > FILE_LINES)
        .map(|source| format!("{}: {} lines", source.name, source.lines()))
        .collect();
    none(&broken, "one idea a file, at most 500 lines");
}

#[test]
fn no_function_outside_tests_is_longer_than_70_lines() {
    let mut broken = Vec::new();
    for source in sources(&["src"]) {
        for (line, name, length) in source.functions() {
            if length > FUNCTION_LINES {
                broken.push(format!("{}:{line}: {name} has {length} lines", source.name));
            }
        }
    }
    none(&broken, "a function does one thing in at most 70 lines");
}

#[test]
fn nothing_outside_tests_unwraps_or_is_left_to_do() {
    let mut broken = Vec::new();
    for source in sources(&["src"]) {
        for word in ONLY_IN_TESTS {
            for line in source.lines_outside_tests_with(word) {
                broken.push(format!("{}:{line}: {word}", source.name));
            }
        }
    }
    none(&broken, "errors from outside are handled, work is finished");
}

#[test]
fn every_file_opens_with_what_it_is_for() {
    let broken: Vec<String> = sources(&["src", "tests", "benches", "fuzz"])
        .iter()
        .filter(|source| !source.raw.starts_with("//! "))
        .map(|source| source.name.clone())
        .collect();
    none(&broken, "every file opens with //! and what it is for");
}

#[test]
fn files_named_as_tests_are_compiled_only_for_tests() {
    let all = sources(&["src"]);
    let mut broken = Vec::new();
    for source in all.iter().filter(|source| source.is_test_file()) {
        let file = source.name.rsplit('/').next().unwrap_or_default();
        let declared = all.iter().any(|other| other.declares_for_tests(file));
        let in_folder = source.name.contains("/tests/") && file != "mod.rs";
        if !declared && !in_folder {
            broken.push(source.name.clone());
        }
    }
    none(&broken, "test files are declared behind #[cfg(test)]");
}

/// File names in backquotes that a document gives: with a folder, or with the ending `.rs`.
fn named_files(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2).filter(|name| {
        let plain = name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_-./".contains(&b));
        let ending = name.rsplit('.').next().unwrap_or_default();
        plain && name.contains('/') && ["rs", "json", "md", "sh", "mrec"].contains(&ending)
    })
}

#[test]
fn documents_name_only_files_that_exist() {
    let mut broken = Vec::new();
    let mut named = 0;
    for document in [
        "README.md",
        "CONTRIBUTING.md",
        "docs/architecture.md",
        "docs/recordings.md",
        "docs/operations.md",
        "docs/sweeps.md",
        "docs/venue.md",
    ] {
        let text = std::fs::read_to_string(root().join(document))
            .unwrap_or_else(|error| panic!("{document}: {error}"));
        for name in named_files(&text) {
            named += 1;
            // Files of the source are named from there.
            let there = [root().join(name), root().join("src").join(name)];
            if !there.iter().any(|path| path.exists()) {
                broken.push(format!("{document}: {name}"));
            }
        }
    }
    assert!(named > 50, "only {named} file names were recognised");
    none(&broken, "documents name files that exist");
}

#[test]
fn within_the_core_indicators_know_nothing_of_strategies() {
    let mut broken = Vec::new();
    for source in sources(&["src/core/indicators"]) {
        for Found { line, path } in source.crate_paths() {
            if within(&path, "core::strategy") {
                broken.push(format!("{}:{line}: {path}", source.name));
            }
        }
    }
    none(
        &broken,
        "strategies import indicators, not the other way round",
    );
}

/// A file that breaks every rule, in the ways that are easy to miss.
fn planted() -> Source {
    let text = r##"//! Planted.
use crate::{
    core::units::{Decimal, Stamp as At},
    cli::{Exit, exit::Failure},
};
use std::{fs::File, time::{Duration, Instant}};
// use crate::runtime::Shell; is a comment
const TEXT: &str = "crate::runtime::Shell .unwrap() //";
const RAW: &str = r#"UNFINISHED() " { "#;
fn quoted<'a>(letter: &'a str) -> char {
    let brace = '{';
    letter.parse().unwrap();
    super::super::report::load();
    brace
}
#[cfg(test)]
mod tests {
    fn fine() { std::thread::spawn(|| ()); "x".parse::<u8>().unwrap(); }
}
fn after_tests() -> std::collections::HashMap<u8, u8> { UNFINISHED() }
"##;
    // Spelled here, so that whoever searches for unfinished code does not find this.
    let text = text.replace("UNFINISHED", concat!("to", "do!"));
    Source::new("src/exchange/planted.rs", text)
}

#[test]
fn paths_of_the_core_crate_begin_with_its_room() {
    let text = "//! Planted.\nuse crate::units::Decimal;\nuse super::super::strategy::Reading;\n";
    let inside = Source::new("src/core/indicators/planted.rs", text.into());
    let paths = |source: &Source| -> Vec<String> {
        source.crate_paths().into_iter().map(|f| f.path).collect()
    };
    assert_eq!(
        paths(&inside),
        ["core::units::Decimal", "core::strategy::Reading"]
    );
    let outside = Source::new(
        "src/log/planted.rs",
        "//! Planted.\nuse minnow_core::units::Decimal;\n".into(),
    );
    assert_eq!(paths(&outside), ["core::units::Decimal"]);
}

#[test]
fn paths_are_seen_through_groups_aliases_and_parents_but_not_in_text() {
    let source = planted();
    let found = |path: &str| {
        source
            .paths()
            .iter()
            .find(|f| f.path == path)
            .map(|f| f.line)
    };
    assert_eq!(found("std::fs::File"), Some(6));
    assert_eq!(found("std::time::Instant"), Some(6));
    assert_eq!(found("std::thread::spawn"), Some(18));
    let own: Vec<String> = source.crate_paths().into_iter().map(|f| f.path).collect();
    let expected = [
        "core::units::Decimal",
        "core::units::Stamp",
        "cli::Exit",
        "cli::exit::Failure",
        "report::load",
    ];
    assert_eq!(own, expected);
    let product = source.paths_outside_tests();
    assert!(
        product
            .iter()
            .all(|found| !within(&found.path, "std::thread"))
    );
    assert!(
        product
            .iter()
            .any(|found| found.path == "std::collections::HashMap")
    );
}

#[test]
fn words_and_functions_are_seen_outside_text_and_tests_only() {
    let source = planted();
    assert_eq!(source.lines_outside_tests_with(".unwrap()"), [12]);
    assert_eq!(source.lines_outside_tests_with("todo!"), [20]);
    let functions = source.functions();
    let expected = [
        (10, "quoted".to_owned(), 6),
        (20, "after_tests".to_owned(), 1),
    ];
    assert_eq!(functions, expected);
    assert!(within("std::fs::File", "std::fs") && !within("std::fsx", "std::fs"));
}
