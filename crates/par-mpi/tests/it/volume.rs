//! Many tasks, and large ones.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use par_core::{Blob, Chunking, Counter, Executor, ExecutorExt, Phase};
use par_mpi::MpiPool;

use crate::{Failure, Outcome, serve};

#[par_core::task]
fn plus_one(x: u64) -> u64 {
    x + 1
}

/// The bytes, each one more.
#[par_core::task]
fn incremented(data: Blob) -> Blob {
    data.iter().map(|byte| byte.wrapping_add(1)).collect::<Vec<u8>>().into()
}

#[test]
fn ten_thousand_tiny_tasks_one_by_one() -> Outcome {
    const TASKS: u64 = 10_000;
    for ranks in [1, 3] {
        let (sum, metrics) = serve(ranks, MpiPool::builder, |pool| -> Result<_, Failure> {
            let sum = Arc::new(AtomicUsize::new(0));
            let handles = (0..TASKS).map(|x| {
                let handle = pool.submit(plus_one::new(x))?;
                let sum = Arc::clone(&sum);
                handle.on_done(move |output| {
                    sum.fetch_add(*output.as_ref().expect("it adds") as usize, Ordering::Relaxed);
                });
                Ok(handle)
            });
            let handles = handles.collect::<Result<Vec<_>, par_core::SubmitError>>()?;
            for (x, handle) in handles.into_iter().enumerate() {
                assert_eq!(handle.wait()?, x as u64 + 1);
            }
            Ok((sum.load(Ordering::Relaxed), pool.clone()))
        })??;
        assert_eq!(sum as u64, TASKS * (TASKS + 1) / 2);
        // After the end, when everything has been counted.
        let metrics = metrics.metrics();
        assert_eq!(metrics.get(Counter::Submitted), TASKS);
        assert_eq!(metrics.get(Counter::Completed), TASKS);
        assert!(metrics.get(Counter::BytesSent) >= TASKS && metrics.get(Counter::BytesReceived) >= TASKS);
        assert!(metrics.phases().get(Phase::Encode).as_nanos() > 0);
    }
    Ok(())
}

#[test]
fn a_map_in_chunks_keeps_its_order() -> Outcome {
    let outputs = serve(4, MpiPool::builder, |pool| {
        let chunking = Chunking::Fixed(std::num::NonZeroUsize::new(7).expect("not 0"));
        pool.map((0..5_000).map(plus_one::new)).chunking(chunking).collect::<Result<Vec<_>, _>>()
    })??;
    assert_eq!(outputs, (1..=5_000).collect::<Vec<u64>>());
    Ok(())
}

#[test]
fn sixty_four_mebibytes_there_and_back() -> Outcome {
    serve(3, MpiPool::builder, |pool| -> Result<_, Failure> {
        let data: Vec<u8> = (0..64_u32 << 20).map(|i| (i ^ i >> 11) as u8).collect();
        let handles = (0..2).map(|_| pool.submit(incremented::new(Blob::from(data.clone()))));
        for handle in handles.collect::<Result<Vec<_>, _>>()? {
            let back = handle.wait()?;
            assert!(back.iter().zip(&data).all(|(back, sent)| *back == sent.wrapping_add(1)));
            assert_eq!(back.len(), data.len());
        }
        Ok(())
    })??;
    Ok(())
}
