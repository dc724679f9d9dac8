//! Interleavings of putters, takers and joiners, under loom:
//! `RUSTFLAGS="--cfg loom" cargo test -p par-threads --lib --release --target-dir target/loom loom`.

use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;
use par_core::{DoneTooOften, GetError, PutError, QueueShutdown};

use super::{PriorityQueue, Queue};

/// Checks every interleaving with at most so many preemptions: 3 find nearly everything, in seconds.
fn model(preemptions: usize, test: impl Fn() + Sync + Send + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(preemptions);
    model.check(test);
}

fn with<T>(queue: &Arc<T>, party: impl FnOnce(&T) + 'static) -> thread::JoinHandle<()>
where
    T: 'static,
{
    let queue = Arc::clone(queue);
    thread::spawn(move || party(&queue))
}

fn ends(parties: impl IntoIterator<Item = thread::JoinHandle<()>>) {
    parties.into_iter().for_each(|party| party.join().expect("it does not panic"));
}

#[test]
fn a_putter_and_a_getter_wake_each_other() {
    model(3, || {
        let queue = Arc::new(Queue::bounded(1));
        let putter = with(&queue, |queue| (0..3).for_each(|item| queue.put(item).expect("it is open")));
        (0..3).for_each(|item| assert_eq!(queue.get(), Ok(item)));
        ends([putter]);
    });
}

#[test]
fn each_of_two_getters_gets_one() {
    model(2, || {
        let queue = Arc::new(Queue::bounded(1));
        let getters = [0, 1].map(|_| with(&queue, |queue| assert!(queue.get().is_ok())));
        (0..2).for_each(|item| queue.put(item).expect("it is open"));
        ends(getters);
        assert_eq!(queue.try_get(), Err(GetError::Empty));
    });
}

#[test]
fn each_of_two_putters_finds_room() {
    model(2, || {
        let queue = Arc::new(PriorityQueue::bounded(1));
        let putters =
            [1, 2].map(|item| with(&queue, move |queue| queue.put(item, item).expect("it is open")));
        let sum = queue.get().expect("it comes").1 + queue.get().expect("it comes").1;
        assert_eq!(sum, 3);
        ends(putters);
    });
}

#[test]
fn what_is_put_amid_a_shutdown_is_taken_or_dropped_and_everybody_ends() {
    for how in [QueueShutdown::Drain, QueueShutdown::Immediate] {
        model(2, move || {
            let queue = Arc::new(Queue::bounded(1));
            let (put, got) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
            // An item is a count of owners, so it is seen where it is dropped.
            let item = std::sync::Arc::new(());
            let (to_put, ok_put) = (item.clone(), put.clone());
            let putter = with(&queue, move |queue| {
                for _ in 0..2 {
                    match queue.put(to_put.clone()) {
                        Ok(()) => _ = ok_put.fetch_add(1, Ordering::Relaxed),
                        Err(error) => assert!(matches!(error, PutError::ShutDown(_))),
                    }
                }
            });
            let ok_got = got.clone();
            let getter = with(&queue, move |queue| {
                while queue.take().is_ok() {
                    ok_got.fetch_add(1, Ordering::Relaxed);
                }
            });
            queue.shutdown(how);
            ends([putter, getter]);
            queue.join();
            assert_eq!(std::sync::Arc::strong_count(&item), 1, "all were dropped");
            let [put, got] = [put, got].map(|count| count.load(Ordering::Relaxed));
            assert!(if how == QueueShutdown::Drain { got == put } else { got <= put });
        });
    }
}

#[test]
fn who_joins_wakes_when_the_last_one_is_done_and_sees_what_it_did() {
    model(3, || {
        let queue = Arc::new(Queue::bounded(2));
        let work = Arc::new(AtomicUsize::new(0));
        queue.put(1).expect("it is open");
        queue.put(2).expect("it is open");
        let workers = [0, 1].map(|_| {
            let work = work.clone();
            with(&queue, move |queue| {
                let item = queue.try_get().expect("there is one for each");
                work.fetch_add(item, Ordering::Relaxed);
                queue.task_done().expect("it was taken");
            })
        });
        queue.join();
        assert_eq!(work.load(Ordering::Relaxed), 3);
        ends(workers);
    });
}

#[test]
fn two_who_join_both_wake_and_one_may_come_later() {
    model(2, || {
        let queue = Arc::new(Queue::bounded(1));
        queue.put(1).expect("it is open");
        let joiner = with(&queue, Queue::join);
        let worker = with(&queue, |queue| drop(queue.take().expect("it is there")));
        queue.join();
        ends([joiner, worker]);
        assert_eq!(queue.unfinished(), 0);
    });
}

#[test]
fn who_joins_wakes_when_the_rest_is_dropped() {
    model(3, || {
        let queue = Arc::new(Queue::bounded(2));
        queue.put(1).expect("it is open");
        queue.put(2).expect("it is open");
        let worker = with(&queue, |queue| drop(queue.take()));
        let other = with(&queue, |queue| queue.shutdown(QueueShutdown::Immediate));
        queue.join();
        assert_eq!(queue.unfinished(), 0);
        ends([worker, other]);
    });
}

#[test]
fn one_item_is_done_once() {
    model(3, || {
        let queue = Arc::new(Queue::bounded(2));
        let done = Arc::new(AtomicUsize::new(0));
        queue.put(1).expect("it is open");
        queue.put(2).expect("it is open");
        queue.get().expect("it is there");
        let doers = [0, 1].map(|_| {
            let done = done.clone();
            with(&queue, move |queue| match queue.task_done() {
                Ok(()) => _ = done.fetch_add(1, Ordering::Relaxed),
                Err(DoneTooOften) => {}
            })
        });
        queue.get().expect("it is there");
        ends(doers);
        assert_eq!(queue.unfinished(), 2 - done.load(Ordering::Relaxed));
    });
}
