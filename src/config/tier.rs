//! The three tiers: configurations that come with the program, for machines of different size.

use super::effective::Effective;
use super::gather::Gathered;
use super::value::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// One shipped configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tier {
    pub name: &'static str,
    /// File name below `config/`.
    pub file: &'static str,
    /// Its whole text.
    pub text: &'static str,
    /// The machine it is for.
    pub machine: &'static str,
}

/// Smallest first.
pub const TIERS: [Tier; 3] = [
    Tier {
        name: "minimal",
        file: "minimal.json",
        text: include_str!("../../config/minimal.json"),
        machine: "single core, 256 MB",
    },
    Tier {
        name: "default",
        file: "concurrency_optimized.json",
        text: include_str!("../../config/concurrency_optimized.json"),
        machine: "single core, 512 MB",
    },
    Tier {
        name: "moderate",
        file: "moderate.json",
        text: include_str!("../../config/moderate.json"),
        machine: "2 or more cores, 1 GB",
    },
];

/// Keys that tell the tiers apart.
const TELLING: [&str; 7] = [
    "system.max_concurrent_tasks",
    "system.task_batch_size",
    "system.thread_pool_size",
    "functional_programming.max_concurrent_effects",
    "system.websocket_queue_size",
    "indicators.candle_limit",
    "risk.max_concurrent_trades",
];

impl Tier {
    /// The values that its file states.
    pub fn values(&self) -> BTreeMap<&'static str, Value> {
        let mut gathered = Gathered::new(Path::new(""));
        gathered.take_config_text(self.file, self.text);
        gathered
            .assignments
            .iter()
            .filter_map(|a| Some((a.key.name, super::parse::parse(a.key, &a.raw).ok()?)))
            .collect()
    }
}

/// The tier that a configuration is nearest to, and how many of the telling keys agree; the smaller
/// tier when two are equally near.
pub fn resembles(effective: &Effective) -> (Tier, usize) {
    let mut best = (TIERS[0], 0);
    for tier in TIERS {
        let values = tier.values();
        let agreeing = TELLING
            .iter()
            .filter(|key| values.get(*key) == Some(&effective.entry(key).value))
            .count();
        if agreeing > best.1 {
            best = (tier, agreeing);
        }
    }
    best
}

/// How many keys tell the tiers apart.
pub const TELLING_COUNT: usize = TELLING.len();
