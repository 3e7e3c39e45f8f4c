//! Which secret applies, and whether it looks like one of its kind. Messages never show a character
//! of it.

use super::effective::Effective;
use super::findings::Findings;
use super::gather::{Gathered, KeyCheck, SecretCandidate};
use super::key::{Key, Kind, SecretForm};
use super::value::Value;
use std::collections::BTreeMap;

/// Puts the winning secret of each key into `effective`: credentials folder, then `<NAME>_FILE`, then
/// environment, then `.env`.
pub(super) fn choose(
    effective: &mut Effective,
    gathered: &mut Gathered,
    check_private_key: Option<KeyCheck>,
    findings: &mut Findings,
) {
    let provider = effective.text("llm.provider").to_owned();
    let mut by_key: BTreeMap<&'static str, Vec<SecretCandidate>> = BTreeMap::new();
    for candidate in gathered.secrets.drain(..) {
        if candidate.key.name == "llm.api_key" && is_of_another(&candidate.name, &provider) {
            effective.warnings.push(format!(
                "{} is not used while llm.provider = {provider}",
                candidate.name
            ));
            continue;
        }
        by_key
            .entry(candidate.key.name)
            .or_default()
            .push(candidate);
    }
    for (name, mut candidates) in by_key {
        candidates.sort_by_key(|c| std::cmp::Reverse(c.source.secret_rank()));
        for pair in candidates.windows(2) {
            let [a, b] = pair else { continue };
            let same_place = a.source.secret_rank() == b.source.secret_rank();
            if same_place && a.secret != b.secret {
                findings.add(
                    name,
                    format!(
                        "{name}: {} (from {}) and {} (from {}) contradict each other; keep one",
                        a.name, a.source, b.name, b.source
                    ),
                );
            }
        }
        let Some(winner) = candidates.into_iter().next() else {
            continue;
        };
        let text = winner.secret.expose();
        let checked = match (winner.key.kind, check_private_key) {
            (Kind::Secret(SecretForm::CdpPrivateKey), Some(check)) => check(text),
            _ => check_form(winner.key, text),
        };
        if let Err(problem) = checked {
            findings.add_value(name, "***", &winner.source, &problem);
        }
        if let Some(entry) = effective.entries.get_mut(name) {
            entry.value = Value::Secret;
            entry.alias = alias(winner.key, &winner.name);
            entry.source = winner.source;
        }
        effective.secrets.insert(name, winner.secret);
    }
}

fn alias(key: &Key, name: &str) -> Option<String> {
    let stem = name.strip_suffix("_FILE").unwrap_or(name);
    let own =
        stem.eq_ignore_ascii_case(&key.environment_name()) || stem == key.name.replace('.', "_");
    (!own).then(|| name.to_owned())
}

/// Whether the name says that the key belongs to another provider.
fn is_of_another(name: &str, provider: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let openai = name.contains("OPENAI") && !matches!(provider, "openai" | "compatible");
    openai || (name.contains("ANTHROPIC") && provider != "anthropic")
}

/// Checks the form of a secret; the words help to mend it and hold nothing of it.
pub(super) fn check_form(key: &Key, text: &str) -> Result<(), String> {
    let Kind::Secret(form) = key.kind else {
        return Ok(());
    };
    if text.starts_with(['"', '\'']) || text.ends_with(['"', '\'']) {
        return Err("is surrounded by quotes; leave them out".to_owned());
    }
    if text.contains("\\n") {
        return Err(
            "holds \\n as two characters; put it in double quotes in .env, or use a file with real line breaks"
                .to_owned(),
        );
    }
    if text.trim() != text {
        return Err("begins or ends with a space or line break".to_owned());
    }
    match form {
        SecretForm::AtLeast(length) => at_least(text, length),
        SecretForm::CdpKeyName => cdp_key_name(text),
        SecretForm::CdpPrivateKey => Ok(()),
        SecretForm::SuiPrivateKey => sui_private_key(text),
    }
}

fn at_least(text: &str, length: usize) -> Result<(), String> {
    let count = text.chars().count();
    if count < length {
        return Err(format!(
            "has {count} characters; expected at least {length}"
        ));
    }
    if text.contains(char::is_whitespace) {
        return Err("holds a space or line break".to_owned());
    }
    Ok(())
}

fn cdp_key_name(text: &str) -> Result<(), String> {
    let parts: Vec<&str> = text.split('/').collect();
    let sound = match parts.as_slice() {
        ["organizations", organization, "apiKeys", key] => is_uuid(organization) && is_uuid(key),
        [key] => is_uuid(key),
        _ => false,
    };
    if sound {
        Ok(())
    } else {
        Err("expected organizations/{uuid}/apiKeys/{uuid}, or a bare uuid".to_owned())
    }
}

fn is_uuid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
}

fn sui_private_key(text: &str) -> Result<(), String> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    if digits.len() == 64 && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(());
    }
    let words = text.split_whitespace().count();
    let sound = text.starts_with("suiprivkey1")
        || base64_length(text) == Some(33)
        || (12..=24).contains(&words) && words.is_multiple_of(3);
    if sound {
        return Ok(());
    }
    if digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(format!(
            "has {} hexadecimal digits; expected 64",
            digits.len()
        ));
    }
    Err(
        "expected 64 hexadecimal digits, suiprivkey1..., base64 of 33 bytes, or 12 to 24 words"
            .to_owned(),
    )
}

/// Bytes that a base64 text stands for; `None` if it is none.
fn base64_length(text: &str) -> Option<usize> {
    let body = text.trim_end_matches('=');
    let padding = text.len() - body.len();
    let sound = body
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/');
    let whole = text.len().is_multiple_of(4) && padding <= 2;
    (sound && whole && !body.is_empty()).then(|| body.len() * 3 / 4)
}
