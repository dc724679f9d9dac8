//! A submitted task with its type erased.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::panics::{contained, run_caught};
use super::wire::{Reply, WireHeader, codec_error, decode};
use super::worker::run_task;
use crate::handle::Completer;
use crate::task::Frame;
use crate::{Options, Phases, Task, TaskError, Timing, schema};

/// A submitted task with its type erased: what executors queue, run or send.
///
/// A job that is dropped completes its handle with [`TaskError::WorkerLost`].
pub trait Job: Send {
    /// The task's name, for messages and the wire.
    fn name(&self) -> &'static str;

    /// Deadline, priority, cancellation and retries.
    fn options(&self) -> &Options;

    /// Whether the outcome is there already (cancelled in the queue, expired), so that the job may be dropped.
    fn is_done(&self) -> bool;

    /// Whether the task was asked to stop.
    fn is_cancelled(&self) -> bool;

    /// Runs the task here, on the worker of that index: catches a panic, measures, completes the handle.
    ///
    /// A job that was cancelled or has expired is completed without running.
    fn run(self: Box<Self>, worker: usize) -> Ran;

    /// Marks the task as running, for executors that run it elsewhere; `false`: it is done already, drop it.
    fn begin(&self) -> bool;

    /// Sets what stops the task after it was begun: it is called at most once, must not block, and may come a moment after
    /// the task has ended, so it checks that the worker still runs this very task.
    ///
    /// It returns `true` if its worker had not really begun the task and never will; the job has been failed then.
    fn on_stop(&self, stop: Box<dyn FnOnce() -> bool + Send>);

    /// How far the task says it is, from a worker that is elsewhere.
    fn set_progress(&self, progress: f32);

    /// How many bytes [`encode`](Self::encode) needs.
    ///
    /// # Errors
    /// [`TaskError::NotSerialisable`] for a closure, [`TaskError::Codec`] when the value cannot be serialised.
    fn encoded_size(&self) -> Result<usize, TaskError>;

    /// Writes the call into the front of `buffer` and returns the number of bytes; may be repeated for a retry.
    ///
    /// # Errors
    /// As [`encoded_size`](Self::encoded_size), and [`TaskError::Codec`] when the buffer is too small.
    fn encode(&self, attempt: u32, buffer: &mut [u8]) -> Result<usize, TaskError>;

    /// Completes the handle with the reply of a worker elsewhere.
    fn complete(self: Box<Self>, worker: usize, reply: &Bytes) -> Ran;

    /// Completes the handle with an error.
    fn fail(self: Box<Self>, error: TaskError);
}

/// How a job ended, for the executor's metrics.
#[derive(Debug, Clone, Copy)]
pub struct Ran {
    /// `None`: it did not run, because it was cancelled or had expired. Else whether there is an output.
    pub ok: Option<bool>,
    /// The time between submission and start.
    pub queued: Duration,
    /// What the task measured.
    pub phases: Phases,
    /// When it began and when it ended, if it ran.
    pub span: Option<(Instant, Instant)>,
}

impl Ran {
    /// It did not run.
    pub const SKIPPED: Self = Self { ok: None, queued: Duration::ZERO, phases: Phases::ZERO, span: None };

    fn new(ok: bool, timing: &Timing) -> Self {
        let span = Some((timing.started, timing.finished));
        Self { ok: Some(ok), queued: timing.queued(), phases: timing.phases, span }
    }
}

/// What a job does: one task, a batch of tasks, or a closure.
pub(crate) trait Work: Send + 'static {
    type Output: Send + 'static;
    fn run(self) -> Self::Output;
    fn encoded_size(&self, name: &'static str) -> Result<usize, TaskError>;
    fn encode(&self, header: WireHeader<'_>, buffer: &mut [u8]) -> Result<usize, TaskError>;
    fn decode(name: &str, output: &Bytes) -> Result<Self::Output, TaskError>;
}

/// One task.
pub(crate) struct One<T>(pub(crate) T);

/// Several tasks that travel together; one that panics costs only its own output.
pub(crate) struct Batch<T>(pub(crate) Vec<T>);

/// A closure: it cannot travel.
pub(crate) struct Closure<F>(pub(crate) F);

impl<T: Task> Work for One<T> {
    type Output = T::Output;

    fn run(self) -> T::Output {
        self.0.run()
    }

    fn encoded_size(&self, name: &'static str) -> Result<usize, TaskError> {
        size_of_value(name, &self.0)
    }

    fn encode(&self, header: WireHeader<'_>, buffer: &mut [u8]) -> Result<usize, TaskError> {
        encode_value(&WireHeader { schema: schema::of_task::<T>(), ..header }, &self.0, buffer)
    }

    fn decode(name: &str, output: &Bytes) -> Result<T::Output, TaskError> {
        decode(name, output)
    }
}

impl<T: Task> Work for Batch<T> {
    type Output = Vec<Result<T::Output, TaskError>>;

    fn run(self) -> Self::Output {
        run_batch(self.0)
    }

    fn encoded_size(&self, name: &'static str) -> Result<usize, TaskError> {
        size_of_value(name, &self.0)
    }

    fn encode(&self, header: WireHeader<'_>, buffer: &mut [u8]) -> Result<usize, TaskError> {
        encode_value(&WireHeader { schema: schema::of_task::<T>(), batch: true, ..header }, &self.0, buffer)
    }

    fn decode(name: &str, output: &Bytes) -> Result<Self::Output, TaskError> {
        decode(name, output)
    }
}

/// Runs the tasks of a batch one after the other; the rest is cancelled when the batch is.
pub(crate) fn run_batch<T: Task>(tasks: Vec<T>) -> Vec<Result<T::Output, TaskError>> {
    let context = crate::task::current();
    let run = |task: T| {
        if context.cancelled() { Err(TaskError::Cancelled) } else { run_task(T::NAME, || task.run()) }
    };
    tasks.into_iter().map(run).collect()
}

impl<F, T> Work for Closure<F>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    type Output = T;

    fn run(self) -> T {
        (self.0)()
    }

    fn encoded_size(&self, name: &'static str) -> Result<usize, TaskError> {
        Err(TaskError::NotSerialisable { task: name.to_owned() })
    }

    fn encode(&self, header: WireHeader<'_>, _: &mut [u8]) -> Result<usize, TaskError> {
        Err(TaskError::NotSerialisable { task: header.name.to_owned() })
    }

    fn decode(name: &str, _: &Bytes) -> Result<T, TaskError> {
        Err(TaskError::NotSerialisable { task: name.to_owned() })
    }
}

