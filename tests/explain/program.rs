//! The program under test, and one run of each strategy that all cases ask about.

use crate::support::folder::Folder;
use minnow::store::ledger::read_explain::StoredDecision;
use minnow::store::ledger::{Reader, StoredTrade};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// A replay's ledger in a folder of its own.
pub struct Run {
    folder: Folder,
}

/// One run of a strategy; made once.
pub fn momentum() -> &'static Run {
    static RUN: OnceLock<Run> = OnceLock::new();
    RUN.get_or_init(|| Run::new("momentum", &[]))
}

/// The same with a row for each decision to HOLD.
pub fn momentum_with_holds() -> &'static Run {
    static RUN: OnceLock<Run> = OnceLock::new();
    RUN.get_or_init(|| Run::new("momentum", &["--keep-all"]))
}

pub fn vumanchu() -> &'static Run {
    static RUN: OnceLock<Run> = OnceLock::new();
    RUN.get_or_init(|| Run::new("vumanchu", &[]))
}

impl Run {
    pub fn new(strategy: &str, further: &[&str]) -> Self {
        let run = Self {
            folder: Folder::new(),
        };
        let bundled = Path::new(env!("CARGO_MANIFEST_DIR"));
        let bundled = bundled.join("recordings/btc-perp-2018-01-01.mrec");
        let strategy = format!("strategy.type={strategy}");
        let mut arguments = vec![
            "--set",
            "trading.enable_futures=true",
            "--set",
            "trading.leverage=3",
            "--set",
            &strategy,
        ];
        arguments.extend(further);
        run.replay(bundled.to_str().expect("text"), &arguments);
        run
    }

    /// The replay of one-minute candles that are imported under this symbol, from 2024 on.
    pub fn of_candles(symbol: &str, rows: &[[f64; 5]], further: &[&str]) -> Self {
        let run = Self {
            folder: Folder::new(),
        };
        let mut text = "time,open,high,low,close,volume\n".to_owned();
        for (row, minute) in rows.iter().zip(0i64..) {
            let [open, high, low, close, volume] = row.map(|value| format!("{value:.5}"));
            let time = 1_704_067_200 + 60 * minute;
            text.push_str(&format!("{time},{open},{high},{low},{close},{volume}\n"));
        }
        std::fs::write(run.folder.file("candles.csv"), text).expect("written");
        let mut arguments = vec!["import", "candles.csv", "-o", "candles.mrec"];
        arguments.extend(["--format", "candles-csv", "--symbol", symbol]);
        run.success(&arguments);
        run.replay("candles.mrec", further);
        run
    }

    fn replay(&self, recording: &str, further: &[&str]) {
        let mut arguments = vec!["replay", recording, "--dry-run", "--json"];
        arguments.extend(["--ledger", "run.sqlite"]);
        arguments.extend(further);
        self.success(&arguments);
    }

    fn success(&self, arguments: &[&str]) {
        let output = self.minnow(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
    }

    /// Runs the program to its end, without the surroundings' settings.
    fn minnow(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_minnow"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .output()
            .expect("the program starts")
    }

    pub fn ledger(&self) -> PathBuf {
        self.folder.file("run.sqlite")
    }

    /// Where the imported candles are recorded.
    pub fn recording(&self) -> String {
        self.folder.file("candles.mrec").display().to_string()
    }

    pub fn explain(&self, arguments: &[&str]) -> Output {
        let mut all = vec!["explain", "--ledger", "run.sqlite"];
        all.extend(arguments);
        self.minnow(&all)
    }

    pub fn text(&self, arguments: &[&str]) -> String {
        let output = self.explain(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
        String::from_utf8(output.stdout).expect("text")
    }

    pub fn json(&self, arguments: &[&str]) -> Value {
        let mut all = vec!["--json"];
        all.extend(arguments);
        let text = self.text(&all);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// What it says when it cannot explain; the status must be this one.
    pub fn refusal(&self, arguments: &[&str], status: i32) -> String {
        let output = self.explain(arguments);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        String::from_utf8(output.stderr).expect("text")
    }

    fn reader(&self) -> (Reader, i64) {
        let reader = Reader::open(&self.ledger()).expect("a ledger");
        let session = reader.latest_session().expect("readable").expect("one");
        (reader, session.id)
    }

    pub fn trades(&self) -> Vec<StoredTrade> {
        let (reader, session) = self.reader();
        reader.trades(session, 0, 10_000).expect("trades")
    }

    /// The stored decisions in their order.
    pub fn decisions(&self) -> Vec<StoredDecision> {
        let (reader, session) = self.reader();
        let [last, ..] = reader.last_ids(session).expect("numbers");
        (1..=last as i64)
            .filter_map(|id| reader.decision(session, id).expect("readable"))
            .collect()
    }

    pub fn hashes(&self) -> u64 {
        let (reader, session) = self.reader();
        reader.hashes(session).expect("hashes").len() as u64
    }
}
