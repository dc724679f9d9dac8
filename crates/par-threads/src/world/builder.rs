//! Settings of a world.

use std::time::Duration;

use par_core::comm::SpmdError;
use par_core::comm::engine::Settings;

use super::ThreadWorld;
use crate::thread::{LARGEST_STACK, LEAST_STACK};
use crate::{Affinity, affinity};

/// Settings of a [`ThreadWorld`].
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use par_core::comm::{Communicator, Tag};
/// use par_threads::ThreadWorld;
///
/// let world = ThreadWorld::builder()
///     .ranks(2)
///     .eager_limit(0) // every send waits for its receive: a program that is right with it is right everywhere
///     .wait_limit(Some(Duration::from_secs(10)))
///     .build()?;
/// let sum = world.run_fn(|comm| {
///     let other = 1 - comm.rank();
///     let mut theirs = [0_u32];
///     comm.send_recv(&[comm.rank() as u32 + 1], other, Tag(0), &mut theirs, other, Tag(0))?;
///     Ok(theirs[0])
/// })?;
/// assert_eq!(sum, [2, 1]);
/// # Ok::<(), par_core::comm::SpmdError>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until it builds"]
pub struct ThreadWorldBuilder {
    ranks: usize,
    pub(super) name: String,
    pub(super) stack_size: Option<usize>,
    affinity: Affinity,
    checked: bool,
    settings: Settings,
}

impl Default for ThreadWorldBuilder {
    /// One rank per processor that this thread may use; all else as the methods say.
    fn default() -> Self {
        let ranks = std::thread::available_parallelism().map_or(1, usize::from);
        let (name, affinity) = ("rank".to_owned(), Affinity::Inherit);
        let checked = cfg!(debug_assertions);
        Self { ranks, name, stack_size: None, affinity, checked, settings: Settings::default() }
    }
}

impl ThreadWorldBuilder {
    /// How many ranks there are; one per processor if nothing is said.
    pub fn ranks(self, ranks: usize) -> Self {
        Self { ranks, ..self }
    }

    /// What the ranks' threads are called, with the rank behind it: `rank-0` and so on, if nothing is said.
    pub fn name(self, name: impl Into<String>) -> Self {
        Self { name: name.into(), ..self }
    }

    /// Whether [`run`](ThreadWorld::run) has programs [`Checked`](par_core::comm::Checked): circles of ranks that wait for
    /// one another, and collectives that do not match, are then errors that name ranks and lines. In debug builds, if
    /// nothing is said.
    pub fn checked(self, checked: bool) -> Self {
        Self { checked, ..self }
    }

    /// Standard sends of more than `bytes` wait for their receive; 32 KiB if nothing is said.
    ///
    /// With 0, every send that has a byte waits: so a program shows what it would do where a transport has no memory for
    /// messages.
    pub fn eager_limit(mut self, bytes: usize) -> Self {
        self.settings.eager_limit = bytes;
        self
    }

    /// How many bytes of messages that no receive has taken one rank may have at another; 4 MiB if nothing is said.
    ///
    /// Beyond that, a send waits for its receive whatever its length. Every message counts for 256 bytes more than it has.
    pub fn unexpected_limit(mut self, bytes: usize) -> Self {
        self.settings.unexpected_limit = bytes;
        self
    }

    /// The longest single wait, which then ends with [`CommError::TimedOut`](par_core::comm::CommError::TimedOut); no
    /// limit if nothing is said.
    pub fn wait_limit(mut self, limit: Option<Duration>) -> Self {
        self.settings.wait_limit = limit;
        self
    }

    /// On which processors the ranks run; where the system puts them, if nothing is said.
    pub fn affinity(self, affinity: Affinity) -> Self {
        Self { affinity, ..self }
    }

    /// The stack of a rank's thread, in bytes; that of `std` if nothing is said.
    pub fn stack_size(self, bytes: usize) -> Self {
        Self { stack_size: Some(bytes), ..self }
    }

    /// The world; its threads start when it runs a program.
    ///
    /// # Errors
    /// [`SpmdError::NoWorld`] when a setting makes no sense.
    pub fn build(self) -> Result<ThreadWorld, SpmdError> {
        let ranks = self.ranks;
        let no_world = |reason: String| SpmdError::NoWorld { ranks, reason };
        if ranks == 0 {
            return Err(no_world("a world needs at least one rank".to_owned()));
        }
        if let Some(bytes) = self.stack_size
            && !(LEAST_STACK..=LARGEST_STACK).contains(&bytes)
        {
            return Err(no_world(format!("a stack of {bytes} bytes is none; take at least {LEAST_STACK}")));
        }
        if self.name.contains('\0') {
            return Err(no_world(format!("the name {:?} has a NUL in it; leave it out", self.name)));
        }
        let pinned = self.affinity.resolve().map_err(|error| no_world(error.to_string()))?;
        let allowed = affinity::allowed().len();
        let processors = match &pinned {
            Some(list) => list.iter().collect::<std::collections::BTreeSet<_>>().len(),
            None if allowed > 0 => allowed,
            None => std::thread::available_parallelism().map_or(1, usize::from),
        };
        Ok(ThreadWorld {
            ranks,
            processors,
            pinned,
            name: self.name,
            stack_size: self.stack_size,
            checked: self.checked,
            settings: self.settings,
        })
    }
}
