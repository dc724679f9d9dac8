//! A workload that all ranks run together.

use std::marker::PhantomData;
use std::ops::Range;
use std::time::{Duration, Instant};

use par_core::comm::{CommError, Communicator, Rank, Source, Tag};
use par_core::plumbing::{Answer, record_panics};
use par_core::{
    ChunkSpan, ChunkTask, Counter, ExecutorExt, Metrics, Options, Outcome, Phase, Phases, Plan, RunError,
    Runner, SerialExecutor, TaskError, Workload,
};
use serde::{Deserialize, Serialize};

const ROOT: Rank = 0;
/// A rank says that a chunk of it failed, so that the others need not compute theirs.
const FAILED: Tag = Tag(1);
/// A rank says how its chunks went.
const SHARE: Tag = Tag(2);
/// The root says whether there will be an answer.
const VERDICT: Tag = Tag(3);
/// A partial.
const PARTIAL: Tag = Tag(4);

/// The ranks of a communicator as a runner: every rank calls [`run`](Runner::run) with the same workload and the same
/// plan, computes its share, and gets the answer.
///
/// Chunks are dealt in contiguous blocks, in rank order. Partials are merged on rank 0 in chunk order, from the left, as
/// an executor merges them: so for the same number of parts the answer is, bit by bit, that of every other executor.
/// The balance is what the split makes it, since no rank takes chunks from another; for uneven chunks
/// [`MpiPool`](crate::MpiPool) is the better choice.
///
/// # When something fails
/// A chunk that panics, is cancelled or misses its deadline fails the run on *every* rank, with the same
/// [`RunError::Chunk`]; if several did, with that of the first in chunk order. Ranks look between two chunks whether
/// another has failed, and whether the plan's own deadline or cancellation asks them to stop; it is enough when one rank
/// is asked. A rank that is lost fails the run with [`RunError::World`] where the world survives it; MPI ends the job.
/// So does, on every rank, a partial that cannot be decoded, or a total that cannot be encoded.
///
/// # Examples
/// ```
/// # use std::num::NonZeroUsize;
/// # use par_core::{Cost, Mismatch, Workload, split};
/// # #[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
/// # struct Sum;
/// # #[par_core::workload]
/// # impl Workload for Sum {
/// #     const NAME: &'static str = "sum";
/// #     type Chunk = std::ops::Range<u64>;
/// #     type Partial = u64;
/// #     type Output = u64;
/// #     fn chunks(&self, parts: NonZeroUsize) -> Vec<Self::Chunk> { split(0..100, parts) }
/// #     fn compute(&self, chunk: Self::Chunk) -> u64 { chunk.sum() }
/// #     fn identity(&self) -> u64 { 0 }
/// #     fn merge(&self, left: u64, right: u64) -> u64 { left + right }
/// #     fn finish(&self, total: u64) -> u64 { total }
/// #     fn serial(&self) -> u64 { 4950 }
/// #     fn verify(&self, a: &u64, b: &u64) -> Result<(), Mismatch> { Mismatch::unless_equal("sum", a, b) }
/// #     fn cost(&self) -> Cost { Cost::operations(100) }
/// # }
/// use par_core::comm::CommError;
/// use par_core::testing::ModelWorld;
/// use par_core::{Plan, Runner};
/// use par_mpi::MpiCollective;
///
/// let answers = ModelWorld::new(3).run_fn(|world| {
///     let ranks = MpiCollective::new(world)?;
///     let plan = Plan::parts(8).map_err(CommError::program)?;
///     Ok(ranks.run(&Sum, plan).map_err(CommError::program)?.output)
/// })?;
/// assert_eq!(answers, [4950; 3]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct MpiCollective<'c, C: Communicator> {
    /// The same ranks, apart from the program's messages.
    comm: C,
    world: PhantomData<&'c C>,
}

impl<'c, C: Communicator> MpiCollective<'c, C> {
    /// The ranks of `comm`. A collective: every rank calls it.
    ///
    /// # Errors
    /// What [`Communicator::duplicate`] says.
    pub fn new(comm: &'c C) -> Result<Self, CommError> {
        record_panics();
        Ok(Self { comm: comm.duplicate()?, world: PhantomData })
    }

