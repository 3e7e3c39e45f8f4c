//! What a replay starts from: its recordings, their instruments, the core's first state.

use super::replay::Arguments;
use super::{Exit, Failure};
use crate::config::Effective;
use crate::config::identity::instance_head;
use crate::core::Core;
use crate::core::market::{Instrument, SymbolId};
use crate::core::modes::Turns;
use crate::core::settings::{Identity, Settings};
use crate::core::snapshot::Snapshot;
use crate::runtime::replay::{Feed, Recorder, Window};
use crate::store::ledger::BatchLimits;
use crate::store::recording::{Header, LineWriter, OpenOptions, SymbolTable, TurnKind, open};
use std::path::PathBuf;

/// Everything that the loop is given.
pub struct Start {
    pub core: Core,
    pub feeds: Vec<Feed>,
    /// Size of the recordings where that tells how far a replay is.
    pub bytes: Option<u64>,
    /// The recording was made under this very configuration: its state hashes must come again.
    pub verify: bool,
    pub recorder: Option<Recorder>,
    pub batches: BatchLimits,
}

/// The header that a reading begins with, the feed, and the size of what it reads if that is known.
pub type Opened = (Header, Feed, Option<u64>);

impl Start {
    /// # Errors
    /// A recorded state that does not fit (1), or a folder that cannot take a recording (1).
    pub fn new(
        arguments: &Arguments,
        effective: &Effective,
        settings: Settings,
        turns: Turns,
        opened: Vec<Opened>,
    ) -> Result<Self, Failure> {
        let bytes = opened.iter().map(|(_, _, size)| *size).sum();
        let (headers, feeds): (Vec<Header>, Vec<Feed>) = opened
            .into_iter()
            .map(|(header, feed, _)| (header, feed))
            .unzip();
        let fingerprint = effective.fingerprint();
        // A core that begins within recorded inputs has another past than the recording's.
        let begins_within = arguments.from.is_some() && headers[0].state.is_none();
        let verify = headers.len() == 1 && headers[0].fingerprint == fingerprint && !begins_within;
        let state = headers[0].state.as_ref().filter(|_| headers.len() == 1);
        let recorder = match &arguments.record {
            Some(folder) => {
                let header = session_header(&headers[0], effective, &settings, turns);
                let megabytes = effective.count("recording.segment_mb") as u32;
                let writer = LineWriter::create_folder(folder, &header, megabytes, true)?;
                Some(Recorder::new(writer.rotating_by_hand()))
            }
            None => None,
        };
        let core = match state {
            None => Core::new(settings, turns),
            Some(state) if verify => {
                let name = arguments.files[0].display();
                let snapshot: Snapshot = serde_json::from_str(state.get()).map_err(|error| {
                    Failure::run_time(format!("{name}: the state it starts from: {error}"))
                })?;
                Core::restore(settings, turns, snapshot).map_err(|error| {
                    Failure::run_time(format!("{name}: the state it starts from: {error}"))
                })?
            }
            Some(_) => {
                return Err(Failure::run_time(format!(
                    "{}: this segment starts from a state under another configuration \
                     (fingerprint {:.16}, now {fingerprint:.16}): replay the session from its \
                     beginning, or use its configuration",
                    arguments.files[0].display(),
                    headers[0].fingerprint,
                )));
            }
        };
        Ok(Self {
            core,
            feeds,
            bytes,
            verify,
            recorder,
            batches: match turns {
                Turns::History => BatchLimits::REPLAY,
                Turns::Session => BatchLimits::SESSION,
            },
        })
    }
}

/// Header of a session that is recorded while this recording is replayed.
fn session_header(
    source: &Header,
    effective: &Effective,
    settings: &Settings,
    turns: Turns,
) -> Header {
    Header {
        turns: match turns {
            Turns::History => TurnKind::Bulk,
            Turns::Session => TurnKind::Session,
        },
        session: settings.identity.session.clone(),
        instance: source.instance.clone(),
        fingerprint: effective.fingerprint(),
        settings: effective.recordable(),
        seed: settings.seed,
        execution: settings.execution,
        started: source.started,
        origin: source.origin.clone(),
        ..Header::new(settings.instruments.clone())
    }
}

/// The header of each recording; where damage is skipped, from its copy at the end if need be.
pub fn read_headers(files: &[PathBuf], skip_damaged: bool) -> Result<Vec<Header>, Failure> {
    let options = OpenOptions {
        skip_damaged,
        ..OpenOptions::default()
    };
    files
        .iter()
        .map(|file| {
            let opened = open(file, &options)?;
            Ok(opened.header)
        })
        .collect()
}

