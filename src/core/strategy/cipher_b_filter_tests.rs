//! Tests of the Cipher-B filter: its conditions one by one, its words, and that a cipher of its own
//! and a shared one lead to the same.

use super::*;
use crate::indicators::cipher::CipherBSettings;
use crate::units::Timestamp;
use crate::units::rng::SplitMix64;

fn settings() -> CipherBFilterSettings {
    CipherBFilterSettings {
        cipher_b: CipherBSettings::standard(),
        wave_bullish: 0.0,
        wave_bearish: 0.0,
        money_flow_bullish: 0.0,
        money_flow_bearish: 0.0,
    }
}

fn interval() -> Interval {
    Interval::parse("1h").unwrap()
}

fn filter(wave: f64, flow: f64) -> CipherBFilter {
    let mut filter = CipherBFilter::new(&settings(), interval(), "momentum", false).unwrap();
    filter.wave = Some(Reading::of(wave));
    filter.money_flow = Some(Reading::of(flow));
    filter
}

fn passes(filter: &CipherBFilter) -> (bool, bool) {
    let passes = |side| filter.refusal(side).is_none();
    (passes(Side::Buy), passes(Side::Sell))
}

#[test]
fn wave_and_flow_must_lie_on_the_entrys_side() {
    assert_eq!(passes(&filter(10.0, 10.0)), (true, false));
    assert_eq!(passes(&filter(-10.0, -10.0)), (false, true));
    assert_eq!(passes(&filter(10.0, -10.0)), (false, false));
    assert_eq!(passes(&filter(-10.0, 10.0)), (false, false));
    // Equal within the tolerance is neither above nor below.
    assert_eq!(passes(&filter(0.9e-7, 10.0)), (false, false));
    assert_eq!(passes(&filter(2e-7, 2e-7)), (true, false));
    assert_eq!(passes(&filter(-2e-7, -2e-7)), (false, true));
}

#[test]
fn thresholds_are_settings_of_each_side() {
    let mut filter = filter(15.0, 15.0);
    filter.settings = CipherBFilterSettings {
        wave_bullish: 20.0,
        wave_bearish: 16.0,
        money_flow_bullish: 10.0,
        money_flow_bearish: 16.0,
        ..settings()
    };
    assert_eq!(passes(&filter), (false, true));
    filter.wave = Some(Reading::of(20.1));
    assert_eq!(passes(&filter), (true, false));
}

#[test]
fn what_is_not_warm_passes_and_so_does_a_flow_that_means_nothing() {
    let mut filter = filter(10.0, 10.0);
    filter.wave = None;
    assert_eq!(passes(&filter), (true, false));
    filter.money_flow = None;
    assert_eq!(passes(&filter), (true, true));
    filter.money_flow = Some(Reading::flat(-2.5));
    assert_eq!(passes(&filter), (true, true));
    // A flagged wave says nothing for either side.
    filter.wave = Some(Reading::flat(10.0));
    assert_eq!(passes(&filter), (false, false));
}

#[test]
fn a_signal_of_the_last_three_candles_replaces_the_wave_but_not_the_flow() {
    let mut filter = filter(-10.0, 10.0);
    for (bits, long) in [(0b01, true), (0b01_00_00, true), (0b10_10_10, false)] {
        filter.recent = bits;
        assert_eq!(passes(&filter).0, long, "{bits:b}");
    }
    filter.recent = 0b01;
    filter.money_flow = Some(Reading::of(-10.0));
    assert!(!passes(&filter).0);
    // On the candle of a gold buy the flow does not matter, for a long entry.
    filter.gold = true;
    assert_eq!(passes(&filter), (true, true));
    filter.wave = Some(Reading::of(10.0));
    assert_eq!(passes(&filter), (true, false));
}

