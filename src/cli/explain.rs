//! `minnow explain`: why a decision, order, trade or quiet minute came out as it did.
//!
//! Reads the ledger, runs the session's recording again under the session's own configuration and
//! keeps what belongs to the one decision. Without the recording the ledger's rows speak alone.

use super::explain_run::run_again;
use super::{Common, Exit, Failure, sources};
use crate::core::units::Timestamp;
use crate::report::explain::{Again, Asked, Case, Subject, explain, json, render};
use crate::report::tape::locate::recordings;
use crate::store::ledger::Reader;
use crate::store::ledger::paths::REPLAYS;
use std::path::{Path, PathBuf};

/// Where a setting comes from that the verb itself makes.
const VERB: &str = "explain";

#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// A decision (d17 or 17), an order (o5 or its client order id) or a trade (t3)
    #[arg(value_name = "DECISION|ORDER|TRADE", value_parser = Subject::parse,
          required_unless_present = "at", conflicts_with = "at")]
    pub subject: Option<Subject>,
    /// The decision candle that contains this UTC time, also where nothing happened
    #[arg(long, value_name = "TIME", value_parser = super::replay::time)]
    pub at: Option<Timestamp>,
    /// The symbol that --at is about, where the session has several
    #[arg(long, value_name = "SYMBOL", requires = "at")]
    pub symbol: Option<String>,
    /// Ledger of the session [default: the newest in <data directory>/replays]
    #[arg(long, value_name = "FILE")]
    pub ledger: Option<PathBuf>,
    /// Where the session's recording lies now; once for each, in the order of the replay
    #[arg(long = "recording", value_name = "FILE")]
    pub recordings: Vec<PathBuf>,
}

/// Prints the explanation.
///
/// # Errors
/// No ledger, one that cannot be read or does not hold what was asked for; a standard output that
/// cannot be written. 78 when the configuration is asked for the directory and has a mistake.
pub fn run(common: &Common, arguments: &Arguments) -> Result<Exit, Failure> {
    let path = match &arguments.ledger {
        Some(path) => path.clone(),
        None => {
            let effective = sources::paper_configuration(common, VERB)?;
            super::report::newest(&Path::new(effective.text("data.directory")).join(REPLAYS))?
        }
    };
    let asked = match (&arguments.subject, arguments.at) {
        (Some(subject), _) => Asked::Subject(subject.clone()),
        (None, Some(time)) => Asked::At {
            time,
            symbol: arguments.symbol.clone(),
        },
        (None, None) => {
            return Err(Failure::new(
                Exit::Usage,
                "expected a decision, an order, a trade, or --at TIME".to_owned(),
            ));
        }
    };
    let reader = Reader::open(&path).map_err(Failure::run_time)?;
    let case = Case::find(&reader, &asked).map_err(Failure::run_time)?;
    let again = again(&reader, &case, &arguments.recordings);
    let explanation = explain(&reader, &case, &again).map_err(Failure::run_time)?;
    let text = if common.json {
        json(&explanation).map_err(Failure::run_time)?
    } else {
        render(&explanation, super::report::paint())
    };
    super::report::print(&format!("{}\n", text.trim_end()))?;
    Ok(Exit::Success)
}

/// The session once more; why not, in words, where that cannot be.
fn again(reader: &Reader, case: &Case, named: &[PathBuf]) -> Result<Again, String> {
    let files = if named.is_empty() {
        recordings(&case.session.recording, reader.path())?
    } else {
        named.to_vec()
    };
    let hashes = reader
        .hashes(case.session.id)
        .map_err(|error| error.to_string())?;
    run_again(&case.session, &hashes, files, &case.wanted())
}
