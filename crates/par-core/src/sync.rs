//! The primitives under the handle: those of `std`, or loom's models of them under `--cfg loom`.

#[cfg(not(loom))]
pub(crate) use std::sync::{
    Condvar, Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicU64, Ordering},
};
#[cfg(not(loom))]
pub(crate) use std::thread::yield_now;

#[cfg(loom)]
pub(crate) use loom::sync::{
    Condvar, Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

/// Locks; no code of a user ever runs under one of these locks, so none is ever poisoned.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no user code runs under this lock, so nothing can poison it")
}

/// Under loom a yield only multiplies the interleavings that the wait has anyway.
#[cfg(loom)]
pub(crate) fn yield_now() {}
