//! The tasks of the conformance suite.

use std::thread::sleep;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::task::{self, Task};
use crate::{Blob, ExecutorExt};

/// Nothing here runs for longer, whatever goes wrong.
const LONGEST: Duration = Duration::from_secs(30);

/// Adds.
#[crate::task]
pub(crate) fn add(a: u64, b: u64) -> u64 {
    a.wrapping_add(b)
}

/// Nothing in, nothing out.
#[crate::task]
pub(crate) fn nothing() {}

/// A bit of everything that serde knows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Mixed {
    pub(crate) name: String,
    pub(crate) numbers: Vec<f64>,
    pub(crate) maybe: Option<(u8, char)>,
    pub(crate) choice: Choice,
}

/// One of several.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Choice {
    None,
    Text(String),
    Pair { left: i32, right: i64 },
}

/// Returns what it was given.
#[crate::task]
pub(crate) fn echo(value: Mixed) -> Mixed {
    value
}

/// The bytes backwards.
#[crate::task]
pub(crate) fn reversed(data: Blob) -> Blob {
    data.iter().rev().copied().collect::<Vec<u8>>().into()
}

/// Fails by itself.
#[crate::task]
pub(crate) fn own_failure(text: String) -> Result<u32, String> {
    text.parse().map_err(|_| format!("`{text}` is not a number"))
}

/// Panics for multiples of `every`.
#[crate::task]
pub(crate) fn panic_at(x: u64, every: u64) -> u64 {
    assert!(!x.is_multiple_of(every), "{x} is a multiple of {every}");
    x
}

/// Runs until it is cancelled and says whether it was.
#[crate::task]
pub(crate) fn until_cancelled() -> bool {
    let me = task::current();
    let begun = Instant::now();
    // Says that it really runs, wherever that is.
    me.set_progress(1.0);
    while !me.cancelled() && begun.elapsed() < LONGEST {
        sleep(Duration::from_millis(1));
    }
    me.cancelled()
}

/// Runs for a while and listens to nobody.
#[crate::task]
pub(crate) fn deaf(milliseconds: u64) {
    sleep(Duration::from_millis(milliseconds).min(LONGEST));
}

/// Whether the task has a deadline.
#[crate::task]
pub(crate) fn has_deadline() -> bool {
    task::current().deadline().is_some()
}

/// Whether a task submitted by this one has a deadline.
#[crate::task]
pub(crate) fn child_has_deadline() -> Result<bool, String> {
    let executor = task::current().executor().ok_or("a task knows no executor")?;
    let child = executor.submit(has_deadline::new()).map_err(|error| error.to_string())?;
    child.wait().map_err(|error| error.to_string())
}

/// Waits for a task that waits for a task, `depth` times.
#[crate::task]
pub(crate) fn nested(depth: u32) -> Result<u32, String> {
    if depth == 0 {
        return Ok(0);
    }
    let executor = task::current().executor().ok_or("a task knows no executor")?;
    let child = executor.submit(nested::new(depth - 1)).map_err(|error| error.to_string())?;
    child.wait().map_err(|error| error.to_string())?.map(|below| below + 1)
}

/// Fibonacci numbers, the way that makes the most tasks.
#[crate::task]
pub(crate) fn fibonacci(n: u32) -> Result<u64, String> {
    if n < 2 {
        return Ok(u64::from(n));
    }
    let executor = task::current().executor().ok_or("a task knows no executor")?;
    let submit = |n| executor.submit(fibonacci::new(n)).map_err(|error| error.to_string());
    let (one, two) = (submit(n - 1)?, submit(n - 2)?);
    let wait =
        |handle: crate::Handle<Result<u64, String>>| handle.wait().map_err(|error| error.to_string())?;
    Ok(wait(one)? + wait(two)?)
}

/// Ends its process, unless it has done so often enough.
#[crate::task]
pub(crate) fn abort_until_attempt(attempt: u32) -> u32 {
    let me = task::current();
    if me.attempt() < attempt {
        std::process::abort();
    }
    me.attempt()
}

/// A task that no registry knows.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Unknown;

impl Task for Unknown {
    const NAME: &'static str = "par_core::testing::unknown";
    type Output = ();
    fn run(self) {}
}

/// A task with the name of another and other types: another version of the program.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct OtherVersion(pub(crate) String);

impl Task for OtherVersion {
    const NAME: &'static str = <add as Task>::NAME;
    type Output = String;
    fn run(self) -> String {
        self.0
    }
}

/// A task whose value cannot be serialised.
#[derive(Debug, Deserialize)]
pub(crate) struct Stubborn;

impl Serialize for Stubborn {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("it does not want to"))
    }
}

impl Task for Stubborn {
    const NAME: &'static str = "par_core::testing::stubborn";
    type Output = ();
    fn run(self) {}
}
