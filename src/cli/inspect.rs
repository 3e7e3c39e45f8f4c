//! `minnow inspect`: what a recording holds and whether it is whole.

use super::{Exit, Failure};
use crate::core::market::Instrument;
use crate::core::units::{Decimal, Span, Timestamp};
use crate::store::recording::survey::{Survey, survey};
use crate::store::recording::{Trailer, TurnKind};
use std::fmt::Write;
use std::path::PathBuf;

/// Show span, counts, gaps, symbols and checksums of a recording; exit 1 when it is damaged
///
/// Reads it to its end, past any damage. Exit 1 when something in the middle is damaged, entries are
/// missing or out of order, or its own counts say something else; every such place is named (DAMAGED).
/// An end that is torn or not closed, as an interrupted writer leaves it, is named too (cut off), but
/// is no damage: the exit status stays 0.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Recording: a file of either form, or a folder of segments
    #[arg(value_name = "RECORDING")]
    recording: PathBuf,
}

/// Runs the verb; the result goes to stdout.
///
/// # Errors
/// When the recording cannot be opened, or standard output not be written.
pub fn run(common: &super::Common, arguments: &Arguments) -> Result<Exit, Failure> {
    let survey = survey(&arguments.recording)?;
    let shown = if common.json {
        format!("{}\n", json(&survey))
    } else {
        text(arguments, &survey)
    };
    super::report::print(&shown)?;
    Ok(if survey.is_damaged() {
        Exit::Failure
    } else {
        Exit::Success
    })
}

fn fee(rate: Option<Decimal>) -> String {
    rate.map_or_else(
        || "not stated".to_owned(),
        |rate| {
            let percent = rate.checked_mul(
                Decimal::from_int(100),
                crate::core::units::Rounding::HalfEven,
            );
            format!("{} %", percent.unwrap_or(rate))
        },
    )
}

fn instrument(text: &mut String, instrument: &Instrument) {
    let kind = match instrument.kind {
        crate::core::market::ProductKind::Spot => "spot",
        crate::core::market::ProductKind::Perpetual => "perpetual",
    };
    let _ = writeln!(
        text,
        "  {} {kind} in {}: tick {}, lot {}, maker {}, taker {}",
        instrument.symbol,
        instrument.currency,
        instrument.tick,
        instrument.lot,
        fee(instrument.maker_fee),
        fee(instrument.taker_fee)
    );
    if !instrument.origin.is_empty() {
        let _ = writeln!(text, "    {}", instrument.origin);
    }
}

/// `99.2 h`, `12.5 s`.
fn length(span: Span) -> String {
    let seconds = span.as_secs_f64();
    match seconds {
        s if s >= 864_000.0 => format!("{:.1} d", s / 86_400.0),
        s if s >= 5_400.0 => format!("{:.1} h", s / 3_600.0),
        s if s >= 120.0 => format!("{:.1} min", s / 60.0),
        s => format!("{s:.1} s"),
    }
}

/// What the recording holds, kind by kind.
fn counts(c: &Trailer) -> String {
    format!(
        "entries {}: trades {}, candles {}, quiet {}, other inputs {}, turns {}, checkpoints {}, \
         records {}, frames {}",
        c.entries,
        c.trades,
        c.candles,
        c.quiet,
        c.other_inputs,
        c.turns,
        c.checkpoints,
        c.records,
        c.frames
    )
}

fn text(arguments: &Arguments, survey: &Survey) -> String {
    let mut text = String::new();
    let header = &survey.header;
    let turns = match header.turns {
        TurnKind::Bulk => "bulk history",
        TurnKind::Session => "session",
    };
    // Writing into a string cannot fail.
    let _ = writeln!(
        text,
        "{}: {turns} {}, format version {}, by {}",
        arguments.recording.display(),
        header.session,
        header.version,
        header.program
    );
    if !header.origin.is_empty() {
        let _ = writeln!(text, "  {}", header.origin);
    }
    if !header.fingerprint.is_empty() {
        let _ = writeln!(text, "  configuration {}", header.fingerprint);
    }
    let _ = writeln!(text, "instruments");
    for each in &header.instruments {
        instrument(&mut text, each);
    }
    if let Some((first, last)) = survey.first.zip(survey.last) {
        let span = last.since(first);
        let _ = writeln!(text, "span {first} to {last}, {}", length(span));
        let market = survey.counts.trades + survey.counts.candles;
        if span > Span::ZERO {
            let _ = writeln!(
                text,
                "rate {:.2} a second",
                market as f64 / span.as_secs_f64()
            );
        }
    }
    let _ = writeln!(text, "{}", counts(&survey.counts));
    for (each, found) in header.instruments.iter().zip(&survey.symbols) {
        let span = match (found.first, found.last) {
            (Some(first), Some(last)) => format!(", {first} to {last}"),
            _ => String::new(),
        };
        let _ = writeln!(
            text,
            "  {}: trades {}, candles {}{span}",
            each.symbol, found.trades, found.candles
        );
    }
    if !survey.gaps.is_empty() {
        let _ = writeln!(text, "longest gaps");
    }
    for gap in &survey.gaps {
        let symbol = &header.instruments[gap.symbol.index()].symbol;
        let _ = writeln!(text, "  {symbol}: {} from {}", length(gap.length), gap.from);
    }
    state(&mut text, survey);
    text
}

fn state(text: &mut String, survey: &Survey) {
    let closed = if survey.trailer.is_some() {
        "closed by its trailer"
    } else {
        "not closed"
    };
    let _ = writeln!(text, "{} {}, {closed}", survey.pieces, survey.piece_name);
    if survey.damage_count == 0 {
        let _ = writeln!(text, "all checksums hold");
    }
    for damage in &survey.damages {
        let what = if damage.kind.is_tail() {
            "cut off"
        } else {
            "DAMAGED"
        };
        let _ = writeln!(text, "{what}: {damage}");
    }
    let more = survey.damage_count - survey.damages.len() as u64;
    if more > 0 {
        let _ = writeln!(text, "and {more} more");
    }
}

fn json(survey: &Survey) -> serde_json::Value {
    let header = &survey.header;
    let millis = |time: Option<Timestamp>| time.map(Timestamp::as_millis);
    let symbols: Vec<serde_json::Value> = header
        .instruments
        .iter()
        .zip(&survey.symbols)
        .map(|(instrument, found)| {
            serde_json::json!({
                "instrument": instrument,
                "trades": found.trades,
                "candles": found.candles,
                "quiet": found.quiet,
                "first": millis(found.first),
                "last": millis(found.last),
            })
        })
        .collect();
    let gaps: Vec<serde_json::Value> = survey
        .gaps
        .iter()
        .map(|gap| {
            serde_json::json!({
                "symbol": header.instruments[gap.symbol.index()].symbol,
                "from": gap.from.as_millis(),
                "seconds": gap.length.as_secs_f64(),
            })
        })
        .collect();
    serde_json::json!({
        "version": header.version,
        "turns": header.turns,
        "session": header.session,
        "instance": header.instance,
        "program": header.program,
        "fingerprint": header.fingerprint,
        "seed": header.seed,
        "origin": header.origin,
        "has_state": header.state.is_some(),
        "first": millis(survey.first),
        "last": millis(survey.last),
        "counts": survey.counts,
        "symbols": symbols,
        "longest_gaps": gaps,
        "pieces": survey.pieces,
        "piece": survey.piece_name,
        "closed": survey.trailer.is_some(),
        "damaged": survey.is_damaged(),
        "damages": survey.damages,
        "damage_count": survey.damage_count,
    })
}
