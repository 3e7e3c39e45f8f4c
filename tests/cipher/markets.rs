//! Made-up markets: seeded, with trends, dead stretches, gaps in time and price, and prices of any
//! size.

use minnow::core::market::Interval;
use minnow::core::strategy::decision::CandleView;
use minnow::core::units::Timestamp;
use minnow::core::units::rng::SplitMix64;

/// What kind of market is made.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    pub interval: &'static str,
    pub candles: usize,
    /// First price.
    pub price: f64,
    /// Thousandths of candles after which some are missing.
    pub holes: u64,
    /// Thousandths of candles that begin a dead stretch.
    pub dead: u64,
    /// Prices are multiples of a ten-thousandth of the first one, so that some are equal.
    pub coarse: bool,
}

impl Kind {
    pub const USUAL: Self = Self {
        interval: "1h",
        candles: 1500,
        price: 100.0,
        holes: 0,
        dead: 0,
        coarse: false,
    };

    pub fn interval(&self) -> Interval {
        Interval::parse(self.interval).unwrap()
    }
}

/// 0 to 1.
fn unit(rng: &mut SplitMix64) -> f64 {
    rng.below(1 << 53) as f64 / (1u64 << 53) as f64
}

/// About normal: mean 0, deviation 1.
fn normal(rng: &mut SplitMix64) -> f64 {
    (0..12).map(|_| unit(rng)).sum::<f64>() - 6.0
}

/// The candles of a market.
pub fn candles(seed: u64, kind: Kind) -> Vec<CandleView> {
    let mut rng = SplitMix64::new(seed);
    let span = kind.interval().span();
    let mut time = Timestamp(1_500_000_000_000_000_000 / span.0 * span.0);
    let (mut price, mut drift, mut noise) = (kind.price, 0.0, 0.003);
    let (mut regime, mut dead) = (0u64, 0u64);
    let grid = kind.price / 10_000.0;
    let place = |price: f64| {
        if kind.coarse {
            (price / grid).round().max(1.0) * grid
        } else {
            price
        }
    };
    let mut all = Vec::with_capacity(kind.candles);
    for _ in 0..kind.candles {
        if regime == 0 {
            regime = 5 + rng.below(50);
            drift = normal(&mut rng) * 0.003;
            noise = 0.0005 + unit(&mut rng) * 0.006;
        }
        regime -= 1;
        if dead == 0 && rng.below(1000) < kind.dead {
            dead = 1 + rng.below(200);
        }
        dead = dead.saturating_sub(1);
        let open = if dead == 0 && rng.below(20) == 0 {
            place(price * (1.0 + normal(&mut rng) * noise))
        } else {
            price
        };
        let mut close = open;
        let (mut high, mut low) = (open, open);
        if dead == 0 {
            // Back to where it began in the long run, so that prices stay in their range.
            let home = (kind.price / open).ln() * 0.01;
            close = place(open * (drift + home + normal(&mut rng) * noise).exp());
            high = place(open.max(close) * (1.0 + unit(&mut rng) * noise)).max(open.max(close));
            low = place(open.min(close) * (1.0 - unit(&mut rng) * noise)).min(open.min(close));
        }
        all.push(CandleView {
            open_time: time,
            open,
            high,
            low,
            close,
            volume: if rng.below(10) == 0 {
                0.0
            } else {
                unit(&mut rng)
            },
        });
        price = close;
        let steps = if rng.below(1000) < kind.holes {
            2 + rng.below(30)
        } else {
            1
        };
        time = Timestamp(time.0 + span.0 * steps as i64);
    }
    all
}

/// Markets of every kind that the tests compare over.
pub fn kinds() -> Vec<Kind> {
    let usual = Kind::USUAL;
    let short = |interval| Kind {
        interval,
        candles: 3000,
        ..usual
    };
    vec![
        usual,
        Kind {
            price: 1e-6,
            ..usual
        },
        Kind {
            price: 1e7,
            ..usual
        },
        Kind {
            holes: 20,
            dead: 10,
            ..usual
        },
        Kind {
            coarse: true,
            dead: 5,
            ..usual
        },
        short("15m"),
        Kind {
            holes: 3,
            ..short("5m")
        },
        short("2h"),
        short("6h"),
        short("1d"),
    ]
}
