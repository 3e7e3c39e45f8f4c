//! Records a session while it runs: every input the core sees and what came of it, as lines.
//!
//! Items are collected on the loop and written by a worker with which the writer travels. When a
//! batch is on its way and the next one is full, the replay waits. Segments open with the core's
//! state, so that a replay can begin at any of them.

use crate::core::Core;
use crate::core::effect::{Checkpoint, Effect};
use crate::core::input::Input;
use crate::core::market::{TimedCandle, TimedTrade};
use crate::core::units::Stamp;
use crate::log::redact::redact;
use crate::store::recording::{
    Entry, Frame, LineWriter, RecordingError, RecordingWriter, SegmentState,
};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Items collected before they are handed to a worker.
pub const BATCH: usize = 4096;
/// Text of frames collected before they are handed to a worker, bytes.
const FRAMES_BATCH: usize = 256 << 10;
/// Text of frames that waits at most, bytes: further frames are dropped and counted.
pub const FRAMES_MAX: usize = 1 << 20;
/// Items that wait at most where nobody can be made to wait: a recording whose disk is slower ends.
pub const ITEMS_MAX: usize = 8 * BATCH;

/// One thing to write, in order.
#[derive(Debug)]
pub enum Item {
    Entry(Entry),
    /// The next segment begins here, with this state.
    Segment(SegmentState),
    /// The recording ends here.
    Finish,
}

/// A batch on its way with the writer.
#[derive(Debug)]
pub struct WriteBatch {
    writer: Box<LineWriter>,
    items: Vec<Item>,
}

/// What came of it.
#[derive(Debug)]
pub struct Recorded {
    writer: Box<LineWriter>,
    items: Vec<Item>,
    pub result: Result<(), RecordingError>,
}

impl Recorded {
    /// Number of the segment that is being written, from 1.
    pub fn segment(&self) -> u64 {
        self.writer.segment()
    }
}

impl WriteBatch {
    /// Writes the items in order; on a worker.
    pub fn run(mut self) -> Recorded {
        let result = self.write();
        self.items.clear();
        Recorded {
            writer: self.writer,
            items: self.items,
            result,
        }
    }

    fn write(&mut self) -> Result<(), RecordingError> {
        for item in self.items.drain(..) {
            match item {
                Item::Entry(entry) => self.writer.entry(&redacted(entry))?,
                Item::Segment(state) => self.writer.rotate(Some(state))?,
                Item::Finish => {
                    self.writer.finish()?;
                }
            }
        }
        self.writer.flush()
    }
}

/// What came from outside might repeat a secret; everything else is made of plain values.
fn redacted(mut entry: Entry) -> Entry {
    if let Entry::Frame { frame, .. } = &mut entry
        && let Some(text) = &mut frame.text
        && let Cow::Owned(clean) = redact(text)
    {
        *text = clean;
    }
    entry
}

#[derive(Debug)]
pub struct Recorder {
    /// Away while a worker writes with it.
    writer: Option<Box<LineWriter>>,
    items: Vec<Item>,
    spare: Vec<Item>,
    /// Bytes of frames among the items.
    frame_bytes: usize,
    /// Frames that found no room.
    frames_dropped: u64,
    finished: bool,
    segment_wanted: bool,
}

impl Recorder {
    /// The writer compresses closed segments itself: it does so on a worker.
    pub fn new(writer: LineWriter) -> Self {
        Self {
            writer: Some(Box::new(writer)),
            items: Vec::with_capacity(BATCH),
            spare: Vec::with_capacity(BATCH),
            frame_bytes: 0,
            frames_dropped: 0,
            finished: false,
            segment_wanted: false,
        }
    }

    pub fn trade(&mut self, row: &TimedTrade) {
        self.items.push(Item::Entry(Entry::trade(*row)));
    }

    pub fn candle(&mut self, row: &TimedCandle) {
        self.items.push(Item::Entry(Entry::candle(*row)));
    }

