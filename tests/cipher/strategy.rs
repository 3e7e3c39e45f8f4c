//! What `vumanchu` proposes, against its rules written down a second time over the ciphers' own
//! verdicts.

use super::markets::{Kind, candles};
use minnow::core::indicators::cipher::combined::MIN_CANDLES;
use minnow::core::indicators::cipher::{
    CipherASettings, CipherBSettings, Combined, Signal, combine,
};
use minnow::core::indicators::{CipherA, CipherB};
use minnow::core::market::{Instrument, ProductKind};
use minnow::core::records::{Action, Proposal};
use minnow::core::settings::VuManChuSettings;
use minnow::core::strategy::decision::{CandleView, hold};
use minnow::core::strategy::vumanchu::VuManChu;
use minnow::core::strategy::{Context, PositionView, Purpose, Reply, Rule, Strategy};
use minnow::core::units::{Decimal, Price, Side};
use std::collections::BTreeSet;

fn settings() -> VuManChuSettings {
    VuManChuSettings {
        cipher_a: CipherASettings::standard(),
        cipher_b: CipherBSettings::standard(),
        min_confidence: 0.6,
        exit_confidence: 0.5,
        min_candles: 1,
    }
}

fn instrument() -> Instrument {
    Instrument::linear(
        "BTC-PERP",
        ProductKind::Perpetual,
        "USD",
        Decimal::new(1, 2),
        Decimal::new(1, 3),
    )
}

fn with_context<T>(
    candle: &CandleView,
    position: Option<Side>,
    ask: impl FnOnce(&Context<'_>) -> T,
) -> T {
    ask(&Context {
        instrument: &instrument(),
        candle,
        mark: Price(1),
        position: position.map(|side| PositionView {
            side,
            best_close: None,
            bars_held: 1,
        }),
    })
}

fn proposed(strategy: &mut VuManChu, candle: &CandleView, position: Option<Side>) -> Proposal {
    match with_context(candle, position, |context| strategy.propose(context)) {
        Reply::Decide(proposal) => proposal,
        Reply::Ask { .. } | Reply::Refuse(_) => panic!("vumanchu asks nobody"),
    }
}

/// The ciphers on their own, beside the strategy.
struct Beside {
    a: CipherA,
    b: CipherB,
    candles: usize,
}

impl Beside {
    fn new(kind: Kind) -> Self {
        Self {
            a: CipherA::new(&CipherASettings::standard()),
            b: CipherB::new(&CipherBSettings::standard(), kind.interval()),
            candles: 0,
        }
    }

    fn update(&mut self, candle: &CandleView) -> Option<Combined> {
        self.a.update(candle);
        self.b.update(candle);
        self.candles += 1;
        (self.candles >= MIN_CANDLES).then(|| combine(self.a.score(), self.b.score()))
    }

    /// Action, strength and confidence without a position, and what happened.
    fn entry(&self, combined: Option<Combined>, least: f64) -> (Action, f64, f64, &'static str) {
        let nothing = (Action::Hold, 0.0, 0.0, "nothing");
        let Some(combined) = combined else {
            return nothing;
        };
        let c = combined.confidence;
        if combined.signal == 0 || c < least {
            return nothing;
        }
        let (change, what) = match self.a.trend_dot().unwrap() * combined.signal {
            1 => (0.1, "ribbon agrees"),
            -1 => (-0.1, "ribbon against"),
            _ => (0.0, "no ribbon"),
        };
        let strength = ((c + change).clamp(0.0, 1.0) * 1e9).round_ties_even() / 1e9;
        if strength < 0.4 {
            return (Action::Hold, 0.0, 0.0, "too weak");
        }
        let action = if combined.signal > 0 {
            Action::Long
        } else {
            Action::Short
        };
        (action, strength, c, what)
    }

    /// Which exit of a position there is.
    fn exit(&self, combined: Option<Combined>, side: Side) -> Option<&'static str> {
        let opposite = if side == Side::Buy { -1 } else { 1 };
        let against = combined.is_some_and(|c| c.signal == opposite && c.confidence >= 0.5);
        let (fired, gold) = (self.a.signals(), self.b.signals().has(Signal::GoldBuy));
        if against {
            Some("combined")
        } else if side == Side::Buy && fired.has(Signal::ShortEma) {
            Some("short_ema")
        } else if side == Side::Sell && fired.has(Signal::LongEma) {
            Some("long_ema")
        } else if side == Side::Sell && gold {
            Some("gold")
        } else {
            None
        }
    }
}

