//! The tasks that a program can run for others.

use std::any::type_name;
use std::collections::HashMap;
use std::fmt;
use std::sync::OnceLock;

use bytes::Bytes;

use crate::plumbing::run_batch;
use crate::plumbing::{Answer, Invocation, RemoteTask, WireHeader, decode};
use crate::task::current;
use crate::{ChunkTask, Phase, Task, TaskError, Workload, schema};

/// What a worker knows of one task.
#[derive(Clone, Copy)]
pub struct Entry {
    pub(crate) name: &'static str,
    pub(crate) schema: fn() -> u64,
    pub(crate) run: RunEncoded,
    pub(crate) run_batch: RunEncoded,
    /// Where it is from, for messages only.
    rust_type: fn() -> &'static str,
}

/// Decodes the input, runs the task, and keeps the output for encoding.
pub(crate) type RunEncoded = fn(&Bytes) -> Result<Box<dyn Answer>, TaskError>;

impl Entry {
    /// The entry of a task.
    pub const fn of<T: Task>() -> Self {
        Self {
            name: T::NAME,
            schema: schema::of_task::<T>,
            run: run_one_encoded::<T>,
            run_batch: run_batch_encoded::<T>,
            rust_type: type_name::<T>,
        }
    }

    /// The entry of a workload's chunks.
    pub const fn of_workload<W: Workload>() -> Self {
        Self::of::<ChunkTask<W>>()
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Entry({})", self.name)
    }
}

fn run_one_encoded<T: Task>(input: &Bytes) -> Result<Box<dyn Answer>, TaskError> {
    let task: T = current().phase(Phase::Encode, || decode(T::NAME, input))?;
    Ok(Box::new(task.run()))
}

fn run_batch_encoded<T: Task>(input: &Bytes) -> Result<Box<dyn Answer>, TaskError> {
    let tasks: Vec<T> = current().phase(Phase::Encode, || decode(T::NAME, input))?;
    Ok(Box::new(run_batch(tasks)))
}

/// Where `#[task]` and `#[workload]` put their entries, at link time.
#[linkme::distributed_slice]
pub static TASKS: [Entry];

/// The tasks that a program can run for others, by name.
///
/// [`Registry::global`] holds what `#[par_core::task]` and `#[par_core::workload]` registered at link time.
/// Those who want no magic build their own and hand it to the executor's configuration.
///
/// # Examples
/// ```
/// use par_core::Registry;
///
/// #[par_core::task]
/// fn add(a: i64, b: i64) -> i64 { a + b }
///
/// let registry = Registry::new().task::<add>()?;
/// assert_eq!(registry.names().len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Registry {
    entries: HashMap<&'static str, Entry>,
}

/// Two tasks have one name, so a worker could not know which is meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("two tasks are called `{name}`, {first} and {second}: rename one, e.g. #[task(name = \"…\")]")]
pub struct RegistryError {
    /// The name.
    pub name: String,
    /// One of the Rust types.
    pub first: String,
    /// The other.
    pub second: String,
}

impl Registry {
    /// No tasks at all.
    pub fn new() -> Self {
        Self::default()
    }

    /// Everything that was registered at link time.
    ///
    /// # Errors
    /// [`RegistryError`] when two tasks have one name.
    pub fn global() -> Result<&'static Self, RegistryError> {
        static GLOBAL: OnceLock<Result<Registry, RegistryError>> = OnceLock::new();
        let collect = || TASKS.iter().try_fold(Registry::new(), |registry, entry| registry.with(*entry));
        GLOBAL.get_or_init(collect).as_ref().map_err(Clone::clone)
    }

    /// With one task more.
    ///
    /// # Errors
    /// [`RegistryError`] when another task has its name.
    pub fn task<T: Task>(self) -> Result<Self, RegistryError> {
        self.with(Entry::of::<T>())
    }

    /// With the chunks of one workload more.
    ///
    /// # Errors
    /// [`RegistryError`] when another task has its name.
    pub fn workload<W: Workload>(self) -> Result<Self, RegistryError> {
        self.with(Entry::of_workload::<W>())
    }

    fn with(mut self, entry: Entry) -> Result<Self, RegistryError> {
        match self.entries.insert(entry.name, entry) {
            None => Ok(self),
            Some(former) => Err(RegistryError {
                name: entry.name.to_owned(),
                first: (former.rust_type)().to_owned(),
                second: (entry.rust_type)().to_owned(),
            }),
        }
    }

    /// The names of all tasks, sorted.
    pub fn names(&self) -> Vec<&'static str> {
        let mut names: Vec<_> = self.entries.keys().copied().collect();
        names.sort_unstable();
        names
    }

    /// Checks a call before anything of it runs: the protocol's version, the task's name, the schema of its types.
    ///
    /// # Errors
    /// What is wrong, for [`Reply::failed`](crate::plumbing::Reply::failed).
    pub fn accept(&self, call: &Bytes) -> Result<Invocation, TaskError> {
        let (header, size) = WireHeader::read(call)?;
        let Some(entry) = self.entries.get(header.name).copied() else {
            let known = self.entries.len();
            return Err(TaskError::Unregistered { task: header.name.to_owned(), known });
        };
        let theirs = (entry.schema)();
        if header.schema != theirs {
            return Err(TaskError::SchemaMismatch {
                task: header.name.to_owned(),
                ours: header.schema,
                theirs,
            });
        }
        Ok(Invocation {
            entry,
            batch: header.batch,
            payload: call.slice(size..),
            task: RemoteTask::new(entry.name, header.deadline),
            attempt: header.attempt,
        })
    }
}
