//! How far a long verb is: a bar with rate and time left on a terminal, nothing into a pipe.
//!
//! Drawn from the loop's own timer; no thread of its own.

use crate::runtime::replay::ReplayProgress;
use indicatif::{ProgressBar as Bar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;

/// Draws to stderr, and only to a terminal.
pub struct ProgressBar {
    bar: Bar,
}

impl ProgressBar {
    /// `quiet`: the output is for a program.
    pub fn new(quiet: bool) -> Self {
        let target = if quiet || !std::io::stderr().is_terminal() {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        };
        let style = ProgressStyle::with_template(
            "replay {bar:24} {percent:>3}%  {msg}  {per_sec}  {eta} left",
        )
        .unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = Bar::with_draw_target(None, target);
        bar.set_style(style);
        Self { bar }
    }

    /// Nobody sees it: nothing need wake up to draw it.
    pub fn is_hidden(&self) -> bool {
        self.bar.is_hidden()
    }

    pub fn show(&self, progress: ReplayProgress) {
        self.bar.set_position(progress.inputs);
        self.bar.set_message(progress.at.to_string());
    }

    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