fn size_of_value(name: &'static str, value: &(impl serde::Serialize + ?Sized)) -> Result<usize, TaskError> {
    let body = run_caught(|| postcard::experimental::serialized_size(value))?;
    body.map(|body| WireHeader::size(name) + body).map_err(|error| codec_error(name, &error.to_string()))
}

fn encode_value(
    header: &WireHeader<'_>,
    value: &(impl serde::Serialize + ?Sized),
    buffer: &mut [u8],
) -> Result<usize, TaskError> {
    let rest = header.write(buffer)?;
    let body = run_caught(|| postcard::to_slice(value, rest).map(|body| body.len()))?;
    let body = body.map_err(|error| codec_error(header.name, &error.to_string()))?;
    Ok(WireHeader::size(header.name) + body)
}

/// A job of known type: the work and the handle's other end.
pub(crate) struct TypedJob<W: Work> {
    name: &'static str,
    work: W,
    options: Options,
    submitted: Instant,
    completer: Completer<W::Output>,
}

impl<W: Work> TypedJob<W> {
    pub(crate) fn new(
        name: &'static str,
        work: W,
        options: Options,
        completer: Completer<W::Output>,
    ) -> Self {
        Self { name, work, options, submitted: Instant::now(), completer }
    }
}

impl<W: Work> Job for TypedJob<W> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn options(&self) -> &Options {
        &self.options
    }

    fn is_done(&self) -> bool {
        self.completer.is_done()
    }

    fn is_cancelled(&self) -> bool {
        self.completer.is_cancelled()
    }

    fn run(self: Box<Self>, worker: usize) -> Ran {
        let Self { name, work, submitted, completer, .. } = *self;
        if !completer.begin() {
            contained(|| drop(work));
            return Ran::SKIPPED;
        }
        let frame = Frame::new(completer.controlled(), 1);
        let (outcome, span) = frame.enter(|| run_task(name, || work.run()));
        let timing =
            Timing { submitted, started: span.started, finished: span.finished, worker, phases: span.phases };
        let ran = Ran::new(outcome.is_ok(), &timing);
        contained(|| completer.complete(outcome, Some(timing)));
        ran
    }

    fn begin(&self) -> bool {
        self.completer.begin()
    }

    fn on_stop(&self, stop: Box<dyn FnOnce() -> bool + Send>) {
        self.completer.on_stop(stop);
    }

    fn set_progress(&self, progress: f32) {
        self.completer.set_progress(progress);
    }

    fn encoded_size(&self) -> Result<usize, TaskError> {
        self.work.encoded_size(self.name)
    }

    fn encode(&self, attempt: u32, buffer: &mut [u8]) -> Result<usize, TaskError> {
        let deadline = self.options.expires();
        let header = WireHeader { name: self.name, schema: 0, batch: false, attempt, deadline };
        self.work.encode(header, buffer)
    }

    fn complete(self: Box<Self>, worker: usize, reply: &Bytes) -> Ran {
        let finished = Instant::now();
        let (phases, outcome) = Reply::read(self.name, reply);
        let outcome = outcome.and_then(|output| run_caught(|| W::decode(self.name, &output))?);
        let started = finished.checked_sub(phases.total()).unwrap_or(finished);
        let timing = Timing { submitted: self.submitted, started, finished, worker, phases };
        let ran = Ran::new(outcome.is_ok(), &timing);
        let Self { work, completer, .. } = *self;
        contained(|| completer.complete(outcome, Some(timing)));
        contained(|| drop(work));
        ran
    }

    fn fail(self: Box<Self>, error: TaskError) {
        let Self { work, completer, .. } = *self;
        completer.complete(Err(error), None);
        contained(|| drop(work));
    }
}
