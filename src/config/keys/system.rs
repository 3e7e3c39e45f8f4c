//! Rows of the process itself: system, scheduler, io_effects, functional_programming.

use crate::config::key::{Key, ListRule, TextRule, flag, integer, list, number, one_of, text};

const WEB_SOCKET: &[&str] = &["ws://", "wss://"];

pub const KEYS: &[Key] = &[
    flag("system.dry_run", "true")
        .also(&["DRY_RUN"])
        .acts()
        .means("master switch: true = paper, no real orders"),
    one_of(
        "system.environment",
        "development",
        &["development", "production"],
    )
    .also(&["ENVIRONMENT"])
    .acts()
    .means("development refuses live trading"),
    integer("system.max_concurrent_tasks", "4", 1, 64)
        .also(&["scheduler.max_concurrent_tasks"])
        .acts()
        .means("tasks in flight"),
    integer("system.thread_pool_size", "2", 1, 3)
        .acts()
        .means("worker threads"),
    number("system.async_timeout", "15.0", "1", "120")
        .acts()
        .means("bound in seconds of connect, TLS and websocket handshake, one exchange REST call"),
    integer("system.task_batch_size", "2", 1, 16)
        .also(&["scheduler.batch_size"])
        .acts()
        .means("due tasks started per loop turn"),
    number("system.update_frequency_seconds", "45.0", "0.1", "3600")
        .means("interval of strategy_execution's catch-up run and performance_update"),
    integer("system.max_worker_threads", "3", 1, 3)
        .acts()
        .means("hard ceiling for thread_pool_size"),
    integer("system.memory_limit_mb", "", 16, 8192)
        .or_null("80 % of the cgroup limit, else 512")
        .also(&["MAX_MEMORY_MB"])
        .acts()
        .means("resident memory in MB above which memory cleanup acts"),
    flag("system.enable_memory_optimization", "true")
        .also(&["ENABLE_MEMORY_OPTIMIZATION"])
        .acts()
        .means("run the memory cleanup task"),
    number("system.shutdown_timeout", "15", "2", "300")
        .acts()
        .means("deadline of a clean stop in seconds"),
    text("system.instance_id", "", TextRule::InstanceId)
        .or_null("8 random hex digits, kept in the ledger")
        .acts()
        .means("names the bot in messages, client order ids (as a hash) and metrics"),
    integer("system.seed", "1", 0, i64::MAX)
        .core()
        .means("of the core's random numbers"),
    one_of(
        "system.log_level",
        "info",
        &["trace", "debug", "info", "warn", "error"],
    )
    .also(&["LOG_LEVEL"])
    .acts()
    .means("least level that is logged"),
    flag("system.enable_websocket_publishing", "true").means("publisher listener on"),
    text(
        "system.websocket_dashboard_url",
        "",
        TextRule::Address(WEB_SOCKET),
    )
    .means("external dashboard to push to, empty = none"),
    list(
        "system.websocket_fallback_urls",
        "",
        ListRule::Addresses {
            max: 5,
            schemes: WEB_SOCKET,
        },
    )
    .means("tried in order when the dashboard cannot be reached"),
    number("system.websocket_publish_interval", "1.0", "0.1", "60")
        .means("conflation window in seconds of market_data and indicator_data per symbol"),
    integer("system.websocket_queue_size", "200", 50, 5000)
        .also(&["websocket.queue_size"])
        .means("messages queued per client; the priority lane has a quarter, 10 to 500"),
    integer("system.websocket_max_retries", "10", 1, 30)
        .also(&["websocket.max_retries"])
        .means("fast attempts before the slow probe"),
    number("system.websocket_retry_delay", "5", "1", "60")
        .also(&["websocket.retry_delay"])
        .means("first delay of the push client in seconds"),
    number("system.websocket_ping_interval", "30", "5", "60")
        .also(&["websocket.ping_interval"])
        .means("seconds between pings"),
    number("system.websocket_ping_timeout", "15", "3", "30")
        .also(&["websocket.ping_timeout"])
        .means("seconds to wait for a pong; less than the ping interval"),
    number("system.websocket_health_check_interval", "60", "10", "300")
        .also(&["websocket.health_check_interval"])
        .means("seconds between runs of the websocket_health task"),
    number("system.websocket_timeout", "30", "10", "120")
        .also(&["websocket.connection_timeout"])
        .means("dial, TLS and upgrade of the push client in seconds"),
    number("scheduler.task_timeout_seconds", "45", "1", "600")
        .acts()
        .means("a task that runs longer has failed"),
    number(
        "scheduler.health_check_interval_seconds",
        "300",
        "10",
        "3600",
    )
    .means("seconds between runs of the health_check task"),
    number("scheduler.error_recovery_delay_seconds", "30", "0.1", "600")
        .acts()
        .means("first retry of a failed task; doubles with each failure"),
    number("scheduler.trading_interval_seconds", "", "1", "86400")
        .or_null("by candle close alone")
        .core()
        .means("minimum distance between two decisions in seconds"),
    integer("io_effects.parallel_max_workers", "2", 1, 3)
        .means("most workers of one parallel call"),
    flag("io_effects.thread_pool_optimization", "true")
        .acts()
        .means("true: workers start on first use and park when idle; false: all start at once"),
    number("io_effects.executor_shutdown_timeout", "10", "1", "60")
        .acts()
        .means("join limit of workers at stop in seconds; at most shutdown_timeout"),
    integer(
        "functional_programming.max_concurrent_effects",
        "25",
        1,
        1000,
    )
    .also(&["FP_MAX_CONCURRENT_EFFECTS"])
    .acts()
    .means("effects in flight"),
    number("functional_programming.effect_timeout", "20.0", "1", "300")
        .also(&["FP_EFFECT_TIMEOUT"])
        .acts()
        .means("an effect that takes longer has failed; seconds"),
    integer(
        "functional_programming.interpreter_thread_pool_size",
        "2",
        1,
        3,
    )
    .means("workers that general effects may hold at once"),
    flag("functional_programming.scheduler_enabled", "true")
        .also(&["FP_SCHEDULER_ENABLED"])
        .acts()
        .means("false: only tasks of class risk and trading are armed"),
    flag("functional_programming.async_runtime", "true")
        .also(&["FP_ASYNC_RUNTIME"])
        .means("false: the effects of one task run one after another"),
    flag("functional_programming.runtime_enabled", "true")
        .also(&["FP_RUNTIME_ENABLED"])
        .means("false: no external effect except exchange calls"),
    one_of(
        "functional_programming.runtime_mode",
        "hybrid",
        &["hybrid", "pure"],
    )
    .also(&["FP_RUNTIME_MODE"])
    .means("pure: decisions by rules only; hybrid: a language model is allowed"),
    flag("functional_programming.error_recovery", "true")
        .also(&["FP_ERROR_RECOVERY"])
        .acts()
        .means("false: the first failure of a task disables it"),
    flag("functional_programming.metrics_enabled", "true")
        .also(&["FP_METRICS_ENABLED"])
        .means("histograms of tasks and effects kept"),
    flag("functional_programming.interpreter_stats", "true")
        .also(&["FP_INTERPRETER_STATS"])
        .means("one log line of effect statistics per health check"),
    flag("functional_programming.debug_mode", "false")
        .also(&["FP_DEBUG_MODE"])
        .means("log each task and effect start and end"),
];
