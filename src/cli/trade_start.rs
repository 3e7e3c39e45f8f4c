//! What a trading session starts from: its instruments, the core as the ledger knows it, the
//! recording.

use super::exchange::{Exchange, request_windows};
use super::replay_ledger::session_row;
use super::status::socket;
use super::task_settings::{book_settings, task_settings};
use super::trade::mode_of;
use super::{Exit, Failure};
use crate::config::Effective;
use crate::config::identity::instance_head;
use crate::core::Core;
use crate::core::market::{Instrument, ProductKind};
use crate::core::modes::Turns;
use crate::core::orders::client_id::base32;
use crate::core::recovery::TradingState;
use crate::core::settings::{Execution, FeeRates, Identity, Settings};
use crate::core::units::{Decimal, Span, Stamp};
use crate::exchange::ExchangeCodec;
use crate::exchange::calls::{Call, CallAnswer};
use crate::exchange::orders::Product;
use crate::exchange::stream::StreamRole;
use crate::runtime::clock;
use crate::runtime::journal::Journal;
use crate::runtime::live::{Answered, KeptFrames, LiveSettings, Market, Reception, Retention};
use crate::runtime::replay::Recorder;
use crate::store::ledger::{BatchLimits, EXCHANGE_QUIET, Ledger, Mode, SessionRow};
use crate::store::recording::{Header, LineWriter, TurnKind};
use serde_json::value::RawValue;
use std::path::{Path, PathBuf};

/// Everything that the loop is given.
pub struct Start {
    pub core: Core,
    pub journal: Journal,
    pub codec: Box<dyn ExchangeCodec>,
    pub settings: LiveSettings,
    pub recorder: Option<Recorder>,
    /// Where the start was told things, for the session to go on with.
    pub reception: Option<Reception>,
}

/// Seconds of history that `trading.require_24h_data_before_trading` asks for.
const DAY: i64 = 86_400;
/// Candles beyond what an indicator needs, for a venue that has holes in them.
const SPARE: usize = 10;

/// Opens what is still closed and puts it together.
///
/// # Errors
/// Symbols that do not fit together (78); a trading state that does not fit, or a recording that
/// cannot be made (1).
pub fn start(
    effective: &Effective,
    mode: Mode,
    mut exchange: Exchange,
    mut ledger: Ledger,
    products: &[Product],
    answers: &[Answered],
) -> Result<Start, Failure> {
    exchange.codec.learn(products);
    let at = clock::stamp();
    let instance = instance(effective, &mut ledger)?;
    let session = base32((at.wall.0 / 1_000_000_000).unsigned_abs(), 5);
    let instruments: Vec<Instrument> = products.iter().map(|p| p.instrument.clone()).collect();
    let identity = Identity {
        instance_head: instance_head(&instance),
        session,
    };
    let settings = core_settings(effective, mode, &ledger, &instruments, &identity, answers)?;
    let (core, offset) = core(settings, &ledger, at)?;
    let row = SessionRow {
        mode,
        recording: String::new(),
        ..session_row(effective, core.settings(), &[])
    };
    ledger.begin_session(&row).map_err(Failure::run_time)?;
    let quiet_until = ledger
        .limit_until(EXCHANGE_QUIET)
        .map_err(Failure::run_time)?;
    let began = Stamp {
        mono: at.mono.saturating_add(offset),
        wall: at.wall,
    };
    let folder = recording_folder(effective, core.settings(), began);
    let recorder = match &folder {
        Some(folder) => Some(recorder(effective, &core, &instance, began, folder)?),
        None => None,
    };
    let mut live = live_settings(
        effective,
        &exchange,
        products,
        core.settings(),
        offset,
        answers,
    );
    live.quiet_until = quiet_until;
    live.retention = folder.map(|active| Retention {
        directory: effective.recording_directory(),
        max_bytes: (effective.count("recording.max_total_mb") as u64) << 20,
        active,
    });
    Ok(Start {
        journal: Journal::new(ledger, BatchLimits::SESSION),
        codec: exchange.codec,
        settings: live,
        recorder,
        reception: exchange.reception,
        core,
    })
}

