//! Workloads that all ranks run together.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::time::{Duration, Instant};

use par_core::comm::{CommError, Communicator};
use par_core::{
    Cancellation, Cost, Counter, Mismatch, Options, Outcome, Phase, Plan, RunError, Runner, SerialExecutor,
    TaskError, Workload, split, task,
};
use par_mpi::MpiCollective;
use serde::{Deserialize, Serialize};

use crate::{gate, world};

/// A sum of numbers so different that its last bits depend on every grouping.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Rough {
    length: u64,
    /// Indices that cannot be computed.
    holes: Vec<u64>,
    /// What is counted when a chunk begins.
    name: String,
    /// The chunk with this index waits until it is cancelled.
    endless: Option<u64>,
}

#[par_core::workload]
impl Workload for Rough {
    const NAME: &'static str = "par-mpi-test-rough";
    type Chunk = Range<u64>;
    type Partial = (f64, Vec<u64>);
    type Output = (u64, Vec<u64>);

    fn chunks(&self, parts: NonZeroUsize) -> Vec<Range<u64>> {
        split(0..self.length, parts)
    }
    fn compute(&self, chunk: Range<u64>) -> Self::Partial {
        gate::count(&self.name);
        if self.endless.is_some_and(|index| chunk.contains(&index)) {
            while !task::current().cancelled() {
                std::thread::yield_now();
            }
        }
        let number = |index: u64| {
            assert!(!self.holes.contains(&index), "{index} is a hole");
            (index as f64).sin() * 10_f64.powi((index % 30) as i32 - 15)
        };
        (chunk.clone().map(number).sum(), chunk.collect())
    }
    fn identity(&self) -> Self::Partial {
        (0.0, Vec::new())
    }
    fn merge(&self, left: Self::Partial, right: Self::Partial) -> Self::Partial {
        (left.0 + right.0, [left.1, right.1].concat())
    }
    fn finish(&self, total: Self::Partial) -> Self::Output {
        (total.0.to_bits(), total.1)
    }
    fn serial(&self) -> Self::Output {
        self.finish(self.compute(0..self.length))
    }
    fn verify(&self, output: &Self::Output, reference: &Self::Output) -> Result<(), Mismatch> {
        Mismatch::unless_equal("indices", &output.1, &reference.1)
    }
    fn cost(&self) -> Cost {
        Cost::operations(self.length)
    }
}

type Ran = Result<Outcome<(u64, Vec<u64>)>, RunError>;

fn plan(parts: usize) -> Plan {
    Plan::parts(parts).expect("parts is not 0").spans()
}

/// What every rank gets.
fn run(ranks: usize, rough: &Rough, plan: impl Fn(usize) -> Plan + Sync) -> Vec<Ran> {
    let ran = world(ranks, |comm| Ok(MpiCollective::new(comm)?.run(rough, plan(comm.rank()))));
    ran.expect("no rank fails")
}

#[test]
fn the_answer_is_that_of_other_executors_bit_by_bit() {
    for (length, parts) in [(1000, 1), (1000, 7), (1000, 16), (1000, 2000), (3, 5), (0, 4)] {
        let rough = Rough { length, ..Rough::default() };
        let reference = SerialExecutor::new().run(&rough, plan(parts)).expect("it runs");
        for ranks in [1, 2, 3, 5] {
            for outcome in run(ranks, &rough, |_| plan(parts)) {
                let outcome = outcome.expect("it runs");
                assert_eq!(outcome.output, reference.output, "{length} in {parts} parts on {ranks} ranks");
                assert_eq!((outcome.tasks, outcome.parts), (reference.tasks, reference.parts));
                assert_eq!(outcome.metrics.get(Counter::Completed), reference.tasks as u64);
            }
        }
    }
}

#[test]
fn outcomes_tell_where_each_chunk_ran_and_where_the_time_went() {
    let rough = Rough { length: 100_000, ..Rough::default() };
    for outcome in run(3, &rough, |_| plan(7)) {
        let outcome = outcome.expect("it runs");
        let places: Vec<_> = outcome.spans.iter().map(|span| (span.worker, span.chunk)).collect();
        assert_eq!(places, [(0, 0), (0, 1), (1, 2), (1, 3), (2, 4), (2, 5), (2, 6)]);
        assert!(outcome.spans.iter().all(|span| span.start_ns <= span.end_ns));
        for phase in [Phase::Split, Phase::Compute, Phase::Encode, Phase::Transfer, Phase::Merge] {
            assert!(!outcome.phases.get(phase).is_zero(), "no time in {}", phase.name());
        }
        assert!(outcome.metrics.get(Counter::BytesReceived) > 100_000);
        assert!(outcome.metrics.get(Counter::BytesSent) > 200_000, "every other rank gets the total");
    }
}

#[test]
fn a_chunk_that_panics_fails_the_run_everywhere() {
    for holes in [vec![57], vec![99, 57], vec![0, 57, 99]] {
        let first = holes.iter().min().expect("there are holes") / 10;
        let rough = Rough { length: 100, holes, ..Rough::default() };
        for outcome in run(3, &rough, |_| plan(10)) {
            let Err(RunError::Chunk { chunk, source: TaskError::Panicked(panic), .. }) = outcome else {
                panic!("{outcome:?}")
            };
            // Whoever was warned in time has not come to its own hole.
            assert!(chunk as u64 >= first && panic.message.ends_with("is a hole"), "{chunk}: {panic}");
        }
    }
}

