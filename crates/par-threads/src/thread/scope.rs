//! Threads that borrow from the one that starts them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread as os;
use std::time::{Duration, Instant};

use par_core::Cancellation;
use parking_lot::Mutex;

use super::builder::{refused, with_source};
use super::outcome::Outcome;
use super::{Builder, SpawnError, Thread, ThreadId, ThreadPanic};
use crate::deadlock::ScopeEnd;

/// Panics of scoped threads that nobody has joined yet, by scope and thread.
///
/// They are here and not in the scope so that a [`Scope`] is a plain value which threads can take along; only threads that
/// panic ever come here.
static UNCLAIMED: Mutex<BTreeMap<(u64, ThreadId), ThreadPanic>> = Mutex::new(BTreeMap::new());

/// Runs `f`, which may start threads that borrow what is around; returns when all of them have ended.
///
/// This is [`std::thread::scope`] with names, tokens and typed panics.
///
/// # Panics
/// When a thread of the scope panicked and was not joined: the message has every such thread's name and message, so no
/// panic vanishes. When `f` itself panics, its panic goes on.
///
/// # Blocking
/// Until every thread of the scope has ended; also when it panics. So with the feature `deadlock-detection` an end of a
/// scope that would never come is reported, but not broken.
///
/// # Examples
/// ```
/// use par_threads::thread;
///
/// let words = ["threads", "that", "borrow"];
/// let total = thread::scope(|s| {
///     let lengths = words.map(|word| s.spawn(move || word.len()));
///     lengths.into_iter().map(thread::ScopedJoinHandle::join).sum::<Result<usize, _>>()
/// });
/// assert_eq!(total?, 17);
/// # Ok::<(), thread::ThreadPanic>(())
/// ```
#[track_caller]
pub fn scope<'env, F, R>(f: F) -> R
where
    F: for<'scope> FnOnce(Scope<'scope, 'env>) -> R,
{
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let unclaimed = Unclaimed { scope: NEXT.fetch_add(1, Ordering::Relaxed) };
    let result = {
        let end = ScopeEnd::new(unclaimed.scope);
        os::scope(|inner| {
            let _ending = end.ending();
            f(Scope { inner, id: unclaimed.scope })
        })
    };
    let panics = unclaimed.take();
    assert!(panics.is_empty(), "{}", unjoined(&panics));
    result
}

fn unjoined(panics: &[ThreadPanic]) -> String {
    let texts: Vec<_> = panics.iter().map(ToString::to_string).collect();
    let threads = if panics.len() == 1 { "a thread" } else { "threads" };
    format!("{threads} of the scope panicked and nobody joined: {}", texts.join("; "))
}

/// The panics of a scope; dropping it forgets them, for the panic of the scope itself says enough.
struct Unclaimed {
    scope: u64,
}

impl Unclaimed {
    fn take(&self) -> Vec<ThreadPanic> {
        let mut all = UNCLAIMED.lock();
        let keys: Vec<_> = all
            .range((self.scope, ThreadId::MAIN)..=(self.scope, ThreadId::LAST))
            .map(|(key, _)| *key)
            .collect();
        keys.iter().filter_map(|key| all.remove(key)).collect()
    }
}

impl Drop for Unclaimed {
    fn drop(&mut self) {
        self.take();
    }
}

/// Where threads that borrow are started; a plain value, unlike `std`'s.
///
/// So a thread that starts others in its scope takes it along with `move`, and beside it references to what it borrows.
///
/// # Examples
/// ```
/// use par_threads::thread;
///
/// let greeting = String::from("hello");
/// let greeting = &greeting;
/// thread::scope(|s| {
///     s.spawn(move || s.spawn(move || assert_eq!(greeting, "hello")).join()).join()
/// })??;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct Scope<'scope, 'env: 'scope> {
    inner: &'scope os::Scope<'scope, 'env>,
    id: u64,
}

impl<'scope, 'env> Scope<'scope, 'env> {
    /// Starts a thread of the scope, with the settings of [`Builder::new`].
    ///
    /// # Panics
    /// When the operating system refuses the thread; [`ScopedBuilder::spawn`] returns an error instead.
    #[track_caller]
    pub fn spawn<T, F>(&self, f: F) -> ScopedJoinHandle<'scope, T>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        match self.builder().spawn(f) {
            Ok(handle) => handle,
            Err(error) => panic!("{}", with_source(&error)),
        }
    }

    /// The settings of a thread of the scope.
    pub fn builder(&self) -> ScopedBuilder<'scope, 'env> {
        ScopedBuilder { scope: *self, builder: Builder::new() }
    }
}

impl fmt::Debug for Scope<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").finish_non_exhaustive()
    }
}

