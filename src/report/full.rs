//! The whole report on a run: what its ledger says, what follows from it, and what one more pass
//! over its recordings adds.
//!
//! Slower than [`Report`], which the end of a replay prints. Deterministic: the same ledger and
//! recordings give the same values.

use super::breakdown::Breakdown;
use super::figures::minute;
use super::load::{Report, TradesShown};
use super::luck::{Luck, gather::TradeReturns};
use super::markouts::{MarkoutPass, Markouts};
use super::not_computed::{self, NotComputed};
use super::profit_split::{ProfitSplit, SplitError};
use super::tape::{self, CandleListener, Tape, TapeError};
use crate::core::units::Span;
use crate::store::ledger::{LedgerError, Reader};
use std::path::{Path, PathBuf};

/// A last price that is this much older than the end of the run is told with its time: what is open
/// is valued at it all the same.
const OLD_PRICE: Span = Span::from_secs(3600);

/// What is asked for.
#[derive(Clone, Debug)]
pub struct FullOptions {
    pub shown: TradesShown,
    /// Where the recordings lie now; empty = where the session says.
    pub recordings: Vec<PathBuf>,
}

/// Everything that a report can show.
#[derive(Clone, Debug, PartialEq)]
pub struct FullReport {
    /// Session, summary, trades, orders, refusals, warnings, notes.
    pub report: Report,
    /// `None` where the fills do not fit the session's instruments.
    pub profit_split: Option<ProfitSplit>,
    pub luck: Luck,
    /// `None` without the recordings.
    pub markouts: Option<Markouts>,
    pub breakdown: Breakdown,
    /// `None` without the recordings.
    pub tape: Option<Tape>,
    /// Every metric shown as `-`, with its reason.
    pub not_computed: Vec<NotComputed>,
}

impl FullReport {
    /// Reads the newest session of a ledger, then its recordings once more. `listener` is told of
    /// every decision candle; `&mut ()` wants none.
    ///
    /// # Errors
    /// A ledger that cannot be read. Recordings that are gone or others are no error: what they are
    /// needed for is listed as not computed.
    pub fn load(
        path: &Path,
        options: &FullOptions,
        listener: &mut dyn CandleListener,
    ) -> Result<Self, LedgerError> {
        let report = Report::load(path, options.shown)?;
        let reader = Reader::open(path)?;
        let session = &report.session;
        let summary = report.summary.as_ref();
        let mut not_computed = not_computed::of_summary(summary);
        let profit_split = match ProfitSplit::read(&reader, session, summary) {
            Ok(split) => Some(split),
            Err(SplitError::Ledger(error)) => return Err(error),
            Err(SplitError::Contradiction(reason)) => {
                not_computed.push(NotComputed::new("profit_split", reason));
                None
            }
        };
        let breakdown = Breakdown::read(&reader, session.id, summary)?;
        let (tape, markouts) = match read_tape(&reader, &report, options, listener) {
            Ok((tape, markouts)) => (Ok(tape), Ok(markouts)),
            Err(TapeError::Ledger(error)) => return Err(error),
            Err(TapeError::Recording(reason)) => (Err(reason.clone()), Err(reason)),
        };
        let returns = TradeReturns::read(&reader, session)?;
        let luck = Luck::of(&returns, session.seed, tape.as_ref().ok());
        let tape_or = tape.as_ref().map_err(String::as_str);
        not_computed.extend(not_computed::of_luck(&luck, &returns, tape_or));
        let markouts_or = markouts.as_ref().map_err(String::as_str);
        not_computed.extend(not_computed::of_markouts(markouts_or));
        if let Err(text) = &tape {
            not_computed.push(NotComputed::new("candles", text.as_str()));
        }
        let mut full = Self {
            profit_split,
            luck,
            markouts: markouts.ok(),
            breakdown,
            tape: tape.ok(),
            not_computed,
            report,
        };
        full.add_notes();
        Ok(full)
    }

    /// What a reader of the figures has to know.
    fn add_notes(&mut self) {
        let mut notes = Vec::new();
        if let Some(tape) = &self.tape {
            if tape.damages > 0 {
                notes.push(format!(
                    "{} damaged places of the recording were left out",
                    tape.damages
                ));
            }
            let handled = self.report.session.inputs;
            if let Some(inputs) = handled.filter(|n| *n != tape.inputs && !tape.continued) {
                notes.push(format!(
                    "the session handled {inputs} inputs, its recording holds {} of its time",
                    tape.inputs
                ));
            }
        }
        notes.extend(self.old_prices());
        if let Some(split) = &self.profit_split {
            if !split.residual.is_zero() {
                notes.push(format!(
                    "the trades do not follow from the fills: {} is not explained",
                    split.residual
                ));
            }
            if split.carried_trades > 0 {
                notes.push(format!(
                    "{} trades that were entered before the ledger begins are not split",
                    split.carried_trades
                ));
            }
        }
        if let Some(markouts) = self.markouts.as_ref().filter(|m| m.not_followed > 0) {
            notes.push(format!("{} fills were not followed", markouts.not_followed));
        }
        self.report.notes.extend(notes);
    }

    /// Open positions whose last price is hours older than the end of the run, as where another
    /// symbol's recording goes on longer.
    fn old_prices(&self) -> Vec<String> {
        let (Some(tape), Some(summary)) = (&self.tape, &self.report.summary) else {
            return Vec::new();
        };
        let Some(end) = self.report.session.last_data else {
            return Vec::new();
        };
        let old = summary.open_positions.iter().filter_map(|open| {
            let symbol = tape.symbols.iter().find(|s| s.symbol == open.symbol)?;
            let at = symbol.last_price_at?;
            let age = end.since(at);
            (age >= OLD_PRICE).then(|| {
                format!(
                    "{} is open at the end, valued at its last price, of {} UTC: {:.1} hours before \
                     the run ends at {} UTC",
                    open.symbol,
                    minute(at),
                    age.0 as f64 / 3.6e12,
                    minute(end)
                )
            })
        });
        old.collect()
    }
}

fn read_tape(
    reader: &Reader,
    report: &Report,
    options: &FullOptions,
    listener: &mut dyn CandleListener,
) -> Result<(Tape, Markouts), TapeError> {
    let session = &report.session;
    let files = if options.recordings.is_empty() {
        tape::locate::recordings(&session.recording, &report.ledger)
            .map_err(TapeError::Recording)?
    } else {
        options.recordings.clone()
    };
    let mut pass = MarkoutPass::new(reader, session)?;
    let tape = tape::read(session, report.summary.as_ref(), files, &mut pass, listener)?;
    Ok((tape, pass.into_markouts()))
}
