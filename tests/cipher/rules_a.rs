//! Each rule of cipher A: it fires, it still fires just inside each bound, and it is silent with any
//! one input just beyond its bound, absent or flagged.

use minnow::core::indicators::Reading;
use minnow::core::indicators::cipher::cipher_a::{Inputs, judge_all};
use minnow::core::indicators::cipher::clause::Deciding;
use minnow::core::indicators::cipher::{CipherASettings, Signal, Signals};
use minnow::core::indicators::wavetrend::{Crossing, Wave};

/// Within the tolerance of oscillators, and just beyond it.
const WITHIN: f64 = 0.9e-7;
const BEYOND: f64 = 2e-7;
/// The same for prices around 100.
const PRICE_WITHIN: f64 = 0.9e-7;
const PRICE_BEYOND: f64 = 2e-7;

pub fn signals(inputs: &Inputs) -> Signals {
    let mut deciding = Deciding::default();
    judge_all(inputs, &CipherASettings::standard().levels, &mut deciding);
    deciding.0
}

/// A bar on which nothing happens.
fn calm() -> Inputs {
    Inputs {
        open: 100.0,
        close: 100.0,
        previous: Some((100.0, 100.0)),
        wave: Wave {
            wt1: Some(0.0),
            wt2: Some(0.0),
            crossing: Some(Crossing::Neither),
            flat: false,
        },
        rsi: Some(Reading::of(50.0)),
        ribbon: Some([100.0; 8]),
        ribbon_before: Some([100.0; 8]),
    }
}

