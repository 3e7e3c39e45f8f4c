//! Whether the plan of memory names every bound of the code: a new constant that counts or limits
//! something must be put into the plan, or into this table with the reason why it is not in it.

#[path = "../support/source.rs"]
mod source;
mod table;

use std::collections::BTreeMap;
use std::path::Path;
use table::Role::{self, Planned};
use table::TABLE;

fn sizes_of_the_code() -> BTreeMap<String, Vec<(usize, String)>> {
    let rooms = ["core", "log", "exchange", "report", "runtime", "store"];
    let folders = rooms.map(|room| format!("src/{room}"));
    let folders: Vec<&str> = folders.iter().map(String::as_str).collect();
    source::sources(Path::new(env!("CARGO_MANIFEST_DIR")), &folders)
        .into_iter()
        .map(|source| (source.name.clone(), source.sizes()))
        .filter(|(_, sizes)| !sizes.is_empty())
        .collect()
}

fn role(file: &str, name: &str) -> Option<Role> {
    let (_, rows) = TABLE.iter().find(|(of, _)| *of == file)?;
    rows.iter()
        .find(|(of, _)| *of == name)
        .map(|(_, role)| *role)
}

#[test]
fn every_size_of_the_code_is_planned_or_has_its_reason() {
    let mut missing = Vec::new();
    for (file, sizes) in sizes_of_the_code() {
        for (line, name) in sizes {
            if role(&file, &name).is_none() {
                missing.push(format!("{file}:{line}: {name}"));
            }
        }
    }
    let missing = missing.join("\n  ");
    assert!(missing.is_empty(), "not in the table:\n  {missing}");
}

#[test]
fn the_table_names_nothing_that_is_gone() {
    let code = sizes_of_the_code();
    for (file, rows) in TABLE {
        for (name, _) in *rows {
            let there = code
                .get(*file)
                .is_some_and(|sizes| sizes.iter().any(|(_, size)| size == name));
            assert!(there, "{file}: {name}");
        }
    }
}

#[test]
fn the_plan_names_every_constant_that_bounds_a_buffer() {
    let effective = minnow::config::load(&minnow::config::Sources {
        directory: "/nonexistent".into(),
        ..Default::default()
    })
    .unwrap_or_else(|findings| panic!("{findings}"));
    let bounds: Vec<&str> = minnow::cli::plan::buffers(&effective, 1)
        .iter()
        .flat_map(|buffer| buffer.bound.split([',', ':', ' ']))
        .collect();
    for (file, rows) in TABLE {
        for (name, _) in rows.iter().filter(|(_, role)| *role == Planned) {
            let named = bounds.contains(name);
            assert!(named, "{file}: {name} is in no row of the plan");
        }
    }
    for key in [
        "indicators.candle_limit",
        "trading.symbols",
        "orderbook.depth_levels",
        "orderbook.rest_levels",
        "system.thread_pool_size",
        "functional_programming.max_concurrent_effects",
        "logging.log_buffer_size",
    ] {
        assert!(bounds.contains(&key), "{key} is in no row of the plan");
    }
}
