//! Running a whole workload.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use crate::error::ZeroError;
use crate::{
    ChunkSpan, ChunkTask, Executor, ExecutorExt, Handle, Options, Phase, Phases, RunError, Snapshot,
    TaskError, Timing, Workload,
};

/// How a workload is to be run; not where.
#[derive(Debug, Clone)]
pub struct Plan {
    parts: NonZeroUsize,
    options: Options,
    spans: bool,
}

impl Plan {
    /// Cut the problem into at most `parts` chunks.
    ///
    /// # Errors
    /// [`ZeroError`] when `parts` is 0.
    pub fn parts(parts: usize) -> Result<Self, ZeroError> {
        let parts = NonZeroUsize::new(parts).ok_or(ZeroError { what: "parts" })?;
        Ok(Self { parts, options: Options::new(), spans: false })
    }

    /// The options of every chunk: a deadline for the whole run, a cancellation token.
    #[must_use]
    pub fn options(self, options: Options) -> Self {
        Self { options, ..self }
    }

    /// Also record when and where each chunk ran.
    #[must_use]
    pub fn spans(self) -> Self {
        Self { spans: true, ..self }
    }

    /// Into at most how many chunks the problem is to be cut; this and the next two are for runners.
    pub fn part_limit(&self) -> NonZeroUsize {
        self.parts
    }

    /// The options of every chunk.
    pub fn chunk_options(&self) -> &Options {
        &self.options
    }

    /// Whether the outcome is to say when and where each chunk ran.
    pub fn wants_spans(&self) -> bool {
        self.spans
    }
}

/// What a run yields: the answer, and where the time went.
#[derive(Debug, Clone)]
pub struct Outcome<T> {
    /// The answer.
    pub output: T,
    /// End to end, from the parameters to the answer.
    pub wall: Duration,
    /// Split and merge are wall time of the caller; the other phases are summed over workers.
    pub phases: Phases,
    /// Chunks that ran.
    pub tasks: usize,
    /// Into how many parts the problem was to be cut.
    pub parts: NonZeroUsize,
    /// What the executor counted meanwhile.
    pub metrics: Snapshot,
    /// When and where each chunk ran, if the plan asked for it.
    pub spans: Vec<ChunkSpan>,
}

/// Something that can run a workload: every [`Executor`], and what is more than one (collectives, devices).
///
/// # Examples
/// See [`Workload`].
pub trait Runner<W: Workload> {
    /// Splits, computes, merges in chunk order and finishes.
    ///
    /// # Errors
    /// [`RunError`], which names the chunk; the other chunks are cancelled.
    ///
    /// # Blocking
    /// Until the answer is there, or the plan's deadline has passed.
    fn run(&self, workload: &W, plan: Plan) -> Result<Outcome<W::Output>, RunError>;
}

impl<E: Executor + ?Sized, W: Workload> Runner<W> for E {
    fn run(&self, workload: &W, plan: Plan) -> Result<Outcome<W::Output>, RunError> {
        let before = self.metrics();
        let begun = Instant::now();
        let chunks = workload.chunks(plan.parts);
        let mut phases = Phases::ZERO;
        phases.add(Phase::Split, begun.elapsed());

        let handles = submit_all(self, workload, chunks, &plan.options)?;
        let tasks = handles.0.len();
        let mut spans = Vec::new();
        let mut total = workload.identity();
        for (index, partial) in handles.enumerate() {
            let (partial, timing) = partial;
            let source = |source| RunError::Chunk { workload: W::NAME.to_owned(), chunk: index, source };
            let partial = partial.map_err(source)?;
            let merging = Instant::now();
            total = workload.merge(total, partial);
            phases.add(Phase::Merge, merging.elapsed());
            if let Some(timing) = timing {
                phases.add(Phase::Queue, timing.queued());
                phases += timing.phases;
                if plan.spans {
                    spans.push(span(index, begun, &timing));
                }
            }
        }
        let finishing = Instant::now();
        let output = workload.finish(total);
        phases.add(Phase::Merge, finishing.elapsed());
        let wall = begun.elapsed();
        let metrics = self.metrics() - before;
        // What the executor itself spent on encoding and moving is in its own counters.
        for phase in [Phase::Encode, Phase::Transfer] {
            phases.add(phase, metrics.phases().get(phase).saturating_sub(phases.get(phase)));
        }
        Ok(Outcome { output, wall, phases, tasks, parts: plan.parts, metrics, spans })
    }
}

/// The chunks under way, in order; those that nobody will merge are cancelled.
struct Chunks<P: Send + 'static>(std::collections::VecDeque<Handle<P>>);

impl<P: Send + 'static> Iterator for Chunks<P> {
    type Item = (Result<P, TaskError>, Option<Timing>);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.pop_front().map(Handle::wait_timed)
    }
}

impl<P: Send + 'static> Drop for Chunks<P> {
    fn drop(&mut self) {
        for handle in &self.0 {
            handle.cancel();
        }
    }
}

fn submit_all<E: Executor + ?Sized, W: Workload>(
    executor: &E,
    workload: &W,
    chunks: Vec<W::Chunk>,
    options: &Options,
) -> Result<Chunks<W::Partial>, RunError> {
    let mut handles = Chunks(std::collections::VecDeque::with_capacity(chunks.len()));
    for (index, chunk) in chunks.into_iter().enumerate() {
        let task = ChunkTask::new(workload.clone(), chunk);
        match executor.submit_with(task, options.clone()) {
            Ok(handle) => handles.0.push_back(handle),
            Err(source) => {
                return Err(RunError::Refused { workload: W::NAME.to_owned(), chunk: index, source });
            }
        }
    }
    Ok(handles)
}

fn span(chunk: usize, begun: Instant, timing: &Timing) -> ChunkSpan {
    let since = |instant: Instant| {
        u64::try_from(instant.saturating_duration_since(begun).as_nanos()).unwrap_or(u64::MAX)
    };
    ChunkSpan {
        worker: timing.worker,
        chunk,
        start_ns: since(timing.started),
        end_ns: since(timing.finished),
    }
}
