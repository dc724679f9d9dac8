//! What a world may set.

use std::time::Duration;

/// The settings of a rank's end, the same at every rank of a world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Standard sends of more bytes wait for their receive.
    pub eager_limit: usize,
    /// How many bytes of messages that no receive has taken one rank may have at another; beyond, its sends wait for
    /// their receives. Every message counts for 256 bytes more than it has.
    pub unexpected_limit: usize,
    /// The longest single wait.
    pub wait_limit: Option<Duration>,
}

impl Default for Settings {
    /// 32 KiB, 4 MiB per pair of ranks, no limit.
    fn default() -> Self {
        Self { eager_limit: 32 << 10, unexpected_limit: 4 << 20, wait_limit: None }
    }
}
