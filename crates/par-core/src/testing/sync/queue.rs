//! Queues, their bounds, order, accounts, and how they end: TH-20 to TH-23.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::held::{BRIEF, Behaviour, Held, hold, in_time, times_out};
use crate::{DoneTooOften, GetError, PutError, QueueShutdown};

/// How often a party is given the chance to do what it must not do.
const CHANCES: u32 = 200;

/// A queue of numbers, as the suite sees it: every call blocks its thread.
///
/// The adapter of an asynchronous queue blocks on its futures; that of a priority queue takes the high half of a number
/// as its priority.
pub trait BlockingQueue: Sync {
    /// Puts an item as soon as there is room.
    ///
    /// # Errors
    /// The item, if the queue was shut down.
    fn put(&self, item: u64) -> Result<(), PutError<u64>>;

    /// Puts an item if there is room in time; with no time at all, if there is room now.
    ///
    /// # Errors
    /// The item, if there was no room or the queue was shut down.
    fn put_timeout(&self, item: u64, timeout: Duration) -> Result<(), PutError<u64>>;

    /// Takes an item as soon as there is one.
    ///
    /// # Errors
    /// If the queue was shut down, and is empty.
    fn get(&self) -> Result<u64, GetError>;

    /// Takes an item if there is one in time; with no time at all, if there is one now.
    ///
    /// # Errors
    /// If there was none, or the queue was shut down and is empty.
    fn get_timeout(&self, timeout: Duration) -> Result<u64, GetError>;

    /// How many items are in the queue, which nobody uses meanwhile.
    fn len(&self) -> usize;

    /// Whether no item is in the queue, which nobody uses meanwhile.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many items there is room for.
    fn capacity(&self) -> usize;

    /// How many items are in the queue, or taken and not done.
    fn unfinished(&self) -> usize;

    /// Says that an item which was taken is done.
    ///
    /// # Errors
    /// If none is taken and not done.
    fn task_done(&self) -> Result<(), DoneTooOften>;

    /// Waits until every item is done.
    fn join(&self);

    /// Waits until every item is done; `Err` says how many are not, when the time has passed.
    ///
    /// # Errors
    /// How many items are not done.
    fn join_timeout(&self, timeout: Duration) -> Result<(), usize>;

    /// Ends the queue.
    fn shutdown(&self, how: QueueShutdown);
}

/// Checks a queue that gives out first what came first. `make` makes a queue of a capacity.
///
/// # Panics
/// When a behaviour does not hold, naming it; a behaviour that hangs ends the process after a minute.
pub fn check_queue<Q: BlockingQueue>(make: impl Fn(usize) -> Q) -> Held {
    let own: [Behaviour<'_>; 2] = [
        ("first in, first out", &|| order(&make(8), &[5, 3, 9, 3], &[5, 3, 9, 3])),
        ("one producer's items stay in order for one consumer", &|| stream(&make(3))),
    ];
    hold_all("queue", &make, &own)
}

