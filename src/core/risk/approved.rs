//! Proof that the risk gate has seen and passed an order.

/// A value that the gate approved. Its constructor is visible in `core::risk` only, so no code path
/// elsewhere can build one:
///
/// ```compile_fail
/// use minnow::core::risk::Approved;
/// let forged = Approved(42);
/// ```
///
/// ```compile_fail
/// use minnow::core::risk::approved::Approved;
/// let forged = Approved::grant(42);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Approved<T>(T);

impl<T> Approved<T> {
    pub(super) fn grant(value: T) -> Self {
        Self(value)
    }

    pub fn into_inner(self) -> T {
        self.0
    }

    pub fn get(&self) -> &T {
        &self.0
    }
}
