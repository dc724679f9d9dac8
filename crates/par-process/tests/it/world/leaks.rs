//! Nothing is left behind.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use par_process::ProcessWorld;

use super::programs::{Accident, Large, WaitsForEver, Wrong};
use crate::leaks::{children, entries, temporary_directories};
use crate::roles::ROLE;
use crate::watch::{is_alive, until};
use crate::{Outcome, Test};

pub(crate) const TESTS: &[Test] = &[
    ("fifty_worlds_leave_nothing", fifty_worlds_leave_nothing),
    ("ranks_die_with_a_killed_parent", ranks_die_with_a_killed_parent),
    ("a_parent_killed_at_any_moment_leaves_no_rank", a_parent_killed_at_any_moment_leaves_no_rank),
];

fn memory_files() -> Result<usize, std::io::Error> {
    Ok(std::fs::read_to_string("/proc/self/maps")?.lines().filter(|line| line.contains("memfd:par-")).count())
}

fn fifty_worlds_leave_nothing() -> Outcome {
    let world = ProcessWorld::builder().ranks(2).grace(Duration::from_millis(50)).build()?;
    let left = || -> Result<_, std::io::Error> {
        let counts = [entries("/proc/self/fd"), entries("/proc/self/task"), entries("/dev/shm")];
        Ok((counts, temporary_directories(), memory_files()?, children()?))
    };
    assert_eq!(world.run(&Large { bytes: 1000 })?.len(), 2);
    let before = left()?;
    assert_eq!(before.3, "", "there are no children");
    for round in 0..50 {
        match round % 5 {
            0 => drop(world.run(&Accident { what: Wrong::DiesWaitedFor, victim: 1 })),
            1 => drop(world.run(&Accident { what: Wrong::Computes, victim: 1 })),
            2 => drop(ProcessWorld::builder().ranks(2).env(ROLE, "leaves").build()?.run(&WaitsForEver)),
            _ => drop(world.run(&Large { bytes: 100_000 })?),
        }
    }
    assert_eq!(left()?, before, "descriptors, threads, files, sockets, mappings or children are left");
    Ok(())
}

fn start_parent() -> Result<(std::process::Child, Vec<u32>), Box<dyn std::error::Error>> {
    let mut parent =
        Command::new(std::env::current_exe()?).env(ROLE, "world").stdout(Stdio::piped()).spawn()?;
    let lines = BufReader::new(parent.stdout.take().ok_or("it is piped")?).lines();
    let pids: Result<Vec<u32>, Box<dyn std::error::Error>> =
        lines.take(3).map(|line| Ok(line?.parse()?)).collect();
    Ok((parent, pids?))
}

fn ranks_die_with_a_killed_parent() -> Outcome {
    let (mut parent, pids) = start_parent()?;
    assert!(pids.len() == 3 && pids.iter().all(|pid| is_alive(*pid)), "{pids:?}");
    parent.kill()?;
    parent.wait()?;
    let dead = || pids.iter().all(|pid| !is_alive(*pid));
    assert!(until(Duration::from_secs(2), dead), "ranks outlive their parent");
    Ok(())
}

fn a_parent_killed_at_any_moment_leaves_no_rank() -> Outcome {
    for round in 0..20 {
        let mut parent =
            Command::new(std::env::current_exe()?).env(ROLE, "world").stdout(Stdio::null()).spawn()?;
        // Not to synchronise: the moment is meant to be any.
        std::thread::sleep(Duration::from_micros(round * 500));
        parent.kill()?;
        parent.wait()?;
    }
    let others = crate::leaks::others_of_this_program;
    assert!(until(Duration::from_secs(2), || others() == 0), "{} processes are left", others());
    Ok(())
}
