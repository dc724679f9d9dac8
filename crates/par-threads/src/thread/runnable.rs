//! A thread as a type: what Python's subclass of `Thread` is for.

use super::{Builder, JoinHandle, SpawnError};

/// A value that is run on a thread of its own: its fields are the input, its [`Output`](Self::Output) the result.
///
/// This is the recipe of Python's subclass of `Thread` with a `run` method; here the result has a type, and the value
/// is moved into its thread, so nobody can change it from outside without a lock.
/// A `Box<dyn Runnable<Output = T>>` is one, too, so a list may hold different ones.
///
/// # Examples
/// ```
/// use par_threads::thread::Runnable;
///
/// struct Sum(Vec<u64>);
///
/// impl Runnable for Sum {
///     type Output = u64;
///     fn run(&mut self) -> u64 {
///         self.0.iter().sum()
///     }
///     fn name(&self) -> Option<String> {
///         Some("sum".to_owned())
///     }
/// }
///
/// let handle = Sum(vec![1, 2, 3]).start()?;
/// assert_eq!(handle.thread().name(), "sum");
/// assert_eq!(handle.join()?, 6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Runnable: Send + 'static {
    /// What the thread yields.
    type Output: Send + 'static;

    /// What the thread does.
    fn run(&mut self) -> Self::Output;

    /// What the thread is called, where the builder says nothing.
    fn name(&self) -> Option<String> {
        None
    }

    /// Starts a thread that runs this, with the settings of [`Builder::new`]; others are set with [`Builder::run`].
    ///
    /// # Errors
    /// As [`Builder::spawn`].
    fn start(self) -> Result<JoinHandle<Self::Output>, SpawnError>
    where
        Self: Sized,
    {
        Builder::new().run(self)
    }
}

impl<R: Runnable + ?Sized> Runnable for Box<R> {
    type Output = R::Output;

    fn run(&mut self) -> R::Output {
        (**self).run()
    }

    fn name(&self) -> Option<String> {
        (**self).name()
    }
}
