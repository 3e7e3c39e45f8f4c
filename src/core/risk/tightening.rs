//! Limits that a running session takes over from a configuration read again: only tighter ones.
//! Loosening waits for a restart, so that nobody widens by a slip what guards the money.
//!
//! A limit goes by the name of its key and in that key's unit. What was tightened is part of the
//! guard's state, so that a replay may begin behind it; the next process has its own configuration.

use crate::effect::{AlertLevel, Effects};
use crate::machine::{Core, Timer};
use crate::market::SymbolId;
use crate::orders::protection::{Protection, reached};
use crate::settings::Settings;
use crate::units::stamp::{MILLISECOND, SECOND};
use crate::units::{Decimal, Rounding, Span, Stamp};
use std::collections::BTreeMap;

/// Values by the names of their keys.
pub type LimitValues = BTreeMap<String, Decimal>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tighter {
    Lower,
    Higher,
}

/// Where a limit stands in the settings.
enum Place {
    Number(fn(&mut Settings) -> &mut Decimal),
    Count(fn(&mut Settings) -> &mut u32),
    /// With the nanoseconds of the key's unit.
    Time(fn(&mut Settings) -> &mut Span, i64),
}

struct Limit {
    key: &'static str,
    tighter: Tighter,
    /// The key's own end on the tighter side; nothing beyond it is taken.
    end: &'static str,
    place: Place,
}

macro_rules! limits {
    ($($key:literal $tighter:ident $end:literal $kind:ident $group:ident.$field:ident $(* $unit:expr)?;)*) => {
        &[$(Limit {
            key: $key,
            tighter: Tighter::$tighter,
            end: $end,
            place: Place::$kind(|settings| &mut settings.$group.$field $(, $unit)?),
        }),*]
    };
}

/// Every limit that may become tighter while a session runs. Missing are the bounds of stops and
/// targets, which shape what is proposed rather than limit what is lost; the price collar, which also
/// bounds how far a close may reach; and switches.
const LIMITS: &[Limit] = limits! {
    "risk.min_reward_risk" Higher "10" Number risk.min_reward_risk;
    "risk.max_daily_loss_pct" Lower "0.1" Number risk.max_daily_loss_pct;
    "risk.max_weekly_loss_pct" Lower "0.1" Number risk.max_weekly_loss_pct;
    "risk.max_monthly_loss_pct" Lower "0.1" Number risk.max_monthly_loss_pct;
    "risk.max_concurrent_trades" Lower "1" Count risk.max_concurrent_trades;
    "risk.max_trades_per_day" Lower "1" Count risk.max_trades_per_day;
    "risk.consecutive_losses" Lower "2" Count risk.consecutive_losses;
    "risk.min_account_balance" Higher "1000000000000" Number risk.min_account_balance;
    "risk.max_leverage" Lower "1" Count risk.max_leverage;
    "risk.max_position_pct" Lower "1" Number risk.max_position_pct;
    "risk.max_total_exposure_pct" Lower "1" Number risk.max_total_exposure_pct;
    "risk.max_margin_used_pct" Lower "1" Number risk.max_margin_used_pct;
    "risk.max_loss_per_trade_pct" Lower "0.1" Number risk.max_loss_per_trade_pct;
    "risk.order_rate" Lower "1" Count risk.order_rate;
    "risk.max_position_hold_hours" Lower "0.25" Time risk.max_position_hold * 3600 * SECOND;
    "risk.emergency_stop_loss_pct" Lower "1" Number risk.emergency_stop_loss_pct;
    "risk.emergency_rapid_loss_pct" Lower "0.5" Number risk.emergency_rapid_loss_pct;
    "risk.emergency_api_failures" Lower "1" Count risk.emergency_api_failures;
    "risk.emergency_position_errors" Lower "1" Count risk.emergency_position_errors;
    "risk.emergency_margin_pct" Lower "50" Number risk.emergency_margin_pct;
    "risk.breaker_failures" Lower "1" Count risk.breaker_failures;
    "risk.breaker_window_seconds" Higher "86400" Time risk.breaker_window * SECOND;
    "risk.breaker_open_seconds" Higher "86400" Time risk.breaker_open * SECOND;
    "trading.max_size_pct" Lower "0.1" Number trading.max_size_pct;
    "trading.min_profit_pct" Higher "10" Number trading.min_profit_pct;
    "trading.min_trading_interval_seconds" Higher "86400" Time trading.min_trading_interval * SECOND;
};

/// The keys of these limits and the ends of their ranges on the tighter side.
pub fn limit_keys() -> impl Iterator<Item = (&'static str, &'static str)> {
    LIMITS.iter().map(|limit| (limit.key, limit.end))
}

/// How given values stand to those in force.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    pub tighter: LimitValues,
    /// With those that are no limits or beyond their range.
    pub not_tighter: Vec<String>,
}

impl Limit {
    /// In the key's unit.
    fn value(&self, settings: &mut Settings) -> Decimal {
        match self.place {
            Place::Number(at) => *at(settings),
            Place::Count(at) => Decimal::from_int(i64::from(*at(settings))),
            Place::Time(at, unit) => {
                let nanoseconds = Decimal::from_int(at(settings).0);
                nanoseconds
                    .checked_div(Decimal::from_int(unit), Rounding::HalfEven)
                    .expect("a time in larger units is smaller")
            }
        }
    }

