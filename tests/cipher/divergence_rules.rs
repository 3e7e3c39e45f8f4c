//! Every divergence of every oscillator: it fires, it still fires just inside each bound, and it is
//! silent with any one input just beyond its bound.

use super::rules_b::signals;
use minnow::core::indicators::cipher::cipher_b::Inputs;
use minnow::core::indicators::cipher::divergences::Pairs;
use minnow::core::indicators::cipher::{Signal, Signals};
use minnow::core::indicators::fractals::{Pair, Turn};
use minnow::core::indicators::wavetrend::{Crossing, Wave};

/// Within the tolerance at a scale of 100, and just beyond it.
const WITHIN: f64 = 0.9e-7;
const BEYOND: f64 = 2e-7;

type Place = fn(&mut Pairs) -> &mut Option<Pair>;

const WAVE_FIRST: Place = |pairs| &mut pairs.wave_first;
const WAVE_SECOND: Place = |pairs| &mut pairs.wave_second;
const WAVE_ANY: Place = |pairs| &mut pairs.wave_any;
const RSI_LIMITED: Place = |pairs| &mut pairs.rsi_limited;
const RSI_ANY: Place = |pairs| &mut pairs.rsi_any;
const STOCH_ANY: Place = |pairs| &mut pairs.stoch_any;

/// Which pair a signal looks at, and how price and oscillator move: signs of (price, oscillator).
const RULES: [(Signal, Place, Turn, (f64, f64)); 14] = {
    use Signal::*;
    use Turn::{Bottom, Top};
    let (bull, bear) = ((-1.0, 1.0), (1.0, -1.0));
    let (hidden_bull, hidden_bear) = ((1.0, -1.0), (-1.0, 1.0));
    [
        (BullDivergenceWt, WAVE_FIRST, Bottom, bull),
        (BearDivergenceWt, WAVE_FIRST, Top, bear),
        (BullDivergenceWtSecond, WAVE_SECOND, Bottom, bull),
        (BearDivergenceWtSecond, WAVE_SECOND, Top, bear),
        (BullDivergenceRsi, RSI_LIMITED, Bottom, bull),
        (BearDivergenceRsi, RSI_LIMITED, Top, bear),
        (BullDivergenceStoch, STOCH_ANY, Bottom, bull),
        (BearDivergenceStoch, STOCH_ANY, Top, bear),
        (HiddenBullDivergenceWt, WAVE_ANY, Bottom, hidden_bull),
        (HiddenBearDivergenceWt, WAVE_ANY, Top, hidden_bear),
        (HiddenBullDivergenceRsi, RSI_ANY, Bottom, hidden_bull),
        (HiddenBearDivergenceRsi, RSI_ANY, Top, hidden_bear),
        (HiddenBullDivergenceStoch, STOCH_ANY, Bottom, hidden_bull),
        (HiddenBearDivergenceStoch, STOCH_ANY, Top, hidden_bear),
    ]
};

fn fired(place: Place, pair: Option<Pair>) -> Signals {
    let mut inputs = Inputs {
        wave: Wave {
            wt1: Some(0.0),
            wt2: Some(0.0),
            crossing: Some(Crossing::Neither),
            flat: false,
        },
        ..Inputs::default()
    };
    *place(&mut inputs.pairs) = pair;
    signals(&inputs)
}

fn pair(turn: Turn, price: f64, value: f64) -> Pair {
    Pair {
        turn,
        price: 100.0 + price,
        previous_price: 100.0,
        value: 50.0 + value,
        previous_value: 50.0,
        bars: 60,
        close: 100.0,
    }
}

#[test]
fn every_kind_of_every_oscillator_and_its_nearest_misses() {
    for (signal, place, turn, (price, value)) in RULES {
        let name = signal.name();
        let fires = |pair: Pair| fired(place, Some(pair)).has(signal);
        let base = pair(turn, price, value);
        assert!(fires(base), "{name}");
        assert!(fires(pair(turn, price * BEYOND, value)), "{name}: price");
        assert!(
            fires(pair(turn, price, value * BEYOND)),
            "{name}: oscillator"
        );
        assert!(!fires(pair(turn, price * WITHIN, value)), "{name}: price");
        assert!(
            !fires(pair(turn, price, value * WITHIN)),
            "{name}: oscillator"
        );
        assert!(!fires(pair(turn, -price, value)), "{name}: price");
        assert!(!fires(pair(turn, price, -value)), "{name}: oscillator");
        assert!(!fires(Pair { bars: 61, ..base }), "{name}: distance");
        let other = match turn {
            Turn::Top => Turn::Bottom,
            Turn::Bottom => Turn::Top,
        };
        assert!(!fires(pair(other, price, value)), "{name}: turn");
        assert!(fired(place, None).is_empty(), "{name}: no pair");
    }
}

#[test]
fn each_signal_looks_at_its_own_pair_only() {
    for (signal, place, turn, (price, value)) in RULES {
        for (other, at, ..) in RULES {
            let looks_there = {
                let mut pairs = Pairs::default();
                *place(&mut pairs) = Some(pair(turn, price, value));
                at(&mut pairs).is_some()
            };
            let seen = fired(at, Some(pair(turn, price, value))).has(signal);
            assert_eq!(
                seen,
                looks_there,
                "{} at the pair of {}",
                signal.name(),
                other.name()
            );
        }
    }
}

#[test]
fn buy_and_sell_divergence_are_any_regular_one() {
    for (signal, place, turn, (price, value)) in RULES {
        let fired = fired(place, Some(pair(turn, price, value)));
        let is_regular = !signal.name().starts_with("hidden");
        let (buy, sell) = (Signal::BuyDivergence, Signal::SellDivergence);
        let bottom = turn == Turn::Bottom;
        assert_eq!(fired.has(buy), is_regular && bottom, "{}", signal.name());
        assert_eq!(fired.has(sell), is_regular && !bottom, "{}", signal.name());
    }
}
