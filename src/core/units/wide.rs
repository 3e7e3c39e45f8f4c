//! `a * b / d` without losing a digit: a 256-bit product and its division.
//!
//! The only place where numbers wider than 128 bits exist. Everything returns `None` when the
//! result does not fit; nothing wraps.

/// The full 256-bit product of two 128-bit numbers, as (high, low).
fn multiply_full(a: u128, b: u128) -> (u128, u128) {
    const LOW: u128 = u64::MAX as u128;
    let (a1, a0) = (a >> 64, a & LOW);
    let (b1, b0) = (b >> 64, b & LOW);
    let low = a0 * b0;
    let middle1 = a1 * b0;
    let middle2 = a0 * b1;
    let carry = ((low >> 64) + (middle1 & LOW) + (middle2 & LOW)) >> 64;
    let low = low.wrapping_add(middle1 << 64).wrapping_add(middle2 << 64);
    let high = a1 * b1 + (middle1 >> 64) + (middle2 >> 64) + carry;
    (high, low)
}

/// Divides the 256-bit number (high, low) by `d`, returning quotient and remainder, or `None` if
/// the quotient needs more than 128 bits or `d` is 0.
fn divide_full(high: u128, low: u128, d: u128) -> Option<(u128, u128)> {
    if d == 0 || high >= d {
        return None;
    }
    if high == 0 {
        return Some((low / d, low % d));
    }
    // Knuth's algorithm D with two digits of 64 bits (Hacker's Delight, divlu).
    const BASE: u128 = 1 << 64;
    const LOW: u128 = BASE - 1;
    let shift = d.leading_zeros();
    let d = d << shift;
    let (d1, d0) = (d >> 64, d & LOW);
    let top = if shift == 0 {
        high
    } else {
        (high << shift) | (low >> (128 - shift))
    };
    let rest = low << shift;
    let digit = |numerator: u128, next: u128| -> u128 {
        let mut q = numerator / d1;
        let mut r = numerator - q * d1;
        while q >= BASE || q * d0 > (r << 64 | next) {
            q -= 1;
            r += d1;
            if r >= BASE {
                break;
            }
        }
        q
    };
    let q1 = digit(top, rest >> 64);
    let middle = (top << 64 | rest >> 64).wrapping_sub(q1.wrapping_mul(d));
    let q0 = digit(middle, rest & LOW);
    let remainder = (middle << 64 | (rest & LOW)).wrapping_sub(q0.wrapping_mul(d)) >> shift;
    Some((q1 << 64 | q0, remainder))
}

/// `a * b / d` as (quotient, remainder), exact whatever the size of the product.
///
/// `None` if `d` is 0 or the quotient does not fit 128 bits.
pub fn multiply_divide(a: u128, b: u128, d: u128) -> Option<(u128, u128)> {
    if d == 0 {
        return None;
    }
    if let Some(product) = a.checked_mul(b) {
        return Some((product / d, product % d));
    }
    let (high, low) = multiply_full(a, b);
    divide_full(high, low, d)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn quotient_and_remainder_rebuild_the_product(a: u128, b: u128, d in 1u128..) {
            let (high, low) = multiply_full(a, b);
            if let Some((q, r)) = multiply_divide(a, b, d) {
                prop_assert!(r < d);
                let (qh, ql) = multiply_full(q, d);
                let (sum, carry) = ql.overflowing_add(r);
                prop_assert_eq!((qh + u128::from(carry), sum), (high, low));
            } else {
                prop_assert!(high >= d);
            }
        }
    }

    #[test]
    fn division_by_zero_is_none() {
        assert_eq!(multiply_divide(1, 1, 0), None);
    }
}
