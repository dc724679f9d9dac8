//! The price of a queue, beside the raw libraries' and Python's: `cargo bench -p par-threads --bench queue`.
//!
//! The contenders take turns, so the ratios hold on a busy machine; every item is checked. "Counted" is the channel with
//! what a queue does besides: an atomic count of what is not done.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam::channel::{Receiver, Sender, bounded};
use par_core::testing::{Contender, Paired};
use par_threads::{LifoQueue, PriorityQueue, Queue};
use parking_lot::{Condvar, Mutex};

const CAPACITY: usize = 64;

/// What a contender can do. Takers know how many items come, so that nobody's end is measured.
trait Channel: Sync {
    fn put(&self, item: u64);
    fn get(&self) -> u64;
}

/// Only put and get.
struct Plain(Queue<u64>);

impl Channel for Plain {
    fn put(&self, item: u64) {
        self.0.put(item).expect("it is open");
    }

    fn get(&self) -> u64 {
        self.0.get().expect("it is open")
    }
}

/// And every item is done.
struct Done(Queue<u64>);

impl Channel for Done {
    fn put(&self, item: u64) {
        self.0.put(item).expect("it is open");
    }

    fn get(&self) -> u64 {
        let item = self.0.get().expect("it is open");
        self.0.task_done().expect("it was taken");
        item
    }
}

/// crossbeam's channel.
struct Raw(Sender<u64>, Receiver<u64>);

impl Channel for Raw {
    fn put(&self, item: u64) {
        self.0.send(item).expect("it is open");
    }

    fn get(&self) -> u64 {
        self.1.recv().expect("it is open")
    }
}

/// With an account of what is not done.
struct Counted(Raw, AtomicUsize);

impl Channel for Counted {
    fn put(&self, item: u64) {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.put(item);
    }

    fn get(&self) -> u64 {
        let item = self.0.get();
        assert!(self.1.fetch_sub(1, Ordering::SeqCst) > 0);
        item
    }
}

fn plain() -> Plain {
    Plain(Queue::bounded(CAPACITY))
}

fn done() -> Done {
    Done(Queue::bounded(CAPACITY))
}

fn raw() -> Raw {
    let (sender, receiver) = bounded(CAPACITY);
    Raw(sender, receiver)
}

fn counted() -> Counted {
    Counted(raw(), AtomicUsize::new(0))
}

fn one_thread(channel: &impl Channel, items: u64) {
    for item in 0..items {
        channel.put(item);
        assert_eq!(channel.get(), item);
    }
}

fn stream(channel: &impl Channel, items: u64) {
    thread::scope(|scope| {
        scope.spawn(|| (0..items).for_each(|item| channel.put(item)));
        (0..items).for_each(|item| assert_eq!(channel.get(), item));
    });
}

/// Two put, two take.
fn crowd(channel: &impl Channel, items: u64) {
    let take = || (0..items).map(|_| channel.get()).sum::<u64>();
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
                back.put(there.get());
            }
        });
        for item in 0..items {
            there.put(item);
            assert_eq!(back.get(), item);
        }
    });
}

fn main() {
    // `cargo test --benches` only wants to see that it runs.
    let quick = !std::env::args().any(|argument| argument == "--bench");
    let (rounds, items) = if quick { (1, 1_000) } else { (11, 200_000) };
    macro_rules! compare {
        ($what:expr, $pattern:expr) => {{
            let (counted, raw, done, plain) = (counted(), raw(), done(), plain());
            println!("{}", $what);
            let contenders: Vec<Contender<'_>> = vec![
                ("crossbeam::channel::bounded, counted", Box::new(|| $pattern(&counted, items))),
                ("crossbeam::channel::bounded", Box::new(|| $pattern(&raw, items))),
                ("Queue, with task_done", Box::new(|| $pattern(&done, items))),
                ("Queue", Box::new(|| $pattern(&plain, items))),
            ];
            let paired = Paired::measure(rounds, contenders);
            println!("{paired}");
            paired
        }};
    }
    let single = compare!(format!("{items} times put and get on one thread"), one_thread);
    let streamed = compare!(format!("{items} items from one thread to another"), stream);
    compare!(format!("{} items from two threads to two others", 2 * items), crowd);
    println!("{} items there and back", items / 10);
    println!("{}", there_and_back(rounds, items / 10));
    println!("{items} times put and get on one thread, beside {BESIDE} other items");
    println!("{}", stack(rounds, items));
    println!("{}", heap(rounds, items));
    let rate = |time: Duration| items as f64 / time.as_secs_f64();
    python(items / 2, &[rate(single.median(2)), rate(streamed.median(2))]);
}

fn there_and_back(rounds: usize, items: u64) -> Paired {
    let (counted, raw, done, plain) =
        ([counted(), counted()], [raw(), raw()], [done(), done()], [plain(), plain()]);
    let contenders: Vec<Contender<'_>> = vec![
        ("crossbeam::channel::bounded, counted", Box::new(|| ping_pong(&counted[0], &counted[1], items))),
        ("crossbeam::channel::bounded", Box::new(|| ping_pong(&raw[0], &raw[1], items))),
        ("Queue, with task_done", Box::new(|| ping_pong(&done[0], &done[1], items))),
        ("Queue", Box::new(|| ping_pong(&plain[0], &plain[1], items))),
    ];
    Paired::measure(rounds, contenders)
}

/// How many items lie in a stack or a heap while one comes and goes.
const BESIDE: u64 = 32;

