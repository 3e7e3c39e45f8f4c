//! Every standard indicator side by side, its outputs by name.

use crate::bars::Bar;
use minnow::core::indicators::{
    Adx, Atr, Bollinger, Cci, DirectionalMovement, Ema, Macd, Mfi, Obv, Reading, Rma, Roc,
    RollingMax, RollingMin, Rsi, Sma, Stc, StochRsi, Stochastic, TrueRange, Vwap, WilliamsR, Wma,
};
use serde::{Deserialize, Serialize};

/// What the scale of an output is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// The close.
    Price,
    /// 100.
    Oscillator,
    /// The value itself.
    Volume,
}

/// One output: its name, scale, first index, and value and flag in a flat market with volume 1 and
/// price 5 (no value: that price).
pub struct Output {
    pub name: &'static str,
    pub scale: Scale,
    pub first: usize,
    pub flat_value: Option<f64>,
    pub flagged: bool,
}

const fn plain(name: &'static str, scale: Scale, first: usize, flat: Option<f64>) -> Output {
    Output {
        name,
        scale,
        first,
        flat_value: flat,
        flagged: false,
    }
}

const fn quotient(name: &'static str, first: usize, flat: f64) -> Output {
    Output {
        name,
        scale: Scale::Oscillator,
        first,
        flat_value: Some(flat),
        flagged: true,
    }
}

use Scale::{Oscillator, Price, Volume};

/// In the order of `Battery::update`.
pub const OUTPUTS: &[Output] = &[
    plain("sma20", Price, 19, None),
    plain("wma20", Price, 19, None),
    plain("ema9", Price, 8, None),
    plain("ema11", Price, 10, None),
    plain("ema20", Price, 19, None),
    plain("ema34", Price, 33, None),
    plain("ema50", Price, 49, None),
    plain("rma14", Price, 13, None),
    plain("highest20", Price, 19, None),
    plain("lowest20", Price, 19, None),
    quotient("rsi14", 14, 0.0),
    plain("macd_plain", Price, 25, Some(0.0)),
    plain("macd_plain_signal", Price, 33, Some(0.0)),
    plain("macd_plain_hist", Price, 33, Some(0.0)),
    plain("macd", Price, 33, Some(0.0)),
    plain("macd_signal", Price, 33, Some(0.0)),
    plain("macd_hist", Price, 33, Some(0.0)),
    plain("bb_upper", Price, 19, None),
    plain("bb_middle", Price, 19, None),
    plain("bb_lower", Price, 19, None),
    plain("stddev20", Price, 19, Some(0.0)),
    plain("tr", Price, 1, Some(0.0)),
    plain("atr14", Price, 14, Some(0.0)),
    plain("plus_dm", Price, 1, Some(0.0)),
    plain("minus_dm", Price, 1, Some(0.0)),
    quotient("plus_di14", 14, 0.0),
    quotient("minus_di14", 14, 0.0),
    quotient("dx14", 14, 0.0),
    plain("adx14", Oscillator, 27, Some(0.0)),
    quotient("stoch_raw_14", 13, 0.0),
    plain("stoch_k_14_3", Oscillator, 15, Some(0.0)),
    plain("stoch_d_14_3_3", Oscillator, 17, Some(0.0)),
    quotient("stochrsi_raw_14_14", 27, 50.0),
    plain("stochrsi_k_14_14_3_3", Oscillator, 29, Some(50.0)),
    plain("stochrsi_d_14_14_3_3", Oscillator, 31, Some(50.0)),
    quotient("stochrsi_log_raw", 27, 50.0),
    plain("stochrsi_log_k", Oscillator, 29, Some(50.0)),
    plain("stochrsi_log_d", Oscillator, 31, Some(50.0)),
    quotient("mfi14", 14, 0.0),
    plain("obv", Volume, 0, Some(1.0)),
    plain("vwap_utc_day", Price, 0, None),
    quotient("cci20", 19, 0.0),
    quotient("willr14", 13, 0.0),
    // No quotient of a range: a flat market has a change of 0.
    plain("roc10", Oscillator, 10, Some(0.0)),
    quotient("stc_10_23_50", 67, 0.0),
];

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Battery {
    sma: Sma,
    wma: Wma,
    ema: [Ema; 5],
    rma: Rma,
    extremes: (RollingMax, RollingMin),
    rsi: Rsi,
    macd: [Macd; 2],
    bollinger: Bollinger,
    tr: TrueRange,
    atr: Atr,
    dm: DirectionalMovement,
    adx: Adx,
    stochastic: Stochastic,
    stoch_rsi: StochRsi,
    stoch_rsi_log: StochRsi,
    mfi: Mfi,
    obv: Obv,
    vwap: Vwap,
    cci: Cci,
    percent_r: WilliamsR,
    roc: Roc,
    stc: Stc,
}

