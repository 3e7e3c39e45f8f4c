//! `minnow doctor`: what may keep a bot from trading, a line each in plain words.
//!
//! Sends no order and needs no ledger. A line is `ok`, `warning` (it will trade, but look at it) or
//! `problem`; with a problem the status is 1. What cannot be looked at because something before it
//! failed is left out, never called well.

use super::exchange::Exchange;
use super::logging::start_log;
use super::status::{Bot, socket};
use super::{Common, Exit, Failure, doctor_exchange, doctor_machine, sources};
use crate::config::Effective;
use serde_json::json;

#[derive(Clone, Debug, Default, clap::Args)]
pub struct Arguments {}

/// How a thing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Ok,
    Warning,
    Problem,
}

impl State {
    const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Check {
    pub name: &'static str,
    pub state: State,
    pub text: String,
}

impl Check {
    pub fn new(name: &'static str, state: State, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { name, state, text }
    }

    pub fn ok(name: &'static str, text: impl Into<String>) -> Self {
        Self::new(name, State::Ok, text)
    }

    pub fn warning(name: &'static str, text: impl Into<String>) -> Self {
        Self::new(name, State::Warning, text)
    }

    pub fn problem(name: &'static str, text: impl Into<String>) -> Self {
        Self::new(name, State::Problem, text)
    }
}

/// Looks at everything and tells.
///
/// # Errors
/// Configuration (78); stdout is gone, a stop signal came (130). Findings are no error.
pub fn run(common: &Common, _: &Arguments) -> Result<Exit, Failure> {
    let effective = sources::trade_configuration(common, true)?;
    start_log(&effective)?;
    let mut checks = configuration(&effective);
    checks.extend(doctor_machine::checks(&effective));
    checks.push(running(&effective));
    match Exchange::open(&effective, true) {
        Ok(exchange) => checks.extend(doctor_exchange::checks(&effective, exchange)?),
        Err(failure) => checks.push(Check::problem("exchange", failure.message)),
    }
    let problems = count(&checks, State::Problem);
    let warnings = count(&checks, State::Warning);
    super::report::print(&if common.json {
        as_json(&checks)
    } else {
        as_text(&checks, problems, warnings)
    })?;
    Ok(if problems > 0 {
        Exit::Failure
    } else {
        Exit::Success
    })
}

fn count(checks: &[Check], state: State) -> usize {
    checks.iter().filter(|check| check.state == state).count()
}

/// Mistakes end with 78 before this; here is what is odd.
fn configuration(effective: &Effective) -> Vec<Check> {
    const NAME: &str = "configuration";
    let mut checks = vec![Check::ok(
        NAME,
        format!(
            "{} on {}, {}, {}",
            effective.symbols().join(", "),
            effective.text("exchange.name"),
            effective.text("trading.interval"),
            if effective.flag("system.dry_run") {
                "paper"
            } else {
                "real orders"
            },
        ),
    )];
    let warnings = effective.warnings().iter();
    checks.extend(warnings.map(|warning| Check::warning(NAME, warning.as_str())));
    checks
}

fn running(effective: &Effective) -> Check {
    const NAME: &str = "bot";
    let path = socket(effective);
    match Bot::reach(&path) {
        Ok(None) => Check::ok(NAME, "none runs in this data directory"),
        Ok(Some(mut bot)) => match bot.ask(&json!({ "command": "status" })) {
            Ok(answer) => Check::ok(
                NAME,
                format!("one runs and answers, process {}", answer["status"]["pid"]),
            ),
            Err(failure) => Check::problem(NAME, failure.message),
        },
        Err(failure) => Check::problem(NAME, failure.message),
    }
}

fn as_json(checks: &[Check]) -> String {
    let list: Vec<_> = checks
        .iter()
        .map(|check| json!({ "name": check.name, "state": check.state.name(), "text": check.text }))
        .collect();
    let value = json!({
        "problems": count(checks, State::Problem),
        "warnings": count(checks, State::Warning),
        "checks": list,
    });
    format!("{value}\n")
}

fn as_text(checks: &[Check], problems: usize, warnings: usize) -> String {
    let mut text = String::new();
    for check in checks {
        let line = format!(
            "{:<8} {:<14} {}",
            check.state.name(),
            check.name,
            check.text
        );
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text.push_str(&match (problems, warnings) {
        (0, 0) => "nothing stands against trading\n".to_owned(),
        (0, _) => format!("nothing stands against trading; {warnings} to look at\n"),
        _ => format!("{problems} to mend first, {warnings} to look at\n"),
    });
    text
}
