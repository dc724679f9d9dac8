//! How a thread is started.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread as os;

use par_core::Cancellation;
use par_core::plumbing::record_panics;

use super::hook::PanicHook;
use super::outcome::Start;
use super::record::Kind;
use super::registry::{Seat, inherited_daemon};
use super::{JoinHandle, Runnable, SpawnError, Thread, ThreadId, ThreadPanic};

/// Less is not enough for the start of a thread and the report of its panic, in bytes.
pub(crate) const LEAST_STACK: usize = 64 << 10;
/// `std` rounds sizes up, which would wrap around for more than that; no system has as much.
pub(crate) const LARGEST_STACK: usize = isize::MAX as usize;

/// Starts a thread that runs `f`, with the settings of [`Builder::new`].
///
/// # Panics
/// When the operating system refuses the thread; [`Builder::spawn`] returns an error instead.
///
/// # Examples
/// ```
/// use par_threads::thread;
/// assert_eq!(thread::spawn(|| 6 * 7).join()?, 42);
/// # Ok::<(), thread::ThreadPanic>(())
/// ```
#[track_caller]
pub fn spawn<T, F>(f: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    match Builder::new().spawn(f) {
        Ok(handle) => handle,
        Err(error) => panic!("{}", with_source(&error)),
    }
}

/// Settings of a thread.
///
/// # Examples
/// ```
/// use par_core::Cancellation;
/// use par_threads::thread;
///
/// let stop = Cancellation::new();
/// let counter = thread::Builder::new()
///     .name("counter")
///     .stack_size(256 << 10)
///     .cancellation(&stop)
///     .on_panic(|panic| eprintln!("{panic}"))
///     .spawn(|| {
///         let mut count = 0_u64;
///         while !thread::cancelled() {
///             count += 1;
///         }
///         count
///     })?;
/// stop.cancel();
/// let _count = counter.join()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
#[must_use = "a builder does nothing until it spawns"]
pub struct Builder {
    name: Option<String>,
    stack_size: Option<usize>,
    daemon: Option<bool>,
    cancellation: Option<Cancellation>,
    hook: Option<PanicHook>,
}

impl Builder {
    /// The settings of [`spawn`]: a name that is counted up, the stack of `std`, a token of its own, no hook.
    ///
    /// # Examples
    /// ```
    /// let handle = par_threads::thread::Builder::new().spawn(|| 7)?;
    /// assert_eq!(handle.join()?, 7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// What the thread is called, here, in panics and in the operating system; `thread-1` and so on, if nothing is said.
    ///
    /// Linux shows the first 15 bytes of it.
    pub fn name(self, name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    /// The thread's stack, in bytes; what `std` takes if nothing is said, 2 MiB or `RUST_MIN_STACK`.
    pub fn stack_size(self, bytes: usize) -> Self {
        Self { stack_size: Some(bytes), ..self }
    }

    /// Whether the end of the process need not wait for the thread, see [`join_all`](super::join_all).
    ///
    /// If nothing is said, a thread is what the one that starts it is; the main thread is no daemon. Threads that this
    /// module has not started, workers of pools too, are daemons by nobody's choice, so they pass nothing on.
    pub fn daemon(self, daemon: bool) -> Self {
        Self { daemon: Some(daemon), ..self }
    }

    /// A token that asks the thread to stop; the thread carries a [child](Cancellation::child) of it, so many threads can
    /// share one, and each can also be cancelled alone.
    pub fn cancellation(self, cancellation: &Cancellation) -> Self {
        Self { cancellation: Some(cancellation.clone()), ..self }
    }

    /// What is called when the thread panics, instead of the hook of [`set_panic_hook`](super::set_panic_hook).
    ///
    /// It is called on the thread itself, before [`join`](JoinHandle::join) returns; a panic in it harms nothing else.
    pub fn on_panic(self, hook: impl Fn(&ThreadPanic) + Send + Sync + 'static) -> Self {
        Self { hook: Some(Arc::new(hook)), ..self }
    }

    /// Starts a thread that runs `f`.
    ///
    /// # Errors
    /// [`SpawnError`], when a setting makes no sense or the operating system refuses; `f` is dropped.
    pub fn spawn<T, F>(self, f: F) -> Result<JoinHandle<T>, SpawnError>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.spawn_kind("thread", f)
    }

    /// As [`spawn`](Self::spawn); `kind` is what a thread without a name is called, before its number.
    pub(super) fn spawn_kind<T, F>(self, kind: &'static str, f: F) -> Result<JoinHandle<T>, SpawnError>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let (start, os) = self.prepare(kind)?;
        let (outcome, run) = start.split(f, |_| ());
        match os.spawn(run) {
            Ok(os) => Ok(JoinHandle::new(outcome, os)),
            Err(source) => Err(refused(outcome.thread(), source)),
        }
    }

    /// Starts a thread that runs `runnable`, under the runnable's own name if none was set here.
    ///
    /// # Errors
    /// As [`spawn`](Self::spawn); the runnable is dropped.
    pub fn run<R: Runnable>(mut self, mut runnable: R) -> Result<JoinHandle<R::Output>, SpawnError> {
        self.name = self.name.or_else(|| runnable.name());
        self.spawn(move || runnable.run())
    }

    /// Checks the settings and announces the thread.
    pub(super) fn prepare(self, kind: &'static str) -> Result<(Start, os::Builder), SpawnError> {
        if let Some(bytes) = self.stack_size.filter(|bytes| *bytes < LEAST_STACK) {
            return Err(SpawnError::StackTooSmall { bytes, least: LEAST_STACK });
        }
        let name = self.name.unwrap_or_else(|| numbered(kind));
        if let Some(position) = name.bytes().position(|byte| byte == 0) {
            return Err(SpawnError::NulInName { name, position });
        }
        if self.stack_size.is_some_and(|bytes| bytes > LARGEST_STACK) {
            return Err(SpawnError::Refused { name, source: io::ErrorKind::OutOfMemory.into() });
        }
        record_panics();
        let mut os = os::Builder::new().name(name.clone());
        if let Some(bytes) = self.stack_size {
            os = os.stack_size(bytes);
        }
        let daemon = self.daemon.unwrap_or_else(inherited_daemon);
        let token = self.cancellation.map_or_else(Cancellation::new, |parent| parent.child());
        let thread = Thread::new(ThreadId::next(), Kind::Started, name, daemon, token);
        Ok((Start { seat: Seat::take(thread), hook: self.hook }, os))
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("name", &self.name)
            .field("stack_size", &self.stack_size)
            .field("daemon", &self.daemon)
            .field("cancellation", &self.cancellation)
            .finish_non_exhaustive()
    }
}

/// What the caller is told when the operating system wants no more threads.
pub(super) fn refused(thread: &Thread, source: io::Error) -> SpawnError {
    SpawnError::Refused { name: thread.name().to_owned(), source }
}

/// A refusal and its cause, for a panic's message.
pub(super) fn with_source(error: &SpawnError) -> String {
    use std::error::Error;
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}

fn numbered(kind: &str) -> String {
    static UNNAMED: AtomicU64 = AtomicU64::new(1);
    format!("{kind}-{}", UNNAMED.fetch_add(1, Ordering::Relaxed))
}
