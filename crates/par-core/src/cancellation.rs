//! A flag that many tasks can be told to stop by.

use std::borrow::Cow;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use crate::plumbing::contained;

/// What a token tells when it is cancelled: the handle of a task, or a child token.
pub(crate) trait OnCancel: Send + Sync {
    fn on_cancel(&self, reason: Option<&Cow<'static, str>>);
}

/// A token that asks any number of tasks to stop; clones are the same token.
///
/// Queued tasks that carry it complete with [`TaskError::Cancelled`](crate::TaskError::Cancelled) at once;
/// running ones see it in [`task::current().cancelled()`](crate::task::Context::cancelled), and executors whose
/// [`Capabilities`](crate::Capabilities) say `hard_kill` end those that do not listen.
///
/// # Examples
/// ```
/// use par_core::{Cancellation, ExecutorExt, Options, SerialExecutor, TaskError};
///
/// #[par_core::task]
/// fn double(x: u32) -> u32 { 2 * x }
///
/// let token = Cancellation::new();
/// token.cancel();
/// let handle = SerialExecutor::new().submit_with(double::new(4), Options::new().cancellation(&token))?;
/// assert_eq!(handle.wait(), Err(TaskError::Cancelled));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct Cancellation {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    cancelled: AtomicBool,
    /// Written before `cancelled`.
    reason: OnceLock<Cow<'static, str>>,
    listeners: Mutex<Listeners>,
    /// It knows its children only weakly; so whoever holds a child holds all through which a cancellation comes.
    parent: Option<Cancellation>,
}

impl Drop for Inner {
    /// One after the other: a line of parents may be longer than a stack is deep.
    fn drop(&mut self) {
        let mut above = self.parent.take();
        while let Some(token) = above {
            above = Arc::into_inner(token.inner).and_then(|mut inner| inner.parent.take());
        }
    }
}

#[derive(Default)]
struct Listeners {
    all: Vec<Weak<dyn OnCancel>>,
    /// When the list has grown to this, the dead are swept out: so it stays within twice the living.
    sweep_at: usize,
}

impl Cancellation {
    /// A token that nobody has cancelled yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A token that is cancelled when this one is, and can also be cancelled alone.
    #[must_use]
    pub fn child(&self) -> Self {
        let mut inner = Inner::default();
        inner.parent = Some(self.clone());
        let child = Self { inner: Arc::new(inner) };
        // The erased listener has to be an `Arc` of its own type, hence the two steps.
        let listener: Arc<dyn OnCancel> = child.inner.clone();
        self.listen(&listener);
        child
    }

    /// Asks every task that carries this token, or a child of it, to stop; once is enough.
    pub fn cancel(&self) {
        self.inner.on_cancel(None);
    }

    /// As [`cancel`](Self::cancel), and says why; what was said first stays.
    ///
    /// # Examples
    /// ```
    /// use par_core::Cancellation;
    ///
    /// let token = Cancellation::new();
    /// let child = token.child();
    /// token.cancel_because("the user closed the window");
    /// assert_eq!(child.reason().as_deref(), Some("the user closed the window"));
    /// ```
    pub fn cancel_because(&self, reason: impl Into<Cow<'static, str>>) {
        self.inner.on_cancel(Some(&reason.into()));
    }

