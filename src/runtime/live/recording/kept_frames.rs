//! Which messages and answers a session records as received, beside the inputs that were read from
//! them: what a reading of ours can be checked against afterwards. Books are left to a setting of their
//! own, since their updates are most of what comes.

use crate::core::units::Stamp;
use crate::exchange::ExchangeCodec;
use crate::exchange::calls::Call;
use crate::exchange::stream::StreamRole;
use crate::net::{HttpError, HttpReply, Incoming};
use crate::runtime::replay::Recorder;
use crate::store::recording::{Frame, FrameCall};

/// See the file's head.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeptFrames {
    /// What could not be read or was refused.
    #[default]
    Refused,
    /// Everything but books.
    Market,
    All,
}

impl KeptFrames {
    /// By its name in the configuration.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "refused" => Some(Self::Refused),
            "market" => Some(Self::Market),
            "all" => Some(Self::All),
            _ => None,
        }
    }

    const fn wants(self, is_book: bool, refused: bool) -> bool {
        match self {
            Self::Refused => refused,
            Self::Market => refused || !is_book,
            Self::All => true,
        }
    }

    /// Records a message of a connection, where it is wanted.
    pub fn message(
        self,
        recorder: Option<&mut Recorder>,
        (role, epoch): (StreamRole, u64),
        stamp: Stamp,
        incoming: &Incoming<'_>,
        refused: bool,
    ) {
        if let Some(recorder) = recorder
            && self.wants(role == StreamRole::Book, refused)
        {
            let bytes = match incoming {
                Incoming::Text(text) => text.as_bytes(),
                Incoming::Binary(bytes) => bytes,
            };
            recorder.frame(stamp, Frame::message(role.name(), epoch, bytes));
        }
    }

    /// Records the end of a call, where it is wanted: the answer, or why there is none. `waited`:
    /// nanoseconds since it was handed over.
    pub fn call(
        self,
        recorder: Option<&mut Recorder>,
        request: &Request,
        reply: Result<&Result<HttpReply, HttpError>, &str>,
        (stamp, waited): (Stamp, i64),
        failed: bool,
    ) {
        let Some(recorder) = recorder.filter(|_| self.wants(request.is_book, failed)) else {
            return;
        };
        let (answer, failure) = match reply {
            Ok(Ok(reply)) => (Some(reply), None),
            Ok(Err(error)) => (None, Some(error.text.clone())),
            Err(text) => (None, Some(text.to_owned())),
        };
        let retry_after = answer.and_then(|reply| reply.header("retry-after"));
        let call = FrameCall {
            request: request.text.clone(),
            status: answer.map(|reply| reply.status),
            failure,
            latency_ms: u64::try_from(waited / 1_000_000).unwrap_or(0),
            retry_after: retry_after.map(ToOwned::to_owned),
        };
        let body = answer.map(|reply| reply.body.as_slice());
        recorder.frame(stamp, Frame::call(call, body));
    }
}

/// What a call asks, in words.
#[derive(Clone, Debug)]
pub struct Request {
    text: String,
    is_book: bool,
}

impl Request {
    pub fn of(codec: &dyn ExchangeCodec, call: &Call) -> Self {
        let request = codec.request(call);
        Self {
            text: format!("{} {}", request.method.name(), request.path),
            is_book: matches!(call, Call::Book { .. }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_refused_is_always_kept_and_books_only_where_they_are_wanted() {
        let kept = |name: &str| {
            let kept = KeptFrames::parse(name).unwrap();
            [(false, false), (false, true), (true, false), (true, true)]
                .map(|(is_book, refused)| kept.wants(is_book, refused))
        };
        assert_eq!(kept("refused"), [false, true, false, true]);
        assert_eq!(kept("market"), [true, true, false, true]);
        assert_eq!(kept("all"), [true; 4]);
        assert_eq!(KeptFrames::parse("none"), None);
    }
}
