//! Client order ids: a pure function of instance, session, decision and leg.
//!
//! `mw` + 6 base32 digits of SHA-256(instance id) + `-` + session (5) + `-` + decision (7) + `-` +
//! leg (1): 24 characters. The same in every replay; the head tells own orders from foreign ones.

use crate::core::records::Leg;
use crate::core::settings::Identity;

/// RFC 4648 base32 in lower case.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Decisions that seven base32 digits can number.
pub const DECISION_LIMIT: u64 = 1 << 35;

pub fn client_id(identity: &Identity, decision: u64, leg: Leg) -> String {
    assert!(decision < DECISION_LIMIT, "a session has fewer decisions");
    format!(
        "mw{}-{}-{}-{}",
        identity.instance_head,
        identity.session,
        base32(decision, 7),
        leg.letter()
    )
}

/// The lowest `digits` base32 digits of `value`, most significant first.
pub fn base32(value: u64, digits: u32) -> String {
    (0..digits)
        .rev()
        .map(|digit| ALPHABET[(value >> (5 * digit)) as usize & 31] as char)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_unique_and_short_enough_for_every_venue() {
        let identity = Identity {
            instance_head: "abc234".into(),
            session: "q7xyz".into(),
        };
        let a = client_id(&identity, 17, Leg::Entry);
        assert_eq!(a, "mwabc234-q7xyz-aaaaaar-e");
        assert!(a.len() <= 36);
        assert_ne!(a, client_id(&identity, 17, Leg::Stop));
        assert_ne!(a, client_id(&identity, 18, Leg::Entry));
    }
}
