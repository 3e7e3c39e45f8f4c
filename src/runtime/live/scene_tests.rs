//! A session without a loop, for tests: paper, one product, live data up to trade 5.

use super::feeds::decoded::Decoded;
use super::feeds::market_data::feed;
use super::{BookSettings, BookSource, KeptFrames, LiveSettings, Market, Session, TaskSettings};
use crate::config::{Sources, load};
use crate::core::Core;
use crate::core::effect::Effect;
use crate::core::input::Input;
use crate::core::market::{Candle, CandleSource, Instrument, Interval, ProductKind, SymbolId};
use crate::core::modes::Turns;
use crate::core::schedule::SchedulerSettings;
use crate::core::settings::Identity;
use crate::core::units::stamp::SECOND;
use crate::core::units::{Decimal, Price, Span, Stamp, Timestamp};
use crate::exchange::stream::StreamRole;
use crate::exchange::{Access, build};
use crate::net::{HttpClient, NameCache, client_config};
use crate::runtime::journal::{Journal, Observer};
use crate::runtime::reloaded::Reloaded;
use crate::store::ledger::{BatchLimits, Ledger, Mode};
use std::path::PathBuf;

/// Its only product.
pub const A: SymbolId = SymbolId(0);
/// A minute of the exchange's time; frames come some seconds into it.
pub const MINUTE: i64 = 1_790_000_040 * SECOND;

struct Nobody;

impl Observer for Nobody {
    fn effect(&mut self, _effect: &Effect) {}
}

/// Removed at the end.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn instrument() -> Instrument {
    Instrument::linear(
        "BTC-USD",
        ProductKind::Spot,
        "USD",
        Decimal::new(1, 2),
        Decimal::new(1, 8),
    )
}

/// So many seconds into the minute.
pub fn at(seconds: i64) -> Stamp {
    Stamp {
        mono: (1000 + seconds) * SECOND,
        wall: Timestamp(MINUTE + seconds * SECOND),
    }
}

/// Runs `test` on a session that has a candle and live data up to trade 5.
pub fn with_session(name: &str, test: impl FnOnce(&mut Session<'_>)) {
    with_instrument(name, &instrument(), |session| {
        begin(session);
        test(session);
    });
}

/// Runs `test` on a session of a contract that has not begun.
pub fn with_contract(name: &str, test: impl FnOnce(&mut Session<'_>)) {
    let (tick, lot) = (Decimal::from_int(5), Decimal::ONE);
    let kind = ProductKind::Perpetual;
    let contract = Instrument::linear("BIP-20DEC30-CDE", kind, "USD", tick, lot);
    with_instrument(name, &contract, test);
}

fn with_instrument(name: &str, instrument: &Instrument, test: impl FnOnce(&mut Session<'_>)) {
    let folder = std::env::temp_dir().join(format!("minnow-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let folder = Folder(folder);
    let sources = Sources {
        directory: folder.0.clone(),
        ..Sources::default()
    };
    let identity = Identity {
        instance_head: "abc234".into(),
        session: "q7xyz".into(),
    };
    let settings = load(&sources)
        .unwrap()
        .for_core(std::slice::from_ref(instrument), &identity)
        .unwrap();
    let core = Core::new(settings, Turns::Session);
    let ledger = Ledger::open(&folder.0.join("paper.sqlite"), Mode::Paper).unwrap();
    let journal = Journal::new(ledger, BatchLimits::SESSION);
    let codec = build("coinbase", Access::default()).unwrap();
    let (mut nobody, mut reload) = (Nobody, || Ok(Reloaded::default()));
    let live = live_settings(&folder, instrument);
    let mut session =
        Session::new(core, journal, codec, live, None, &mut nobody, &mut reload).unwrap();
    test(&mut session);
}

fn live_settings(folder: &Folder, instrument: &Instrument) -> LiveSettings {
    let tls = client_config(None).unwrap();
    let names = NameCache::default();
    LiveSettings {
        markets: vec![Market {
            product: instrument.symbol.clone(),
            alias: None,
            base_currency: "BTC".to_owned(),
            instrument: instrument.clone(),
            tradable: true,
        }],
        roles: vec![StreamRole::Market],
        client: HttpClient::new(tls.clone(), names.clone(), 1),
        tls,
        names,
        interval: Interval::MINUTE,
        candle_source: Interval::MINUTE,
        history: 10,
        longer: Vec::new(),
        stage_limit: Span::from_secs(15),
        call_limit: Span::from_secs(15),
        stale_after: Span::from_secs(120),
        reconnect_attempts: 5,
        limits: Vec::new(),
        seed: 1,
        mono_offset: 0,
        clock_offset: 0,
        silence: Span::from_secs(30),
        retention: None,
        kept_frames: KeptFrames::Refused,
        quiet_until: None,
        ledger: Mode::Paper,
        tasks: TaskSettings {
            scheduler: SchedulerSettings::default(),
            effect_timeout_ms: 20_000,
            memory_cleanup_ms: None,
            memory_limit: 0,
            halt_file: folder.0.join("HALT"),
        },
        books: BookSettings {
            source: BookSource::Rest { levels: 50 },
            depth: 5,
            stale_after: Span::from_secs(2),
            snapshot_every: Span::from_secs(5),
            refresh_every: Span::from_secs(30),
            max_drift: Span::from_secs(5),
            max_spread_bps: Decimal::from_int(200),
        },
        control: None,
        errand: None,
    }
}

/// The candle before, and trades 4 and 5 of the open bucket.
fn begin(session: &mut Session<'_>) {
    let before = Candle {
        volume: 10,
        source: CandleSource::Venue,
        ..Candle::flat(Timestamp(MINUTE - 60 * SECOND), Price(6_000_000))
    };
    session.input(
        at(0),
        Input::History {
            symbol: A,
            interval: Interval::MINUTE,
            candles: vec![before],
        },
    );
    session.codec.connected(StreamRole::Market);
    session.freshness.note(A, at(1).mono);
    session.input(at(1), feed(A, true));
    read(
        session,
        2,
        &[trades(0, "update", &[(4, 60_000, 1), (5, 60_010, 2)])],
    );
}

/// A frame of trades: number, price in dollars and second of each.
pub fn trades(sequence: u64, kind: &str, rows: &[(u64, u32, i64)]) -> String {
    // The exchange's snapshots have the newest trade first.
    let rows: Vec<String> = rows
        .iter()
        .rev()
        .map(|(id, price, second)| {
            let time = Timestamp(MINUTE + second * SECOND);
            format!(
                r#"{{"trade_id":"{id}","product_id":"BTC-USD","price":"{price}.00","size":"0.5",
                "side":"SELL","time":"{time}"}}"#
            )
        })
        .collect();
    format!(
        r#"{{"channel":"market_trades","client_id":"","timestamp":"{}","sequence_num":{sequence},
        "events":[{{"type":"{kind}","trades":[{}]}}]}}"#,
        Timestamp(MINUTE),
        rows.join(",")
    )
}

/// Reads frames at a second, as one reading of the socket.
pub fn read(session: &mut Session<'_>, second: i64, frames: &[String]) {
    let mut decoded = Decoded::default();
    for frame in frames {
        let Session {
            codec,
            markets,
            order_news,
            books,
            ..
        } = &mut *session;
        let parts = (&mut *markets, &mut *order_news, &mut *books);
        decoded.read(
            frame,
            (&mut **codec, StreamRole::Market),
            parts,
            at(second).mono,
        );
    }
    assert_eq!(decoded.refused(), Vec::<String>::new());
    session.take_trades(decoded.trades, at(second));
}
