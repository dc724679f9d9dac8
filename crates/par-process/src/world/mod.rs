//! A world whose ranks are processes of this machine.
//!
//! ```text
//! parent: run ──▶ brief, shared memory, a file per outcome ──▶ this program again, once per rank
//! rank:   init() ──▶ opens them through /proc ──▶ waits until all have joined ──▶ runs ──▶ outcome ──▶ exit
//! parent: sleeps until a process has ended ──▶ notes the end in the shared memory, wakes all ──▶ … ──▶ outcomes
//! ```
//! - Ranks talk through the shared memory alone; the parent is none of them, and takes no part but that of the coroner.
//! - Nobody waits for a process that may be dead: the kernel tells the parent of every end, and ends the ranks with the
//!   parent. A rank that is stopped holds its peers up until their wait limit, or until the run's deadline.
//! - Nothing has a name in any file system, so nothing can be left there.

mod brief;
mod builder;
mod launch;
mod life;
mod memory;
mod program;
mod rank;
mod transport;

use par_core::comm::{CommError, RankFailure, Spmd, SpmdError};
use par_core::plumbing::{catch_panic, record_panics};

pub(crate) use brief::MARK;
pub use builder::ProcessWorldBuilder;
pub use program::{PROGRAMS, Program};
pub(crate) use rank::join_if_marked;
pub use transport::{ProcessTransport, SharedWords};

/// The communicator of a rank that is a process.
pub type ProcessComm = par_core::comm::engine::Comm<ProcessTransport>;

/// A world whose ranks are processes of this machine: each an address space of its own, so that nothing but messages is
/// shared, and a rank that crashes takes no other with it.
///
/// The ranks are this program, started again; see [`program!`](crate::program) and [`init`](crate::init). They inherit its
/// environment, working directory, output and error output, and have no input. What a rank starts ends with it.
///
/// # Memory
/// Ranks talk through one memory file, which costs what is touched: 1 KiB and a bed per rank, 5 KiB per ordered pair of
/// ranks, and 256 KiB more for a pair once a message between them is longer than fits a few cache lines. Sixty-four ranks
/// in which all talk at length to all come to 1 GiB, 256 ranks to 17 GiB, the most there is. Beside it lie at most 256 MiB
/// of words that all ranks share, of which a checked world uses a little.
///
/// # Examples
/// ```no_run
/// use par_core::comm::{CommError, Communicator, Spmd, op};
/// use par_process::ProcessWorld;
///
/// #[derive(Debug, serde::Serialize, serde::Deserialize)]
/// struct SumOfRanks;
///
/// impl Spmd for SumOfRanks {
///     const NAME: &'static str = "sum-of-ranks";
///     type Output = u64;
///     fn run<C: Communicator>(&self, world: &C) -> Result<u64, CommError> {
///         let mut sum = [world.rank() as u64];
///         world.all_reduce_in_place(&mut sum, &op::Sum)?;
///         Ok(sum[0])
///     }
/// }
///
/// par_process::program!(SumOfRanks);
///
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     par_process::init(); // first: in a rank, which is this program started again, it never returns
///     assert_eq!(ProcessWorld::new(4)?.run(&SumOfRanks)?, [6, 6, 6, 6]);
///     Ok(())
/// }
/// ```
#[derive(Debug, Clone)]
pub struct ProcessWorld {
    config: ProcessWorldBuilder,
}

impl ProcessWorld {
    /// A world of `ranks` ranks, at most 256.
    ///
    /// # Errors
    /// [`SpmdError::NoWorld`], as [`ProcessWorldBuilder::build`] says.
    pub fn new(ranks: usize) -> Result<Self, SpmdError> {
        Self::builder().ranks(ranks).build()
    }

    /// Says how the world is to be.
    pub fn builder() -> ProcessWorldBuilder {
        ProcessWorldBuilder::default()
    }

    fn of(config: ProcessWorldBuilder) -> Result<Self, SpmdError> {
        crate::spawn::unless_marked(
            "a rank made a world instead of joining its own: call `par_process::init()` as the first thing in `main`, \
             and if the program is a test, set `harness = false`",
        );
        let no_world = |reason| SpmdError::NoWorld { ranks: config.ranks, reason };
        if config.ranks == 0 || config.ranks > memory::RANKS_MAX {
            return Err(no_world(format!("a world of processes has 1 to {} ranks", memory::RANKS_MAX)));
        }
        program::check_names(&PROGRAMS).map_err(no_world)?;
        Ok(Self { config })
    }

    /// How many ranks a run has.
    pub fn ranks(&self) -> usize {
        self.config.ranks
    }

    /// Runs a program on every rank, each a new process; what they yield, in rank order.
    ///
    /// # Errors
    /// [`SpmdError::NoWorld`] when the program is not registered, or when processes or memory are lacking: no rank has
    /// run then. [`SpmdError::Ranks`] when ranks failed, panicked or died, in the order in which they did, and those that
    /// only lost another last.
    ///
    /// # Blocking
    /// Until the processes have ended: as long as the program takes; after a failure, for the
    /// [grace](ProcessWorldBuilder::grace) at the longest; and never beyond the [deadline](ProcessWorldBuilder::deadline).
    pub fn run<P: Spmd>(&self, program: &P) -> Result<Vec<P::Output>, SpmdError> {
        let no_world = |reason| SpmdError::NoWorld { ranks: self.config.ranks, reason };
        let entry = program::find::<P>(&PROGRAMS).map_err(no_world)?;
        let parameters = postcard::to_allocvec(program).map_err(|error| {
            no_world(format!("the parameters of `{}` cannot be encoded: {error}", P::NAME))
        })?;
        let order = launch::Order { name: P::NAME, rust_type: entry.rust_type(), parameters };
        let encoded = launch::run(&self.config, order)?;

        record_panics();
        let (mut outputs, mut failures) = (Vec::with_capacity(encoded.len()), Vec::new());
        for (rank, bytes) in encoded.into_iter().enumerate() {
            match decode::<P>(&bytes) {
                Ok(output) => outputs.push(output),
                Err(failure) => failures.push((rank, failure)),
            }
        }
        if failures.is_empty() { Ok(outputs) } else { Err(SpmdError::of_ranks(failures)) }
    }
}

/// What a rank yields; the output's own `Deserialize` runs here, and may panic.
fn decode<P: Spmd>(bytes: &[u8]) -> Result<P::Output, RankFailure> {
    match catch_panic(|| postcard::from_bytes(bytes)) {
        Ok(Ok(output)) => Ok(output),
        Ok(Err(error)) => {
            let reason = format!("what `{}` yields cannot be decoded: {error}", P::NAME);
            Err(RankFailure::Failed(CommError::Codec(reason)))
        }
        Err(panic) => Err(RankFailure::Panicked(panic)),
    }
}
