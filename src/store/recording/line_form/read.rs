//! Reads the line form: finds whole, valid lines in order and names what is not.

use super::gzip::{Filled, GzipReader};
use super::line::{self, LINE_MAX, Line};
use super::segments;
use crate::core::units::Timestamp;
use crate::files::open_regular;
use crate::store::recording::error::DamageList;
use crate::store::recording::{Damage, DamageKind, Header, RecordingError, Trailer, sniff};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Text of one chunk, bytes, unless a single line is longer.
pub const CHUNK: usize = 64 << 10;

/// Verified lines; their text is in the caller's buffer.
#[derive(Debug)]
pub struct Lines {
    /// Entries before the first of them.
    pub before: u64,
}

/// What the next step of reading found.
#[derive(Debug)]
pub enum LineChunk {
    Lines(Lines),
    Trailer(Trailer),
}

#[derive(Debug)]
enum Input {
    Plain(File),
    Gzip(Box<GzipReader>),
}

/// The lines of one file or of a folder's segments.
#[derive(Debug)]
pub struct LineSource {
    /// All segments, and the one being read.
    paths: Vec<PathBuf>,
    segment: usize,
    input: Input,
    /// Text not yet handed out, from `at` on; `line` = number of the line there.
    text: Vec<u8>,
    at: usize,
    line: u64,
    /// Entries before the next line.
    before: u64,
    /// Bad lines so far that nothing valid followed.
    suspect: Option<Damage>,
    /// Handed out with the next call.
    waiting_error: Option<RecordingError>,
    waiting_trailer: Option<Trailer>,
    skip_damaged: bool,
    damages: DamageList,
    trailer_seen: bool,
    closed: bool,
}

/// What a complete line turned out to be.
enum Found {
    Entry,
    Header,
    Trailer,
    Bad(&'static str),
}

impl LineSource {
    /// One file.
    pub fn open_file(path: &Path, skip_damaged: bool) -> Result<(Header, Self), RecordingError> {
        Self::open(vec![path.to_owned()], 0, skip_damaged)
    }