impl Battery {
    pub fn new() -> Self {
        Self {
            sma: Sma::new(20),
            wma: Wma::new(20),
            ema: [9, 11, 20, 34, 50].map(Ema::new),
            rma: Rma::new(14),
            extremes: (RollingMax::new(20), RollingMin::new(20)),
            rsi: Rsi::new(14),
            macd: [Macd::new(12, 26, 9), Macd::aligned(12, 26, 9)],
            bollinger: Bollinger::new(20, 2.0),
            tr: TrueRange::new(),
            atr: Atr::new(14),
            dm: DirectionalMovement::new(),
            adx: Adx::new(14),
            stochastic: Stochastic::new(14, 3, 3),
            stoch_rsi: StochRsi::new(14, 14, 3, 3),
            stoch_rsi_log: StochRsi::new(14, 14, 3, 3),
            mfi: Mfi::new(14),
            obv: Obv::new(),
            vwap: Vwap::new(),
            cci: Cci::new(20),
            percent_r: WilliamsR::new(14),
            roc: Roc::new(10),
            stc: Stc::new(10, 23, 50, 0.5),
        }
    }

    /// Every output after this bar, in the order of `OUTPUTS`.
    pub fn update(&mut self, bar: &Bar) -> Vec<Option<Reading>> {
        let Bar {
            open_time,
            high,
            low,
            close,
            volume,
        } = *bar;
        let mut all = Vec::with_capacity(OUTPUTS.len());
        let mut value = |value: Option<f64>| all.push(value.map(Reading::of));
        value(self.sma.update(close));
        value(self.wma.update(close));
        self.ema.iter_mut().for_each(|ema| value(ema.update(close)));
        value(self.rma.update(close));
        value(self.extremes.0.update(high));
        value(self.extremes.1.update(low));
        all.push(self.rsi.update(close));
        for macd in &mut self.macd {
            all.push(macd.update(close).map(Reading::of));
            all.push(macd.signal().map(Reading::of));
            all.push(macd.histogram().map(Reading::of));
        }
        let bands = self.bollinger.update(close);
        let spread = self.bollinger.spread();
        let dm = self.dm.update(high, low, close);
        for value in [
            bands.map(|b| b.upper),
            bands.map(|b| b.middle),
            bands.map(|b| b.lower),
            spread.map(|s| s.deviation),
            self.tr.update(high, low, close),
            self.atr.update(high, low, close),
            dm.map(|m| m.plus),
            dm.map(|m| m.minus),
        ] {
            all.push(value.map(Reading::of));
        }
        let adx = self.adx.update(high, low, close).map(Reading::of);
        all.extend([self.adx.plus_di(), self.adx.minus_di(), self.adx.dx(), adx]);
        all.push(self.stochastic.update(high, low, close));
        all.extend([self.stochastic.k(), self.stochastic.d()].map(|v| v.map(Reading::of)));
        self.stoch_rsi.update(close);
        self.stoch_rsi_log.update_log(close);
        for stoch in [&self.stoch_rsi, &self.stoch_rsi_log] {
            all.push(stoch.raw());
            all.extend([stoch.k(), stoch.d()].map(|v| v.map(Reading::of)));
        }
        all.push(self.mfi.update(high, low, close, volume));
        all.push(self.obv.update(close, volume).map(Reading::of));
        let vwap = self.vwap.update(open_time, high, low, close, volume);
        all.push(vwap.map(Reading::of));
        all.push(self.cci.update(high, low, close));
        all.push(self.percent_r.update(high, low, close));
        all.push(self.roc.update(close));
        all.push(self.stc.update(close));
        assert_eq!(all.len(), OUTPUTS.len());
        all
    }
}

/// Every output over all bars: one list an output.
pub fn stream(bars: &[Bar]) -> Vec<Vec<Option<Reading>>> {
    let mut battery = Battery::new();
    let mut columns = vec![Vec::with_capacity(bars.len()); OUTPUTS.len()];
    for bar in bars {
        for (column, value) in columns.iter_mut().zip(battery.update(bar)) {
            column.push(value);
        }
    }
    columns
}

/// Whether two values agree within `tolerance` x max(|value|, scale).
pub fn agree(got: f64, expected: f64, scale: Scale, close: f64, tolerance: f64) -> bool {
    let scale = match scale {
        Scale::Price => close,
        Scale::Oscillator => 100.0,
        Scale::Volume => 0.0,
    };
    (got - expected).abs() <= tolerance * expected.abs().max(scale)
}