/// Settings of a thread of a [`Scope`]; the scope waits for it, so it is never a daemon.
///
/// # Examples
/// ```
/// use par_threads::thread;
///
/// thread::scope(|s| -> Result<(), Box<dyn std::error::Error>> {
///     let named = s.builder().name("reader").spawn(|| thread::current().name().to_owned())?;
///     assert_eq!(named.join()?, "reader");
///     Ok(())
/// })
/// # ?; Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until it spawns"]
pub struct ScopedBuilder<'scope, 'env: 'scope> {
    scope: Scope<'scope, 'env>,
    builder: Builder,
}

impl<'scope> ScopedBuilder<'scope, '_> {
    /// As [`Builder::name`].
    pub fn name(self, name: impl Into<String>) -> Self {
        Self { builder: self.builder.name(name), ..self }
    }

    /// As [`Builder::stack_size`].
    pub fn stack_size(self, bytes: usize) -> Self {
        Self { builder: self.builder.stack_size(bytes), ..self }
    }

    /// As [`Builder::cancellation`].
    pub fn cancellation(self, cancellation: &Cancellation) -> Self {
        Self { builder: self.builder.cancellation(cancellation), ..self }
    }

    /// As [`Builder::on_panic`].
    pub fn on_panic(self, hook: impl Fn(&ThreadPanic) + Send + Sync + 'static) -> Self {
        Self { builder: self.builder.on_panic(hook), ..self }
    }

    /// Starts a thread of the scope that runs `f`.
    ///
    /// # Errors
    /// As [`Builder::spawn`].
    pub fn spawn<T, F>(self, f: F) -> Result<ScopedJoinHandle<'scope, T>, SpawnError>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        let scope = self.scope.id;
        let (start, os) = self.builder.daemon(false).prepare("thread")?;
        let listed = start.seat.thread().mark().listed(scope);
        let (outcome, run) = start.split(f, move |outcome| {
            listed.end();
            if let Err(panic) = outcome {
                UNCLAIMED.lock().insert((scope, panic.id), panic.clone());
            }
        });
        match os.spawn_scoped(self.scope.inner, run) {
            Ok(os) => Ok(ScopedJoinHandle { outcome, os: Some(os), scope }),
            Err(source) => Err(refused(outcome.thread(), source)),
        }
    }
}

/// The other end of a thread of a [`Scope`]; dropping it leaves the wait, and a panic, to the scope's end.
///
/// # Examples
/// ```
/// use par_threads::thread;
/// assert_eq!(thread::scope(|s| s.spawn(|| 42).join())?, 42);
/// # Ok::<(), thread::ThreadPanic>(())
/// ```
pub struct ScopedJoinHandle<'scope, T> {
    outcome: Outcome<T>,
    /// Taken when the thread has ended.
    os: Option<os::ScopedJoinHandle<'scope, ()>>,
    scope: u64,
}

impl<T> ScopedJoinHandle<'_, T> {
    /// As [`JoinHandle::join`](super::JoinHandle::join).
    ///
    /// # Errors
    /// [`ThreadPanic`], when the thread panicked; the scope's end does not repeat it.
    ///
    /// # Panics
    /// When a thread joins itself; with the feature `deadlock-detection` whenever the wait could never end.
    ///
    /// # Blocking
    /// Until the thread has ended.
    #[track_caller]
    pub fn join(mut self) -> Result<T, ThreadPanic> {
        self.wait_until(None);
        self.take()
    }

    /// As [`JoinHandle::join_timeout`](super::JoinHandle::join_timeout).
    ///
    /// # Errors
    /// The handle, when the time is up; within the success [`ThreadPanic`], when the thread panicked.
    ///
    /// # Panics
    /// When a thread joins itself.
    ///
    /// # Blocking
    /// For at most `timeout`, and for the destructors of the thread's thread-locals.
    #[track_caller]
    pub fn join_timeout(mut self, timeout: Duration) -> Result<Result<T, ThreadPanic>, Self> {
        // A timeout past the end of the clock is no timeout.
        if self.wait_until(Instant::now().checked_add(timeout)) { Ok(self.take()) } else { Err(self) }
    }

    /// Whether the thread has ended.
    pub fn is_finished(&self) -> bool {
        !self.thread().is_alive()
    }

    /// The thread: its name, its identifiers, whether it lives.
    pub fn thread(&self) -> &Thread {
        self.outcome.thread()
    }

    /// Asks the thread to stop.
    pub fn cancel(&self) {
        self.thread().cancel();
    }

    /// Waits until the thread has ended; `false`: the deadline came first.
    #[track_caller]
    fn wait_until(&mut self, deadline: Option<Instant>) -> bool {
        self.outcome.wait_until(deadline, &mut self.os)
    }

    fn take(self) -> Result<T, ThreadPanic> {
        let outcome = self.outcome.take();
        if let Err(panic) = &outcome {
            UNCLAIMED.lock().remove(&(self.scope, panic.id));
        }
        outcome
    }
}

impl<T> fmt::Debug for ScopedJoinHandle<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopedJoinHandle").field("thread", self.thread()).finish_non_exhaustive()
    }
}
