//! How to make a type that is a thread: Python's subclass of `Thread`, with a result that has a type.
//!
//! Run it: `cargo run --release -p par-threads --example threads_runnable`
//!
//! Expected output:
//! ```text
//! Thread#1 counted 4 primes below 10
//! Thread#2 counted 25 primes below 100
//! Thread#3 counted 168 primes below 1000
//! a list of different ones: [25, 5]
//! ```

use par_threads::thread::{self, Builder, Runnable};

/// Counts primes; the fields are what Python's `__init__` takes.
struct PrimeCounter {
    number: u32,
    below: u32,
}

impl Runnable for PrimeCounter {
    type Output = (String, usize);

    fn run(&mut self) -> Self::Output {
        let is_prime = |n: &u32| (2..*n).take_while(|d| d * d <= *n).all(|d| !n.is_multiple_of(d));
        (thread::current().name().to_owned(), (2..self.below).filter(is_prime).count())
    }

    fn name(&self) -> Option<String> {
        Some(format!("Thread#{}", self.number))
    }
}

/// Counts words.
struct WordCounter(&'static str);

impl Runnable for WordCounter {
    type Output = (String, usize);

    fn run(&mut self) -> Self::Output {
        (thread::current().name().to_owned(), self.0.split_whitespace().count())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let counters = [(1, 10), (2, 100), (3, 1000)].map(|(number, below)| PrimeCounter { number, below });
    let limits = counters.each_ref().map(|counter| counter.below);
    // All of them run at once; the results come in the order in which they are joined.
    let handles = counters.into_iter().map(Runnable::start).collect::<Result<Vec<_>, _>>()?;
    for ((handle, below), expected) in handles.into_iter().zip(limits).zip([4, 25, 168]) {
        let (name, primes) = handle.join()?;
        assert_eq!(primes, expected);
        println!("{name} counted {primes} primes below {below}");
    }

    let different: [Box<dyn Runnable<Output = (String, usize)>>; 2] =
        [Box::new(PrimeCounter { number: 4, below: 100 }), Box::new(WordCounter("different as they may be"))];
    let mut counts = Vec::new();
    for runnable in different {
        let handle = Builder::new().stack_size(256 << 10).run(runnable)?;
        counts.push(handle.join()?.1);
    }
    assert_eq!(counts, [25, 5]);
    println!("a list of different ones: {counts:?}");
    Ok(())
}
