//! Which task ran where, and when.

mod render;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use par_core::plumbing::Ran;
use parking_lot::Mutex;

/// Which task ran when and on which worker of a [`ThreadPool`](crate::ThreadPool), in the order in which they began.
///
/// The pool keeps it if [`Builder::timeline`](crate::Builder::timeline) asked for it: the latest spans of each worker.
/// A task is in it a moment after its handle tells the outcome. `Display` draws it;
/// [`to_chrome_json`](Self::to_chrome_json) is for a trace viewer.
///
/// # Examples
/// ```
/// use par_core::{Executor, LocalExecutorExt, Shutdown};
/// use par_threads::ThreadPool;
///
/// let pool = ThreadPool::builder().workers(1).timeline(1000).build()?;
/// assert_eq!(pool.spawn(|| 6 * 7)?.wait()?, 42);
/// pool.shutdown(Shutdown::drain())?;
/// let timeline = pool.timeline();
/// assert_eq!((timeline.spans.len(), timeline.spans[0].task), (1, "closure"));
/// println!("{timeline}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Timeline {
    /// The spans, ordered by their start.
    pub spans: Vec<TaskSpan>,
    /// How many older spans there was no room for.
    pub dropped: u64,
    /// The names of the workers' threads, by index.
    pub threads: Vec<String>,
    /// How many spans are kept per worker; 0 if none were asked for.
    pub capacity: usize,
}

/// One run of one task; a chunk of a `map` is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TaskSpan {
    /// The index of the worker.
    pub worker: usize,
    /// The task's name.
    pub task: &'static str,
    /// When it began, since the pool was built.
    pub started: Duration,
    /// When it ended, since the pool was built.
    pub finished: Duration,
    /// How long it had been queued before it began.
    pub queued: Duration,
    /// How many tasks lay below it on its worker's stack, waiting; 0 for most.
    pub depth: usize,
    /// Whether it had an output; `false`: it panicked. A chunk has the outputs and the panics of its tasks, so it is `true`.
    pub ok: bool,
}

impl TaskSpan {
    /// The time between start and end, that of tasks on top of it included.
    pub fn ran(&self) -> Duration {
        self.finished.saturating_sub(self.started)
    }
}

/// The latest spans of each worker.
pub(super) struct Recorder {
    birth: Instant,
    capacity: usize,
    /// Each lock is its worker's, except while somebody reads.
    rings: Box<[Mutex<Ring>]>,
}

#[derive(Default)]
struct Ring {
    spans: VecDeque<TaskSpan>,
    dropped: u64,
}

impl Recorder {
    pub(super) fn new(workers: usize, capacity: usize, birth: Instant) -> Self {
        Self { birth, capacity, rings: (0..workers).map(|_| Mutex::default()).collect() }
    }

    /// Notes a job that ran; what was skipped leaves no span.
    pub(super) fn record(&self, worker: usize, task: &'static str, depth: usize, ran: &Ran) {
        let (Some((started, finished)), Some(ok)) = (ran.span, ran.ok) else { return };
        let since = |instant: Instant| instant.saturating_duration_since(self.birth);
        let (started, finished, queued) = (since(started), since(finished), ran.queued);
        let mut ring = self.rings[worker].lock();
        if ring.spans.len() == self.capacity {
            ring.spans.pop_front();
            ring.dropped += 1;
        }
        ring.spans.push_back(TaskSpan { worker, task, started, finished, queued, depth, ok });
    }

    /// All spans; `threads` names the workers that there have been, and is asked last, so each span's worker is among
    /// them.
    pub(super) fn timeline(&self, threads: impl FnOnce() -> Vec<String>) -> Timeline {
        let (mut spans, mut dropped): (Vec<TaskSpan>, _) = (Vec::new(), 0);
        for ring in &self.rings {
            let ring = ring.lock();
            spans.extend(&ring.spans);
            dropped += ring.dropped;
        }
        // Of two that began at once, the one below is first.
        spans.sort_by_key(|span| (span.started, span.worker, span.depth));
        Timeline { spans, dropped, threads: threads(), capacity: self.capacity }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_that_comes_while_the_spans_are_read_is_named_if_one_of_them_is_its() {
        let birth = Instant::now();
        let recorder = Recorder::new(2, 4, birth);
        let run = |worker| {
            let ran = Ran { ok: Some(true), span: Some((birth, birth)), ..Ran::SKIPPED };
            recorder.record(worker, "task", 0, &ran);
        };
        run(0);
        let timeline = recorder.timeline(|| {
            // It began after the spans were read.
            run(1);
            vec!["par-0".to_owned()]
        });
        assert!(timeline.spans.iter().all(|span| span.worker < timeline.threads.len()), "{timeline:?}");
        assert_eq!(timeline.spans.len(), 1);
    }
}
