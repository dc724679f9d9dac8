//! The unit of work that may travel.

/// The part of a run that time is spent in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase { /// Making inputs.
 Setup, /// Kernel.
 Compute }

/// The context of the running task.
#[derive(Debug)]
pub struct Context;

/// The context of the task that runs on this thread.
pub fn current() -> Context { Context }

impl Context {
    /// Accounts the time of `f` to `phase` instead of to compute.
    pub fn phase<R>(&self, _phase: Phase, f: impl FnOnce() -> R) -> R { f() }
}
