//! What a program can run things on.

use std::error::Error;
use std::fmt;
use std::num::NonZeroUsize;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use par_core::Executor;

use crate::catalogue::{CaseError, StandardRunner};
use crate::spmd::{Measured, Program, World};

/// Why an executor could not be started; any error or text.
pub type StartError = Box<dyn Error + Send + Sync>;
/// Starts an executor with that many workers.
pub type Start = fn(NonZeroUsize) -> Result<Box<dyn Executor>, StartError>;

/// Starts so many workers that run workloads together.
pub type StartRunner = fn(NonZeroUsize) -> Result<Box<dyn StandardRunner>, StartError>;
/// The command that starts this program again, as so many workers; the arguments are put behind it.
pub type Launch = fn(NonZeroUsize) -> Result<Command, StartError>;

/// What can be run on something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runs {
    /// Whatever an executor runs: workloads, task graphs, METG.
    Tasks,
    /// Workloads of chunks alone.
    Chunks,
    /// Workloads that need messages.
    Messages,
}

/// One executor of a bench program: its name, and how to start it or why that is not possible here.
#[derive(Debug, Clone)]
pub struct ExecutorSpec {
    pub(super) name: String,
    pub(super) max_workers: Option<NonZeroUsize>,
    pub(super) kind: Kind,
}

/// Starts a world with that many ranks.
pub(super) type StartWorld = Arc<dyn Fn(NonZeroUsize) -> Result<Box<dyn AnyWorld>, StartError> + Send + Sync>;

/// A world whose type is erased: what programs it runs is known.
pub(super) trait AnyWorld {
    fn measure(
        &self,
        program: &Program,
        paradigm: &str,
        executor: &str,
    ) -> Result<Option<Measured>, CaseError>;
}

impl<W: World> AnyWorld for W {
    fn measure(
        &self,
        program: &Program,
        paradigm: &str,
        executor: &str,
    ) -> Result<Option<Measured>, CaseError> {
        program.run(self, paradigm, executor)
    }
}

/// What stands behind the name.
#[derive(Clone)]
pub(super) enum Kind {
    /// `Workload::serial`, without any executor.
    BestSerial,
    Present(Start),
    /// An executor that was started before the program looked at its command line, in that time.
    Started(Arc<dyn Executor>, Duration),
    /// Something that runs workloads and is no executor.
    Runner(StartRunner),
    /// Ranks that talk to one another.
    World(StartWorld),
    /// This program, started again by a launcher of ranks.
    Launched(Runs, Launch),
    Absent {
        reason: String,
        remedy: String,
    },
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BestSerial => f.write_str("BestSerial"),
            Self::Present(_) => f.write_str("Present"),
            Self::Started(..) => f.write_str("Started"),
            Self::Runner(_) => f.write_str("Runner"),
            Self::World(_) => f.write_str("World"),
            Self::Launched(runs, _) => write!(f, "Launched({runs:?})"),
            Self::Absent { reason, .. } => write!(f, "Absent({reason})"),
        }
    }
}

impl ExecutorSpec {
    /// An executor that can be started here.
    ///
    /// # Examples
    /// ```
    /// use par_benches::program::ExecutorSpec;
    /// use par_core::LoopbackExecutor;
    /// let spec = ExecutorSpec::present("loopback", |_| Ok(Box::new(LoopbackExecutor::new()))).max_workers(1);
    /// ```
    pub fn present(name: impl Into<String>, start: Start) -> Self {
        Self { name: name.into(), max_workers: None, kind: Kind::Present(start) }
    }

    /// A world that can be started here; it runs the workloads that need messages, and no others.
    ///
    /// # Examples
    /// ```
    /// use std::num::NonZeroUsize;
    /// use par_benches::program::ExecutorSpec;
    /// use par_benches::spmd::World;
    /// use par_core::comm::{Spmd, SpmdError};
    /// use par_core::testing::ModelWorld;
    ///
    /// struct Model(NonZeroUsize);
    ///
    /// impl World for Model {
    ///     fn ranks(&self) -> NonZeroUsize { self.0 }
    ///     fn run<P: Spmd + Clone>(&self, program: &P) -> Result<Option<Vec<P::Output>>, SpmdError> {
    ///         ModelWorld::new(self.0.get()).run(program).map(Some)
    ///     }
    /// }
    ///
    /// let spec = ExecutorSpec::world("model-world", |ranks| Ok(Model(ranks)));
    /// ```
    pub fn world<W: World + 'static>(
        name: impl Into<String>,
        start: fn(NonZeroUsize) -> Result<W, StartError>,
    ) -> Self {
        let start: StartWorld =
            Arc::new(move |ranks| start(ranks).map(|world| Box::new(world) as Box<dyn AnyWorld>));
        Self { name: name.into(), max_workers: None, kind: Kind::World(start) }
    }

    /// An executor that is there already, and took `start` to start: the ranks of a job are its workers, and begin
    /// before anybody reads the command line.
    ///
    /// # Examples
    /// ```
    /// use std::sync::Arc;
    /// use std::time::Duration;
    /// use par_benches::program::ExecutorSpec;
    /// use par_core::LoopbackExecutor;
    /// let spec = ExecutorSpec::started("loopback", Arc::new(LoopbackExecutor::new()), Duration::ZERO);
    /// ```
    pub fn started(name: impl Into<String>, executor: Arc<dyn Executor>, start: Duration) -> Self {
        Self { name: name.into(), max_workers: None, kind: Kind::Started(executor, start) }
    }

    /// Something that runs workloads of chunks and is no executor.
    ///
    /// # Examples
    /// ```
    /// use par_benches::program::ExecutorSpec;
    /// use par_core::SerialExecutor;
    /// let spec = ExecutorSpec::runner("together", |_| Ok(Box::new(SerialExecutor::new())));
    /// ```
    pub fn runner(name: impl Into<String>, start: StartRunner) -> Self {
        Self { name: name.into(), max_workers: None, kind: Kind::Runner(start) }
    }

    /// This program again, started by a launcher: what its first process prints is printed here.
    ///
    /// # Examples
    /// ```
    /// use std::process::Command;
    /// use par_benches::program::{ExecutorSpec, Runs};
    /// let spec = ExecutorSpec::launched("ranks", Runs::Chunks, |workers| {
    ///     let mut command = Command::new("mpirun");
    ///     command.args(["-n", &workers.to_string()]).arg(std::env::current_exe()?);
    ///     Ok(command)
    /// });
    /// ```
    pub fn launched(name: impl Into<String>, runs: Runs, launch: Launch) -> Self {
        Self { name: name.into(), max_workers: None, kind: Kind::Launched(runs, launch) }
    }

    /// An executor that cannot run here: why, and the command that would help.
    pub fn absent(name: impl Into<String>, reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        let kind = Kind::Absent { reason: reason.into(), remedy: remedy.into() };
        Self { name: name.into(), max_workers: None, kind }
    }

    /// The best serial code of each workload, under the name `serial`: what absolute speedups are measured against.
    pub fn best_serial() -> Self {
        Self { name: "serial".to_owned(), max_workers: Some(NonZeroUsize::MIN), kind: Kind::BestSerial }
    }

    /// It never has more workers than these (0 is taken for 1).
    #[must_use]
    pub fn max_workers(self, workers: usize) -> Self {
        Self { max_workers: Some(NonZeroUsize::new(workers).unwrap_or(NonZeroUsize::MIN)), ..self }
    }
}
