//! A world of threads: every rank of a program is one.

mod builder;
mod hub;
mod transport;

use std::sync::Arc;

use par_core::comm::engine::{Comm, Ended, Settings};
use par_core::comm::{Checked, CommError, RankFailure, Spmd, SpmdError};
use par_core::plumbing::catch_panic;

use crate::{affinity, thread};
use hub::Hub;

pub use builder::ThreadWorldBuilder;
pub use hub::Words;
pub use transport::ThreadTransport;

/// The communicator of a [`ThreadWorld`].
pub type ThreadComm = Comm<ThreadTransport>;

/// A world whose ranks are threads of this process.
///
/// The same [`Spmd`] program runs here, on the processes of a `ProcessWorld` and on the ranks of an `MpiWorld`. Here it
/// needs nothing but this crate, starts in microseconds, can be debugged as any program, and a vector that is sent with
/// [`isend`](par_core::comm::Communicator::isend) moves to its receiver without a copy. Ranks share memory, so a program
/// that keeps state in `static`s behaves differently here than where each rank has its own.
///
/// A rank that fails or panics ends the waits of the others: they answer
/// [`CommError::RankLost`](par_core::comm::CommError::RankLost), and the world says which rank was the cause.
///
/// # Examples
/// ```
/// use par_core::comm::{Communicator, Source, Tag};
/// use par_threads::ThreadWorld;
///
/// let sums = ThreadWorld::new(3).run_fn(|world| {
///     let next = (world.rank() + 1) % world.size();
///     world.send(&[world.rank() as u64], next, Tag(1))?;
///     let (data, status) = world.recv::<u64>(Source::Any, Tag(1))?;
///     assert_eq!(data[0], status.source as u64);
///     Ok(data[0])
/// })?;
/// assert_eq!(sums, [2, 0, 1]);
/// # Ok::<(), par_core::comm::SpmdError>(())
/// ```
#[derive(Debug, Clone)]
pub struct ThreadWorld {
    ranks: usize,
    processors: usize,
    pinned: Option<Arc<[usize]>>,
    name: String,
    stack_size: Option<usize>,
    checked: bool,
    settings: Settings,
}

impl ThreadWorld {
    /// A world of `ranks` ranks with the settings of [`builder`](Self::builder).
    ///
    /// # Panics
    /// When `ranks` is 0.
    ///
    /// # Examples
    /// ```
    /// use par_core::comm::Communicator;
    /// assert_eq!(par_threads::ThreadWorld::new(4).run_fn(|world| Ok(world.rank()))?, [0, 1, 2, 3]);
    /// # Ok::<(), par_core::comm::SpmdError>(())
    /// ```
    pub fn new(ranks: usize) -> Self {
        match Self::builder().ranks(ranks).build() {
            Ok(world) => world,
            Err(error) => panic!("{error}"),
        }
    }

    /// Settings of a world.
    pub fn builder() -> ThreadWorldBuilder {
        ThreadWorldBuilder::default()
    }

    /// How many ranks there are.
    pub fn ranks(&self) -> usize {
        self.ranks
    }

    /// Runs a program on every rank; what they yield, in rank order.
    ///
    /// # Errors
    /// [`SpmdError::Ranks`] when a rank failed, [`SpmdError::NoWorld`] when the system refuses a thread.
    ///
    /// # Blocking
    /// Until the last rank has ended.
    pub fn run<P: Spmd>(&self, program: &P) -> Result<Vec<P::Output>, SpmdError> {
        self.run_fn(|world| if self.checked { Checked::run(program, world) } else { program.run(world) })
    }

    /// Runs a closure on every rank; what they yield, in rank order. It is not checked: a closure takes the communicator as
    /// it is.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    ///
    /// # Panics
    /// Never: a panic of a rank is its failure.
    ///
    /// # Blocking
    /// As [`run`](Self::run).
    pub fn run_fn<R: Send>(
        &self,
        f: impl Fn(&ThreadComm) -> Result<R, CommError> + Sync,
    ) -> Result<Vec<R>, SpmdError> {
        let hub = Arc::new(Hub::new(self.ranks, self.processors));
        let (outcomes, refused) = thread::scope(|scope| {
            let (mut threads, mut refused) = (Vec::new(), None);
            for rank in 0..self.ranks {
                let (hub, f, pinned) = (Arc::clone(&hub), &f, self.pinned.as_deref());
                let mut builder = scope.builder().name(format!("{}-{rank}", self.name));
                if let Some(bytes) = self.stack_size {
                    builder = builder.stack_size(bytes);
                }
                let run = move || run_rank(&hub, rank, pinned, self.settings.clone(), f);
                match builder.spawn(run) {
                    Ok(thread) => threads.push(thread),
                    Err(error) => {
                        refused.get_or_insert(error.to_string());
                        break;
                    }
                }
            }
            if refused.is_some() {
                hub.give_up();
            }
            let outcomes: Vec<_> = threads.into_iter().map(thread::ScopedJoinHandle::join).collect();
            (outcomes, refused)
        });
        let no_world = |reason| SpmdError::NoWorld { ranks: self.ranks, reason };
        if let Some(reason) = refused {
            return Err(no_world(reason));
        }
        let (mut outputs, mut failures) = (Vec::new(), Vec::new());
        for (rank, outcome) in outcomes.into_iter().enumerate() {
            match outcome.expect("a panic of a rank is caught on its thread") {
                Ok(output) => outputs.push(output),
                Err(Start::Failed(failure)) => failures.push((rank, failure)),
                Err(Start::Refused(reason)) => return Err(no_world(reason)),
            }
        }
        if failures.is_empty() { Ok(outputs) } else { Err(SpmdError::of_ranks(failures)) }
    }
}

/// Why a rank has no output.
enum Start {
    /// It was not started.
    Refused(String),
    Failed(RankFailure),
}

/// What the thread of a rank does.
fn run_rank<R>(
    hub: &Arc<Hub>,
    rank: usize,
    pinned: Option<&[usize]>,
    settings: Settings,
    f: &(impl Fn(&ThreadComm) -> Result<R, CommError> + Sync),
) -> Result<R, Start> {
    let prepared = pinned.map_or(Ok(()), |processors| affinity::pin(rank, processors));
    if !hub.arrive(prepared.is_ok()) {
        let others = |()| "another rank could not be started".to_owned();
        return Err(Start::Refused(prepared.map_or_else(|error| error.to_string(), others)));
    }
    let outcome = catch_panic(|| {
        let comm = Comm::world(ThreadTransport::new(hub, rank), settings);
        let output = f(&comm)?;
        comm.finish()?;
        Ok(output)
    });
    let (ended, outcome) = match outcome {
        Ok(Ok(output)) => ((false, "it has finished".to_owned()), Ok(output)),
        Ok(Err(error)) => ((true, format!("it failed: {error}")), Err(RankFailure::Failed(error))),
        Err(panic) => ((true, format!("it panicked: {panic}")), Err(RankFailure::Panicked(panic))),
    };
    let (failed, reason) = ended;
    hub.end(rank, Ended { failed, reason });
    outcome.map_err(Start::Failed)
}
