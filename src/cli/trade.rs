//! `minnow trade`: live data through the whole bot, on paper or with real orders.
//!
//! Configuration first (78 and nothing opened when it is not sound), then the ledger, then the
//! questions that a session must know the answers to, then the session itself until a signal.

use super::exchange::{Exchange, notify_variables, products_call, products_of, refused};
use super::logging::start_log;
use super::protective::protective_forms;
use super::replay::{Follow, loop_settings, reloaded};
use super::replay_ledger::Ending;
use super::status::socket;
use super::trade_start::{self, Start};
use super::unresolved::unresolved;
use super::{Common, Exit, Failure, sources};
use crate::config::Effective;
use crate::core::Core;
use crate::exchange::calls::{Call, CallAnswer};
use crate::report::Accumulator;
use crate::runtime::EventLoop;
use crate::runtime::journal::Journal;
use crate::runtime::live::{Answered, Patience, Reception, Session, SessionOutcome};
use crate::runtime::replay::Outcome;
use crate::runtime::systemd::Notifier;
use crate::store::ledger::{BatchLimits, EXCHANGE_QUIET, Ledger, Mode, mode_path};
use std::io::Write;
use std::path::Path;
use std::time::Instant;

#[derive(Clone, Debug, Default, clap::Args)]
pub struct Arguments {
    /// I accept real orders (the same as trading.live_confirmation)
    #[arg(long)]
    pub live_confirm: bool,
}

/// Trades until it is stopped.
///
/// # Errors
/// Configuration (78); a ledger that cannot be used or an exchange that refuses (1).
pub fn run(common: &Common, arguments: &Arguments) -> Result<Exit, Failure> {
    let effective = sources::trade_configuration(common, arguments.live_confirm)?;
    let start = match prepare(&effective, Patience::UntilAnswered) {
        Err(failure) if failure.exit == Exit::Interrupted => {
            // Asked to stop before anything was begun: that is an end in order.
            note(&failure.message);
            return Ok(Exit::Success);
        }
        prepared => prepared?,
    };
    let mut again = || sources::trade_configuration(common, arguments.live_confirm);
    let (core, outcome, status) = session(&effective, &mut again, start)?;
    if let SessionOutcome::Failed(text) = outcome {
        return Err(Failure::run_time(text));
    }
    let unresolved = unresolved(&core);
    for order in &unresolved {
        note(order);
    }
    if status == Exit::Unresolved as u8 || !unresolved.is_empty() {
        return Ok(Exit::Unresolved);
    }
    Ok(match core.emergency().latched() {
        Some(_) => Exit::Halted,
        None => Exit::Success,
    })
}

/// Opens the log and the ledger and asks what a session begins with.
///
/// # Errors
/// Configuration (78); a ledger that cannot be used or an exchange that refuses (1).
pub(super) fn prepare(effective: &Effective, patience: Patience) -> Result<Start, Failure> {
    let mut exchange = Exchange::open(effective, !effective.flag("system.dry_run"))?;
    start_log(effective)?;
    for notice in effective.notices() {
        note(&notice);
    }
    let mode = mode_of(effective);
    let path = mode_path(Path::new(effective.text("data.directory")), mode);
    let ledger = Ledger::open(&path, mode).map_err(Failure::run_time)?;
    // Whoever leaves a market asks all the same: what the exchange said to others may be over.
    if patience == Patience::UntilAnswered {
        exchange.quiet_until = ledger
            .limit_until(EXCHANGE_QUIET)
            .map_err(Failure::run_time)?;
        let control = Reception::open(&socket(effective), mode);
        exchange.reception = Some(control.map_err(Failure::run_time)?);
    }
    exchange.journal = Some(Journal::new(ledger, BatchLimits::SESSION));
    let (exchange, answers) = ask_first(exchange, effective, patience)?;
    let mut products = products_of(&effective.symbols(), &answers)?;
    let (mut exchange, forms) = protective_forms(exchange, effective, &products, patience)?;
    for (product, form) in products.iter_mut().zip(forms) {
        product.instrument.protective = form;
    }
    let ledger = exchange.journal.take().and_then(Journal::into_ledger);
    let ledger = *ledger.ok_or_else(|| Failure::run_time("the ledger is still being written"))?;
    trade_start::start(effective, mode, exchange, ledger, &products, &answers)
}

