//! What each indicator costs a bar, on the minute candles of the bundled recording.
//!
//! `cargo bench --bench indicators`. The figure beside each name is bars a second; an item is one bar
//! with every output of the indicator.

mod support;

use divan::black_box;
use divan::counter::ItemsCount;
use minnow::core::indicators::cipher::{CipherASettings, CipherBSettings};
use minnow::core::indicators::wavetrend::WaveLengths;
use minnow::core::indicators::{
    Adx, Atr, Bollinger, Cci, DirectionalMovement, Ema, Macd, Mfi, Obv, Rma, Roc, RollingMax,
    RollingMin, Rsi, Sma, Stc, StochRsi, Stochastic, TrueRange, Vwap, WilliamsR, Wma,
};
use minnow::core::indicators::{CipherA, CipherB, MoneyFlow, WaveTrend};
use minnow::core::market::Interval;
use minnow::core::strategy::decision::CandleView;
use support::{bundled, candles, header};

fn main() {
    divan::main();
}

/// Closed candles of the bundled recording as doubles.
fn bars() -> Vec<CandleView> {
    let scale = header(&bundled()).instruments[0].scale();
    let candles = candles();
    candles.iter().map(|c| CandleView::of(c, &scale)).collect()
}

const WAVE: WaveLengths = WaveLengths {
    channel: 9,
    average: 12,
    ma: 3,
};

/// One bench a line: its name, the indicator, and what it is fed.
macro_rules! each {
    ($($name:ident: $new:expr, |$indicator:ident, $bar:ident| $update:expr;)*) => {$(
        #[divan::bench]
        fn $name(bencher: divan::Bencher) {
            let bars = bars();
            let mut $indicator = $new;
            bencher.counter(ItemsCount::new(bars.len())).bench_local(move || {
                for $bar in &bars {
                    black_box($update);
                }
            });
        }
    )*};
}

each! {
    sma_20: Sma::new(20), |i, b| i.update(b.close);
    wma_20: Wma::new(20), |i, b| i.update(b.close);
    ema_20: Ema::new(20), |i, b| i.update(b.close);
    rma_14: Rma::new(14), |i, b| i.update(b.close);
    rolling_max_20: RollingMax::new(20), |i, b| i.update(b.high);
    rolling_min_20: RollingMin::new(20), |i, b| i.update(b.low);
    rsi_14: Rsi::new(14), |i, b| i.update(b.close);
    macd_12_26_9: Macd::new(12, 26, 9), |i, b| i.update(b.close);
    macd_aligned_12_26_9: Macd::aligned(12, 26, 9), |i, b| i.update(b.close);
    bollinger_20_2: Bollinger::new(20, 2.0), |i, b| i.update(b.close);
    true_range: TrueRange::new(), |i, b| i.update(b.high, b.low, b.close);
    atr_14: Atr::new(14), |i, b| i.update(b.high, b.low, b.close);
    directional_movement: DirectionalMovement::new(), |i, b| i.update(b.high, b.low, b.close);
    adx_14: Adx::new(14), |i, b| i.update(b.high, b.low, b.close);
    stochastic_14_3_3: Stochastic::new(14, 3, 3), |i, b| i.update(b.high, b.low, b.close);
    stoch_rsi_14_14_3_3: StochRsi::new(14, 14, 3, 3), |i, b| i.update(b.close);
    stoch_rsi_of_logarithms: StochRsi::new(14, 14, 3, 3), |i, b| i.update_log(b.close);
    mfi_14: Mfi::new(14), |i, b| i.update(b.high, b.low, b.close, b.volume);
    obv: Obv::new(), |i, b| i.update(b.close, b.volume);
    vwap: Vwap::new(), |i, b| i.update(b.open_time, b.high, b.low, b.close, b.volume);
    cci_20: Cci::new(20), |i, b| i.update(b.high, b.low, b.close);
    williams_r_14: WilliamsR::new(14), |i, b| i.update(b.high, b.low, b.close);
    roc_10: Roc::new(10), |i, b| i.update(b.close);
    stc_10_23_50: Stc::new(10, 23, 50, 0.5), |i, b| i.update(b.close);
    wave_trend_9_12_3: WaveTrend::new(WAVE), |i, b| i.update(b.high, b.low, b.close);
    money_flow_60: MoneyFlow::new(60, 2.5), |i, b| i.update(b.open, b.high, b.low, b.close);
    cipher_a: CipherA::new(&CipherASettings::standard()), |i, b| i.update(b);
    cipher_b: CipherB::new(&CipherBSettings::standard(), Interval::MINUTE), |i, b| i.update(b);
}
