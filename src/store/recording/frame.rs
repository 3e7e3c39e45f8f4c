//! What came from outside, as it was received: kept beside the inputs that were read from it, so that
//! a doubt about the reading can be settled later. A replay does not look at it.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Longest text of a frame that is kept, bytes; of a longer one its length.
pub const FRAME_TEXT_MAX: usize = 256 << 10;

/// One message of a connection, or the end of one call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// Whose it is: `market`, `account`, `book`, `rest`.
    pub connection: Cow<'static, str>,
    /// Number of the connection since the start, from 1; 0 of a call.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub epoch: u64,
    /// What was asked and how that ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<FrameCall>,
    /// Exactly what came; `None` = nothing, or what is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Bytes that are left out: too many, or no text.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_out: u64,
}

/// A call to the exchange that ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameCall {
    /// Method and path, without query and headers.
    pub request: String,
    /// Status of the answer; `None` = there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Why there was no answer, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// From handing over to the end, milliseconds.
    pub latency_ms: u64,
    /// The answer's `retry-after`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<String>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Frame {
    /// A message of a connection.
    pub fn message(connection: &'static str, epoch: u64, bytes: &[u8]) -> Self {
        let mut frame = Self {
            connection: Cow::Borrowed(connection),
            epoch,
            call: None,
            text: None,
            left_out: 0,
        };
        frame.keep(bytes);
        frame
    }

    /// The end of a call; `body` of its answer.
    pub fn call(call: FrameCall, body: Option<&[u8]>) -> Self {
        let mut frame = Self::message("rest", 0, &[]);
        frame.text = None;
        frame.call = Some(call);
        if let Some(body) = body {
            frame.keep(body);
        }
        frame
    }

    fn keep(&mut self, bytes: &[u8]) {
        match std::str::from_utf8(bytes) {
            Ok(text) if text.len() <= FRAME_TEXT_MAX => self.text = Some(text.to_owned()),
            _ => self.left_out = bytes.len() as u64,
        }
    }

    /// Bytes that it takes as text, about.
    pub fn size(&self) -> usize {
        let call = self.call.as_ref().map_or(0, |call| {
            call.request.len() + call.failure.as_ref().map_or(0, String::len)
        });
        call + self.text.as_ref().map_or(0, String::len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_or_no_text_is_told_by_its_length() {
        let kept = Frame::message("market", 2, b"{\"a\":1}");
        assert_eq!(
            (kept.text.as_deref(), kept.left_out),
            (Some("{\"a\":1}"), 0)
        );
        let long = vec![b'x'; FRAME_TEXT_MAX + 1];
        let long = Frame::message("book", 1, &long);
        assert_eq!(
            (long.text, long.left_out),
            (None, FRAME_TEXT_MAX as u64 + 1)
        );
        let binary = Frame::message("market", 1, &[0xff, 0xfe]);
        assert_eq!((binary.text, binary.left_out), (None, 2));
    }

    #[test]
    fn its_json_is_short_and_reads_back() {
        let call = FrameCall {
            request: "GET /api/v3/brokerage/accounts".into(),
            status: Some(429),
            failure: None,
            latency_ms: 12,
            retry_after: Some("3".into()),
        };
        for frame in [
            Frame::message("market", 1, "a \"quoted\"\nline".as_bytes()),
            Frame::call(call.clone(), Some(b"slow down")),
            Frame::call(
                FrameCall {
                    status: None,
                    failure: Some("timed out".into()),
                    ..call
                },
                None,
            ),
        ] {
            let text = serde_json::to_string(&frame).unwrap();
            assert!(!text.contains('\n') && !text.contains("left_out"), "{text}");
            assert_eq!(serde_json::from_str::<Frame>(&text).unwrap(), frame);
        }
    }
}
