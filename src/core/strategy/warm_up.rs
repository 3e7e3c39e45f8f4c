//! How much of the past the configured strategy and the filter of its entries want: until then an
//! indicator of theirs has no value yet.

use super::cipher_b_filter::filters;
use crate::indicators::cipher::CipherBSettings;
use crate::indicators::cipher::combined::MIN_CANDLES;
use crate::indicators::cipher::sommi::{Frames, WARM_UP};
use crate::market::Interval;
use crate::settings::{Settings, StrategySettings};
use crate::strategy::{mean_reversion, momentum, vumanchu};
use crate::units::Span;

impl StrategySettings {
    /// Closed candles until each indicator computed from them has a value.
    pub fn warm_up_candles(&self) -> usize {
        match self {
            Self::Momentum(settings) => momentum::warm_up(settings),
            Self::MeanReversion(settings) => mean_reversion::warm_up(settings),
            Self::VuManChu(s) => {
                let ciphers = s.cipher_a.warm_up().max(s.cipher_b.warm_up());
                ciphers
                    .max(vumanchu::ATR_LENGTH + 1)
                    .max(s.min_candles.max(MIN_CANDLES))
            }
        }
    }
}

impl Settings {
    /// Closed candles until each indicator computed from them has a value.
    pub fn warm_up_candles(&self) -> usize {
        let filter = self.filter_cipher().map_or(0, CipherBSettings::warm_up);
        self.strategy.warm_up_candles().max(filter)
    }

    /// Time until each indicator has a value, those of longer frames included.
    pub fn warm_up_span(&self) -> Span {
        let interval = self.trading.interval.span().0;
        let candles = i64::try_from(self.warm_up_candles()).unwrap_or(i64::MAX);
        let own = Span(interval.saturating_mul(candles));
        self.ciphers()
            .map(|cipher| Frames::span(cipher.wave))
            .fold(own, Span::max)
    }

    /// Lengths of the venue's candles that are to come before a session's own, the longest first: where
    /// these would take days to warm up the longer frames that are looked at.
    pub fn longer_candles(&self) -> &'static [Interval] {
        let is_short = self.trading.interval.seconds() < Interval::HOUR.seconds();
        if is_short && self.ciphers().next().is_some() {
            &WARM_UP
        } else {
            &[]
        }
    }

    /// Every cipher B that is computed.
    fn ciphers(&self) -> impl Iterator<Item = &CipherBSettings> {
        let strategy = match &self.strategy {
            StrategySettings::VuManChu(settings) => Some(&settings.cipher_b),
            _ => None,
        };
        strategy.into_iter().chain(self.filter_cipher())
    }

    fn filter_cipher(&self) -> Option<&CipherBSettings> {
        let filter = self.trading.cipher_b_filter.as_deref()?;
        filters(self.strategy.name()).then_some(&filter.cipher_b)
    }
}

#[cfg(test)]
#[path = "warm_up_tests.rs"]
mod tests;
