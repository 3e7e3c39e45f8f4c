//! What workers do for a session: REST calls, names to addresses, ledger rows, the recording.

use super::settings::Retention;
use crate::log::{Rotation, RotationStep};
use crate::net::{HttpCall, HttpClient, HttpError, HttpReply, NameCache};
use crate::runtime::jobs::{Job, Slice, Verdict};
use crate::runtime::journal::{Commit, Written};
use crate::runtime::memory::{self, GivenBack};
use crate::runtime::replay::{Recorded, WriteBatch};
use crate::store::recording::retention::{Removed, keep_below};
use std::net::SocketAddr;
use std::path::PathBuf;

/// What a worker does for a session.
#[derive(Debug)]
pub enum LiveJob {
    Call {
        client: HttpClient,
        call: HttpCall,
    },
    Resolve {
        names: NameCache,
        host: String,
        port: u16,
    },
    Commit(Commit),
    Record(WriteBatch),
    /// A full log file.
    Compress(Rotation),
    /// Whether a file is there.
    Look {
        path: PathBuf,
    },
    /// Free heap back to the system, where resident memory is above so many bytes.
    GiveBack {
        above: u64,
    },
    /// Recordings beyond what is kept.
    Retain(Retention),
}

/// What it brings back.
#[derive(Debug)]
pub enum LiveOutput {
    Replied(Result<HttpReply, HttpError>),
    Resolved {
        host: String,
        addresses: Result<Vec<SocketAddr>, String>,
    },
    Written(Written),
    Recorded(Recorded),
    Compressed(Result<(), String>),
    Retained(Result<Removed, String>),
    Looked(Result<bool, String>),
    GivenBack(Result<GivenBack, String>),
}

impl Job for LiveJob {
    type Output = LiveOutput;

    fn run(self) -> Slice<Self> {
        Slice::Done(match self {
            Self::Call { client, call } => LiveOutput::Replied(client.call(&call)),
            Self::Resolve { names, host, port } => LiveOutput::Resolved {
                addresses: names.resolve(&host, port).map_err(|e| e.to_string()),
                host,
            },
            Self::Commit(commit) => LiveOutput::Written(commit.run()),
            Self::Record(batch) => LiveOutput::Recorded(batch.run()),
            Self::Compress(rotation) => return compress(rotation),
            Self::Retain(kept) => LiveOutput::Retained(
                keep_below(&kept.directory, kept.max_bytes, &kept.active)
                    .map_err(|e| e.to_string()),
            ),
            Self::Look { path } => LiveOutput::Looked(
                path.try_exists()
                    .map_err(|error| format!("{}: {error}", path.display())),
            ),
            Self::GiveBack { above } => {
                LiveOutput::GivenBack(memory::give_back(above).map_err(|e| e.to_string()))
            }
        })
    }

    fn verdict(output: &LiveOutput) -> Verdict {
        let ok = match output {
            LiveOutput::Replied(reply) => reply.as_ref().is_ok_and(|reply| reply.status < 500),
            LiveOutput::Resolved { addresses, .. } => addresses.is_ok(),
            LiveOutput::Written(written) => written.result.is_ok(),
            LiveOutput::Recorded(recorded) => recorded.result.is_ok(),
            LiveOutput::Compressed(result) => result.is_ok(),
            LiveOutput::Retained(result) => result.is_ok(),
            LiveOutput::Looked(result) => result.is_ok(),
            LiveOutput::GivenBack(result) => result.is_ok(),
        };
        if ok {
            Verdict::Succeeded
        } else {
            Verdict::Failed
        }
    }
}

/// The next piece of a log file, so that fast jobs get their turn in between.
fn compress(mut rotation: Rotation) -> Slice<LiveJob> {
    match rotation.step() {
        Ok(RotationStep::More) => Slice::More(LiveJob::Compress(rotation)),
        Ok(RotationStep::Finished) => Slice::Done(LiveOutput::Compressed(Ok(()))),
        Err(error) => Slice::Done(LiveOutput::Compressed(Err(error.to_string()))),
    }
}
