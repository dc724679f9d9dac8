//! Threads that others wait for.

use std::panic::Location;
use std::sync::{Arc, OnceLock};

use super::target::Target;
use super::thread::{self, ThreadRecord};
use super::tracked::wait;
use super::waits::Waiting;

/// A thread that others may join, from before it begins.
#[derive(Clone)]
pub(crate) struct ThreadMark(Arc<Mark>);

struct Mark {
    name: Box<str>,
    thread: OnceLock<Arc<ThreadRecord>>,
}

/// A wait for the end of threads, until it is dropped.
pub(crate) struct Joining {
    _waiting: Option<Waiting>,
}

impl ThreadMark {
    /// A thread of this name that has not begun.
    pub(crate) fn new(name: &str) -> Self {
        Self(Arc::new(Mark { name: name.into(), thread: OnceLock::new() }))
    }

    /// This thread is the one; it says so when it begins.
    pub(crate) fn adopt(&self) {
        if let Some(thread) = thread::here() {
            self.0.thread.get_or_init(|| thread);
        }
    }

    /// Begins to wait, without a timeout, for all of these threads; panics if that would never end.
    ///
    /// `threads` says which ones at any time, and takes no lock under which this crate waits for anything.
    #[track_caller]
    pub(crate) fn joining(threads: impl Fn() -> Vec<Self> + Send + 'static) -> Joining {
        let at = Location::caller();
        let Some(thread) = thread::here() else { return Joining { _waiting: None } };
        Joining { _waiting: Some(wait(&thread, Target::Threads(Box::new(threads)), at)) }
    }

    /// The thread, if it has begun.
    pub(super) fn thread(&self) -> Option<&Arc<ThreadRecord>> {
        self.0.thread.get()
    }

    pub(super) fn name(&self) -> &str {
        &self.0.name
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::thread::scope;
    use std::time::Duration;

    use par_core::testing::within;

    use super::*;
    use crate::{Mutex, deadlock};

    const LIMIT: Duration = Duration::from_secs(20);

    #[test]
    fn a_thread_that_joins_one_which_waits_for_its_lock() {
        let mutex = Mutex::new(());
        let (mark, inner) = (ThreadMark::new("outer"), ThreadMark::new("inner"));
        let panics = within(LIMIT, "a join with a lock in hand", || {
            scope(|s| {
                let (mark, inner, mutex) = (&mark, &inner, &mutex);
                let panic = s.spawn(move || {
                    inner.adopt();
                    let guard = mutex.lock();
                    let joined = s.spawn(move || {
                        mark.adopt();
                        par_core::plumbing::catch_panic(|| drop(mutex.lock())).err()
                    });
                    let joining = par_core::plumbing::catch_panic(|| {
                        let mark = mark.clone();
                        let joining = ThreadMark::joining(move || vec![mark.clone()]);
                        // The join itself: over when the thread is, or when it has told its panic.
                        while !joined.is_finished() {
                            std::thread::yield_now();
                        }
                        drop(joining);
                    });
                    drop(guard);
                    [joining.err(), joined.join().expect("caught")]
                });
                panic.join().expect("caught")
            })
        });
        let [panic] = &panics.iter().flatten().collect::<Vec<_>>()[..] else {
            panic!("one of them: {panics:?}")
        };
        assert!(panic.message.starts_with("deadlock: 2 threads"), "{panic}");
        assert!(panic.message.contains("waits for the end of thread `"), "{panic}");
    }

    #[test]
    fn a_thread_that_ends_is_no_deadlock() {
        let mark = ThreadMark::new("ends");
        let thread = std::thread::Builder::new().name("ends".to_owned());
        let other = mark.clone();
        let handle = thread.spawn(move || other.adopt()).expect("threads start");
        let joining = ThreadMark::joining(move || vec![mark.clone()]);
        handle.join().expect("it does not panic");
        drop(joining);
        assert!(deadlock::waits().iter().all(|one| !one.wants.resource.contains("`ends`")));
    }
}
