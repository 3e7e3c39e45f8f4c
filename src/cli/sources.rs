//! From the arguments that every verb accepts, and the process environment, to a configuration.

use super::{Common, Exit, Failure};
use crate::config::{Effective, LIVE_CONFIRMATION, Secret, Sources, load};
use crate::exchange::coinbase::check_private_key;

/// The sources of this process: options, `.env`, environment.
pub fn of_process(common: &Common) -> Sources {
    let mut sources = Sources {
        config_file: common.config.clone(),
        defaults: common.defaults.clone(),
        env_file: common.env_file.clone(),
        sets: common.sets.clone(),
        check_private_key: Some(check_private_key),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn with_key(key: &str) -> Result<Effective, Failure> {
        load_or_fail(&Sources {
            environment: vec![("CDP_PRIVATE_KEY".to_owned(), key.to_owned())],
            without_files: true,
            ..of_process(&Common::default())
        })
    }

    fn pem(label: &str, body: &str) -> String {
        format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----")
    }

    /// The key of RFC 8410, 10.3.
    const ED25519: &str = "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC";

    #[test]
    fn every_form_of_a_private_key_that_signs_is_sound() {
        let whole = pem("PRIVATE KEY", ED25519);
        let seed = "1O5y2/kTWErVttjx92n4rTr+fCjL8dT74Jeoj0R1WEI=";
        let (first, second) = seed.split_at(20);
        for key in [
            whole.replace('\n', "\r\n"),
            whole.replace('\n', "\\n"),
            format!("{whole}\n"),
            seed.to_owned(),
            format!("{first}\n{second}\n"),
            format!("{first}\r\n  {second}"),
            whole,
        ] {
            let outcome = with_key(&key).map(drop);
            assert!(outcome.is_ok(), "{key:?}: {outcome:?}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_private_key_is_told_before_anybody_signs_with_it() {
        let secret = "c2VjcmV0c2VjcmV0c2VjcmV0";
        let p384 = "MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGe";
        for (key, why) in [
            (
                pem("ENCRYPTED PRIVATE KEY", secret),
                "is encrypted with a passphrase",
            ),
            (pem("PUBLIC KEY", secret), "is a public key"),
            (pem("PRIVATE KEY", p384), "is of another curve than P-256"),
            (
                format!("{{\"privateKey\":\"{secret}\"}}"),
                "only its field privateKey",
            ),
            (secret.to_owned(), "is base64 of 18 bytes"),
            (
                format!("-----BEGIN PRIVATE KEY-----\n{secret}"),
                "is cut off",
            ),
        ] {
            let failure = with_key(&key).map(drop).unwrap_err();
            let told = failure.message;
            assert!(
                told.contains(why) && told.contains("exchange.cdp_private_key = ***"),
                "{told}"
            );
            assert!(!told.contains(secret) && !told.contains(p384), "{told}");
        }
    }
}