#[test]
fn the_refusal_says_what_was_needed_and_what_there_is() {
    let words = |wave, flow, side| filter(wave, flow).refusal(side).unwrap().detail;
    assert_eq!(
        words(10.0, -12.4, Side::Buy),
        "cipher_b_filter: LONG needs money_flow > 0.0, is -12.4"
    );
    assert_eq!(
        words(3.25, -1.0, Side::Sell),
        "cipher_b_filter: SHORT needs wave < 0.0, is 3.2"
    );
    assert_eq!(
        words(-1.0, -12.4, Side::Buy),
        "cipher_b_filter: LONG needs wave > 0.0, is -1.0 and money_flow > 0.0, is -12.4"
    );
    // As many decimals as tell it from the threshold.
    assert_eq!(
        words(10.0, -0.004, Side::Buy),
        "cipher_b_filter: LONG needs money_flow > 0.0, is -0.004"
    );
}

#[test]
fn refusals_are_checks_under_one_name_with_how_far_they_miss() {
    let d = |text: &str| Decimal::parse(text).unwrap();
    let checks = |wave, flow, side| filter(wave, flow).refusal(side).unwrap().checks;
    let long = checks(10.0, -12.4, Side::Buy);
    assert_eq!(long.len(), 1);
    assert_eq!(long[0].name, REASON);
    assert_eq!(long[0].outcome, CheckOutcome::Refused);
    assert_eq!(
        (long[0].value, long[0].limit),
        (Some(d("-12.4")), Some(d("0")))
    );
    assert_eq!(long[0].margin, Some(d("-12.4")));
    let short = checks(3.0, 2.5, Side::Sell);
    let margins: Vec<_> = short.iter().map(|check| check.margin).collect();
    assert_eq!(margins, [Some(d("-3")), Some(d("-2.5"))]);
}

#[test]
fn mean_reversion_is_exempt() {
    let of = |name| CipherBFilter::new(&settings(), interval(), name, false).is_some();
    assert!(of("momentum") && of("vumanchu") && of("llm"));
    assert!(!of("mean_reversion"));
}

fn market() -> Vec<CandleView> {
    let mut rng = SplitMix64::new(5);
    let mut unit = || rng.below(1 << 32) as f64 / (1u64 << 32) as f64;
    let (mut price, mut drift) = (100.0, 0.0);
    (0..2000i64)
        .map(|index| {
            if index % 25 == 0 {
                drift = (unit() - 0.5) * 0.01;
            }
            let open = price;
            price = open * (1.0 + drift + (unit() - 0.5) * 0.01);
            CandleView {
                open_time: Timestamp(index * interval().span().0),
                open,
                high: open.max(price) * (1.0 + unit() * 0.004),
                low: open.min(price) * (1.0 - unit() * 0.004),
                close: price,
                volume: 1.0,
            }
        })
        .collect()
}

#[test]
fn a_cipher_of_its_own_and_a_shared_one_lead_to_the_same() {
    let of = |shared| CipherBFilter::new(&settings(), interval(), "vumanchu", shared).unwrap();
    let (mut own, mut shared) = (of(false), of(true));
    let mut cipher = CipherB::new(&settings().cipher_b, interval());
    for candle in &market() {
        cipher.update(candle);
        own.observe(candle, None);
        shared.observe(candle, Some(&cipher));
        for side in [Side::Buy, Side::Sell] {
            assert_eq!(own.refusal(side), shared.refusal(side));
        }
    }
    own.reset();
    assert_eq!(passes(&own), (true, true));
}

#[test]
fn strong_signals_are_remembered_for_three_candles_and_small_ones_not_at_all() {
    let mut filter = CipherBFilter::new(&settings(), interval(), "vumanchu", true).unwrap();
    let mut cipher = CipherB::new(&settings().cipher_b, interval());
    let (mut last, mut small) = ([false; 3], 0);
    let mut remembered = 0;
    for candle in &market() {
        cipher.update(candle);
        filter.observe(candle, Some(&cipher));
        let fired = cipher.signals();
        let strong = fired.has(Signal::BuyCircle)
            || fired.has(Signal::BuyDivergence)
            || fired.has(Signal::GoldBuy)
            || fired.has(Signal::SommiFlagBull)
            || fired.has(Signal::SommiDiamondBull);
        last = [last[1], last[2], strong];
        let any = last.contains(&true);
        assert_eq!(filter.recent & BULLISH_BITS != 0, any);
        remembered += u32::from(any && !strong);
        small += u32::from(fired.has(Signal::SmallBuy) && !any);
    }
    assert!(remembered > 10 && small > 10, "{remembered}, {small}");
}
