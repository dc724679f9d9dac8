//! SIGINT, while a main future runs.

use std::io;
use std::task::{Context, Poll};

#[cfg(unix)]
pub(crate) use unix::Interrupt;

#[cfg(unix)]
mod unix {
    use super::{Context, Poll, io};
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, LazyLock};

    use parking_lot::Mutex;
    use signal_hook::consts::SIGINT;
    use signal_hook::flag;
    use tokio::signal::unix::{Signal, SignalKind, signal};

    /// Whether SIGINT does what it does by default: from the first one on, and while nobody listens.
    static DEADLY: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

    /// How many listen, once the signal's actions are there.
    static LISTENERS: Mutex<Option<usize>> = Mutex::new(None);

    /// Listens while it lives.
    pub(crate) struct Interrupt {
        signal: Signal,
    }

    impl Interrupt {
        /// Inside of a runtime.
        pub(crate) fn listen() -> io::Result<Self> {
            let signal = signal(SignalKind::interrupt())?;
            let mut listeners = LISTENERS.lock();
            if listeners.is_none() {
                // In this order: the first signal finds the flag down, and raises it for the second one.
                flag::register_conditional_default(SIGINT, Arc::clone(&DEADLY))?;
                flag::register(SIGINT, Arc::clone(&DEADLY))?;
            }
            let count = listeners.unwrap_or(0);
            if count == 0 {
                DEADLY.store(false, Ordering::SeqCst);
            }
            *listeners = Some(count + 1);
            Ok(Self { signal })
        }

        /// Ready when SIGINT came.
        pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
            self.signal.poll_recv(cx).map(drop)
        }
    }

    impl Drop for Interrupt {
        fn drop(&mut self) {
            let mut listeners = LISTENERS.lock();
            let left = listeners.unwrap_or(1) - 1;
            *listeners = Some(left);
            if left == 0 {
                DEADLY.store(true, Ordering::SeqCst);
            }
        }
    }
}

#[cfg(not(unix))]
pub(crate) use other::Interrupt;

/// Without Unix signals there is nothing to listen to, and the system's default holds.
#[cfg(not(unix))]
mod other {
    use super::{Context, Poll, io};

    pub(crate) struct Interrupt;

    impl Interrupt {
        pub(crate) fn listen() -> io::Result<Self> {
            Ok(Self)
        }

        pub(crate) fn poll(&mut self, _: &mut Context<'_>) -> Poll<()> {
            Poll::Pending
        }
    }
}
