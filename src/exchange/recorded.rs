//! Lines of recorded websocket traffic, as several recorders write them.
//!
//! Known: `<receive time> <frame>`; `{"t": .., "d": "<", "m": "<frame>"}` (only received frames
//! count); `{"frame": {...}}`; a line of a session's recording, of which messages as received count;
//! a bare frame a line.

use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

#[derive(Deserialize)]
struct Enveloped<'a> {
    #[serde(borrow, default)]
    d: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    m: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Framed<'a> {
    #[serde(borrow)]
    frame: &'a RawValue,
}

/// A line of our own recordings.
#[derive(Deserialize)]
struct OfSession<'a> {
    k: &'a str,
    #[serde(borrow)]
    d: &'a RawValue,
}

#[derive(Deserialize)]
struct AsReceived<'a> {
    /// An answer to a call, not a message.
    #[serde(borrow, default)]
    call: Option<&'a RawValue>,
    #[serde(borrow, default)]
    text: Option<Cow<'a, str>>,
}

/// What a line holds.
#[derive(Debug, PartialEq, Eq)]
pub enum RecordedLine<'a> {
    /// A frame that the venue sent.
    Frame(Cow<'a, str>),
    /// A connection opened, a frame sent, an HTTP answer, an empty line.
    NoFrame,
}

/// Unwraps one line without its newline. What is in no known envelope is taken for a bare frame.
pub fn unwrap_line(line: &str) -> RecordedLine<'_> {
    let line = line.trim();
    if line.is_empty() {
        return RecordedLine::NoFrame;
    }
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    if digits > 0 && line.as_bytes().get(digits) == Some(&b' ') {
        return RecordedLine::Frame(Cow::Borrowed(line[digits..].trim_start()));
    }
    if line.starts_with("{\"t\":")
        && let Ok(Enveloped {
            d: Some(direction),
            m: Some(text),
        }) = serde_json::from_str::<Enveloped<'_>>(line)
    {
        return if direction == "<" {
            RecordedLine::Frame(text)
        } else {
            RecordedLine::NoFrame
        };
    }
    if line.starts_with("{\"n\":")
        && let Ok(OfSession { k, d }) = serde_json::from_str::<OfSession<'_>>(line)
    {
        if k != "frame" {
            return RecordedLine::NoFrame;
        }
        return match serde_json::from_str::<AsReceived<'_>>(d.get()) {
            Ok(AsReceived {
                call: None,
                text: Some(text),
            }) => RecordedLine::Frame(text),
            _ => RecordedLine::NoFrame,
        };
    }
    if line.contains("\"frame\":")
        && let Ok(Framed { frame }) = serde_json::from_str::<Framed<'_>>(line)
    {
        return RecordedLine::Frame(Cow::Borrowed(frame.get()));
    }
    RecordedLine::Frame(Cow::Borrowed(line))
}
