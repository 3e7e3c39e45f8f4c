//! What a recording holds, learned by reading all of it.

use super::{
    Batch, Damage, DamageKind, Entry, Header, OpenOptions, RecordingError, Rows, Sequential,
    Trailer, open,
};
use crate::core::input::Input;
use crate::core::market::{SymbolId, TimedTrade};
use crate::core::units::{Span, Timestamp};
use std::path::Path;

/// Longest gaps that are kept.
const GAPS: usize = 5;

/// A stretch without market data of a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    pub symbol: SymbolId,
    pub from: Timestamp,
    pub length: Span,
}

/// What there is of one symbol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SymbolSurvey {
    pub trades: u64,
    pub candles: u64,
    pub quiet: u64,
    /// Time of the first and last trade, or of the first candle's opening and the last one's end.
    pub first: Option<Timestamp>,
    pub last: Option<Timestamp>,
}

/// The result of reading a recording to its end.
#[derive(Debug)]
pub struct Survey {
    pub header: Header,
    pub counts: Trailer,
    /// The recording's own counts, when it was closed.
    pub trailer: Option<Trailer>,
    pub symbols: Vec<SymbolSurvey>,
    /// Wall time of the first and last entry.
    pub first: Option<Timestamp>,
    pub last: Option<Timestamp>,
    /// Longest first.
    pub gaps: Vec<Gap>,
    /// Blocks or segments read, and which of the two.
    pub pieces: u64,
    pub piece_name: &'static str,
    /// The first 1,000 damages, and how many there are.
    pub damages: Vec<Damage>,
    pub damage_count: u64,
}

impl Survey {
    /// Whether anything but a cut-off end is wrong.
    pub fn is_damaged(&self) -> bool {
        self.damages.iter().any(|damage| !damage.kind.is_tail())
    }

    fn market(&mut self, symbol: SymbolId, from: Timestamp, to: Timestamp) {
        let Some(survey) = self.symbols.get_mut(symbol.index()) else {
            return;
        };
        if let Some(last) = survey.last {
            let length = from.since(last);
            if length > Span::ZERO {
                self.gaps.push(Gap {
                    symbol,
                    from: last,
                    length,
                });
                // Longest first; of equal ones the earlier.
                self.gaps.sort_by_key(|gap| (-gap.length.0, gap.from));
                self.gaps.truncate(GAPS);
            }
        }
        survey.first.get_or_insert(from);
        survey.last = survey.last.max(Some(to));
    }

    fn trades(&mut self, rows: &[TimedTrade]) {
        self.counts.count_trades(rows);
        for row in rows {
            let trade = &row.trade;
            if let Some(survey) = self.symbols.get_mut(trade.symbol.index()) {
                survey.trades += 1;
                let shortest = self.gaps.last().map_or(Span::ZERO, |gap| gap.length);
                let is_gap = survey.last.is_some_and(|last| {
                    trade.time.since(last) > shortest || self.gaps.len() < GAPS
                });
                if is_gap || survey.last.is_none() {
                    self.market(trade.symbol, trade.time, trade.time);
                } else {
                    survey.last = survey.last.max(Some(trade.time));
                }
            }
            self.stamp(row.stamp.wall);
        }
    }

    fn stamp(&mut self, wall: Timestamp) {
        self.first.get_or_insert(wall);
        self.last = self.last.max(Some(wall));
    }

    fn entry(&mut self, entry: &Entry) {
        if let Entry::Trailer(trailer) = entry {
            self.trailer = Some(*trailer);
            return;
        }
        self.counts.count(entry);
        if let Some(stamp) = entry.stamp() {
            self.stamp(stamp.wall);
        }
        match entry {
            Entry::Input {
                input:
                    Input::Candle {
                        symbol,
                        interval,
                        candle,
                    },
                ..
            } => {
                if let Some(survey) = self.symbols.get_mut(symbol.index()) {
                    survey.candles += 1;
                }
                let end = candle.open_time + interval.span();
                self.market(*symbol, candle.open_time, end);
            }
            Entry::Input {
                input: Input::Quiet { symbol, .. },
                ..
            } => {
                if let Some(survey) = self.symbols.get_mut(symbol.index()) {
                    survey.quiet += 1;
                }
            }
            _ => {}
        }
    }

    /// The recording's own counts say something else than what was read.
    fn compare_with_trailer(&mut self, path: &Path) {
        if let Some(trailer) = self.trailer
            && trailer != self.counts
            && !self.is_damaged()
        {
            self.damage_count += 1;
            self.damages.push(Damage {
                kind: DamageKind::Sequence,
                path: path.to_owned(),
                place: "trailer".to_owned(),
                reason: format!(
                    "counts {} entries up to {}, but {} up to {} were read",
                    trailer.entries, trailer.last.wall, self.counts.entries, self.counts.last.wall
                ),
            });
        }
    }
}

/// Reads a recording to its end, past any damage.
///
/// # Errors
/// When it cannot be opened at all, or the disk refuses.
pub fn survey(path: &Path) -> Result<Survey, RecordingError> {
    let options = OpenOptions {
        skip_damaged: true,
        ..OpenOptions::default()
    };
    let opened = open(path, &options)?;
    let mut survey = Survey {
        symbols: vec![SymbolSurvey::default(); opened.header.instruments.len()],
        header: opened.header,
        counts: Trailer::default(),
        trailer: None,
        first: None,
        last: None,
        gaps: Vec::new(),
        pieces: 0,
        piece_name: opened.reader.piece_name(),
        damages: Vec::new(),
        damage_count: 0,
    };
    let mut source = Sequential::new(opened.reader, opened.decoder);
    let mut rows = Rows::new(512);
    while let Some(batch) = source.next_batch(&mut rows)? {
        match batch {
            Batch::Trades => survey.trades(&rows),
            Batch::Candles => {
                for row in rows.candles() {
                    survey.entry(&Entry::candle(*row));
                }
            }
            Batch::Entry(entry) => survey.entry(&entry),
        }
    }
    survey.pieces = source.reader.pieces();
    for list in [source.reader.damages(), source.decoder.damages()] {
        survey.damages.extend_from_slice(list.named());
        survey.damage_count += list.total();
    }
    survey.compare_with_trailer(path);
    Ok(survey)
}
