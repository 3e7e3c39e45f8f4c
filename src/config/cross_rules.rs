//! Rules between keys that a configuration must keep. A rule that touches a key whose own value is
//! already refused says nothing: one mistake, one line.

use super::effective::Effective;
use super::findings::Findings;
use super::rules;
use super::value::Value;
use crate::core::market::Interval;
use crate::core::units::Decimal;
use std::collections::BTreeSet;

/// What a pair of numbers must be.
#[derive(Clone, Copy)]
enum Order {
    Less,
    AtMost,
    Greater,
}

/// `(key, order, other key)`; the finding stands at the first.
const PAIRS: &[(&str, Order, &str)] = &[
    (
        "risk.default_take_profit_pct",
        Order::Greater,
        "risk.default_stop_loss_pct",
    ),
    (
        "risk.max_weekly_loss_pct",
        Order::Greater,
        "risk.max_daily_loss_pct",
    ),
    (
        "risk.max_monthly_loss_pct",
        Order::Greater,
        "risk.max_weekly_loss_pct",
    ),
    (
        "risk.max_loss_per_trade_pct",
        Order::AtMost,
        "risk.max_daily_loss_pct",
    ),
    (
        "risk.min_stop_loss_pct",
        Order::Less,
        "risk.max_stop_loss_pct",
    ),
    (
        "risk.min_take_profit_pct",
        Order::Less,
        "risk.max_take_profit_pct",
    ),
    (
        "risk.min_stop_loss_pct",
        Order::AtMost,
        "risk.default_stop_loss_pct",
    ),
    (
        "risk.default_stop_loss_pct",
        Order::AtMost,
        "risk.max_stop_loss_pct",
    ),
    (
        "risk.min_take_profit_pct",
        Order::AtMost,
        "risk.default_take_profit_pct",
    ),
    (
        "risk.default_take_profit_pct",
        Order::AtMost,
        "risk.max_take_profit_pct",
    ),
    (
        "functional_programming.effect_timeout",
        Order::Less,
        "scheduler.task_timeout_seconds",
    ),
    (
        "llm.request_timeout",
        Order::Less,
        "scheduler.task_timeout_seconds",
    ),
    (
        "system.websocket_ping_timeout",
        Order::Less,
        "system.websocket_ping_interval",
    ),
    (
        "io_effects.executor_shutdown_timeout",
        Order::AtMost,
        "system.shutdown_timeout",
    ),
    (
        "trading.leverage",
        Order::AtMost,
        "trading.max_futures_leverage",
    ),
    (
        "monitoring.alert_cpu_warning_pct",
        Order::Less,
        "monitoring.alert_cpu_critical_pct",
    ),
    (
        "monitoring.alert_memory_warning_pct",
        Order::Less,
        "monitoring.alert_memory_critical_pct",
    ),
    (
        "monitoring.alert_disk_warning_pct",
        Order::Less,
        "monitoring.alert_disk_critical_pct",
    ),
];

/// Reports every rule that is broken.
pub(super) fn check(effective: &Effective, broken: &BTreeSet<&str>, findings: &mut Findings) {
    let mut checks = Checks {
        effective,
        broken,
        findings,
    };
    for (key, order, other) in PAIRS {
        checks.pair(key, *order, other);
    }
    checks.production();
    checks.interval();
    checks.symbols();
    checks.log_sinks();
    checks.remote_listener();
    checks.fifo();
    checks.strategy();
}

struct Checks<'a> {
    effective: &'a Effective,
    broken: &'a BTreeSet<&'a str>,
    findings: &'a mut Findings,
}

