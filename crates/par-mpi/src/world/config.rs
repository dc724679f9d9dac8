//! What a world is made with.

use std::time::Duration;

use crate::error::{ThreadLevel, WorldError};
use crate::world::MpiWorld;

/// What a world is made with; from [`MpiWorld::builder`].
#[derive(Debug, Clone)]
#[must_use = "a world is made by `build`"]
pub struct Builder {
    settings: Settings,
}

#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) thread_level: ThreadLevel,
    pub(crate) checked: bool,
    pub(crate) wait_limit: Option<Duration>,
    pub(crate) native_reductions: bool,
    pub(crate) count_limit: usize,
    pub(crate) grace: Duration,
}

/// The greatest count of C's `int`, which MPI's calls take.
const COUNT_MAX: usize = i32::MAX as usize;

impl Default for Builder {
    fn default() -> Self {
        Self {
            settings: Settings {
                thread_level: ThreadLevel::default(),
                checked: cfg!(debug_assertions),
                wait_limit: None,
                native_reductions: false,
                count_limit: COUNT_MAX,
                grace: Duration::from_secs(2),
            },
        }
    }
}

impl Builder {
    /// Which threads may call MPI; [`ThreadLevel::Funneled`] if nothing is said.
    ///
    /// From that level on Open MPI 4.1 takes locks, which cost a short message about 50 ns. A program that starts no
    /// thread at all, no pool neither, may say [`ThreadLevel::Single`].
    pub fn thread_level(mut self, level: ThreadLevel) -> Self {
        self.settings.thread_level = level;
        self
    }

    /// Whether [`run`](MpiWorld::run) runs programs under the checks of [`Checked`](par_core::comm::Checked), which
    /// explain deadlocks and collectives that do not match; in debug builds, if nothing is said. All ranks say the same.
    pub fn checked(mut self, checked: bool) -> Self {
        self.settings.checked = checked;
        self
    }

    /// The longest that one operation may wait, then it is [`CommError::TimedOut`]; without end if nothing is said.
    ///
    /// With a limit, every operation is polled, and collectives are made of messages; see
    /// [`set_watch`](par_core::comm::Communicator::set_watch) of [`MpiComm`](crate::MpiComm). All ranks give the same.
    ///
    /// [`CommError::TimedOut`]: par_core::comm::CommError::TimedOut
    pub fn wait_limit(mut self, limit: Option<Duration>) -> Self {
        self.settings.wait_limit = limit;
        self
    }

    /// Has MPI fold floats and operations of one's own in its own order, which may be faster and may differ in the
    /// last bits from other worlds, numbers of ranks and libraries; `false` if nothing is said.
    pub fn native_reductions(mut self, native: bool) -> Self {
        self.settings.native_reductions = native;
        self
    }

    /// The longest message, in bytes, that is given to MPI as a plain count; longer ones become one element of a
    /// datatype made for them. What an `int` holds, 2³¹ − 1, if nothing is said; a smaller one is for tests.
    pub fn count_limit(mut self, bytes: usize) -> Self {
        self.settings.count_limit = bytes.clamp(1, COUNT_MAX);
        self
    }

    /// How long a rank that has failed waits for the others to end, too, before it ends the whole job; 2 s if nothing
    /// is said.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.settings.grace = grace;
        self
    }

    /// Initialises MPI and makes the world.
    ///
    /// # Errors
    /// [`WorldError::AlreadyInitialised`] the second time, [`WorldError::ThreadLevel`] when the library gives less than
    /// was asked for, [`WorldError::WrongLauncher`].
    ///
    /// # Blocking
    /// Until all ranks of the launch have come.
    pub fn build(self) -> Result<MpiWorld, WorldError> {
        MpiWorld::with(self.settings)
    }
}
