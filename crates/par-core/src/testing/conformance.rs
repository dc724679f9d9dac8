//! The suite and its verdicts.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

use super::behaviours::{cancelling, failing, mapping, nesting, running, submitting, wire};
use super::within;
use crate::{Capabilities, Executor};

/// Each behaviour has this long; the slowest is meant to take two seconds on a busy machine.
const LIMIT: Duration = Duration::from_mins(1);

/// Whether one behaviour holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It does.
    Holds,
    /// The executor's [`Capabilities`] do not promise it.
    NotPromised,
}

/// What [`check`] found: a row of the feature matrix.
#[derive(Debug, Clone)]
pub struct Conformance {
    /// The executor's name.
    pub executor: &'static str,
    /// What the executor promises.
    pub capabilities: Capabilities,
    /// Every behaviour, in words, and its verdict.
    pub behaviours: Vec<(&'static str, Verdict)>,
}

impl fmt::Display for Conformance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (behaviour, verdict) in &self.behaviours {
            let mark = if *verdict == Verdict::Holds { "holds" } else { "not promised" };
            writeln!(f, "{:16} {mark:12} {behaviour}", self.executor)?;
        }
        Ok(())
    }
}

/// A behaviour: what it says, whether it is promised, and the test.
pub(super) struct Behaviour {
    pub(super) says: &'static str,
    pub(super) promised: fn(&Capabilities) -> bool,
    pub(super) test: fn(&dyn Executor),
}

impl Behaviour {
    pub(super) const fn always(says: &'static str, test: fn(&dyn Executor)) -> Self {
        Self { says, promised: |_| true, test }
    }

    pub(super) const fn when(
        says: &'static str,
        promised: fn(&Capabilities) -> bool,
        test: fn(&dyn Executor),
    ) -> Self {
        Self { says, promised, test }
    }
}

/// Checks every behaviour that an executor promises, except its shutdown ([`check_shutdown`](super::check_shutdown)).
///
/// The executor must be idle and is idle again afterwards; a small queue bound makes the back-pressure test quick.
///
/// # Panics
/// When a behaviour does not hold, naming it; a behaviour that hangs ends the process after a minute.
pub fn check(executor: &dyn Executor) -> Conformance {
    let capabilities = executor.capabilities();
    let suites: [&[Behaviour]; 7] =
        [submitting::ALL, mapping::ALL, failing::ALL, cancelling::ALL, nesting::ALL, wire::ALL, running::ALL];
    let behaviours = suites.into_iter().flatten().map(|behaviour| {
        let promised = (behaviour.promised)(&capabilities);
        if promised {
            test(behaviour, executor);
        }
        (behaviour.says, if promised { Verdict::Holds } else { Verdict::NotPromised })
    });
    Conformance { executor: executor.name(), capabilities, behaviours: behaviours.collect() }
}

fn test(behaviour: &Behaviour, executor: &dyn Executor) {
    let what = format!("{}: {}", executor.name(), behaviour.says);
    let result = within(LIMIT, &what, || catch_unwind(AssertUnwindSafe(|| (behaviour.test)(executor))));
    if let Err(panic) = result {
        eprintln!("`{what}` does not hold");
        resume_unwind(panic);
    }
}
