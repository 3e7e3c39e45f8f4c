//! Every kind of mistake: what is said, and that all of it is said at once.

use super::fixture::Folder;
use proptest::prelude::*;

/// The one finding of a configuration with this `--set`.
fn of_set(text: &str) -> String {
    let lines = Folder::new().set(text).wrong();
    assert_eq!(lines.len(), 1, "{lines:?}");
    lines[0].clone()
}

fn of_json(text: &str) -> Vec<String> {
    Folder::new().json(text).wrong()
}

#[test]
fn a_wrong_value_names_key_value_place_and_range() {
    let folder = Folder::new().dot_env("\n\n\n\n\n\nSYSTEM__TASK_BATCH_SIZE=two\n");
    assert_eq!(
        folder.wrong(),
        [
            "config: system.task_batch_size = \"two\" (from .env:7 SYSTEM__TASK_BATCH_SIZE): not an integer; allowed 1..16"
        ]
    );
}

#[test]
fn an_unknown_key_names_its_nearest_neighbour() {
    let text = "{\n\n  \"system\": {\n    \"max_concurent_tasks\": 4\n  }\n}";
    assert_eq!(
        of_json(text),
        [
            "config: system.max_concurent_tasks (from config/my.json:4:5): unknown key; did you mean system.max_concurrent_tasks?"
        ]
    );
}

#[test]
fn a_broken_rule_names_both_keys_and_both_places() {
    let folder = Folder::new().environment("RISK__MAX_WEEKLY_LOSS_PCT", "4");
    assert_eq!(
        folder.wrong(),
        [
            "config: risk.max_weekly_loss_pct = 4 (from environment RISK__MAX_WEEKLY_LOSS_PCT): must be greater than risk.max_daily_loss_pct = 5 (from default)"
        ]
    );
}