/// What a case changes, in words, and how.
type Change = (&'static str, fn(&mut Inputs));

fn case(signal: Signal, base: Inputs, hits: &[Change], misses: &[Change]) {
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

const NO_CROSS: Change = ("no crossing", |i| {
    i.wave.crossing = Some(Crossing::Neither);
});
const COLD_WAVE: Change = ("wave not warm", |i| i.wave = Wave::default());
const COLD_RIBBON: Change = ("ribbon not warm", |i| i.ribbon = None);
const FIRST_RIBBON: Change = ("first bar of the ribbon", |i| i.ribbon_before = None);

#[test]
fn nothing_fires_on_a_calm_bar() {
    assert!(signals(&calm()).is_empty());
}

#[test]
fn wt_cross_and_the_diamonds() {
    let crossed = |crossing| {
        let mut inputs = calm();
        inputs.wave.crossing = Some(crossing);
        inputs
    };
    let (up, down) = (crossed(Crossing::Up), crossed(Crossing::Down));
    for base in [up, down] {
        case(Signal::WtCross, base, &[], &[NO_CROSS, COLD_WAVE]);
    }
    const DOWN: Change = ("down", |i| i.wave.crossing = Some(Crossing::Down));
    const UP: Change = ("up", |i| i.wave.crossing = Some(Crossing::Up));
    case(Signal::GreenDiamond, up, &[], &[NO_CROSS, DOWN, COLD_WAVE]);
    case(Signal::RedDiamond, down, &[], &[NO_CROSS, UP, COLD_WAVE]);
}

#[test]
fn yellow_cross_up() {
    let mut base = calm();
    base.wave.crossing = Some(Crossing::Down);
    base.wave.wt2 = Some(0.0);
    base.rsi = Some(Reading::of(20.0));
    case(
        Signal::YellowCrossUp,
        base,
        &[
            ("wt2 under 45", |i| i.wave.wt2 = Some(45.0 - BEYOND)),
            ("wt2 over -80", |i| i.wave.wt2 = Some(-80.0 + BEYOND)),
            ("rsi over 15", |i| i.rsi = Some(Reading::of(15.0 + BEYOND))),
            ("rsi under 30", |i| i.rsi = Some(Reading::of(30.0 - BEYOND))),
        ],
        &[
            ("wt2 of 45", |i| i.wave.wt2 = Some(45.0 - WITHIN)),
            ("wt2 of -80", |i| i.wave.wt2 = Some(-80.0 + WITHIN)),
            ("rsi of 15", |i| i.rsi = Some(Reading::of(15.0 + WITHIN))),
            ("rsi of 30", |i| i.rsi = Some(Reading::of(30.0 - WITHIN))),
            ("rsi flagged", |i| i.rsi = Some(Reading::flat(20.0))),
            ("rsi not warm", |i| i.rsi = None),
            ("wave flagged", |i| i.wave.flat = true),
            ("crossing up", |i| i.wave.crossing = Some(Crossing::Up)),
            NO_CROSS,
            COLD_WAVE,
        ],
    );
}

#[test]
fn yellow_cross_down() {
    let mut base = calm();
    base.wave.crossing = Some(Crossing::Up);
    base.wave.wt2 = Some(70.0);
    base.rsi = Some(Reading::of(80.0));
    case(
        Signal::YellowCrossDown,
        base,
        &[
            ("wt2 over 55", |i| i.wave.wt2 = Some(55.0 + BEYOND)),
            ("wt2 under 100", |i| i.wave.wt2 = Some(100.0 - BEYOND)),
            ("rsi over 70", |i| i.rsi = Some(Reading::of(70.0 + BEYOND))),
            ("rsi under 85", |i| i.rsi = Some(Reading::of(85.0 - BEYOND))),
        ],
        &[
            ("wt2 of 55", |i| i.wave.wt2 = Some(55.0 + WITHIN)),
            ("wt2 of 100", |i| i.wave.wt2 = Some(100.0 - WITHIN)),
            ("rsi of 70", |i| i.rsi = Some(Reading::of(70.0 + WITHIN))),
            ("rsi of 85", |i| i.rsi = Some(Reading::of(85.0 - WITHIN))),
            ("rsi flagged", |i| i.rsi = Some(Reading::flat(80.0))),
            ("rsi not warm", |i| i.rsi = None),
            ("wave flagged", |i| i.wave.flat = true),
            ("crossing down", |i| i.wave.crossing = Some(Crossing::Down)),
            NO_CROSS,
            COLD_WAVE,
        ],
    );
}

/// Line `a` against line `b` now and before, as distances.
fn lines(inputs: &mut Inputs, a: usize, now: f64, before: f64) {
    let line = |distance: f64| {
        let mut lines = [100.0; 8];
        lines[a] += distance;
        Some(lines)
    };
    inputs.ribbon = line(now);
    inputs.ribbon_before = line(before);
}

#[test]
fn ribbon_crosses_with_line_one() {
    let mut over = calm();
    lines(&mut over, 0, 1.0, -1.0);
    case(
        Signal::GreenCross,
        over,
        &[
            ("just above", |i| lines(i, 0, PRICE_BEYOND, -1.0)),
            ("equal before", |i| lines(i, 0, 1.0, PRICE_WITHIN)),
        ],
        &[
            ("equal now", |i| lines(i, 0, PRICE_WITHIN, -1.0)),
            ("above before", |i| lines(i, 0, 1.0, PRICE_BEYOND)),
            COLD_RIBBON,
            FIRST_RIBBON,
        ],
    );
    let mut under = calm();
    lines(&mut under, 0, -1.0, 1.0);
    case(
        Signal::RedCross,
        under,
        &[
            ("just below", |i| lines(i, 0, -PRICE_BEYOND, 1.0)),
            ("equal before", |i| lines(i, 0, -1.0, -PRICE_WITHIN)),
        ],
        &[
            ("equal now", |i| lines(i, 0, -PRICE_WITHIN, 1.0)),
            ("below before", |i| lines(i, 0, -1.0, -PRICE_BEYOND)),
            COLD_RIBBON,
            FIRST_RIBBON,
        ],
    );
}

#[test]
fn ribbon_crosses_with_line_two() {
    // e2 alone moves: it crosses e3 and e8 alike.
    let mut over = calm();
    lines(&mut over, 1, 1.0, -1.0);
    let over_misses: &[Change] = &[
        ("equal now", |i| lines(i, 1, PRICE_WITHIN, -1.0)),
        ("above before", |i| lines(i, 1, 1.0, PRICE_BEYOND)),
        COLD_RIBBON,
        FIRST_RIBBON,
    ];
    let just_over: &[Change] = &[("just above", |i| lines(i, 1, PRICE_BEYOND, 0.0))];
    case(Signal::LongEma, over, just_over, over_misses);
    case(Signal::BlueTriangleUp, over, just_over, over_misses);
    let mut under = calm();
    lines(&mut under, 1, -1.0, 1.0);
    let under_misses: &[Change] = &[
        ("equal now", |i| lines(i, 1, -PRICE_WITHIN, 1.0)),
        ("below before", |i| lines(i, 1, -1.0, -PRICE_BEYOND)),
        COLD_RIBBON,
        FIRST_RIBBON,
    ];
    let just_under: &[Change] = &[("just below", |i| lines(i, 1, -PRICE_BEYOND, 0.0))];
    case(Signal::ShortEma, under, just_under, under_misses);
    case(Signal::BlueTriangleDown, under, just_under, under_misses);
    // Each looks at its own line.
    let mut apart = over;
    apart.ribbon = Some([100.0, 101.0, 102.0, 0.0, 0.0, 0.0, 0.0, 100.0]);
    apart.ribbon_before = Some([100.0; 8]);
    assert!(signals(&apart).has(Signal::LongEma));
    assert!(!signals(&apart).has(Signal::BlueTriangleUp));
    apart.ribbon = Some([100.0, 101.0, 100.0, 0.0, 0.0, 0.0, 0.0, 102.0]);
    assert!(!signals(&apart).has(Signal::LongEma));
    assert!(signals(&apart).has(Signal::BlueTriangleUp));
}

#[test]
fn moon_and_blood_need_diamond_and_cross_on_one_bar() {
    let mut moon = calm();
    moon.wave.crossing = Some(Crossing::Up);
    lines(&mut moon, 0, 1.0, -1.0);
    case(
        Signal::MoonDiamond,
        moon,
        &[],
        &[
            NO_CROSS,
            ("diamond of the other side", |i| {
                i.wave.crossing = Some(Crossing::Down);
            }),
            ("no cross of the ribbon", |i| {
                lines(i, 0, PRICE_WITHIN, -1.0)
            }),
            COLD_WAVE,
            COLD_RIBBON,
        ],
    );
    let mut blood = calm();
    blood.wave.crossing = Some(Crossing::Down);
    lines(&mut blood, 0, -1.0, 1.0);
    case(
        Signal::BloodDiamond,
        blood,
        &[],
        &[
            NO_CROSS,
            ("diamond of the other side", |i| {
                i.wave.crossing = Some(Crossing::Up);
            }),
            ("no cross of the ribbon", |i| {
                lines(i, 0, -PRICE_WITHIN, 1.0)
            }),
            COLD_WAVE,
            COLD_RIBBON,
        ],
    );
}

/// A candle of size 1 upwards (sign 1) or downwards, beyond all lines, after one like it.
fn candle(sign: f64) -> Inputs {
    Inputs {
        open: 100.0 + sign,
        close: 100.0 + 2.0 * sign,
        previous: Some((100.0, 100.0 + sign)),
        ..calm()
    }
}

#[test]
fn bull_candle() {
    case(
        Signal::BullCandle,
        candle(1.0),
        &[
            ("open just over the lines", |i| {
                i.open = 100.0 + 2.0 * PRICE_BEYOND
            }),
            ("rising just so", |i| i.close = i.open + 2.0 * PRICE_BEYOND),
            ("rose just so before", |i| {
                i.previous = Some((100.0, 100.0 + 2.0 * PRICE_BEYOND));
            }),
            ("green diamond", |i| i.wave.crossing = Some(Crossing::Up)),
        ],
        &[
            ("open at e2", |i| {
                i.ribbon = Some([100.0, 101.0 - PRICE_WITHIN, 0.0, 0.0, 0.0, 0.0, 0.0, 100.0]);
            }),
            ("open at e8", |i| {
                i.ribbon = Some([100.0, 100.0, 0.0, 0.0, 0.0, 0.0, 0.0, 101.0 - PRICE_WITHIN]);
            }),
            ("closed where it opened", |i| {
                i.close = i.open + PRICE_WITHIN
            }),
            ("no rise before", |i| {
                i.previous = Some((100.0, 100.0 + PRICE_WITHIN));
            }),
            ("no candle before", |i| i.previous = None),
            ("red diamond", |i| i.wave.crossing = Some(Crossing::Down)),
            ("red cross", |i| lines(i, 0, -1.0, 1.0)),
            COLD_WAVE,
            COLD_RIBBON,
            FIRST_RIBBON,
        ],
    );
}

#[test]
fn bear_candle() {
    case(
        Signal::BearCandle,
        candle(-1.0),
        &[
            ("open just under the lines", |i| {
                i.open = 100.0 - 2.0 * PRICE_BEYOND
            }),
            ("falling just so", |i| i.close = i.open - 2.0 * PRICE_BEYOND),
            ("fell just so before", |i| {
                i.previous = Some((100.0, 100.0 - 2.0 * PRICE_BEYOND));
            }),
            ("red diamond", |i| i.wave.crossing = Some(Crossing::Down)),
        ],
        &[
            ("open at e2", |i| {
                i.ribbon = Some([
                    100.0,
                    99.0 + 0.5 * PRICE_WITHIN,
                    0.0,
                    0.0,
                    0.0,
                    0.0,
                    0.0,
                    100.0,
                ]);
            }),
            ("open at e8", |i| {
                i.ribbon = Some([
                    100.0,
                    100.0,
                    0.0,
                    0.0,
                    0.0,
                    0.0,
                    0.0,
                    99.0 + 0.5 * PRICE_WITHIN,
                ]);
            }),
            ("closed where it opened", |i| {
                i.close = i.open - 0.5 * PRICE_WITHIN
            }),
            ("no fall before", |i| {
                i.previous = Some((100.0, 100.0 - 0.5 * PRICE_WITHIN));
            }),
            ("no candle before", |i| i.previous = None),
            ("green diamond", |i| i.wave.crossing = Some(Crossing::Up)),
            ("green cross", |i| lines(i, 0, 1.0, -1.0)),
            COLD_WAVE,
            COLD_RIBBON,
            FIRST_RIBBON,
        ],
    );
}
