//! Level 2 books, read level by level: a snapshot of 30,000 levels is never held as a whole.
//!
//! Quantities are absolute, 0 deletes; a snapshot replaces everything known of its product.

use super::fields::{Price, Quantity, shown, time};
use crate::core::units::Timestamp;
use crate::exchange::codec::EventSink;
use crate::exchange::stream::{BookLevel, StreamEvent};
use serde::Deserialize;
use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// Whether an event holds everything or what changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Snapshot,
    Update,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum BookSide {
    Bid,
    Offer,
}

#[derive(Deserialize)]
struct Level<'a> {
    side: BookSide,
    #[serde(borrow)]
    event_time: &'a str,
    price_level: Price,
    new_quantity: Quantity,
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Key {
    Type,
    ProductId,
    Updates,
    #[serde(other)]
    Other,
}

/// Reads one event of `l2_data` into the sink.
pub(super) struct BookEvent<'s, 'k>(pub &'s mut EventSink<'k>);

impl<'de> DeserializeSeed<'de> for BookEvent<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for BookEvent<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a book event with type, product_id and updates")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (mut kind, mut product): (Option<Kind>, Option<&'de str>) = (None, None);
        let mut seen = false;
        // Levels that stand in front of what they belong to.
        let mut waiting: Option<&'de RawValue> = None;
        while let Some(key) = map.next_key()? {
            match key {
                Key::Type if kind.is_some() => return Err(de::Error::duplicate_field("type")),
                Key::Type => kind = Some(map.next_value()?),
                Key::ProductId if product.is_some() => {
                    return Err(de::Error::duplicate_field("product_id"));
                }
                Key::ProductId => product = Some(map.next_value()?),
                Key::Updates if seen => return Err(de::Error::duplicate_field("updates")),
                Key::Updates => {
                    seen = true;
                    match (kind, product) {
                        (Some(kind), Some(product)) => {
                            map.next_value_seed(Levels::begin(kind, product, self.0))?;
                            (self.0)(StreamEvent::BookEnd { product });
                        }
                        _ => waiting = Some(map.next_value()?),
                    }
                }
                Key::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        let kind = kind.ok_or_else(|| de::Error::missing_field("type"))?;
        let product = product.ok_or_else(|| de::Error::missing_field("product_id"))?;
        if !seen {
            return Err(de::Error::missing_field("updates"));
        }
        if let Some(levels) = waiting {
            let mut levels = serde_json::Deserializer::from_str(levels.get());
            Levels::begin(kind, product, self.0)
                .deserialize(&mut levels)
                .map_err(de::Error::custom)?;
            (self.0)(StreamEvent::BookEnd { product });
        }
        Ok(())
    }
}

/// The array of levels.
struct Levels<'s, 'k, 'de> {
    product: &'de str,
    sink: &'s mut EventSink<'k>,
}

impl<'s, 'k, 'de> Levels<'s, 'k, 'de> {
    /// Says that a new book begins, where one does.
    fn begin(kind: Kind, product: &'de str, sink: &'s mut EventSink<'k>) -> Self {
        if kind == Kind::Snapshot {
            sink(StreamEvent::BookStart { product });
        }
        Self { product, sink }
    }
}

impl<'de> DeserializeSeed<'de> for Levels<'_, '_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Levels<'_, '_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of book levels")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut levels: A) -> Result<(), A::Error> {
        // The levels of an event mostly share their time: it is read once.
        let mut last: (&str, Timestamp) = ("", Timestamp(0));
        while let Some(level) = levels.next_element::<Level<'de>>()? {
            if level.event_time != last.0 || last.0.is_empty() {
                let at = time(level.event_time).ok_or_else(|| {
                    de::Error::custom(format_args!(
                        "event_time {:?}: expected a time in RFC 3339",
                        shown(level.event_time)
                    ))
                })?;
                last = (level.event_time, at);
            }
            (self.sink)(StreamEvent::BookLevel {
                product: self.product,
                level: BookLevel {
                    is_bid: matches!(level.side, BookSide::Bid),
                    price: level.price_level.0,
                    quantity: level.new_quantity.0,
                },
                time: last.1,
            });
        }
        Ok(())
    }
}