impl Checks<'_> {
    fn sound(&self, keys: &[&str]) -> bool {
        keys.iter().all(|key| !self.broken.contains(key))
    }

    fn report(&mut self, key: &str, problem: &str) {
        let entry = self.effective.entry(key);
        self.findings
            .add_value(key, &entry.shown(), &entry.source, problem);
    }

    fn amount(&self, key: &str) -> Decimal {
        match self.effective.entry(key).value {
            Value::Integer(n) => Decimal::from_int(n),
            _ => self.effective.number(key),
        }
    }

    fn pair(&mut self, key: &str, order: Order, other: &str) {
        if !self.sound(&[key, other]) {
            return;
        }
        let (a, b) = (self.amount(key), self.amount(other));
        let (kept, words) = match order {
            Order::Less => (a < b, "less than"),
            Order::AtMost => (a <= b, "at most"),
            Order::Greater => (a > b, "greater than"),
        };
        if !kept {
            let stated = self.effective.entry(other).stated();
            self.report(key, &format!("must be {words} {stated}"));
        }
    }

    fn production(&mut self) {
        if !self.sound(&["system.environment"]) {
            return;
        }
        if self.effective.text("system.environment") != "production" {
            return;
        }
        if self.sound(&["exchange.sandbox"]) && self.effective.flag("exchange.sandbox") {
            self.report("exchange.sandbox", "must be off in production");
        }
        for (key, most) in [("trading.leverage", 10), ("risk.max_daily_loss_pct", 10)] {
            if self.sound(&[key]) && self.amount(key) > Decimal::from_int(most) {
                self.report(key, &format!("must be at most {most} in production"));
            }
        }
    }

    fn interval(&mut self) {
        if !self.sound(&["trading.interval", "exchange.use_trade_aggregation"]) {
            return;
        }
        let interval = Interval::parse(self.effective.text("trading.interval"));
        let short = interval.is_some_and(|i| i.seconds() < 60);
        if short && !self.effective.flag("exchange.use_trade_aggregation") {
            let stated = self
                .effective
                .entry("exchange.use_trade_aggregation")
                .stated();
            self.report(
                "trading.interval",
                &format!("intervals below a minute are made from trades and need exchange.use_trade_aggregation = true, not {stated}"),
            );
        }
    }

    /// All symbols of a run share one account currency.
    fn symbols(&mut self) {
        if !self.sound(&["trading.symbols", "trading.symbol"]) {
            return;
        }
        let symbols = self.effective.symbols();
        let mut stated = symbols
            .iter()
            .filter_map(|s| rules::currency_of(s).map(|currency| (*s, currency)));
        let Some((first, currency)) = stated.next() else {
            return;
        };
        if let Some((second, another)) = stated.find(|(_, c)| *c != currency) {
            self.report(
                "trading.symbols",
                &format!("all symbols of a run share one account currency; {first} has {currency}, {second} has {another}"),
            );
        }
    }

    fn log_sinks(&mut self) {
        let keys = [
            "logging.max_log_handlers",
            "logging.file",
            "llm.completion_log",
        ];
        if !self.sound(&keys) {
            return;
        }
        let files = ["logging.file", "llm.completion_log"]
            .iter()
            .filter(|key| !self.effective.text(key).is_empty())
            .count();
        if 1 + files > self.effective.count("logging.max_log_handlers") {
            let sinks = 1 + files;
            self.report(
                "logging.max_log_handlers",
                &format!("{sinks} sinks are configured (stderr, logging.file, llm.completion_log)"),
            );
        }
    }

    fn remote_listener(&mut self) {
        if !self.sound(&["api.bind", "api.allow_remote"]) {
            return;
        }
        if rules::is_loopback(self.effective.text("api.bind")) {
            return;
        }
        if !self.effective.flag("api.allow_remote") {
            self.report(
                "api.bind",
                "an address that others can reach needs api.allow_remote = true",
            );
        } else if self.effective.secret("api.token").is_none() {
            self.report(
                "api.bind",
                "an address that others can reach needs api.token",
            );
        }
    }

    fn fifo(&mut self) {
        let key = "trading.use_fifo_accounting";
        if self.sound(&[key]) && !self.effective.flag(key) {
            self.report(key, "lots are always first in, first out; allowed true");
        }
    }

    /// Strategies that a later version brings are refused by name.
    fn strategy(&mut self) {
        let key = "strategy.type";
        if !self.sound(&[key]) {
            return;
        }
        let name = self.effective.text(key);
        if !matches!(name, "auto" | "vumanchu" | "momentum" | "mean_reversion") {
            self.report(
                key,
                &format!(
                    "{name} is not built yet; this version decides by vumanchu (also auto), momentum or mean_reversion"
                ),
            );
        }
        if name == "llm" && self.effective.text("llm.model").is_empty() {
            self.report("llm.model", "strategy.type = llm needs a model");
        }
    }
}
