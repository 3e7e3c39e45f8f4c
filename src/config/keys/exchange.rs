//! Rows of what lies outside: exchange, data, dominance, orderbook.

use crate::config::key::{Key, SecretForm, TextRule, flag, integer, number, one_of, secret, text};

const WEB: &[&str] = &["https://", "http://"];
const WEB_SOCKET: &[&str] = &["wss://", "ws://"];

pub const KEYS: &[Key] = &[
    one_of(
        "exchange.name",
        "coinbase",
        &["coinbase", "bluefin", "binance", "kraken", "venue", "none"],
    )
    .also(&["EXCHANGE_TYPE"])
    .acts()
    .means("exchange to connect to; none = replay only"),
    flag("exchange.sandbox", "false").means("the exchange's sandbox"),
    one_of("exchange.network", "mainnet", &["mainnet", "testnet"]).means("network of the exchange"),
    text("exchange.base_url", "", TextRule::Address(WEB))
        .acts()
        .means("REST address, empty = by exchange"),
    text("exchange.ws_url", "", TextRule::Address(WEB_SOCKET))
        .acts()
        .means("stream address, empty = by exchange"),
    number("exchange.timeout_seconds", "15", "1", "60")
        .also(&["exchange.api_timeout"])
        .acts()
        .means("one REST call; the smaller of this and async_timeout applies"),
    integer("exchange.rate_limit_requests", "8", 1, 1000)
        .acts()
        .means("requests per window for polling, backfill and downloads"),
    number("exchange.rate_limit_window_seconds", "60", "1", "3600")
        .acts()
        .means("the window of rate_limit_requests"),
    integer("exchange.rate_limit_per_second", "", 1, 1_000_000)
        .or_null("no such window")
        .also(&["RATE_LIMIT_RPS"])
        .acts()
        .means("further limit in a window of 1 s; the tightest governs"),
    integer("exchange.rate_limit_per_minute", "", 1, 1_000_000)
        .or_null("no such window")
        .also(&["RATE_LIMIT_RPM"])
        .acts()
        .means("further limit in a window of 60 s; the tightest governs"),
    integer("exchange.rate_limit_per_hour", "", 1, 1_000_000)
        .or_null("no such window")
        .also(&["RATE_LIMIT_RPH"])
        .acts()
        .means("further limit in a window of 3600 s; the tightest governs"),
    integer("exchange.connection_pool_size", "2", 1, 8)
        .acts()
        .means("REST connections kept open per host"),
    integer("exchange.websocket_reconnect_attempts", "5", 1, 20)
        .acts()
        .means("fast attempts, then a probe every 60 s; never gives up"),
    number("exchange.websocket_timeout", "30", "5", "300")
        .acts()
        .means("seconds of silence after which a feed is stale at transport level"),
    number("exchange.health_check_interval", "300", "60", "3600")
        .means("seconds between authenticated probes when otherwise idle"),
    flag("exchange.use_trade_aggregation", "true").means("candles from trades"),
    flag("exchange.protective_orders", "true")
        .acts()
        .means("stop (and target) rest at the exchange where the product takes such an order"),
    flag("exchange.adopt_foreign", "false")
        .acts()
        .means("take over orders and positions not made by minnow"),
    text("exchange.ca_file", "", TextRule::Path)
        .acts()
        .means("extra root certificate (PEM)"),
    flag("exchange.allow_withdraw_keys", "false")
        .acts()
        .means("accept keys that are able to withdraw"),
    secret("exchange.cb_api_key", SecretForm::AtLeast(10))
        .also(&["CB_API_KEY"])
        .means("Coinbase key of the older kind"),
    secret("exchange.cb_api_secret", SecretForm::AtLeast(10))
        .also(&["CB_API_SECRET"])
        .means("secret of the Coinbase key of the older kind"),
    secret("exchange.cdp_api_key_name", SecretForm::CdpKeyName)
        .also(&["CDP_API_KEY_NAME", "COINBASE_API_KEY"])
        .acts()
        .means("name of the Coinbase key: organizations/.../apiKeys/..."),
    secret("exchange.cdp_private_key", SecretForm::CdpPrivateKey)
        .also(&["CDP_PRIVATE_KEY", "COINBASE_PRIVATE_KEY"])
        .acts()
        .means("private part of the Coinbase key (PEM or base64)"),
    secret("exchange.bluefin_private_key", SecretForm::SuiPrivateKey)
        .also(&["BLUEFIN_PRIVATE_KEY"])
        .means("private key of the Bluefin account"),
    secret("exchange.binance_api_key", SecretForm::AtLeast(16))
        .also(&["BINANCE_API_KEY"])
        .means("Binance key"),
    secret("exchange.binance_api_secret", SecretForm::AtLeast(16))
        .also(&["BINANCE_API_SECRET"])
        .means("secret of the Binance key"),
    number("data.cache_ttl_seconds", "30", "1", "600")
        .acts()
        .means("time for which a book by REST is not asked for again"),
    flag("data.enable_cipher_b_filter", "true")
        .core()
        .means("entries need wave and money flow on their side"),
    number("data.cipher_b_wave_bullish_threshold", "0", "-100", "100")
        .core()
        .means("wave above it for a long entry"),
    number("data.cipher_b_wave_bearish_threshold", "0", "-100", "100")
        .core()
        .means("wave below it for a short entry"),
    number(
        "data.cipher_b_money_flow_bullish_threshold",
        "0",
        "-150",
        "150",
    )
    .core()
    .means("money flow above it for a long entry"),
    number(
        "data.cipher_b_money_flow_bearish_threshold",
        "0",
        "-150",
        "150",
    )
    .core()
    .means("money flow below it for a short entry"),
    number("data.stale_after_seconds", "120", "1", "3600")
        .core()
        .means("silence after which a symbol's data is stale and entries are off"),
    integer("data.keep_days", "30", 1, 3650)
        .means("candles and decisions kept in the ledger beyond need of open trades"),
    text("data.directory", "data", TextRule::Path)
        .acts()
        .means("ledger, replays, recordings, control socket; $STATE_DIRECTORY when set"),
    flag("dominance.enabled", "false").means("stablecoin dominance"),
    one_of("dominance.source", "coingecko", &["coingecko", "custom"]).means("where it comes from"),
    number("dominance.update_interval", "300", "60", "3600").means("seconds between two fetches"),
    number("dominance.weight", "0.2", "0", "1").means("weight of its bias"),
    number("dominance.alert_threshold", "12.0", "5", "20").means("alert above that dominance in %"),
    number("dominance.change_alert", "1.0", "0.1", "5")
        .means("alert on a change of that many points"),
    text(
        "dominance.base_url",
        "https://api.coingecko.com/api/v3",
        TextRule::Address(WEB),
    )
    .means("address of the source"),
    flag("dominance.block_extremes", "false").means("no entries at extremes"),
    flag("orderbook.enabled", "false")
        .acts()
        .means("keep level 2 books; off: best prices come from tickers and books by REST"),
    integer("orderbook.rest_levels", "50", 0, 500).acts().means(
        "levels per side of a book asked for by REST where level 2 is off; 0 = no such book",
    ),
    integer("orderbook.depth_levels", "20", 1, 500)
        .acts()
        .also(&["market_making.orderbook.depth_levels"])
        .means("levels kept per side"),
    integer("orderbook.max_age_ms", "1000", 100, 60_000)
        .also(&["market_making.orderbook.max_age_ms"])
        .means("age after which the book is not used"),
    integer("orderbook.staleness_threshold_ms", "2000", 100, 60_000)
        .also(&["market_making.orderbook.staleness_threshold_ms"])
        .acts()
        .means("silence after which the book is stale"),
    number("orderbook.max_spread_bps", "200", "1", "10000")
        .also(&["market_making.orderbook.max_spread_bps"])
        .acts()
        .means("entries are off above that spread"),
    number("orderbook.max_price_deviation_pct", "5.0", "0.1", "50")
        .also(&["market_making.orderbook.max_price_deviation_pct"])
        .means("levels further from mid are refused"),
    number("orderbook.imbalance_threshold", "0.3", "0.1", "1")
        .also(&["market_making.orderbook.imbalance_threshold"])
        .means("imbalance that counts as a signal"),
    integer("orderbook.heartbeat_interval_ms", "15000", 1000, 60_000)
        .also(&["market_making.orderbook.heartbeat_interval_ms"])
        .means("expected distance of heartbeats"),
    integer(
        "orderbook.snapshot_recovery_interval_ms",
        "5000",
        1000,
        60_000,
    )
    .also(&["market_making.orderbook.snapshot_recovery_interval_ms"])
    .acts()
    .means("least distance of two snapshots asked for"),
    integer("orderbook.max_timestamp_drift_ms", "5000", 100, 60_000)
        .also(&["market_making.orderbook.max_timestamp_drift_ms"])
        .acts()
        .means("a book by REST whose time is further from ours is refused"),
];
