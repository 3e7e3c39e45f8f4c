//! `minnow record`: the trades of the configured symbols into a recording, for as long as wanted.
//!
//! Needs no key and no ledger. The recording is a folder of segments that any configuration replays;
//! old segments go when all recordings together pass `recording.max_total_mb`.

use super::exchange::{Exchange, products_call, products_of};
use super::logging::start_log;
use super::replay::loop_settings;
use super::trade_start::{clock_offset, market};
use super::{Common, Exit, Failure, sources};
use crate::config::Effective;
use crate::core::orders::client_id::base32;
use crate::core::units::{Span, Stamp, Timestamp};
use crate::exchange::calls::Call;
use crate::exchange::orders::Product;
use crate::runtime::clock::monotonic_ns;
use crate::runtime::live::{Patience, Retention, Tape, TapeSettings};
use crate::runtime::replay::Recorder;
use crate::runtime::{EventLoop, clock};
use crate::store::recording::{Header, LineWriter, TurnKind};
use serde_json::json;
use std::io::Write;
use std::path::{Path, PathBuf};

#[derive(Clone, Debug, Default, clap::Args)]
pub struct Arguments {
    /// Folder to make and write into, outside of the bound of recordings [default: one named by the
    /// time, in the folder of recordings]
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
    /// End after so many seconds, the start among them, instead of at a signal
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub seconds: Option<u32>,
}

/// Records until it is stopped.
///
/// # Errors
/// Configuration (78); the folder cannot be made or written, or the exchange refuses (1).
pub fn run(common: &Common, arguments: &Arguments) -> Result<Exit, Failure> {
    let effective = sources::paper_configuration(common, "record")?;
    let mut exchange = Exchange::open(&effective, false)?;
    start_log(&effective)?;
    exchange.heed_the_bots_quiet(&effective);
    let symbols = effective.symbols();
    let questions = vec![Call::ServerTime, products_call(&symbols)];
    // The time that was given is all of it: what the start takes of it is not recorded.
    let limit = arguments.seconds.map(|n| Span::from_secs(n.into()));
    let end = limit.map(|limit| monotonic_ns().saturating_add(limit.0));
    let patience = end.map_or(Patience::UntilAnswered, Patience::Until);
    let (mut exchange, answers) = exchange
        .ask(&effective, questions, patience)
        .map_err(|failure| in_time(failure, arguments))?;
    let products = products_of(&symbols, &answers)?;
    exchange.codec.learn(&products);
    let offset = clock_offset(&answers);
    let started = Timestamp(clock::stamp().wall.0.saturating_add(offset));
    let session = base32((started.0 / 1_000_000_000).unsigned_abs(), 5);
    let folder = arguments.out.clone().unwrap_or_else(|| {
        let text = started.to_string();
        let time: String = text.chars().take(19).filter(|c| *c != ':').collect();
        effective
            .recording_directory()
            .join(format!("{time}-{session}-market"))
    });
    let recorder = recorder(&effective, &products, &session, started, &folder)?;
    let retention = Retention {
        directory: effective.recording_directory(),
        max_bytes: (effective.count("recording.max_total_mb") as u64) << 20,
        active: folder.clone(),
    };
    let settings = TapeSettings {
        markets: products.iter().map(market).collect(),
        tls: exchange.tls.clone(),
        names: exchange.names.clone(),
        stage_limit: effective.seconds("system.async_timeout"),
        silence: effective.seconds("exchange.websocket_timeout"),
        stale_after: effective.seconds("data.stale_after_seconds"),
        reconnect_attempts: effective.count("exchange.websocket_reconnect_attempts") as u32,
        seed: started.0.unsigned_abs(),
        clock_offset: offset,
        started,
        limit: end.map(|end| Span(end.saturating_sub(monotonic_ns()).max(0))),
        retention: arguments.out.is_none().then_some(retention),
    };
    let mut tape = Tape::new(exchange.codec, settings, recorder)
        .map_err(|text| Failure::new(Exit::Configuration, format!("config: {text}")))?;
    let end = EventLoop::new(loop_settings(&effective))
        .and_then(|machine| machine.run(&mut tape))
        .map_err(|error| Failure::run_time(format!("the event loop failed: {error}")))?;
    tell(common, &tape, &folder)?;
    match tape.failure() {
        Some(text) => Err(Failure::run_time(text)),
        None if end.exit_code() == 0 => Ok(Exit::Success),
        None => Ok(Exit::Unresolved),
    }
}

/// The words for an exchange that did not answer within the time for all of it.
fn in_time(failure: Failure, arguments: &Arguments) -> Failure {
    match (failure.exit, arguments.seconds) {
        (Exit::Unresolved, Some(seconds)) => Failure::run_time(format!(
            "the exchange did not answer within {seconds} s: nothing is recorded"
        )),
        _ => failure,
    }
}

/// The recording, begun.
fn recorder(
    effective: &Effective,
    products: &[Product],
    session: &str,
    started: Timestamp,
    folder: &Path,
) -> Result<Recorder, Failure> {
    let instruments = products.iter().map(|p| p.instrument.clone()).collect();
    let header = Header {
        // As imported history: nothing was decided, stamps are the exchange's time.
        turns: TurnKind::Bulk,
        session: session.to_owned(),
        instance: "record".to_owned(),
        started: Stamp::of_history(started),
        origin: format!("{}, market data", effective.text("exchange.name")),
        ..Header::new(instruments)
    };
    let megabytes = effective.count("recording.segment_mb") as u32;
    let writer = LineWriter::create_folder(folder, &header, megabytes, true)?;
    Ok(Recorder::new(writer))
}

/// What there is now.
fn tell(common: &Common, tape: &Tape, folder: &Path) -> Result<(), Failure> {
    let counts = &tape.counts;
    if common.json {
        let value = json!({
            "folder": folder,
            "trades": counts.trades,
            "first": tape.span().map(|(first, _)| first.to_string()),
            "last": tape.span().map(|(_, last)| last.to_string()),
            "gaps": counts.gaps,
            "late": counts.late,
            "frames_refused": counts.frames_refused,
        });
        return super::report::print(&format!("{value}\n"));
    }
    let span = tape.span().map_or_else(
        || "nothing was traded".to_owned(),
        |(first, last)| format!("{first} to {last}"),
    );
    // Nobody is left to tell when stderr is gone.
    let _ = writeln!(
        std::io::stderr(),
        "record: {}: {} trades, {} gaps, {span}",
        folder.display(),
        counts.trades,
        counts.gaps
    );
    Ok(())
}
