//! What this program does when a test starts it as something else.

use std::io::Write;

use par_core::ExecutorExt;
use par_process::{ProcessPool, ProcessWorld};
use rustix::process::{Resource, Rlimit, setrlimit};

use super::tasks;
use super::world::programs::WaitsForEver;

/// The variable that names the role.
pub(crate) const ROLE: &str = "PAR_IT_ROLE";

/// Programs that do not call `init` first.
pub(crate) fn before_init() {
    match std::env::var(ROLE).as_deref() {
        // Makes a pool of its own, as the program that forgot would.
        Ok("forgets") => {
            let pool = ProcessPool::new();
            panic!("a pool was made in a worker that is none: {pool:?}");
        }
        Ok("makes-a-world") => {
            let world = ProcessWorld::new(2);
            panic!("a world was made in a rank that has not joined its own: {world:?}");
        }
        Ok("leaves") => std::process::exit(3),
        Ok("dawdles") => std::thread::sleep(std::time::Duration::from_secs(100)),
        _ => {}
    }
}

/// Programs that do.
pub(crate) fn after_init() {
    if std::env::var(ROLE).as_deref() == Ok("parent") {
        parent().expect("the pool works");
    }
    match std::env::var(ROLE).as_deref() {
        Ok("short-of-memory") => cramped(Resource::As, 200 << 20),
        Ok("short-of-files") => cramped(Resource::Nofile, 20),
        _ => {}
    }
    if std::env::var(ROLE).as_deref() == Ok("world") {
        let ended = ProcessWorld::new(3).and_then(|world| world.run(&WaitsForEver));
        panic!("a world in which all wait for ever has ended: {ended:?}");
    }
}

/// Has a pool with busy workers, says so, and waits to be killed.
fn parent() -> Result<(), Box<dyn std::error::Error>> {
    let pool = ProcessPool::builder().workers(2).build()?;
    let handles = [pool.submit(tasks::stubborn::new())?, pool.submit(tasks::stubborn::new())?];
    let pids: Vec<String> = pool.worker_pids().iter().map(ToString::to_string).collect();
    println!("{}", pids.join(" "));
    std::io::stdout().flush()?;
    handles.into_iter().try_for_each(par_core::Handle::wait)?;
    Ok(())
}

/// Tries to make a world where something is short, and says what came of it.
fn cramped(resource: Resource, limit: u64) {
    let ranks = std::env::var("PAR_IT_RANKS").ok().and_then(|ranks| ranks.parse().ok()).unwrap_or(1);
    setrlimit(resource, Rlimit { current: Some(limit), maximum: Some(limit) })
        .expect("a limit can be lowered");
    let outcome = ProcessWorld::new(ranks).and_then(|world| world.run(&WaitsForEver));
    let children = super::leaks::children().expect("/proc is there");
    println!("{outcome:?}; children left: {}", children.split_whitespace().count());
    std::process::exit(0);
}
