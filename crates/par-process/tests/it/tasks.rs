//! The tasks of the tests.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use par_core::{Blob, ExecutorExt, task};
use rustix::process::{Signal, getpid, kill_process};

pub(crate) fn one() -> NonZeroUsize {
    NonZeroUsize::MIN
}

/// How many of these tasks have an output.
pub(crate) fn count_ok<T: par_core::Task>(
    pool: &par_process::ProcessPool,
    tasks: impl IntoIterator<Item = T>,
) -> usize {
    let mut count = 0;
    for result in pool.map(tasks) {
        count += usize::from(result.is_ok());
    }
    count
}

pub(crate) fn two() -> NonZeroUsize {
    NonZeroUsize::MIN.saturating_add(1)
}

#[par_core::task]
pub(crate) fn square(x: u64) -> u64 {
    x * x
}

#[par_core::task]
pub(crate) fn pid() -> u32 {
    std::process::id()
}

/// Says that it has begun, and sleeps.
#[par_core::task]
pub(crate) fn nap(ms: u64) -> u32 {
    task::current().set_progress(0.5);
    std::thread::sleep(Duration::from_millis(ms));
    task::current().attempt()
}

/// Computes for that long, whatever anybody says.
#[par_core::task]
pub(crate) fn burn(ms: u64) -> u64 {
    let begun = Instant::now();
    let mut rounds = 0;
    while begun.elapsed() < Duration::from_millis(ms) {
        rounds += 1;
    }
    rounds
}

/// Stops when it is told to.
#[par_core::task]
pub(crate) fn docile() -> bool {
    let me = task::current();
    me.set_progress(0.5);
    while !me.cancelled() {
        std::thread::sleep(Duration::from_millis(1));
    }
    true
}

/// Never stops.
#[par_core::task]
pub(crate) fn stubborn() {
    task::current().set_progress(0.5);
    loop {
        std::thread::sleep(Duration::from_secs(1));
    }
}

#[par_core::task]
pub(crate) fn panics() {
    panic!("on purpose");
}

#[par_core::task]
pub(crate) fn aborts() {
    std::process::abort();
}

#[par_core::task]
pub(crate) fn exits(code: i32) {
    std::process::exit(code);
}

/// Dies by kill -9 in its first attempts, and says in which it lived.
#[par_core::task]
pub(crate) fn dies_until(attempt: u32) -> u32 {
    let now = task::current().attempt();
    if now < attempt {
        let _ = kill_process(getpid(), Signal::KILL);
    }
    now
}

/// Allocates until it is refused.
#[par_core::task]
pub(crate) fn devours() -> u64 {
    let mut eaten: Vec<Vec<u8>> = Vec::new();
    loop {
        eaten.push(vec![1; 16 << 20]);
        if eaten.len() > 1 << 12 {
            return eaten.len() as u64;
        }
    }
}

#[par_core::task]
pub(crate) fn variable(name: String) -> Option<String> {
    std::env::var(name).ok()
}

#[par_core::task]
pub(crate) fn directory() -> String {
    std::env::current_dir().map_or_else(|error| error.to_string(), |path| path.display().to_string())
}

/// Appends a line to a file, so that order and count can be seen from outside.
#[par_core::task]
pub(crate) fn notes(file: String, line: String) {
    use std::io::Write;
    let file = std::fs::OpenOptions::new().append(true).create(true).open(file);
    let line = line + "\n";
    file.and_then(|mut file| file.write_all(line.as_bytes())).expect("the file can be written");
}

#[par_core::task]
pub(crate) fn echo(data: Blob) -> Blob {
    data
}

/// Makes bytes there.
#[par_core::task]
pub(crate) fn makes(bytes: usize) -> Blob {
    (0..bytes).map(|i| i as u8).collect::<Vec<u8>>().into()
}

/// Submits itself to its own executor, that many levels deep.
#[par_core::task]
pub(crate) fn nests(depth: u32) -> Result<u32, String> {
    if depth == 0 {
        return Ok(0);
    }
    let executor = task::current().executor().ok_or("no executor")?;
    let below = executor.submit(nests::new(depth - 1)).map_err(|error| error.to_string())?;
    below.wait().map_err(|error| error.to_string())?.map(|depth| depth + 1)
}

/// The n-th Fibonacci number, by submitting the two before.
#[par_core::task]
pub(crate) fn fibonacci(n: u32) -> Result<u64, String> {
    if n < 2 {
        return Ok(u64::from(n));
    }
    let executor = task::current().executor().ok_or("no executor")?;
    let submit = |n| executor.submit(fibonacci::new(n)).map_err(|error| error.to_string());
    let (one, two) = (submit(n - 1)?, submit(n - 2)?);
    let one = one.wait().map_err(|error| error.to_string())??;
    let two = two.wait().map_err(|error| error.to_string())??;
    Ok(one + two)
}

/// Maps over its own executor.
#[par_core::task]
pub(crate) fn sums_squares(n: u64) -> Result<u64, String> {
    let executor = task::current().executor().ok_or("no executor")?;
    executor.map_reduce((0..n).map(square::new), 0, |sum, x| sum + x).map_err(|error| error.to_string())
}

/// Submits a task that would run for ever, and dies in its first attempt.
#[par_core::task]
pub(crate) fn leaves_a_child(file: String) -> u32 {
    let me = task::current();
    if me.attempt() == 1 {
        let child = me.executor().and_then(|executor| executor.submit(notes_and_naps::new(file)).ok());
        std::thread::sleep(Duration::from_millis(200));
        drop(child);
        let _ = kill_process(getpid(), Signal::KILL);
    }
    me.attempt()
}

/// Notes its process and never ends.
#[par_core::task]
pub(crate) fn notes_and_naps(file: String) {
    notes(file, std::process::id().to_string());
    stubborn();
}

#[par_core::task]
pub(crate) fn fails_to_initialise() {
    panic!("no database here");
}

/// Fails where that file is not there.
#[par_core::task]
pub(crate) fn needs(file: String) {
    std::fs::read(file).expect("the file is gone");
}

/// Cannot be written, nor read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unruly;

impl serde::Serialize for Unruly {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        panic!("unruly when written")
    }
}

impl<'de> serde::Deserialize<'de> for Unruly {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <()>::deserialize(deserializer).map(|()| Self)
    }
}

#[par_core::task]
pub(crate) fn takes_unruly(unruly: Unruly) {
    let Unruly = unruly;
}

#[par_core::task]
pub(crate) fn yields_unruly() -> Unruly {
    Unruly
}

#[par_core::task]
pub(crate) fn initialises(value: u32) {
    INITIALISED.store(value, std::sync::atomic::Ordering::SeqCst);
}

#[par_core::task]
pub(crate) fn initialised() -> u32 {
    INITIALISED.load(std::sync::atomic::Ordering::SeqCst)
}

static INITIALISED: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);

/// Never registered by its name alone: only a registry that lists it knows it.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Unlisted;

impl par_core::Task for Unlisted {
    const NAME: &'static str = "it.unlisted";
    type Output = ();
    fn run(self) {}
}

/// Has the name of a listed task and another shape.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct OtherSquare(pub(crate) String);

impl par_core::Task for OtherSquare {
    const NAME: &'static str = <square as par_core::Task>::NAME;
    type Output = u64;
    fn run(self) -> u64 {
        0
    }
}
