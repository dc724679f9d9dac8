//! The primitives under ours: parking_lot's, or loom's models of them under `--cfg loom`.
//!
//! Both have parking_lot's shape: `lock` yields a guard, `wait` takes the guard by reference, nothing is poisoned.

#[cfg(not(loom))]
pub(crate) use parking_lot::{Condvar, Mutex, MutexGuard};
#[cfg(not(loom))]
pub(crate) use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

#[cfg(loom)]
pub(crate) use self::under_loom::{Condvar, Mutex, MutexGuard};
#[cfg(loom)]
pub(crate) use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

#[cfg(not(loom))]
use std::time::Duration;
use std::time::Instant;

/// How long a thread looks before it sleeps: about what it costs to be woken.
#[cfg(not(loom))]
const LOOKING: Duration = Duration::from_micros(20);

/// Defines a constructor that is `const`, except under loom, whose models have none.
macro_rules! const_fn {
    ($(#[$meta:meta])* $visibility:vis fn $name:ident($($argument:ident: $type:ty),* $(,)?) -> $result:ty $body:block) => {
        #[cfg(not(loom))]
        $(#[$meta])* $visibility const fn $name($($argument: $type),*) -> $result $body
        #[cfg(loom)]
        $(#[$meta])* $visibility fn $name($($argument: $type),*) -> $result $body
    };
}
pub(crate) use const_fn;

/// Waits to be notified, or until `deadline`; `true`: the deadline has passed. May wake for no reason.
///
/// loom has no clock: there a deadline never passes.
pub(crate) fn wait<T>(condvar: &Condvar, guard: &mut MutexGuard<'_, T>, deadline: Option<Instant>) -> bool {
    match deadline {
        #[cfg(not(loom))]
        Some(deadline) => condvar.wait_until(guard, deadline).timed_out(),
        #[cfg(all(feature = "deadlock-detection", not(loom)))]
        None => {
            explained_wait(condvar, guard);
            false
        }
        #[cfg(not(all(feature = "deadlock-detection", not(loom))))]
        _ => {
            condvar.wait(guard);
            false
        }
    }
}

/// Waits to be notified; if this thread holds something that others want, it wakes now and then to report that.
#[cfg(all(feature = "deadlock-detection", not(loom)))]
fn explained_wait<T>(condvar: &Condvar, guard: &mut MutexGuard<'_, T>) {
    use crate::deadlock::{announce, slice, stalled};

    let Some(slice) = slice() else { return condvar.wait(guard) };
    if condvar.wait_for(guard, slice).timed_out()
        && let Some(report) = stalled()
    {
        // Whoever is told may use the very thing that is waited for.
        MutexGuard::unlocked(guard, || announce(&report));
    }
}

/// Looks for a moment, and not past `deadline`, whether `ready` holds: `true` as soon as it does.
///
/// The moment is a time and not a number of looks, for on a busy machine each look may cost a time slice: then it is one.
/// Under loom it looks never: that would only multiply the interleavings which the wait has anyway.
#[cfg(not(loom))]
#[inline]
pub(crate) fn look(deadline: Option<Instant>, ready: impl Fn() -> bool) -> bool {
    for pauses in [1, 2, 4, 8] {
        if ready() {
            return true;
        }
        (0..pauses).for_each(|_| std::hint::spin_loop());
    }
    let moment = Instant::now() + LOOKING;
    let end = deadline.map_or(moment, |deadline| deadline.min(moment));
    loop {
        if ready() {
            return true;
        }
        if Instant::now() >= end {
            return false;
        }
        std::thread::yield_now();
    }
}

#[cfg(loom)]
pub(crate) fn look(_: Option<Instant>, _: impl Fn() -> bool) -> bool {
    false
}

#[cfg(loom)]
mod under_loom {
    use std::ops::{Deref, DerefMut};

    #[derive(Debug, Default)]
    pub(crate) struct Mutex<T>(loom::sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub(crate) fn new(value: T) -> Self {
            Self(loom::sync::Mutex::new(value))
        }

        pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
            MutexGuard(Some(self.0.lock().expect("a model that panics has failed")))
        }
    }

    #[derive(Debug)]
    pub(crate) struct MutexGuard<'a, T>(Option<loom::sync::MutexGuard<'a, T>>);

    const HELD: &str = "empty only while it waits";

    impl<T> Deref for MutexGuard<'_, T> {
        type Target = T;
        fn deref(&self) -> &T {
            self.0.as_ref().expect(HELD)
        }
    }

    impl<T> DerefMut for MutexGuard<'_, T> {
        fn deref_mut(&mut self) -> &mut T {
            self.0.as_mut().expect(HELD)
        }
    }

    #[derive(Debug, Default)]
    pub(crate) struct Condvar(loom::sync::Condvar);

    impl Condvar {
        pub(crate) fn new() -> Self {
            Self(loom::sync::Condvar::new())
        }

        pub(crate) fn wait<T>(&self, guard: &mut MutexGuard<'_, T>) {
            let inner = guard.0.take().expect(HELD);
            guard.0 = Some(self.0.wait(inner).expect("a model that panics has failed"));
        }

        pub(crate) fn notify_one(&self) {
            self.0.notify_one();
        }

        pub(crate) fn notify_all(&self) {
            self.0.notify_all();
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn who_has_no_time_yields_to_nobody() {
        let looks = Cell::new(0);
        assert!(!look(Some(Instant::now()), || looks.replace(looks.get() + 1) > 100));
        assert_eq!(looks.get(), 5, "four times without a yield, and once because its time is up");
    }

    #[test]
    fn where_looks_take_long_there_are_few() {
        let looks = Cell::new(0);
        let slow = || {
            let begun = Instant::now();
            while begun.elapsed() < LOOKING {
                std::hint::spin_loop();
            }
            looks.replace(looks.get() + 1) > 100
        };
        assert!(!look(None, slow));
        assert_eq!(looks.get(), 5);
    }

    #[test]
    fn what_becomes_ready_is_seen() {
        for looks in 0..6 {
            let left = Cell::new(looks);
            let ready = || left.replace(left.get() - 1) == 0;
            assert_eq!(look(Some(Instant::now()), ready), looks < 5, "after {looks} looks");
        }
    }
}
