//! Rows of what runs beside the trading: market_data, validation, monitoring, resource_management,
//! logging, api, notifications, recording.

use crate::config::key::{
    Key, ListRule, SecretForm, TextRule, flag, integer, list, number, one_of, secret, text,
};

const WEB: &[&str] = &["https://", "http://"];

pub const KEYS: &[Key] = &[
    integer("market_data.subscriber_thread_pool_size", "2", 1, 3)
        .means("workers that market-data effects may hold at once"),
    integer("market_data.notification_batch_size", "5", 1, 100)
        .means("conflated symbol updates handed to each client per turn"),
    number("market_data.cache_cleanup_interval", "300", "10", "3600")
        .means("seconds between runs of the cache_cleanup task"),
    integer("market_data.close_grace_ms", "1000", 0, 60_000)
        .core()
        .means("wait for late trades after a candle's end, in milliseconds"),
    number("market_data.outlier_pct", "20", "1", "1000")
        .core()
        .means("price jump in % that holds a trade back until others confirm it"),
    integer("validation.max_concurrent_validations", "2", 1, 8).means("validation jobs in flight"),
    number("validation.validation_timeout", "10", "1", "60")
        .means("seconds per job; exceeded = invalid"),
    integer("validation.thread_pool_size", "2", 1, 3)
        .means("workers that validation may hold at once"),
    flag("monitoring.enabled", "true")
        .also(&["ENABLE_MONITORING"])
        .means("monitor and metrics tasks"),
    number("monitoring.check_interval", "60", "5", "3600")
        .means("seconds between runs of the system_monitor task"),
    number("monitoring.metrics_collection_interval", "30", "5", "3600")
        .also(&["MONITOR_INTERVAL"])
        .means("seconds between runs of the metrics task"),
    integer("monitoring.thread_pool_size", "1", 1, 3)
        .means("workers that monitoring jobs may hold"),
    integer("monitoring.metrics_port", "", 1, 65_535)
        .or_null("/metrics on the main listener")
        .also(&["METRICS_PORT"])
        .means("a second loopback listener with /metrics and /health only"),
    number("monitoring.alert_cpu_warning_pct", "70", "1", "100")
        .also(&["ALERT_CPU_WARNING"])
        .means("% of the CPU allowance"),
    number("monitoring.alert_cpu_critical_pct", "85", "1", "100")
        .also(&["ALERT_CPU_CRITICAL"])
        .means("% of the CPU allowance"),
    number("monitoring.alert_memory_warning_pct", "75", "1", "100")
        .also(&["ALERT_MEMORY_WARNING"])
        .means("% of the memory limit"),
    number("monitoring.alert_memory_critical_pct", "90", "1", "100")
        .also(&["ALERT_MEMORY_CRITICAL"])
        .means("% of the memory limit"),
    number("monitoring.alert_disk_warning_pct", "80", "1", "100")
        .also(&["ALERT_DISK_WARNING"])
        .means("% of the data volume"),
    number("monitoring.alert_disk_critical_pct", "95", "1", "100")
        .also(&["ALERT_DISK_CRITICAL"])
        .means("% of the data volume"),
    number("monitoring.alert_cooldown_seconds", "300", "10", "86400")
        .means("least distance of two alerts of one kind"),
    integer("monitoring.history_minutes", "1440", 60, 10_080)
        .means("trend ring, one point a minute"),
    number(
        "resource_management.memory_cleanup_interval",
        "600",
        "30",
        "86400",
    )
    .acts()
    .means("seconds between runs of the memory_cleanup task"),
    number(
        "resource_management.gc_collection_interval",
        "300",
        "30",
        "86400",
    )
    .means("seconds between runs of the history_trim task"),
    number(
        "resource_management.idle_connection_timeout",
        "180",
        "10",
        "3600",
    )
    .means("idle REST connections and unauthenticated sockets are closed after that many seconds"),
    flag("resource_management.connection_pool_cleanup", "true")
        .means("arm the idle connection deadline"),
    flag("logging.async_logging", "true")
        .acts()
        .means("lines buffered; false: written at once"),
    integer("logging.log_buffer_size", "100", 1, 10_000)
        .acts()
        .means("lines buffered at most; full = written at once"),
    number("logging.log_flush_interval", "5", "0.1", "60")
        .acts()
        .means("the oldest buffered line is at most that many seconds old"),
    integer("logging.max_log_handlers", "3", 1, 8)
        .acts()
        .means("sinks open at once (stderr, file, completion log)"),
    one_of("logging.format", "auto", &["auto", "text", "json"])
        .acts()
        .means("auto: text on a terminal, json otherwise"),
    text("logging.file", "", TextRule::Path)
        .acts()
        .means("log file beside stderr, empty = none"),
    integer("logging.max_file_mb", "100", 1, 1000)
        .acts()
        .means("size in MB at which the file is rotated"),
    integer("logging.max_files", "5", 1, 50)
        .acts()
        .means("rotated files kept"),
    text("api.bind", "127.0.0.1:8080", TextRule::HostPort)
        .means("listener of publisher, health and API"),
    flag("api.allow_remote", "false")
        .means("needed, with a token, for an address that others can reach"),
    text("api.username", "minnow", TextRule::Free)
        .means("of the /api/v1 API that existing clients speak"),
    flag("api.force_entry_enable", "false").means("entries by request on the /api/v1 API"),
    secret("api.token", SecretForm::AtLeast(32))
        .means("token of the operator; generated once when unset"),
    secret("api.read_token", SecretForm::AtLeast(32))
        .means("token for reading; generated once when unset"),
    integer("api.max_clients", "32", 1, 1024).means("clients at once"),
    integer("api.max_clients_per_address", "8", 1, 1024).means("clients at once from one address"),
    secret("notifications.telegram_token", SecretForm::AtLeast(20)).means("bot token"),
    text("notifications.telegram_chat_id", "", TextRule::Free).means("chat that is written to"),
    list(
        "notifications.telegram_allowed_users",
        "",
        ListRule::Words { max: 20 },
    )
    .means("users whose commands are obeyed"),
    text("notifications.discord_url", "", TextRule::Address(WEB))
        .masked()
        .means("web hook of a Discord channel"),
    text("notifications.webhook_url", "", TextRule::Address(WEB))
        .masked()
        .means("web hook that gets every notification as JSON"),
    text("notifications.heartbeat_url", "", TextRule::Address(WEB))
        .masked()
        .means("fetched while all is well, so that silence is noticed from outside"),
    number("notifications.heartbeat_interval", "300", "10", "86400")
        .means("seconds between two heartbeats"),
    one_of(
        "notifications.min_level",
        "warn",
        &["info", "warn", "error"],
    )
    .means("least level that is notified"),
    integer("notifications.max_per_hour", "60", 1, 1000).means("more are put together in one"),
    flag("recording.enabled", "")
        .or_null("true for trade, false for other verbs")
        .acts()
        .means("write the session recording"),
    one_of("recording.frames", "refused", &["refused", "market", "all"])
        .acts()
        .means("messages and answers recorded as received: those that were refused, all but books, all"),
    text("recording.directory", "", TextRule::Path)
        .or_null("recordings below data.directory")
        .acts()
        .means("folder of session recordings"),
    integer("recording.segment_mb", "16", 1, 1024)
        .acts()
        .means("size in MB at which a new segment begins"),
    integer("recording.max_total_mb", "512", 16, 1_000_000)
        .acts()
        .means("size in MB of all recordings; the oldest segments go first"),
];
