//! Trades out of recorded websocket frames: the codecs of `exchange` for the importer of `store`.
//!
//! One frame a line, with or without the envelope of a recorder. Lines and frames without a trade
//! are counted and told; what cannot be decoded is a bad row.

use crate::exchange::recorded::{RecordedLine, unwrap_line};
use crate::exchange::{Decoded, PublicTrade};
use crate::store::recording::RecordingError;
use crate::store::recording::import::{
    BadRows, Checksum, ImportError, TradeRecord, TradeSink, TradeSource, Watch, open_text,
};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Longest frame that is read, bytes; a longer line is a bad row.
const FRAME_MAX: u64 = 32 << 20;

/// Files of frames, read one after the other.
pub(super) struct FrameSource {
    paths: Vec<PathBuf>,
    watch: Rc<dyn Watch>,
    without_trade: u64,
}

impl FrameSource {
    pub fn new(paths: Vec<PathBuf>, watch: Rc<dyn Watch>) -> Self {
        Self {
            paths,
            watch,
            without_trade: 0,
        }
    }

    fn read_file(
        &mut self,
        path: &Path,
        checksum: &mut Checksum,
        bad: &mut BadRows,
        sink: &mut TradeSink<'_>,
    ) -> Result<(), ImportError> {
        let watch = Rc::clone(&self.watch);
        let mut lines = BufReader::with_capacity(256 << 10, open_text(path, checksum, &*watch)?);
        let mut bytes = Vec::new();
        for number in 1u64.. {
            bytes.clear();
            let read = lines
                .by_ref()
                .take(FRAME_MAX)
                .read_until(b'\n', &mut bytes)
                .map_err(|error| RecordingError::Io {
                    path: path.to_owned(),
                    action: "read",
                    reason: error.to_string(),
                })?;
            if read == 0 {
                return Ok(());
            }
            watch.row();
            let place = || format!("{}: line {number}", path.display());
            let Ok(line) = std::str::from_utf8(&bytes) else {
                bad.add(place(), "not UTF-8 text");
                continue;
            };
            let frame = match unwrap_line(line) {
                RecordedLine::Frame(frame) => frame,
                RecordedLine::NoFrame => {
                    self.without_trade += 1;
                    continue;
                }
            };
            let mut outcome = Ok(());
            // All of a frame or nothing: what is damaged behind a trade is seen first.
            let decoded = crate::exchange::decode(&frame, &mut |_| {}).and_then(|_| {
                crate::exchange::decode(&frame, &mut |trade| {
                    if outcome.is_ok() {
                        outcome = sink(&record(trade));
                    }
                })
            });
            outcome?;
            match decoded {
                Ok(Decoded::Trades) => {}
                Ok(Decoded::Other) => self.without_trade += 1,
                Err(error) => bad.add(place(), error.to_string()),
            }
        }
        Ok(())
    }
}

fn record<'a>(trade: &PublicTrade<'a>) -> TradeRecord<'a> {
    TradeRecord {
        symbol: Some(trade.product),
        time: trade.time,
        price: trade.price,
        quantity: trade.quantity,
        aggressor: trade.aggressor,
        from_sign: false,
        id: trade.id,
        ordered: trade.id != 0,
    }
}

impl TradeSource for FrameSource {
    fn read(
        &mut self,
        checksum: &mut Checksum,
        bad: &mut BadRows,
        sink: &mut TradeSink<'_>,
    ) -> Result<(), ImportError> {
        self.without_trade = 0;
        for path in self.paths.clone() {
            self.read_file(&path, checksum, bad, sink)?;
        }
        Ok(())
    }

    fn noisy(&self) -> u64 {
        0
    }

    fn notes(&self) -> Vec<String> {
        vec![format!(
            "{} lines or frames without a trade",
            self.without_trade
        )]
    }
}