fn stack(rounds: usize, items: u64) -> Paired {
    let (raw, queue) = (Mutex::new((0..BESIDE).collect::<Vec<_>>()), LifoQueue::bounded(CAPACITY));
    (0..BESIDE).try_for_each(|item| queue.put(item)).expect("there is room");
    let contenders: Vec<Contender<'_>> = vec![
        (
            "Mutex<Vec>",
            Box::new(|| {
                for item in 0..items {
                    raw.lock().push(item);
                    assert_eq!(raw.lock().pop(), Some(item));
                }
            }),
        ),
        (
            "LifoQueue",
            Box::new(|| {
                for item in 0..items {
                    queue.put(item).expect("there is room");
                    assert_eq!(queue.get(), Ok(item));
                }
            }),
        ),
    ];
    Paired::measure(rounds, contenders)
}

/// The time that passes from an event to the one it causes, up to 64 Ki.
fn delay(item: u64) -> u64 {
    item.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 48
}

/// The classic load of a queue of events: the next one comes out, and causes another at a later time.
fn events(items: u64, put: impl Fn(u64, u64), get: impl Fn() -> (u64, u64)) -> u64 {
    (0..BESIDE).for_each(|item| put(delay(item), item));
    let last = (BESIDE..BESIDE + items).fold(0, |sum: u64, item| {
        let (now, next) = get();
        put(now + delay(item), item);
        sum.wrapping_mul(31).wrapping_add(next)
    });
    (0..BESIDE).fold(last, |sum, _| sum.wrapping_mul(31).wrapping_add(get().1))
}

/// What one would build oneself: the heap with a bound, an end of every wait, and a count of what is not done.
#[derive(Default)]
struct CountedHeap {
    heap: Mutex<BinaryHeap<Reverse<(u64, u64)>>>,
    not_empty: Condvar,
    not_full: Condvar,
    unfinished: AtomicUsize,
}

impl CountedHeap {
    fn put(&self, priority: u64, item: u64) {
        let mut heap = self.heap.lock();
        self.not_full.wait_while(&mut heap, |heap| heap.len() == CAPACITY);
        heap.push(Reverse((priority, item)));
        self.unfinished.fetch_add(1, Ordering::Relaxed);
        drop(heap);
        self.not_empty.notify_one();
    }

    fn get(&self) -> (u64, u64) {
        let mut heap = self.heap.lock();
        self.not_empty.wait_while(&mut heap, |heap| heap.is_empty());
        let Reverse(next) = heap.pop().expect("it waited for one");
        drop(heap);
        self.not_full.notify_one();
        next
    }
}

fn heap(rounds: usize, items: u64) -> Paired {
    let (raw, queue) = (Mutex::new(BinaryHeap::new()), PriorityQueue::bounded(CAPACITY));
    let counted = CountedHeap::default();
    let of_raw = || {
        // The number of the item keeps equals in order, as in our queue.
        let put = |priority, item| raw.lock().push(Reverse((priority, item)));
        events(items, put, || raw.lock().pop().expect("it is not empty").0)
    };
    let of_ours = || {
        let put = |priority, item| queue.put(priority, item).expect("there is room");
        events(items, put, || queue.get().expect("it is not empty"))
    };
    let of_counted = || events(items, |priority, item| counted.put(priority, item), || counted.get());
    let expected = of_raw();
    let contenders: Vec<Contender<'_>> = vec![
        ("Mutex<BinaryHeap>, bounded and counted", Box::new(|| assert_eq!(of_counted(), expected))),
        ("Mutex<BinaryHeap>, bare", Box::new(|| assert_eq!(of_raw(), expected))),
        ("PriorityQueue", Box::new(|| assert_eq!(of_ours(), expected))),
    ];
    Paired::measure(rounds, contenders)
}

/// The same loops in Python; prints how many items pass per second, on one thread and from one to another.
const SCRIPT: &str = r"
import queue, sys, threading, time
n = int(sys.argv[1])
q = queue.Queue(64)
begun = time.perf_counter()
for i in range(n):
    q.put(i)
    assert q.get() == i
    q.task_done()
print(n / (time.perf_counter() - begun))
def produce():
    for i in range(n):
        q.put(i)
begun = time.perf_counter()
thread = threading.Thread(target=produce)
thread.start()
for i in range(n):
    assert q.get() == i
    q.task_done()
thread.join()
print(n / (time.perf_counter() - begun))
";

/// Prints Python's rates beside ours, of the same loops.
fn python(items: u64, ours: &[f64]) {
    println!("put, get and task_done, beside Python's queue.Queue");
    let Some(theirs) = python_rates(items) else {
        println!("  python3 is missing");
        return;
    };
    for (what, (ours, theirs)) in ["one thread", "one to another"].iter().zip(ours.iter().zip(theirs)) {
        let times = ours / theirs;
        println!(
            "  {what:16} Queue {ours:9.0} items/s   Python {theirs:9.0} items/s   {times:6.1} × as many"
        );
    }
}

fn python_rates(items: u64) -> Option<Vec<f64>> {
    let mut child = Command::new("python3")
        .args(["-c", SCRIPT, &items.to_string()])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let begun = Instant::now();
    while child.try_wait().ok()?.is_none() {
        if begun.elapsed() > Duration::from_mins(1) {
            child.kill().ok();
            child.wait().ok();
            return None;
        }
        thread::sleep(Duration::from_millis(10));
    }
    let mut text = String::new();
    child.stdout.take()?.read_to_string(&mut text).ok()?;
    let rates: Vec<f64> = text.lines().map(str::parse).collect::<Result<_, _>>().ok()?;
    (rates.len() == 2).then_some(rates)
}
