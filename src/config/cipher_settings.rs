//! Fills the settings of the ciphers, of the strategy on them and of the filter of entries.

use super::effective::Effective;
use super::value::Value;
use crate::core::indicators::cipher::ribbon::LINES;
use crate::core::indicators::cipher::{CipherASettings, CipherBSettings, SommiLevels, WaveLevels};
use crate::core::indicators::fractals::Limits;
use crate::core::indicators::wavetrend::WaveLengths;
use crate::core::settings::{CipherBFilterSettings, VuManChuSettings};

impl Effective {
    pub(super) fn vumanchu_settings(&self) -> VuManChuSettings {
        VuManChuSettings {
            cipher_a: self.cipher_a_settings(),
            cipher_b: self.cipher_b_settings(),
            min_confidence: self.level("strategy.vumanchu.min_confidence"),
            exit_confidence: self.level("strategy.vumanchu.exit_confidence"),
            min_candles: self.count("trading.min_candles_for_trading"),
        }
    }

    pub(super) fn cipher_b_filter_settings(&self) -> Option<Box<CipherBFilterSettings>> {
        self.flag("data.enable_cipher_b_filter").then(|| {
            Box::new(CipherBFilterSettings {
                cipher_b: self.cipher_b_settings(),
                wave_bullish: self.level("data.cipher_b_wave_bullish_threshold"),
                wave_bearish: self.level("data.cipher_b_wave_bearish_threshold"),
                money_flow_bullish: self.level("data.cipher_b_money_flow_bullish_threshold"),
                money_flow_bearish: self.level("data.cipher_b_money_flow_bearish_threshold"),
            })
        })
    }

    /// Values that the windows of both ciphers hold, a symbol.
    pub fn cipher_windows(&self) -> usize {
        self.cipher_a_settings().window() + self.cipher_b_settings().window()
    }

    fn cipher_a_settings(&self) -> CipherASettings {
        let length = |name: &str| self.count(&format!("indicators.cipher_a.{name}"));
        CipherASettings {
            wave: self.wave_lengths("cipher_a"),
            levels: self.wave_levels("cipher_a"),
            rsi_length: length("rsi_length"),
            money_flow_length: length("money_flow_length"),
            money_flow_offset: self.level("indicators.cipher_a.money_flow_offset"),
            ribbon_lengths: self.ribbon_lengths(),
        }
    }

    fn cipher_b_settings(&self) -> CipherBSettings {
        let length = |name: &str| self.count(&format!("indicators.cipher_b.{name}"));
        let level = |name: &str| self.level(&format!("indicators.cipher_b.{name}"));
        let limits = |prefix: &str| Limits {
            top: level(&format!("{prefix}_top")),
            bottom: level(&format!("{prefix}_bottom")),
        };
        CipherBSettings {
            wave: self.wave_lengths("cipher_b"),
            levels: self.wave_levels("cipher_b"),
            rsi_length: length("rsi_length"),
            money_flow_length: length("money_flow_length"),
            money_flow_offset: level("money_flow_offset"),
            stoch_rsi_length: length("stoch_rsi_length"),
            stoch_length: length("stoch_length"),
            stoch_k: length("stoch_k"),
            stoch_d: length("stoch_d"),
            stc_fast: length("stc_fast"),
            stc_slow: length("stc_slow"),
            stc_length: length("stc_length"),
            stc_factor: level("stc_factor"),
            divergence: limits("divergence"),
            second_divergence: limits("second_divergence"),
            rsi_divergence: limits("rsi_divergence"),
            sommi: SommiLevels {
                flag_money_flow_bear: level("flag_money_flow_bear"),
                flag_money_flow_bull: level("flag_money_flow_bull"),
                flag_wave_bear: level("flag_wave_bear"),
                flag_wave_bull: level("flag_wave_bull"),
                flag_vwap_bear: level("flag_vwap_bear"),
                flag_vwap_bull: level("flag_vwap_bull"),
                diamond_wave_bear: level("diamond_wave_bear"),
                diamond_wave_bull: level("diamond_wave_bull"),
            },
        }
    }

    fn wave_lengths(&self, cipher: &str) -> WaveLengths {
        let length = |name: &str| self.count(&format!("indicators.{cipher}.{name}"));
        WaveLengths {
            channel: length("wt_channel"),
            average: length("wt_average"),
            ma: length("wt_ma"),
        }
    }

    fn wave_levels(&self, cipher: &str) -> WaveLevels {
        let levels = |name: &str| {
            [1, 2, 3].map(|number| self.level(&format!("indicators.{cipher}.{name}_{number}")))
        };
        WaveLevels {
            overbought: levels("overbought"),
            oversold: levels("oversold"),
        }
    }

    fn ribbon_lengths(&self) -> [usize; LINES] {
        let Value::Lengths(lengths) = &self.entry("indicators.cipher_a.ribbon_lengths").value
        else {
            unreachable!("the table says that it is a list of lengths");
        };
        let mut all = [0; LINES];
        for (slot, length) in all.iter_mut().zip(lengths) {
            *slot = *length as usize;
        }
        all
    }

    /// An exact number as a double, for what indicators are compared with.
    fn level(&self, key: &str) -> f64 {
        self.number(key).to_f64()
    }
}
