//! `minnow compact`: a recording into the block form, every entry and clock reading kept.

use super::export::{copy, report_damage};
use super::import::no_signals;
use super::row_watch::RowWatch;
use super::{Exit, Failure};
use crate::files::PartFile;
use crate::runtime::Interrupt;
use crate::store::recording::{BlockWriter, OpenOptions, Sequential, open};
use std::path::PathBuf;

/// Rewrite a recording in the compact block form; nothing is lost but the line numbers
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Recording: a file of either form, or a folder of segments
    #[arg(value_name = "RECORDING")]
    recording: PathBuf,
    /// File to write; must not exist
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// Read on past damaged places
    #[arg(long)]
    skip_damaged: bool,
}

/// Runs the verb.
///
/// # Errors
/// When the recording cannot be read or the output not be written (1), or after a stop signal
/// (130); no output is left then.
pub fn run(common: &super::Common, arguments: &Arguments) -> Result<Exit, Failure> {
    let interrupt = Interrupt::of_process().map_err(no_signals)?;
    run_until(common, arguments, interrupt)
}

pub(super) fn run_until(
    _common: &super::Common,
    arguments: &Arguments,
    interrupt: Interrupt,
) -> Result<Exit, Failure> {
    let options = OpenOptions {
        skip_damaged: arguments.skip_damaged,
        ..OpenOptions::default()
    };
    let opened = open(&arguments.recording, &options)?;
    let (place, file) = PartFile::create(&arguments.output)?;
    let mut writer = BlockWriter::on(file, &arguments.output, &opened.header)?;
    let mut source = Sequential::new(opened.reader, opened.decoder);
    let watch = RowWatch::new(interrupt, Some(arguments.output.clone()));
    let entries = copy(&mut source, &mut writer, &watch)?;
    place.keep()?;
    report_damage("compact", &source);
    eprintln!("compact: {}: {entries} entries", arguments.output.display());
    Ok(Exit::Success)
}