#[test]
fn all_mistakes_of_all_sources_are_reported_sorted_by_key() {
    let lines = Folder::new()
        .json(r#"{"trading": {"interval": "7m"}, "risk": {"order_rate": 0}}"#)
        .dot_env("nonsense\nSYSTEM__SEED=-1\n")
        .environment("API__BINDD", "x")
        .set("system.log_level=loud")
        .wrong();
    let keys: Vec<&str> = lines
        .iter()
        .map(|l| l["config: ".len()..].split([' ', ':']).next().unwrap())
        .collect();
    assert_eq!(
        keys,
        [
            ".env",
            "api.bindd",
            "risk.order_rate",
            "system.log_level",
            "system.seed",
            "trading.interval"
        ]
    );
}

#[test]
fn values_of_every_kind_are_checked() {
    for (set, words) in [
        ("system.dry_run=maybe", "not a yes or no; allowed true, yes"),
        (
            "system.max_concurrent_tasks=0",
            "= 0 (from --set): out of range; allowed 1..64",
        ),
        (
            "system.max_concurrent_tasks=1.5",
            "not an integer; allowed 1..64",
        ),
        (
            "system.max_concurrent_tasks=99999999999999999999",
            "out of range",
        ),
        (
            "system.shutdown_timeout=1e2",
            "not a plain decimal number; allowed 2..300",
        ),
        (
            "system.shutdown_timeout=1,000",
            "not a plain decimal number",
        ),
        ("system.shutdown_timeout=NaN", "not a plain decimal number"),
        ("system.shutdown_timeout=inf", "not a plain decimal number"),
        (
            "trading.max_size_pct=0.0999",
            "out of range; allowed 0.1..100",
        ),
        ("system.memory_limit_mb=15", "allowed 16..8192 or null"),
        ("system.environment=prod", "allowed development, production"),
        ("system.instance_id=Minnow", "1..32 of a-z, 0-9 and -"),
        ("trading.interval=7m", "allowed 1s 5s 15s 30s 1m"),
        ("trading.symbol=btc-usd", "written in capitals: BTC-USD"),
        ("trading.symbols=BTC-USD,,ETH-USD", "element 2 is empty"),
        (
            "trading.symbols=BTC-USD,BTC-USD",
            "element 2 stands there twice",
        ),
        (
            "trading.symbols=BTC-USD,ETH-EUR",
            "share one account currency; BTC-USD has USD, ETH-EUR has EUR",
        ),
        (
            "trading.use_fifo_accounting=no",
            "first in, first out; allowed true",
        ),
        (
            "trading.live_confirmation=yes",
            "exactly \"I accept real orders\"",
        ),
        (
            "system.websocket_dashboard_url=http://a",
            "an address with ws:// or wss://",
        ),
        ("api.bind=8080", "host:port"),
        ("api.bind=0.0.0.0:8080", "needs api.allow_remote = true"),
        ("paper_trading.report_time_utc=24:00", "HH:MM"),
        ("paper_trading.currency=usd", "capital letters"),
        (
            "exchange.name=kucoin",
            "allowed coinbase, bluefin, binance, kraken, venue, none",
        ),
        ("indicators.cipher_a.ribbon_lengths=1,2", "8 whole numbers"),
        ("llm.prices={\"gpt\": 1}", "expected {\"model-prefix\""),
        ("nonsense", "--set: expected section.key=value"),
    ] {
        let line = of_set(set);
        assert!(line.contains(words), "{set}: {line}");
    }
    let many: Vec<String> = (0..21).map(|n| format!("X{n}-USD")).collect();
    let line = of_set(&format!("trading.symbols={}", many.join(",")));
    assert!(line.contains("21 elements; allowed at most 20"), "{line}");
}

#[test]
fn the_language_model_is_refused_with_all_that_it_lacks() {
    let lines = Folder::new().set("strategy.type=llm").wrong();
    assert_eq!(lines.len(), 2);
    assert!(
        lines[0].contains("llm.model = \"\" (from default): strategy.type = llm needs a model")
    );
    assert!(lines[1].contains("llm is not built yet"));
}

#[test]
fn usdc_counts_as_usd_and_names_without_currency_are_accepted() {
    let effective = Folder::new()
        .set("trading.symbols=BTC-USD, ETH-USDC,BTC-PERP,BTC-PERP-INTX,BIT-26APR24-CDE")
        .sound();
    assert_eq!(effective.symbols().len(), 5);
}

#[test]
fn every_cross_rule_is_kept() {
    for (sets, key) in [
        (
            "risk.default_take_profit_pct=2",
            "risk.default_take_profit_pct",
        ),
        ("risk.max_weekly_loss_pct=5", "risk.max_weekly_loss_pct"),
        ("risk.max_monthly_loss_pct=15", "risk.max_monthly_loss_pct"),
        (
            "risk.max_loss_per_trade_pct=6",
            "risk.max_loss_per_trade_pct",
        ),
        ("risk.default_stop_loss_pct=0.06", "risk.min_stop_loss_pct"),
        (
            "functional_programming.effect_timeout=45",
            "functional_programming.effect_timeout",
        ),
        ("scheduler.task_timeout_seconds=25", "llm.request_timeout"),
        (
            "system.websocket_ping_timeout=30",
            "system.websocket_ping_timeout",
        ),
        (
            "io_effects.executor_shutdown_timeout=16",
            "io_effects.executor_shutdown_timeout",
        ),
        ("trading.leverage=21", "trading.leverage"),
        (
            "monitoring.alert_cpu_warning_pct=85",
            "monitoring.alert_cpu_warning_pct",
        ),
        (
            "system.environment=production trading.leverage=11",
            "trading.leverage",
        ),
        (
            "system.environment=production exchange.sandbox=on",
            "exchange.sandbox",
        ),
        (
            "system.environment=production risk.max_daily_loss_pct=11",
            "risk.max_daily_loss_pct",
        ),
        (
            "trading.interval=30s exchange.use_trade_aggregation=no",
            "trading.interval",
        ),
        (
            "logging.file=a llm.completion_log=b logging.max_log_handlers=2",
            "logging.max_log_handlers",
        ),
        ("api.bind=10.0.0.1:80 api.allow_remote=1", "api.bind"),
    ] {
        let folder = sets.split(' ').fold(Folder::new(), Folder::set);
        let lines = folder.wrong();
        assert_eq!(lines.len(), 1, "{sets}: {lines:?}");
        assert!(
            lines[0].starts_with(&format!("config: {key} = ")),
            "{}",
            lines[0]
        );
    }
}

#[test]
fn a_rule_says_nothing_about_a_key_that_is_already_refused() {
    let line = of_set("risk.max_weekly_loss_pct=x");
    assert!(line.contains("not a plain decimal number"), "{line}");
}

#[test]
fn json_is_strict() {
    for (text, line) in [
        (
            "{\n\"system\": {},\n}",
            "config: config/my.json:3:1: trailing comma",
        ),
        (
            "{\"system\": {\"seed\": NaN}}",
            "config: config/my.json:1:21: expected value",
        ),
        ("[]", "config: config/my.json:1:1: expected an object"),
        (
            "{\"system\": {\"seed\": 1,\n  \"seed\": 1}}",
            "config: system.seed (from config/my.json:2:3): stands there twice; first at 1:13",
        ),
        (
            "{\"system\": {}, \"system\": {}}",
            "config: system (from config/my.json:1:16): stands there twice; first at 1:2",
        ),
        (
            "{\"system\": 1}",
            "config: system (from config/my.json:1:2): expected an object",
        ),
        (
            "{\"system\": {\"seed\": {\"a\": 1}}}",
            "config: system.seed = {..} (from config/my.json:1:13): an object is no value here",
        ),
        (
            "{\"system\": {\"seed\": null}}",
            "config: system.seed = null (from config/my.json:1:13): null is no value here; allowed 0..9223372036854775807",
        ),
        (
            "{\"system.seed\": 1}",
            "config: system.seed (from config/my.json:1:2): a dot has no place in a name; nest objects",
        ),
        (
            "{\"system\": {\"log_level\": 5}}",
            "config: system.log_level = 5 (from config/my.json:1:13): not a text in quotes; allowed trace, debug, info, warn, error",
        ),
        (
            "{\"systen\": {}}",
            "config: systen (from config/my.json:1:2): unknown key; did you mean the section system?",
        ),
    ] {
        assert_eq!(of_json(text), [line], "{text}");
    }
}

#[test]
fn comments_are_allowed_at_every_level() {
    let text = r#"{"_comment": ["any"], "strategy": {"_comment": 1, "momentum": {"_comment": {}, "lookback": 9}}}"#;
    let effective = Folder::new().json(text).sound();
    assert_eq!(effective.integer("strategy.momentum.lookback"), 9);
}

#[test]
fn a_key_without_near_neighbour_lists_those_of_its_section() {
    let line = of_set("memory.size=1");
    assert_eq!(
        line,
        "config: memory.size (from --set): unknown key; keys of memory: max_results, min_samples_for_pattern, retention_days, similarity_threshold"
    );
    assert!(of_set("weather.size=1").contains("unknown key; sections: api, data,"));
}

#[test]
fn names_of_other_programs_are_ignored_and_unknown_keys_of_ours_are_not() {
    Folder::new()
        .environment("PATH", "/bin")
        .environment("GIT__X", "1")
        .environment("SYSTEMD_EXEC_PID", "1")
        .sound();
    let lines = Folder::new().environment("System__Dryrun", "1").wrong();
    assert_eq!(
        lines,
        [
            "config: system.dryrun (from environment System__Dryrun): unknown key; did you mean system.dry_run?"
        ]
    );
}

#[test]
fn an_address_with_a_password_is_refused_without_showing_it() {
    let line = of_set("exchange.base_url=https://me:hunter2@example.org");
    assert!(!line.contains("hunter2"), "{line}");
    assert!(
        line.contains("exchange.base_url = *** (from --set)"),
        "{line}"
    );
}

#[test]
fn live_trading_names_everything_that_is_missing() {
    let lines = Folder::new().set("system.dry_run=false").wrong();
    let keys: Vec<&str> = lines
        .iter()
        .map(|l| l["config: ".len()..].split(' ').next().unwrap())
        .collect();
    assert_eq!(
        keys,
        [
            "exchange.cdp_api_key_name",
            "exchange.cdp_private_key",
            "system.environment",
            "trading.live_confirmation"
        ]
    );
    let other = Folder::new()
        .set("system.dry_run=false")
        .set("exchange.name=kraken")
        .wrong();
    let named = "live trading on kraken is not built yet";
    assert!(other.iter().any(|line| line.contains(named)), "{other:?}");
}

#[test]
fn the_local_venue_needs_neither_confirmation_nor_production() {
    let lines = Folder::new()
        .set("system.dry_run=false")
        .set("exchange.name=venue")
        .set("exchange.base_url=http://127.0.0.1:9000/api")
        .wrong();
    assert_eq!(lines.len(), 2, "only the key: {lines:?}");
    assert!(lines[0].contains("live trading on venue needs it; set EXCHANGE__CDP_API_KEY_NAME"));
    let elsewhere = Folder::new()
        .set("system.dry_run=false")
        .set("exchange.name=venue")
        .set("exchange.base_url=http://192.168.0.1:9000")
        .wrong();
    assert_eq!(elsewhere.len(), 4);
}

#[test]
fn more_mistakes_than_anyone_reads_are_counted() {
    let members: Vec<String> = (0..600).map(|n| format!("\"x{n:03}\": 1")).collect();
    let lines = of_json(&format!("{{{}}}", members.join(",")));
    assert_eq!(lines.len(), 501);
    assert_eq!(lines[500], "config: and 100 more");
}

#[test]
fn files_that_are_no_text_or_too_large_are_refused() {
    let large = format!("{{\"_comment\": \"{}\"}}", "x".repeat(300_000));
    assert_eq!(
        of_json(&large),
        [
            "config: config/my.json (from --config): 300016 bytes; expected a file of at most 262144 bytes"
        ]
    );
    let mut folder = Folder::new().json("{}");
    std::fs::write(folder.path.join("config/my.json"), [0xff, 0xfe]).unwrap();
    assert_eq!(
        folder.wrong(),
        ["config: config/my.json (from --config): not valid UTF-8"]
    );
    folder.sources.config_file = Some("config".into());
    assert_eq!(
        folder.wrong(),
        ["config: config (from --config): a folder; expected a regular file"]
    );
    folder.sources.config_file = None;
    folder.sources.environment_not_text = vec!["LOG_LEVEL".into(), "OTHER".into()];
    assert_eq!(
        folder.wrong(),
        ["config: LOG_LEVEL (from environment): not valid UTF-8"]
    );
}

#[test]
fn a_fifo_or_a_device_is_refused_and_never_waited_for() {
    let mut folder = Folder::new();
    let fifo = folder.path.join("fifo");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status();
    assert!(made.unwrap().success());
    folder.sources.config_file = Some("fifo".into());
    folder.sources.env_file = Some("/dev/zero".into());
    let folder = folder.environment("LLM__API_KEY_FILE", "fifo");
    assert_eq!(
        folder.wrong(),
        [
            "config: /dev/zero: a device; expected a regular file",
            "config: fifo (from --config): a FIFO; expected a regular file",
            "config: llm.api_key = *** (from the file named by LLM__API_KEY_FILE): fifo: a FIFO; expected a regular file",
        ]
    );
}

#[test]
fn trading_mode_switches_nothing_and_must_not_contradict() {
    let effective = Folder::new().environment("TRADING_MODE", "live").sound();
    assert!(effective.flag("system.dry_run"));
    assert!(
        effective
            .warnings()
            .iter()
            .any(|w| w.contains("enables no orders"))
    );
    let lines = Folder::new()
        .environment("TRADING_MODE", "paper")
        .set("system.dry_run=false")
        .wrong();
    assert!(lines[0].contains("TRADING_MODE = \"paper\" (from environment TRADING_MODE): contradicts system.dry_run = false (from --set)"));
    let lines = Folder::new().environment("TRADING_MODE", "demo").wrong();
    assert!(lines[0].ends_with("allowed paper, live"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_text_makes_the_loader_panic(
        json in "\\PC{0,60}|[\\{\\}\":,a-z_. 0-9\\[\\]]{0,60}|\\{\"(system|risk|llm)\": ?\\{\"[a-z_]{1,8}\": ?[\\PC]{0,12}\\}\\}",
        dot_env in "[\\PC\n]{0,60}",
        name in "(SYSTEM|RISK|llm|[\\PC]{1,5})__[A-Z_]{0,12}",
        value in "\\PC{0,20}",
        set in "(system|trading|llm|risk)\\.[a-z_]{1,20}=[\\PC]{0,20}|\\PC{0,20}",
    ) {
        let folder = Folder::new()
            .json(&json)
            .dot_env(&dot_env)
            .environment(&name, &value)
            .set(&set)
            .default(&set);
        if let Err(findings) = folder.load() {
            for line in findings.to_string().lines() {
                prop_assert!(line.starts_with("config: "), "{}", line);
            }
        }
    }

    #[test]
    fn no_value_of_any_key_makes_the_loader_panic(
        index in 0usize..crate::config::keys::all().count(),
        value in "\\PC{0,20}|-?[0-9.]{1,25}|\\{\\PC{0,10}\\}",
    ) {
        let key = crate::config::keys::all().nth(index).expect("within the table");
        let folder = Folder::new().environment(&key.environment_name(), &value);
        match folder.load() {
            Ok(effective) => {
                effective.fingerprint();
                effective.recordable();
            }
            Err(findings) => {
                for line in findings.to_string().lines() {
                    prop_assert!(line.starts_with("config: "), "{}", line);
                }
            }
        }
    }
}
