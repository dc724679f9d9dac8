//! What launchers say in the environment of the ranks that they start.

/// How many ranks a launcher says that it has started, and in which variable; `None` without a launcher.
///
/// # Examples
/// ```
/// let said = |name: &str| (name == "PMI_SIZE").then(|| "4".to_owned());
/// assert_eq!(par_mpi::launch::announced(said), Some(("PMI_SIZE".to_owned(), 4)));
/// assert_eq!(par_mpi::launch::announced(|_| None), None);
/// ```
pub fn announced(variable: impl Fn(&str) -> Option<String>) -> Option<(String, usize)> {
    // Open MPI's mpirun; MPICH's and Intel's; MVAPICH's; Slurm's srun, whose steps have these, batch scripts not.
    let names = [
        "OMPI_COMM_WORLD_SIZE",
        "PMI_SIZE",
        "MV2_COMM_WORLD_SIZE",
        "MPI_LOCALNRANKS",
        "SLURM_STEP_NUM_TASKS",
    ];
    names.iter().find_map(|name| Some(((*name).to_owned(), variable(name)?.trim().parse().ok()?)))
}
