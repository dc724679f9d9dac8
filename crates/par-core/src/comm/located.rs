//! A value and where it is.

use super::Datum;

/// A value and the index that it belongs to, for [`op::MinLoc`](super::op::MinLoc) and
/// [`op::MaxLoc`](super::op::MaxLoc).
///
/// Packed, so that it is plain data whatever `T` is.
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C, packed)]
pub struct Located<T> {
    value: T,
    index: u64,
}

impl<T: Datum> Located<T> {
    /// `value`, at `index`: usually a rank, or a place in a distributed array.
    pub const fn new(value: T, index: u64) -> Self {
        Self { value, index }
    }

    /// The value.
    pub const fn value(&self) -> T {
        self.value
    }

    /// Where it is.
    pub const fn index(&self) -> u64 {
        self.index
    }
}

impl<T: Datum + std::fmt::Debug> std::fmt::Debug for Located<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} at {}", self.value(), self.index())
    }
}

impl<T: Datum + PartialEq> PartialEq for Located<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value() == other.value() && self.index() == other.index()
    }
}
