//! `minnow completions`: a completion script for a shell, made from the command line's definition.

use super::{CommandLine, Common, Exit, Failure};
use clap::CommandFactory;
use clap_complete::Shell;
use std::io::Write;

#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// Shell to complete in
    #[arg(value_enum)]
    pub shell: Shell,
}

/// Prints the script.
///
/// # Errors
/// Standard output cannot be written.
pub fn run(_common: &Common, arguments: &Arguments) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    let mut command = CommandLine::command();
    clap_complete::generate(arguments.shell, &mut command, "minnow", &mut script);
    match std::io::stdout().lock().write_all(&script) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::run_time(format!("standard output: {error}")))
        }
        _ => Ok(Exit::Success),
    }
}
