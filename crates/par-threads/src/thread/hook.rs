//! What is called when a thread panics, before anybody joins it.

use std::sync::Arc;

use par_core::plumbing::catch_panic;
use parking_lot::RwLock;

use super::ThreadPanic;

/// What is called with the panic of a thread, on that thread.
pub type PanicHook = Arc<dyn Fn(&ThreadPanic) + Send + Sync>;

static HOOK: RwLock<Option<PanicHook>> = RwLock::new(None);

/// Sets what is called when a thread of this module panics whose builder has no hook of its own, and yields the former
/// hook: Python's `threading.excepthook`.
///
/// The hook is called on the thread that has panicked, before [`join`](super::JoinHandle::join) returns. A panic in it
/// is reported as any other and harms nothing else. `std`'s panic hook has been called already; it prints the message.
///
/// # Examples
/// ```
/// use std::sync::mpsc;
/// use par_threads::thread;
///
/// let (report, reports) = mpsc::channel();
/// thread::set_panic_hook(move |panic| drop(report.send(panic.to_string())));
/// let detached = thread::Builder::new().name("nobody's").spawn(|| panic!("oh no"))?;
/// drop(detached);
/// assert!(reports.recv()?.starts_with("the thread `nobody's` panicked: oh no"));
/// thread::take_panic_hook();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn set_panic_hook(hook: impl Fn(&ThreadPanic) + Send + Sync + 'static) -> Option<PanicHook> {
    HOOK.write().replace(Arc::new(hook))
}

/// Takes the hook of [`set_panic_hook`] back, so that there is none.
///
/// # Examples
/// ```
/// use par_threads::thread;
/// thread::set_panic_hook(|panic| eprintln!("{panic}"));
/// assert!(thread::take_panic_hook().is_some());
/// assert!(thread::take_panic_hook().is_none());
/// ```
pub fn take_panic_hook() -> Option<PanicHook> {
    HOOK.write().take()
}

/// Calls the thread's own hook, or else that of the process; nothing that it does gets out.
pub(super) fn report(own: Option<&PanicHook>, panic: &ThreadPanic) {
    // Not called under the lock: a hook may set another one.
    let hook = own.cloned().or_else(|| HOOK.read().clone());
    if let Some(hook) = hook {
        // `std`'s panic hook has reported it.
        catch_panic(move || hook(panic)).ok();
    }
}