fn action_of(position: Option<Side>, entry: Action, exit: Option<&str>) -> Action {
    let against = match position {
        Some(Side::Buy) => Action::Short,
        Some(Side::Sell) => Action::Long,
        None => Action::Hold,
    };
    if position.is_none() || entry == against {
        entry
    } else if exit.is_some() {
        Action::Close
    } else {
        entry
    }
}

/// Asks about every candle of a market in every position; returns what happened in it.
fn compare(seed: u64, min_confidence: f64) -> BTreeSet<&'static str> {
    let kind = Kind::USUAL;
    let mut strategy = VuManChu::new(
        VuManChuSettings {
            min_confidence,
            ..settings()
        },
        kind.interval(),
    );
    let mut beside = Beside::new(kind);
    let mut happened = BTreeSet::new();
    for (index, candle) in candles(seed, kind).iter().enumerate() {
        strategy.observe(candle);
        let combined = beside.update(candle);
        assert_eq!(strategy.combined().copied(), combined, "at {index}");
        let (entry, strength, confidence, what) = beside.entry(combined, min_confidence);
        happened.insert(what);
        for position in [None, Some(Side::Buy), Some(Side::Sell)] {
            let proposal = proposed(&mut strategy, candle, position);
            let exit = position.and_then(|side| beside.exit(combined, side));
            let expected = action_of(position, entry, exit);
            assert_eq!(
                proposal.action, expected,
                "seed {seed} at {index}: {position:?}"
            );
            match expected {
                Action::Long | Action::Short => {
                    assert_eq!(
                        (proposal.strength, proposal.confidence),
                        (strength, confidence)
                    );
                    assert!(!proposal.size_pct.is_zero() && !proposal.rationale.is_empty());
                }
                Action::Close => {
                    happened.extend(exit);
                }
                Action::Hold => assert_eq!(proposal, hold()),
            }
            check_rules(&strategy, candle, position, &proposal);
        }
    }
    happened
}

/// What is explained says the same as what is decided.
fn check_rules(
    strategy: &VuManChu,
    candle: &CandleView,
    position: Option<Side>,
    proposal: &Proposal,
) {
    let mut rules = Vec::new();
    with_context(candle, position, |context| {
        strategy.rules(context, &mut rules)
    });
    let fired = |purpose: Purpose, side: Side| {
        let of = |rule: &&Rule| rule.purpose == purpose && rule.side == Some(side);
        rules.iter().filter(of).any(Rule::fired)
    };
    let entry = [
        (Action::Long, fired(Purpose::Entry, Side::Buy)),
        (Action::Short, fired(Purpose::Entry, Side::Sell)),
    ];
    for (action, is) in entry {
        if position.is_none() {
            assert_eq!(is, proposal.action == action, "{rules:?}");
        }
    }
    if proposal.action == Action::Close {
        assert!(position.is_some_and(|side| fired(Purpose::Exit, side)));
    }
    let mut shown = Vec::new();
    strategy.indicators(&mut shown);
    let signals: Vec<&Rule> = rules
        .iter()
        .filter(|rule| rule.purpose == Purpose::Signal)
        .collect();
    assert_eq!(signals.len(), 40, "every named signal is explained");
    for rule in signals {
        assert!(!rule.conditions.is_empty());
        let is_shown = shown.contains(&(
            Signal::all()
                .find(|s| s.name() == rule.name)
                .unwrap()
                .name(),
            1.0,
        ));
        assert_eq!(
            rule.fired(),
            is_shown,
            "{}: {:?}",
            rule.name,
            rule.conditions
        );
    }
}

#[test]
fn entries_and_exits_follow_the_combined_signal() {
    let mut missing: BTreeSet<&str> = [
        "nothing",
        "ribbon agrees",
        "ribbon against",
        "combined",
        "short_ema",
        "long_ema",
    ]
    .into();
    for seed in 0..6 {
        for what in compare(seed, 0.6) {
            missing.remove(what);
        }
    }
    assert!(missing.is_empty(), "never seen: {missing:?}");
}

