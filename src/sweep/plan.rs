//! The plan of a sweep: everything that its tasks depend on, in one JSON file.
//!
//! A task is one configuration over one part of one window. Its settings are `base` (everything that
//! was stated when the plan was made and that the core reads) and then its own; no file and no
//! environment of the machine that runs it has a say. The same plan has the same digest wherever it
//! lies, and results are bound to it.

use super::combinations::Sampling;
use super::recording_file::RecordingFile;
use super::windows::Window;
use crate::core::units::hexadecimal::hexadecimal;
use crate::core::units::{Span, Timestamp};
use crate::files::open_regular;
use crate::store::sweep_results::{Part, ResultRow};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

/// What the file says it is.
const FORMAT: &str = "minnow sweep plan";
const VERSION: u32 = 1;
/// Largest plan that is read, bytes.
const FILE_MAX: u64 = 512 << 20;

/// One configuration over one part of one window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Position in the plan, from 0.
    pub number: u32,
    /// Number of the configuration, from 1.
    pub combination: u32,
    pub window: u32,
    pub part: Part,
    /// `--set` pairs after those of the plan's base.
    pub sets: Vec<String>,
    /// Inputs at or after this are replayed: so much before the window that warm-up ends with its
    /// first candle. `None` = from the start.
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
    /// Returns before this do not count: the window's own start.
    pub counted_from: Option<Timestamp>,
}

/// A sweep, ready to be run anywhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    pub format: String,
    pub version: u32,
    /// Program that made it.
    pub program: String,
    pub recordings: Vec<RecordingFile>,
    /// First and last market data of the recordings.
    pub first: Timestamp,
    pub last: Timestamp,
    /// How the recordings are divided, as it was asked for.
    pub division: String,
    /// Length of the periods that returns are taken over, nanoseconds.
    pub period: Span,
    /// `--set` pairs of everything stated that the core reads and that is not swept.
    pub base: Vec<String>,
    /// Fingerprint of the configuration that was swept from.
    pub base_fingerprint: String,
    /// Every setting of it, for people.
    pub base_settings: BTreeMap<String, serde_json::Value>,
    /// The swept keys, in the order of the tasks' settings.
    pub keys: Vec<String>,
    pub sampling: Option<Sampling>,
    /// Configurations that were left out because they contradict themselves.
    pub left_out: u32,
    pub windows: Vec<Window>,
    pub tasks: Vec<Task>,
}

/// A share of the tasks: every `of`-th, beginning with number `index` from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    pub index: u32,
    pub of: u32,
}

impl Share {
    /// `2/8`.
    ///
    /// # Errors
    /// What was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text}: expected a slice such as 2/8, the second of eight");
        let (index, of) = text.split_once('/').ok_or_else(wrong)?;
        let (index, of) = (index.parse().ok(), of.parse().ok());
        match (index, of) {
            (Some(index), Some(of)) if (1..=of).contains(&index) => Ok(Self { index, of }),
            _ => Err(wrong()),
        }
    }

    pub const fn holds(self, task: u32) -> bool {
        task % self.of == self.index - 1
    }
}

impl Plan {
    /// The fixed parts of every plan.
    pub fn format() -> (String, u32) {
        (FORMAT.to_owned(), VERSION)
    }

