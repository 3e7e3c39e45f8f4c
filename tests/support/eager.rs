//! Settings of a bot that decides each second and enters whenever two bars rose.

/// For `--set`; what a test wants otherwise comes after them.
pub const EAGER: &[&str] = &[
    "trading.interval=1s",
    "strategy.type=momentum",
    "strategy.momentum.lookback=2",
    "strategy.momentum.entry_threshold=0",
    "strategy.momentum.exit_threshold=0.00001",
    "strategy.momentum.use_volume=false",
    "data.enable_cipher_b_filter=false",
    "trading.min_candles_for_trading=3",
    "trading.min_profit_pct=0",
    "trading.min_trading_interval_seconds=0",
    "trading.use_fee_tiers=false",
    "trading.taker_fee_rate=0.0001",
    "trading.maker_fee_rate=0.0001",
    "risk.max_trades_per_day=10000",
    "risk.consecutive_losses=50",
    "risk.max_daily_loss_pct=14",
    "risk.emergency_rapid_loss_pct=50",
    "logging.format=text",
];
