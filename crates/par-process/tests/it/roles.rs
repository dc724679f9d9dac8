//! What this program does when a test starts it as something else.

use std::io::Write;

use par_core::ExecutorExt;
use par_process::{ProcessPool, ProcessWorld};

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
