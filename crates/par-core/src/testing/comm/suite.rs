//! The suite as a program.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::findings::Findings;
use super::stage::{Behaviour, run};
use super::{boards, collectives, dividing, grids, point_to_point, probing, reductions, requests, values};
use crate::comm::{CommError, Communicator, Spmd, SpmdError};

/// Every behaviour of a communicator, as a program that every rank of a world runs.
///
/// # Examples
/// ```
/// use par_core::testing::{ModelWorld, comm::Suite};
///
/// let suite = Suite::only("scan");
/// for findings in ModelWorld::new(2).run(&suite)? {
///     findings.unless_broken()?;
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suite {
    only: Option<String>,
    limit: Duration,
}

impl Default for Suite {
    fn default() -> Self {
        Self { only: None, limit: Duration::from_mins(1) }
    }
}

impl Suite {
    /// All behaviours.
    pub fn new() -> Self {
        Self::default()
    }

    /// The behaviours that have `part` in what they say, as [`Findings`] tell it.
    pub fn only(part: &str) -> Self {
        Self { only: Some(part.to_owned()), ..Self::default() }
    }

    /// How long a behaviour may take, after which it is broken; a minute if nothing is said.
    #[must_use]
    pub fn limit(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    fn takes(&self, says: &str) -> bool {
        self.only.as_ref().is_none_or(|part| says.contains(part.as_str()))
    }
}

fn all<C: Communicator>() -> Vec<Behaviour<C>> {
    let mut all = Vec::new();
    all.extend(point_to_point::all());
    all.extend(requests::all());
    all.extend(probing::all());
    all.extend(values::all());
    all.extend(collectives::all());
    all.extend(reductions::all());
    all.extend(dividing::all());
    all.extend(grids::all());
    all.extend(boards::all());
    all
}

impl Spmd for Suite {
    const NAME: &'static str = "communicator-suite";
    type Output = Findings;

    fn run<C: Communicator>(&self, world: &C) -> Result<Findings, CommError> {
        let mut behaviours = Vec::new();
        for behaviour in all::<C>().iter().filter(|behaviour| self.takes(behaviour.says)) {
            behaviours.push((behaviour.says.to_owned(), run(world, behaviour, self.limit)?));
        }
        Ok(Findings { ranks: world.size(), behaviours })
    }
}

/// Has a world run the whole suite; what was found.
///
/// # Panics
/// When a behaviour does not hold, naming `world` and the behaviour, or when the world fails; a behaviour that hangs
/// ends the process after two and a half minutes.
pub fn check_communicator(
    world: &str,
    run: impl FnOnce(&Suite) -> Result<Vec<Findings>, SpmdError>,
) -> Findings {
    let mut all = match run(&Suite::new()) {
        Ok(all) => all,
        Err(error) => panic!("{world} failed in the suite of communicators: {error}"),
    };
    let Some(findings) = all.pop() else { panic!("{world} has run the suite on no rank") };
    assert!(all.iter().all(|other| *other == findings), "{world}: ranks were told different findings");
    if let Err(broken) = findings.unless_broken() {
        panic!("{world}: {broken}");
    }
    findings
}
