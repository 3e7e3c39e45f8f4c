//! Each rule of cipher B but the divergences: it fires, it still fires just inside each bound, and it
//! is silent with any one input just beyond its bound, absent or flagged.

use minnow::core::indicators::Reading;
use minnow::core::indicators::cipher::cipher_b::{Inputs, judge_all};
use minnow::core::indicators::cipher::clause::Deciding;
use minnow::core::indicators::cipher::gold::GoldInputs;
use minnow::core::indicators::cipher::sommi::FrameInputs;
use minnow::core::indicators::cipher::{CipherBSettings, Signal, Signals, SommiLevels};
use minnow::core::indicators::fractals::{Pair, Turn};
use minnow::core::indicators::heikin_ashi::Colour;
use minnow::core::indicators::wavetrend::{Crossing, Wave};

/// Within the tolerance of oscillators, and just beyond it.
const WITHIN: f64 = 0.9e-7;
const BEYOND: f64 = 2e-7;

fn with_levels(inputs: &Inputs, sommi: &SommiLevels) -> Signals {
    let mut deciding = Deciding::default();
    let levels = CipherBSettings::standard().levels;
    judge_all(inputs, &levels, sommi, &mut deciding);
    deciding.0
}

pub fn signals(inputs: &Inputs) -> Signals {
    with_levels(inputs, &CipherBSettings::standard().sommi)
}