/// Checks a queue that gives out first what came last. `make` makes a queue of a capacity.
///
/// # Panics
/// When a behaviour does not hold, naming it; a behaviour that hangs ends the process after a minute.
pub fn check_lifo<Q: BlockingQueue>(make: impl Fn(usize) -> Q) -> Held {
    let own: [Behaviour<'_>; 1] = [("last in, first out", &|| order(&make(8), &[5, 3, 9, 3], &[3, 9, 3, 5]))];
    hold_all("lifo queue", &make, &own)
}

/// Checks a queue that gives out first what is the smallest: an item's high half is its priority.
///
/// # Panics
/// When a behaviour does not hold, naming it; a behaviour that hangs ends the process after a minute.
pub fn check_priority<Q: BlockingQueue>(make: impl Fn(usize) -> Q) -> Held {
    let item = |(priority, number): (u64, u64)| priority << 32 | number;
    // The numbers fall, so that an order by the whole item would show.
    let put = [(2, 90), (1, 80), (2, 70), (0, 60), (1, 50), (2, 40), (0, 30)].map(item);
    let got = [(0, 60), (0, 30), (1, 80), (1, 50), (2, 90), (2, 70), (2, 40)].map(item);
    let among_many = || {
        // 0 to 999 in a scattered order, ten of each priority.
        let items: Vec<_> = (0..1000).map(|n| item((n * 387 % 100, n))).collect();
        let mut sorted = items.clone();
        sorted.sort_unstable();
        order(&make(1000), &items, &sorted);
    };
    let own: [Behaviour<'_>; 2] = [
        ("the smallest first, equals in order", &|| order(&make(8), &put, &got)),
        ("the smallest first, among many", &among_many),
    ];
    hold_all("priority queue", &make, &own)
}

/// Checks what holds whatever the order, and then what is a queue's own.
fn hold_all<Q: BlockingQueue>(
    subject: &'static str,
    make: &impl Fn(usize) -> Q,
    own: &[Behaviour<'_>],
) -> Held {
    let every_capacity = |behaviour: fn(&Q)| [1, 2, 64].map(make).iter().for_each(behaviour);
    let common: [Behaviour<'_>; 10] = [
        ("a full queue refuses, an empty one has nothing", &|| bounds(&make(2))),
        ("a wait ends when its time is up, and says so", &|| timeouts(&make(1))),
        ("a put waits for room, a get for an item", &|| waits(&make(1))),
        ("each item that is taken is done once", &|| accounts(&make(4))),
        ("all who join wait until everything is done", &|| joins(&make(4))),
        ("a drain leaves what is in the queue", &|| drains(&make(4))),
        ("an immediate end drops what is in the queue, and does it", &|| ends_at_once(&make(4))),
        ("an end wakes everyone", &|| {
            for how in [QueueShutdown::Drain, QueueShutdown::Immediate] {
                wakes_getters(&make(1), how);
                wakes_putters(&make(1), how);
            }
            wakes_joiners(&make(4));
        }),
        ("many put and many take, and each item is taken once", &|| every_capacity(crowd)),
        ("a shutdown amid the crowd loses nothing", &|| every_capacity(interrupted)),
    ];
    hold(subject, &[&common, own].concat())
}

fn order(queue: &impl BlockingQueue, put: &[u64], got: &[u64]) {
    for item in put {
        queue.put(*item).expect("there is room");
    }
    for item in got {
        assert_eq!(queue.get(), Ok(*item));
    }
}

fn stream(queue: &impl BlockingQueue) {
    thread::scope(|scope| {
        scope.spawn(|| {
            (0..10_000).try_for_each(|item| queue.put(item)).expect("it is open");
            queue.shutdown(QueueShutdown::Drain);
        });
        assert!((0..10_000).eq(std::iter::from_fn(|| queue.get().ok())));
    });
}

fn bounds(queue: &impl BlockingQueue) {
    assert_eq!((queue.len(), queue.capacity()), (0, 2));
    assert_eq!(queue.get_timeout(Duration::ZERO), Err(GetError::Empty));
    assert_eq!(queue.put_timeout(1, Duration::ZERO), Ok(()), "there is room now");
    queue.put(2).expect("there is room");
    assert_eq!(queue.put_timeout(3, Duration::ZERO), Err(PutError::Full(3)));
    assert_eq!((queue.len(), queue.capacity()), (2, 2), "what was refused is not there");
    let mut both = [queue.get(), queue.get_timeout(Duration::ZERO)];
    both.sort_by_key(|item| item.ok());
    assert_eq!(both, [Ok(1), Ok(2)]);
    assert!(queue.is_empty());
}

fn timeouts(queue: &impl BlockingQueue) {
    assert_eq!(times_out(|brief| queue.get_timeout(brief)), Err(GetError::Empty));
    queue.put(1).expect("there is room");
    assert_eq!(times_out(|brief| queue.put_timeout(2, brief)), Err(PutError::Full(2)));
    assert_eq!(times_out(|brief| queue.join_timeout(brief)), Err(1));
    // These would end long after the test.
    assert_eq!(queue.get_timeout(Duration::MAX), Ok(1));
    assert_eq!(queue.put_timeout(3, Duration::MAX), Ok(()));
    assert_eq!(in_time(|patience| queue.get_timeout(patience)), Ok(3));
    queue.task_done().expect("two were taken");
    queue.task_done().expect("two were taken");
    assert_eq!(queue.join_timeout(Duration::MAX), Ok(()));
}

fn waits(queue: &impl BlockingQueue) {
    thread::scope(|scope| {
        let getter = scope.spawn(|| queue.get());
        unless_finished(&getter);
        queue.put(1).expect("there is room");
        assert_eq!(getter.join().expect("it does not panic"), Ok(1));

        queue.put(2).expect("there is room");
        let putter = scope.spawn(|| in_time(|patience| queue.put_timeout(3, patience)));
        unless_finished(&putter);
        assert_eq!(queue.get(), Ok(2), "what is put comes after what has room");
        assert_eq!(putter.join().expect("it does not panic"), Ok(()));
        assert_eq!(queue.get(), Ok(3));
    });
}

/// Gives a party the chance to come back too early.
///
/// On a busy machine a yield takes long, and the patience of those who wait meanwhile must not run out.
fn unless_finished<T>(party: &thread::ScopedJoinHandle<'_, T>) {
    let begun = Instant::now();
    for _ in 0..CHANCES {
        thread::yield_now();
        assert!(!party.is_finished(), "it should wait");
        if begun.elapsed() > BRIEF {
            return;
        }
    }
}

fn accounts(queue: &impl BlockingQueue) {
    assert_eq!(queue.join_timeout(Duration::ZERO), Ok(()), "nothing was put, so everything is done");
    assert_eq!(queue.task_done(), Err(DoneTooOften));
    queue.put(1).expect("there is room");
    queue.put(2).expect("there is room");
    assert_eq!(queue.task_done(), Err(DoneTooOften), "what nobody took cannot be done");
    assert_eq!(queue.unfinished(), 2, "an error changes nothing");
    queue.get().expect("it is there");
    assert_eq!(queue.unfinished(), 2, "what was taken is not done");
    assert_eq!(queue.task_done(), Ok(()));
    assert_eq!(queue.task_done(), Err(DoneTooOften));
    assert_eq!(queue.unfinished(), 1);
    assert_eq!(queue.join_timeout(Duration::ZERO), Err(1));
    queue.get().expect("it is there");
    assert_eq!(queue.task_done(), Ok(()));
    queue.join();
    // It counts on.
    queue.put(3).expect("there is room");
    assert_eq!(queue.join_timeout(Duration::ZERO), Err(1));
}

fn joins(queue: &impl BlockingQueue) {
    for round in 0..3 {
        queue.put(round).expect("there is room");
        queue.put(round).expect("there is room");
        thread::scope(|scope| {
            let joiners: Vec<_> = (0..3).map(|_| scope.spawn(|| queue.join())).collect();
            let patient = scope.spawn(|| in_time(|patience| queue.join_timeout(patience)));
            queue.get().expect("it is there");
            queue.get().expect("it is there");
            queue.task_done().expect("it was taken");
            joiners.iter().for_each(unless_finished);
            assert_eq!(
                times_out(|brief| queue.join_timeout(brief)),
                Err(1),
                "one who leaves takes nobody along"
            );
            queue.task_done().expect("it was taken");
            for joiner in joiners {
                joiner.join().expect("it does not panic");
            }
            assert_eq!(patient.join().expect("it does not panic"), Ok(()));
        });
    }
}

fn drains(queue: &impl BlockingQueue) {
    queue.put(1).expect("there is room");
    queue.put(2).expect("there is room");
    queue.shutdown(QueueShutdown::Drain);
    queue.shutdown(QueueShutdown::Drain);
    assert_eq!(queue.put(3), Err(PutError::ShutDown(3)));
    assert_eq!(in_time(|patience| queue.put_timeout(4, patience)), Err(PutError::ShutDown(4)));
    assert_eq!((queue.len(), queue.unfinished()), (2, 2));
    queue.get().expect("it is left");
    queue.get_timeout(Duration::ZERO).expect("it is left");
    assert_eq!(queue.get(), Err(GetError::ShutDown));
    assert_eq!(in_time(|patience| queue.get_timeout(patience)), Err(GetError::ShutDown));
    assert_eq!(queue.join_timeout(Duration::ZERO), Err(2), "an end does nobody's work");
    assert_eq!((queue.task_done(), queue.task_done()), (Ok(()), Ok(())));
    queue.join();
}

fn ends_at_once(queue: &impl BlockingQueue) {
    (1..=3).try_for_each(|item| queue.put(item)).expect("there is room");
    queue.get().expect("it is there");
    // It may follow a drain.
    queue.shutdown(QueueShutdown::Drain);
    assert_eq!((queue.len(), queue.unfinished()), (2, 3));
    for _ in 0..2 {
        queue.shutdown(QueueShutdown::Immediate);
        assert_eq!((queue.len(), queue.unfinished()), (0, 1), "what was taken is not done");
    }
    assert_eq!(queue.get(), Err(GetError::ShutDown));
    assert_eq!(queue.put(4), Err(PutError::ShutDown(4)));
    assert_eq!(queue.join_timeout(Duration::ZERO), Err(1));
    assert_eq!((queue.task_done(), queue.task_done()), (Ok(()), Err(DoneTooOften)));
    queue.join();
}

fn wakes_getters(queue: &impl BlockingQueue, how: QueueShutdown) {
    thread::scope(|scope| {
        let mut getters: Vec<_> = (0..2).map(|_| scope.spawn(|| queue.get())).collect();
        getters.push(scope.spawn(|| in_time(|patience| queue.get_timeout(patience))));
        getters.iter().for_each(unless_finished);
        queue.shutdown(how);
        for getter in getters {
            assert_eq!(getter.join().expect("it does not panic"), Err(GetError::ShutDown));
        }
    });
}

fn wakes_putters(queue: &impl BlockingQueue, how: QueueShutdown) {
    queue.put(0).expect("there is room");
    thread::scope(|scope| {
        let mut putters: Vec<_> = (1..3).map(|item| scope.spawn(move || queue.put(item))).collect();
        putters.push(scope.spawn(|| in_time(|patience| queue.put_timeout(3, patience))));
        putters.iter().for_each(unless_finished);
        queue.shutdown(how);
        for (item, putter) in (1..).zip(putters) {
            assert_eq!(putter.join().expect("it does not panic"), Err(PutError::ShutDown(item)));
        }
    });
    assert_eq!(queue.len(), usize::from(how == QueueShutdown::Drain));
}

fn wakes_joiners(queue: &impl BlockingQueue) {
    queue.put(1).expect("there is room");
    queue.put(2).expect("there is room");
    thread::scope(|scope| {
        let joiners: Vec<_> = (0..2).map(|_| scope.spawn(|| queue.join())).collect();
        joiners.iter().for_each(unless_finished);
        queue.shutdown(QueueShutdown::Immediate);
    });
}

const PARTIES: u64 = 4;
const EACH: u64 = 2_000;

fn crowd(queue: &impl BlockingQueue) {
    let got = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..PARTIES {
            scope.spawn(|| {
                while let Ok(item) = queue.get() {
                    got.lock().expect("nobody panics").push(item);
                    queue.task_done().expect("it was taken");
                }
            });
        }
        let put =
            |party| move || (0..EACH).try_for_each(|n| queue.put(party * EACH + n)).expect("it is open");
        let putters: Vec<_> = (0..PARTIES).map(|party| scope.spawn(put(party))).collect();
        for putter in putters {
            putter.join().expect("it does not panic");
        }
        queue.join();
        let done = got.lock().expect("nobody panics").len() as u64;
        // Before the verdict, for the takers must end.
        queue.shutdown(QueueShutdown::Drain);
        assert_eq!(done, PARTIES * EACH, "all are done");
    });
    let mut got = got.into_inner().expect("nobody panicked");
    got.sort_unstable();
    assert!(got.into_iter().eq(0..PARTIES * EACH));
}

