//! What workers do for a replay: read ahead, commit rows, write the session's recording.

use super::recorder::{Recorded, WriteBatch};
use crate::runtime::jobs::{EffectClass, EffectRequest, Job, Slice, Verdict, Wait};
use crate::runtime::journal::{Commit, Written};
use crate::runtime::shell::Shell;
use crate::store::recording::{Chunk, ChunkReader, RecordingError};

/// A job of a replay: a day is long enough for the slowest disk, and nothing may be lost to time.
const JOB_LIMIT_MS: u64 = 86_400_000;

/// What a worker does for a replay.
#[derive(Debug)]
pub enum ReplayJob {
    Read {
        feed: usize,
        reader: Box<ChunkReader>,
        buffer: Vec<u8>,
    },
    Commit(Commit),
    Record(WriteBatch),
}

/// What it brings back.
#[derive(Debug)]
pub enum ReplayOutput {
    Read {
        feed: usize,
        reader: Box<ChunkReader>,
        chunk: Result<Option<Chunk>, RecordingError>,
    },
    Written(Written),
    Recorded(Recorded),
}

impl Job for ReplayJob {
    type Output = ReplayOutput;

    fn run(self) -> Slice<Self> {
        Slice::Done(match self {
            Self::Read {
                feed,
                mut reader,
                buffer,
            } => {
                let chunk = reader.next(buffer);
                ReplayOutput::Read {
                    feed,
                    reader,
                    chunk,
                }
            }
            Self::Commit(commit) => ReplayOutput::Written(commit.run()),
            Self::Record(batch) => ReplayOutput::Recorded(batch.run()),
        })
    }

    fn verdict(output: &ReplayOutput) -> Verdict {
        let ok = match output {
            ReplayOutput::Read { chunk, .. } => chunk.is_ok(),
            ReplayOutput::Written(written) => written.result.is_ok(),
            ReplayOutput::Recorded(recorded) => recorded.result.is_ok(),
        };
        if ok {
            Verdict::Succeeded
        } else {
            Verdict::Failed
        }
    }
}

/// Hands a job over.
pub(super) fn submit(shell: &mut Shell<ReplayJob>, class: EffectClass, job: ReplayJob) {
    let mut request = EffectRequest::new(class, job);
    request.limit_ms = JOB_LIMIT_MS;
    request.wait = Wait::Unlimited;
    // Two reads a feed and one commit: far below what is admitted, so nothing is ever refused.
    let _ = shell.submit(request);
}
