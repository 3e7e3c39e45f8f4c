//! Tests of the ciphers.
