//! From the arguments that every verb accepts, and the process environment, to a configuration.

use super::{Common, Exit, Failure};
use crate::config::{Effective, LIVE_CONFIRMATION, Secret, Sources, load};

/// The sources of this process: options, `.env`, environment.
pub fn of_process(common: &Common) -> Sources {
    let mut sources = Sources {
        config_file: common.config.clone(),
        defaults: common.defaults.clone(),
        env_file: common.env_file.clone(),
        sets: common.sets.clone(),
        ..Sources::default()
    };
    for (name, value) in std::env::vars_os() {
        // A name that is no text is none of ours.
        let Ok(name) = name.into_string() else {
            continue;
        };
        match value.into_string() {
            Ok(value) => sources.environment.push((name, value)),
            Err(_) => sources.environment_not_text.push(name),
        }
    }
    sources.environment.sort();
    sources.environment_not_text.sort();
    if common.dry_run {
        sources
            .named
            .push(("system.dry_run", "true".to_owned(), "--dry-run"));
    }
    if let Some(level) = &common.log_level {
        sources
            .named
            .push(("system.log_level", level.clone(), "--log-level"));
    }
    sources
}

/// Loads the configuration of this process; every mistake in one failure with status 78.
pub fn configuration(common: &Common) -> Result<Effective, Failure> {
    loaded(of_process(common))
}

/// The same for trading; `--live-confirm` says what `trading.live_confirmation` would.
pub fn trade_configuration(common: &Common, live_confirm: bool) -> Result<Effective, Failure> {
    let mut sources = of_process(common);
    if live_confirm {
        sources.named.push((
            "trading.live_confirmation",
            LIVE_CONFIRMATION.to_owned(),
            "--live-confirm",
        ));
    }
    loaded(sources)
}

/// The same for a verb that is always in paper mode.
pub fn paper_configuration(common: &Common, verb: &'static str) -> Result<Effective, Failure> {
    let mut sources = of_process(common);
    if !common.dry_run {
        // It sends no order; a file that says dry_run = false is no mistake here.
        let always = ("system.dry_run", "true".to_owned(), verb);
        sources.named.push(always);
    }
    loaded(sources)
}

fn loaded(mut sources: Sources) -> Result<Effective, Failure> {
    let outcome = load_or_fail(&sources);
    // Values may be secrets: this copy of the environment is wiped.
    for (_, value) in sources.environment.drain(..) {
        drop(Secret::new(value));
    }
    outcome
}

/// Loads from these sources; every mistake in one failure with status 78.
pub fn load_or_fail(sources: &Sources) -> Result<Effective, Failure> {
    load(sources).map_err(|findings| Failure::new(Exit::Configuration, findings.to_string()))
}
