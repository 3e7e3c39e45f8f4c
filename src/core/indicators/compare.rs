//! Comparison of indicator values: rounding noise must never become a signal.
//!
//! `a > b` means `a - b > 1e-9 x scale`; otherwise they count as equal. The scale is the close for
//! prices, 100 for oscillators, 1 for ratios, the average itself for volumes.

/// Relative tolerance of comparisons.
pub const TOLERANCE: f64 = 1e-9;

/// Scale of values in percent and of oscillators.
pub const PERCENT: f64 = 100.0;

pub fn above(a: f64, b: f64, scale: f64) -> bool {
    a - b > TOLERANCE * scale
}

pub fn below(a: f64, b: f64, scale: f64) -> bool {
    above(b, a, scale)
}

/// `a` crosses over `b`: above now, not above before.
pub fn crosses_over(a: f64, b: f64, previous_a: f64, previous_b: f64, scale: f64) -> bool {
    above(a, b, scale) && !above(previous_a, previous_b, scale)
}

/// `a` crosses under `b`: below now, not below before.
pub fn crosses_under(a: f64, b: f64, previous_a: f64, previous_b: f64, scale: f64) -> bool {
    crosses_over(b, a, previous_b, previous_a, scale)
}

/// Whether a denominator counts as 0 at this scale: a flat series leaves rounding noise.
pub fn is_zero(denominator: f64, scale: f64) -> bool {
    denominator.abs() <= 1e-12 * scale
}

/// Rounds half-even to 9 decimals, as every score is before it is compared.
pub fn round9(value: f64) -> f64 {
    (value * 1e9).round_ties_even() / 1e9
}
