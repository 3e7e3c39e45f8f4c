//! Tests of the Cipher-B filter.
