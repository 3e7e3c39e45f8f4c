//! The ledger of a replay: where it lies, what its session says, how it is closed.

use super::Failure;
use crate::config::Effective;
use crate::core::Core;
use crate::core::records::{EquityKind, EquityPoint};
use crate::core::risk::limits::Period;
use crate::core::settings::Settings;
use crate::core::units::Timestamp;
use crate::report::accumulator::SymbolEnding;
use crate::report::{Accumulator, Ending as RunEnding};
use crate::runtime::journal::Journal;
use crate::runtime::replay::Outcome;
use crate::store::ledger::paths::replay_path;
use crate::store::ledger::{LimitRow, Mode, Row, SessionEnd, SessionRow, SessionStatus};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// `<data directory>/replays/<recording>-<fingerprint>.sqlite`.
pub fn ledger_path(effective: &Effective, files: &[PathBuf]) -> PathBuf {
    let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    let data = Path::new(effective.text("data.directory"));
    replay_path(data, &files, &effective.fingerprint())
}

pub fn session_row(effective: &Effective, settings: &Settings, files: &[PathBuf]) -> SessionRow {
    let names: Vec<String> = files.iter().map(|f| f.display().to_string()).collect();
    SessionRow {
        name: settings.identity.session.clone(),
        mode: Mode::Replay,
        started: now(),
        program: concat!("minnow ", env!("CARGO_PKG_VERSION")).to_owned(),
        fingerprint: effective.fingerprint(),
        configuration: serde_json::to_string(&effective.recordable()).unwrap_or_default(),
        recording: names.join(" "),
        strategy: settings.strategy.name().to_owned(),
        interval: settings.trading.interval.name().to_owned(),
        seed: settings.seed,
        currency: settings.instruments[0].currency.clone(),
        starting_balance: settings.paper.starting_balance,
        instruments: settings.instruments.clone(),
    }
}

/// What is known when the loop has ended.
pub struct Ending {
    pub outcome: Outcome,
    pub span: (Option<Timestamp>, Option<Timestamp>),
    pub elapsed: Duration,
}

impl Ending {
    /// Writes the last rows and the session's end. After a failure of the ledger itself there is
    /// nothing more to write; the session then still says `running`.
    ///
    /// # Errors
    /// The ledger refuses.
    pub fn close(
        &self,
        core: &Core,
        journal: Journal,
        accumulator: &Accumulator,
    ) -> Result<(), Failure> {
        let written = journal.rows_lost() == 0;
        let Some(mut ledger) = journal.into_ledger().filter(|_| written) else {
            return Ok(());
        };
        ledger.write(&last_rows(core)).map_err(Failure::run_time)?;
        let summary = accumulator.summary(&run_ending(core, self.span));
        let end = SessionEnd {
            status: match self.outcome {
                Outcome::Complete => SessionStatus::Complete,
                Outcome::Interrupted(_) => SessionStatus::Interrupted,
                Outcome::Failed(_) => SessionStatus::Failed,
            },
            ended: now(),
            elapsed_ns: i64::try_from(self.elapsed.as_nanos()).unwrap_or(i64::MAX),
            inputs: core.inputs(),
            first_data: self.span.0,
            last_data: self.span.1,
            state_hash: core.state_hash().value(),
            summary: serde_json::to_string(&summary).map_err(Failure::run_time)?,
        };
        ledger.close(&end).map_err(Failure::run_time)
    }
}

/// What the report must know of the end of a run from `span.0` to `span.1`.
pub(super) fn run_ending(core: &Core, span: (Option<Timestamp>, Option<Timestamp>)) -> RunEnding {
    RunEnding {
        first_data: span.0,
        last_data: span.1,
        last_equity: span.1.map(|time| EquityPoint {
            time,
            kind: EquityKind::Fill,
            equity: core.equity(),
            cash: core.account().cash,
            unrealised: core.unrealised(),
            margin_used: core.margin_used(),
        }),
        symbols: core
            .symbols()
            .iter()
            .map(|symbol| SymbolEnding {
                first_close: symbol.closes.first,
                last_close: symbol.closes.last,
                last_price: symbol.last,
                taker_fee: symbol.fees.taker,
            })
            .collect(),
        held_back: core.held_back().to_vec(),
        notes: unfit_candles(core).into_iter().collect(),
    }
}

/// Candles that no decision could be made of, and what to set.
fn unfit_candles(core: &Core) -> Option<String> {
    let counts = core.counts();
    let length = counts.unfit_interval?;
    let wanted = core.settings().trading.interval;
    Some(format!(
        "{} candles of {length} were left out: decisions are made every {wanted} \
         (trading.interval), and candles of {wanted} are made of as long or shorter ones that divide \
         it; expected trading.interval = {length} or a multiple of it",
        counts.candles_unfit
    ))
}

/// Baselines and latches as they stand at the end.
fn last_rows(core: &Core) -> Vec<Row> {
    let mut rows = Vec::new();
    let losses = core.losses();
    for (period, name) in
        Period::ALL
            .into_iter()
            .zip(["baseline_day", "baseline_week", "baseline_month"])
    {
        let hit = losses.is_hit(period);
        rows.extend(losses.since(period).map(|since| {
            Row::Limit(LimitRow {
                name: name.to_owned(),
                value: Some(losses.baseline(period)),
                text: if hit { "limit hit" } else { "" }.to_owned(),
                since,
                until: None,
            })
        }));
    }
    rows.extend(core.emergency().latched().map(|(trigger, since)| {
        Row::Limit(LimitRow {
            name: "emergency_stop".to_owned(),
            value: None,
            text: trigger.name().to_owned(),
            since,
            until: None,
        })
    }));
    rows
}

fn now() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}
