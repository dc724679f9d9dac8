//! Waiting for signals.

use std::fmt::{Debug, Display};
use std::future::poll_fn;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::signal::unix::{self, SignalKind};

use super::Signal;
use crate::group::{TaskGroup, TaskHandle};
use crate::io::SignalError;
use crate::task::waiting;

/// Signals as they come; from [`signals`]. Also a `futures` stream, which never ends.
#[derive(Debug)]
pub struct Signals {
    listeners: Vec<(Signal, unix::Signal)>,
    /// Who is asked first, so that a signal that comes all the time does not hide the others.
    first: usize,
}

/// Listens for signals from now on.
///
/// Several of one kind that come before anybody looks count as one, as the operating system has it. Anybody may listen for
/// the same ones. From the first call on, the signal does not do what it does by default, in this process and for its
/// whole life: who listens for [`Signal::INTERRUPT`] once, and then no more, has switched off Ctrl-C.
///
/// # Errors
/// [`SignalError::Refused`].
///
/// # Panics
/// Outside of a tokio runtime.
///
/// # Examples
/// ```
/// use par_async::{Signal, signals};
///
/// # par_async::testing::run(async {
/// let mut usual = signals(&[Signal::USER_1, Signal::HANGUP])?;
/// let pid = std::process::id().to_string();
/// par_async::Command::new("sh").args(["-c", &format!("kill -USR1 {pid}")]).communicate("").await?;
/// assert_eq!(usual.next().await, Signal::USER_1);
/// assert!(signals(&[Signal::KILL]).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap().unwrap();
/// ```
pub fn signals(which: &[Signal]) -> Result<Signals, SignalError> {
    let listen = |signal: &Signal| match unix::signal(SignalKind::from_raw(signal.as_raw())) {
        Ok(listener) => Ok((*signal, listener)),
        Err(source) => Err(SignalError::Refused { signal: *signal, source }),
    };
    Ok(Signals { listeners: which.iter().map(listen).collect::<Result<_, _>>()?, first: 0 })
}

impl Signals {
    /// The next signal; with none to listen for, it waits until it is dropped.
    ///
    /// # Cancel safety
    /// Dropped before its end, it has taken no signal.
    #[track_caller]
    #[expect(clippy::should_implement_trait, reason = "an asynchronous one; the name is the usual one")]
    pub fn next(&mut self) -> impl Future<Output = Signal> + Send {
        waiting("Signals::next", Location::caller(), poll_fn(|cx| self.poll_signal(cx)))
    }

    fn poll_signal(&mut self, cx: &mut Context<'_>) -> Poll<Signal> {
        let count = self.listeners.len();
        for turn in 0..count {
            let index = (self.first + turn) % count;
            let (signal, listener) = &mut self.listeners[index];
            if listener.poll_recv(cx).is_ready() {
                self.first = index + 1;
                return Poll::Ready(*signal);
            }
        }
        Poll::Pending
    }
}

impl futures_util::Stream for Signals {
    type Item = Signal;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Signal>> {
        self.get_mut().poll_signal(cx).map(Some)
    }
}

/// Calls `callback` for every `signal`, in a task of the group, as Python's `loop.add_signal_handler` does.
///
/// It is an ordinary call in an ordinary task, so `callback` may do anything that does not block. The task ends when it is
/// cancelled, through its handle or with its group; until then it keeps the scope of the group open. A panic of `callback`
/// is a failure of the group.
///
/// # Errors
/// As [`signals`].
///
/// # Panics
/// Outside of a tokio runtime.
///
/// # Examples
/// ```
/// use par_async::{Signal, SignalError, TaskGroup, on_signal};
///
/// # par_async::testing::run(async {
/// TaskGroup::<SignalError>::scope(|group| async move {
///     let reload = on_signal(&group, Signal::HANGUP, |signal| println!("{signal}: reading the configuration"))?;
///     // …
///     reload.cancel("the service ends");
///     Ok(())
/// }).await?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap().unwrap();
/// ```
#[track_caller]
pub fn on_signal<E>(
    group: &TaskGroup<E>,
    signal: Signal,
    mut callback: impl FnMut(Signal) + Send + 'static,
) -> Result<TaskHandle<()>, SignalError>
where
    E: Debug + Display + Send + 'static,
{
    let mut listener = signals(&[signal])?;
    let task = group.task(format!("on {signal}"));
    Ok(task.spawn(async move {
        loop {
            callback(listener.next().await);
        }
    }))
}
