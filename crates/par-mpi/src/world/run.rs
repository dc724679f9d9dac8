//! A program on every rank, and the agreement about how it ended.

use std::time::Instant;

use par_core::Panic;
use par_core::comm::{Checked, CommError, Communicator, RankFailure, Spmd, SpmdError, op::Builtin};
use par_core::plumbing::catch_panic;
use serde::{Deserialize, Serialize};

use super::session::{FAILED, PANICKED};
use super::{MpiWorld, last_words};
use crate::comm::MpiComm;
use crate::native::base::{self, Datatype, Op};
use crate::native::operation::{self, Fold};

/// How a rank ended, as the others are told.
#[derive(Debug, Clone, Serialize, Deserialize)]
enum End {
    Well,
    Failed(CommError),
    Panicked(Panic),
}

impl MpiWorld {
    /// Runs a program on this rank, as every rank does, and yields what it yields here.
    ///
    /// When a rank fails and the others end, too, every rank gets the failures of all. When the others do not end
    /// within the [grace](super::Builder::grace), because they wait for what the failed rank will not send, it says
    /// `rank 2: …` on standard error and ends the whole job with exit code 101 for a panic and 102 for an error.
    ///
    /// # Errors
    /// [`SpmdError::Ranks`] when a rank failed; the world is then good for nothing but its end.
    ///
    /// # Blocking
    /// Until every rank has ended its program.
    pub fn run<P: Spmd>(&self, program: &P) -> Result<P::Output, SpmdError> {
        let checked = self.comm().session().settings.checked;
        self.run_fn(|comm| if checked { Checked::run(program, comm) } else { program.run(comm) })
    }

    /// As [`run`](Self::run), with a closure and without checks.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    ///
    /// # Blocking
    /// Until every rank has ended its program.
    pub fn run_fn<R>(&self, f: impl FnOnce(&MpiComm) -> Result<R, CommError>) -> Result<R, SpmdError> {
        par_core::plumbing::record_panics();
        let (output, end) = match catch_panic(|| f(self.comm())) {
            Ok(Ok(output)) => (Some(output), End::Well),
            Ok(Err(error)) => (None, End::Failed(error)),
            Err(panic) => (None, End::Panicked(panic)),
        };
        let failures = self.agree(&end).unwrap_or_else(|error| self.end_job(&End::Failed(error)));
        match output {
            Some(output) if failures.is_empty() => Ok(output),
            _ => Err(SpmdError::of_ranks(failures)),
        }
    }

    /// The failures of all ranks, once all have ended.
    fn agree(&self, end: &End) -> Result<Vec<(usize, RankFailure)>, CommError> {
        let comm = self.comm();
        let failed = u8::from(!matches!(end, End::Well));
        let number = Datatype::byte();
        let max = Op::builtin(Builtin::Max);
        let mut all = operation::fold(comm.hidden(), Fold::AllReduce, vec![failed], &number, max)?;
        if failed == 1 {
            let begun = Instant::now();
            while !all.test() {
                if begun.elapsed() > comm.session().settings.grace {
                    self.end_job(end);
                }
                std::thread::yield_now();
            }
        }
        all.wait();
        all.outcome()?;
        if all.into_buffers().is_none_or(|worst| worst[0] == 0) {
            return Ok(Vec::new());
        }
        let ends: Vec<End> = comm.tell_all(end)?;
        let failure = |end| match end {
            End::Well => None,
            End::Failed(error) => Some(RankFailure::Failed(error)),
            End::Panicked(panic) => Some(RankFailure::Panicked(panic)),
        };
        Ok(ends.into_iter().enumerate().filter_map(|(rank, end)| Some((rank, failure(end)?))).collect())
    }

    /// Says why, and ends all ranks.
    fn end_job(&self, end: &End) -> ! {
        let code = match end {
            // Its line was said where it panicked.
            End::Panicked(_) => PANICKED,
            End::Failed(error) => {
                last_words::say(self.comm().rank(), &error.to_string());
                FAILED
            }
            End::Well => FAILED,
        };
        base::abort(code)
    }
}
