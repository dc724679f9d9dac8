//! The serial codes and the chunk kernels of the workloads beside the usual way to write them, or a library.
//!
//! `cargo bench -p par-benches --bench serial_kernels -- --noplot [FILTER]`
//!
//! First the three run interleaved, in rounds: that gives ratios that a busy machine moves together.
//! Then Criterion measures each on its own, for the record.
//! Every answer of every round is verified.

mod peers;

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use criterion::Criterion;
use par_benches::workloads::{Class, Dgemm, Ep, Is, Recurrence, Stream};
use par_core::Workload;

/// Interleaved rounds per workload.
const ROUNDS: usize = 11;

fn main() {
    let mut criterion =
        Criterion::default().sample_size(10).measurement_time(Duration::from_secs(2)).configure_from_args();
    let stream = Stream::new(1 << 23, 10, Recurrence::Triad).expect("a size in range");
    compare(&mut criterion, "NPB loop, randlc in halves", &Ep::class(Class::S), peers::ep_class_s);
    compare(&mut criterion, "NPB buckets", &Is::class(Class::A), peers::is_class_a);
    compare(&mut criterion, "plain loop", &stream, || peers::triad(1 << 23, 10));
    compare(&mut criterion, "matrixmultiply", &Dgemm::bench(), || peers::dgemm(1024, 10));
    criterion.final_summary();
}

/// Compares a workload's serial code and its one-chunk kernel with a peer.
fn compare<W: Workload>(
    criterion: &mut Criterion,
    peer_name: &str,
    workload: &W,
    peer: impl Fn() -> W::Output,
) {
    let one_chunk = || {
        let chunks = workload.chunks(NonZeroUsize::MIN).into_iter();
        let merge = |left, chunk| workload.merge(left, workload.compute(chunk));
        workload.finish(chunks.fold(workload.identity(), merge))
    };
    let serial = || workload.serial();
    let reference = workload.serial();
    let timed = |run: &dyn Fn() -> W::Output| {
        let start = Instant::now();
        let output = black_box(run());
        let seconds = start.elapsed().as_secs_f64();
        workload.verify(&output, &reference).expect("no time for a wrong answer");
        seconds
    };

    // Not for `cargo test --benches`, which asks for one quick pass, and not for what the filter leaves out.
    let wanted = |name: &str| {
        let mut filters = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).peekable();
        filters.peek().is_none() || filters.any(|filter| name.contains(&filter))
    };
    if std::env::args().any(|argument| argument == "--bench") && wanted(W::NAME) {
        let rounds: Vec<[f64; 3]> =
            (0..ROUNDS).map(|_| [timed(&peer), timed(&serial), timed(&one_chunk)]).collect();
        let median = |value: &dyn Fn(&[f64; 3]) -> f64| {
            let mut values: Vec<f64> = rounds.iter().map(value).collect();
            values.sort_by(f64::total_cmp);
            values[ROUNDS / 2]
        };
        println!(
            "{}: {peer_name} {:.4} s; serial {:.4} s, {:.2} times as fast; one chunk {:.4} s, {:.2} times as fast",
            W::NAME,
            median(&|round| round[0]),
            median(&|round| round[1]),
            median(&|round| round[0] / round[1]),
            median(&|round| round[2]),
            median(&|round| round[0] / round[2]),
        );
    }

    let mut group = criterion.benchmark_group(W::NAME);
    group.bench_function(peer_name, |bencher| bencher.iter(&peer));
    group.bench_function("serial", |bencher| bencher.iter(serial));
    group.bench_function("one chunk", |bencher| bencher.iter(one_chunk));
    group.finish();
}
