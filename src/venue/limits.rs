//! Request limits, as the exchange has them: so many in each second, public and private apart.

/// Requests a second that the exchange grants.
pub const PRIVATE_A_SECOND: u32 = 30;
pub const PUBLIC_A_SECOND: u32 = 10;

/// How a request stands against its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub allowed: bool,
    pub limit: u32,
    pub remaining: u32,
    /// Unix seconds at which it begins anew.
    pub reset: i64,
}

#[derive(Clone, Debug)]
pub struct RateLimits {
    /// Public, private; 0: no limit.
    limits: [u32; 2],
    second: i64,
    used: [u32; 2],
}

impl RateLimits {
    /// Limits in requests a second; 0: none.
    pub const fn new(public: u32, private: u32) -> Self {
        Self {
            limits: [public, private],
            second: i64::MIN,
            used: [0; 2],
        }
    }

    /// Counts a request in this second; `None` where there is no limit.
    pub fn count(&mut self, private: bool, second: i64) -> Option<Standing> {
        if second != self.second {
            self.second = second;
            self.used = [0; 2];
        }
        let index = usize::from(private);
        let limit = self.limits[index];
        if limit == 0 {
            return None;
        }
        let allowed = self.used[index] < limit;
        if allowed {
            self.used[index] += 1;
        }
        Some(Standing {
            allowed,
            limit,
            remaining: limit - self.used[index],
            reset: second.saturating_add(1),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_grants_so_many_requests_and_the_next_one_as_many_again() {
        let mut limits = RateLimits::new(2, 1);
        let allowed = |standing: Option<Standing>| standing.is_some_and(|s| s.allowed);
        assert!(allowed(limits.count(false, 5)) && allowed(limits.count(false, 5)));
        let refused = limits.count(false, 5).unwrap();
        assert_eq!(
            (refused.allowed, refused.remaining, refused.reset),
            (false, 0, 6)
        );
        assert!(
            allowed(limits.count(true, 5)),
            "private ones are counted apart"
        );
        assert!(allowed(limits.count(false, 6)));
        assert_eq!(RateLimits::new(0, 0).count(true, 1), None);
    }
}
