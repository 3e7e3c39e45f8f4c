//! How far a long verb is: a bar with rate and time left on a terminal, nothing into a pipe.
//!
//! Drawn from the loop's own timer, or between two pieces of work; no thread of its own.

use crate::runtime::replay::ReplayProgress;
use indicatif::{HumanCount, ProgressBar as Bar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::Instant;

/// Draws to stderr, and only to a terminal.
#[derive(Debug)]
pub struct ProgressBar {
    bar: Bar,
    began: Instant,
}

impl ProgressBar {
    /// `quiet`: the output is for a program.
    /// `bytes`: what there is to work through, if that is known.
    pub fn new(verb: &str, quiet: bool, bytes: Option<u64>) -> Self {
        let template = if bytes.is_some() {
            "{prefix} {bar:24} {percent:>3}%  {msg}  {eta} left"
        } else {
            "{prefix} {spinner} {msg}  {elapsed}"
        };
        Self::drawn(verb, quiet, bytes, template)
    }

    /// Of a verb that works through so many tasks.
    pub fn of_tasks(verb: &str, quiet: bool, tasks: u64) -> Self {
        let template = "{prefix} {bar:24} {pos} of {len}  {per_sec}  {eta} left  {msg}";
        Self::drawn(verb, quiet, Some(tasks), template)
    }

    fn drawn(verb: &str, quiet: bool, length: Option<u64>, template: &str) -> Self {
        let target = if quiet || !std::io::stderr().is_terminal() {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        };
        let style =
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = Bar::with_draw_target(length, target);
        bar.set_style(style);
        bar.set_prefix(verb.to_owned());
        Self {
            bar,
            began: Instant::now(),
        }
    }

    /// Nobody sees it: nothing need wake up to draw it.
    pub fn is_hidden(&self) -> bool {
        self.bar.is_hidden()
    }

    pub fn show(&self, progress: ReplayProgress) {
        self.bar.set_position(progress.bytes);
        self.bar.set_message(format!(
            "{}  {} inputs  {} a second",
            progress.at,
            HumanCount(progress.inputs),
            rate(progress.inputs, self.began)
        ));
    }

    /// Rows are `what` (read, written) since `began`; `bytes` of all that there is are done.
    pub fn show_rows(&self, bytes: u64, rows: u64, what: &str, began: Instant) {
        self.bar.set_position(bytes);
        self.bar.set_message(format!(
            "{} rows {what}  {} a second",
            HumanCount(rows),
            rate(rows, began)
        ));
    }

    /// So many tasks have ended, and so many of them have failed.
    pub fn show_tasks(&self, ended: u64, failed: u64) {
        self.bar.set_position(ended);
        if failed > 0 {
            self.bar.set_message(format!("{failed} failed"));
        }
    }

    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// So many a second since then.
fn rate(count: u64, began: Instant) -> HumanCount {
    let seconds = began.elapsed().as_secs_f64().max(1e-3);
    HumanCount((count as f64 / seconds) as u64)
}
