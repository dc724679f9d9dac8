//! Jobs of several ranks, and what each must come to.

use std::io::Read;
use std::process::{ExitStatus, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use par_mpi::launch::Mpirun;

/// Which role a rank plays.
pub(crate) const ROLE: &str = "PAR_MPI_ROLE";

/// After this a job hangs.
const LIMIT: Duration = Duration::from_mins(1);
/// A wrong program ends within this.
const WRONG_LIMIT: Duration = Duration::from_secs(40);

/// Right programs, and the numbers of ranks they run on; each says `done` at its end.
const RIGHT: &[(&str, &[usize])] = &[
    ("suite", &[1, 2, 3, 4, 7]),
    ("point_to_point", &[2, 3, 7]),
    ("long_messages", &[2]),
    ("more_than_two_gibibytes", &[2]),
    ("requests", &[1, 2, 4]),
    ("collectives", &[1, 2, 3, 4, 7]),
    ("blocks", &[1, 2, 3, 4, 7]),
    ("reductions", &[1, 2, 3, 4, 7]),
    ("native_reductions", &[1, 2, 3, 4, 7]),
    ("long_collectives", &[1, 3]),
    ("nonblocking", &[1, 2, 3, 4, 7]),
    ("values", &[1, 3]),
    ("communicators", &[1, 2, 4, 7]),
    ("grids", &[1, 4, 7]),
    ("watched", &[2, 3]),
    ("boards", &[1, 2, 4]),
    ("windows", &[1, 2, 4]),
    ("counters_and_locks", &[1, 3]),
    ("environment", &[1, 2]),
    ("agreed_failure", &[1, 3]),
];

/// Wrong programs: ranks, exit code if it is known, and what is said.
const WRONG: &[(&str, usize, Option<i32>, &str)] = &[
    ("truncated", 2, Some(102), "rank 1: the message from rank 0 with tag 5 has "),
    ("wrong_root", 3, Some(102), "there is no rank 3 in a communicator of 3"),
    ("panics", 3, Some(101), "rank 1: panicked at crates/par-mpi/tests/mpi/roles/wrong.rs"),
    ("panics_outside_run", 3, Some(101), "rank 1: panicked at crates/par-mpi/tests/mpi/roles/wrong.rs"),
    ("fails", 3, Some(102), "rank 2: no such file"),
    ("fails_outside_run", 3, Some(102), "rank 2: no such file"),
    ("is_killed", 3, None, ""),
    ("leaves_without_a_word", 3, None, ""),
    ("waits_for_ever", 2, Some(102), "a receive has waited for"),
    ("head_to_head", 2, Some(102), "a send has waited for"),
];

/// What a job came to.
struct Ended {
    status: ExitStatus,
    output: String,
    complaint: String,
    elapsed: Duration,
}

pub(crate) fn trials() -> Vec<Trial> {
    let right = RIGHT.iter().flat_map(|(role, sizes)| {
        sizes.iter().map(|size| {
            let (role, size) = (*role, *size);
            Trial::test(format!("{role}_on_{size}"), move || right(role, size))
        })
    });
    let wrong = WRONG.iter().map(|(role, size, code, said)| {
        Trial::test(format!("{role}_ends"), move || wrong(role, *size, *code, said))
    });
    let explained = par_core::testing::Wrong::ALL
        .map(|program| Trial::test(format!("{program:?}_is_explained"), move || explained(program)));
    let alone = [
        Trial::test("a_world_without_mpirun_has_one_rank", without_launcher),
        Trial::test("the_launcher_of_another_mpi_is_noticed", wrong_launcher),
    ];
    right.chain(wrong).chain(explained).chain(alone).collect()
}

fn right(role: &str, ranks: usize) -> Result<(), Failed> {
    let ended = launch(role, ranks)?;
    if !ended.status.success() || !ended.output.contains(&format!("done: {role} on {ranks}")) {
        return Err(ended.report().into());
    }
    Ok(())
}

fn wrong(role: &str, ranks: usize, code: Option<i32>, said: &str) -> Result<(), Failed> {
    let ended = launch(role, ranks)?;
    // Hydra answers with a code of its own when a rank has called MPI_Abort.
    let is_open = Mpirun::find(1)?.launcher().library == par_mpi::launch::Library::OpenMpi;
    let right_code = code.is_none_or(|code| !is_open || ended.status.code() == Some(code));
    if ended.status.success() || !right_code {
        return Err(format!("the exit code is wrong\n{}", ended.report()).into());
    }
    if !ended.complaint.contains(said) && !ended.output.contains(said) {
        return Err(format!("`{said}` is not said\n{}", ended.report()).into());
    }
    if ended.elapsed > WRONG_LIMIT {
        return Err(format!("it took {:?}\n{}", ended.elapsed, ended.report()).into());
    }
    Ok(())
}

/// A wrong program of par-core's collection under checks.
fn explained(program: par_core::testing::Wrong) -> Result<(), Failed> {
    let role = format!("explained {}", program as usize);
    let ended = launch(&role, par_core::testing::Wrong::RANKS)?;
    if ended.status.success() || ended.elapsed > WRONG_LIMIT {
        return Err(ended.report().into());
    }
    program.check_text(&ended.complaint).map_err(|missing| format!("{missing}\n{}", ended.report()))?;
    Ok(())
}

fn without_launcher() -> Result<(), Failed> {
    let mut command = std::process::Command::new(std::env::current_exe()?);
    let ended = run(command.env(ROLE, "collectives"))?;
    if !ended.status.success() || !ended.output.contains("done: collectives on 1") {
        return Err(ended.report().into());
    }
    Ok(())
}

fn wrong_launcher() -> Result<(), Failed> {
    let mut command = std::process::Command::new(std::env::current_exe()?);
    // What the launcher of an MPI that this program was not built with leaves behind.
    let variable = if Mpirun::find(1)?.launcher().library == par_mpi::launch::Library::OpenMpi {
        "MV2_COMM_WORLD_SIZE"
    } else {
        "OMPI_COMM_WORLD_SIZE"
    };
    let ended = run(command.env(ROLE, "collectives").env(variable, "4"))?;
    let said = format!("{variable} says that 4 ranks were launched, but this world has one");
    if ended.status.success() || !ended.complaint.contains(&said) {
        return Err(ended.report().into());
    }
    Ok(())
}

fn launch(role: &str, ranks: usize) -> Result<Ended, Failed> {
    let job = Mpirun::find(ranks)?.program(std::env::current_exe()?).env(ROLE, role);
    run(&mut job.command())
}

/// Runs a command to its end, or kills it at the limit, which is a failure.
fn run(command: &mut std::process::Command) -> Result<Ended, Failed> {
    let begun = Instant::now();
    let streams = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = streams.spawn()?;
    let (send, receive) = channel();
    let mut pipes: [(usize, Box<dyn Read + Send>); 2] = [
        (0, Box::new(child.stdout.take().ok_or("no pipe")?)),
        (1, Box::new(child.stderr.take().ok_or("no pipe")?)),
    ];
    let mut texts = [String::new(), String::new()];
    let mut late = false;
    thread::scope(|scope| {
        for (index, pipe) in &mut pipes {
            let send = send.clone();
            scope.spawn(move || {
                let mut bytes = Vec::new();
                pipe.read_to_end(&mut bytes).ok();
                send.send((*index, String::from_utf8_lossy(&bytes).into_owned())).ok();
            });
        }
        drop(send);
        let mut left = LIMIT;
        for _ in 0..2 {
            let (index, text) = receive.recv_timeout(left).unwrap_or_else(|_| {
                late = true;
                // Its ranks end with the launcher, and with them the pipes.
                child.kill().ok();
                receive.recv().unwrap_or_default()
            });
            texts[index] = text;
            left = LIMIT.saturating_sub(begun.elapsed()).max(Duration::from_millis(1));
        }
    });
    let [output, complaint] = texts;
    let ended = Ended { status: child.wait()?, output, complaint, elapsed: begun.elapsed() };
    if late { Err(format!("it did not end within {LIMIT:?}\n{}", ended.report()).into()) } else { Ok(ended) }
}

impl Ended {
    fn report(&self) -> String {
        format!(
            "{} after {:?}\n--- output\n{}--- complaint\n{}",
            self.status, self.elapsed, self.output, self.complaint
        )
    }
}
