//! The writing end of a handle.

use std::fmt;
use std::future::Future;

use par_core::{Cancellation, Completer, Handle, Options, TaskError};

use crate::bridge::cancelled;
use crate::error::Cancelled;

/// The writing end of a [`Handle`]: whoever has it owes the handle an outcome, once.
///
/// The handle awaits, blocks, calls back ([`Handle::on_done`]) and cancels; it may be given to threads and tasks alike. A
/// promise that is dropped without a word completes its handle with [`TaskError::WorkerLost`], so nobody waits for
/// nothing. Setting an outcome takes the promise, so that it cannot be set twice, as Python's `Future` can.
///
/// # Examples
/// ```
/// use par_async::Promise;
///
/// # par_async::testing::run(async {
/// let (promise, handle) = Promise::new("the answer");
/// let (report, reports) = std::sync::mpsc::channel();
/// handle.on_done(move |outcome| drop(report.send(outcome.clone())));
/// promise.set(42).map_err(|_| "nobody wants it")?;
/// assert_eq!(reports.recv()?, Ok(42));
/// assert_eq!(handle.await, Ok(42));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[must_use = "a promise that is dropped is broken"]
pub struct Promise<T: Send + 'static> {
    completer: Completer<T>,
    given_up: Cancellation,
}

impl<T: Send + 'static> Promise<T> {
    /// A promise and the handle of what is promised; errors call it by this name.
    pub fn new(name: &'static str) -> (Self, Handle<T>) {
        Self::with(name, &Options::new())
    }

    /// A promise whose handle has a deadline, or is cancelled by a token.
    pub fn with(name: &'static str, options: &Options) -> (Self, Handle<T>) {
        let (handle, completer) = Handle::pair(name, options);
        let given_up = Cancellation::new();
        let tell = given_up.clone();
        handle.on_done(move |outcome| {
            if let Err(error) = outcome {
                tell.cancel_because(error.to_string());
            }
        });
        (Self { completer, given_up }, handle)
    }

    /// Keeps the promise.
    ///
    /// # Errors
    /// The value: the handle was cancelled, or its deadline has passed.
    pub fn set(self, value: T) -> Result<(), T> {
        if self.completer.is_done() {
            return Err(value);
        }
        self.completer.complete(Ok(value), None);
        Ok(())
    }

    /// Completes the handle with an error. An error of the matter itself, not of the machinery, belongs into the value: a
    /// `Promise<Result<…>>`.
    pub fn fail(self, error: TaskError) {
        self.completer.complete(Err(error), None);
    }

    /// Whether nobody needs the value any more: the handle was cancelled, or its deadline has passed.
    pub fn is_cancelled(&self) -> bool {
        self.completer.is_done()
    }

    /// Waits until nobody needs the value any more, and says why.
    ///
    /// # Cancel safety
    /// It may be dropped at any time.
    ///
    /// # Examples
    /// ```
    /// use par_async::Promise;
    ///
    /// # par_async::testing::run(async {
    /// let (promise, handle) = Promise::<u32>::new("a long computation");
    /// handle.cancel();
    /// promise.cancelled().await;
    /// assert_eq!(promise.set(1), Err(1));
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn cancelled(&self) -> impl Future<Output = Cancelled> + Send + use<T> {
        cancelled(&self.given_up)
    }
}

impl<T: Send + 'static> fmt::Debug for Promise<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Promise").field("cancelled", &self.is_cancelled()).finish_non_exhaustive()
    }
}
