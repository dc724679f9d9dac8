//! The one thing of the standard library that cannot be done without `unsafe`.
#![expect(unsafe_code, reason = "the environment can only be changed through an unsafe function")]

/// Removes the mark of a worker from the environment, so that programs which a task starts do not inherit it.
///
/// Called by [`init`](crate::init) only.
pub(crate) fn remove_mark() {
    // SAFETY: `init` is documented to be the first thing in `main`, so no other thread reads the environment yet.
    unsafe { std::env::remove_var(crate::spawn::MARK) }
}
