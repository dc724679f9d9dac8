//! What a world knows about itself.

use par_core::comm::{CommError, Communicator, Spmd, op};
use par_mpi::{MpiWorld, WorldError};

use super::Outcome;

#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
struct SumOfRanks {
    times: u64,
}

impl Spmd for SumOfRanks {
    const NAME: &'static str = "sum-of-ranks";
    type Output = u64;

    fn run<C: Communicator>(&self, world: &C) -> Result<u64, CommError> {
        let mut sum = [world.rank() as u64 * self.times];
        world.all_reduce_in_place(&mut sum, &op::Sum)?;
        Ok(sum[0])
    }
}

pub(super) fn all(world: &MpiWorld) -> Outcome {
    let size = world.comm().size() as u64;
    assert_eq!(world.run(&SumOfRanks { times: 3 })?, 3 * size * (size - 1) / 2);
    assert_eq!(MpiWorld::init().unwrap_err(), WorldError::AlreadyInitialised);
    assert!(world.mpi_version() >= (3, 0), "{:?}", world.mpi_version());
    let version = world.library_version();
    assert!(!version.is_empty() && !version.contains('\0'), "{version:?}");
    assert!(!world.processor_name()?.is_empty());
    let (begun, tick) = (world.wtime(), world.wtick());
    assert!(tick > 0.0 && tick < 0.1);
    while world.wtime() <= begun {}
    Ok(())
}
