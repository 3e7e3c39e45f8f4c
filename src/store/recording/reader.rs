//! Opens a recording of either form and reads it in two halves.
//!
//! `ChunkReader` does what may wait for the disk; it owns what it needs and may travel to a worker
//! with each call. `ChunkDecoder` turns verified chunks into rows and entries without input or
//! output. Buffers go back and forth and are reused.

use super::block_form::decode::BlockDecoder;
use super::block_form::layout::{BlockHead, FILE_MAGIC};
use super::block_form::read::{Block, BlockSource};
use super::error::DamageList;
use super::line_form::payload::LineDecoder;
use super::line_form::read::{LineChunk, LineSource, Lines};
use super::sniff;
use super::{Batch, Damage, DamageKind, Entry, Header, RecordingError, Rows, SymbolTable, Trailer};
use crate::core::input::Input;
use crate::core::market::SymbolId;
use crate::core::units::Timestamp;
use crate::files::open_regular;
use std::io::Read;
use std::path::{Path, PathBuf};

/// How to read.
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    /// Go on after damage in the middle; the damages are listed.
    pub skip_damaged: bool,
    /// What the recording's symbols are called here.
    pub symbols: SymbolTable,
    /// Leave out blocks that end before this wall time; of a folder of segments, start with the
    /// last segment that begins at or before it (its header carries that segment's state).
    pub from: Option<Timestamp>,
}

/// A recording ready to be read.
#[derive(Debug)]
pub struct Opened {
    pub header: Header,
    pub reader: ChunkReader,
    pub decoder: ChunkDecoder,
}

/// Opens a file of either form, plain or gzip, or a folder of segments.
///
/// # Errors
/// `Foreign` for anything else, with what it seems to be; `NewerVersion`; `Header`; `Io`.
pub fn open(path: &Path, options: &OpenOptions) -> Result<Opened, RecordingError> {
    let (header, source) = if path.is_dir() {
        let (header, source) = LineSource::open_folder(path, options.skip_damaged, options.from)?;
        (header, Source::Lines(Box::new(source)))
    } else {
        let mut file = open_regular(path).map_err(|e| RecordingError::io(path, "open", &e))?;
        let mut start = Vec::with_capacity(512);
        (&mut file)
            .take(512)
            .read_to_end(&mut start)
            .map_err(|error| RecordingError::io(path, "read", &error))?;
        if start.starts_with(&FILE_MAGIC) {
            let (header, source) =
                BlockSource::open(path, file, options.skip_damaged, options.from)?;
            (header, Source::Blocks(Box::new(source)))
        } else if start.first() == Some(&b'{') || start.starts_with(&[0x1F, 0x8B]) {
            let (header, source) = LineSource::open_file(path, options.skip_damaged)?;
            (header, Source::Lines(Box::new(source)))
        } else {
            return Err(RecordingError::foreign(path, sniff::describe(&start)));
        }
    };
    let map = options.symbols.resolve(&header);
    let decoder = ChunkDecoder {
        path: path.to_owned(),
        as_recorded: (0u16..)
            .zip(&map)
            .all(|(index, to)| *to == Some(SymbolId(index))),
        map,
        content: Content::Nothing,
        block: BlockDecoder::new(header.instruments.len()),
        lines: LineDecoder::new(&header),
        last_mono: i64::MIN,
        seen: 0,
        skip_damaged: options.skip_damaged,
        damages: DamageList::default(),
    };
    Ok(Opened {
        header,
        reader: ChunkReader { source },
        decoder,
    })
}

#[derive(Debug)]
enum Source {
    Blocks(Box<BlockSource>),
    Lines(Box<LineSource>),
}

/// The half that waits for the disk.
#[derive(Debug)]
pub struct ChunkReader {
    source: Source,
}

/// A verified piece of a recording, at most about 64 KiB unless a single entry is larger.
#[derive(Debug)]
pub struct Chunk {
    bytes: Vec<u8>,
    content: Content,
}

impl Chunk {
    /// Bytes that it holds, unpacked.
    pub fn size(&self) -> usize {
        self.bytes.len()
    }
}

#[derive(Debug)]
enum Content {
    Nothing,
    Block {
        head: BlockHead,
        number: u64,
        at: u64,
    },
    Lines(Lines),
    Trailer(Trailer),
}

impl ChunkReader {
    /// Whether the chunks add up to about the size of the file: nothing is packed in it.
    pub const fn is_block_form(&self) -> bool {
        matches!(self.source, Source::Blocks(_))
    }

