//! Many tasks: lazy input, a bounded number in flight, results in order or as they come.

mod chunking;
mod intake;
mod ordered;
mod unordered;

pub use chunking::Chunking;
pub use ordered::Map;
pub use unordered::MapUnordered;

use std::num::NonZeroUsize;
use std::time::Instant;

use crate::{Handle, Options, SubmitError, TaskError};

type Submit<'e, A, O> = Box<dyn Fn(A, Options) -> Result<Handle<O>, SubmitError> + 'e>;

/// How items reach an executor, its type and theirs erased.
pub(crate) struct Feed<'e, A, O: Send + 'static> {
    pub(crate) workers: NonZeroUsize,
    pub(crate) one: Submit<'e, A, O>,
    pub(crate) many: Submit<'e, Vec<A>, Vec<Result<O, TaskError>>>,
}

/// A batch under way.
enum Pending<O: Send + 'static> {
    One(Handle<O>),
    Many(Handle<Vec<Result<O, TaskError>>>, usize),
}

impl<O: Send + 'static> Pending<O> {
    fn is_finished(&self) -> bool {
        match self {
            Self::One(handle) => handle.is_finished(),
            Self::Many(handle, _) => handle.is_finished(),
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match self {
            Self::One(handle) => handle.deadline(),
            Self::Many(handle, _) => handle.deadline(),
        }
    }

    /// How many results it will yield.
    fn items(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Many(_, items) => *items,
        }
    }

    fn cancel(&self) {
        match self {
            Self::One(handle) => handle.cancel(),
            Self::Many(handle, _) => handle.cancel(),
        };
    }

    /// Blocks until it is finished or `until` has passed, without taking it.
    fn block(&self, until: Instant) {
        match self {
            Self::One(handle) => handle.block(Some(until)),
            Self::Many(handle, _) => handle.block(Some(until)),
        };
    }

    fn on_done(&self, notify: impl FnOnce() + Send + 'static) {
        match self {
            Self::One(handle) => handle.on_done(move |_| notify()),
            Self::Many(handle, _) => handle.on_done(move |_| notify()),
        }
    }

    /// The results, one per item, and the batch's timing.
    fn wait(self, mut each: impl FnMut(Result<O, TaskError>)) -> Option<(usize, crate::Timing)> {
        match self {
            Self::One(handle) => {
                let (result, timing) = handle.wait_timed();
                each(result);
                timing.map(|timing| (1, timing))
            }
            Self::Many(handle, items) => {
                let (result, timing) = handle.wait_timed();
                match result {
                    Ok(results) => results.into_iter().for_each(&mut each),
                    // The whole batch is lost: each of its items says so.
                    Err(error) => (0..items).for_each(|_| each(Err(error.clone()))),
                }
                timing.map(|timing| (items, timing))
            }
        }
    }
}
