//! A communicator that says why a program hangs.
#![doc = include_str!("README.md")]

mod agree;
mod communicator;
mod ending;
mod look;
mod members;
mod op;
mod request;
mod row;
mod world;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use super::{CommError, Communicator, Rank, Spmd};
use members::Members;
use row::Layout;
use world::{Eye, World};

/// How a [`Checked`] world looks for deadlocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checks {
    patience: Duration,
    confirm: Duration,
    likely: Duration,
    strict: bool,
}

impl Default for Checks {
    fn default() -> Self {
        Self {
            patience: Duration::from_millis(200),
            confirm: Duration::from_millis(150),
            likely: Duration::from_secs(3),
            strict: false,
        }
    }
}

impl Checks {
    /// Every standard send waits for its receive, so that a program which works only because short messages are
    /// buffered is found out; and what was never received or waited for is an error at the end.
    #[must_use]
    pub const fn strict(self) -> Self {
        Self { strict: true, ..self }
    }

    pub(crate) const fn is_strict(self) -> bool {
        self.strict
    }

    /// For how long an operation waits before it looks at what the others do; 200 ms if nothing is said.
    #[must_use]
    pub const fn patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// How much later a second look must find the same; 150 ms if nothing is said.
    #[must_use]
    pub const fn confirm(self, confirm: Duration) -> Self {
        Self { confirm, ..self }
    }

    /// How much later when a message may still be under way; 3 s if nothing is said.
    #[must_use]
    pub const fn likely(self, likely: Duration) -> Self {
        Self { likely, ..self }
    }

    /// Wraps the communicator of a whole world. A collective.
    ///
    /// # Errors
    /// What the transport says.
    pub fn wrap<C: Communicator>(self, comm: C) -> Result<Checked<C>, CommError> {
        let layout = Layout::new(comm.world_size());
        let board = comm.board(layout.width())?;
        let rank = comm.world_rank(comm.rank());
        let world = World::new(board, layout, rank, comm.world_size(), self);
        Ok(Checked::of(comm, &Rc::new(world)))
    }

    /// Runs a program under checks, on a duplicate of `comm`, which has all ranks of its world.
    ///
    /// # Errors
    /// What the program says, [`CommError::Deadlock`], [`CommError::CollectiveMismatch`], and in a strict world
    /// [`CommError::LeftBehind`].
    pub fn run<C: Communicator, P: Spmd>(self, program: &P, comm: &C) -> Result<P::Output, CommError> {
        self.run_fn(comm, |checked| program.run(checked))
    }

    /// As [`run`](Self::run), for a closure.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn run_fn<C: Communicator, R>(
        self,
        comm: &C,
        program: impl FnOnce(&Checked<C>) -> Result<R, CommError>,
    ) -> Result<R, CommError> {
        let checked = self.wrap(comm.duplicate()?)?;
        let outcome = program(&checked);
        match &outcome {
            Ok(_) => checked.finish(comm)?,
            Err(error) => checked.world.end(Some(format!("it failed: {error}"))),
        }
        outcome
    }
}

/// A communicator that turns waits without an end, and collectives that do not match, into errors that say which ranks
/// do what, and where.
///
/// It costs a few stores per message; a collective waits for all its members first, and an exchange of 16 bytes. The
/// communicators that are made of it are checked, too. Lines speak of ranks of the world; a root is as it was given.
///
/// # Examples
/// Two ranks receive before they send:
/// ```
/// use par_core::comm::{Checked, CommError, Communicator, Spmd, Tag};
/// use par_core::testing::ModelWorld;
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct AfterYou;
///
/// impl Spmd for AfterYou {
///     const NAME: &'static str = "after-you";
///     type Output = f64;
///     fn run<C: Communicator>(&self, world: &C) -> Result<f64, CommError> {
///         let other = 1 - world.rank();
///         let (theirs, _) = world.recv::<f64>(other, Tag(7))?;
///         world.send(&[1.0], other, Tag(7))?;
///         Ok(theirs[0])
///     }
/// }
///
/// let error = ModelWorld::new(2).run_fn(|comm| Checked::run(&AfterYou, comm)).unwrap_err();
/// let report = error.to_string();
/// assert!(report.starts_with("ranks 0 and 1: deadlock: rank 0 waits in recv of f64 from rank 1, tag 7, at "));
/// # assert!(report.contains("; rank 1 waits in recv of f64 from rank 0, tag 7, at "));
/// ```
/// The report, which both ranks give:
/// ```text
/// ranks 0 and 1: deadlock: rank 0 waits in recv of f64 from rank 1, tag 7, at src/main.rs:12; rank 1 waits in recv of f64 from rank 0, tag 7, at src/main.rs:12
/// ```
pub struct Checked<C> {
    inner: C,
    members: Rc<Members>,
    world: Rc<World>,
    eye: Rc<Eye>,
}

impl<C: Communicator> Checked<C> {
    /// Wraps the communicator of a whole world. A collective.
    ///
    /// # Errors
    /// What the transport says.
    pub fn new(comm: C) -> Result<Self, CommError> {
        Checks::default().wrap(comm)
    }

    /// Runs a program under checks, on a duplicate of `comm`, which has all ranks of its world; see [`Checks::run`].
    ///
    /// # Errors
    /// As [`Checks::run`].
    pub fn run<P: Spmd>(program: &P, comm: &C) -> Result<P::Output, CommError> {
        Checks::default().run(program, comm)
    }

    fn of(inner: C, world: &Rc<World>) -> Self {
        let members = world.join(Members::of(&inner));
        let (other, world) = (RefCell::default(), Rc::clone(world));
        let eye = Rc::new(Eye { world: Rc::clone(&world), members: Rc::clone(&members), other });
        inner.set_watch(Some(Rc::<Eye>::clone(&eye)));
        Self { inner, members, world, eye }
    }

    /// The communicator below, which checks nothing.
    pub const fn inner(&self) -> &C {
        &self.inner
    }

    fn rank_in_world(&self) -> Rank {
        self.world.rank()
    }
}

impl<C> Drop for Checked<C> {
    fn drop(&mut self) {
        self.members.dropped.set(true);
    }
}

impl<C: std::fmt::Debug> std::fmt::Debug for Checked<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Checked").field(&self.inner).finish()
    }
}