    /// The next chunk, read into `buffer`; `None` at the end.
    ///
    /// # Errors
    /// `Damaged` at damage in the middle unless it is skipped; everything before it was handed
    /// out. `Io` when the disk refuses.
    pub fn next(&mut self, buffer: Vec<u8>) -> Result<Option<Chunk>, RecordingError> {
        let mut bytes = buffer;
        bytes.clear();
        let content = match &mut self.source {
            Source::Blocks(source) => match source.next(&mut bytes)? {
                None => return Ok(None),
                Some(Block::Rows { head, number, at }) => Content::Block { head, number, at },
                Some(Block::Trailer(trailer)) => Content::Trailer(trailer),
            },
            Source::Lines(source) => match source.next(&mut bytes)? {
                None => return Ok(None),
                Some(LineChunk::Lines(lines)) => Content::Lines(lines),
                Some(LineChunk::Trailer(trailer)) => Content::Trailer(trailer),
            },
        };
        Ok(Some(Chunk { bytes, content }))
    }

    /// Damage met so far, a torn tail included.
    pub const fn damages(&self) -> &DamageList {
        match &self.source {
            Source::Blocks(source) => source.damages(),
            Source::Lines(source) => source.damages(),
        }
    }

    /// Pieces (blocks, or segments of lines) read so far, damaged ones included.
    pub const fn pieces(&self) -> u64 {
        match &self.source {
            Source::Blocks(source) => source.pieces(),
            Source::Lines(source) => source.pieces(),
        }
    }

    /// `blocks` or `segments`.
    pub const fn piece_name(&self) -> &'static str {
        match &self.source {
            Source::Blocks(_) => "blocks",
            Source::Lines(_) => "segments",
        }
    }
}

/// The half that computes.
#[derive(Debug)]
pub struct ChunkDecoder {
    path: PathBuf,
    /// The caller's number of each symbol of the recording.
    map: Vec<Option<SymbolId>>,
    /// The map changes nothing.
    as_recorded: bool,
    content: Content,
    block: BlockDecoder,
    lines: LineDecoder,
    last_mono: i64,
    /// Entries handed out or left out.
    seen: u64,
    skip_damaged: bool,
    damages: DamageList,
}

impl ChunkDecoder {
    /// Takes the next chunk and gives the last one's buffer back. The last one must have been read
    /// to its end, or what is left of it is forgotten.
    ///
    /// # Errors
    /// `Damaged` when the chunk's columns do not fit together and damage is not skipped.
    pub fn begin(&mut self, chunk: Chunk) -> Result<Vec<u8>, RecordingError> {
        let Chunk { bytes, content } = chunk;
        self.content = content;
        match &self.content {
            Content::Block { head, .. } => {
                self.seen = head.before;
                let (spent, outcome) = self.block.begin(*head, bytes);
                if outcome.is_err() {
                    self.damaged("its columns do not fit together")?;
                }
                Ok(spent)
            }
            Content::Lines(lines) => {
                self.seen = lines.before;
                Ok(self.lines.begin(bytes))
            }
            Content::Nothing | Content::Trailer(_) => Ok(bytes),
        }
    }