#[test]
fn all_ranks_tell_the_same_failure_and_can_run_again() {
    let broken = Rough { length: 30, holes: (0..30).collect(), ..Rough::default() };
    let whole = Rough { length: 30, ..Rough::default() };
    let told = world(4, |comm| {
        let ranks = MpiCollective::new(comm)?;
        let mut told = Vec::new();
        for _ in 0..10 {
            match ranks.run(&broken, plan(8)) {
                Err(RunError::Chunk { chunk, .. }) => told.push(chunk),
                other => return Err(CommError::program(format!("{other:?}"))),
            }
            let again = ranks.run(&whole, plan(8)).map_err(CommError::program)?;
            told.push(again.output.1.len());
        }
        Ok(told)
    })
    .expect("no rank fails");
    assert!(told.windows(2).all(|pair| pair[0] == pair[1]), "{told:?}");
}

#[test]
fn a_deadline_ends_the_run_everywhere_though_one_rank_alone_has_it() {
    let rough = Rough { length: 40, endless: Some(0), ..Rough::default() };
    let begun = Instant::now();
    let soon = |rank: usize| {
        let options = Options::new();
        plan(8).options(if rank == 0 { options.timeout(Duration::from_millis(30)) } else { options })
    };
    for outcome in run(3, &rough, soon) {
        let Err(RunError::Chunk { chunk: 0, source, .. }) = outcome else { panic!("{outcome:?}") };
        assert_eq!(source, TaskError::DeadlineExceeded);
    }
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_cancellation_ends_the_run_everywhere() {
    // The last but one: what is cancelled while it runs may still yield a partial, what comes after it does not.
    let rough = Rough { length: 40, endless: Some(30), name: "cancelled-chunks".into(), ..Rough::default() };
    let token = Cancellation::new();
    let outcomes = std::thread::scope(|scope| {
        scope.spawn(|| {
            gate::wait_for("cancelled-chunks", 7);
            token.cancel();
        });
        run(4, &rough, |_| plan(8).options(Options::new().cancellation(&token)))
    });
    for outcome in outcomes {
        let Err(RunError::Chunk { chunk, source, .. }) = outcome else { panic!("{outcome:?}") };
        assert_eq!((chunk, source), (7, TaskError::Cancelled));
    }
}

#[test]
fn a_rank_that_is_lost_fails_the_run_of_the_others() {
    let rough = Rough { length: 40, ..Rough::default() };
    for lost in 0..3 {
        let ran = world(3, |comm| {
            let ranks = MpiCollective::new(comm)?;
            if comm.rank() == lost {
                return Ok(None);
            }
            Ok(Some(ranks.run(&rough, plan(8)).map(|_| ())))
        });
        for (rank, outcome) in
            ran.expect("no rank fails").into_iter().enumerate().filter(|(rank, _)| *rank != lost)
        {
            let expected = matches!(
                &outcome,
                Some(Err(RunError::World { source: CommError::RankLost { rank, .. }, .. })) if *rank == lost
            );
            assert!(expected, "rank {rank}, when {lost} is lost: {outcome:?}");
        }
    }
}

/// Partials that can be encoded, and not decoded, or the other way round.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct OneWay {
    decodes: bool,
}

/// A partial of [`OneWay`].
#[derive(Debug)]
struct Thing {
    decodes: bool,
    merged: bool,
}

impl Serialize for Thing {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.merged && self.decodes {
            return Err(serde::ser::Error::custom("a merged thing goes nowhere"));
        }
        self.decodes.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Thing {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let decodes = bool::deserialize(deserializer)?;
        if decodes {
            return Ok(Self { decodes, merged: false });
        }
        Err(serde::de::Error::custom("what a thing is remains its secret"))
    }
}

#[par_core::workload]
impl Workload for OneWay {
    const NAME: &'static str = "par-mpi-test-one-way";
    type Chunk = Range<u64>;
    type Partial = Thing;
    type Output = ();

    fn chunks(&self, parts: NonZeroUsize) -> Vec<Range<u64>> {
        split(0..12, parts)
    }
    fn compute(&self, _: Range<u64>) -> Thing {
        Thing { decodes: self.decodes, merged: false }
    }
    fn identity(&self) -> Thing {
        Thing { decodes: self.decodes, merged: false }
    }
    fn merge(&self, left: Thing, _: Thing) -> Thing {
        Thing { merged: true, ..left }
    }
    fn finish(&self, _: Thing) {}
    fn serial(&self) {}
    fn verify(&self, (): &(), (): &()) -> Result<(), Mismatch> {
        Ok(())
    }
    fn cost(&self) -> Cost {
        Cost::operations(12)
    }
}

#[test]
fn partials_that_cannot_be_decoded_or_a_total_that_cannot_be_encoded_fail_the_run_everywhere() {
    let rough = Rough { length: 30, ..Rough::default() };
    let answers = world(3, |comm| {
        let ranks = MpiCollective::new(comm)?;
        let mut answers = Vec::new();
        for decodes in [false, true] {
            let Err(RunError::World { source: CommError::Codec(_), .. }) =
                ranks.run(&OneWay { decodes }, plan(12))
            else {
                return Err(CommError::program("things have crossed the wire"));
            };
            // Nothing of it is left for the next run.
            answers.push(ranks.run(&rough, plan(8)).map_err(CommError::program)?.output.1.len());
        }
        Ok(answers)
    });
    assert_eq!(answers.expect("no rank fails"), vec![vec![30, 30]; 3]);
}
