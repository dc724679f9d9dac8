//! Large payloads.

use par_core::{Blob, ExecutorExt};
use par_process::ProcessPool;

use super::tasks::{self, echo, makes};
use super::{Outcome, Test};

pub(crate) const TESTS: &[Test] = &[
    ("bytes_come_back_as_they_went", bytes_come_back_as_they_went),
    ("a_view_outlives_its_worker", a_view_outlives_its_worker),
    ("views_that_are_kept_are_not_overwritten", views_that_are_kept_are_not_overwritten),
];

fn bytes_come_back_as_they_went() -> Outcome {
    let pool = ProcessPool::builder().workers(tasks::two()).start()?;
    // Sizes around every border: what fits into a slot of the board, and what travels in shared memory.
    for size in [0, 1, 160, 170, 200, 240, 4096, 65_400, 65_535, 65_536, 65_537, 1 << 20, 64 << 20] {
        let data = Blob::from((0..size).map(|i| ((i * 7) >> 2) as u8).collect::<Vec<u8>>());
        for _ in 0..2 {
            let back = pool.submit(echo::new(data.clone()))?.wait()?;
            assert!(back == data, "{size} bytes came back changed");
        }
    }
    Ok(())
}

fn a_view_outlives_its_worker() -> Outcome {
    let pool = ProcessPool::builder().workers(tasks::one()).start()?;
    let blob = pool.submit(makes::new(1 << 20))?.wait()?;
    drop(pool);
    assert!(blob.iter().enumerate().all(|(i, byte)| *byte == i as u8));
    Ok(())
}

fn views_that_are_kept_are_not_overwritten() -> Outcome {
    let pool = ProcessPool::builder().workers(tasks::one()).start()?;
    let kept: Result<Vec<Blob>, _> = (1..20_u8)
        .map(|byte| {
            pool.submit(echo::new(Blob::from(vec![byte; 100_000])))
                .map_err(par_core::TaskError::Refused)?
                .wait()
        })
        .collect();
    for (blob, byte) in kept?.iter().zip(1..) {
        assert!(blob.len() == 100_000 && blob.iter().all(|known| *known == byte), "{byte} was overwritten");
    }
    Ok(())
}