    /// What [`cancel_because`](Self::cancel_because) said, here or on a parent.
    pub fn reason(&self) -> Option<Cow<'static, str>> {
        self.inner.reason.get().cloned()
    }

    /// Whether [`cancel`](Self::cancel) was called, here or on a parent.
    pub fn is_cancelled(&self) -> bool {
        self.inner.cancelled.load(Ordering::Acquire)
    }

    /// Runs `callback` when the token is cancelled: on the cancelling thread, or here and now if it is cancelled already.
    ///
    /// Dropping the registration takes the callback back, unless it has begun. It must be short; its panic is reported by
    /// the panic hook and harms nothing else.
    ///
    /// # Examples
    /// ```
    /// use std::sync::mpsc;
    /// use par_core::Cancellation;
    ///
    /// let token = Cancellation::new();
    /// let (wake, asleep) = mpsc::channel();
    /// let _registration = token.on_cancel(move || drop(wake.send(())));
    /// token.cancel();
    /// assert_eq!(asleep.recv(), Ok(()));
    /// ```
    pub fn on_cancel(&self, callback: impl FnOnce() + Send + 'static) -> CancelCallback {
        let once: Arc<Once> = Arc::new(Once(Mutex::new(Some(Box::new(callback)))));
        // The erased listener has to be an `Arc` of its own type, hence the two steps.
        let listener: Arc<dyn OnCancel> = once.clone();
        self.listen(&listener);
        CancelCallback { _listener: listener, _token: self.clone() }
    }

    /// Registers a listener; it is told at once when the token is cancelled already.
    pub(crate) fn listen(&self, listener: &Arc<dyn OnCancel>) {
        {
            let mut listeners = self.inner.listeners.lock().unwrap_or_else(PoisonError::into_inner);
            // Read under the lock, so that a `cancel` either sees the listener or is seen here.
            if !self.is_cancelled() {
                if listeners.all.len() >= listeners.sweep_at.max(16) {
                    listeners.all.retain(|known| known.strong_count() > 0);
                    listeners.sweep_at = 2 * listeners.all.len();
                }
                listeners.all.push(Arc::downgrade(listener));
                return;
            }
        }
        listener.on_cancel(self.inner.reason.get());
    }
}

impl OnCancel for Inner {
    fn on_cancel(&self, reason: Option<&Cow<'static, str>>) {
        let listeners = {
            let mut listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(reason) = reason.filter(|_| !self.cancelled.load(Ordering::Relaxed)) {
                self.reason.set(reason.clone()).ok();
            }
            self.cancelled.store(true, Ordering::Release);
            std::mem::take(&mut listeners.all)
        };
        for listener in listeners.iter().filter_map(Weak::upgrade) {
            listener.on_cancel(self.reason.get());
        }
    }
}

/// A callback of a [`Cancellation`]; dropping this takes it back.
#[must_use = "dropping it takes the callback back"]
pub struct CancelCallback {
    /// The token knows it only weakly.
    _listener: Arc<dyn OnCancel>,
    /// Nobody else may hold it, and yet a parent may cancel it.
    _token: Cancellation,
}

impl fmt::Debug for CancelCallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CancelCallback")
    }
}

struct Once(Mutex<Option<Box<dyn FnOnce() + Send>>>);

impl OnCancel for Once {
    fn on_cancel(&self, _: Option<&Cow<'static, str>>) {
        let callback = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(callback) = callback {
            contained(callback);
        }
    }
}

impl fmt::Debug for Cancellation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cancellation").field("cancelled", &self.is_cancelled()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_follows_its_parent_and_not_the_other_way_round() {
        let parent = Cancellation::new();
        let (one, two) = (parent.child(), parent.child());
        one.cancel();
        assert!(one.is_cancelled() && !parent.is_cancelled() && !two.is_cancelled());
        parent.cancel();
        assert!(two.is_cancelled() && parent.child().is_cancelled());
    }

    #[test]
    fn a_token_that_nobody_holds_any_more_still_passes_on() {
        let root = Cancellation::new();
        let leaf = root.child().child();
        let told = Arc::new(AtomicBool::new(false));
        let tell = Arc::clone(&told);
        let _registration = root.child().on_cancel(move || tell.store(true, Ordering::Relaxed));
        root.cancel_because("the end");
        assert_eq!(leaf.reason().as_deref(), Some("the end"));
        assert!(told.load(Ordering::Relaxed));
    }

    #[test]
    fn a_callback_runs_once_and_not_after_it_was_taken_back() {
        let count = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let add = || {
            let count = Arc::clone(&count);
            move || {
                count.fetch_add(1, Ordering::Relaxed);
            }
        };
        let token = Cancellation::new();
        let kept = token.on_cancel(add());
        drop(token.on_cancel(add()));
        token.cancel();
        token.cancel();
        assert_eq!(count.load(Ordering::Relaxed), 1);
        let _late = token.on_cancel(add());
        assert_eq!(count.load(Ordering::Relaxed), 2, "on a cancelled token it runs at once");
        drop(kept);
    }

    #[test]
    fn dead_listeners_are_swept_out() {
        let parent = Cancellation::new();
        for _ in 0..10_000 {
            drop(parent.child());
        }
        let listeners = parent.inner.listeners.lock().expect("not poisoned");
        assert!(listeners.all.len() <= 32, "{} listeners are left", listeners.all.len());
    }
}
