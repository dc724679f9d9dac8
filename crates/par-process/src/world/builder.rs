//! How a world is to be.

use std::ffi::OsString;
use std::time::Duration;

use par_core::comm::{SpmdError, engine};

use super::ProcessWorld;
use super::brief::Settings;

/// How a [`ProcessWorld`] is to be; [`ProcessWorld::builder`] makes one.
///
/// # Examples
/// ```no_run
/// use std::time::Duration;
/// use par_process::ProcessWorld;
///
/// par_process::init();
/// let world = ProcessWorld::builder()
///     .ranks(4)
///     .deadline(Duration::from_secs(60))
///     .env("RAYON_NUM_THREADS", "1")
///     .build()?;
/// # Ok::<(), par_core::comm::SpmdError>(())
/// ```
#[must_use = "a builder does nothing until it builds"]
#[derive(Debug, Clone)]
pub struct ProcessWorldBuilder {
    pub(super) ranks: usize,
    pub(super) settings: Settings,
    pub(super) envs: Vec<(OsString, OsString)>,
    pub(super) start_timeout: Duration,
    pub(super) deadline: Option<Duration>,
    pub(super) grace: Duration,
}

impl Default for ProcessWorldBuilder {
    fn default() -> Self {
        let engine = engine::Settings::default();
        Self {
            ranks: std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get),
            settings: Settings {
                checked: cfg!(debug_assertions),
                eager_limit: engine.eager_limit,
                unexpected_limit: engine.unexpected_limit,
                wait_limit: engine.wait_limit,
            },
            envs: Vec::new(),
            start_timeout: Duration::from_secs(30),
            deadline: None,
            grace: Duration::from_secs(5),
        }
    }
}

impl ProcessWorldBuilder {
    /// How many ranks; as many as the machine runs at once, if nothing is said.
    pub fn ranks(mut self, ranks: usize) -> Self {
        self.ranks = ranks;
        self
    }

    /// Whether deadlocks and collectives that do not match become errors; so in debug builds, if nothing is said.
    pub fn checked(mut self, checked: bool) -> Self {
        self.settings.checked = checked;
        self
    }

    /// Sends of more than `bytes` wait for their receive; 32 KiB, if nothing is said.
    pub fn eager_limit(mut self, bytes: usize) -> Self {
        self.settings.eager_limit = bytes;
        self
    }

    /// How many bytes of messages that no receive has taken one rank may have at another; 4 MiB, if nothing is said.
    ///
    /// Beyond that, a send waits for its receive whatever its length. Every message counts for 256 bytes more than it has.
    pub fn unexpected_limit(mut self, bytes: usize) -> Self {
        self.settings.unexpected_limit = bytes;
        self
    }

    /// The longest that one operation may wait for other ranks, then it is
    /// [`CommError::TimedOut`](par_core::comm::CommError::TimedOut); no limit, if nothing is said.
    ///
    /// A rank that ends, however, ends the waits of the others in any case; this is for one that is stopped, or computes
    /// for ever.
    pub fn wait_limit(mut self, limit: Option<Duration>) -> Self {
        self.settings.wait_limit = limit;
        self
    }

    /// Another variable in the environment of the ranks, which else is this program's.
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.envs.push((name.into(), value.into()));
        self
    }

    /// How long the ranks may take to start; 30 s, if nothing is said.
    pub fn start_timeout(mut self, timeout: Duration) -> Self {
        self.start_timeout = timeout;
        self
    }

    /// How long a run may take from its start; whoever runs then is killed, and the error says who. No limit, if nothing
    /// is said.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// How long the other ranks may go on after one has failed, before they are killed; 5 s, if nothing is said.
    ///
    /// What waits for the one that failed ends at once; this is for ranks that compute.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Checks what was said; processes are started by [`ProcessWorld::run`].
    ///
    /// # Errors
    /// [`SpmdError::NoWorld`] when there are no ranks or too many, or when two registered programs have one name.
    pub fn build(self) -> Result<ProcessWorld, SpmdError> {
        ProcessWorld::of(self)
    }
}
