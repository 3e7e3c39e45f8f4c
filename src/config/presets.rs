//! Presets of `vumanchu`: other defaults for the lengths and levels that nobody states.
//!
//! `standard` is what the table of keys says.

use super::effective::Effective;
use super::parse::parse_text;
use super::source::Source;

const PRESET: &str = "strategy.vumanchu.preset";

/// Shorter waves and nearer levels.
const SCALPING: &[(&str, &str)] = &[
    ("indicators.cipher_a.wt_channel", "6"),
    ("indicators.cipher_a.wt_average", "8"),
    ("indicators.cipher_a.wt_ma", "3"),
    ("indicators.cipher_a.overbought_1", "45"),
    ("indicators.cipher_a.overbought_2", "45"),
    ("indicators.cipher_a.oversold_1", "-45"),
    ("indicators.cipher_a.oversold_2", "-45"),
    ("indicators.cipher_a.money_flow_length", "20"),
    ("indicators.cipher_b.wt_channel", "6"),
    ("indicators.cipher_b.wt_average", "7"),
    ("indicators.cipher_b.wt_ma", "3"),
    ("indicators.cipher_b.overbought_1", "40"),
    ("indicators.cipher_b.oversold_1", "-40"),
    ("indicators.cipher_b.divergence_top", "50"),
    ("indicators.cipher_b.divergence_bottom", "-50"),
    ("indicators.cipher_b.money_flow_length", "20"),
];

/// Puts the preset's values where no source states one.
pub(super) fn apply(effective: &mut Effective) {
    let rows = match effective.text(PRESET) {
        "scalping" => SCALPING,
        _ => return,
    };
    for (name, text) in rows {
        let Some(entry) = effective.entries.get_mut(name) else {
            continue;
        };
        if !entry.is_explicit()
            && let Ok(value) = parse_text(entry.key, text)
        {
            entry.value = value;
            entry.source = Source::Preset;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::fixture::Folder;
    use crate::core::indicators::cipher::{CipherASettings, CipherBSettings};

    fn with(sets: &[&str]) -> Effective {
        let mut folder = Folder::new();
        for set in sets {
            folder = folder.set(set);
        }
        folder.sound()
    }

    fn ciphers(effective: &Effective) -> (CipherASettings, CipherBSettings) {
        let settings = effective.vumanchu_settings();
        (settings.cipher_a, settings.cipher_b)
    }

    #[test]
    fn the_table_of_keys_is_the_standard_preset() {
        let standard = (CipherASettings::standard(), CipherBSettings::standard());
        assert_eq!(ciphers(&with(&[])), standard);
        let stated = with(&["strategy.vumanchu.preset=standard"]);
        assert_eq!(ciphers(&stated), standard);
    }

    #[test]
    fn scalping_changes_every_default_that_is_documented() {
        let effective = with(&["strategy.vumanchu.preset=scalping"]);
        let scalping = (CipherASettings::scalping(), CipherBSettings::scalping());
        assert_eq!(ciphers(&effective), scalping);
        for (name, _) in SCALPING {
            let entry = effective.entry(name);
            assert_eq!(entry.source, Source::Preset, "{name}");
            assert!(!entry.is_explicit(), "{name}");
        }
    }

    #[test]
    fn what_is_stated_stays_whatever_the_preset_says() {
        let effective = with(&[
            "strategy.vumanchu.preset=scalping",
            "indicators.cipher_b.wt_channel=9",
        ]);
        let (a, b) = ciphers(&effective);
        assert_eq!((a.wave.channel, b.wave.channel), (6, 9));
    }

    #[test]
    fn the_fingerprint_tells_presets_apart() {
        let standard = with(&[]).fingerprint();
        let scalping = with(&["strategy.vumanchu.preset=scalping"]).fingerprint();
        assert_ne!(standard, scalping);
    }
}
