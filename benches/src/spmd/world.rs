//! What bench programs run SPMD workloads on.

use std::num::NonZeroUsize;

use par_core::comm::{CommError, Communicator, Spmd, SpmdError};
use par_process::ProcessWorld;
use par_threads::ThreadWorld;
use serde::{Deserialize, Serialize};

use super::{Heat, PingPong, Ring, Stencil, Transpose};

/// Ranks that can run any SPMD program.
///
/// Where every rank is a process that runs the whole bench program, as under `mpirun`, each calls [`run`](Self::run)
/// for the same programs in the same order, and rank 0 alone gets what they yield; [`Gathered`] makes that of a
/// communicator.
///
/// # Examples
/// ```
/// use std::num::NonZeroUsize;
/// use par_benches::spmd::{Gathered, World};
/// use par_core::comm::{Communicator, Spmd, SpmdError};
///
/// /// A world whose ranks are the processes of a job.
/// struct Job<W>(W);
/// # trait JobOfRanks { fn ranks(&self) -> NonZeroUsize; fn run<P: Spmd>(&self, p: &P) -> Result<P::Output, SpmdError>; }
///
/// impl<W: JobOfRanks> World for Job<W> {
///     fn ranks(&self) -> NonZeroUsize { self.0.ranks() }
///     fn run<P: Spmd + Clone>(&self, program: &P) -> Result<Option<Vec<P::Output>>, SpmdError> {
///         self.0.run(&Gathered::new(program.clone()))
///     }
/// }
/// ```
pub trait World {
    /// How many ranks there are.
    fn ranks(&self) -> NonZeroUsize;

    /// Runs a program on every rank; what they yield, in rank order, or `None` on a rank that does not get it.
    ///
    /// # Errors
    /// [`SpmdError`]: a rank failed.
    ///
    /// # Blocking
    /// Until every rank has ended.
    fn run<P: Spmd + Clone>(&self, program: &P) -> Result<Option<Vec<P::Output>>, SpmdError>;
}

impl World for ThreadWorld {
    fn ranks(&self) -> NonZeroUsize {
        NonZeroUsize::new(self.ranks()).expect("a world has at least one rank")
    }

    fn run<P: Spmd + Clone>(&self, program: &P) -> Result<Option<Vec<P::Output>>, SpmdError> {
        self.run(program).map(Some)
    }
}

// Ranks that are processes know the programs by what is registered here.
par_process::program!(Heat);
par_process::program!(Stencil);
par_process::program!(Transpose);
par_process::program!(Ring);
par_process::program!(PingPong);

impl World for ProcessWorld {
    fn ranks(&self) -> NonZeroUsize {
        NonZeroUsize::new(self.ranks()).expect("a world has at least one rank")
    }

    fn run<P: Spmd + Clone>(&self, program: &P) -> Result<Option<Vec<P::Output>>, SpmdError> {
        self.run(program).map(Some)
    }
}

/// A program after which rank 0 has what every rank yielded.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Gathered<P> {
    program: P,
}

impl<P> Gathered<P> {
    /// Runs `program`, and gathers.
    pub const fn new(program: P) -> Self {
        Self { program }
    }
}

impl<P: Spmd> Spmd for Gathered<P> {
    const NAME: &'static str = P::NAME;
    type Output = Option<Vec<P::Output>>;

    fn run<C: Communicator>(&self, world: &C) -> Result<Self::Output, CommError> {
        let output = self.program.run(world)?;
        world.gather_values(&output, 0)
    }
}
