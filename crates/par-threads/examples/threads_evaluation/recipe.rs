//! What is called, how often, and what the times say.

use std::fs::File;
use std::hint::black_box;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use par_threads::thread;

use crate::server::{PAGE, THINKS};

/// A call, or `n` of them, in a round of each kind; the kinds take turns.
pub(crate) const ROUNDS: usize = 9;
pub(crate) const WHAT: &str = "the same call n times on one thread, and once on each of n threads";
pub(crate) const HEADER: &str = "what          n     one thread      n threads    gain";
/// The argument and the answer: long enough for the start of a thread not to count. Python needs about 60 ms for it.
pub(crate) const FIBONACCI: (u32, u64) = (28, 317_811);
const FILE_SIZE: usize = 1 << 23;
const BLOCK_SIZE: usize = 1 << 16;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What the file of this recipe holds.
pub(crate) fn contents() -> &'static [u8] {
    static CONTENTS: LazyLock<Vec<u8>> = LazyLock::new(|| (0..FILE_SIZE).map(|index| index as u8).collect());
    &CONTENTS
}

/// One of the four functions of the recipe, with its input.
#[derive(Clone)]
pub(crate) enum Call {
    Nothing,
    Fibonacci,
    Read { file: PathBuf },
    Get { address: SocketAddr },
}

impl Call {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Fibonacci => "fibonacci",
            Self::Read { .. } => "file",
            Self::Get { .. } => "http",
        }
    }

    /// Does it once, and checks the answer.
    fn run(&self) -> Result<(), Failure> {
        let right = match self {
            Self::Nothing => true,
            Self::Fibonacci => fibonacci(black_box(FIBONACCI.0)) == FIBONACCI.1,
            Self::Read { file } => read(file)? == FILE_SIZE,
            Self::Get { address } => {
                let mut connection = TcpStream::connect(address)?;
                connection.set_read_timeout(Some(Duration::from_secs(10)))?;
                connection.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
                let mut answer = String::new();
                connection.read_to_string(&mut answer)?;
                answer.ends_with(PAGE)
            }
        };
        if right { Ok(()) } else { Err(format!("{} gave a wrong answer", self.name()).into()) }
    }

    /// Why the row of the most threads looks as it does.
    pub(crate) fn reason(&self, most: &Measured, processors: usize) -> String {
        let gain = most.gain();
        match self {
            Self::Nothing => format!(
                "to start and join a thread costs about {:.1?}; work that is shorter than that only loses.",
                most.threads / 8
            ),
            Self::Fibonacci => format!(
                "it computes, so {processors} processors give at most {processors} × (here {gain:.2} ×); \
                 more threads than that only take turns. Python's take turns at any number, where it has its global lock."
            ),
            Self::Read { .. } => format!(
                "the file is in the page cache, so reading it is copying memory: processors and memory set the limit \
                 (here {gain:.2} ×). A disk that has to be waited for would look more like http."
            ),
            Self::Get { .. } => format!(
                "the caller waits {THINKS:?} for the server and computes next to nothing; waiting needs no processor, so \
                 8 threads wait at the same time (here {gain:.2} ×), on any number of processors, in Python, too."
            ),
        }
    }
}

fn fibonacci(n: u32) -> u64 {
    if n < 2 { u64::from(n) } else { fibonacci(n - 1) + fibonacci(n - 2) }
}

/// How many bytes the file has, as far as they are the right ones.
fn read(file: &Path) -> Result<usize, Failure> {
    let mut file = File::open(file)?;
    let (mut block, right) = (vec![0; BLOCK_SIZE], contents());
    let mut size = 0;
    loop {
        let length = file.read(&mut block)?;
        if length == 0 || right.get(size..size + length) != Some(&block[..length]) {
            return Ok(size);
        }
        size += length;
    }
}

/// Medians of the rounds.
#[derive(Clone, Copy)]
pub(crate) struct Measured {
    /// All calls on one thread.
    pub(crate) one: Duration,
    /// One call on each of as many threads.
    pub(crate) threads: Duration,
}

impl Measured {
    pub(crate) fn gain(&self) -> f64 {
        self.one.as_secs_f64() / self.threads.as_secs_f64().max(1e-9)
    }

    pub(crate) fn row(&self, name: &str, count: usize) -> String {
        let [one, threads] = [self.one, self.threads].map(|time| format!("{time:.3?}"));
        format!("{name:10} {count:4}   {one:>12}   {threads:>12}  {:6.2} ×", self.gain())
    }
}

/// Measures `count` calls on one thread and on as many; every call's answer is checked.
pub(crate) fn measure(call: &Call, count: usize) -> Result<Measured, Box<dyn std::error::Error>> {
    let (mut one, mut threads) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        for _ in 0..count {
            black_box(call).run().map_err(|error| error.to_string())?;
        }
        one.push(begun.elapsed());

        let calls = vec![call.clone(); count];
        let begun = Instant::now();
        let started: Vec<_> =
            calls.into_iter().map(|call| thread::spawn(move || black_box(call).run())).collect();
        for thread in started {
            thread.join()?.map_err(|error| error.to_string())?;
        }
        threads.push(begun.elapsed());
    }
    Ok(Measured { one: median(one), threads: median(threads) })
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
