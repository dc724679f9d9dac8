//! How many futures are alive: each carries a mark.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts the marks that are not dropped.
#[derive(Debug, Clone, Default)]
pub(crate) struct Live(Arc<AtomicUsize>);

impl Live {
    pub(crate) fn mark(&self) -> Mark {
        self.0.fetch_add(1, Ordering::SeqCst);
        Mark(self.clone())
    }

    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

#[derive(Debug)]
pub(crate) struct Mark(Live);

impl Drop for Mark {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::SeqCst);
    }
}
