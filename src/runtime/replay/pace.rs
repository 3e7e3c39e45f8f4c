//! How fast recorded time passes: unlimited, or N times as fast as the clock.

/// Maps the loop's clock to the recording's.
#[derive(Clone, Copy, Debug)]
pub enum Pace {
    Unlimited,
    /// Recorded nanoseconds a nanosecond; the origin is set by the first input.
    Times {
        speed: f64,
        origin: Option<(i64, i64)>,
    },
}

impl Pace {
    /// `None` = unlimited. `speed` is above 0.
    pub fn new(speed: Option<f64>) -> Self {
        match speed {
            None => Self::Unlimited,
            Some(speed) => Self::Times {
                speed,
                origin: None,
            },
        }
    }

    /// The recorded time up to which inputs may be handed out at `now` (both monotonic
    /// nanoseconds). `first` is the stamp of the next input: it starts the clock.
    pub fn limit(&mut self, now: i64, first: Option<i64>) -> i64 {
        match self {
            Self::Unlimited => i64::MAX,
            Self::Times { speed, origin } => {
                if origin.is_none() {
                    *origin = first.map(|first| (now, first));
                }
                match origin {
                    None => i64::MAX,
                    Some((began, first)) => {
                        let passed = (now - *began) as f64 * *speed;
                        first.saturating_add(passed as i64)
                    }
                }
            }
        }
    }

    /// When an input stamped `stamp` is due on the loop's clock.
    pub fn due(&self, stamp: i64) -> i64 {
        match self {
            Self::Times {
                speed,
                origin: Some((began, first)),
            } => {
                let wait = (stamp - *first) as f64 / *speed;
                // Rounded up, so that the input is surely due then.
                began.saturating_add(wait.ceil() as i64 + 1)
            }
            _ => i64::MIN,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twice_as_fast_is_due_in_half_the_time() {
        let mut pace = Pace::new(Some(2.0));
        assert_eq!(pace.limit(1000, Some(500_000)), 500_000);
        assert_eq!(pace.limit(1100, None), 500_200);
        let due = pace.due(501_000);
        assert!((1500..1503).contains(&due));
        assert!(pace.limit(due, None) >= 501_000);
        assert_eq!(Pace::new(None).limit(0, Some(7)), i64::MAX);
    }
}