    /// How many ranks compute: all of them.
    pub fn ranks(&self) -> usize {
        self.comm.size()
    }
}

/// How one chunk went, in nanoseconds since its rank began.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Ran {
    phases: Phases,
    start_ns: u64,
    end_ns: u64,
}

/// How the chunks of one rank went.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Share {
    ran: Vec<Ran>,
    encode: Duration,
    failure: Option<(usize, TaskError)>,
}

/// Whether there will be an answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
enum Verdict {
    Merge,
    Failed {
        chunk: usize,
        source: TaskError,
        /// The ranks that have said so to all others.
        by: Vec<Rank>,
    },
    Lost(CommError),
}

/// What every rank's outcome tells beside the answer.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Summary {
    phases: Phases,
    spans: Vec<ChunkSpan>,
    bytes_sent: u64,
    bytes_received: u64,
}

impl<C: Communicator, W: Workload> Runner<W> for MpiCollective<'_, C> {
    /// A collective: every rank calls it, with the same workload and plan.
    ///
    /// Computing and encoding are summed over ranks; split, transfer and merge are those of rank 0, where transfer begins
    /// when all ranks have computed. Spans begin when their rank called this, and name ranks as workers.
    fn run(&self, workload: &W, plan: Plan) -> Result<Outcome<W::Output>, RunError> {
        let begun = Instant::now();
        let run = Run { comm: &self.comm, workload, begun };
        let chunks = workload.chunks(plan.part_limit());
        let tasks = chunks.len();
        let split = begun.elapsed();

        let (share, partials) = run.compute(chunks, plan.chunk_options());
        let shares = run.agree(share)?;
        let mut summary = Summary::default();
        let mut total = None;
        if let Some(shares) = shares {
            summary.phases.add(Phase::Split, split);
            run.account(&shares, tasks, plan.wants_spans(), &mut summary);
            total = Some(run.merge(partials, tasks, &mut summary)?);
        } else {
            run.deliver(partials)?;
        }
        let (total, summary) = run.share_out(total, summary).map_err(|error| lost::<W>(error))?;
        let finishing = Instant::now();
        let output = workload.finish(total);
        let Summary { mut phases, spans, bytes_sent, bytes_received } = summary;
        phases.add(Phase::Merge, finishing.elapsed());

        let metrics = Metrics::new(1);
        let counts = [
            (Counter::Submitted, tasks as u64),
            (Counter::Completed, tasks as u64),
            (Counter::BytesSent, bytes_sent),
            (Counter::BytesReceived, bytes_received),
        ];
        for (counter, count) in counts {
            metrics.add(0, counter, count);
        }
        for (phase, nanoseconds) in phases.iter() {
            metrics.add_time(0, phase, Duration::from_nanos(nanoseconds));
        }
        Ok(Outcome {
            output,
            wall: begun.elapsed(),
            phases,
            tasks,
            parts: plan.part_limit(),
            metrics: metrics.snapshot(),
            spans,
        })
    }
}

/// One run, on one rank.
struct Run<'r, C, W> {
    comm: &'r C,
    workload: &'r W,
    begun: Instant,
}

/// A rank's partials: on the root as they are, on the others as bytes.
enum Partials<P> {
    Own(Vec<P>),
    Encoded(Vec<Vec<u8>>),
}