/// The core's settings for the recordings with these headers.
///
/// # Errors
/// Symbols or a currency that the recordings do not have (78), grids that differ (1).
pub fn core_settings(effective: &Effective, headers: &[Header]) -> Result<Settings, Failure> {
    let instruments = choose_instruments(effective, headers)?;
    let identity = Identity {
        instance_head: instance_head(&headers[0].instance),
        session: session_name(&headers[0]),
    };
    let mut settings = effective
        .for_core(&instruments, &identity)
        .map_err(|findings| Failure::new(Exit::Configuration, findings.to_string()))?;
    // What the venue said stands in the recording, of the orders of this very configuration; under
    // another one there are other orders, and the paper account fills them.
    if let [header] = headers
        && header.fingerprint == effective.fingerprint()
    {
        settings.execution = header.execution;
    }
    Ok(settings)
}

/// The configured symbols in their order, or all of the recordings when none is configured.
fn choose_instruments(
    effective: &Effective,
    headers: &[Header],
) -> Result<Vec<Instrument>, Failure> {
    let mut recorded: Vec<&Instrument> = Vec::new();
    for instrument in headers.iter().flat_map(|header| &header.instruments) {
        match recorded
            .iter()
            .find(|known| known.symbol == instrument.symbol)
        {
            None => recorded.push(instrument),
            Some(known) if (known.tick, known.lot) == (instrument.tick, instrument.lot) => {}
            Some(known) => {
                return Err(Failure::run_time(format!(
                    "{} has tick {} and lot {} in one recording, tick {} and lot {} in another: \
                     expected the same grid",
                    known.symbol, known.tick, known.lot, instrument.tick, instrument.lot
                )));
            }
        }
    }
    let stated = effective.entry("trading.symbol").is_explicit()
        || effective.entry("trading.symbols").is_explicit();
    if !stated {
        return Ok(recorded.into_iter().cloned().collect());
    }
    let known: Vec<&str> = recorded.iter().map(|i| i.symbol.as_str()).collect();
    effective
        .symbols()
        .into_iter()
        .map(|symbol| {
            recorded
                .iter()
                .find(|instrument| instrument.symbol == symbol)
                .map(|instrument| (*instrument).clone())
                .ok_or_else(|| {
                    Failure::new(
                        Exit::Configuration,
                        format!(
                            "config: trading.symbols: {symbol} is not in the recording; it holds {}",
                            known.join(", ")
                        ),
                    )
                })
        })
        .collect()
}

/// How time reaches the core: one session, or any number of imported histories.
pub fn turns_of(headers: &[Header], files: &[PathBuf]) -> Result<Turns, Failure> {
    let sessions = headers
        .iter()
        .filter(|h| h.turns == TurnKind::Session)
        .count();
    match (sessions, headers.len()) {
        (0, _) => Ok(Turns::History),
        (1, 1) => Ok(Turns::Session),
        _ => {
            let index = headers
                .iter()
                .position(|h| h.turns == TurnKind::Session)
                .unwrap_or(0);
            Err(Failure::run_time(format!(
                "{} is a recorded session: it can only be replayed alone",
                files[index].display()
            )))
        }
    }
}

/// Five base32 digits; a recording that has none is named by its position in time.
pub(super) fn session_name(header: &Header) -> String {
    if header.session.is_empty() {
        let start = header.started.wall.0.unsigned_abs();
        crate::core::orders::client_id::base32(start / 1_000_000_000, 5)
    } else {
        header.session.clone()
    }
}

/// The recordings ready to be read, with the headers that this reading begins with.
pub fn open_feeds(
    arguments: &Arguments,
    instruments: &[Instrument],
) -> Result<Vec<Opened>, Failure> {
    let names = instruments
        .iter()
        .zip(0u16..)
        .map(|(instrument, id)| (instrument.symbol.clone(), SymbolId(id)))
        .collect();
    let options = OpenOptions {
        skip_damaged: arguments.skip_damaged,
        symbols: SymbolTable::Named(names),
        from: arguments.from,
    };
    let window = Window {
        from: arguments.from,
        to: arguments.to,
    };
    arguments
        .files
        .iter()
        .map(|file| {
            let opened = open(file, &options)?;
            let size = opened
                .reader
                .is_block_form()
                .then(|| std::fs::metadata(file).ok().map(|m| m.len()))
                .flatten();
            // A segment that brings its state is replayed from its first input: what lies before
            // `from` in it has changed that state.
            let window = Window {
                from: window.from.filter(|_| opened.header.state.is_none()),
                ..window
            };
            Ok((opened.header.clone(), Feed::new(opened, window), size))
        })
        .collect()
}
