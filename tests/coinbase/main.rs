//! The Coinbase codec against what the venue was recorded to send, against its documented answers
//! and errors, and against whatever else may come.
//!
//! Frames and answers of others are read from the folder of recorded data; without it those tests
//! say so and pass.

mod answers;
mod failures;
mod frames;
mod keys;
mod mutations;
mod orders;
mod other_clients;
mod requests;
mod user;

use minnow::core::units::Timestamp;
use minnow::exchange::ExchangeCodec;
use minnow::exchange::coinbase::{Addresses, ApiKey, Coinbase};
use minnow::exchange::stream::{StreamEvent, StreamRole};
use std::path::{Path, PathBuf};

/// An Ed25519 key that opens nothing.
const SEED: &str = "6BAdIdsPCnYTKqy0F+0WnHkdgBAuJ1kkXNYOHzeI6PI=";
const KEY_NAME: &str = "organizations/11111111-2222-3333-4444-555555555555/apiKeys/66666666-7777-8888-9999-000000000000";
/// 2025-11-24T16:00:00Z.
const NOW: Timestamp = Timestamp(1_764_000_000_000_000_000);

fn codec() -> Coinbase {
    Coinbase::new(Addresses::default(), None).unwrap()
}

fn codec_with_key() -> Coinbase {
    let key = ApiKey::new(KEY_NAME, SEED).unwrap();
    Coinbase::new(Addresses::default(), Some(key)).unwrap()
}

/// One event on one line.
fn line(event: &StreamEvent<'_>) -> String {
    match event {
        StreamEvent::Trade { trade, snapshot } => format!(
            "{} {} {} x {} {:?} {} #{}",
            if *snapshot { "old trade" } else { "trade" },
            trade.product,
            trade.price,
            trade.quantity,
            trade.aggressor,
            trade.time,
            trade.id
        ),
        StreamEvent::BookLevel {
            product,
            level,
            time,
        } => format!(
            "{} {product} {} x {} {time}",
            if level.is_bid { "bid" } else { "ask" },
            level.price,
            level.quantity
        ),
        other => format!("{other:?}"),
    }
}

/// The events of a frame that follows those before it.
fn next(codec: &mut Coinbase, role: StreamRole, frame: &str) -> Result<Vec<String>, String> {
    let mut lines = Vec::new();
    codec
        .decode(role, frame, &mut |event| lines.push(line(&event)))
        .map(|()| lines)
        .map_err(|error| error.to_string())
}

/// The events of a frame on a connection of its own; what its number says is left out.
fn alone(frame: &str) -> Result<Vec<String>, String> {
    let lines = next(&mut codec(), StreamRole::Market, frame)?;
    Ok(lines
        .into_iter()
        .filter(|line| !line.starts_with("Gap"))
        .collect())
}

/// A file of the folder of recorded data, or a message that there is none.
fn recorded(name: &str) -> Option<String> {
    let root = std::env::var_os("MINNOW_SHARED_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    let path = root.join(name);
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) => {
            eprintln!("SKIPPED: {}: {error}", path.display());
            None
        }
    }
}

/// The frames among recorded lines `{"note": …, "frame": {…}}`.
fn recorded_frames() -> Option<Vec<String>> {
    #[derive(serde::Deserialize)]
    struct Line<'a> {
        #[serde(borrow)]
        frame: &'a serde_json::value::RawValue,
    }
    let text = recorded("coinbase/advanced_ws_frames_2026-09-30.jsonl")?;
    let frames = text.lines().map(|line| {
        let line: Line<'_> = serde_json::from_str(line).unwrap();
        line.frame.get().to_owned()
    });
    Some(frames.collect())
}

/// Answers collected by a client's authors: what asked for them, and the JSON.
fn sampled(places: &[&str]) -> Option<Vec<String>> {
    #[derive(serde::Deserialize)]
    struct Line<'a> {
        #[serde(rename = "where")]
        place: String,
        #[serde(borrow)]
        json: &'a serde_json::value::RawValue,
    }
    let text = recorded("coinbase/samples_ccxt_coinbase.jsonl")?;
    let samples = text.lines().filter_map(|line| {
        let line: Line<'_> = serde_json::from_str(line).unwrap();
        places
            .contains(&line.place.as_str())
            .then(|| line.json.get().to_owned())
    });
    Some(samples.collect())
}
