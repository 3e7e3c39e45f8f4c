//! What would have had to differ for a position to stay where nobody decided to leave it: held too
//! long, an emergency stop of its own or of the whole account, liquidation, a loss limit, a command.
//!
//! From the ledger alone: the trade, its closing order, the events of its time, and the configuration
//! that the session began with.

use super::case::Case;
use super::facts::{ExitFacts, ExitLimit, OrderFacts};
use crate::config::Recorded;
use crate::core::risk::limits::share_pct;
use crate::core::units::{Decimal, Rounding, Side};
use crate::report::figures::length;
use crate::store::ledger::read_explain::Event;
use crate::store::ledger::{LedgerError, Reader, StoredTrade};

/// Nanoseconds of an hour.
const HOUR: i128 = 3_600_000_000_000;

/// Emergency triggers that close positions and have a setting, with what it bounds.
const TRIGGERS: [(&str, &str); 2] = [
    ("rapid_loss", "risk.emergency_rapid_loss_pct"),
    ("margin_used", "risk.emergency_margin_pct"),
];
/// Those that only stop entries: none of them closed anything.
const ENTRIES_ONLY: [&str; 3] = ["exchange_failures", "position_errors", "ledger_failure"];

/// Loss limits by the code of their events.
const LOSS_LIMITS: [(&str, &str); 3] = [
    ("max_daily_loss_pct", "risk.max_daily_loss_pct"),
    ("max_weekly_loss_pct", "risk.max_weekly_loss_pct"),
    ("max_monthly_loss_pct", "risk.max_monthly_loss_pct"),
];

/// Adds limit, value and what would have kept the position, where the exit's reason has them and
/// nothing else told them.
///
/// # Errors
/// A ledger that cannot be read.
pub fn tell_otherwise(
    exit: &mut ExitFacts,
    reader: &Reader,
    case: &Case,
    orders: &[OrderFacts],
) -> Result<(), LedgerError> {
    let Some(trade) = case.trade.as_ref().filter(|_| exit.otherwise.is_none()) else {
        return Ok(());
    };
    let recorded = Recorded::parse(&case.session.configuration).unwrap_or_default();
    let mut teller = Teller {
        exit,
        reader,
        case,
        trade,
        recorded,
    };
    match trade.reason.as_str() {
        "max_hold" => teller.max_hold(),
        "emergency_stop" => teller.emergency_stop(orders)?,
        "liquidation" => teller.liquidation(orders),
        "loss_limit" => teller.loss_limit()?,
        "operator" => teller.operator()?,
        "shutdown" => teller.say(
            "the position would have stayed when the bot was stopped, had trading.on_shutdown been \
             keep instead of close"
                .to_owned(),
        ),
        "unprotected" => teller.say(
            "the position would have stayed, had the venue taken a protective order for it".to_owned(),
        ),
        "reconciled" => teller.say(
            "the position would have stayed, had the venue still listed all of it as held".to_owned(),
        ),
        _ => {}
    }
    Ok(())
}

struct Teller<'a> {
    exit: &'a mut ExitFacts,
    reader: &'a Reader,
    case: &'a Case,
    trade: &'a StoredTrade,
    recorded: Recorded,
}