impl<C: Communicator, W: Workload> Run<'_, C, W> {
    fn is_root(&self) -> bool {
        self.comm.rank() == ROOT
    }

    /// The chunks of a rank.
    fn block(&self, rank: Rank, tasks: usize) -> Range<usize> {
        let edge = |rank: usize| (tasks as u128 * rank as u128 / self.comm.size() as u128) as usize;
        edge(rank)..edge(rank + 1)
    }

    /// Computes this rank's chunks, until one fails here or elsewhere.
    fn compute(&self, chunks: Vec<W::Chunk>, options: &Options) -> (Share, Partials<W::Partial>) {
        let block = self.block(self.comm.rank(), chunks.len());
        let (mut own, mut encoded) = (Vec::new(), Vec::new());
        let mut share = Share { ran: Vec::new(), encode: Duration::ZERO, failure: None };
        let first = block.start;
        for (place, chunk) in chunks.into_iter().skip(first).take(block.len()).enumerate() {
            // An error of the communicator is found again where ranks agree.
            if matches!(self.comm.try_probe(Source::Any, FAILED), Ok(Some(_))) {
                break;
            }
            let computed = self.compute_one(chunk, options, &mut share).and_then(|partial| {
                if self.is_root() {
                    own.push(partial);
                } else {
                    let encoding = Instant::now();
                    encoded.push(encode(&partial)?);
                    share.encode += encoding.elapsed();
                }
                Ok(())
            });
            if let Err(error) = computed {
                share.failure = Some((first + place, error));
                self.warn();
                break;
            }
        }
        let partials = if self.is_root() { Partials::Own(own) } else { Partials::Encoded(encoded) };
        (share, partials)
    }

    fn compute_one(
        &self,
        chunk: W::Chunk,
        options: &Options,
        share: &mut Share,
    ) -> Result<W::Partial, TaskError> {
        let task = ChunkTask::new(self.workload.clone(), chunk);
        let handle = SerialExecutor::new().submit_with(task, options.clone()).map_err(TaskError::Refused)?;
        let (partial, timing) = handle.wait_timed();
        if let Some(timing) = timing.filter(|_| partial.is_ok()) {
            let since = |instant: Instant| {
                u64::try_from(instant.saturating_duration_since(self.begun).as_nanos()).unwrap_or(u64::MAX)
            };
            let (start_ns, end_ns) = (since(timing.started), since(timing.finished));
            share.ran.push(Ran { phases: timing.phases, start_ns, end_ns });
        }
        partial
    }

    /// Tells all others that there will be no answer.
    fn warn(&self) {
        for rank in (0..self.comm.size()).filter(|rank| *rank != self.comm.rank()) {
            // One that is gone needs no warning.
            let _ = self.comm.send::<u8>(&[], rank, FAILED);
        }
    }

    /// Comes to one verdict; yields all shares on the root.
    fn agree(&self, share: Share) -> Result<Option<Vec<Share>>, RunError> {
        let (verdict, shares) = if self.is_root() {
            let (verdict, shares) = self.judge(share);
            for rank in 1..self.comm.size() {
                // A rank that is gone is in the verdict, or will be missed at the next message.
                let _ = self.comm.send_value(&verdict, rank, VERDICT);
            }
            (verdict, Some(shares))
        } else {
            self.comm.send_value(&share, ROOT, SHARE).map_err(|error| lost::<W>(error))?;
            let told = self.comm.recv_value(ROOT, VERDICT).map_err(|error| lost::<W>(error))?;
            (told.0, None)
        };
        match verdict {
            Verdict::Merge => Ok(shares),
            Verdict::Lost(error) => Err(lost::<W>(error)),
            Verdict::Failed { chunk, source, by } => {
                for rank in by.into_iter().filter(|rank| *rank != self.comm.rank()) {
                    // The warning was sent before the verdict; the next run must not find it.
                    let _ = self.comm.recv::<u8>(rank, FAILED);
                }
                Err(RunError::Chunk { workload: W::NAME.to_owned(), chunk, source })
            }
        }
    }

    /// Hears all ranks, in their order.
    fn judge(&self, own: Share) -> (Verdict, Vec<Share>) {
        let mut shares = vec![own];
        let mut lost = None;
        for rank in 1..self.comm.size() {
            match self.comm.recv_value::<Share>(rank, SHARE) {
                Ok((share, _)) => shares.push(share),
                Err(error) => lost = lost.or(Some(error)),
            }
        }
        if let Some(error) = lost {
            return (Verdict::Lost(error), shares);
        }
        let failed = |(rank, share): (Rank, &Share)| share.failure.clone().map(|failure| (rank, failure));
        let failures: Vec<_> = shares.iter().enumerate().filter_map(failed).collect();
        let by = failures.iter().map(|(rank, _)| *rank).collect();
        // Blocks are in rank order, and a rank stops at its first: so the first is the first in chunk order.
        match failures.into_iter().next() {
            Some((_, (chunk, source))) => (Verdict::Failed { chunk, source, by }, shares),
            None => (Verdict::Merge, shares),
        }
    }

    /// Adds up what the ranks measured.
    fn account(&self, shares: &[Share], tasks: usize, spans: bool, summary: &mut Summary) {
        for (rank, share) in shares.iter().enumerate() {
            summary.phases.add(Phase::Encode, share.encode);
            for (chunk, ran) in self.block(rank, tasks).zip(&share.ran) {
                summary.phases += ran.phases;
                if spans {
                    let Ran { start_ns, end_ns, .. } = *ran;
                    summary.spans.push(ChunkSpan { worker: rank, chunk, start_ns, end_ns });
                }
            }
        }
    }

    /// Sends the partials to the root.
    fn deliver(&self, partials: Partials<W::Partial>) -> Result<(), RunError> {
        if let Partials::Encoded(partials) = partials {
            for partial in partials {
                self.comm.send(&partial, ROOT, PARTIAL).map_err(|error| lost::<W>(error))?;
            }
        }
        Ok(())
    }

    /// Folds all partials on the root, its own first, those of the others as they come in; within, why there is no
    /// total though all have come.
    fn merge(
        &self,
        own: Partials<W::Partial>,
        tasks: usize,
        summary: &mut Summary,
    ) -> Result<Result<W::Partial, CommError>, RunError> {
        let mut total = Ok(self.workload.identity());
        let fold = |total: W::Partial, partial: W::Partial, phases: &mut Phases| {
            let merging = Instant::now();
            let total = self.workload.merge(total, partial);
            phases.add(Phase::Merge, merging.elapsed());
            total
        };
        if let Partials::Own(own) = own {
            for partial in own {
                total = total.map(|total| fold(total, partial, &mut summary.phases));
            }
        }
        for rank in 1..self.comm.size() {
            for chunk in self.block(rank, tasks) {
                let receiving = Instant::now();
                let (bytes, _) = self.comm.recv::<u8>(rank, PARTIAL).map_err(|error| lost::<W>(error))?;
                summary.phases.add(Phase::Transfer, receiving.elapsed());
                summary.bytes_received += bytes.len() as u64;
                // After one that cannot be decoded the others are still taken: the next run must not find them.
                total = total.and_then(|total| {
                    let decoding = Instant::now();
                    let partial = postcard::from_bytes(&bytes).map_err(|error| {
                        CommError::Codec(format!("chunk {chunk} of rank {rank}: {error}"))
                    })?;
                    summary.phases.add(Phase::Encode, decoding.elapsed());
                    Ok(fold(total, partial, &mut summary.phases))
                });
            }
        }
        Ok(total)
    }

    /// Gives every rank the total, or why there is none, and what the outcome tells beside it.
    fn share_out(
        &self,
        total: Option<Result<W::Partial, CommError>>,
        mut summary: Summary,
    ) -> Result<(W::Partial, Summary), CommError> {
        let sharing = Instant::now();
        let others = self.comm.size() as u64 - 1;
        let (mut own, mut bytes, mut length) = (None, Vec::new(), None);
        if let Some(total) = total {
            let encoded = total.and_then(|total| {
                if others > 0 {
                    bytes =
                        encode(&total).map_err(|error| CommError::Codec(format!("the total: {error}")))?;
                }
                own = Some(total);
                Ok(bytes.len())
            });
            length = Some(encoded);
        }
        bytes.resize(self.comm.broadcast_value(length, ROOT)??, 0);
        summary.bytes_sent = others * bytes.len() as u64;
        self.comm.broadcast(&mut bytes, ROOT)?;
        summary.phases.add(Phase::Transfer, sharing.elapsed());
        let summary = self.comm.broadcast_value(self.is_root().then_some(summary), ROOT)?;
        let total = match own {
            Some(total) => total,
            None => postcard::from_bytes(&bytes)
                .map_err(|error| CommError::Codec(format!("the total: {error}")))?,
        };
        Ok((total, summary))
    }
}

/// The ranks do not come to an answer together.
fn lost<W: Workload>(source: CommError) -> RunError {
    RunError::World { workload: W::NAME.to_owned(), source }
}

/// A partial as bytes; a `Serialize` that panics is an error.
fn encode<P: Serialize + Send>(partial: &P) -> Result<Vec<u8>, TaskError> {
    let mut bytes = vec![0; partial.encoded_size()?];
    let size = partial.encode(&mut bytes)?;
    bytes.truncate(size);
    Ok(bytes)
}
