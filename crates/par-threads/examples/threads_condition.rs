//! A condition variable: a buffer of three places between one who makes and two who take (recipe: `threading.Condition`).
//!
//! Shows waiting for a predicate, with and without a timeout, and notifying one or all.
//!
//! Run it: `cargo run --release -p par-threads --example threads_condition`
//!
//! Expected output:
//! ```text
//! 1000 items made, 1000 taken, their sum is 499500
//! never more than 3 were in the buffer
//! within 10 ms nothing more came
//! ```

use std::collections::VecDeque;
use std::thread;
use std::time::Duration;

use par_threads::{Condvar, Mutex};

const PLACES: usize = 3;

#[derive(Default)]
struct Buffer {
    items: VecDeque<u64>,
    most: usize,
    closed: bool,
}

#[derive(Default)]
struct Bounded {
    buffer: Mutex<Buffer>,
    not_full: Condvar,
    not_empty: Condvar,
}

impl Bounded {
    fn put(&self, item: u64) {
        let mut buffer = self.buffer.lock();
        self.not_full.wait_while(&mut buffer, |buffer| buffer.items.len() == PLACES);
        buffer.items.push_back(item);
        buffer.most = buffer.most.max(buffer.items.len());
        self.not_empty.notify_one();
    }

    fn take(&self) -> Option<u64> {
        let mut buffer = self.buffer.lock();
        self.not_empty.wait_while(&mut buffer, |buffer| buffer.items.is_empty() && !buffer.closed);
        let item = buffer.items.pop_front();
        self.not_full.notify_one();
        item
    }

    fn close(&self) {
        self.buffer.lock().closed = true;
        self.not_empty.notify_all();
    }
}

fn main() {
    let bounded = Bounded::default();
    let taken: Vec<Vec<u64>> = thread::scope(|scope| {
        let takers = [(); 2].map(|()| scope.spawn(|| std::iter::from_fn(|| bounded.take()).collect()));
        (0..1000).for_each(|item| bounded.put(item));
        bounded.close();
        takers.into_iter().map(|taker| taker.join().expect("it does not panic")).collect()
    });
    let (count, sum) = (taken.iter().flatten().count(), taken.iter().flatten().sum::<u64>());
    assert_eq!((count, sum), (1000, 499_500));
    println!("1000 items made, {count} taken, their sum is {sum}");

    let mut buffer = bounded.buffer.lock();
    assert!(buffer.most <= PLACES);
    println!("never more than {PLACES} were in the buffer");

    let moment = Duration::from_millis(10);
    let more = bounded.not_empty.wait_predicate(&mut buffer, Some(moment), |buffer| !buffer.items.is_empty());
    assert!(!more);
    println!("within 10 ms nothing more came");
}
