//! From sources to the configuration that applies, or to everything that is wrong with it.

use super::cross_rules;
use super::effective::{Effective, Entry, built_in};
use super::findings::Findings;
use super::gather::{Assignment, Gathered, Sources, gather};
use super::key::{Key, environment_name};
use super::live_rules;
use super::parse;
use super::presets;
use super::secret_choice;
use super::source::{Level, Source};
use super::tier;
use super::value::Value;
use super::warnings;
use std::collections::{BTreeMap, BTreeSet};

/// One statement with its type.
struct Typed {
    assignment: Assignment,
    value: Value,
}

/// Reads all sources and decides. Every mistake of every source is reported in one run; the order of
/// sources is built-in, file, `--default`, `.env`, environment, `--set` and named flags; `--dry-run`
/// wins over all of them.
pub fn load(sources: &Sources) -> Result<Effective, Findings> {
    let mut gathered = gather(sources);
    let mut findings = std::mem::take(&mut gathered.findings);
    let mut broken: BTreeSet<&'static str> = BTreeSet::new();
    let assignments = std::mem::take(&mut gathered.assignments);
    let dry_run_flag = assignments
        .iter()
        .any(|a| a.source == Source::Flag("--dry-run"));

    let mut typed: BTreeMap<(&'static str, Level), Vec<Typed>> = BTreeMap::new();
    for assignment in assignments {
        let key = assignment.key;
        match parse::parse(key, &assignment.raw) {
            Ok(value) => typed
                .entry((key.name, assignment.source.level()))
                .or_default()
                .push(Typed { assignment, value }),
            Err(problem) => {
                let shown = assignment.raw.shown(key);
                findings.add_value(key.name, &shown, &assignment.source, &problem);
                broken.insert(key.name);
            }
        }
    }
    let mut effective = Effective {
        entries: built_in(),
        secrets: BTreeMap::new(),
        warnings: std::mem::take(&mut gathered.warnings),
        config_file: gathered.config_file.take(),
        env_file: gathered.env_file.take(),
    };
    apply_state_directory(&mut effective, &gathered);
    // Ascending levels: each overwrites the one below.
    for ((name, _), statements) in typed {
        if let Some(winner) = choose(name, statements, &mut findings, &mut effective.warnings) {
            set(&mut effective, winner);
        } else {
            broken.insert(name);
        }
    }
    if dry_run_flag && let Some(entry) = effective.entries.get_mut("system.dry_run") {
        entry.value = Value::Bool(true);
        entry.source = Source::Flag("--dry-run");
        entry.alias = None;
    }
    presets::apply(&mut effective);
    mark_shipped(&mut effective);
    let check = sources.check_private_key;
    secret_choice::choose(&mut effective, &mut gathered, check, &mut findings);
    cross_rules::check(&effective, &broken, &mut findings);
    live_rules::check(&effective, &gathered, &mut findings);
    if !findings.is_empty() {
        return Err(findings);
    }
    let mut more = warnings::of(&effective, &gathered);
    effective.warnings.append(&mut more);
    Ok(effective)
}

fn apply_state_directory(effective: &mut Effective, gathered: &Gathered) {
    let entry = effective.entries.get_mut("data.directory");
    if let (Some(path), Some(entry)) = (&gathered.state_directory, entry) {
        entry.value = Value::Text(path.clone());
        entry.source = Source::StateDirectory;
    }
}

/// The statement that counts among those of one level; `None` when they contradict each other.
fn choose(
    key: &'static str,
    statements: Vec<Typed>,
    findings: &mut Findings,
    warnings: &mut Vec<String>,
) -> Option<Typed> {
    let mut chosen: Option<Typed> = None;
    let mut sound = true;
    for next in statements {
        let Some(previous) = &chosen else {
            chosen = Some(next);
            continue;
        };
        if previous.assignment.name == next.assignment.name {
            if previous.value != next.value {
                let name = &next.assignment.name;
                let option = &next.assignment.source;
                warnings.push(format!(
                    "{name} is given twice by {option}: the later one wins"
                ));
            }
            chosen = Some(next);
        } else if previous.value != next.value && !is_dry_run_flag(previous, &next) {
            let told = |t: &Typed| {
                let shown = t.assignment.raw.shown(t.assignment.key);
                format!(
                    "{} = {shown} (from {})",
                    t.assignment.name, t.assignment.source
                )
            };
            let (first, second) = (told(previous), told(&next));
            findings.add(
                key,
                format!("{key}: {first} and {second} contradict each other; keep one"),
            );
            sound = false;
        }
    }
    chosen.filter(|_| sound)
}

/// `--dry-run` wins over every other statement, so it contradicts none.
fn is_dry_run_flag(a: &Typed, b: &Typed) -> bool {
    [a, b]
        .iter()
        .any(|t| t.assignment.source == Source::Flag("--dry-run"))
}

fn set(effective: &mut Effective, winner: Typed) {
    let key = winner.assignment.key;
    if let Some(entry) = effective.entries.get_mut(key.name) {
        *entry = Entry {
            key,
            value: winner.value,
            alias: alias(key, &winner.assignment),
            source: winner.assignment.source,
            shipped: false,
        };
    }
}

/// The name it was stated by, where that is neither the key nor its form in the environment.
fn alias(key: &Key, assignment: &Assignment) -> Option<String> {
    let name = &assignment.name;
    let own = name == key.name
        || name.eq_ignore_ascii_case(&environment_name(key.name))
        || name.starts_with("--");
    (!own).then(|| name.clone())
}

/// Marks what came with the program: the start script's defaults, and values of a file that one of
/// the shipped tiers states too.
fn mark_shipped(effective: &mut Effective) {
    let in_file = effective.config_file.is_some();
    let tiers: Vec<_> = if in_file {
        tier::TIERS.iter().map(tier::Tier::values).collect()
    } else {
        Vec::new()
    };
    for entry in effective.entries.values_mut() {
        let stated =
            |values: &BTreeMap<&str, Value>| values.get(entry.key.name) == Some(&entry.value);
        entry.shipped = match entry.source {
            Source::StartDefault => true,
            Source::File { .. } => tiers.iter().any(stated),
            _ => false,
        };
    }
}
