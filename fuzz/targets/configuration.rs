//! A configuration file, a `.env` and `--set` texts, divided by lines `---`, through the loader.

#![no_main]

use libfuzzer_sys::fuzz_target;
use minnow::config::{Effective, Findings, Sources, load};
use minnow::core::market::{Instrument, ProductKind};
use minnow::core::settings::Identity;
use minnow::core::units::Decimal;
use minnow_fuzz::{recording, scratch};
use std::path::PathBuf;

/// Stands in every secret, and must stand in no message.
const MARKER: &str = "Zq7SecretMarkerZq7SecretMarkerZq7";

fuzz_target!(|bytes: &[u8]| {
    let mut parts = divide(bytes).into_iter();
    let file = parts.next().unwrap_or_default();
    let env = parts.next().unwrap_or_default();
    scratch::file("input.env", env);
    let mut sources = Sources {
        config_file: Some(scratch::file("input.json", file)),
        env_file: Some(PathBuf::from("input.env")),
        directory: scratch::folder().clone(),
        environment: secrets(),
        ..Sources::default()
    };
    let sets = String::from_utf8_lossy(parts.next().unwrap_or_default());
    sources.sets = sets.lines().map(str::to_owned).collect();
    let outcome = load(&sources);
    let told = outcome.as_ref().map_or_else(refusal, messages);
    let hides = !bytes.windows(MARKER.len()).any(|w| w == MARKER.as_bytes());
    for line in &told {
        recording::assert_one_line(line);
        assert!(!hides || !line.contains(MARKER), "a secret is shown");
    }
    let again = load(&sources);
    assert_eq!(told, again.as_ref().map_or_else(refusal, messages));
    if let Ok(effective) = &outcome {
        for_the_core(effective);
        check_own_words(effective);
    }
});

fn divide(bytes: &[u8]) -> Vec<&[u8]> {
    const DIVIDER: &[u8] = b"\n---\n";
    let mut parts = Vec::new();
    let mut rest = bytes;
    while let Some(at) = rest.windows(DIVIDER.len()).position(|w| w == DIVIDER) {
        parts.push(&rest[..at + 1]);
        rest = &rest[at + DIVIDER.len()..];
    }
    parts.push(rest);
    parts
}

fn secrets() -> Vec<(String, String)> {
    [
        "BINANCE_API_KEY",
        "LLM__API_KEY",
        "API__TOKEN",
        "NOTIFICATIONS__TELEGRAM_TOKEN",
    ]
    .map(|name| (name.to_owned(), format!("{MARKER}{name}")))
    .to_vec()
}

/// What is said of a configuration that cannot be used, a mistake a line.
fn refusal(findings: &Findings) -> Vec<String> {
    assert!(!findings.is_empty(), "refused without a reason");
    let list = findings.list().iter();
    let lines: Vec<String> = list.map(|finding| finding.text.clone()).collect();
    let text = findings.to_string();
    assert!(text.lines().count() >= lines.len());
    assert!(
        text.lines().all(|line| line.starts_with("config: ")),
        "{text}"
    );
    lines
}

/// What is said of a configuration that can be used.
fn messages(effective: &Effective) -> Vec<String> {
    let mut lines: Vec<String> = effective.entries().map(|entry| entry.stated()).collect();
    lines.extend_from_slice(effective.warnings());
    lines.extend(effective.without_effect());
    lines.extend(effective.notices());
    let recordable = effective.recordable();
    lines.push(serde_json::to_string(&recordable).expect("plain values are JSON"));
    lines
}

/// A sound configuration gives the core its settings.
fn for_the_core(effective: &Effective) {
    let instrument = Instrument {
        symbol: "BTC-PERP".to_owned(),
        kind: ProductKind::Perpetual,
        currency: "USD".to_owned(),
        tick: Decimal::new(5, 1),
        lot: Decimal::new(1, 3),
        contract_value: Decimal::ONE,
        min_quantity: Decimal::new(1, 3),
        min_notional: Decimal::ZERO,
        maker_fee: None,
        taker_fee: None,
        protective: Default::default(),
        max_leverage: None,
        origin: String::new(),
    };
    let identity = Identity {
        instance_head: "abc234".to_owned(),
        session: "q7xyz".to_owned(),
    };
    match effective.for_core(&[instrument], &identity) {
        Ok(settings) => assert_eq!(settings.paper.fees.len(), 1),
        Err(findings) => assert!(!findings.is_empty()),
    }
    let _ = (
        effective.threads(),
        effective.task_batch_size(),
        effective.symbols(),
    );
}

/// The values that apply, written as a file, are a configuration with the same values.
fn check_own_words(effective: &Effective) {
    let mut text = String::from("{");
    let mut open: Vec<&str> = Vec::new();
    let mut first = true;
    for entry in effective.entries().filter(|entry| !entry.key.hides()) {
        let mut path: Vec<&str> = entry.key.name.split('.').collect();
        let name = path.pop().expect("a name has a part");
        let same = open.iter().zip(&path).take_while(|(a, b)| a == b).count();
        for _ in same..open.len() {
            text.push('}');
        }
        for section in &path[same..] {
            text.push_str(if first { "" } else { "," });
            text.push_str(&format!("\"{section}\":{{"));
            first = true;
        }
        text.push_str(if first { "" } else { "," });
        text.push_str(&format!("\"{name}\":{}", entry.value));
        first = false;
        open = path;
    }
    text.extend(open.iter().map(|_| '}'));
    text.push('}');
    let sources = Sources {
        config_file: Some(scratch::file("own.json", text.as_bytes())),
        env_file: Some(scratch::file("own.env", b"")),
        directory: scratch::folder().clone(),
        ..Sources::default()
    };
    let again = load(&sources).unwrap_or_else(|findings| panic!("{findings}\n{text}"));
    for entry in effective.entries().filter(|entry| !entry.key.hides()) {
        assert_eq!(
            again.entry(entry.key.name).value,
            entry.value,
            "{}",
            entry.key.name
        );
    }
}
