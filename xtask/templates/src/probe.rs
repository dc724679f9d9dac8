//! What the machine must have.

use std::num::NonZeroUsize;

use crate::FooError;

/// How many workers can run here; looks, and starts nothing.
///
/// # Errors
/// [`FooError`], when something that the executor needs is missing: says what, and how to get it.
///
/// # Examples
/// ```
/// assert_eq!(par_foo::probe()?.get(), 1);
/// # Ok::<(), par_foo::FooError>(())
/// ```
pub fn probe() -> Result<NonZeroUsize, FooError> {
    // The caller's thread is always there. A library, a driver or a server is looked for here.
    Ok(NonZeroUsize::MIN)
}
