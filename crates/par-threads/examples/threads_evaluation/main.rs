//! Recipe "evaluating multithread performance": which kind of work gains from threads, and why.
//!
//! Four functions are called n times, one after the other on one thread, and then once on each of n threads: one that
//! does nothing, one that computes, one that reads a file, one that waits for a server. The server is in this program,
//! on 127.0.0.1, and takes 5 ms to think, as one on a network would.
//!
//! Run it: `cargo run --release -p par-threads --example threads_evaluation`
//!
//! With `-- --python` it does the same in python3, beside it.
//!
//! Expected output (the times are those of your machine; every answer is checked):
//! ```text
//! 2 processors; medians of 9 rounds; the same call n times on one thread, and once on each of n threads
//! what          n   one thread      n threads    gain
//! nothing       1        20 ns      14.312 µs    0.00 ×
//! …
//! nothing:   A thread costs …
//! fibonacci: …
//! ```

mod python;
mod recipe;
mod server;

use std::fs;
use std::num::NonZeroUsize;
use std::thread::available_parallelism;

use recipe::{Call, Measured};
use server::Server;

const COUNTS: [usize; 4] = [1, 2, 4, 8];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let with_python = match std::env::args().nth(1).as_deref() {
        None => false,
        Some("--python") => true,
        Some(other) => return Err(format!("unknown argument `{other}`; there is only --python").into()),
    };
    let processors = available_parallelism().map_or(1, NonZeroUsize::get);
    let server = Server::start()?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("file");
    fs::write(&file, recipe::contents())?;
    let calls = [
        Call::Nothing,
        Call::Fibonacci,
        Call::Read { file: file.clone() },
        Call::Get { address: server.address() },
    ];

    println!("{processors} processors; medians of {} rounds; {}", recipe::ROUNDS, recipe::WHAT);
    println!("{}", recipe::HEADER);
    let mut reasons = Vec::new();
    for call in &calls {
        let rows = COUNTS
            .iter()
            .map(|&count| Ok((count, recipe::measure(call, count)?)))
            .collect::<Result<Vec<(usize, Measured)>, Box<dyn std::error::Error>>>()?;
        for (count, measured) in &rows {
            println!("{}", measured.row(call.name(), *count));
        }
        let last = rows.last().map(|(_, measured)| *measured).ok_or("there are four counts")?;
        reasons.push(format!("{:10} {}", format!("{}:", call.name()), call.reason(&last, processors)));
    }
    println!("{}", reasons.join("\n"));

    if with_python {
        println!();
        match python::run(&file, server.address(), &COUNTS)? {
            Some(table) => println!("{table}"),
            None => println!("python3 is missing, so there is no table of it: install python3"),
        }
    }
    server.stop()?;
    Ok(())
}