/// What the core decides by: the configuration, where orders go, the account's own rates.
fn core_settings(
    effective: &Effective,
    mode: Mode,
    ledger: &Ledger,
    instruments: &[Instrument],
    identity: &Identity,
    answers: &[Answered],
) -> Result<Settings, Failure> {
    let mut settings = effective
        .for_core(instruments, identity)
        .map_err(|findings| Failure::new(Exit::Configuration, findings.to_string()))?;
    if mode != Mode::Paper {
        settings.execution = Execution::Venue;
    } else if let Some(balance) = paper_balance(ledger)? {
        settings.paper.starting_balance = balance;
    }
    if let Some(rates) = fee_tier(answers).filter(|_| effective.flag("trading.use_fee_tiers")) {
        pay_by_tier(&mut settings.paper.fees, instruments, rates);
    }
    Ok(settings)
}

/// The bot's name: configured, or drawn once and kept in the ledger.
fn instance(effective: &Effective, ledger: &mut Ledger) -> Result<String, Failure> {
    if let Some(name) = effective.optional_text("system.instance_id")
        && !name.is_empty()
    {
        return Ok(name.to_owned());
    }
    let drawn: [u8; 4] = ring::rand::generate(&ring::rand::SystemRandom::new())
        .map_err(|_| Failure::run_time("the system gives no random numbers"))?
        .expose();
    let fresh = format!("{:08x}", u32::from_be_bytes(drawn));
    ledger
        .remembered("instance_id", &fresh)
        .map_err(Failure::run_time)
}

/// Under what name a paper ledger knows the cash that it began with, where it is not the configured.
pub(super) const PAPER_BALANCE: &str = "paper_balance";

/// What `reset-paper` gave this ledger.
fn paper_balance(ledger: &Ledger) -> Result<Option<Decimal>, Failure> {
    let noted = ledger.noted(PAPER_BALANCE).map_err(Failure::run_time)?;
    noted
        .map(|text| {
            Decimal::parse_plain(&text).map_err(|error| {
                Failure::run_time(format!(
                    "{}: {PAPER_BALANCE}: {error}",
                    ledger.path().display()
                ))
            })
        })
        .transpose()
}

/// The core as the ledger left it, or a new one; and its monotonic time minus the machine's.
fn core(settings: Settings, ledger: &Ledger, at: Stamp) -> Result<(Core, i64), Failure> {
    let saved = ledger.saved_state().map_err(Failure::run_time)?;
    let Some(saved) = saved else {
        return Ok((Core::new(settings, Turns::Session), 0));
    };
    let path = ledger.path().display().to_string();
    let wrong = |text: String| Failure::run_time(format!("{path}: its trading state: {text}"));
    let state: TradingState =
        serde_json::from_str(&saved).map_err(|error| wrong(error.to_string()))?;
    // Time goes on where it was, plus what has passed meanwhile.
    let passed = at.wall.since(state.at.wall).max(Span::ZERO).0;
    let offset = state.at.mono.saturating_add(passed) - at.mono;
    let core = Core::recover(settings, Turns::Session, state).map_err(wrong)?;
    Ok((core, offset))
}

/// The account's tier is of spot; contracts pay by the piece, which their fills tell.
fn pay_by_tier(fees: &mut [FeeRates], instruments: &[Instrument], tier: FeeRates) {
    for (fees, instrument) in fees.iter_mut().zip(instruments) {
        if instrument.kind == ProductKind::Spot {
            *fees = tier;
        }
    }
}

/// Rates of the account, where the exchange told them.
fn fee_tier(answers: &[Answered]) -> Option<FeeRates> {
    answers.iter().find_map(|answer| match &answer.result {
        Ok(CallAnswer::FeeTier { maker, taker, .. }) => Some(FeeRates {
            maker: *maker,
            taker: *taker,
        }),
        _ => None,
    })
}

/// Where the session is recorded; `None` when it is not to be. Names sort by time.
fn recording_folder(effective: &Effective, settings: &Settings, began: Stamp) -> Option<PathBuf> {
    if effective.optional_flag("recording.enabled") == Some(false) {
        return None;
    }
    let text = began.wall.to_string();
    let time: String = text.chars().take(19).filter(|c| *c != ':').collect();
    let name = format!("{time}-{}", settings.identity.session);
    let directory = effective.recording_directory();
    // Two sessions of one second: a verb that ended at once, and the bot after it.
    let further = (2u32..).map(|number| directory.join(format!("{name}-{number}")));
    std::iter::once(directory.join(&name))
        .chain(further)
        .find(|folder| folder.symlink_metadata().is_err())
}

