//! What a session watches beside its feeds: its own candles against the exchange's, the exchange's
//! clock, and the HALT file.

use super::calls::caller::Ended;
use super::calls::kept_quiet::quiet_row;
use super::feeds::candle_check::Difference;
use super::job::LiveJob;
use super::session::{Purpose, Session, TARGET};
use crate::core::input::{Command, Input};
use crate::core::market::{Candle, SymbolId};
use crate::core::units::Stamp;
use crate::core::units::stamp::SECOND;
use crate::exchange::calls::{Call, CallAnswer};
use crate::log;
use crate::runtime::jobs::EffectClass;
use crate::runtime::shell::Shell;

/// A clock further from the exchange's than this is told.
const OFFSET_TOLD: i64 = SECOND;
/// Beyond this there are no entries: candles and deadlines cannot be trusted.
const OFFSET_BLOCKS: i64 = 5 * SECOND;
/// Symbols whose candles are asked for in one run of the task.
const COMPARED_A_RUN: usize = 2;

impl Session<'_> {
    /// Asks for the exchange's candles of buckets that have closed, a few symbols at a time.
    pub(super) fn compare_candles(&mut self, shell: &Shell<LiveJob>) {
        // Candles that only trades make have nothing to be compared with.
        if self.settings.history == 0 {
            return;
        }
        let (mono, wall) = (shell.at().mono, self.stamp(shell).wall);
        let lengths = (self.settings.interval, self.settings.candle_source);
        let page = self.codec.candle_page();
        let mut asked = 0;
        for symbol in self.markets.symbols() {
            if asked == COMPARED_A_RUN || self.backfills.contains_key(&symbol) {
                continue;
            }
            let own = self.core.symbols()[symbol.index()].series.history();
            let Some(page) = self
                .candle_check
                .ask(symbol, own, lengths, page, (mono, wall))
            else {
                continue;
            };
            asked += 1;
            let call = Call::Candles {
                product: self.markets.market(symbol).product.clone(),
                interval: page.interval,
                from: page.from,
                to: page.to,
            };
            let purpose = Purpose::Compare(symbol);
            if !self.caller.ask(call, purpose, EffectClass::MarketData) {
                self.candle_check.failed(symbol);
            }
        }
    }

    /// The exchange's candles of a batch, or none.
    pub(super) fn candles_compared(
        &mut self,
        symbol: SymbolId,
        ended: Ended<Purpose>,
        shell: &Shell<LiveJob>,
    ) {
        let Ok(CallAnswer::Candles(candles)) = &ended.result else {
            self.candle_check.failed(symbol);
            return;
        };
        let placed: Vec<Candle> = candles
            .iter()
            .filter_map(|candle| self.markets.candle(symbol, candle))
            .collect();
        let own = self.core.symbols()[symbol.index()].series.history();
        let told = self
            .candle_check
            .answered(symbol, own, placed, shell.at().mono);
        if let Some(difference) = told {
            self.tell_difference(&difference);
        }
    }

    fn tell_difference(&self, difference: &Difference) {
        let market = self.markets.market(difference.symbol);
        let text = |candle: &Candle| {
            let price = |price| market.instrument.price(price);
            format!(
                "{} {} {} {} volume {} lots",
                price(candle.open),
                price(candle.high),
                price(candle.low),
                price(candle.close),
                candle.volume,
            )
        };
        let fields: log::Fields<'_> = &[
            ("product", &market.product),
            ("bucket", &difference.own.open_time),
            ("own", &text(&difference.own)),
            ("exchange", &text(&difference.exchange)),
            ("different", &self.candle_check.counts.different),
            ("compared", &self.candle_check.counts.compared),
        ];
        log::warn(
            TARGET,
            "candles differ from the exchange's; further ones are counted, told in an hour",
            fields,
        );
    }

    /// offset = its time - (sent + received) / 2. It is applied at once; beyond the bounds, by more
    /// than the answer's own doubt, it is told and blocks entries.
    pub(super) fn clock_answer(&mut self, ended: &Ended<Purpose>, shell: &Shell<LiveJob>) {
        let time = match &ended.result {
            Ok(CallAnswer::ServerTime(time)) => *time,
            Ok(_) => return,
            Err(trouble) => {
                let fields: log::Fields<'_> = &[("why", trouble)];
                log::warn(TARGET, "the exchange's time is not known", fields);
                return;
            }
        };
        let offset = time.0 - (shell.at().wall.0 - ended.half_trip.0);
        self.caller.set_clock_offset(offset);
        let stamp = self.stamp(shell);
        self.judge_clock(offset, ended.half_trip.0, stamp);
    }

    /// `offset` and `doubt` in nanoseconds.
    fn judge_clock(&mut self, offset: i64, doubt: i64, stamp: Stamp) {
        let certain = offset.abs().saturating_sub(doubt);
        let blocks = certain > OFFSET_BLOCKS;
        if certain > OFFSET_TOLD {
            let milliseconds = offset / 1_000_000;
            let fields: log::Fields<'_> = &[("alert", &"clock"), ("offset_ms", &milliseconds)];
            if blocks {
                log::error(
                    TARGET,
                    "this machine's clock is wrong: no entries until it is right",
                    fields,
                );
            } else {
                log::warn(TARGET, "this machine's clock is wrong", fields);
            }
        }
        if blocks != self.clock_blocks {
            self.clock_blocks = blocks;
            self.all_feeds("clock", !blocks, stamp);
        }
    }

    /// The exchange asked an earlier process for quiet.
    pub(super) fn keep_quiet(&mut self, shell: &Shell<LiveJob>) {
        self.caller
            .stay_quiet(self.settings.quiet_until, shell.at());
    }

    /// What the exchange asks for outlives this process.
    pub(super) fn remember_quiet(&mut self, shell: &Shell<LiveJob>) {
        let Some(until) = self.caller.take_quiet() else {
            return;
        };
        let now = shell.at();
        self.journal.push(quiet_row(until, now), now.mono);
    }

    /// A feed that every symbol depends on.
    pub(super) fn all_feeds(&mut self, name: &str, fresh: bool, stamp: Stamp) {
        for symbol in self.markets.symbols() {
            let feed = name.to_owned();
            self.input(
                stamp,
                Input::Feed {
                    symbol,
                    feed,
                    fresh,
                },
            );
        }
    }

    /// The HALT file is there, or `missed`: it could not be looked for. Trading stops and stays
    /// stopped; a file that is there also closes positions where the settings say so (behaviour
    /// 13.5), a folder that cannot be read does not.
    pub(super) fn halt(&mut self, missed: bool, stamp: Stamp) {
        let close = !missed && self.core.settings().risk.emergency_close;
        let holds = self.core.symbols().iter().any(|s| s.position.is_some());
        if self.core.emergency().is_latched() && !(close && holds) {
            return;
        }
        let path = self.settings.tasks.halt_file.display().to_string();
        let fields: log::Fields<'_> = &[("alert", &"halt"), ("file", &path)];
        let told = if missed {
            "emergency stop: nobody can say whether this file is there; resume with a reason"
        } else {
            "emergency stop by file: remove it, then resume with a reason"
        };
        log::error(TARGET, told, fields);
        self.input(stamp, Input::Command(Command::EmergencyStop { close }));
    }

    /// At the start, before anything may be sent. A file that cannot be looked for counts as there:
    /// it is a wish to stop that may not be missed.
    pub(super) fn look_for_halt(&mut self, stamp: Stamp) {
        match self.settings.tasks.halt_file.try_exists() {
            Ok(false) => {}
            found => self.halt(found.is_err(), stamp),
        }
    }
}

#[cfg(test)]
#[path = "watch_tests.rs"]
mod tests;
