//! `minnow cancel-all` and `minnow close-all`: out of the market, with a running bot or without one.
//!
//! A running bot is told through its control socket and watched until nothing is left. Without one
//! the verb opens the ledger itself and runs a session that only does this: it reconciles, cancels
//! (and closes), and ends. Orders and positions of others are never touched.

use super::status::{Bot, socket};
use super::trade::{mode_of, prepare, session};
use super::{Common, Exit, Failure, sources};
use crate::config::Effective;
use crate::core::input::Command;
use crate::core::units::Span;
use crate::runtime::clock::monotonic_ns;
use crate::runtime::live::{Errand, Patience, SessionOutcome};
use crate::store::ledger::Mode;
use serde_json::{Value, json};
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Between two looks at a running bot.
const LOOK: Duration = Duration::from_millis(250);

#[derive(Clone, Debug, Default, clap::Args)]
pub struct Arguments {
    /// Do it without asking; needed where stdin is no terminal
    #[arg(long)]
    pub yes: bool,
    /// Seconds until it is given up, with what is still open
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub timeout: u32,
}

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    CancelAll,
    CloseAll,
}

impl Deed {
    const fn verb(self) -> &'static str {
        match self {
            Self::CancelAll => "cancel-all",
            Self::CloseAll => "close-all",
        }
    }

    /// Its name on the control socket.
    const fn wish(self) -> &'static str {
        match self {
            Self::CancelAll => "cancel_all",
            Self::CloseAll => "close_all",
        }
    }

    const fn question(self) -> &'static str {
        match self {
            Self::CancelAll => "Cancel every entry order of minnow",
            Self::CloseAll => {
                "Cancel every entry order and close every position of minnow at market"
            }
        }
    }

    /// Where the status of a bot lists what this is about.
    const fn listed(self) -> &'static str {
        match self {
            Self::CancelAll => "open_orders",
            Self::CloseAll => "open",
        }
    }
}

/// Does it, and waits for it.
///
/// # Errors
/// No terminal and no `--yes` (2); configuration (78); not confirmed; a bot that does not answer, a ledger or
/// an exchange that refuses (1).
pub fn run(common: &Common, arguments: &Arguments, deed: Deed) -> Result<Exit, Failure> {
    // Leaving needs no confirmation of live trading beyond its own.
    let effective = sources::trade_configuration(common, true)?;
    confirm(&effective, arguments, deed)?;
    let open = match Bot::reach(&socket(&effective))? {
        Some(mut bot) => match whose(&mut bot, mode_of(&effective), deed)? {
            Whose::Ours => {
                let open = tell(&mut bot, arguments, deed)?;
                note("entries stay off until `minnow ctl resume` lets the bot enter again");
                open
            }
            // The socket is taken, the ledger is not.
            Whose::Paper => do_it(common, &effective, arguments, deed, None)?,
        },
        None => {
            let control = Some(socket(&effective));
            do_it(common, &effective, arguments, deed, control)?
        }
    };
    if common.json {
        super::report::print(&format!("{}\n", json!({ "open": open })))?;
    } else if open.is_empty() {
        super::report::print("nothing is open\n")?;
    }
    for each in &open {
        note(&format!("open: {each}"));
    }
    Ok(if open.is_empty() {
        Exit::Success
    } else {
        Exit::Unresolved
    })
}

/// Asks on a terminal, unless `--yes` has answered already.
fn confirm(effective: &Effective, arguments: &Arguments, deed: Deed) -> Result<(), Failure> {
    if arguments.yes {
        return Ok(());
    }
    let not_confirmed =
        |text: String| Failure::new(Exit::Usage, format!("{}: {text}", deed.verb()));
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Err(not_confirmed(
            "stdin is no terminal to confirm at: expected --yes".to_owned(),
        ));
    }
    let question = format!(
        "{} ({}, {})? [y/N] ",
        deed.question(),
        effective.symbols().join(", "),
        mode_of(effective).name()
    );
    let mut terminal = std::io::stderr();
    let _ = write!(terminal, "{question}");
    let _ = terminal.flush();
    let mut answer = String::new();
    stdin
        .read_line(&mut answer)
        .map_err(|error| not_confirmed(format!("cannot read the answer: {error}")))?;
    if matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes") {
        Ok(())
    } else {
        Err(Failure::run_time("not confirmed, nothing was done"))
    }
}

/// Whose positions a running bot holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    Ours,
    /// On paper, while ours are real.
    Paper,
}

