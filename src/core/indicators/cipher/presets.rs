//! Lengths and levels of the ciphers, and the two sets that are documented.

use super::ribbon::LINES;
use crate::indicators::fractals::Limits;
use crate::indicators::wavetrend::WaveLengths;
use serde::{Deserialize, Serialize};

/// Levels of a wave, the mildest first.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct WaveLevels {
    pub overbought: [f64; 3],
    pub oversold: [f64; 3],
}

impl WaveLevels {
    /// How many levels wt2 has reached: 1..=3 overbought, -1..=-3 oversold, 0 neither.
    pub fn zone(&self, wt2: f64) -> i8 {
        use crate::indicators::compare::{PERCENT, above, below};
        let over = self.overbought.iter().filter(|l| !below(wt2, **l, PERCENT));
        let under = self.oversold.iter().filter(|l| !above(wt2, **l, PERCENT));
        over.count() as i8 - under.count() as i8
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CipherASettings {
    pub wave: WaveLengths,
    pub levels: WaveLevels,
    pub rsi_length: usize,
    pub money_flow_length: usize,
    /// Subtracted from the money flow.
    pub money_flow_offset: f64,
    pub ribbon_lengths: [usize; LINES],
}

/// Levels of the Sommi signals.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SommiLevels {
    pub flag_money_flow_bear: f64,
    pub flag_money_flow_bull: f64,
    pub flag_wave_bear: f64,
    pub flag_wave_bull: f64,
    pub flag_vwap_bear: f64,
    pub flag_vwap_bull: f64,
    pub diamond_wave_bear: f64,
    pub diamond_wave_bull: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CipherBSettings {
    pub wave: WaveLengths,
    pub levels: WaveLevels,
    pub rsi_length: usize,
    pub money_flow_length: usize,
    /// Subtracted from the money flow.
    pub money_flow_offset: f64,
    pub stoch_rsi_length: usize,
    pub stoch_length: usize,
    pub stoch_k: usize,
    pub stoch_d: usize,
    pub stc_fast: usize,
    pub stc_slow: usize,
    pub stc_length: usize,
    /// 0.01..=1.
    pub stc_factor: f64,
    /// Limits of the wave's first pair of divergences.
    pub divergence: Limits,
    /// Limits of its second pair.
    pub second_divergence: Limits,
    pub rsi_divergence: Limits,
    pub sommi: SommiLevels,
}

impl CipherASettings {
    /// The documented defaults.
    pub const fn standard() -> Self {
        Self {
            wave: WaveLengths {
                channel: 9,
                average: 13,
                ma: 3,
            },
            levels: WaveLevels {
                overbought: [53.0, 60.0, 100.0],
                oversold: [-53.0, -60.0, -80.0],
            },
            rsi_length: 14,
            money_flow_length: 60,
            money_flow_offset: 2.5,
            ribbon_lengths: [5, 11, 15, 18, 21, 24, 28, 34],
        }
    }

    /// Shorter waves, nearer levels.
    pub const fn scalping() -> Self {
        Self {
            wave: WaveLengths {
                channel: 6,
                average: 8,
                ma: 3,
            },
            levels: WaveLevels {
                overbought: [45.0, 45.0, 100.0],
                oversold: [-45.0, -45.0, -80.0],
            },
            money_flow_length: 20,
            ..Self::standard()
        }
    }

    /// Closed candles until each of its values is there.
    pub fn warm_up(&self) -> usize {
        let ribbon = self.ribbon_lengths.iter().max();
        let lengths = [
            self.wave.warm_up(),
            self.rsi_length + 1,
            self.money_flow_length,
            ribbon.copied().unwrap_or(0),
        ];
        // One more: signals compare with the candle before.
        lengths.into_iter().max().unwrap_or(0) + 1
    }

    /// Values that its windows hold.
    pub const fn window(&self) -> usize {
        self.wave.ma + self.money_flow_length
    }
}

impl CipherBSettings {
    /// The documented defaults.
    pub const fn standard() -> Self {
        Self {
            wave: WaveLengths {
                channel: 9,
                average: 12,
                ma: 3,
            },
            levels: WaveLevels {
                overbought: [53.0, 60.0, 100.0],
                oversold: [-53.0, -60.0, -75.0],
            },
            rsi_length: 14,
            money_flow_length: 60,
            money_flow_offset: 2.5,
            stoch_rsi_length: 14,
            stoch_length: 14,
            stoch_k: 3,
            stoch_d: 3,
            stc_fast: 23,
            stc_slow: 50,
            stc_length: 10,
            stc_factor: 0.5,
            divergence: Limits {
                top: 45.0,
                bottom: -65.0,
            },
            second_divergence: Limits {
                top: 15.0,
                bottom: -40.0,
            },
            rsi_divergence: Limits {
                top: 60.0,
                bottom: 30.0,
            },
            sommi: SommiLevels {
                flag_money_flow_bear: 0.0,
                flag_money_flow_bull: 0.0,
                flag_wave_bear: 0.0,
                flag_wave_bull: 0.0,
                flag_vwap_bear: 0.0,
                flag_vwap_bull: 0.0,
                diamond_wave_bear: 0.0,
                diamond_wave_bull: 0.0,
            },
        }
    }

    /// Shorter waves, nearer levels.
    pub const fn scalping() -> Self {
        Self {
            wave: WaveLengths {
                channel: 6,
                average: 7,
                ma: 3,
            },
            levels: WaveLevels {
                overbought: [40.0, 60.0, 100.0],
                oversold: [-40.0, -60.0, -75.0],
            },
            money_flow_length: 20,
            divergence: Limits {
                top: 50.0,
                bottom: -50.0,
            },
            ..Self::standard()
        }
    }

    /// Closed candles until each of its values is there; the longer frames want more
    /// ([`super::sommi::Frames::span`]).
    pub fn warm_up(&self) -> usize {
        let lengths = [
            self.wave.warm_up(),
            self.rsi_length + 1,
            self.money_flow_length,
            self.stoch_rsi_length + self.stoch_length + self.stoch_k + self.stoch_d,
            self.stc_slow.max(self.stc_fast) + 2 * self.stc_length,
        ];
        // One more: signals compare with the candle before.
        lengths.into_iter().max().unwrap_or(0) + 1
    }

    /// Values that its windows hold: means, and extremes with the places of their values.
    pub const fn window(&self) -> usize {
        let extremes = 2 * (self.stoch_length + 1) + 4 * (self.stc_length + 1);
        2 * self.wave.ma + self.money_flow_length + self.stoch_k + self.stoch_d + extremes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_counts_the_levels_reached() {
        let levels = CipherASettings::standard().levels;
        let zones = [
            (52.9, 0),
            (53.0, 1),
            (60.0, 2),
            (99.9, 2),
            (100.0, 3),
            (-53.0, -1),
            (-79.9, -2),
            (-80.0, -3),
        ];
        for (wt2, zone) in zones {
            assert_eq!(levels.zone(wt2), zone, "{wt2}");
        }
    }
}
