//! What every rank does.

use std::cell::RefCell;
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use par_benches::process_tree::measure_the_job;
use par_benches::program::{self, ExecutorSpec, StartError};
use par_benches::spmd::{Gathered, World};
use par_core::comm::{Communicator, Spmd, SpmdError};
use par_core::{Outcome, Plan, RunError, Runner, Workload};
use par_mpi::{MpiCollective, MpiPool, MpiWorld};

/// How long the workers of a pool may take to come.
const COMING: Duration = Duration::from_mins(1);
/// The exit code of a rank that has no world.
const NO_WORLD: u8 = 1;

thread_local! {
    /// The world, which is made before the command line is read, and ends with the program: a rank that fails ends the
    /// job before that, since the others would wait for it.
    static THE_WORLD: RefCell<Option<Rc<MpiWorld>>> = const { RefCell::new(None) };
}

/// The program of a rank.
pub(crate) fn main(executor: &str) -> ExitCode {
    // What checks cost is no part of what is measured.
    let world = match MpiWorld::builder().checked(false).build() {
        Ok(world) => Rc::new(world),
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(NO_WORLD);
        }
    };
    let rank = world.comm().rank();
    if rank == 0 {
        measure_the_job();
    } else if let Err(error) = be_silent() {
        eprintln!("rank {rank} cannot be silent: {error}");
        return ExitCode::from(NO_WORLD);
    }
    THE_WORLD.set(Some(Rc::clone(&world)));
    let code = match executor {
        super::POOL => serve(&world),
        super::COLLECTIVE => {
            let start = |_| Ok(Box::new(Ranks(the_world()?)) as Box<_>);
            program::run_rank("mpi", &[ExecutorSpec::runner(super::COLLECTIVE, start)], rank)
        }
        _ => {
            let start = |_| Ok(Ranks(the_world()?));
            program::run_rank("mpi", &[ExecutorSpec::world(super::WORLD, start)], rank)
        }
    };
    THE_WORLD.set(None);
    if code != 0 {
        world.abort(i32::from(code));
    }
    ExitCode::SUCCESS
}

/// Rank 0 runs the program on a pool of the others.
fn serve(world: &MpiWorld) -> u8 {
    let rank = world.comm().rank();
    let served = MpiPool::serve(world.comm(), |pool| {
        match pool.wait_ready(COMING) {
            Ok(true) => {}
            Ok(false) => {
                eprintln!("not all ranks have come within {COMING:?}");
                return NO_WORLD;
            }
            Err(error) => {
                eprintln!("{error}");
                return NO_WORLD;
            }
        }
        let spec = ExecutorSpec::started(super::POOL, Arc::new(pool.clone()), since_the_launch());
        program::run_rank("mpi", &[spec], rank)
    });
    match served {
        Ok(code) => code.unwrap_or(0),
        Err(error) => {
            eprintln!("rank {rank}: {error}");
            NO_WORLD
        }
    }
}

/// Sends what anything prints here to nowhere: the lines are rank 0's.
fn be_silent() -> std::io::Result<()> {
    let nowhere = std::fs::File::options().write(true).open("/dev/null")?;
    Ok(nix::unistd::dup2_stdout(nowhere)?)
}

fn since_the_launch() -> Duration {
    let launched = std::env::var(super::LAUNCHED).ok().and_then(|text| text.parse().ok());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    launched.map_or(Duration::ZERO, |launched| now.saturating_sub(Duration::from_nanos(launched)))
}

fn the_world() -> Result<Rc<MpiWorld>, StartError> {
    THE_WORLD.with_borrow(Clone::clone).ok_or_else(|| "the world is another thread's".into())
}

/// All ranks together.
struct Ranks(Rc<MpiWorld>);

impl<W: Workload> Runner<W> for Ranks {
    fn run(&self, workload: &W, plan: Plan) -> Result<Outcome<W::Output>, RunError> {
        let lost = |source| RunError::World { workload: W::NAME.to_owned(), source };
        MpiCollective::new(self.0.comm()).map_err(lost)?.run(workload, plan)
    }
}

impl World for Ranks {
    fn ranks(&self) -> NonZeroUsize {
        NonZeroUsize::new(self.0.comm().size()).unwrap_or(NonZeroUsize::MIN)
    }

    fn run<P: Spmd + Clone>(&self, program: &P) -> Result<Option<Vec<P::Output>>, SpmdError> {
        self.0.run(&Gathered::new(program.clone()))
    }
}
