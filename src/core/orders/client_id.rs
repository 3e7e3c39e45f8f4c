//! Client order ids: a pure function of instance, session, decision and leg.
//!
//! `mw` + 6 base32 digits of SHA-256(instance id) + `-` + session (5) + `-` + decision (7) + `-` +
//! leg (1): 24 characters. The same in every replay; the head tells own orders from foreign ones.

use crate::records::Leg;
use crate::settings::Identity;

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

/// What a client order id of any instance says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParsedId<'a> {
    pub session: &'a str,
    pub decision: u64,
    pub leg: Leg,
}

/// Reads a client order id of the form above; `None` for any other text.
pub fn parse(id: &str) -> Option<ParsedId<'_>> {
    let mut parts = id.strip_prefix("mw")?.split('-');
    let (head, session) = (parts.next()?, parts.next()?);
    let (digits, letter) = (parts.next()?, parts.next()?);
    if parts.next().is_some() || head.len() != 6 || session.len() != 5 || digits.len() != 7 {
        return None;
    }
    let decision = digits.bytes().try_fold(0u64, |value, byte| {
        let digit = ALPHABET.iter().position(|known| *known == byte)?;
        Some(value << 5 | digit as u64)
    })?;
    let leg = Leg::ALL
        .into_iter()
        .find(|leg| letter.len() == 1 && letter.starts_with(leg.letter()))?;
    Some(ParsedId {
        session,
        decision,
        leg,
    })
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

    #[test]
    fn what_was_written_is_read_and_nothing_else() {
        let identity = Identity {
            instance_head: "abc234".into(),
            session: "q7xyz".into(),
        };
        for (decision, leg) in [(17, Leg::Entry), (DECISION_LIMIT - 1, Leg::Guard)] {
            let id = client_id(&identity, decision, leg);
            let expected = ParsedId {
                session: "q7xyz",
                decision,
                leg,
            };
            assert_eq!(parse(&id), Some(expected));
        }
        for other in [
            "",
            "mw",
            "mwabc234-q7xyz-aaaaaar",
            "mwabc234-q7xyz-aaaaaar-x",
            "mwabc234-q7xyz-aaaaaar-ee",
            "mwabc234-q7xyz-aaaaaar-e-e",
            "mwabc234-q7xyz-aaaaaa1-e",
            "xxabc234-q7xyz-aaaaaar-e",
            "0e9b1f7a-4a21-4d6e-8f8f-5f0e7a1b2c3d",
        ] {
            assert_eq!(parse(other), None, "{other}");
        }
    }
}
