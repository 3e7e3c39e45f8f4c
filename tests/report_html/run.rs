//! Runs, and the pages written of them.

use crate::document::Document;
use crate::folder::Folder;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// The recording that comes with the program.
pub fn bundled() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("recordings/btc-perp-2018-01-01.mrec")
}

pub fn minnow(folder: &Folder, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_minnow"));
    command.current_dir(folder.path()).env_clear();
    command
        .args(arguments)
        .output()
        .expect("the program starts")
}

/// Runs it, expects success, and returns what it printed.
pub fn succeed(folder: &Folder, arguments: &[&str]) -> String {
    let output = minnow(folder, arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {said}");
    String::from_utf8(output.stdout).expect("text")
}

/// Replays into `run.sqlite` of a folder, momentum on futures with leverage 3 unless `more` says
/// otherwise; the report as JSON.
pub fn replay(folder: &Folder, recording: &Path, more: &[&str]) -> Value {
    let recording = recording.to_str().expect("a path in UTF-8");
    let mut arguments = vec!["replay", recording, "--dry-run", "--json"];
    arguments.extend(["--ledger", "run.sqlite"]);
    arguments.extend(["--set", "trading.enable_futures=true"]);
    arguments.extend(["--set", "trading.leverage=3"]);
    arguments.extend(["--set", "strategy.type=momentum"]);
    arguments.extend(more);
    serde_json::from_str(&succeed(folder, &arguments)).expect("a report in JSON")
}

/// Writes the page of `run.sqlite` in a folder.
pub fn page(folder: &Folder) -> String {
    succeed(
        folder,
        &["report", "--ledger", "run.sqlite", "--html", "page.html"],
    );
    std::fs::read_to_string(folder.file("page.html")).expect("a page in UTF-8")
}

/// Changes a ledger as another program could.
pub fn change(folder: &Folder, statements: &str) {
    let ledger = rusqlite::Connection::open(folder.file("run.sqlite")).expect("a ledger");
    ledger.execute_batch(statements).expect("valid SQL");
}

/// The bundled recording's run, once for all tests that only read it.
pub struct Reference {
    pub folder: Folder,
    /// The report in JSON.
    pub report: Value,
    pub page: String,
    pub document: Document,
}

pub fn reference() -> &'static Reference {
    static REFERENCE: OnceLock<Reference> = OnceLock::new();
    REFERENCE.get_or_init(|| {
        let folder = Folder::new();
        let report = replay(&folder, &bundled(), &["--html", "replayed.html"]);
        let page = page(&folder);
        Reference {
            report,
            document: Document::parse(&page),
            page,
            folder,
        }
    })
}

/// What holds for every page, whatever the run.
pub fn check(page: &str) -> Document {
    assert!(
        page.len() <= minnow::report::html::BYTES_MAX,
        "{}",
        page.len()
    );
    let document = Document::parse(page);
    for word in document.words() {
        let lower = word.to_ascii_lowercase();
        let is_number = !["nan", "inf", "infinity", "infinite"].contains(&lower.as_str());
        assert!(is_number, "{word} in a page");
    }
    for line in document.all("polyline").chain(document.all("polygon")) {
        let points = line.attribute("points").expect("points of a line");
        for point in points.split(' ') {
            let (x, y) = point.split_once(',').expect("two numbers");
            let inside = |text: &str, end: u32| text.parse::<u32>().is_ok_and(|n| n <= end);
            assert!(inside(x, 100_000) && inside(y, 1_000_000), "{point}");
        }
    }
    for rect in document.all("rect") {
        for name in ["x", "y", "width", "height"] {
            if let Some(value) = rect.attribute(name) {
                let number = value.trim_end_matches('%').parse::<f64>();
                assert!(number.is_ok_and(|n| n >= 0.0), "{name} {value}");
            }
        }
    }
    document
}
