//! The cost of a child is seen, alive and dead.

use std::hint::black_box;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use par_benches::process_tree::Meter;

use crate::trial;

/// Set for the child only.
const CHILD: &str = "PAR_BENCHES_TEST_BURNS";
const BYTES: usize = 64 << 20;
const BURNS: Duration = Duration::from_millis(200);

pub(crate) fn trials() -> Vec<Trial> {
    vec![trial("process_tree::a_child_costs_cpu_and_memory", a_child_costs)]
}

pub(crate) fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

/// Fills memory, computes for a while, and waits for its parent.
pub(crate) fn burn() -> ExitCode {
    let memory = black_box(vec![1_u8; BYTES]);
    let begun = Instant::now();
    let mut sum = 0_u64;
    while begun.elapsed() < BURNS {
        sum += memory.iter().map(|&byte| u64::from(byte)).sum::<u64>();
    }
    println!("{sum}");
    let _ = std::io::stdout().flush();
    let _ = std::io::stdin().lines().next();
    ExitCode::SUCCESS
}

fn a_child_costs() -> Result<(), Failed> {
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    let meter = Meter::start();
    let mut child = Command::new(std::env::current_exe()?)
        .env(CHILD, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().ok_or("no stdout")?).read_line(&mut line)?;
    let alive = meter.stop();
    assert!(alive.peak_rss_bytes >= BYTES as u64, "{alive:?}");
    assert!(alive.cpu >= Duration::from_millis(5), "{alive:?}");

    let meter = Meter::start();
    drop(child.stdin.take());
    assert!(child.wait()?.success());
    let dead = meter.stop();
    // What the child spent before is neither lost nor counted again when it moves to the reaped.
    assert!(dead.cpu < Duration::from_secs(5), "{dead:?}");
    let idle = Meter::start().stop();
    assert!(idle.peak_rss_bytes > 0, "{idle:?}");
    Ok(())
}