/// Whose ledger it is.
pub(super) fn mode_of(effective: &Effective) -> Mode {
    if effective.flag("system.dry_run") {
        Mode::Paper
    } else if effective.text("exchange.name") == "venue" {
        Mode::Venue
    } else {
        Mode::Live
    }
}

/// What must be known before the first candle; asked until the exchange answers.
fn ask_first(
    exchange: Exchange,
    effective: &Effective,
    patience: Patience,
) -> Result<(Exchange, Vec<Answered>), Failure> {
    let symbols = effective.symbols();
    let mut questions = vec![Call::ServerTime, products_call(&symbols)];
    let has_key = exchange.has_key;
    if has_key {
        questions.extend([Call::KeyPermissions, Call::FeeTier]);
    }
    let (exchange, answers) = exchange.ask(effective, questions, patience)?;
    products_of(&symbols, &answers)?;
    if has_key {
        check_permissions(effective, &answers)?;
    }
    Ok((exchange, answers))
}

/// A key that may not trade is of no use, and one that may withdraw is a danger.
fn check_permissions(effective: &Effective, answers: &[Answered]) -> Result<(), Failure> {
    for answer in answers {
        match (&answer.call, &answer.result) {
            (Call::KeyPermissions, Err(trouble)) => return Err(refused("the key", trouble)),
            (
                Call::KeyPermissions,
                Ok(CallAnswer::Permissions {
                    can_trade,
                    can_transfer,
                    ..
                }),
            ) => {
                if !can_trade {
                    return Err(Failure::new(
                        Exit::Configuration,
                        "config: exchange key: it may not trade; expected one with permission to \
                         view and trade",
                    ));
                }
                if *can_transfer && !effective.flag("exchange.allow_withdraw_keys") {
                    return Err(Failure::new(
                        Exit::Configuration,
                        "config: exchange key: it may withdraw funds; expected one that may only \
                         view and trade, or exchange.allow_withdraw_keys = true",
                    ));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Runs a session to its end and closes its ledger: its core, how it ended, the loop's status.
///
/// # Errors
/// The loop cannot be set up, or the ledger refuses its last rows.
pub(super) fn session(
    effective: &Effective,
    again: &mut dyn FnMut() -> Result<Effective, Failure>,
    start: Start,
) -> Result<(Core, SessionOutcome, u8), Failure> {
    let began = Instant::now();
    let settings = start.core.settings();
    let mut follow = Follow(Accumulator::new(
        start.core.equity(),
        settings.instruments.clone(),
    ));
    let mut reload = || reloaded(again(), effective);
    let mut session = Session::new(
        start.core,
        start.journal,
        start.codec,
        start.settings,
        start.recorder,
        &mut follow,
        &mut reload,
    )
    .map_err(|text| Failure::new(Exit::Configuration, format!("config: {text}")))?;
    session.take_over(start.reception);
    session.tell(Notifier::new(&notify_variables(), std::process::id()));
    let machine = EventLoop::new(loop_settings(effective))
        .map_err(|error| Failure::run_time(format!("cannot set up the event loop: {error}")))?;
    let end = machine
        .run(&mut session)
        .map_err(|error| Failure::run_time(format!("the event loop failed: {error}")))?;
    let outcome = session.outcome();
    let span = session.span();
    let (core, journal) = session.into_parts();
    let ending = Ending {
        outcome: match &outcome {
            SessionOutcome::Failed(text) => Outcome::Failed(text.clone()),
            _ => Outcome::Complete,
        },
        span,
        elapsed: began.elapsed(),
    };
    let closed = ending.close(&core, journal, &follow.0);
    note(&summary(&core));
    if !matches!(outcome, SessionOutcome::Failed(_)) {
        closed?;
    }
    Ok((core, outcome, end.exit_code()))
}

/// What the session amounted to, in two lines.
fn summary(core: &Core) -> String {
    let counts = core.counts();
    format!(
        "stopped: equity {} after {} decisions, {} orders, {} fills, {} closed trades\n\
         state hash {} after {} inputs",
        core.equity(),
        counts.decisions,
        counts.orders,
        counts.fills,
        counts.trades,
        core.state_hash(),
        core.inputs(),
    )
}

pub(super) fn note(text: &str) {
    // Nobody is left to tell when stderr is gone.
    let _ = writeln!(std::io::stderr(), "{text}");
}
