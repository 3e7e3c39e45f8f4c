//! A frame of the stream, read in one pass: its head says which events follow and whether any are
//! missing, the events go into the sink as they are read.

use super::aliases::Names;
use super::book::BookEvent;
use super::fields::{shown, time};
use super::market::{
    CandlesEvent, HeartbeatEvent, StatusEvent, SubscriptionsEvent, TickerEvent, TradesEvent,
};
use super::sequence::{Continuation, Sequence};
use super::user::{Snapshot, UserEvent};
use crate::exchange::codec::EventSink;
use crate::exchange::public_trade::DecodeError;
use crate::exchange::stream::{Channel, StreamEvent};
use serde::Deserialize;
use serde::de::{
    self, DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::value::RawValue;
use std::fmt;

/// Longest text of an error or refusal, bytes.
const LONGEST_TEXT: usize = 300;

/// What is remembered of one connection.
#[derive(Debug, Default)]
pub(super) struct Connection {
    sequence: Sequence,
    snapshot: Snapshot,
    pub(super) names: Names,
}

impl Connection {
    /// Decodes one text frame.
    pub(super) fn decode(
        &mut self,
        frame: &str,
        sink: &mut EventSink<'_>,
    ) -> Result<(), DecodeError> {
        let Self {
            sequence,
            snapshot,
            names,
        } = self;
        // Each event is told as it is, unless something was subscribed under another name.
        if names.are_stated() {
            return read(sequence, snapshot, sink, frame);
        }
        let mut renamed = |event: StreamEvent<'_>| names.tell(event, sink);
        read(sequence, snapshot, &mut renamed, frame)
    }
}

fn read(
    sequence: &mut Sequence,
    snapshot: &mut Snapshot,
    sink: &mut EventSink<'_>,
    frame: &str,
) -> Result<(), DecodeError> {
    let before = *snapshot;
    let mut begun = None;
    let reader = Frame {
        sequence,
        snapshot,
        sink,
        begun: &mut begun,
    };
    let mut text = serde_json::Deserializer::from_str(frame);
    let result = reader.deserialize(&mut text).and_then(|()| text.end());
    result.map_err(|error| {
        *snapshot = before;
        if let Some(channel) = begun.and_then(Feed::channel) {
            sink(StreamEvent::Lost { channel });
        }
        DecodeError(format!("frame: {}", cut(&error.to_string())))
    })
}

/// At most [`LONGEST_TEXT`] bytes, on one line.
pub(super) fn cut(text: &str) -> String {
    let mut end = text.len().min(LONGEST_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end]
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Key {
    Channel,
    Timestamp,
    SequenceNum,
    Events,
    Type,
    Message,
    #[serde(other)]
    Other,
}

/// What stands beside the events.
#[derive(Default)]
struct Head<'de> {
    channel: Option<&'de str>,
    timestamp: Option<&'de str>,
    sequence_num: Option<u64>,
    kind: Option<&'de str>,
    message: Option<std::borrow::Cow<'de, str>>,
}

impl Head<'_> {
    /// Everything that the events need is known.
    fn is_whole(&self) -> bool {
        self.channel.is_some() && self.timestamp.is_some() && self.sequence_num.is_some()
    }
}

/// Takes a value that may stand only once.
fn once<'de, T: Deserialize<'de>, A: MapAccess<'de>>(
    slot: &mut Option<T>,
    name: &'static str,
    map: &mut A,
) -> Result<(), A::Error> {
    if slot.is_some() {
        return Err(A::Error::duplicate_field(name));
    }
    *slot = Some(map.next_value()?);
    Ok(())
}

struct Frame<'s, 'k> {
    sequence: &'s mut Sequence,
    snapshot: &'s mut Snapshot,
    sink: &'s mut EventSink<'k>,
    /// Whose events are read: the frame's number is taken.
    begun: &'s mut Option<Feed>,
}

impl<'de> DeserializeSeed<'de> for Frame<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Frame<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with channel, timestamp, sequence_num and events")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let mut head = Head::default();
        let mut seen = false;
        // Events that stand in front of the head.
        let mut waiting: Option<&'de RawValue> = None;
        while let Some(key) = map.next_key()? {
            match key {
                Key::Channel => once(&mut head.channel, "channel", &mut map)?,
                Key::Timestamp => once(&mut head.timestamp, "timestamp", &mut map)?,
                Key::SequenceNum => once(&mut head.sequence_num, "sequence_num", &mut map)?,
                Key::Type => once(&mut head.kind, "type", &mut map)?,
                Key::Message => once(&mut head.message, "message", &mut map)?,
                Key::Events if seen => return Err(A::Error::duplicate_field("events")),
                Key::Events => {
                    seen = true;
                    if head.is_whole() {
                        match self.begin(&head)? {
                            Some(events) => map.next_value_seed(events)?,
                            None => {
                                map.next_value::<IgnoredAny>()?;
                            }
                        }
                    } else {
                        waiting = Some(map.next_value()?);
                    }
                }
                Key::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        if head.channel.is_none() {
            return self.without_channel(&head);
        }
        if !seen {
            return Err(A::Error::missing_field("events"));
        }
        let Some(waiting) = waiting else {
            return Ok(());
        };
        let Some(events) = self.begin(&head)? else {
            return Ok(());
        };
        let mut text = serde_json::Deserializer::from_str(waiting.get());
        events.deserialize(&mut text).map_err(A::Error::custom)
    }
}

