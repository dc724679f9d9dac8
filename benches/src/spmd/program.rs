//! The SPMD workloads by name, each at three sizes.

use std::num::NonZeroUsize;

use par_core::Report;

use super::measure::{Measured, measure, measure_serial};
use super::{Heat, PingPong, Ring, SpmdWorkload, Stencil, Transpose, World};
use crate::catalogue::{CaseError, Size};

/// One SPMD workload at one size.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Program {
    /// Heat in a plate.
    Heat(Heat),
    /// PRK's star.
    Stencil(Stencil),
    /// PRK's transpose.
    Transpose(Transpose),
    /// A token that goes round.
    Ring(Ring),
    /// Latency and bandwidth.
    PingPong(PingPong),
}

/// Calls a generic function with whatever workload it is.
macro_rules! with {
    ($program:expr, $workload:ident => $call:expr) => {
        match $program {
            Program::Heat($workload) => $call,
            Program::Stencil($workload) => $call,
            Program::Transpose($workload) => $call,
            Program::Ring($workload) => $call,
            Program::PingPong($workload) => $call,
        }
    };
}

impl Program {
    /// The workload's name.
    pub fn name(&self) -> &'static str {
        fn name<W: SpmdWorkload>(_: &W) -> &'static str {
            W::NAME
        }
        with!(self, workload => name(workload))
    }

    /// Its parameters, as they are in reports.
    pub fn params(&self) -> serde_json::Value {
        with!(self, workload => serde_json::to_value(workload).unwrap_or_default())
    }

    /// What its answers are compared with.
    pub fn checked_against(&self) -> &'static str {
        with!(self, workload => workload.checked_against())
    }

    /// How few ranks can run it.
    pub fn ranks_min(&self) -> usize {
        with!(self, workload => workload.ranks_min())
    }

    /// How many ranks take part at the most.
    pub fn ranks_max(&self) -> Option<usize> {
        with!(self, workload => workload.ranks_max())
    }

    /// Passes when so many ranks can run it.
    ///
    /// # Errors
    /// The counts that can.
    pub fn unless_ranks(&self, ranks: NonZeroUsize) -> Result<(), String> {
        let (least, most) = (self.ranks_min(), self.ranks_max());
        if (least..=most.unwrap_or(usize::MAX)).contains(&ranks.get()) {
            return Ok(());
        }
        let name = self.name();
        Err(most.map_or_else(
            || format!("`{name}` needs at least {least} ranks"),
            |most| format!("`{name}` runs on {least} to {most} ranks"),
        ))
    }

    /// Runs it on all ranks of `world`, and verifies; `None` on a rank that only takes part.
    ///
    /// # Errors
    /// [`CaseError`]: a rank failed, or the answer is wrong.
    ///
    /// # Blocking
    /// Until every rank has ended.
    pub fn run(
        &self,
        world: &impl World,
        paradigm: &str,
        executor: &str,
    ) -> Result<Option<Measured>, CaseError> {
        with!(self, workload => measure(workload, world, paradigm, executor))
    }

    /// Runs its best serial code, and verifies; `None` where there is none.
    ///
    /// # Errors
    /// [`CaseError`]: the answer is wrong.
    pub fn run_serial(&self, paradigm: &str) -> Result<Option<Report>, CaseError> {
        let outcome = with!(self, workload => measure_serial(workload, paradigm));
        Ok(outcome.transpose()?)
    }

    /// Whether there is serial code to compare with.
    pub const fn has_serial(&self) -> bool {
        matches!(self, Self::Heat(_) | Self::Stencil(_) | Self::Transpose(_))
    }
}

/// An SPMD workload of the catalogue: its sizes.
#[derive(Debug)]
pub struct SpmdListed {
    test: Program,
    quick: Program,
    default: Program,
}

impl SpmdListed {
    /// The workload's name.
    pub fn name(&self) -> &'static str {
        self.quick.name()
    }

    /// The workload at one size.
    pub const fn program(&self, size: Size) -> &Program {
        match size {
            Size::Test => &self.test,
            Size::Quick => &self.quick,
            Size::Default => &self.default,
        }
    }
}

/// Every SPMD workload, in the order of reports.
///
/// # Examples
/// ```
/// use par_benches::catalogue::Size;
/// use par_benches::spmd::spmd_catalogue;
/// let names: Vec<_> = spmd_catalogue().iter().map(|listed| listed.program(Size::Quick).name()).collect();
/// assert_eq!(names, ["heat", "stencil", "transpose", "ring", "pingpong"]);
/// ```
pub fn spmd_catalogue() -> Vec<SpmdListed> {
    macro_rules! listed {
        ($($workload:ident),*) => {
            vec![$(SpmdListed {
                test: Program::$workload($workload::test()),
                quick: Program::$workload($workload::quick()),
                default: Program::$workload($workload::bench()),
            }),*]
        };
    }
    listed!(Heat, Stencil, Transpose, Ring, PingPong)
}
