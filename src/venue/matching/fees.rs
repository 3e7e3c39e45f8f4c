//! Fee rates by traded volume.

use crate::core::units::Decimal;

/// Rates from this volume on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeeTier {
    pub name: &'static str,
    /// Traded value in the quote currency from which it applies.
    pub from: Decimal,
    pub maker: Decimal,
    pub taker: Decimal,
}

const fn tier(name: &'static str, from: i64, maker: i64, taker: i64) -> FeeTier {
    FeeTier {
        name,
        from: Decimal::from_int(from),
        maker: Decimal::new(maker, 5),
        taker: Decimal::new(taker, 5),
    }
}

/// Maker and taker rates of the exchange by 30-day volume; the venue counts what was traded since
/// its start.
pub const TIERS: [FeeTier; 8] = [
    tier("Advanced 1", 0, 600, 1200),
    tier("Advanced 2", 10_000, 250, 400),
    tier("Advanced 3", 50_000, 150, 250),
    tier("Advanced 4", 100_000, 100, 200),
    tier("Advanced 5", 1_000_000, 70, 120),
    tier("Advanced 6", 15_000_000, 40, 80),
    tier("Advanced 7", 75_000_000, 20, 50),
    tier("Advanced 8", 250_000_000, 0, 50),
];

/// The tier of a volume, and where the next one begins.
pub fn tier_of(volume: Decimal) -> (FeeTier, Option<Decimal>) {
    let next = TIERS.partition_point(|tier| tier.from <= volume).max(1);
    (TIERS[next - 1], TIERS.get(next).map(|tier| tier.from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tier_follows_the_volume() {
        assert_eq!(tier_of(Decimal::ZERO).0.name, "Advanced 1");
        assert_eq!(
            tier_of(Decimal::from_int(9_999)).0.taker,
            Decimal::new(12, 3)
        );
        let (second, next) = tier_of(Decimal::from_int(10_000));
        assert_eq!(
            (second.name, second.maker),
            ("Advanced 2", Decimal::new(25, 4))
        );
        assert_eq!(next, Some(Decimal::from_int(50_000)));
        assert_eq!(tier_of(Decimal::from_int(300_000_000)).1, None);
    }
}
