//! Rows of Cipher A and Cipher B: lengths and levels. `strategy.vumanchu.preset` chooses the defaults
//! of those that nobody states.

use crate::config::key::{Key, integer, lengths, number};

pub const KEYS: &[Key] = &[
    integer("indicators.cipher_a.wt_channel", "9", 1, 500)
        .core()
        .means("channel length of the wave trend"),
    integer("indicators.cipher_a.wt_average", "13", 1, 500)
        .core()
        .means("average length of the wave trend"),
    integer("indicators.cipher_a.wt_ma", "3", 1, 500)
        .core()
        .means("signal length of the wave trend"),
    number("indicators.cipher_a.overbought_1", "53", "-200", "200")
        .core()
        .means("wave level"),
    number("indicators.cipher_a.overbought_2", "60", "-200", "200")
        .core()
        .means("wave level"),
    number("indicators.cipher_a.overbought_3", "100", "-200", "200")
        .core()
        .means("wave level"),
    number("indicators.cipher_a.oversold_1", "-53", "-200", "200")
        .core()
        .means("wave level"),
    number("indicators.cipher_a.oversold_2", "-60", "-200", "200")
        .core()
        .means("wave level"),
    number("indicators.cipher_a.oversold_3", "-80", "-200", "200")
        .core()
        .means("wave level"),
    integer("indicators.cipher_a.rsi_length", "14", 1, 500)
        .core()
        .means("length of the relative strength index"),
    integer("indicators.cipher_a.money_flow_length", "60", 1, 500)
        .core()
        .means("length of the money flow's mean"),
    number(
        "indicators.cipher_a.money_flow_offset",
        "2.5",
        "-200",
        "200",
    )
    .core()
    .means("subtracted from the money flow"),
    lengths(
        "indicators.cipher_a.ribbon_lengths",
        "5,11,15,18,21,24,28,34",
        8,
    )
    .core()
    .means("the eight averages of the ribbon"),
    integer("indicators.cipher_b.wt_channel", "9", 1, 500)
        .core()
        .means("channel length of the wave trend"),
    integer("indicators.cipher_b.wt_average", "12", 1, 500)
        .core()
        .means("average length of the wave trend"),
    integer("indicators.cipher_b.wt_ma", "3", 1, 500)
        .core()
        .means("signal length of the wave trend"),
    number("indicators.cipher_b.overbought_1", "53", "-200", "200")
        .core()
        .means("wave level"),
    number("indicators.cipher_b.overbought_2", "60", "-200", "200")
        .core()
        .means("wave level"),
    number("indicators.cipher_b.overbought_3", "100", "-200", "200")
        .core()
        .means("wave level"),
    number("indicators.cipher_b.oversold_1", "-53", "-200", "200")
        .core()
        .means("wave level"),
    number("indicators.cipher_b.oversold_2", "-60", "-200", "200")
        .core()
        .means("wave level"),
    number("indicators.cipher_b.oversold_3", "-75", "-200", "200")
        .core()
        .means("wave level"),
    integer("indicators.cipher_b.rsi_length", "14", 1, 500)
        .core()
        .means("length of the relative strength index"),
    integer("indicators.cipher_b.money_flow_length", "60", 1, 500)
        .core()
        .means("length of the money flow's mean"),
    number(
        "indicators.cipher_b.money_flow_offset",
        "2.5",
        "-200",
        "200",
    )
    .core()
    .means("subtracted from the money flow"),
    integer("indicators.cipher_b.stoch_rsi_length", "14", 1, 500)
        .core()
        .means("length of its relative strength index"),
    integer("indicators.cipher_b.stoch_length", "14", 1, 500)
        .core()
        .means("length of its window"),
    integer("indicators.cipher_b.stoch_k", "3", 1, 500)
        .core()
        .means("smoothing of K"),
    integer("indicators.cipher_b.stoch_d", "3", 1, 500)
        .core()
        .means("smoothing of D"),
    integer("indicators.cipher_b.stc_fast", "23", 1, 500)
        .core()
        .means("fast average of the Schaff trend cycle"),
    integer("indicators.cipher_b.stc_slow", "50", 1, 500)
        .core()
        .means("slow average of the Schaff trend cycle"),
    integer("indicators.cipher_b.stc_length", "10", 1, 500)
        .core()
        .means("window of the Schaff trend cycle"),
    number("indicators.cipher_b.stc_factor", "0.5", "0.01", "1")
        .core()
        .means("smoothing factor of the Schaff trend cycle"),
    number("indicators.cipher_b.divergence_top", "45", "-200", "200")
        .core()
        .means("limit of fractals that count"),
    number(
        "indicators.cipher_b.divergence_bottom",
        "-65",
        "-200",
        "200",
    )
    .core()
    .means("limit of fractals that count"),
    number(
        "indicators.cipher_b.second_divergence_top",
        "15",
        "-200",
        "200",
    )
    .core()
    .means("limit of fractals that count"),
    number(
        "indicators.cipher_b.second_divergence_bottom",
        "-40",
        "-200",
        "200",
    )
    .core()
    .means("limit of fractals that count"),
    number(
        "indicators.cipher_b.rsi_divergence_top",
        "60",
        "-200",
        "200",
    )
    .core()
    .means("limit of fractals that count"),
    number(
        "indicators.cipher_b.rsi_divergence_bottom",
        "30",
        "-200",
        "200",
    )
    .core()
    .means("limit of fractals that count"),
    number(
        "indicators.cipher_b.flag_money_flow_bear",
        "0",
        "-200",
        "200",
    )
    .core()
    .means("level of the Sommi signals"),
    number(
        "indicators.cipher_b.flag_money_flow_bull",
        "0",
        "-200",
        "200",
    )
    .core()
    .means("level of the Sommi signals"),
    number("indicators.cipher_b.flag_wave_bear", "0", "-200", "200")
        .core()
        .means("level of the Sommi signals"),
    number("indicators.cipher_b.flag_wave_bull", "0", "-200", "200")
        .core()
        .means("level of the Sommi signals"),
    number("indicators.cipher_b.flag_vwap_bear", "0", "-200", "200")
        .core()
        .means("level of the Sommi signals"),
    number("indicators.cipher_b.flag_vwap_bull", "0", "-200", "200")
        .core()
        .means("level of the Sommi signals"),
    number("indicators.cipher_b.diamond_wave_bear", "0", "-200", "200")
        .core()
        .means("level of the Sommi signals"),
    number("indicators.cipher_b.diamond_wave_bull", "0", "-200", "200")
        .core()
        .means("level of the Sommi signals"),
];