impl Teller<'_> {
    fn say(&mut self, text: String) {
        self.exit.otherwise = Some(text);
    }

    /// What the configuration of the start has for a key.
    fn setting(&self, key: &str) -> Option<Decimal> {
        self.recorded.number(key).ok()
    }

    fn limit(&mut self, key: &str, value: Option<Decimal>, unit: &'static str) -> String {
        let limit = self.setting(key);
        self.exit.limit = Some(ExitLimit {
            key: key.to_owned(),
            limit,
            value,
            unit,
        });
        limit.map_or_else(|| key.to_owned(), |limit| format!("{key} = {limit} {unit}"))
    }

    fn max_hold(&mut self) {
        let held = self.trade.exit_time.since(self.trade.entry_time);
        let hours = Decimal::ONE.mul_div(i128::from(held.0), HOUR, Rounding::HalfEven);
        let hours = hours.map(|hours| shorter(hours, 4));
        let limit = self.limit("risk.max_position_hold_hours", hours, "h");
        let mut text = format!(
            "the position would have stayed with a higher limit: it was held for {}{}, and {limit} \
             closes one that long after its first fill",
            length(held),
            hours.map_or_else(String::new, |hours| format!(" ({hours} h)")),
        );
        let limit = self.exit.limit.as_ref().and_then(|l| l.limit);
        if hours.zip(limit).is_some_and(|(held, limit)| held < limit) {
            text.push_str(
                "; it was closed before that, so that the limit was made tighter while it was open",
            );
        }
        self.say(text);
    }

    /// Of the whole account where an event of the time says so; else of the position alone.
    fn emergency_stop(&mut self, orders: &[OrderFacts]) -> Result<(), LedgerError> {
        let event = self.event("emergency_stop")?;
        let closing = event.as_ref().and_then(|event| trigger(&event.text));
        let (Some(event), Some((name, what))) = (
            &event,
            closing.filter(|(name, _)| !ENTRIES_ONLY.contains(name)),
        ) else {
            self.emergency_level(orders);
            return Ok(());
        };
        let key = TRIGGERS.iter().find(|(of, _)| *of == name).map(|t| t.1);
        let limit = key.map_or_else(String::new, |key| {
            format!("; the limit is {}", self.limit(key, percent_in(what), "%"))
        });
        self.exit.words = "the emergency stop of the whole account closed it".to_owned();
        self.say(format!(
            "the position would have stayed without the emergency stop of {} ({name}): {what}{limit}; \
             with risk.emergency_close = false it stops entries only",
            event.time
        ));
        Ok(())
    }

    fn emergency_level(&mut self, orders: &[OrderFacts]) {
        let key = "risk.emergency_stop_loss_pct";
        let hundred = Decimal::from_int(100);
        let level = self.setting(key).and_then(|pct| {
            let share = match self.trade.side {
                Side::Buy => hundred - pct,
                Side::Sell => hundred + pct,
            };
            self.level(share.raw(), hundred.raw())
        });
        self.exit.words = "its loss reached the emergency stop of a position".to_owned();
        let reached = self.reached(orders);
        let entry = self.trade.entry_vwap;
        let loss = reached.map(|price| match self.trade.side {
            Side::Buy => share_pct(entry - price, entry),
            Side::Sell => share_pct(price - entry, entry),
        });
        let loss = loss.map(|loss| shorter(loss, 4));
        let limit = self.limit(key, loss, "%");
        self.exit.level = level;
        self.exit.reached = reached;
        let at = level.map_or_else(String::new, |level| format!(" to {level}, which is"));
        let filled = reached.zip(loss).map_or_else(String::new, |(price, loss)| {
            format!("; its close began to fill at {price}, {loss} % from it")
        });
        self.say(format!(
            "the position would have stayed, had no trade come{at} {limit} from its average entry \
             {entry}{filled}"
        ));
    }

    fn liquidation(&mut self, orders: &[OrderFacts]) {
        let leverage = i128::from(self.trade.leverage.max(1));
        // Long: entry x (1 - 1/L + 0.005); short: entry x (1 + 1/L - 0.005).
        let share = match self.trade.side {
            Side::Buy => 1000 * leverage - 1000 + 5 * leverage,
            Side::Sell => 1000 * leverage + 1000 - 5 * leverage,
        };
        let level = self.level(share, 1000 * leverage);
        let reached = self.reached(orders);
        (self.exit.level, self.exit.reached) = (level, reached);
        let at = level.map_or_else(String::new, |level| format!(" to {level}"));
        let filled = reached.map_or_else(String::new, |price| {
            format!("; its close began to fill at {price}")
        });
        self.say(format!(
            "the position would have stayed, had no trade come{at}, where leverage {leverage} leaves \
             0.5 % of its entry value{filled}; a lower leverage moves that price further away"
        ));
    }

    fn loss_limit(&mut self) -> Result<(), LedgerError> {
        let mut newest: Option<(Event, &str)> = None;
        for (code, key) in LOSS_LIMITS {
            let found = self.event(code)?.map(|event| (event, key));
            newest = match (newest, found) {
                (Some(known), Some(found)) if known.0.time >= found.0.time => Some(known),
                (known, found) => found.or(known),
            };
        }
        let Some((event, key)) = newest else {
            return Ok(());
        };
        let limit = self.limit(key, percent_in(&event.text), "%");
        self.say(format!(
            "the position would have stayed, had the account lost less by {}: {} ({limit}); with \
             risk.close_on_loss_limit = false it stops entries only",
            event.time, event.text
        ));
        Ok(())
    }

    fn operator(&mut self) -> Result<(), LedgerError> {
        let mut command = None;
        for code in ["close_all", "emergency_stop"] {
            command = command.or(self.event(code)?);
        }
        let of = command.map_or_else(String::new, |event| {
            format!(" of {} ({})", event.time, event.text)
        });
        self.say(format!(
            "the position would have stayed without the command{of}: neither the market nor the \
             strategy asked for its end"
        ));
        Ok(())
    }

    /// The newest event of a code while the position was open.
    fn event(&self, code: &str) -> Result<Option<Event>, LedgerError> {
        let times = (self.trade.entry_time, self.trade.exit_time);
        self.reader.last_event(self.case.session.id, code, times)
    }

    /// Average entry x factor / divisor, to the tick.
    fn level(&self, factor: i128, divisor: i128) -> Option<Decimal> {
        let mut instruments = self.case.session.instruments.iter();
        let instrument = instruments.find(|i| i.symbol == self.trade.symbol)?;
        let exact = self
            .trade
            .entry_vwap
            .mul_div(factor, divisor, Rounding::HalfEven)?;
        let price = instrument.round_price(exact, Rounding::HalfEven)?;
        Some(instrument.price(price))
    }

    /// Price of the trade that the close filled from first.
    fn reached(&self, orders: &[OrderFacts]) -> Option<Decimal> {
        let mut closing = orders.iter().filter(|o| Some(o.id) == self.exit.order);
        Some(closing.next()?.fills.first()?.reference)
    }
}

/// Name and words of the trigger in `emergency stop (NAME): WORDS`.
fn trigger(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix("emergency stop (")?.split_once("): ")
}

/// The first number of a text that has a percent sign behind it.
fn percent_in(text: &str) -> Option<Decimal> {
    let words: Vec<&str> = text.split(' ').collect();
    let mut pairs = words.windows(2);
    let pair = pairs.find(|pair| pair[1].starts_with('%'))?;
    Decimal::parse(pair[0]).ok()
}

/// Rounded half-even to that many decimals.
fn shorter(value: Decimal, digits: usize) -> Decimal {
    Decimal::parse(&format!("{value:.digits$}")).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trigger_and_value_are_read_from_the_words_of_an_event() {
        let text = "emergency stop (rapid_loss): equity fell 0.52 % within 300 s";
        let (name, what) = trigger(text).unwrap();
        assert_eq!(
            (name, what),
            ("rapid_loss", "equity fell 0.52 % within 300 s")
        );
        assert_eq!(percent_in(what), Some(Decimal::new(52, 2)));
        assert_eq!(percent_in("equity is gone"), None);
        assert_eq!(trigger("something else"), None);
        assert_eq!(
            shorter(Decimal::new(1_234_567, 6), 4),
            Decimal::new(12_346, 4)
        );
    }
}
