//! `minnow reset-paper`: a new paper account; the ledger of the old one is kept under another name.
//!
//! Nothing is deleted: `paper.sqlite` becomes `paper-TIME.sqlite`, which `report` and any SQLite tool
//! read as before.

use super::status::{Bot, socket};
use super::trade_start::PAPER_BALANCE;
use super::{Common, Exit, Failure, sources};
use crate::config::check_value;
use crate::core::units::Decimal;
use crate::runtime::clock;
use crate::store::ledger::{Ledger, Mode, mode_path};
use serde_json::json;
use std::path::{Path, PathBuf};

/// The key whose range the balance has.
const KEY: &str = "paper_trading.starting_balance";

#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// Cash of the new account, in the account currency
    #[arg(long, value_name = "AMOUNT", value_parser = amount)]
    pub balance: Decimal,
    /// The old account ends here
    #[arg(long, required = true)]
    pub confirm: bool,
}

fn amount(text: &str) -> Result<Decimal, String> {
    check_value(KEY, text)?;
    Decimal::parse_plain(text).map_err(|error| error.to_string())
}

/// Archives and begins anew.
///
/// # Errors
/// Configuration (78); a bot runs, or the files cannot be written (1).
pub fn run(common: &Common, arguments: &Arguments) -> Result<Exit, Failure> {
    let effective = sources::paper_configuration(common, "reset-paper")?;
    if Bot::reach(&socket(&effective))?.is_some() {
        return Err(Failure::run_time(
            "a bot runs in this data directory: stop it first (minnow ctl stop)",
        ));
    }
    let directory = Path::new(effective.text("data.directory"));
    let path = mode_path(directory, Mode::Paper);
    let archived = archive(&path)?;
    let mut ledger = Ledger::open(&path, Mode::Paper).map_err(Failure::run_time)?;
    ledger
        .remembered(PAPER_BALANCE, &arguments.balance.to_string())
        .and_then(|_| ledger.checkpoint())
        .map_err(Failure::run_time)?;
    let value = json!({
        "ledger": path,
        "archived": archived,
        "balance": arguments.balance.to_string(),
    });
    super::report::print(&if common.json {
        format!("{value}\n")
    } else {
        let old = archived.map_or_else(
            || "there was none before".to_owned(),
            |path| format!("the old one is {}", path.display()),
        );
        format!(
            "a new paper account with {}: {}; {old}\n",
            arguments.balance,
            path.display()
        )
    })?;
    Ok(Exit::Success)
}

/// The old ledger's new name; `None` where there is none.
fn archive(path: &Path) -> Result<Option<PathBuf>, Failure> {
    match path.symlink_metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(Failure::run_time(format!("{}: {error}", path.display())));
        }
        Ok(_) => {}
    }
    let ledger = Ledger::open(path, Mode::Paper).map_err(Failure::run_time)?;
    let text = clock::stamp().wall.to_string();
    let time: String = text.chars().take(19).filter(|c| *c != ':').collect();
    let name = path.with_file_name(format!("paper-{time}.sqlite"));
    ledger.archive(&name).map_err(Failure::run_time)?;
    Ok(Some(name))
}
