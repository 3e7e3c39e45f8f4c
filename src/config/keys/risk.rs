//! Rows of the risk gate: limits, position rules, emergency stop, circuit breaker.
//!
//! Percent of equity unless the meaning says otherwise.

use crate::config::key::{Key, flag, integer, number};

pub const KEYS: &[Key] = &[
    number("risk.min_stop_loss_pct", "0.1", "0.05", "20")
        .core()
        .means("least stop distance in % of price"),
    number("risk.max_stop_loss_pct", "10", "0.05", "20")
        .core()
        .means("largest stop distance in % of price"),
    number("risk.min_take_profit_pct", "0.1", "0.1", "50")
        .core()
        .means("least target distance in % of price"),
    number("risk.max_take_profit_pct", "20", "0.1", "50")
        .core()
        .means("largest target distance in % of price"),
    number("risk.default_stop_loss_pct", "2.0", "0.05", "20")
        .core()
        .means("used when a decision names none"),
    number("risk.default_take_profit_pct", "4.0", "0.1", "50")
        .core()
        .means("used when a decision names none"),
    number("risk.min_reward_risk", "1.0", "0", "10")
        .core()
        .means("least ratio of target to stop distance"),
    number("risk.max_daily_loss_pct", "5", "0.1", "50")
        .core()
        .means("entries off until the next UTC day"),
    number("risk.max_weekly_loss_pct", "15", "0.1", "75")
        .core()
        .means("entries off until the next ISO week"),
    number("risk.max_monthly_loss_pct", "30", "0.1", "90")
        .core()
        .means("entries off until the next month"),
    integer("risk.max_concurrent_trades", "3", 1, 50)
        .also(&["MAX_CONCURRENT_POSITIONS"])
        .core()
        .means("open positions and entries in flight"),
    integer("risk.max_trades_per_day", "100", 1, 10_000)
        .core()
        .means("entries since 00:00 UTC"),
    integer("risk.consecutive_losses", "5", 2, 50)
        .core()
        .means("losing trades in a row that switch entries off for 3600 s"),
    number("risk.min_account_balance", "100", "0", "1000000000000")
        .core()
        .means("equity in account currency below which entries are off"),
    integer("risk.max_leverage", "20", 1, 100)
        .core()
        .means("more is cut"),
    number("risk.max_position_pct", "100", "1", "2000")
        .core()
        .means("notional of one symbol; more is cut"),
    number("risk.max_total_exposure_pct", "300", "1", "5000")
        .core()
        .means("sum of notionals; more is cut"),
    number("risk.max_margin_used_pct", "80", "1", "95")
        .core()
        .means("sum of margins; more is cut"),
    number("risk.max_loss_per_trade_pct", "2.5", "0.1", "8")
        .core()
        .means("loss at the stop with fees and slippage; the size is cut to fit"),
    number("risk.price_collar_pct", "5", "0.1", "50")
        .core()
        .means("limit prices further from the mark, in % of price, are refused"),
    integer("risk.order_rate", "10", 1, 1000)
        .core()
        .means("entries within 60 s"),
    number("risk.max_position_hold_hours", "24", "0.25", "168")
        .core()
        .means("a position older than that is closed"),
    number("risk.emergency_stop_loss_pct", "10", "1", "50")
        .core()
        .means("a position whose price moved that far against it is closed at market"),
    number("risk.trailing_stop_pct", "", "0.05", "20")
        .or_null("off")
        .core()
        .means("the stop follows the best price at that distance"),
    number("risk.break_even_after_pct", "", "0.05", "50")
        .or_null("off")
        .core()
        .means("after that gain the stop moves to break-even"),
    flag("risk.close_on_loss_limit", "false")
        .core()
        .means("a daily, weekly or monthly loss limit closes positions too"),
    flag("risk.emergency_close", "true")
        .core()
        .means("an emergency stop about money closes all positions"),
    number("risk.emergency_rapid_loss_pct", "5", "0.5", "50")
        .core()
        .means("equity loss within 300 s that stops everything"),
    integer("risk.emergency_api_failures", "10", 1, 1000)
        .core()
        .means("exchange failures within 600 s"),
    integer("risk.emergency_position_errors", "3", 1, 100)
        .core()
        .means("position inconsistencies within 60 s"),
    number("risk.emergency_margin_pct", "95", "50", "100")
        .core()
        .means("margin used"),
    integer("risk.breaker_failures", "5", 1, 100)
        .core()
        .means("failures that open the circuit breaker"),
    number("risk.breaker_window_seconds", "300", "10", "86400")
        .core()
        .means("the window they are counted in"),
    number("risk.breaker_open_seconds", "300", "10", "86400")
        .core()
        .means("how long it stays open at first"),
];
