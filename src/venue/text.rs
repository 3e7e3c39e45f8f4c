//! How the protocol writes times.

use crate::core::units::Timestamp;
use crate::core::units::calendar::Date;
use crate::core::units::stamp::SECOND;

/// RFC 3339 in UTC with so many digits of a second (0 to 9): `2026-09-30T02:39:53.813568298Z`.
pub fn rfc3339(time: Timestamp, digits: usize) -> String {
    let fraction = format!("{:09}", time.0.rem_euclid(SECOND));
    let (point, fraction) = match digits {
        0 => ("", ""),
        _ => (".", &fraction[..digits.min(9)]),
    };
    format!("{}T{}{point}{fraction}Z", Date::of(time), clock(time))
}

/// The form of heartbeats: `2026-09-30 02:37:15.057778606 +0000 UTC m=+21697.195984854`.
pub fn go_time(time: Timestamp, since_start: i64) -> String {
    format!(
        "{} {}.{:09} +0000 UTC m=+{}.{:09}",
        Date::of(time),
        clock(time),
        time.0.rem_euclid(SECOND),
        since_start.max(0) / SECOND,
        since_start.max(0) % SECOND
    )
}

fn clock(time: Timestamp) -> String {
    let seconds = time.0.div_euclid(SECOND).rem_euclid(86_400);
    let (minutes, second) = (seconds / 60, seconds % 60);
    format!("{:02}:{:02}:{second:02}", minutes / 60, minutes % 60)
}

/// Whole seconds since 1970.
pub const fn unix_seconds(time: Timestamp) -> i64 {
    time.0.div_euclid(SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::units::calendar::parse_time;

    #[test]
    fn times_are_written_as_the_protocol_writes_them() {
        let time = parse_time("2026-09-30T02:39:53.813568298Z").unwrap();
        assert_eq!(rfc3339(time, 9), "2026-09-30T02:39:53.813568298Z");
        assert_eq!(rfc3339(time, 6), "2026-09-30T02:39:53.813568Z");
        assert_eq!(rfc3339(time, 0), "2026-09-30T02:39:53Z");
        let go = go_time(time, 21_697_195_984_854);
        assert_eq!(
            go,
            "2026-09-30 02:39:53.813568298 +0000 UTC m=+21697.195984854"
        );
    }
}