/// A bot of another ledger would leave another market than the one that is meant.
///
/// # Errors
/// It trades for real and this configuration is one of paper: it says how it is told.
fn whose(bot: &mut Bot, ours: Mode, deed: Deed) -> Result<Whose, Failure> {
    let answer = bot.ask(&json!({ "command": "status" }))?;
    let details = &answer["status"]["details"];
    let told = [&details["session"], &details["starting"]]
        .into_iter()
        .find_map(|part| part["ledger"].as_str());
    match told {
        Some(theirs) if theirs != ours.name() => {
            if theirs == Mode::Paper.name() {
                note(&format!(
                    "the bot that runs here trades on paper and is not told: the {} account is left without it",
                    ours.name()
                ));
                return Ok(Whose::Paper);
            }
            Err(Failure::run_time(format!(
                "{}: the bot that runs here ({theirs}) trades with real orders, and this configuration \
                 means the {} account: nothing was done; use the bot's own configuration or add {}",
                deed.verb(),
                ours.name(),
                if theirs == Mode::Venue.name() {
                    "--set system.dry_run=false --set exchange.name=venue"
                } else {
                    "--set system.dry_run=false"
                }
            )))
        }
        // What an earlier version does not tell was one bot a data directory as well.
        _ => Ok(Whose::Ours),
    }
}

/// Tells a running bot and waits until nothing is left; what is left at the deadline.
fn tell(bot: &mut Bot, arguments: &Arguments, deed: Deed) -> Result<Vec<String>, Failure> {
    let deadline = Instant::now() + Duration::from_secs(arguments.timeout.into());
    bot.ask(&json!({ "command": deed.wish() }))?;
    loop {
        let answer = bot.ask(&json!({ "command": "status" }))?;
        let open = left(&answer["status"]["details"], deed)?;
        if open.is_empty() || Instant::now() >= deadline {
            return Ok(open);
        }
        bot.wait(LOOK)?;
    }
}

/// What a bot has not done yet of what it was told: what is open, and what keeps it from knowing.
fn left(details: &Value, deed: Deed) -> Result<Vec<String>, Failure> {
    if let Some(waits_for) = details["starting"]["waits_for"].as_str() {
        return Ok(vec![format!(
            "the bot is starting ({waits_for}): it acts when the session begins"
        )]);
    }
    let session = &details["session"];
    let mut open = listed(&session[deed.listed()])?;
    if session["reconciled"] == json!(false) {
        open.insert(
            0,
            "the exchange has not told the bot how the account stands".to_owned(),
        );
    }
    Ok(open)
}

/// The texts of a list; another shape is another program, never an empty list.
fn listed(value: &Value) -> Result<Vec<String>, Failure> {
    let texts = value.as_array().and_then(|list| {
        list.iter()
            .map(|each| each.as_str().map(str::to_owned))
            .collect::<Option<Vec<_>>>()
    });
    texts.ok_or_else(|| {
        Failure::run_time("the bot does not tell what is open: expected one of this version")
    })
}

/// Opens the ledger and does it in a session of its own, reached at `control`; what is left at the
/// deadline.
fn do_it(
    common: &Common,
    effective: &Effective,
    arguments: &Arguments,
    deed: Deed,
    control: Option<PathBuf>,
) -> Result<Vec<String>, Failure> {
    let limit = Span::from_secs(arguments.timeout.into());
    let end = monotonic_ns().saturating_add(limit.0);
    let mut start = prepare(effective, Patience::Until(end))?;
    // The operator's word stands above the quiet that an earlier process was asked for.
    start.settings.quiet_until = None;
    start.settings.control = control;
    start.settings.errand = Some(Errand {
        command: match deed {
            Deed::CancelAll => Command::CancelAll,
            Deed::CloseAll => Command::CloseAll,
        },
        limit: Span(end.saturating_sub(monotonic_ns()).max(0)),
    });
    let mut again = || sources::trade_configuration(common, true);
    let (_, outcome, _) = session(effective, &mut again, start)?;
    match outcome {
        SessionOutcome::Done => Ok(Vec::new()),
        SessionOutcome::Unfinished(open) => {
            note("entries stay off until `minnow ctl resume`");
            Ok(open)
        }
        SessionOutcome::Stopped(signal) => Err(Failure::new(
            Exit::Interrupted,
            format!(
                "{}: stopped by {} before it was done; entries stay off until `minnow ctl resume`",
                deed.verb(),
                signal.name()
            ),
        )),
        SessionOutcome::Failed(text) => Err(Failure::run_time(text)),
    }
}

fn note(text: &str) {
    // Nobody is left to tell when stderr is gone.
    let _ = writeln!(std::io::stderr(), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_open_is_said_only_of_a_session_that_knows_it() {
        let open = |details: Value| left(&details, Deed::CloseAll).unwrap();
        let known = json!({ "session": { "open": [], "reconciled": true } });
        assert_eq!(open(known), [""; 0]);
        let unknown = json!({ "session": { "open": ["a"], "reconciled": false } });
        let told = open(unknown);
        assert!(
            told[0].contains("has not told") && told[1] == "a",
            "{told:?}"
        );
        let told = open(json!({ "starting": { "waits_for": "the exchange" } }));
        assert!(told[0].contains("starting (the exchange)"), "{told:?}");
    }

    #[test]
    fn a_list_of_another_shape_is_not_taken_for_an_empty_one() {
        assert_eq!(listed(&json!([])).unwrap(), [""; 0]);
        assert_eq!(listed(&json!(["a"])).unwrap(), ["a"]);
        for other in [json!(null), json!({}), json!([1])] {
            assert!(listed(&other).is_err(), "{other}");
        }
    }
}