#[test]
fn a_confidence_without_a_size_is_a_hold_and_a_position_is_still_left() {
    let mut happened = BTreeSet::new();
    for seed in 0..6 {
        happened.extend(compare(seed, 0.0));
    }
    assert!(happened.contains("too weak"), "{happened:?}");
}

#[test]
fn a_gold_buy_ends_a_short_whatever_else_is_said() {
    // Bearish enough on cipher A to leave no combined signal against the short.
    let mut seen = false;
    for seed in 0..40 {
        let kind = Kind::USUAL;
        let mut strategy = VuManChu::new(
            VuManChuSettings {
                min_confidence: 1.0,
                exit_confidence: 1.0,
                ..settings()
            },
            kind.interval(),
        );
        let mut b = CipherB::new(&CipherBSettings::standard(), kind.interval());
        for candle in &candles(seed, kind) {
            strategy.observe(candle);
            b.update(candle);
            if b.signals().has(Signal::GoldBuy) {
                let short = proposed(&mut strategy, candle, Some(Side::Sell));
                assert_eq!(short.action, Action::Close);
                let long = proposed(&mut strategy, candle, Some(Side::Buy));
                assert_ne!(long.rationale, short.rationale);
                seen |= short.rationale == "gold buy against a short";
            }
        }
    }
    assert!(seen, "no gold buy stood alone in 40 markets");
}

#[test]
fn entries_need_the_least_confidence_and_no_more() {
    let kind = Kind::USUAL;
    let market = candles(3, kind);
    let mut beside = Beside::new(kind);
    let found = market.iter().enumerate().find_map(|(index, candle)| {
        let combined = beside.update(candle)?;
        (combined.signal != 0 && combined.confidence > 0.6).then_some((index, combined.confidence))
    });
    let (index, confidence) = found.unwrap();
    for (least, enters) in [(confidence, true), (confidence + 1e-9, false)] {
        let mut strategy = VuManChu::new(
            VuManChuSettings {
                min_confidence: least,
                ..settings()
            },
            kind.interval(),
        );
        for candle in &market[..=index] {
            strategy.observe(candle);
        }
        let action = proposed(&mut strategy, &market[index], None).action;
        assert_eq!(action != Action::Hold, enters, "{least}");
    }
}

#[test]
fn nothing_is_combined_before_enough_candles() {
    for (min_candles, first) in [(1, 99), (100, 99), (150, 149)] {
        let kind = Kind::USUAL;
        let mut strategy = VuManChu::new(
            VuManChuSettings {
                min_candles,
                ..settings()
            },
            kind.interval(),
        );
        for (index, candle) in candles(5, kind).iter().take(200).enumerate() {
            strategy.observe(candle);
            assert_eq!(strategy.combined().is_some(), index >= first, "{index}");
        }
        strategy.reset();
        assert_eq!(strategy.combined(), None);
    }
}

#[test]
fn a_loaded_strategy_goes_on_alike_and_other_settings_refuse_it() {
    let kind = Kind::USUAL;
    let mut strategy = VuManChu::new(settings(), kind.interval());
    let market = candles(8, kind);
    for candle in &market[..500] {
        strategy.observe(candle);
    }
    let text = strategy.save().to_string();
    let state = serde_json::from_str(&text).unwrap();
    let mut loaded = VuManChu::new(settings(), kind.interval());
    loaded.load(&state).unwrap();
    for candle in &market[500..] {
        strategy.observe(candle);
        loaded.observe(candle);
        assert_eq!(
            proposed(&mut strategy, candle, None),
            proposed(&mut loaded, candle, None)
        );
    }
    assert_eq!(strategy.save().to_string(), loaded.save().to_string());
    let mut other = VuManChu::new(
        VuManChuSettings {
            min_confidence: 0.61,
            ..settings()
        },
        kind.interval(),
    );
    let refused = other.load(&state).unwrap_err();
    assert!(refused.contains("other settings"), "{refused}");
}