/// What a case changes, in words, and how.
pub type Change = (&'static str, fn(&mut Inputs));

pub fn case(signal: Signal, base: Inputs, hits: &[Change], misses: &[Change]) {
    let name = signal.name();
    assert!(signals(&base).has(signal), "{name} does not fire");
    for (words, change) in hits {
        let mut inputs = base;
        change(&mut inputs);
        assert!(signals(&inputs).has(signal), "{name} is silent: {words}");
    }
    for (words, change) in misses {
        let mut inputs = base;
        change(&mut inputs);
        assert!(!signals(&inputs).has(signal), "{name} fires: {words}");
    }
}

fn crossed(crossing: Crossing, wt2: f64) -> Inputs {
    Inputs {
        wave: Wave {
            wt1: Some(wt2),
            wt2: Some(wt2),
            crossing: Some(crossing),
            flat: false,
        },
        ..Inputs::default()
    }
}

const NO_CROSS: Change = ("no crossing", |i| {
    i.wave.crossing = Some(Crossing::Neither);
});
const UP: Change = ("crossing up", |i| i.wave.crossing = Some(Crossing::Up));
const DOWN: Change = ("crossing down", |i| {
    i.wave.crossing = Some(Crossing::Down);
});
const COLD_WAVE: Change = ("wave not warm", |i| i.wave = Wave::default());
const FLAT_WAVE: Change = ("wave flagged", |i| i.wave.flat = true);

#[test]
fn small_crosses() {
    let (up, down) = (crossed(Crossing::Up, 0.0), crossed(Crossing::Down, 0.0));
    case(Signal::SmallBuy, up, &[], &[NO_CROSS, DOWN, COLD_WAVE]);
    case(Signal::SmallSell, down, &[], &[NO_CROSS, UP, COLD_WAVE]);
}

#[test]
fn circles() {
    case(
        Signal::BuyCircle,
        crossed(Crossing::Up, -60.0),
        &[("at the level", |i| i.wave.wt2 = Some(-53.0 + WITHIN))],
        &[
            ("above the level", |i| i.wave.wt2 = Some(-53.0 + BEYOND)),
            NO_CROSS,
            DOWN,
            COLD_WAVE,
            FLAT_WAVE,
        ],
    );
    case(
        Signal::SellCircle,
        crossed(Crossing::Down, 60.0),
        &[("at the level", |i| i.wave.wt2 = Some(53.0 - WITHIN))],
        &[
            ("below the level", |i| i.wave.wt2 = Some(53.0 - BEYOND)),
            NO_CROSS,
            UP,
            COLD_WAVE,
            FLAT_WAVE,
        ],
    );
}

/// A crossing that everything else agrees with.
fn sommi(crossing: Crossing) -> Inputs {
    let sign = if crossing == Crossing::Up { 1.0 } else { -1.0 };
    let colour = if sign > 0.0 {
        Colour::Green
    } else {
        Colour::Red
    };
    Inputs {
        money_flow: Some(Reading::of(10.0 * sign)),
        frames: FrameInputs {
            vwap: Some(Reading::of(5.0 * sign)),
            short: Some(colour),
            long: Some(colour),
        },
        ..crossed(crossing, -20.0 * sign)
    }
}

#[test]
fn sommi_flags() {
    case(
        Signal::SommiFlagBull,
        sommi(Crossing::Up),
        &[
            ("flow just positive", |i| {
                i.money_flow = Some(Reading::of(BEYOND))
            }),
            ("wt2 just negative", |i| i.wave.wt2 = Some(-BEYOND)),
            ("vwap just positive", |i| {
                i.frames.vwap = Some(Reading::of(BEYOND))
            }),
            ("a flow that means nothing", |i| {
                i.money_flow = Some(Reading::flat(-2.5));
            }),
        ],
        &[
            ("flow of 0", |i| i.money_flow = Some(Reading::of(WITHIN))),
            ("flow not warm", |i| i.money_flow = None),
            ("wt2 of 0", |i| i.wave.wt2 = Some(-WITHIN)),
            ("vwap of 0", |i| i.frames.vwap = Some(Reading::of(WITHIN))),
            ("vwap not warm", |i| i.frames.vwap = None),
            ("vwap flagged", |i| i.frames.vwap = Some(Reading::flat(5.0))),
            NO_CROSS,
            DOWN,
            COLD_WAVE,
            FLAT_WAVE,
        ],
    );
    case(
        Signal::SommiFlagBear,
        sommi(Crossing::Down),
        &[
            ("flow just negative", |i| {
                i.money_flow = Some(Reading::of(-BEYOND))
            }),
            ("wt2 just positive", |i| i.wave.wt2 = Some(BEYOND)),
            ("vwap just negative", |i| {
                i.frames.vwap = Some(Reading::of(-BEYOND))
            }),
            ("a flow that means nothing", |i| {
                i.money_flow = Some(Reading::flat(100.0));
            }),
        ],
        &[
            ("flow of 0", |i| i.money_flow = Some(Reading::of(-WITHIN))),
            ("flow not warm", |i| i.money_flow = None),
            ("wt2 of 0", |i| i.wave.wt2 = Some(WITHIN)),
            ("vwap of 0", |i| i.frames.vwap = Some(Reading::of(-WITHIN))),
            ("vwap not warm", |i| i.frames.vwap = None),
            ("vwap flagged", |i| {
                i.frames.vwap = Some(Reading::flat(-5.0))
            }),
            NO_CROSS,
            UP,
            COLD_WAVE,
            FLAT_WAVE,
        ],
    );
}

#[test]
fn sommi_diamonds() {
    case(
        Signal::SommiDiamondBull,
        sommi(Crossing::Up),
        &[("wt2 of 0", |i| i.wave.wt2 = Some(WITHIN))],
        &[
            ("wt2 positive", |i| i.wave.wt2 = Some(BEYOND)),
            ("red in the short frame", |i| {
                i.frames.short = Some(Colour::Red)
            }),
            ("red in the long frame", |i| {
                i.frames.long = Some(Colour::Red)
            }),
            ("no short frame", |i| i.frames.short = None),
            ("no long frame", |i| i.frames.long = None),
            NO_CROSS,
            DOWN,
            COLD_WAVE,
            FLAT_WAVE,
        ],
    );
    case(
        Signal::SommiDiamondBear,
        sommi(Crossing::Down),
        &[("wt2 of 0", |i| i.wave.wt2 = Some(-WITHIN))],
        &[
            ("wt2 negative", |i| i.wave.wt2 = Some(-BEYOND)),
            ("green in the short frame", |i| {
                i.frames.short = Some(Colour::Green)
            }),
            ("green in the long frame", |i| {
                i.frames.long = Some(Colour::Green)
            }),
            ("no short frame", |i| i.frames.short = None),
            ("no long frame", |i| i.frames.long = None),
            NO_CROSS,
            UP,
            COLD_WAVE,
            FLAT_WAVE,
        ],
    );
}

#[test]
fn the_levels_of_the_sommi_signals_are_settings() {
    let strict = SommiLevels {
        flag_money_flow_bear: -40.0,
        flag_money_flow_bull: 40.0,
        flag_wave_bear: 30.0,
        flag_wave_bull: -30.0,
        flag_vwap_bear: -1.0,
        flag_vwap_bull: 1.0,
        diamond_wave_bear: 45.0,
        diamond_wave_bull: -45.0,
    };
    for (crossing, flag, diamond) in [
        (
            Crossing::Up,
            Signal::SommiFlagBull,
            Signal::SommiDiamondBull,
        ),
        (
            Crossing::Down,
            Signal::SommiFlagBear,
            Signal::SommiDiamondBear,
        ),
    ] {
        let sign = if crossing == Crossing::Up { 1.0 } else { -1.0 };
        let at = |flow: f64, wt2: f64, vwap: f64| {
            let mut inputs = sommi(crossing);
            inputs.money_flow = Some(Reading::of(flow * sign));
            inputs.wave.wt2 = Some(-wt2 * sign);
            inputs.frames.vwap = Some(Reading::of(vwap * sign));
            let fired = with_levels(&inputs, &strict);
            (fired.has(flag), fired.has(diamond))
        };
        assert_eq!(at(41.0, 46.0, 2.0), (true, true), "{crossing:?}");
        assert_eq!(at(40.0, 45.0, 2.0), (false, true), "{crossing:?}");
        assert_eq!(at(41.0, 44.9, 2.0), (true, false), "{crossing:?}");
        assert_eq!(at(41.0, 30.0, 2.0), (false, false), "{crossing:?}");
        assert_eq!(at(41.0, 46.0, 1.0), (false, true), "{crossing:?}");
    }
}

/// A regular bull divergence of wt2 under the second limits.
pub fn bull_pair() -> Pair {
    Pair {
        turn: Turn::Bottom,
        price: 99.0,
        previous_price: 100.0,
        value: -45.0,
        previous_value: -80.0,
        bars: 20,
        close: 100.0,
    }
}

fn gold() -> Inputs {
    let mut inputs = Inputs {
        gold: GoldInputs {
            previous_low: Some(-80.0),
            last_rsi: Some(Reading::of(25.0)),
        },
        ..crossed(Crossing::Neither, -50.0)
    };
    inputs.pairs.wave_second = Some(bull_pair());
    inputs
}

#[test]
fn gold_buy() {
    const NO_DIVERGENCE: Change = ("no divergence", |i| i.pairs.wave_second = None);
    case(
        Signal::GoldBuy,
        gold(),
        &[
            ("bottom at the level", |i| {
                i.gold.previous_low = Some(-75.0 + WITHIN);
            }),
            ("wt2 just above the level", |i| {
                i.wave.wt2 = Some(-75.0 + BEYOND);
                i.gold.previous_low = Some(-80.0);
            }),
            ("a rise of 5", |i| i.wave.wt2 = Some(-75.0 + 2e-6)),
            ("rsi just under 30", |i| {
                i.gold.last_rsi = Some(Reading::of(30.0 - BEYOND));
            }),
            ("divergence under the first limits", |i| {
                i.pairs.wave_first = i.pairs.wave_second.take();
            }),
            ("divergence of the rsi", |i| {
                i.pairs.rsi_limited = i.pairs.wave_second.take();
            }),
        ],
        &[
            NO_DIVERGENCE,
            ("divergence of the stochastic only", |i| {
                i.pairs.stoch_any = i.pairs.wave_second.take();
            }),
            ("bottom above the level", |i| {
                i.gold.previous_low = Some(-75.0 + BEYOND);
            }),
            ("no bottom", |i| i.gold.previous_low = None),
            ("wt2 at the level", |i| {
                i.wave.wt2 = Some(-75.0 + WITHIN);
                i.gold.previous_low = Some(-90.0);
            }),
            ("a rise of less than 5", |i| {
                i.gold.previous_low = Some(-76.0);
                i.wave.wt2 = Some(-71.0 - BEYOND);
            }),
            ("rsi of 30", |i| {
                i.gold.last_rsi = Some(Reading::of(30.0 - WITHIN));
            }),
            ("rsi flagged there", |i| {
                i.gold.last_rsi = Some(Reading::flat(0.0));
            }),
            ("no rsi there", |i| i.gold.last_rsi = None),
            FLAT_WAVE,
            COLD_WAVE,
        ],
    );
}
