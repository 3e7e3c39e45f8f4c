//! `minnow compact`: a recording into the block form, every entry and clock reading kept.

use super::export::{copy, report_damage};
use super::{Exit, Failure};
use crate::store::recording::{BlockWriter, OpenOptions, RecordingWriter, Sequential, open};
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
/// When the recording cannot be read or the output not be written.
pub fn run(_common: &super::Common, arguments: &Arguments) -> Result<Exit, Failure> {
    let options = OpenOptions {
        skip_damaged: arguments.skip_damaged,
        ..OpenOptions::default()
    };
    let opened = open(&arguments.recording, &options)?;
    let mut writer = BlockWriter::create(&arguments.output, &opened.header)?;
    let mut source = Sequential::new(opened.reader, opened.decoder);
    let entries = copy(&mut source, &mut writer)?;
    writer.finish()?;
    report_damage("compact", &source);
    eprintln!("compact: {}: {entries} entries", arguments.output.display());
    Ok(Exit::Success)
}