    /// The file's text.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a plan has a JSON form")
    }

    /// Names the plan: SHA-256 of its JSON, 64 hexadecimal digits.
    pub fn digest(&self) -> String {
        hexadecimal(&Sha256::digest(self.to_json().as_bytes()))
    }

    /// # Errors
    /// It is no plan, of a newer version, or its tasks do not fit together.
    pub fn from_json(text: &str) -> Result<Self, String> {
        let plan: Self = serde_json::from_str(text)
            .map_err(|error| format!("not a plan of a sweep: {error}"))?;
        if plan.format != FORMAT {
            return Err(format!("not a plan of a sweep: expected format {FORMAT:?}"));
        }
        if plan.version != VERSION {
            return Err(format!(
                "a plan of version {}; this minnow reads version {VERSION}",
                plan.version
            ));
        }
        if let Some((place, task)) = (0u32..)
            .zip(&plan.tasks)
            .find(|(place, task)| task.number != *place)
        {
            return Err(format!(
                "task {} stands at place {place}: expected tasks in the order of their numbers",
                task.number
            ));
        }
        if plan.period <= Span::ZERO {
            return Err("period: expected a length above 0".to_owned());
        }
        Ok(plan)
    }

    /// # Errors
    /// The file cannot be read, or as [`Plan::from_json`].
    pub fn read(path: &Path) -> Result<Self, String> {
        let shown = path.display();
        let mut text = String::new();
        open_regular(path)
            .and_then(|file| file.take(FILE_MAX).read_to_string(&mut text))
            .map_err(|error| {
                format!(
                    "{shown}: cannot be read ({error}): expected what `minnow sweep plan` wrote"
                )
            })?;
        Self::from_json(&text).map_err(|problem| format!("{shown}: {problem}"))
    }

    /// All settings of a task, as `--set` takes them.
    pub fn sets_of(&self, task: &Task) -> Vec<String> {
        let sets = self.base.iter().chain(&task.sets).cloned();
        sets.chain(task.entries_from()).collect()
    }

    /// Different configurations.
    pub fn configurations(&self) -> u32 {
        self.tasks
            .iter()
            .map(|task| task.combination)
            .max()
            .unwrap_or(0)
    }
}

impl Task {
    /// What keeps the entries of a part within it: what lies before only warms up.
    pub fn entries_from(&self) -> Option<String> {
        let from = self.counted_from?;
        Some(format!("trading.entries_from={from}"))
    }

    /// Its row.
    pub fn row(&self, outcome: Result<crate::store::sweep_results::Figures, String>) -> ResultRow {
        ResultRow {
            task: self.number,
            combination: self.combination,
            window: self.window,
            part: self.part,
            settings: self.sets.clone(),
            from: self.from,
            to: self.to,
            outcome,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A plan of `count` configurations over one window.
    pub(in crate::sweep) fn plan(count: u32) -> Plan {
        let (format, version) = Plan::format();
        let tasks = (0..count).map(|number| Task {
            number,
            combination: number + 1,
            window: 1,
            part: Part::In,
            sets: vec![format!("strategy.momentum.lookback={}", number + 5)],
            from: None,
            to: None,
            counted_from: None,
        });
        Plan {
            format,
            version,
            program: "minnow".into(),
            recordings: Vec::new(),
            first: Timestamp(0),
            last: Timestamp(1),
            division: "whole".into(),
            period: Span::from_secs(60),
            base: vec!["trading.enable_futures=true".into()],
            base_fingerprint: "f".into(),
            base_settings: BTreeMap::new(),
            keys: vec!["strategy.momentum.lookback".into()],
            sampling: None,
            left_out: 0,
            windows: Vec::new(),
            tasks: tasks.collect(),
        }
    }

    #[test]
    fn a_plan_comes_back_from_its_file_with_the_same_digest() {
        let plan = plan(3);
        let again = Plan::from_json(&plan.to_json()).unwrap();
        assert_eq!(again, plan);
        assert_eq!(again.digest(), plan.digest());
        let pretty = serde_json::to_string_pretty(&plan).unwrap();
        assert_eq!(Plan::from_json(&pretty).unwrap().digest(), plan.digest());
        let mut other = plan.clone();
        other.tasks[1].sets.clear();
        assert_ne!(other.digest(), plan.digest());
        assert_eq!(
            plan.sets_of(&plan.tasks[2]),
            [
                "trading.enable_futures=true",
                "strategy.momentum.lookback=7"
            ]
        );
    }

    #[test]
    fn what_is_no_plan_is_refused_in_words() {
        let mut newer = plan(1);
        newer.version = 9;
        let mut shuffled = plan(2);
        shuffled.tasks.swap(0, 1);
        for (text, said) in [
            ("{}".to_owned(), "not a plan"),
            (newer.to_json(), "version 9"),
            (shuffled.to_json(), "order"),
        ] {
            let error = Plan::from_json(&text).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn slices_share_out_every_task_once() {
        let shares: Vec<Share> = (1..=3).map(|index| Share { index, of: 3 }).collect();
        for task in 0..100 {
            assert_eq!(shares.iter().filter(|s| s.holds(task)).count(), 1);
        }
        assert_eq!(Share::parse("2/8"), Ok(Share { index: 2, of: 8 }));
        for wrong in ["0/8", "9/8", "1", "a/b", "1/0", ""] {
            assert!(Share::parse(wrong).is_err(), "{wrong}");
        }
    }
}
