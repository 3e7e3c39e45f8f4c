//! The files that come with the program: valid, whole, and what the documents promise.

use super::fixture::Folder;
use crate::config::env_example;
use crate::config::keys;
use crate::config::tier::{TELLING_COUNT, TIERS, resembles};
use std::path::Path;

#[test]
fn every_tier_is_valid_without_a_warning_of_its_own_and_resembles_itself() {
    for tier in TIERS {
        let effective = Folder::new().json(tier.text).sound();
        assert!(
            effective.warnings().is_empty(),
            "{}: {:?}",
            tier.name,
            effective.warnings()
        );
        let (found, agreeing) = resembles(&effective);
        assert_eq!((found.name, agreeing), (tier.name, TELLING_COUNT));
        assert!(tier.text.contains("\"_comment\""));
    }
}

#[test]
fn all_tiers_state_the_same_keys() {
    let keys: Vec<Vec<&str>> = TIERS
        .iter()
        .map(|tier| tier.values().into_keys().collect())
        .collect();
    assert_eq!(keys[0], keys[1]);
    assert_eq!(keys[1], keys[2]);
}

#[test]
fn the_default_tier_repeats_the_defaults_except_the_memory_limit() {
    let plain = Folder::new().sound();
    for (key, value) in TIERS[1].values() {
        if key != "system.memory_limit_mb" {
            assert_eq!(plain.entry(key).value, value, "{key}");
        }
    }
}

#[test]
fn tiers_have_the_numbers_of_their_machines() {
    let expected = [
        ("system.max_concurrent_tasks", [2, 4, 6]),
        ("system.task_batch_size", [1, 2, 2]),
        (
            "functional_programming.max_concurrent_effects",
            [10, 25, 50],
        ),
        ("system.websocket_queue_size", [100, 200, 500]),
        ("indicators.candle_limit", [500, 1000, 2000]),
        ("risk.max_concurrent_trades", [1, 3, 5]),
        ("system.memory_limit_mb", [64, 128, 256]),
    ];
    for (index, tier) in TIERS.iter().enumerate() {
        let effective = Folder::new().json(tier.text).sound();
        assert_eq!(effective.threads(), index + 2);
        for (key, values) in expected {
            assert_eq!(effective.integer(key), values[index], "{} {key}", tier.name);
        }
    }
}

/// `MINNOW_BLESS=1` writes the file anew.
#[test]
fn the_example_of_dot_env_is_made_from_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(".env.example");
    let text = env_example::text();
    if std::env::var_os("MINNOW_BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap();
    assert!(
        committed == text,
        ".env.example differs from the table; MINNOW_BLESS=1 cargo test writes it anew"
    );
}

#[test]
fn the_example_of_dot_env_is_valid_with_every_line_put_in_force() {
    let active: String = env_example::text()
        .lines()
        .filter_map(|line| line.strip_prefix('#'))
        .filter(|line| line.split_once('=').is_some_and(|(n, _)| !n.contains(' ')))
        .filter(|line| !line.starts_with("CONFIG_FILE"))
        .map(|line| format!("{line}\n"))
        .collect();
    assert_eq!(active.lines().count(), keys::all().count() + 1);
    Folder::new().dot_env(&active).sound();
}