impl<'k> Frame<'_, 'k> {
    /// Counts the frame and says how its events are read; `None` when they are old.
    fn begin<'a, 'de, E: de::Error>(
        &'a mut self,
        head: &Head<'de>,
    ) -> Result<Option<Events<'a, 'k, 'de>>, E> {
        let number = head
            .sequence_num
            .ok_or_else(|| E::missing_field("sequence_num"))?;
        let channel = head.channel.ok_or_else(|| E::missing_field("channel"))?;
        match self.sequence.take(number) {
            Continuation::Next => {}
            Continuation::Gap { expected } => (self.sink)(StreamEvent::Gap {
                expected,
                got: number,
            }),
            Continuation::Stale => return Ok(None),
        }
        let feed = Feed::of(channel).ok_or_else(|| {
            E::custom(format_args!(
                "channel {:?}: expected one of those subscribed to",
                shown(channel)
            ))
        })?;
        *self.begun = Some(feed);
        Ok(Some(Events {
            feed,
            timestamp: head.timestamp,
            snapshot: self.snapshot,
            sink: self.sink,
        }))
    }

    /// `{"type":"error","message":"…"}`: refusals come without channel and number.
    fn without_channel<E: de::Error>(self, head: &Head<'_>) -> Result<(), E> {
        match (head.kind, &head.message) {
            (Some("error"), message) => {
                let text = message.as_deref().unwrap_or("an error without message");
                (self.sink)(StreamEvent::Refused { text: cut(text) });
                Ok(())
            }
            _ => Err(E::missing_field("channel")),
        }
    }
}

/// What the events of a frame are.
#[derive(Clone, Copy)]
enum Feed {
    Trades,
    Ticker,
    Book,
    Candles,
    Heartbeats,
    Status,
    User,
    Subscriptions,
    /// Known, but nothing is made of it.
    Ignored,
}

impl Feed {
    /// The channel of what must not be missed.
    const fn channel(self) -> Option<Channel> {
        match self {
            Self::Trades => Some(Channel::Trades),
            Self::Book => Some(Channel::Book),
            Self::User => Some(Channel::Orders),
            _ => None,
        }
    }

    fn of(channel: &str) -> Option<Self> {
        Some(match channel {
            "market_trades" => Self::Trades,
            "ticker" | "ticker_batch" => Self::Ticker,
            "l2_data" => Self::Book,
            "candles" => Self::Candles,
            "heartbeats" => Self::Heartbeats,
            "status" => Self::Status,
            "user" => Self::User,
            "subscriptions" => Self::Subscriptions,
            "futures_balance_summary" => Self::Ignored,
            _ => return None,
        })
    }
}

struct Events<'s, 'k, 'de> {
    feed: Feed,
    timestamp: Option<&'de str>,
    snapshot: &'s mut Snapshot,
    sink: &'s mut EventSink<'k>,
}

impl<'de> DeserializeSeed<'de> for Events<'_, '_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Events<'_, '_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of events")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut events: A) -> Result<(), A::Error> {
        let Self {
            feed,
            timestamp,
            snapshot,
            sink,
        } = self;
        match feed {
            Feed::Trades => {
                while let Some(event) = events.next_element::<TradesEvent<'de>>()? {
                    event.tell(sink);
                }
            }
            Feed::Ticker => {
                let text = timestamp.ok_or_else(|| A::Error::missing_field("timestamp"))?;
                let at = time(text).ok_or_else(|| {
                    let text = shown(text);
                    A::Error::custom(format_args!("timestamp {text:?}: expected RFC 3339"))
                })?;
                while let Some(event) = events.next_element::<TickerEvent<'de>>()? {
                    event.tell(at, sink);
                }
            }
            Feed::Book => while events.next_element_seed(BookEvent(sink))?.is_some() {},
            Feed::Candles => {
                while let Some(event) = events.next_element::<CandlesEvent<'de>>()? {
                    event.tell(sink);
                }
            }
            Feed::Heartbeats => {
                snapshot.close(sink);
                while let Some(event) = events.next_element::<HeartbeatEvent>()? {
                    event.tell(sink);
                }
            }
            Feed::Status => {
                while let Some(event) = events.next_element::<StatusEvent<'de>>()? {
                    event.tell(sink);
                }
            }
            Feed::User => {
                while let Some(event) = events.next_element::<UserEvent<'de>>()? {
                    event.tell(snapshot, sink).map_err(A::Error::custom)?;
                }
            }
            Feed::Subscriptions => {
                while let Some(event) = events.next_element::<SubscriptionsEvent<'de>>()? {
                    event.tell(sink);
                }
            }
            Feed::Ignored => while events.next_element::<IgnoredAny>()?.is_some() {},
        }
        Ok(())
    }
}
