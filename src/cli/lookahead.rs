//! `minnow replay --check-lookahead`: whether any decision depends on what came after it.
//!
//! Opens what is to be compared; the comparison is the runtime's. No ledger is written.

use super::replay::{Arguments, VERB};
use super::replay_start::{Start, core_settings, open_feeds, read_headers, turns_of};
use super::{Common, Exit, Failure, sources};
use crate::core::units::Timestamp;
use crate::runtime::replay::Direct;
use crate::runtime::replay::lookahead::{Verdict, check, prefix_ends};

/// Most prefixes that may be asked for; each costs a replay up to its end.
const PREFIXES_MAX: usize = 100_000;

/// Number of prefixes, from the command line.
pub fn prefixes(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|count| (1..=PREFIXES_MAX).contains(count))
        .ok_or_else(|| format!("expected a number of prefixes from 1 to {PREFIXES_MAX}"))
}

/// Replays the recordings as a whole and up to `count` ends, and compares every decision.
///
/// # Errors
/// Configuration (78); recordings that cannot be used, a difference, or nothing to compare (1).
pub fn run(common: &Common, arguments: &Arguments, count: usize) -> Result<Exit, Failure> {
    let effective = sources::paper_configuration(common, VERB)?;
    let headers = read_headers(&arguments.files, false)?;
    let settings = core_settings(&effective, &headers)?;
    let turns = turns_of(&headers, &arguments.files)?;
    let (interval, seed) = (settings.trading.interval, settings.seed);
    let open = |end: Option<Timestamp>| {
        let earlier = match (end, arguments.to) {
            (Some(end), Some(to)) => Some(end.min(to)),
            (end, to) => end.or(to),
        };
        let arguments = Arguments {
            to: earlier,
            ..arguments.clone()
        };
        let opened = open_feeds(&arguments, &settings.instruments)?;
        let start = Start::new(&arguments, &effective, settings.clone(), turns, opened)?;
        let mut core = start.core;
        core.use_plain_path(arguments.plain);
        Ok::<_, Failure>(Direct::new(core, start.feeds))
    };
    let verdict = check(open, |first, last| {
        prefix_ends(first, last, count, interval, seed)
    })?;
    match verdict {
        Ok(Verdict::Same {
            prefixes,
            decisions,
        }) => {
            let line =
                format!("{prefixes} prefixes, {decisions} decisions compared: no look-ahead\n");
            super::report::print(&line)?;
            Ok(Exit::Success)
        }
        Ok(Verdict::Differs(difference)) => {
            super::report::print(&format!("{difference}\n"))?;
            Ok(Exit::Failure)
        }
        Err(unchecked) => Err(Failure::run_time(unchecked)),
    }
}