    /// The next run of trades (in `rows`, which is rewritten) or other entry of the chunk; `None` at
    /// its end.
    ///
    /// # Errors
    /// `Damaged` when an entry makes no sense or the clock goes back, and damage is not skipped.
    pub fn next_batch(&mut self, rows: &mut Rows) -> Result<Option<Batch>, RecordingError> {
        loop {
            let outcome = match &self.content {
                Content::Nothing => return Ok(None),
                Content::Trailer(trailer) => {
                    let entry = Entry::Trailer(*trailer);
                    self.content = Content::Nothing;
                    return Ok(Some(Batch::Entry(entry)));
                }
                Content::Block { .. } => self
                    .block
                    .next_batch(rows)
                    .map_err(|_| "an entry makes no sense although the checksum holds".to_owned()),
                Content::Lines(_) => self.lines.next_batch(rows),
            };
            match outcome {
                Ok(None) => {
                    self.content = Content::Nothing;
                    return Ok(None);
                }
                Ok(Some(batch)) => {
                    if self.accept(&batch, rows)?
                        && let Some(batch) = self.translate(batch, rows)
                    {
                        return Ok(Some(batch));
                    }
                }
                Err(reason) => {
                    let at_line = matches!(self.content, Content::Lines(_));
                    self.damaged(&reason)?;
                    // A line stands alone; the rest of a block hangs on what came before.
                    if !at_line {
                        self.content = Content::Nothing;
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// Checks that the clock does not go back; a run or entry that does is damage.
    fn accept(&mut self, batch: &Batch, rows: &Rows) -> Result<bool, RecordingError> {
        let (count, span, backward) = match batch {
            Batch::Trades => {
                let ends = rows.first().zip(rows.last());
                let span = ends.map(|(first, last)| (first.stamp.mono, last.stamp.mono));
                let stamped =
                    matches!(&self.content, Content::Block { head, .. } if !head.has_stamps());
                let backward = if stamped {
                    self.block.went_backward()
                } else {
                    !rows.is_sorted_by_key(|row| row.stamp.mono)
                };
                (rows.len() as u64, span, backward)
            }
            // A decoder's run of candles never goes back within itself.
            Batch::Candles => {
                let ends = rows.candles().first().zip(rows.candles().last());
                let span = ends.map(|(first, last)| (first.stamp.mono, last.stamp.mono));
                (rows.candles().len() as u64, span, false)
            }
            Batch::Entry(entry) => (1, entry.stamp().map(|s| (s.mono, s.mono)), false),
        };
        let first_entry = self.seen + 1;
        self.seen += count;
        let Some((first, last)) = span else {
            return Ok(true);
        };
        if backward || first < self.last_mono || last < first {
            self.sequence_damaged(first_entry, first)?;
            return Ok(false);
        }
        self.last_mono = last;
        Ok(true)
    }

    /// The recording's symbols to the caller's; `None` when nothing wanted is left.
    fn translate(&self, mut batch: Batch, rows: &mut Rows) -> Option<Batch> {
        if self.as_recorded {
            return Some(batch);
        }
        let to = |symbol: SymbolId| self.map.get(symbol.index()).copied().flatten();
        match &mut batch {
            Batch::Trades => {
                let mut kept = 0;
                for index in 0..rows.len() {
                    let mut row = rows[index];
                    if let Some(symbol) = to(row.trade.symbol) {
                        row.trade.symbol = symbol;
                        rows.set(kept, row);
                        kept += 1;
                    }
                }
                rows.truncate(kept);
                (kept > 0).then_some(batch)
            }
            Batch::Candles => {
                rows.candles_mut().retain_mut(|row| match to(row.symbol) {
                    Some(symbol) => {
                        row.symbol = symbol;
                        true
                    }
                    None => false,
                });
                (!rows.candles().is_empty()).then_some(batch)
            }
            Batch::Entry(Entry::Input { input, .. }) => {
                let symbol = match input {
                    Input::Trade(trade) | Input::Ahead(trade) => &mut trade.symbol,
                    Input::Candle { symbol, .. }
                    | Input::Quiet { symbol, .. }
                    | Input::History { symbol, .. }
                    | Input::Feed { symbol, .. }
                    | Input::Partial { symbol, .. }
                    | Input::Whole { symbol }
                    | Input::Quote { symbol, .. } => symbol,
                    _ => return Some(batch),
                };
                *symbol = to(*symbol)?;
                Some(batch)
            }
            Batch::Entry(_) => Some(batch),
        }
    }

    fn place(&self) -> String {
        match &self.content {
            Content::Block { number, at, .. } => format!("block {number} at byte {at}"),
            Content::Lines(_) => format!("entry {}", self.seen + 1),
            Content::Nothing | Content::Trailer(_) => "end".to_owned(),
        }
    }

    fn damaged(&mut self, reason: &str) -> Result<(), RecordingError> {
        let place = self.place();
        self.note(DamageKind::Corrupt, place, reason.to_owned())
    }

    fn sequence_damaged(&mut self, entry: u64, mono: i64) -> Result<(), RecordingError> {
        let reason = format!(
            "from entry {entry} on the clock goes back, to {mono} ns from {} ns or within the run",
            self.last_mono
        );
        let place = self.place();
        self.note(DamageKind::Sequence, place, reason)
    }

    fn note(
        &mut self,
        kind: DamageKind,
        place: String,
        reason: String,
    ) -> Result<(), RecordingError> {
        let damage = Damage {
            kind,
            path: self.path.clone(),
            place,
            reason,
        };
        self.damages.push(damage.clone());
        if self.skip_damaged {
            Ok(())
        } else {
            self.content = Content::Nothing;
            Err(RecordingError::Damaged(Box::new(damage)))
        }
    }

    /// Damage that only decoding showed.
    pub const fn damages(&self) -> &DamageList {
        &self.damages
    }
}

/// Both halves in one place, for tools that may wait for the disk.
#[derive(Debug)]
pub struct Sequential {
    pub reader: ChunkReader,
    pub decoder: ChunkDecoder,
    spare: Vec<u8>,
    busy: bool,
}

impl Sequential {
    pub const fn new(reader: ChunkReader, decoder: ChunkDecoder) -> Self {
        Self {
            reader,
            decoder,
            spare: Vec::new(),
            busy: false,
        }
    }

    /// The next run of trades or other entry of the whole recording; `None` at its end.
    ///
    /// # Errors
    /// Those of the two halves.
    pub fn next_batch(&mut self, rows: &mut Rows) -> Result<Option<Batch>, RecordingError> {
        loop {
            if self.busy {
                if let Some(batch) = self.decoder.next_batch(rows)? {
                    return Ok(Some(batch));
                }
                self.busy = false;
            }
            let Some(chunk) = self.reader.next(std::mem::take(&mut self.spare))? else {
                return Ok(None);
            };
            self.busy = true;
            self.spare = self.decoder.begin(chunk)?;
        }
    }
}
