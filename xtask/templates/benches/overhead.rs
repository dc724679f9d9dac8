//! The price of one task on par-foo, beside that of the call alone.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use par_core::ExecutorExt;
use par_foo::{FooConfig, FooExecutor};

#[par_core::task]
fn nothing(x: u64) -> u64 {
    x
}

fn overhead(criterion: &mut Criterion) {
    let executor = FooExecutor::new(FooConfig::default()).expect("the caller's thread is always there");
    criterion.bench_function("call", |bencher| bencher.iter(|| nothing(black_box(1))));
    criterion.bench_function("foo-executor", |bencher| {
        bencher.iter(|| executor.submit(nothing::new(black_box(1))).map(par_core::Handle::wait));
    });
}

criterion_group!(benches, overhead);
criterion_main!(benches);
