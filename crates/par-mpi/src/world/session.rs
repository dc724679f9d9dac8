//! MPI between its start and its end.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use par_core::comm::CommError;

use crate::error::WorldError;
use crate::native::base;
use crate::native::operation::Unfinished;
use crate::world::config::Settings;

/// Exit code of a job in which a rank panicked, as that of a program that does.
pub(crate) const PANICKED: i32 = 101;
/// Exit code of a job in which a rank failed.
pub(crate) const FAILED: i32 = 102;

/// How long the end waits for messages that nobody has received.
const LAST_MESSAGES: Duration = Duration::from_secs(5);

static BEGUN: AtomicBool = AtomicBool::new(false);

/// MPI, initialised; the last owner finalises it.
///
/// Every communicator, request, window and board owns a share, so none can outlive MPI.
pub(crate) struct Session {
    pub(crate) settings: Settings,
    world_size: usize,
    /// The first number that no communicator of this rank is known by.
    pub(crate) next_context: Cell<u64>,
    /// Operations that nobody waits for, with the buffers that MPI still uses.
    kept: RefCell<Vec<Box<dyn Unfinished>>>,
    /// What ends in the order in which it was made, on all ranks, before MPI does.
    last: RefCell<Vec<Box<dyn FnOnce()>>>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Session {
    pub(crate) fn begin(settings: Settings) -> Result<Self, WorldError> {
        if BEGUN.swap(true, Ordering::SeqCst) || base::is_initialised() {
            return Err(WorldError::AlreadyInitialised);
        }
        let got = base::initialise(settings.thread_level)?;
        let wanted = settings.thread_level;
        let session = Self {
            settings,
            world_size: base::Comm::world().size()?,
            next_context: Cell::new(1),
            kept: RefCell::default(),
            last: RefCell::default(),
        };
        // An error drops the session, which finalises.
        if got < wanted { Err(WorldError::ThreadLevel { wanted, got }) } else { Ok(session) }
    }

    /// How many ranks were launched.
    pub(crate) fn world_size(&self) -> usize {
        self.world_size
    }

    /// Keeps an operation, with its buffers, until it has ended or the session does.
    pub(crate) fn keep(&self, operation: impl Unfinished + 'static) {
        self.look_at_kept();
        self.kept.borrow_mut().push(Box::new(operation));
    }

    /// Lets go of the operations that have ended.
    pub(crate) fn look_at_kept(&self) {
        self.kept.borrow_mut().retain_mut(|operation| !operation.is_finished());
    }

    /// Has something done before MPI ends.
    pub(crate) fn at_end(&self, what: impl FnOnce() + 'static) {
        self.last.borrow_mut().push(Box::new(what));
    }

    fn settle(&self) {
        let begun = Instant::now();
        loop {
            self.look_at_kept();
            if self.kept.borrow().is_empty() || begun.elapsed() > LAST_MESSAGES {
                return;
            }
            std::thread::yield_now();
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // MPI_Finalize would wait for the others, who wait for this rank.
            base::abort(PANICKED);
        }
        self.settle();
        for what in self.last.take() {
            what();
        }
        base::finalise();
    }
}

/// Whether errors of a rank that panics are worth a wait: nothing is waited for while it unwinds.
pub(crate) fn is_unwinding() -> bool {
    std::thread::panicking()
}

/// What a wait ends with when the world's limit has passed.
pub(crate) fn timed_out(operation: &str, waited: Duration) -> CommError {
    CommError::TimedOut { operation: operation.to_owned(), waited }
}