fn interrupted(queue: &impl BlockingQueue) {
    let (got, put) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    let count = AtomicUsize::new(0);
    thread::scope(|scope| {
        for party in 0..PARTIES {
            let (got, put, count) = (&got, &put, &count);
            scope.spawn(move || {
                while let Ok(item) = queue.get() {
                    got.lock().expect("nobody panics").push(item);
                    count.fetch_add(1, Ordering::Relaxed);
                    queue.task_done().expect("it was taken");
                }
            });
            scope.spawn(move || {
                for item in (0..).map(|n| party << 32 | n) {
                    if let Err(error) = queue.put(item) {
                        assert_eq!(error, PutError::ShutDown(item), "what is refused comes back");
                        return;
                    }
                    put.lock().expect("nobody panics").push(item);
                }
            });
        }
        while count.load(Ordering::Relaxed) < 1_000 {
            thread::yield_now();
        }
        queue.shutdown(QueueShutdown::Drain);
    });
    let sorted = |items: Mutex<Vec<u64>>| {
        let mut items = items.into_inner().expect("nobody panicked");
        items.sort_unstable();
        items
    };
    assert!(sorted(got) == sorted(put), "what was put was taken once, and nothing else");
    assert_eq!((queue.len(), queue.unfinished()), (0, 0));
}
