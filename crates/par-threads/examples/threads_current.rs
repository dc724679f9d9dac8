//! How to tell threads apart: names, the current thread, and the list of all.
//!
//! Run it: `cargo run --release -p par-threads --example threads_current`
//!
//! Expected output:
//! ```text
//! function_A --> starting
//! function_B --> starting
//! function_C --> starting
//! alive: ["main", "function_A", "function_B", "function_C"]
//! function_A --> exiting
//! function_B --> exiting
//! function_C --> exiting
//! alive: ["main"]
//! ```

use std::sync::mpsc::{Receiver, channel};

use par_threads::thread::{self, Builder};

/// Says who it is, and stays until it is let go.
fn function(go: &Receiver<()>, report: impl FnOnce()) {
    let me = thread::current();
    println!("{} --> starting", me.name());
    report();
    go.recv().ok();
    println!("{} --> exiting", me.name());
}

fn alive() -> Vec<String> {
    thread::enumerate().iter().map(|thread| thread.name().to_owned()).collect()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    assert!(thread::current().is_main());
    let mut threads = Vec::new();
    for name in ["function_A", "function_B", "function_C"] {
        let (go, wait_to_go) = channel();
        let (started, wait_for_start) = channel();
        let report = move || started.send(()).expect("main waits for it");
        let handle = Builder::new().name(name).spawn(move || function(&wait_to_go, report))?;
        wait_for_start.recv()?;
        threads.push((handle, go));
    }
    assert_eq!(alive(), ["main", "function_A", "function_B", "function_C"]);
    println!("alive: {:?}", alive());

    for (handle, go) in threads {
        assert!(handle.thread().is_alive());
        go.send(())?;
        handle.join()?;
    }
    assert_eq!(alive(), ["main"]);
    println!("alive: {:?}", alive());
    Ok(())
}
