//! The workloads that need messages: at several numbers of ranks, against wrong answers, and in a bench program.

mod heat;
mod pingpong;
mod program;
mod ring;
mod stencil;
mod transpose;
mod worlds;

use std::num::NonZeroUsize;
use std::time::Duration;

use libtest_mimic::Trial;
use par_benches::spmd::{Ranked, SpmdWorkload, World};
use par_core::comm::{Spmd, SpmdError};
use par_core::testing::{ModelWorld, within};

const RANKS: [usize; 5] = [1, 2, 3, 4, 7];
const LIMIT: Duration = Duration::from_mins(2);

pub(crate) fn trials() -> Vec<Trial> {
    let trials = [
        heat::trials(),
        pingpong::trials(),
        program::trials(),
        ring::trials(),
        stencil::trials(),
        transpose::trials(),
        worlds::trials(),
    ];
    trials.into_iter().flatten().collect()
}

/// The plainest world, as bench programs see it.
#[derive(Debug)]
pub(crate) struct Model(pub(crate) NonZeroUsize);

impl World for Model {
    fn ranks(&self) -> NonZeroUsize {
        self.0
    }

    fn run<P: Spmd + Clone>(&self, program: &P) -> Result<Option<Vec<P::Output>>, SpmdError> {
        ModelWorld::new(self.0.get()).run(program).map(Some)
    }
}

/// Runs on that many ranks, within the limit.
fn outputs<W: SpmdWorkload>(workload: &W, ranks: usize) -> Vec<Ranked<W::Part>> {
    within(LIMIT, W::NAME, || ModelWorld::new(ranks).run(workload)).unwrap()
}

/// What the ranks found, which is verified.
fn verified<W: SpmdWorkload>(workload: &W, ranks: usize) -> Vec<W::Part> {
    let parts: Vec<W::Part> = outputs(workload, ranks).into_iter().map(|output| output.part).collect();
    assert_eq!(parts.len(), ranks);
    workload.verify(&parts).unwrap();
    parts
}

/// The serial code, which is verified too.
fn verified_serially<W: SpmdWorkload>(workload: &W) {
    let time = within(LIMIT, W::NAME, || workload.run_serial()).unwrap().unwrap();
    assert!(time.wall > Duration::ZERO);
}
