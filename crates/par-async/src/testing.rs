//! For tests of asynchronous code: a clock that stands still.

use std::future::Future;
use std::panic::Location;
use std::task::Poll;

use crate::error::RunnerError;
use crate::runner::Runner;

/// Runs `main` on this thread, with a clock that stands still while anybody runs, and jumps to the next timer when all
/// wait: a test that sleeps an hour takes no time, and is the same every time.
///
/// # Errors
/// As [`Runner::run`].
///
/// # Examples
/// ```
/// use std::time::Duration;
///
/// let begun = std::time::Instant::now();
/// par_async::testing::run(async { par_async::sleep(Duration::from_secs(3600)).await })?;
/// assert!(begun.elapsed() < Duration::from_secs(60));
/// # Ok::<(), par_async::RunnerError>(())
/// ```
#[track_caller]
pub fn run<F: Future>(main: F) -> Result<F::Output, RunnerError> {
    Runner::builder().paused_clock().build()?.run_at(main, Location::caller())
}

/// Runs `attempt` again and again, each time on a new runtime with a clock that stands still, and lets it cancel a future
/// one poll later than the last time: before the first poll, then after one, two, …, until the future is done first.
///
/// The attempt sets a scene, runs the victim with [`CancelAt::run`], and checks that nothing was lost: no permit, no item,
/// no task. Returns at how many polls the victim was cancelled.
///
/// # Panics
/// As `attempt` does, after it has said at which poll; if an attempt does not run the victim; after 10,000 polls.
///
/// # Examples
/// ```
/// use par_async::testing::cancel_everywhere;
///
/// let polls = cancel_everywhere(async |cancel| {
///     let lock = tokio::sync::Mutex::new(0);
///     let victim = async {
///         let mut held = lock.lock().await;
///         tokio::task::yield_now().await;
///         *held += 1;
///     };
///     let done = cancel.run(victim).await.is_some();
///     assert_eq!(*lock.try_lock().expect("nobody holds it"), i32::from(done));
/// });
/// assert_eq!(polls, 2);
/// ```
pub fn cancel_everywhere(mut attempt: impl AsyncFnMut(&mut CancelAt)) -> usize {
    for polls in 0..10_000 {
        let mut cancel = CancelAt { polls, ended: None };
        if let Err(error) = run(attempt(&mut cancel)) {
            panic!("cancelled after {polls} polls: {error}");
        }
        if cancel.ended.expect("the attempt runs the victim") {
            return polls;
        }
    }
    panic!("the victim was not done after 10,000 polls");
}

/// Cancels a future at its turn; see [`cancel_everywhere`].
#[derive(Debug)]
pub struct CancelAt {
    polls: usize,
    /// Whether the victim was done first.
    ended: Option<bool>,
}

impl CancelAt {
    /// How often the victim is polled before it is dropped.
    pub const fn polls(&self) -> usize {
        self.polls
    }

    /// Polls `victim`, and drops it when its number of polls is reached: `None`, or its output if that was there first.
    pub async fn run<F: Future>(&mut self, victim: F) -> Option<F::Output> {
        let mut victim = Box::pin(victim);
        let mut left = self.polls;
        let output = std::future::poll_fn(|cx| {
            if left == 0 {
                return Poll::Ready(None);
            }
            left -= 1;
            match victim.as_mut().poll(cx) {
                Poll::Ready(output) => Poll::Ready(Some(output)),
                Poll::Pending if left == 0 => Poll::Ready(None),
                Poll::Pending => Poll::Pending,
            }
        })
        .await;
        self.ended = Some(output.is_some());
        output
    }
}
