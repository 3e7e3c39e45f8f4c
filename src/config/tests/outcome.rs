//! What comes out: fingerprint, warnings, notices, fees, core settings, reload.

use super::fixture::Folder;
use crate::config::key::Kind;
use crate::config::{Effective, keys, reload_difference};
use crate::core::market::Instrument;
use crate::core::market::instrument::ProductKind;
use crate::core::risk::tightening::{Comparison, limit_keys};
use crate::core::settings::{
    FeeRates, Identity, MeanReversionSettings, RiskSettings, StrategySettings,
};
use crate::core::units::{Decimal, Span};

fn with(sets: &[&str]) -> Effective {
    sets.iter().fold(Folder::new(), |f, s| f.set(s)).sound()
}

fn instrument(symbol: &str, kind: ProductKind, currency: &str) -> Instrument {
    Instrument::linear(
        symbol,
        kind,
        currency,
        Decimal::new(1, 2),
        Decimal::new(1, 8),
    )
}

fn identity() -> Identity {
    Identity {
        instance_head: "abcdef".into(),
        session: "abcde".into(),
    }
}

#[test]
fn the_fingerprint_ignores_order_sources_and_what_the_core_does_not_read() {
    let a = Folder::new()
        .json(r#"{"risk": {"order_rate": 9, "max_leverage": 8}, "system": {"seed": 7}}"#)
        .sound();
    let b = Folder::new()
        .json(r#"{"system": {"seed": 7}, "risk": {"max_leverage": 8, "order_rate": 9}}"#)
        .sound();
    assert_eq!(a.fingerprint(), b.fingerprint());
    let other_sources = with(&[
        "risk.order_rate=9",
        "risk.max_leverage=8",
        "system.seed=7",
        "system.log_level=debug",
        "system.thread_pool_size=1",
        "system.instance_id=other",
        "data.directory=elsewhere",
        "api.bind=127.0.0.1:1",
        "system.memory_limit_mb=99",
        "strategy.type=vumanchu",
        "trading.symbols=BTC-USD",
    ]);
    assert_eq!(a.fingerprint(), other_sources.fingerprint());
    assert_eq!(a.fingerprint().len(), 64);
    assert!(a.fingerprint().starts_with(&a.short_fingerprint()));
    assert_eq!(a.short_fingerprint().len(), 16);
}

#[test]
fn the_fingerprint_changes_with_every_key_that_the_core_reads() {
    let base = with(&[]).fingerprint();
    for set in [
        "system.seed=2",
        "trading.interval=5m",
        "trading.symbol=ETH-USD",
        "risk.order_rate=9",
        "paper_trading.slippage_rate=0.0006",
        "strategy.momentum.lookback=21",
        "strategy.mean_reversion.max_hold=99",
        "market_data.outlier_pct=21",
        "indicators.candle_limit=999",
        "scheduler.trading_interval_seconds=60",
        // Stated, a default rate no longer gives way to the recording's.
        "trading.taker_fee_rate=0.006",
    ] {
        assert_ne!(base, with(&[set]).fingerprint(), "{set}");
    }
}

#[test]
fn what_is_odd_is_warned_of_with_the_value_that_applies() {
    for (sets, words) in [
        (
            "system.task_batch_size=9",
            "system.task_batch_size = 9 (from --set) is above system.max_concurrent_tasks = 4 (from default): 4 applies",
        ),
        (
            "system.thread_pool_size=1",
            "io_effects.parallel_max_workers = 2 (from default) is above system.thread_pool_size = 1 (from --set): 1 applies",
        ),
        (
            "system.max_worker_threads=1",
            "system.thread_pool_size = 2 (from default) is above system.max_worker_threads = 1 (from --set): 1 applies",
        ),
        (
            "system.async_timeout=60",
            "system.async_timeout = 60 (from --set) has no effect beyond 20 s, raise FP_EFFECT_TIMEOUT too",
        ),
        (
            "system.async_timeout=60",
            "has no effect beyond 15 s, raise EXCHANGE__API_TIMEOUT too",
        ),
        (
            "trading.leverage=11",
            "trading.leverage = 11 (from --set) is above 10",
        ),
        (
            "trading.max_size_pct=50.1",
            "trading.max_size_pct = 50.1 (from --set) is above 50",
        ),
        ("system.environment=production", "but this is a dry run"),
        (
            "trading.live_confirmation=I accept real orders;exchange.network=testnet",
            "the exchange is a testnet or sandbox",
        ),
        (
            "llm.base_url=http://127.0.0.1:11434",
            "strategy.type = \"auto\" means vumanchu in this version",
        ),
    ] {
        let effective = with(&sets.split(';').collect::<Vec<_>>());
        let warnings = effective.warnings().join("\n");
        assert!(warnings.contains(words), "{sets}: {warnings}");
    }
    let plain = with(&[]);
    // No file.
    assert_eq!(plain.warnings().len(), 1, "{:?}", plain.warnings());
}

#[test]
fn the_smaller_of_two_bounds_applies() {
    let effective = with(&["system.task_batch_size=9", "system.max_worker_threads=1"]);
    assert_eq!(effective.task_batch_size(), 4);
    assert_eq!(effective.worker_threads(), 1);
    assert_eq!(effective.threads(), 2);
}

#[test]
fn keys_without_effect_are_named_and_shipped_ones_are_counted() {
    let effective = Folder::new()
        .file(
            "config/concurrency_optimized.json",
            r#"{"resource_management": {"gc_collection_interval": 300, "idle_connection_timeout": 181}}"#,
        )
        .default("SYSTEM__WEBSOCKET_QUEUE_SIZE=200")
        .dot_env("LLM_MODEL=some\nRISK__ORDER_RATE=9\n")
        .sound();
    assert_eq!(
        effective.without_effect(),
        [
            "llm.model = \"some\" (from .env:1 LLM_MODEL): has no effect in this version",
            "resource_management.idle_connection_timeout = 181 (from config/concurrency_optimized.json:1:57): has no effect in this version",
            "2 settings as shipped (config/concurrency_optimized.json, --default) have no effect in this version; check-config marks them",
        ]
    );
}

#[test]
fn the_core_gets_exact_values() {
    let effective = with(&[
        "risk.max_position_hold_hours=0.25",
        "scheduler.trading_interval_seconds=1.5",
        "trading.max_size_pct=12.34",
        "strategy.type=momentum",
        "strategy.momentum.entry_threshold=0.005",
    ]);
    let spot = instrument("BTC-USD", ProductKind::Spot, "USD");
    let settings = effective.for_core(&[spot], &identity()).unwrap();
    assert_eq!(settings.risk.max_position_hold, Span::from_secs(900));
    assert_eq!(settings.trading.decision_interval, Span::from_millis(1500));
    assert_eq!(settings.trading.max_size_pct, Decimal::new(1234, 2));
    assert_eq!(settings.market.close_grace, Span::from_secs(1));
    assert_eq!(settings.risk.trailing_stop_pct, None);
    let StrategySettings::Momentum(momentum) = settings.strategy else {
        panic!("{:?}", settings.strategy);
    };
    assert_eq!(momentum.entry_threshold, 0.005);
}

#[test]
fn the_table_and_the_core_state_the_same_defaults_of_risk() {
    let spot = instrument("BTC-USD", ProductKind::Spot, "USD");
    let settings = with(&[]).for_core(&[spot], &identity()).unwrap();
    assert_eq!(settings.risk, RiskSettings::defaults());
}

#[test]
fn mean_reversion_decides_by_its_own_keys() {
    let effective = with(&[
        "strategy.type=mean_reversion",
        "strategy.mean_reversion.window=60",
        "strategy.mean_reversion.std_dev=2.5",
        "strategy.mean_reversion.min_volatility=0.002",
        "strategy.mean_reversion.max_hold=50",
        "risk.min_stop_loss_pct=0.2",
        "trading.min_profit_pct=0.7",
    ]);
    let spot = instrument("BTC-USD", ProductKind::Spot, "USD");
    let settings = effective.for_core(&[spot], &identity()).unwrap();
    assert_eq!(settings.strategy.name(), "mean_reversion");
    assert_eq!(
        settings.strategy,
        StrategySettings::MeanReversion(MeanReversionSettings {
            window: 60,
            std_dev: 2.5,
            min_volatility: 0.002,
            max_hold: 50,
            min_stop_loss_pct: Decimal::new(2, 1),
            min_profit_pct: Decimal::new(7, 1),
        })
    );
    assert_eq!(effective.without_effect(), Vec::<String>::new());
}

#[test]
fn the_ciphers_and_the_filter_get_what_is_stated() {
    let spot = [instrument("BTC-USD", ProductKind::Spot, "USD")];
    let of = |sets: &[&str]| with(sets).for_core(&spot, &identity()).unwrap();
    let settings = of(&[
        "strategy.vumanchu.min_confidence=0.7",
        "trading.min_candles_for_trading=150",
        "indicators.cipher_a.ribbon_lengths=1,2,3,4,5,6,7,8",
        "indicators.cipher_b.oversold_3=-70.5",
        "data.cipher_b_wave_bullish_threshold=1.5",
        "data.cipher_b_wave_bearish_threshold=-2.5",
        "data.cipher_b_money_flow_bullish_threshold=3.5",
        "data.cipher_b_money_flow_bearish_threshold=-4.5",
    ]);
    let StrategySettings::VuManChu(vumanchu) = settings.strategy else {
        panic!("{:?}", settings.strategy);
    };
    assert_eq!(
        (vumanchu.min_confidence, vumanchu.exit_confidence),
        (0.7, 0.5)
    );
    assert_eq!(vumanchu.min_candles, 150);
    assert_eq!(vumanchu.cipher_a.ribbon_lengths, [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(vumanchu.cipher_b.levels.oversold[2], -70.5);
    let filter = settings.trading.cipher_b_filter.unwrap();
    // The filter looks at the same cipher as the strategy.
    assert_eq!(filter.cipher_b, vumanchu.cipher_b);
    assert_eq!((filter.wave_bullish, filter.wave_bearish), (1.5, -2.5));
    assert_eq!(filter.money_flow_bullish, 3.5);
    assert_eq!(filter.money_flow_bearish, -4.5);
    let off = of(&["data.enable_cipher_b_filter=false"]);
    assert_eq!(off.trading.cipher_b_filter, None);
}

#[test]
fn symbols_of_a_run_share_one_account_currency() {
    let usd = instrument("BTC-USD", ProductKind::Spot, "USD");
    let usdc = instrument("BTC-PERP", ProductKind::Perpetual, "USDC");
    let eur = instrument("BTC-EUR", ProductKind::Spot, "EUR");
    let plain = with(&[]);
    assert!(plain.for_core(&[usd.clone(), usdc], &identity()).is_ok());
    assert!(
        plain
            .for_core(std::slice::from_ref(&eur), &identity())
            .is_ok()
    );
    assert!(plain.for_core(&[], &identity()).is_err());
    let mixed = plain
        .for_core(&[usd, eur.clone()], &identity())
        .unwrap_err();
    assert!(
        mixed
            .to_string()
            .contains("BTC-USD has USD, BTC-EUR has EUR")
    );
    let stated = with(&["paper_trading.currency=USD"]);
    let refused = stated.for_core(&[eur], &identity()).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "config: paper_trading.currency = \"USD\" (from --set): the account currency of BTC-EUR is EUR"
    );
}

#[test]
fn fees_come_from_the_first_place_that_states_them() {
    let mut spot = instrument("BTC-USD", ProductKind::Spot, "USD");
    let perpetual = instrument("BTC-PERP", ProductKind::Perpetual, "USD");
    let rates = |sets: &[&str], instrument: &Instrument| -> (String, String) {
        let settings = with(sets)
            .for_core(std::slice::from_ref(instrument), &identity())
            .unwrap();
        let FeeRates { maker, taker } = settings.paper.fees[0];
        (maker.to_string(), taker.to_string())
    };
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(rates(&[], &spot), pair("0.004", "0.006"));
    assert_eq!(rates(&[], &perpetual), pair("0.0002", "0.0006"));
    spot.maker_fee = Some(Decimal::new(1, 3));
    spot.taker_fee = Some(Decimal::new(2, 3));
    assert_eq!(rates(&[], &spot), pair("0.001", "0.002"));
    assert_eq!(
        rates(&["trading.taker_fee_rate=0.006"], &spot),
        pair("0.001", "0.006")
    );
    assert_eq!(
        rates(&["paper_trading.fee_rate=0.003"], &spot),
        pair("0.003", "0.003")
    );
    assert_eq!(
        rates(&["paper_trading.maker_fee_rate=0"], &spot),
        pair("0", "0.002")
    );
    let both = [
        "paper_trading.maker_fee_rate=0.0001",
        "paper_trading.fee_rate=0.0009",
    ];
    assert_eq!(rates(&both, &perpetual), pair("0.0001", "0.0009"));
}

#[test]
fn a_reload_tells_what_applies_and_what_waits() {
    let running = with(&[]);
    let fresh = with(&[
        "system.log_level=debug",
        "logging.format=json",
        "logging.async_logging=false",
        "risk.order_rate=9",
        "risk.max_position_hold_hours=0.5",
        "resource_management.memory_cleanup_interval=700",
        "llm.model=x",
    ]);
    let plan = reload_difference(&running, &fresh);
    assert_eq!(plan.applied, ["system.log_level"]);
    assert_eq!(
        plan.needs_restart,
        [
            "logging.async_logging",
            "logging.format",
            "resource_management.memory_cleanup_interval"
        ]
    );
    assert_eq!(plan.without_effect, ["llm.model"]);
    let limits = fresh.limits();
    let limit = |key: &str| limits.get(key).map(ToString::to_string);
    assert_eq!(limit("risk.order_rate").as_deref(), Some("9"));
    assert_eq!(
        limit("risk.max_position_hold_hours").as_deref(),
        Some("0.5")
    );
}

#[test]
fn the_limits_that_may_tighten_end_where_their_keys_do() {
    for (name, end) in limit_keys() {
        let key = keys::all()
            .find(|key| key.name == name)
            .unwrap_or_else(|| panic!("no key {name}"));
        assert!(key.core_reads && key.acts, "{name}");
        match key.kind {
            Kind::Number { min, max } => assert!(end == min || end == max, "{name}: {end}"),
            Kind::Integer { min, max } => {
                assert!(
                    end == min.to_string() || end == max.to_string(),
                    "{name}: {end}"
                );
            }
            _ => panic!("{name} is no number"),
        }
    }
    // Each value as configured is the one in force: none is tighter, none is refused.
    let effective = with(&[]);
    let spot = instrument("BTC-USD", ProductKind::Spot, "USD");
    let settings = effective.for_core(&[spot], &identity()).unwrap();
    assert_eq!(
        settings.compare_limits(&effective.limits()),
        Comparison::default()
    );
}
