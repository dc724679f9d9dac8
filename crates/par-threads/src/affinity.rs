//! Which processors the workers run on.

use std::sync::Arc;

use crate::BuildError;

/// Which processors the workers of a pool run on.
///
/// A worker that stays on one processor keeps its caches warm, and cannot go where there is room when another program
/// needs that processor: measure before you pin.
///
/// # Examples
/// ```
/// use par_core::LocalExecutorExt;
/// use par_threads::{Affinity, BuildError, ThreadPool};
///
/// let pool = match ThreadPool::builder().workers(2).affinity(Affinity::Spread).build() {
///     Err(BuildError::AffinityUnsupported) => return Ok(()), // not on Linux
///     built => built?,
/// };
/// assert_eq!(pool.spawn(|| 6 * 7)?.wait()?, 42);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Affinity {
    /// Wherever the thread that builds (or resizes) the pool may run; the system moves them as it sees fit.
    #[default]
    Inherit,
    /// Worker *i* on the *i*-th of the processors on which the thread that builds the pool may run, round and round.
    Spread,
    /// Worker *i* on the *i*-th of these, round and round; they are numbered as the system numbers them.
    Processors(Vec<usize>),
}

impl Affinity {
    /// The processors to go round, checked as far as that is possible before a thread tries them.
    pub(crate) fn resolve(&self) -> Result<Option<Arc<[usize]>>, BuildError> {
        let processors = match self {
            Self::Inherit => return Ok(None),
            _ if !system::SUPPORTED => return Err(BuildError::AffinityUnsupported),
            Self::Spread => allowed(),
            Self::Processors(processors) => processors.clone(),
        };
        if processors.is_empty() {
            return Err(BuildError::NoProcessor);
        }
        Ok(Some(processors.into()))
    }
}

/// Puts this thread, the worker of that index, on its processor.
pub(crate) fn pin(index: usize, processors: &[usize]) -> Result<(), BuildError> {
    let processor = processors[index % processors.len()];
    system::pin(processor).map_err(|source| BuildError::Processor {
        worker: index,
        processor,
        allowed: allowed(),
        source,
    })
}

/// The processors on which this thread may run, in ascending order; none where the system does not tell.
pub(crate) fn allowed() -> Vec<usize> {
    system::allowed()
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod system {
    use std::io;

    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

    pub(super) const SUPPORTED: bool = true;

    pub(super) fn pin(processor: usize) -> io::Result<()> {
        if processor >= CpuSet::MAX_CPU {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let mut set = CpuSet::new();
        set.set(processor);
        Ok(sched_setaffinity(None, &set)?)
    }

    pub(super) fn allowed() -> Vec<usize> {
        sched_getaffinity(None)
            .map_or_else(|_| Vec::new(), |set| (0..CpuSet::MAX_CPU).filter(|cpu| set.is_set(*cpu)).collect())
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod system {
    use std::io;

    pub(super) const SUPPORTED: bool = false;

    pub(super) fn pin(_: usize) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn allowed() -> Vec<usize> {
        Vec::new()
    }
}
