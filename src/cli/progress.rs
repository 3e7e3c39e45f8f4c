//! How far a long verb is: a bar with rate and time left on a terminal, nothing into a pipe.
//!
//! Drawn from the loop's own timer; no thread of its own.

use crate::runtime::replay::ReplayProgress;
use indicatif::{HumanCount, ProgressBar as Bar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::Instant;

/// Draws to stderr, and only to a terminal.
pub struct ProgressBar {
    bar: Bar,
    began: Instant,
}

impl ProgressBar {
    /// `quiet`: the output is for a program.
    /// `bytes`: what there is to replay, if that is known.
    pub fn new(quiet: bool, bytes: Option<u64>) -> Self {
        let target = if quiet || !std::io::stderr().is_terminal() {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        };
        let template = if bytes.is_some() {
            "replay {bar:24} {percent:>3}%  {msg}  {eta} left"
        } else {
            "replay {spinner} {msg}  {elapsed}"
        };
        let style =
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = Bar::with_draw_target(bytes, target);
        bar.set_style(style);
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
        let seconds = self.began.elapsed().as_secs_f64();
        let rate = progress.inputs as f64 / seconds.max(1e-3);
        self.bar.set_position(progress.bytes);
        self.bar.set_message(format!(
            "{}  {} inputs  {} a second",
            progress.at,
            HumanCount(progress.inputs),
            HumanCount(rate as u64)
        ));
    }

    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
