//! A session run once more from its recording, under the configuration that its ledger keeps.
//!
//! Every state hash at a candle's close is held against the ledger's: what is kept of the run is
//! what happened then, or it is left out. No ledger is written, no loop runs.

use super::Failure;
use super::replay::Arguments;
use super::replay_start::{open_feeds, read_headers, turns_of};
use crate::config::identity::instance_head;
use crate::config::recorded::load_alone;
use crate::config::{Effective, FEE_KEYS, Recorded, keys};
use crate::core::Core;
use crate::core::effect::Effect;
use crate::core::modes::Turns;
use crate::core::settings::{Identity, Settings};
use crate::core::strategy::Wanted;
use crate::core::units::Timestamp;
use crate::report::explain::Again;
use crate::runtime::journal::Observer;
use crate::runtime::replay::Direct;
use crate::store::ledger::StoredSession;
use std::path::PathBuf;

/// A session that came to its end has left out what was damaged.
const SKIP_DAMAGED: bool = true;
/// Stated, it must be the recording's; the default gives way to that one.
const CURRENCY: &str = "paper_trading.currency";

/// Runs the session again and keeps what is wanted.
///
/// # Errors
/// In words: a configuration that this version does not take, or recordings that cannot be read.
pub fn run_again(
    session: &StoredSession,
    hashes: &[u64],
    files: Vec<PathBuf>,
    wanted: &[Option<Wanted>],
) -> Result<Again, String> {
    let words = |failure: Failure| failure.to_string();
    let effective = configuration_of(session)?;
    let headers = read_headers(&files, SKIP_DAMAGED).map_err(words)?;
    if headers.iter().any(|header| header.state.is_some()) {
        return Err("the recording starts from a recorded state".to_owned());
    }
    let turns = turns_of(&headers, &files).map_err(words)?;
    let identity = Identity {
        instance_head: instance_head(&headers[0].instance),
        session: session.name.clone(),
    };
    let settings: Settings = effective
        .for_core(&session.instruments, &identity)
        .map_err(|findings| findings.to_string())?;
    let arguments = window(session, files, turns);
    let opened = open_feeds(&arguments, &session.instruments).map_err(words)?;
    let feeds = opened.into_iter().map(|(_, feed, _)| feed).collect();
    let mut core = Core::new(settings, turns);
    for wish in wanted.iter().flatten() {
        core.explain(*wish);
    }
    let mut compare = Compare {
        hashes,
        seen: 0,
        differs_from: None,
    };
    let mut direct = Direct::new(core, feeds);
    direct
        .run(&mut compare)
        .map_err(|error| error.to_string())?;
    if compare.seen == 0 && !hashes.is_empty() {
        let names: Vec<String> = arguments
            .files
            .iter()
            .map(|f| f.display().to_string())
            .collect();
        return Err(format!(
            "{}: not the recording of this session, or this version decides otherwise: not even \
             its first candle leads to the state that the ledger holds",
            names.join(" ")
        ));
    }
    let mut kept = direct.core.take_explained().into_iter();
    let explained = wanted
        .iter()
        .map(|wish| {
            let explained = wish.and_then(|_| kept.next().flatten())?;
            let same = |from: Timestamp| explained.candle.open_time < from;
            compare.differs_from.is_none_or(same).then_some(explained)
        })
        .collect();
    Ok(Again {
        explained,
        compared: compare.equal(),
        differs_from: compare.differs_from,
        decisions: direct.core.counts().decisions,
    })
}

/// The part of the recordings that the session saw. A recorded session begins with its first entry,
/// whatever that is; history with the first row of its window.
fn window(session: &StoredSession, files: Vec<PathBuf>, turns: Turns) -> Arguments {
    let history = turns == Turns::History;
    Arguments {
        files,
        from: session.first_data.filter(|_| history),
        // What ends the window is not in it.
        to: session
            .last_data
            .filter(|_| history)
            .map(|last| Timestamp(last.0.saturating_add(1))),
        skip_damaged: SKIP_DAMAGED,
        ..Arguments::default()
    }
}

/// Holds the run against the ledger.
struct Compare<'a> {
    hashes: &'a [u64],
    seen: u64,
    differs_from: Option<Timestamp>,
}

impl Compare<'_> {
    fn equal(&self) -> u64 {
        self.seen.min(self.hashes.len() as u64)
    }
}

impl Observer for Compare<'_> {
    fn effect(&mut self, effect: &Effect) {
        if let Effect::Checkpoint(checkpoint) = effect
            && checkpoint.candle
            && self.differs_from.is_none()
        {
            let stored = self.hashes.get(self.seen as usize);
            if stored.is_some_and(|stored| *stored != checkpoint.hash) {
                self.differs_from = Some(checkpoint.time);
            } else {
                self.seen += 1;
            }
        }
    }
}

/// The session's configuration made again. Which default fees gave way to the recording's is not
/// stated in it: the fingerprint tells.
fn configuration_of(session: &StoredSession) -> Result<Effective, String> {
    let recorded = Recorded::parse(&session.configuration)?;
    let currency = Some(CURRENCY).filter(|name| recorded.is_built_in(name));
    let mut first = None;
    for stated in 0..1u32 << FEE_KEYS.len() {
        let fees = FEE_KEYS.iter().enumerate();
        let left_out: Vec<&str> = fees
            .filter(|(index, _)| stated & (1 << index) == 0)
            .map(|(_, name)| *name)
            .chain(currency)
            .collect();
        let sets = recorded.sets(|name| is_taken(name, &left_out));
        let effective = load_alone(sets, "explain").map_err(|findings| {
            format!("this version does not take its configuration: {findings}")
        })?;
        if effective.fingerprint() == session.fingerprint {
            return Ok(effective);
        }
        first.get_or_insert(effective);
    }
    // Another version may know other keys and still decide alike: the state hashes tell.
    first.ok_or_else(|| "the session's configuration cannot be made again".to_owned())
}

/// What the core reads of it.
fn is_taken(name: &str, left_out: &[&str]) -> bool {
    let key = keys::Names::shared().dotted(name);
    key.is_some_and(|key| !key.hides() && (key.core_reads || key.name == "trading.symbol"))
        && !left_out.contains(&name)
        && name != "system.dry_run"
}
