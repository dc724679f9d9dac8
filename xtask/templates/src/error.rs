//! Why there is no executor.

/// Why a [`FooExecutor`](crate::FooExecutor) could not be made; says what to do next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FooError {
    /// More workers are asked for than can run.
    #[error("{asked} workers are asked for and {most} can run; ask for at most {most}")]
    TooManyWorkers {
        /// What the configuration says.
        asked: usize,
        /// What can run.
        most: usize,
    },
}
