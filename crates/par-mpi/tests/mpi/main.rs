//! The world of MPI, as ranks that `mpirun` starts: this program is the test's side, and, started again, the ranks'.
//!
//! Without the feature `mpi` there is nothing to test, without an MPI nothing to test it with; both are said, and are
//! failures when `PAR_REQUIRE` names `mpi`.

mod jobs;
#[cfg(feature = "mpi")]
mod roles;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    #[cfg(feature = "mpi")]
    if let Ok(role) = std::env::var(jobs::ROLE) {
        return roles::play(&role);
    }
    let mut arguments = Arguments::from_args();
    // Each test is a job of several ranks already.
    arguments.test_threads = Some(1);
    libtest_mimic::run(&arguments, trials()).exit_code()
}

fn trials() -> Vec<Trial> {
    let obstacle = if cfg!(feature = "mpi") {
        par_mpi::launch::Launcher::find().err().map(|error| error.to_string())
    } else {
        Some("the feature `mpi` is off".to_owned())
    };
    let Some(obstacle) = obstacle else { return jobs::trials() };
    let required = std::env::var("PAR_REQUIRE").unwrap_or_default();
    if required.split(',').any(|need| need.trim() == "mpi") {
        return vec![Trial::test("mpi_is_required", move || Err(obstacle.into()))];
    }
    println!("skipped: the world of MPI: {obstacle}");
    Vec::new()
}