    pub fn input(&mut self, stamp: Stamp, input: Input) {
        self.items.push(Item::Entry(Entry::Input { stamp, input }));
    }

    pub fn turn(&mut self, stamp: Stamp) {
        self.items.push(Item::Entry(Entry::Turn(stamp)));
    }

    /// What came from outside, as received.
    pub fn frame(&mut self, stamp: Stamp, frame: Frame) {
        if self.finished || self.frame_bytes + frame.size() > FRAMES_MAX {
            self.frames_dropped += 1;
            return;
        }
        self.frame_bytes += frame.size();
        let frame = Box::new(frame);
        self.items.push(Item::Entry(Entry::Frame { stamp, frame }));
    }

    pub fn frames_dropped(&self) -> u64 {
        self.frames_dropped
    }

    /// What the input just noted led to: records and checkpoints.
    pub fn outputs(&mut self, effects: &[Effect]) {
        for effect in effects {
            let entry = match effect {
                Effect::Checkpoint(checkpoint) => Entry::Checkpoint(*checkpoint),
                Effect::Persist(record) => {
                    // A record is plain values under names of our own: it always serialises.
                    match serde_json::to_string(record).and_then(RawValue::from_string) {
                        Ok(text) => Entry::Record(text),
                        Err(_) => continue,
                    }
                }
                _ => continue,
            };
            self.items.push(Item::Entry(entry));
        }
    }

    /// Begins another segment after the input stamped `at`, if the active one has its size; whether
    /// it did.
    pub fn maybe_rotate(&mut self, core: &Core, at: Stamp) -> bool {
        if !std::mem::take(&mut self.segment_wanted) {
            return false;
        }
        let state = serde_json::to_string(&core.snapshot(at)).and_then(RawValue::from_string);
        if let Ok(state) = state {
            let hash = core.state_hash().to_string();
            self.items.push(Item::Segment(SegmentState { state, hash }));
            return true;
        }
        false
    }

    /// The batch to write now, when there are enough items and the writer is here.
    pub fn due(&mut self) -> Option<WriteBatch> {
        if self.items.len() < BATCH && self.frame_bytes < FRAMES_BATCH {
            return None;
        }
        self.everything()
    }

    /// All items so far, when there are any and the writer is here.
    pub fn everything(&mut self) -> Option<WriteBatch> {
        if self.items.is_empty() {
            return None;
        }
        let writer = self.writer.take()?;
        self.frame_bytes = 0;
        let items = std::mem::replace(&mut self.items, std::mem::take(&mut self.spare));
        Some(WriteBatch { writer, items })
    }

    /// The writer comes back.
    ///
    /// # Errors
    /// What the disk said; the recording ends with what was written before.
    pub fn returned(&mut self, recorded: Recorded) -> Result<(), RecordingError> {
        self.segment_wanted = recorded.writer.segment_full();
        self.writer = Some(recorded.writer);
        self.spare = recorded.items;
        recorded.result
    }

    /// Closes the recording of a session after a last state hash, so that a replay has something to
    /// compare also where no candle closed; once.
    pub fn finish_session(&mut self, core: &Core, at: Stamp) {
        if !self.finished && core.inputs() > 0 {
            let last = Checkpoint {
                inputs: core.inputs(),
                time: at.wall,
                hash: core.state_hash().value(),
                candle: false,
            };
            self.items.push(Item::Entry(Entry::Checkpoint(last)));
        }
        self.finish();
    }

    /// Closes the recording after what was collected; once.
    pub fn finish(&mut self) {
        if !std::mem::replace(&mut self.finished, true) {
            self.items.push(Item::Finish);
        }
    }

    /// So much waits for the disk that the recording has to end.
    pub fn is_overrun(&self) -> bool {
        self.items.len() > ITEMS_MAX
    }

    /// No room for more: wait for the writer.
    pub fn is_full(&self) -> bool {
        self.writer.is_none() && self.items.len() >= BATCH
    }

    pub fn is_idle(&self) -> bool {
        self.items.is_empty() && self.writer.is_some()
    }
}
