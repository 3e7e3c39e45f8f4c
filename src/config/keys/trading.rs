//! Rows of trading itself: trading, strategy, indicators.candle_limit, paper_trading.

use crate::config::key::{Key, ListRule, TextRule, flag, integer, list, number, one_of, text};

/// The exact text that confirms live trading.
pub const LIVE_CONFIRMATION: &str = "I accept real orders";

pub const KEYS: &[Key] = &[
    text("trading.symbol", "BTC-USD", TextRule::Symbol)
        .core()
        .means("the symbol traded when trading.symbols is empty"),
    list("trading.symbols", "", ListRule::Symbols)
        .also(&["TRADING_PAIRS"])
        .core()
        .means("1 to 20 symbols; wins over trading.symbol when not empty"),
    text("trading.interval", "1m", TextRule::Interval)
        .also(&["TRADING_INTERVAL"])
        .core()
        .means("length of the decision candle"),
    integer("trading.leverage", "1", 1, 100)
        .core()
        .means("of derivatives; spot is always 1"),
    integer("trading.max_futures_leverage", "20", 1, 100)
        .core()
        .means("cap of leverage"),
    flag("trading.enable_futures", "false")
        .core()
        .means("derivatives and shorts allowed"),
    number("trading.max_size_pct", "20.0", "0.1", "100")
        .core()
        .means("cap of margin per entry in % of equity"),
    number("trading.order_timeout_seconds", "30", "5", "300")
        .core()
        .means("an entry not filled by then is cancelled"),
    one_of(
        "trading.order_type",
        "market",
        &["market", "limit", "post_only"],
    )
    .core()
    .means("of entries"),
    number("trading.slippage_tolerance_pct", "0.1", "0", "5")
        .core()
        .means("limit price of a protected market order, price collar of exits"),
    number("trading.min_profit_pct", "0.5", "0", "10")
        .core()
        .means("least expected gain in % after fees"),
    number("trading.maker_fee_rate", "0.004", "-0.001", "0.02")
        .core()
        .means("spot, where neither account nor recording states one; negative = rebate"),
    number("trading.taker_fee_rate", "0.006", "-0.001", "0.02")
        .core()
        .means("spot, where neither account nor recording states one"),
    number("trading.futures_maker_fee_rate", "0.0002", "-0.001", "0.02")
        .core()
        .means("derivatives, where neither account nor recording states one"),
    number("trading.futures_fee_rate", "0.0006", "-0.001", "0.02")
        .core()
        .means("taker rate of derivatives, where neither account nor recording states one"),
    flag("trading.use_fee_tiers", "true")
        .acts()
        .means("the live account's own fee tier applies"),
    number("trading.min_trading_interval_seconds", "60", "0", "86400")
        .core()
        .means("between two entries of a symbol"),
    integer("trading.min_candles_for_trading", "100", 1, 5000)
        .core()
        .means("closed candles before the first entry"),
    flag("trading.require_24h_data_before_trading", "false")
        .core()
        .means("additionally 24 h of history"),
    text("trading.entries_from", "", TextRule::Time)
        .core()
        .means("no entry before this time; parts of sweeps have it, so that what lies before only warms up"),
    text(
        "trading.live_confirmation",
        "",
        TextRule::Exactly(LIVE_CONFIRMATION),
    )
    .acts()
    .means("exactly \"I accept real orders\" confirms live trading"),
    flag("trading.reversal", "false")
        .core()
        .means("an opposite entry closes first, then opens after the close has filled"),
    one_of("trading.on_shutdown", "keep", &["keep", "close"])
        .core()
        .means("open positions at a clean stop"),
    flag("trading.use_fifo_accounting", "true")
        .acts()
        .means("true only: lots are always first in, first out"),
    one_of(
        "strategy.type",
        "auto",
        &["auto", "llm", "vumanchu", "momentum", "mean_reversion"],
    )
    .also(&["STRATEGY_TYPE"])
    .core()
    .means("what decides; auto means vumanchu in this version"),
    one_of(
        "strategy.fallback",
        "vumanchu",
        &["vumanchu", "momentum", "mean_reversion", "hold"],
    )
    .means("what decides when the language model has failed"),
    one_of(
        "strategy.vumanchu.preset",
        "standard",
        &["standard", "scalping"],
    )
    .core()
    .means("set of lengths and levels"),
    number("strategy.vumanchu.min_confidence", "0.6", "0", "1")
        .core()
        .means("entries need it"),
    number("strategy.vumanchu.exit_confidence", "0.5", "0", "1")
        .core()
        .means("exits need it"),
    integer("strategy.momentum.lookback", "20", 2, 500)
        .also(&["MOMENTUM_LOOKBACK"])
        .core()
        .means("bars of the long average and of the breakout window"),
    number("strategy.momentum.entry_threshold", "0.002", "0", "1")
        .also(&["MOMENTUM_ENTRY_THRESHOLD"])
        .core()
        .means("fraction that a close must exceed the window's high by"),
    number("strategy.momentum.exit_threshold", "0.01", "0", "1")
        .also(&["MOMENTUM_EXIT_THRESHOLD"])
        .core()
        .means("fraction of the best close given back that ends a trade"),
    flag("strategy.momentum.use_volume", "true")
        .also(&["MOMENTUM_USE_VOLUME"])
        .core()
        .means("signals need volume"),
    integer("strategy.mean_reversion.window", "50", 2, 500)
        .also(&["MEAN_REVERSION_WINDOW"])
        .core()
        .means("bars of the mean"),
    number("strategy.mean_reversion.std_dev", "2.0", "0.1", "10")
        .also(&["MEAN_REVERSION_STD_DEV"])
        .core()
        .means("standard deviations from the mean for an entry"),
    number("strategy.mean_reversion.min_volatility", "0.001", "0", "1")
        .also(&["MEAN_REVERSION_MIN_VOL"])
        .core()
        .means("least standard deviation as a fraction of the mean"),
    integer("strategy.mean_reversion.max_hold", "100", 1, 10_000)
        .also(&["MEAN_REVERSION_MAX_HOLD"])
        .core()
        .means("bars after which a trade ends"),
    integer("indicators.candle_limit", "1000", 200, 5000)
        .also(&["data.candle_limit"])
        .core()
        .means("closed candles kept per symbol"),
    number(
        "paper_trading.starting_balance",
        "10000",
        "100",
        "1000000000",
    )
    .core()
    .means("cash of the paper account at its start"),
    text("paper_trading.currency", "USD", TextRule::Currency)
        .core()
        .means("of the paper account; unless set, that of the recorded symbols"),
    number("paper_trading.fee_rate", "", "0", "0.01")
        .or_null("recording or trading.*")
        .core()
        .means("taker rate, spot and futures alike; alone it replaces the maker rate too"),
    number("paper_trading.maker_fee_rate", "", "0", "0.01")
        .or_null("fee_rate, recording or trading.*")
        .core()
        .means("maker rate, spot and futures alike"),
    number("paper_trading.slippage_rate", "0.0005", "0", "0.005")
        .core()
        .means("added against the trader to market and stop fills"),
    integer("paper_trading.latency_ms", "0", 0, 60_000)
        .core()
        .means("delay from decision to venue in milliseconds"),
    flag("paper_trading.funding_enabled", "false")
        .core()
        .means("funding of derivatives is paid")
        .later(),
    integer("paper_trading.funding_interval_hours", "8", 1, 24)
        .core()
        .means("hours between two payments, from 00:00 UTC")
        .later(),
    number("paper_trading.fill_volume_fraction", "1.0", "0.01", "1")
        .core()
        .means("share of a trade's quantity that our orders may take"),
    one_of("paper_trading.intrabar", "worst", &["worst", "open_first"])
        .core()
        .means("stop and target inside one candle: the stop, or the one nearer to the open"),
    integer("paper_trading.keep_trade_history_days", "90", 7, 3650)
        .means("closed paper trades kept"),
    text(
        "paper_trading.report_time_utc",
        "23:59",
        TextRule::TimeOfDay,
    )
    .core()
    .means("time of the daily report"),
];
