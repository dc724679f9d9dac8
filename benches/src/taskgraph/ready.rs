//! Submitting from callbacks without recursion.
//!
//! A task may be done before `submit` returns: on an executor that is its own caller it always is, and a full pool
//! runs another job within `submit`. The callback then submits what became ready, whose callbacks do the same, and a
//! graph of a million steps would need a stack as deep. So a thread that is submitting already only notes what else
//! became ready, and its outermost call submits that, too.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use super::run::Run;

thread_local! {
    static SUBMITTING: Cell<bool> = const { Cell::new(false) };
    static READY: RefCell<Vec<(Arc<Run>, usize)>> = const { RefCell::new(Vec::new()) };
}

/// Submits a task of the run, now or when this thread's outermost submission is done.
pub(super) fn submit(run: &Arc<Run>, index: usize) {
    if SUBMITTING.replace(true) {
        READY.with_borrow_mut(|ready| ready.push((Arc::clone(run), index)));
        return;
    }
    let _outermost = Outermost;
    Arc::clone(run).submit(index);
    while let Some((run, index)) = READY.with_borrow_mut(Vec::pop) {
        run.submit(index);
    }
}

/// Ends the thread's outermost submission, also when it panics.
struct Outermost;

impl Drop for Outermost {
    fn drop(&mut self) {
        SUBMITTING.set(false);
    }
}
