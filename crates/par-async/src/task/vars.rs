//! Values that follow a task.
//!
//! A task, or a thread outside of tasks, has a map of values that is never changed: setting one makes another map. So a
//! task begins with its parent's map by sharing it, and one that uses no variables has none.

use std::any::Any;
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::node;

type Value = Arc<dyn Any + Send + Sync>;

/// The context variables of a task.
#[derive(Debug, Clone, Default)]
pub(crate) struct Vars(HashMap<u64, Value>);

thread_local! {
    /// Those of a thread outside of tasks.
    static BASE: RefCell<Option<Arc<Vars>>> = const { RefCell::new(None) };
}

static KEYS: AtomicU64 = AtomicU64::new(0);

fn with_vars<R>(visit: impl FnOnce(&mut Option<Arc<Vars>>) -> R) -> R {
    let task = node::with_current(|node| node.task().map(Arc::clone)).flatten();
    match task {
        Some(task) => visit(&mut task.vars.lock()),
        None => BASE.with_borrow_mut(visit),
    }
}

/// What a task that is spawned here starts with.
pub(crate) fn inherited() -> Option<Arc<Vars>> {
    with_vars(|vars| vars.clone())
}

/// Runs `f` on a thread outside of tasks with the variables of a task.
pub(crate) fn with_inherited<R>(vars: Option<Arc<Vars>>, f: impl FnOnce() -> R) -> R {
    struct Former(Option<Arc<Vars>>);
    impl Drop for Former {
        fn drop(&mut self) {
            BASE.set(self.0.take());
        }
    }
    let _former = Former(BASE.replace(vars));
    f()
}

/// A value that every task has for itself, and that the tasks it spawns begin with.
///
/// It is Python's `contextvars.ContextVar`. What a child sets its parent does not see; [`to_thread`](crate::to_thread)
/// takes the values along. Outside of the tasks of this crate, each thread has its own.
///
/// # Examples
/// ```
/// use std::convert::Infallible;
/// use par_async::{ContextVar, TaskGroup};
///
/// static REQUEST: ContextVar<u32> = ContextVar::new("request");
///
/// # par_async::testing::run(async {
/// REQUEST.set(1);
/// let seen = TaskGroup::<Infallible>::scope(|group| async move {
///     let child = group.spawn(async {
///         let inherited = REQUEST.get().as_deref().copied();
///         REQUEST.set(2);
///         Ok(inherited)
///     });
///     Ok(child.await)
/// }).await??;
/// assert_eq!(seen, Some(1));
/// assert_eq!(REQUEST.get().as_deref(), Some(&1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub struct ContextVar<T> {
    name: &'static str,
    key: OnceLock<u64>,
    of: PhantomData<fn() -> T>,
}

/// What a variable was before it was set; see [`ContextVar::reset`].
#[derive(Debug)]
#[must_use = "dropping it leaves the variable as it was set"]
pub struct VarToken<T> {
    former: Option<Value>,
    of: PhantomData<fn() -> T>,
}

impl<T: Send + Sync + 'static> ContextVar<T> {
    /// A variable, for a static.
    pub const fn new(name: &'static str) -> Self {
        Self { name, key: OnceLock::new(), of: PhantomData }
    }

    /// Its name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    fn key(&self) -> u64 {
        *self.key.get_or_init(|| KEYS.fetch_add(1, Ordering::Relaxed))
    }

    /// Its value here, if it was set here, or where this task was spawned.
    pub fn get(&self) -> Option<Arc<T>> {
        let value = with_vars(|vars| vars.as_ref()?.0.get(&self.key()).cloned())?;
        value.downcast().ok()
    }

    /// Sets it for this task, and for those that it spawns from now on.
    pub fn set(&self, value: T) {
        drop(self.replace(Some(Arc::new(value))));
    }

    /// As [`set`](Self::set), and says what to [`reset`](Self::reset) it to.
    pub fn swap(&self, value: T) -> VarToken<T> {
        VarToken { former: self.replace(Some(Arc::new(value))), of: PhantomData }
    }

    /// Makes it what it was before the [`swap`](Self::swap) that made the token.
    pub fn reset(&self, token: VarToken<T>) {
        drop(self.replace(token.former));
    }

    /// Runs `future` with this value: nobody outside of it sees it, not even another branch of this task.
    ///
    /// # Cancel safety
    /// As that of `future`.
    ///
    /// # Examples
    /// ```
    /// use par_async::ContextVar;
    ///
    /// static USER: ContextVar<&str> = ContextVar::new("user");
    ///
    /// # par_async::testing::run(async {
    /// let inside = USER.scope("ada", async { USER.get() }).await;
    /// assert_eq!(inside.as_deref(), Some(&"ada"));
    /// assert_eq!(USER.get(), None);
    /// # }).unwrap();
    /// ```
    pub fn scope<F: Future>(&'static self, value: T, future: F) -> impl Future<Output = F::Output> {
        InScope { future: Some(future), var: self, other: Some(Arc::new(value)) }
    }

    /// Puts another value in its place, and yields what was there.
    fn replace(&self, value: Option<Value>) -> Option<Value> {
        with_vars(|vars| {
            let all = Arc::make_mut(vars.get_or_insert_default());
            match value {
                Some(value) => all.0.insert(self.key(), value),
                None => all.0.remove(&self.key()),
            }
        })
    }
}

impl<T> fmt::Debug for ContextVar<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContextVar").field("name", &self.name).finish_non_exhaustive()
    }
}

pin_project! {
    struct InScope<F, T>
    where
        T: Send,
        T: Sync,
        T: 'static,
    {
        // There until it is dropped, which is done with the value, too.
        #[pin]
        future: Option<F>,
        var: &'static ContextVar<T>,
        // Its own value between the polls, the one from outside during them.
        other: Option<Value>,
    }

    impl<F, T> PinnedDrop for InScope<F, T>
    where
        T: Send,
        T: Sync,
        T: 'static,
    {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let _swapped = Swapped::new(this.var, this.other);
            this.future.set(None);
        }
    }
}

/// The value is there while this is.
struct Swapped<'a, T: Send + Sync + 'static>(&'static ContextVar<T>, &'a mut Option<Value>);

impl<'a, T: Send + Sync + 'static> Swapped<'a, T> {
    fn new(var: &'static ContextVar<T>, other: &'a mut Option<Value>) -> Self {
        *other = var.replace(other.take());
        Self(var, other)
    }
}

impl<T: Send + Sync + 'static> Drop for Swapped<'_, T> {
    fn drop(&mut self) {
        *self.1 = self.0.replace(self.1.take());
    }
}

impl<F: Future, T: Send + Sync + 'static> Future for InScope<F, T> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _swapped = Swapped::new(this.var, this.other);
        this.future.as_pin_mut().expect("it is there until the drop").poll(cx)
    }
}