/// The recording, begun.
fn recorder(
    effective: &Effective,
    core: &Core,
    instance: &str,
    began: Stamp,
    folder: &Path,
) -> Result<Recorder, Failure> {
    let settings = core.settings();
    let state = serde_json::to_string(&core.snapshot(began))
        .and_then(RawValue::from_string)
        .map_err(Failure::run_time)?;
    let header = Header {
        turns: TurnKind::Session,
        session: settings.identity.session.clone(),
        instance: instance.to_owned(),
        fingerprint: effective.fingerprint(),
        settings: effective.recordable(),
        seed: settings.seed,
        execution: settings.execution,
        started: began,
        origin: format!("{}, live", effective.text("exchange.name")),
        state: Some(state),
        state_hash: Some(core.state_hash().to_string()),
        ..Header::new(settings.instruments.clone())
    };
    let megabytes = effective.count("recording.segment_mb") as u32;
    let writer = LineWriter::create_folder(folder, &header, megabytes, true)?;
    Ok(Recorder::new(writer.rotating_by_hand()))
}

fn live_settings(
    effective: &Effective,
    exchange: &Exchange,
    products: &[Product],
    settings: &Settings,
    mono_offset: i64,
    answers: &[Answered],
) -> LiveSettings {
    let interval = settings.trading.interval;
    let candle_source = exchange.codec.native_interval(interval);
    let history = if candle_source.is_some() {
        history(settings)
    } else {
        0
    };
    let longer = settings.longer_candles().iter().copied();
    let longer = longer.filter(|each| exchange.codec.native_interval(*each) == Some(*each));
    let longer = longer.collect();
    let mut roles = vec![StreamRole::Market];
    if effective.flag("orderbook.enabled") {
        roles.push(StreamRole::Book);
    }
    if !settings.execution.is_paper() {
        roles.push(StreamRole::Account);
    }
    LiveSettings {
        markets: products.iter().map(market).collect(),
        roles,
        tls: exchange.tls.clone(),
        names: exchange.names.clone(),
        client: exchange.client.clone(),
        interval,
        candle_source: candle_source.unwrap_or(interval),
        history,
        longer,
        stage_limit: effective.seconds("system.async_timeout"),
        call_limit: exchange.call_limit,
        stale_after: settings.market.stale_after,
        reconnect_attempts: effective.count("exchange.websocket_reconnect_attempts") as u32,
        limits: request_windows(effective),
        seed: settings.seed,
        mono_offset,
        clock_offset: clock_offset(answers),
        control: Some(socket(effective)),
        silence: effective.seconds("exchange.websocket_timeout"),
        retention: None,
        kept_frames: KeptFrames::parse(effective.text("recording.frames")).unwrap_or_default(),
        books: book_settings(effective),
        errand: None,
        quiet_until: None,
        ledger: mode_of(effective),
        tasks: task_settings(effective),
    }
}

/// A product as a session knows it.
pub(super) fn market(product: &Product) -> Market {
    Market {
        product: product.id.clone(),
        alias: product.alias.clone(),
        base_currency: product.base_currency.clone(),
        instrument: product.instrument.clone(),
        tradable: product.tradable,
    }
}

/// Closed candles that indicators and the rules of the start want.
fn history(settings: &Settings) -> usize {
    let trading = &settings.trading;
    let day = if trading.require_24h_data {
        usize::try_from(DAY / trading.interval.seconds()).unwrap_or(0)
    } else {
        0
    };
    let warm_up = if settings.longer_candles().is_empty() {
        let candles = settings.warm_up_span().0 / trading.interval.span().0 + 1;
        usize::try_from(candles).unwrap_or(usize::MAX)
    } else {
        settings.warm_up_candles()
    };
    settings
        .market
        .candle_limit
        .max(trading.min_candles)
        .max(day)
        .max(warm_up)
        + SPARE
}

/// The exchange's clock minus ours, as its first answer tells.
pub(super) fn clock_offset(answers: &[Answered]) -> i64 {
    answers
        .iter()
        .find_map(|answer| match (&answer.call, &answer.result) {
            (Call::ServerTime, Ok(CallAnswer::ServerTime(time))) => {
                Some(time.0 - (answer.at - answer.half_trip.0))
            }
            _ => None,
        })
        .unwrap_or(0)
}
