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
    // Schoolbook shift and subtract: rare (products beyond 128 bits), so clarity wins.
    let mut remainder = high;
    let mut quotient = 0u128;
    for bit in (0..128).rev() {
        let carry = remainder >> 127;
        remainder = (remainder << 1) | ((low >> bit) & 1);
        quotient <<= 1;
        if carry == 1 || remainder >= d {
            remainder = remainder.wrapping_sub(d);
            quotient |= 1;
        }
    }
    Some((quotient, remainder))
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
