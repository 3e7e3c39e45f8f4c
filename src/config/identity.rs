//! From the bot's name to the head of its client order ids.

use crate::core::orders::client_id::base32;
use sha2::{Digest, Sha256};

/// Six base32 digits of SHA-256(instance id): tells own orders from foreign ones without naming
/// the bot.
pub fn instance_head(instance_id: &str) -> String {
    let digest = Sha256::digest(instance_id.as_bytes());
    let mut first = [0u8; 8];
    first.copy_from_slice(&digest[..8]);
    base32(u64::from_be_bytes(first) >> 34, 6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_beginning_of_the_hash() {
        // SHA-256("abc") begins with ba7816bf: 10111 01001 11100 00001 01101 01111.
        assert_eq!(instance_head("abc"), "xj4bnp");
    }
}
