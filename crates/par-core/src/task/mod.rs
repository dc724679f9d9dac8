//! The unit of work that may travel, and what it may ask while it runs.

mod context;
mod control;
pub(crate) mod stack;

pub use context::{Context, current};
pub(crate) use context::{Frame, inherited_deadline, outside, set_waited, waited};
pub(crate) use control::{Control, Controlled};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A unit of work that may travel: a value that is its own input.
///
/// Code never travels, names do: the worker looks the task up by [`NAME`](Self::NAME) in its
/// [`Registry`](crate::Registry), checks the hash of its types and runs its own code.
/// Usually written by [`#[par_core::task]`](macro@crate::task) on a function.
///
/// What the task itself may fail with belongs in its output (`type Output = Result<…>`);
/// [`TaskError`](crate::TaskError) is for the machinery.
///
/// # Examples
/// ```
/// use par_core::{ExecutorExt, SerialExecutor, Task};
///
/// #[par_core::task]
/// fn shout(words: String, times: usize) -> String { words.to_uppercase().repeat(times) }
///
/// assert_eq!(shout("hey ".into(), 2), "HEY HEY "); // the function is what it was
/// let handle = SerialExecutor::new().submit(shout::new("hey ".into(), 2))?; // the type of its name is a task
/// assert_eq!(handle.wait()?, "HEY HEY ");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Task: Send + Serialize + DeserializeOwned + 'static {
    /// The name under which workers know the task; a wire contract, never made from `type_name`.
    const NAME: &'static str;
    /// What the task yields.
    type Output: Send + Serialize + DeserializeOwned + 'static;
    /// Does the work.
    fn run(self) -> Self::Output;
}
