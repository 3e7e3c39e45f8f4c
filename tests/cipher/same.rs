//! Saved and loaded anywhere, the ciphers go on as if nothing had happened, bit for bit.

use super::markets::{Kind, candles};
use minnow::core::indicators::cipher::{CipherASettings, CipherBSettings};
use minnow::core::indicators::{CipherA, CipherB};

/// Through the text that a recording holds.
fn through_text<T: serde::Serialize + serde::de::DeserializeOwned>(state: &T) -> T {
    let text = serde_json::to_string(state).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn text<T: serde::Serialize>(state: &T) -> String {
    serde_json::to_string(state).unwrap()
}

#[test]
fn a_loaded_state_is_the_saved_one_and_goes_on_alike() {
    let kind = Kind {
        interval: "4h",
        candles: 900,
        dead: 10,
        holes: 5,
        ..Kind::USUAL
    };
    let mut a = CipherA::new(&CipherASettings::standard());
    let mut b = CipherB::new(&CipherBSettings::standard(), kind.interval());
    let (mut other_a, mut other_b) = (a.clone(), b.clone());
    for (index, candle) in candles(11, kind).iter().enumerate() {
        if index % 7 == 0 {
            (other_a, other_b) = (through_text(&other_a), through_text(&other_b));
        }
        for cipher in [&mut a, &mut other_a] {
            cipher.update(candle);
        }
        for cipher in [&mut b, &mut other_b] {
            cipher.update(candle);
        }
        assert_eq!(text(&a), text(&other_a), "cipher A at {index}");
        assert_eq!(text(&b), text(&other_b), "cipher B at {index}");
    }
}