    /// A folder; reading starts with the last segment that begins at or before `from`.
    pub fn open_folder(
        folder: &Path,
        skip_damaged: bool,
        from: Option<Timestamp>,
    ) -> Result<(Header, Self), RecordingError> {
        let paths = segments::list(folder)?;
        let mut start = 0;
        if let Some(from) = from {
            for (index, path) in paths.iter().enumerate().skip(1) {
                // A segment whose head cannot be read is found by reading up to it.
                let Ok((_, begins)) = first_line(path, &mut open_input(path)?, &mut Vec::new())
                else {
                    continue;
                };
                if begins <= from {
                    start = index;
                }
            }
        }
        let mut damages = DamageList::default();
        loop {
            match Self::open(paths.clone(), start, skip_damaged) {
                Ok((header, mut source)) => {
                    source.damages = damages;
                    return Ok((header, source));
                }
                // Each segment carries the header: the next one may be whole.
                Err(RecordingError::Header { path, reason })
                    if skip_damaged && start + 1 < paths.len() =>
                {
                    damages.push(Damage {
                        kind: DamageKind::Corrupt,
                        path,
                        place: "header".to_owned(),
                        reason: format!("{reason}; the whole segment is left out"),
                    });
                    start += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn open(
        paths: Vec<PathBuf>,
        segment: usize,
        skip_damaged: bool,
    ) -> Result<(Header, Self), RecordingError> {
        let mut input = open_input(&paths[segment])?;
        let mut text = Vec::new();
        let (header, _) = first_line(&paths[segment], &mut input, &mut text)?;
        let end = text.iter().position(|b| *b == b'\n').unwrap_or(text.len());
        let before = line::number_and_kind(&text[..end]).map_or(0, |(n, _)| n);
        let source = Self {
            paths,
            segment,
            input,
            text,
            at: (end + 1).max(1),
            line: 2,
            before,
            suspect: None,
            waiting_error: None,
            waiting_trailer: None,
            skip_damaged,
            damages: DamageList::default(),
            trailer_seen: false,
            closed: false,
        };
        Ok((header, source))
    }

    pub const fn damages(&self) -> &DamageList {
        &self.damages
    }

    /// Segments opened so far.
    pub const fn pieces(&self) -> u64 {
        self.segment as u64 + 1
    }

    /// The next valid lines; their text replaces the buffer's content.
    pub fn next(&mut self, buffer: &mut Vec<u8>) -> Result<Option<LineChunk>, RecordingError> {
        buffer.clear();
        if let Some(error) = self.waiting_error.take() {
            self.closed = true;
            return Err(error);
        }
        if let Some(trailer) = self.waiting_trailer.take() {
            return Ok(Some(LineChunk::Trailer(trailer)));
        }
        let before = self.before;
        let mut first = before;
        while !self.closed && buffer.len() < CHUNK {
            let Some((start, end)) = self.next_line()? else {
                self.end_of_input();
                break;
            };
            if buffer.is_empty() {
                first = self.before;
            }
            if let Err(error) = self.take_line(start, end, buffer) {
                self.waiting_error = Some(error);
                break;
            }
            if self.waiting_trailer.is_some() {
                break;
            }
        }
        if !buffer.is_empty() {
            // The first line handed out may stand behind a hole.
            let before = line::number_and_kind(buffer).map_or(first, |(n, _)| n.saturating_sub(1));
            return Ok(Some(LineChunk::Lines(Lines { before })));
        }
        if self.waiting_error.is_some() || self.waiting_trailer.is_some() || !self.closed {
            return self.next(buffer);
        }
        Ok(None)
    }

    /// Where the next line lies in the text, without its newline; the last one may lack one.
    fn next_line(&mut self) -> Result<Option<(usize, usize)>, RecordingError> {
        let mut searched = self.at;
        loop {
            let rest = self.text.get(searched..).unwrap_or_default();
            if let Some(length) = rest.iter().position(|b| *b == b'\n') {
                let line = (self.at, searched + length);
                self.at = line.1 + 1;
                return Ok(Some(line));
            }
            self.text.drain(..self.at.min(self.text.len()));
            self.at = 0;
            if self.text.len() > LINE_MAX {
                self.suspect("a line of more than 64 MiB");
                self.text.clear();
            }
            searched = self.text.len();
            if self.fill()? {
                continue;
            }
            if !self.text.is_empty() {
                let line = (0, self.text.len());
                self.at = self.text.len() + 1;
                return Ok(Some(line));
            }
            if !self.next_segment()? {
                return Ok(None);
            }
            searched = 0;
        }
    }

    /// Reads more text; false at the end of the segment.
    fn fill(&mut self) -> Result<bool, RecordingError> {
        let path = &self.paths[self.segment];
        let io = |error: std::io::Error| RecordingError::io(path, "read", &error);
        match &mut self.input {
            Input::Plain(file) => {
                let before = self.text.len();
                let read = file
                    .take(CHUNK as u64)
                    .read_to_end(&mut self.text)
                    .map_err(io)?;
                debug_assert_eq!(self.text.len(), before + read);
                Ok(read > 0)
            }
            Input::Gzip(reader) => match reader.fill(&mut self.text).map_err(io)? {
                Filled::Data => Ok(true),
                Filled::End => Ok(false),
                Filled::Broken { at, reason } => {
                    // What is left of a line in front of the hole has no end.
                    let whole = self.text.iter().rposition(|b| *b == b'\n');
                    self.text.truncate(whole.map_or(0, |at| at + 1));
                    let place = format!("byte {at} of the compressed file");
                    self.suspect_at(place, reason);
                    Ok(true)
                }
            },
        }
    }

    fn next_segment(&mut self) -> Result<bool, RecordingError> {
        if self.segment + 1 >= self.paths.len() {
            return Ok(false);
        }
        self.segment += 1;
        self.input = open_input(&self.paths[self.segment])?;
        self.text.clear();
        self.at = 0;
        self.line = 1;
        Ok(true)
    }

    fn classify(&self, start: usize, end: usize) -> (Found, u64) {
        let text = &self.text[start..end];
        if let Err(reason) = line::check(text) {
            return (Found::Bad(reason), 0);
        }
        match line::number_and_kind(text) {
            None => (Found::Bad("no number or kind"), 0),
            Some((n, b"header")) => (Found::Header, n),
            Some((n, b"trailer")) => (Found::Trailer, n),
            Some((n, _)) => (Found::Entry, n),
        }
    }

    /// Takes a line over into the buffer, or notes what is wrong with it.
    fn take_line(
        &mut self,
        start: usize,
        end: usize,
        buffer: &mut Vec<u8>,
    ) -> Result<(), RecordingError> {
        let (found, n) = self.classify(start, end);
        let number = self.line;
        self.line += 1;
        if let Found::Bad(reason) = found {
            self.suspect_at(format!("line {number}"), reason);
            return Ok(());
        }
        if self.trailer_seen {
            let place = format!("line {number}");
            return self.damaged(
                DamageKind::Sequence,
                place,
                "stands after the trailer".to_owned(),
            );
        }
        self.confirm_suspect(n)?;
        // A header stands between two entries, everything else is one.
        let expected = self.before + u64::from(!matches!(found, Found::Header));
        if n < expected {
            let reason =
                format!("has number {n}, expected {expected}: repeated or out of order, left out");
            return self.damaged(DamageKind::Sequence, format!("line {number}"), reason);
        }
        if n > expected {
            let reason = format!("has number {n}, expected {expected}: lines are missing");
            self.damaged(DamageKind::Sequence, format!("line {number}"), reason)?;
        }
        match found {
            Found::Header => {
                self.before = n;
                let path = &self.paths[self.segment];
                match parse_header(path, number, &self.text[start..end]) {
                    Ok(_) => Ok(()),
                    Err(RecordingError::Header { reason, .. }) => {
                        self.damaged(DamageKind::Corrupt, "header".to_owned(), reason)
                    }
                    Err(error) => Err(error),
                }
            }
            Found::Trailer => {
                self.trailer_seen = true;
                let parsed = serde_json::from_slice::<Line<'_>>(&self.text[start..end])
                    .and_then(|line| serde_json::from_str(line.d.get()));
                match parsed {
                    Ok(trailer) => self.waiting_trailer = Some(trailer),
                    Err(error) => {
                        let place = format!("line {number}");
                        self.damaged(DamageKind::Corrupt, place, format!("trailer: {error}"))?;
                    }
                }
                Ok(())
            }
            Found::Entry | Found::Bad(_) => {
                self.before = n;
                buffer.extend_from_slice(&self.text[start..end]);
                buffer.push(b'\n');
                Ok(())
            }
        }
    }

    fn suspect(&mut self, reason: &str) {
        let place = format!("line {}", self.line);
        self.suspect_at(place, reason);
    }

    fn suspect_at(&mut self, place: String, reason: &str) {
        if self.suspect.is_none() {
            self.suspect = Some(Damage {
                kind: DamageKind::Corrupt,
                path: self.paths[self.segment].clone(),
                place,
                reason: reason.to_owned(),
            });
        }
    }

    /// Something valid follows bad lines: they are damage, not a torn tail.
    fn confirm_suspect(&mut self, n: u64) -> Result<(), RecordingError> {
        let Some(suspect) = self.suspect.take() else {
            return Ok(());
        };
        let lost = n.saturating_sub(self.before + 1);
        let reason = format!(
            "{}; {lost} entries after entry {} are lost, entry {n} follows in line {}",
            suspect.reason,
            self.before,
            self.line - 1
        );
        self.before = self.before.max(n.saturating_sub(1));
        let damage = Damage { reason, ..suspect };
        self.damages.push(damage.clone());
        if self.skip_damaged {
            Ok(())
        } else {
            Err(RecordingError::Damaged(Box::new(damage)))
        }
    }

    fn damaged(
        &mut self,
        kind: DamageKind,
        place: String,
        reason: String,
    ) -> Result<(), RecordingError> {
        let damage = Damage {
            kind,
            path: self.paths[self.segment].clone(),
            place,
            reason,
        };
        self.damages.push(damage.clone());
        if self.skip_damaged {
            Ok(())
        } else {
            Err(RecordingError::Damaged(Box::new(damage)))
        }
    }

    fn end_of_input(&mut self) {
        self.closed = true;
        if let Some(suspect) = self.suspect.take() {
            self.damages.push(Damage {
                kind: DamageKind::TornTail,
                reason: format!("{}; nothing valid follows", suspect.reason),
                ..suspect
            });
        } else if !self.trailer_seen {
            self.damages.push(Damage {
                kind: DamageKind::NotClosed,
                path: self.paths[self.segment].clone(),
                place: format!("line {}", self.line),
                reason: format!(
                    "no trailer after {} entries: the writer was cut off or still writes",
                    self.before
                ),
            });
        }
    }
}

fn open_input(path: &Path) -> Result<Input, RecordingError> {
    let io = |error: std::io::Error| RecordingError::io(path, "open", &error);
    let mut file = open_regular(path).map_err(|e| RecordingError::io(path, "open", &e))?;
    let mut start = [0u8; 2];
    let read = file.read(&mut start).map_err(io)?;
    std::io::Seek::rewind(&mut file).map_err(io)?;
    Ok(if read == 2 && start == [0x1F, 0x8B] {
        Input::Gzip(Box::new(GzipReader::new(file)))
    } else {
        Input::Plain(file)
    })
}

/// Reads the first line into `text` (with what happens to be read after it): the header and its
/// wall time.
fn first_line(
    path: &Path,
    input: &mut Input,
    text: &mut Vec<u8>,
) -> Result<(Header, Timestamp), RecordingError> {
    let io = |error: std::io::Error| RecordingError::io(path, "read", &error);
    while !text.contains(&b'\n') && text.len() <= LINE_MAX {
        let more = match input {
            Input::Plain(file) => file.take(CHUNK as u64).read_to_end(text).map_err(io)? > 0,
            Input::Gzip(reader) => match reader.fill(text).map_err(io)? {
                Filled::Data => true,
                Filled::End => false,
                Filled::Broken { at, reason } => {
                    return Err(RecordingError::header(
                        path,
                        format!("byte {at} of the compressed file: {reason}"),
                    ));
                }
            },
        };
        if !more {
            break;
        }
    }
    let end = text.iter().position(|b| *b == b'\n').unwrap_or(text.len());
    let first = &text[..end];
    if !first.starts_with(b"{\"n\":") {
        return Err(RecordingError::foreign(path, what_it_is(first)));
    }
    parse_header(path, 1, first)
}

fn what_it_is(first: &[u8]) -> String {
    if first.starts_with(b"{") {
        "JSON lines of another kind: `minnow import --format frames` reads raw exchange frames"
            .to_owned()
    } else {
        sniff::describe(&first[..first.len().min(512)])
    }
}

fn parse_header(
    path: &Path,
    number: u64,
    text: &[u8],
) -> Result<(Header, Timestamp), RecordingError> {
    let refuse = |reason: String| RecordingError::header(path, format!("line {number}{reason}"));
    line::check(text).map_err(|reason| refuse(format!(" {reason}")))?;
    let line: Line<'_> =
        serde_json::from_slice(text).map_err(|error| refuse(format!(": {error}")))?;
    if line.k != "header" {
        let reason = format!(" is of kind {:?}, expected \"header\"", line.k);
        return Err(refuse(reason));
    }
    Ok((Header::parse(path, line.d.get())?, Timestamp(line.w)))
}
