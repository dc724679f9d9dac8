//! How an executor is set up.

use std::num::NonZeroUsize;

/// How a [`FooExecutor`](crate::FooExecutor) is set up.
///
/// # Examples
/// ```
/// use std::num::NonZeroUsize;
/// use par_foo::FooConfig;
///
/// let config = FooConfig::default().workers(NonZeroUsize::MIN);
/// assert_eq!(config, FooConfig::default());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FooConfig {
    pub(crate) workers: NonZeroUsize,
}

impl FooConfig {
    /// How many tasks may run at once.
    #[must_use]
    pub const fn workers(self, workers: NonZeroUsize) -> Self {
        Self { workers }
    }
}

impl Default for FooConfig {
    /// One worker.
    fn default() -> Self {
        Self { workers: NonZeroUsize::MIN }
    }
}
