//! What live trading needs. All of it is named at once when any is missing.

use super::effective::Effective;
use super::findings::Findings;
use super::gather::Gathered;
use super::keys::LIVE_CONFIRMATION;
use super::rules::is_loopback;

/// Exchanges that this version can send real orders to.
const BUILT: &[&str] = &["coinbase", "venue"];

/// Reports what stands against live trading; nothing in a dry run, except a contradiction about the
/// mode.
pub(super) fn check(effective: &Effective, gathered: &Gathered, findings: &mut Findings) {
    trading_mode(effective, gathered, findings);
    if effective.flag("system.dry_run") {
        return;
    }
    let exchange = effective.text("exchange.name");
    let mut report = |key: &str, problem: &str| {
        let entry = effective.entry(key);
        findings.add_value(key, &entry.shown(), &entry.source, problem);
    };
    if !is_local_venue(effective) {
        if effective.text("system.environment") == "development" {
            report(
                "system.environment",
                "development refuses live trading (system.dry_run = false); allowed production",
            );
        }
        if effective.text("trading.live_confirmation") != LIVE_CONFIRMATION {
            report(
                "trading.live_confirmation",
                &format!(
                    "live trading needs --live-confirm, or exactly \"{LIVE_CONFIRMATION}\" here"
                ),
            );
        }
    }
    if exchange == "none" {
        report("exchange.name", "live trading needs an exchange");
    } else if !BUILT.contains(&exchange) {
        report(
            "exchange.name",
            &format!(
                "live trading on {exchange} is not built yet; this version trades on paper only (system.dry_run = true)"
            ),
        );
    }
    for key in missing_credentials(effective, exchange) {
        let name = effective.entry(key).key.environment_name();
        report(
            key,
            &format!("live trading on {exchange} needs it; set {name}"),
        );
    }
    let provider = effective.text("llm.provider");
    let keyed = !matches!(provider, "ollama" | "compatible");
    if effective.text("strategy.type") == "llm"
        && keyed
        && effective.secret("llm.api_key").is_none()
    {
        report(
            "llm.api_key",
            "strategy.type = llm needs a key; set LLM__API_KEY",
        );
    }
    for exposed in &gathered.exposed {
        findings.add(
            &exposed.path,
            format!(
                "{} holds a secret and others may read it (mode {:04o}): live trading needs mode 0600",
                exposed.path, exposed.mode
            ),
        );
    }
}

/// `TRADING_MODE` never switches anything: it only must not contradict the master switch.
fn trading_mode(effective: &Effective, gathered: &Gathered, findings: &mut Findings) {
    let Some((mode, source)) = &gathered.trading_mode else {
        return;
    };
    let shown = super::value::quote(mode);
    let mut add = |problem: &str| findings.add_value("TRADING_MODE", &shown, source, problem);
    match mode.to_ascii_lowercase().as_str() {
        "live" => {}
        "paper" if effective.flag("system.dry_run") => {}
        "paper" => {
            let stated = effective.entry("system.dry_run").stated();
            add(&format!("contradicts {stated}"));
        }
        _ => add("allowed paper, live"),
    }
}

/// The local venue knows no real money.
fn is_local_venue(effective: &Effective) -> bool {
    let local = |address: &str| {
        let rest = address.split("://").nth(1);
        let host = rest.and_then(|rest| rest.split('/').next());
        host.is_some_and(is_loopback)
    };
    let stream = effective.text("exchange.ws_url");
    effective.text("exchange.name") == "venue"
        && local(effective.text("exchange.base_url"))
        && (stream.is_empty() || local(stream))
}

fn missing_credentials(effective: &Effective, exchange: &str) -> Vec<&'static str> {
    let set = |key: &&'static str| effective.secret(key).is_some();
    let needed: &[&'static str] = match exchange {
        // The older kind of key (a shared secret) is not taken by this interface any more.
        "coinbase" | "venue" => &["exchange.cdp_api_key_name", "exchange.cdp_private_key"],
        "bluefin" => &["exchange.bluefin_private_key"],
        "binance" => &["exchange.binance_api_key", "exchange.binance_api_secret"],
        _ => &[],
    };
    needed.iter().filter(|key| !set(key)).copied().collect()
}
