//! A value that must not be seen: never printed, wiped when dropped, compared in constant time.
//!
//! Wiping covers the memory of the secret itself; copies that the operating system keeps (the
//! environment block of the process) are out of its reach.

use std::fmt;
use std::sync::atomic::{Ordering, compiler_fence};

/// A secret text. It has no `Display`, no `Clone` and no serial form.
pub struct Secret(Vec<u8>);

impl Secret {
    /// Takes the text over without copying it.
    pub fn new(text: String) -> Self {
        Self(text.into_bytes())
    }

    /// The text, to be handed to what signs or authenticates and to nothing else.
    pub fn expose(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("")
    }

    /// Equality in a time that depends on the lengths only.
    pub fn matches(&self, other: &[u8]) -> bool {
        let mut difference = u8::from(self.0.len() != other.len());
        for (a, b) in self.0.iter().zip(other) {
            difference |= a ^ b;
        }
        std::hint::black_box(difference) == 0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.matches(&other.0)
    }
}

impl Eq for Secret {}

/// Overwrites `bytes` so that the compiler cannot leave it out.
fn wipe(bytes: &mut [u8]) {
    for byte in bytes {
        // SAFETY: a reference to a byte is valid, aligned and exclusive here.
        unsafe { std::ptr::write_volatile(byte, 0) };
    }
    compiler_fence(Ordering::SeqCst);
}

impl Drop for Secret {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_prints_as_stars() {
        let secret = Secret::new("correct horse".to_owned());
        assert_eq!(format!("{secret:?}"), "***");
        assert_eq!(format!("{:?}", Some(&secret)), "Some(***)");
    }

    #[test]
    fn a_secret_equals_only_the_same_text() {
        let secret = Secret::new("abc".to_owned());
        assert!(secret.matches(b"abc"));
        for other in ["abd", "ab", "abcd", ""] {
            assert!(!secret.matches(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn wiping_leaves_zeros() {
        let mut bytes = *b"secret";
        wipe(&mut bytes);
        assert_eq!(bytes, [0; 6]);
    }
}
