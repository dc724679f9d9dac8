//! The price of a queue, beside the raw libraries' and Python's: `cargo bench -p par-threads --bench queue`.
//!
//! The contenders take turns, so the ratios hold on a busy machine; every item is checked. "Counted" is the channel with
//! what a queue does besides: an atomic count of what is not done.

use std::collections::BinaryHeap;
use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam::channel::{Receiver, Sender, bounded};
use par_core::testing::Paired;
use par_threads::{LifoQueue, PriorityQueue, Queue, QueueShutdown};
use parking_lot::Mutex;

const CAPACITY: usize = 64;

/// What a contender can do. Ends when it is dropped or told so.
trait Channel: Sync {
    fn put(&self, item: u64);
    fn get(&self) -> Option<u64>;
    fn end(&self);
}

/// Only put and get.
struct Plain(Queue<u64>);

/// And every item is done.
struct Done(Queue<u64>);

impl Channel for Plain {
    fn put(&self, item: u64) {
        self.0.put(item).expect("it is open");
    }

    fn get(&self) -> Option<u64> {
        self.0.get().ok()
    }

    fn end(&self) {
        self.0.shutdown(QueueShutdown::Drain);
    }
}

impl Channel for Done {
    fn put(&self, item: u64) {
        self.0.put(item).expect("it is open");
    }

    fn get(&self) -> Option<u64> {
        let item = self.0.get().ok()?;
        self.0.task_done().expect("it was taken");
        Some(item)
    }

    fn end(&self) {
        self.0.shutdown(QueueShutdown::Drain);
        assert_eq!(self.0.len(), self.0.unfinished());
    }
}

/// crossbeam's channel; `NONE` is its end, once for each who receives.
struct Raw(Sender<u64>, Receiver<u64>);

const NONE: u64 = u64::MAX;

impl Raw {
    fn new() -> Self {
        let (sender, receiver) = bounded(CAPACITY);
        Self(sender, receiver)
    }
}

impl Channel for Raw {
    fn put(&self, item: u64) {
        self.0.send(item).expect("it is open");
    }

    fn get(&self) -> Option<u64> {
        let item = self.1.recv().expect("it is open");
        if item == NONE {
            // For the next one.
            self.end();
        }
        (item != NONE).then_some(item)
    }

    fn end(&self) {
        self.0.try_send(NONE).ok();
    }
}

struct Counted(Raw, AtomicUsize);

impl Channel for Counted {
    fn put(&self, item: u64) {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.put(item);
    }

    fn get(&self) -> Option<u64> {
        let item = self.0.get()?;
        assert!(self.1.fetch_sub(1, Ordering::SeqCst) > 0);
        Some(item)
    }

    fn end(&self) {
        // The channel may be full of items, which the one above never waits for.
        self.0.0.send(NONE).expect("it is open");
    }
}

fn one_thread(channel: &impl Channel, items: u64) {
    for item in 0..items {
        channel.put(item);
        assert_eq!(channel.get(), Some(item));
    }
}

fn stream(channel: &impl Channel, items: u64) {
    thread::scope(|scope| {
        scope.spawn(|| (0..items).for_each(|item| channel.put(item)));
        (0..items).for_each(|item| assert_eq!(channel.get(), Some(item)));
    });
}

/// Two put, two take; takers know how many come, so that nobody's end is measured.
fn crowd(channel: &impl Channel, items: u64) {
    let take = || (0..items).map(|_| channel.get().expect("it is open")).sum::<u64>();
    let sum: u64 = thread::scope(|scope| {
        scope.spawn(|| (0..items).for_each(|item| channel.put(item)));
        scope.spawn(|| (0..items).for_each(|item| channel.put(item)));
        let other = scope.spawn(take);
        take() + other.join().expect("it does not panic")
    });
    assert_eq!(sum, items * (items - 1));
}

fn ping_pong(there: &impl Channel, back: &impl Channel, items: u64) {
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..items {
                back.put(there.get().expect("it is open"));
            }
        });
        for item in 0..items {
            there.put(item);
            assert_eq!(back.get(), Some(item));
        }
    });
}

fn main() {
    // `cargo test --benches` only wants to see that it runs.
    let quick = !std::env::args().any(|argument| argument == "--bench");
    let (rounds, items) = if quick { (1, 1_000) } else { (11, 200_000) };
    let (plain, done) = (Plain(Queue::bounded(CAPACITY)), Done(Queue::bounded(CAPACITY)));
    let (raw, counted) = (Raw::new(), Counted(Raw::new(), AtomicUsize::new(0)));
    macro_rules! four {
        ($what:expr, $pattern:expr) => {{
            println!("{}", $what);
            let paired = Paired::measure(
                rounds,
                vec![
                    ("crossbeam::channel::bounded, counted", Box::new(|| $pattern(&counted))),
                    ("crossbeam::channel::bounded", Box::new(|| $pattern(&raw))),
                    ("Queue, with task_done", Box::new(|| $pattern(&done))),
                    ("Queue", Box::new(|| $pattern(&plain))),
                ],
            );
            println!("{paired}");
            paired
        }};
    }
    let single = four!(format!("{items} times put and get on one thread"), |c: &_| one_thread(c, items));
    let streamed = four!(format!("{items} items from one thread to another"), |c: &_| stream(c, items));
    four!(format!("{} items from two threads to two others", 2 * items), |c: &_| crowd(c, items));
    println!("{} items there and back", items / 10);
    println!("{}", there_and_back(rounds, items / 10));
    println!("{items} times put and get on one thread, beside 32 other items");
    println!("{}", stack(rounds, items));
    println!("{}", heap(rounds, items));

    let rate = |time: Duration| items as f64 / time.as_secs_f64();
    python(items.min(100_000), [rate(single.median(2)), rate(streamed.median(2))]);
    plain.end();
    done.end();
}
