//! Nothing is left behind.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use par_core::{Blob, ExecutorExt};
use par_process::ProcessPool;

use super::roles::ROLE;
use super::tasks::{echo, nap, square};
use super::watch::{is_alive, until};
use super::{Outcome, Test};

pub(crate) const TESTS: &[Test] = &[
    ("fifty_pools_leave_nothing", fifty_pools_leave_nothing),
    ("workers_inherit_no_descriptors", workers_inherit_no_descriptors),
    ("workers_die_with_a_killed_parent", workers_die_with_a_killed_parent),
    ("a_parent_killed_at_any_moment_leaves_no_worker", a_parent_killed_at_any_moment_leaves_no_worker),
];

pub(crate) fn entries(directory: &str) -> usize {
    std::fs::read_dir(directory).map_or(0, Iterator::count)
}

pub(crate) fn temporary_directories() -> usize {
    let all = std::fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten();
    all.filter(|entry| entry.path().join("socket").exists()).count()
}

pub(crate) fn children() -> Result<String, std::io::Error> {
    let mut all = String::new();
    for thread in std::fs::read_dir("/proc/self/task")?.flatten() {
        all += &std::fs::read_to_string(thread.path().join("children")).unwrap_or_default();
    }
    Ok(all)
}

fn fifty_pools_leave_nothing() -> Outcome {
    let use_pool = |round: usize| -> Outcome {
        let pool = ProcessPool::builder().workers(2).build()?;
        assert_eq!(pool.submit(square::new(3))?.wait()?, 9);
        assert_eq!(pool.submit(echo::new(Blob::from(vec![1; 100_000])))?.wait()?.len(), 100_000);
        if round.is_multiple_of(2) {
            // Dropped with work under way.
            drop(pool.submit(nap::new(1000))?);
        }
        Ok(())
    };
    use_pool(0)?;
    let settled = |fds: usize, threads: usize| {
        until(Duration::from_secs(2), || {
            entries("/proc/self/fd") <= fds && entries("/proc/self/task") <= threads
        })
    };
    let (sockets, maps) = (temporary_directories(), memory_files()?);
    until(Duration::from_secs(1), || children().is_ok_and(|children| children.is_empty()));
    let (fds, threads) = (entries("/proc/self/fd"), entries("/proc/self/task"));
    for round in 0..50 {
        use_pool(round)?;
    }
    // A program that dies before it connects leaves no socket either.
    let _ = ProcessPool::builder().workers(2).env(ROLE, "leaves").build();
    assert!(
        settled(fds, threads),
        "{fds} descriptors and {threads} threads became {} and {}",
        entries("/proc/self/fd"),
        entries("/proc/self/task")
    );
    assert_eq!(temporary_directories(), sockets, "sockets are left");
    assert!(memory_files()? <= maps, "shared memory is left");
    assert_eq!(children()?, "", "children are left, living or dead");
    Ok(())
}

fn workers_inherit_no_descriptors() -> Outcome {
    let exe = std::fs::read_link("/proc/self/exe")?;
    let _open = std::fs::File::open(&exe)?;
    for _ in 0..10 {
        let pool = ProcessPool::builder().workers(6).build()?;
        for pid in pool.worker_pids() {
            let files = std::fs::read_dir(format!("/proc/{pid}/fd"))?.flatten();
            let open: Vec<_> = files.filter_map(|file| std::fs::read_link(file.path()).ok()).collect();
            // One channel in each direction; other files may come from whoever started this program.
            let ours = |path: &&std::path::PathBuf| {
                let path = path.to_string_lossy();
                path.starts_with("socket:") || path.contains("memfd:") || path == exe.to_string_lossy()
            };
            assert!(open.iter().filter(ours).count() <= 2, "worker {pid} has {open:?}");
        }
    }
    Ok(())
}

fn memory_files() -> Result<usize, std::io::Error> {
    Ok(std::fs::read_to_string("/proc/self/maps")?
        .lines()
        .filter(|line| line.contains("memfd:par-process"))
        .count())
}

fn start_parent() -> Result<(std::process::Child, Vec<u32>), Box<dyn std::error::Error>> {
    let mut parent =
        Command::new(std::env::current_exe()?).env(ROLE, "parent").stdout(Stdio::piped()).spawn()?;
    let mut line = String::new();
    BufReader::new(parent.stdout.take().ok_or("it is piped")?).read_line(&mut line)?;
    let pids: Result<Vec<u32>, _> = line.split_whitespace().map(str::parse).collect();
    Ok((parent, pids?))
}

fn workers_die_with_a_killed_parent() -> Outcome {
    let (mut parent, pids) = start_parent()?;
    assert!(pids.len() == 2 && pids.iter().all(|pid| is_alive(*pid)));
    parent.kill()?;
    parent.wait()?;
    assert!(
        until(Duration::from_secs(2), || pids.iter().all(|pid| !is_alive(*pid))),
        "workers outlive their parent"
    );
    Ok(())
}

/// Other processes that run this program.
pub(crate) fn others_of_this_program() -> usize {
    let Ok(own) = std::fs::read_link("/proc/self/exe") else { return 0 };
    let all = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let mine = |entry: &std::fs::DirEntry| {
        let pid: Option<u32> = entry.file_name().to_string_lossy().parse().ok();
        pid.is_some_and(|pid| pid != std::process::id())
            && std::fs::read_link(entry.path().join("exe")).is_ok_and(|exe| exe == own)
    };
    all.filter(mine).count()
}

fn a_parent_killed_at_any_moment_leaves_no_worker() -> Outcome {
    for round in 0..20 {
        let mut parent =
            Command::new(std::env::current_exe()?).env(ROLE, "parent").stdout(Stdio::null()).spawn()?;
        // Not to synchronise: the moment is meant to be any.
        std::thread::sleep(Duration::from_micros(round * 500));
        parent.kill()?;
        parent.wait()?;
    }
    assert!(
        until(Duration::from_secs(2), || others_of_this_program() == 0),
        "{} processes are left",
        others_of_this_program()
    );
    Ok(())
}