    /// Whether the settings could take the value: in the range, whole where a count is asked for.
    fn put(&self, settings: &mut Settings, value: Decimal) -> bool {
        let end = Decimal::parse(self.end).expect("the table's numbers are decimals");
        let in_range = match self.tighter {
            Tighter::Lower => value >= end,
            Tighter::Higher => value <= end,
        };
        if !in_range {
            return false;
        }
        match self.place {
            Place::Number(at) => *at(settings) = value,
            Place::Count(at) => {
                let whole = value.in_steps_of(Decimal::ONE, Rounding::HalfEven);
                let count = whole.and_then(|whole| u32::try_from(whole).ok());
                match count {
                    Some(count) if Decimal::from_int(i64::from(count)) == value => {
                        *at(settings) = count;
                    }
                    _ => return false,
                }
            }
            Place::Time(at, unit) => {
                let nanoseconds = value.checked_mul(Decimal::from_int(unit), Rounding::HalfEven);
                let whole = nanoseconds
                    .and_then(|n| n.in_steps_of(Decimal::ONE, Rounding::HalfEven))
                    .and_then(|n| i64::try_from(n).ok());
                let Some(span) = whole.filter(|n| *n >= 0) else {
                    return false;
                };
                *at(settings) = Span(span);
            }
        }
        true
    }
}

impl Settings {
    /// Which of these values are tighter than those in force. Equal ones are left out.
    pub fn compare_limits(&self, values: &LimitValues) -> Comparison {
        let mut comparison = Comparison::default();
        let mut settings = self.clone();
        for (key, value) in values {
            let found = LIMITS.iter().find(|limit| limit.key == key);
            let before = found.map(|limit| limit.value(&mut settings));
            let after = found
                .filter(|limit| limit.put(&mut settings, *value))
                .map(|limit| (limit.tighter, limit.value(&mut settings)));
            let tighter = match (before, after) {
                (Some(before), Some((_, after))) if before == after => continue,
                (Some(before), Some((Tighter::Lower, after))) => after < before,
                (Some(before), Some((Tighter::Higher, after))) => after > before,
                _ => false,
            };
            if tighter {
                comparison.tighter.insert(key.clone(), *value);
            } else {
                comparison.not_tighter.push(key.clone());
            }
        }
        comparison
    }

    fn put_limits(&mut self, values: &LimitValues) {
        for limit in LIMITS {
            if let Some(value) = values.get(limit.key) {
                limit.put(self, *value);
            }
        }
    }
}

impl Core {
    /// Takes over what is tighter; the rest is told and left.
    pub(crate) fn tighten(&mut self, values: &LimitValues, at: Stamp, out: &mut Effects) {
        let Comparison {
            tighter,
            not_tighter,
        } = self.settings.compare_limits(values);
        if !not_tighter.is_empty() {
            let text = format!(
                "limits not tighter than those in force, they stay: {}",
                not_tighter.join(", ")
            );
            self.report(AlertLevel::Warning, "limits", text, at, out);
        }
        if tighter.is_empty() {
            return;
        }
        let shown: Vec<String> = tighter.iter().map(|(k, v)| format!("{k} = {v}")).collect();
        let text = format!("limits tightened: {}", shown.join(", "));
        self.report(AlertLevel::Info, "limits", text, at, out);
        self.settings.put_limits(&tighter);
        self.guard.tightened.extend(tighter);
        self.guard.adopt(&self.settings.risk);
        if self.guard.losing_run.catch_up(at.mono, &self.settings.risk) {
            self.losing_run_paused(at, out);
        }
        if self.guard.breaker.catch_up(at.mono) {
            let text = "no entries for a while: failures counted before the limit was tightened";
            self.report(
                AlertLevel::Warning,
                "circuit_breaker",
                text.to_owned(),
                at,
                out,
            );
        }
        for index in 0..self.symbols.len() {
            self.tighten_position(SymbolId(index as u16), at);
        }
        // What equity and margin are now may be beyond a limit already.
        self.after_order(at, out);
    }

    /// What was derived from limits when the position was opened.
    fn tighten_position(&mut self, id: SymbolId, at: Stamp) {
        let rules = self.protection_rules();
        let hold = self.settings.risk.max_position_hold;
        let symbol = &mut self.symbols[id.index()];
        let Some(position) = &mut symbol.position else {
            return;
        };
        let emergency = Protection::after_entry(position, &rules, at.mono).emergency;
        let (side, known) = (position.side, position.protection.emergency);
        if let (Some(new), Some(known)) = (emergency, known)
            && new.price != known.price
            && reached(side, new.price, known.price)
        {
            position.protection.emergency = Some(new);
        }
        let due = position.opened.mono.saturating_add(hold.0).max(at.mono);
        let due = (due.max(0) as u64).div_ceil(MILLISECOND as u64);
        let armed = symbol.max_hold;
        if armed.is_some_and(|armed| armed.due > due) {
            self.disarm(armed);
            let armed = self.arm_at(Timer::MaxHold(id), due);
            self.symbols[id.index()].max_hold = Some(armed);
        }
        self.settle(id);
    }

    /// The limits that were tightened before a saved state are in force again.
    pub(crate) fn restore_tightened(&mut self) {
        let comparison = self.settings.compare_limits(&self.guard.tightened);
        self.settings.put_limits(&comparison.tighter);
    }
}
