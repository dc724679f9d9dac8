//! The price of a lock, a permit, an item, beside tokio's own: `cargo bench -p par-async --bench sync`.
//!
//! Contenders run in turns, so the ratios hold on a busy machine; every count is checked. The first of each table is the
//! one to beat. tokio's channel has one receiver, and no account of what is done: so our queue does more than it.

use std::future::Future;
use std::hint::black_box;
use std::sync::Arc;

use par_async::{Lock, Queue, Semaphore};
use par_core::testing::Paired;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;

/// How many tasks compete.
const TASKS: usize = 4;

/// Spawns tasks, and waits for all of them.
async fn tasks<F: Future<Output = ()> + Send + 'static>(task: impl Fn(usize) -> F) {
    let tasks: Vec<_> = (0..TASKS).map(|number| tokio::spawn(task(number))).collect();
    for task in tasks {
        task.await.expect("it does not panic");
    }
}

fn main() {
    // `cargo test --benches` only wants to see that it runs.
    let quick = !std::env::args().any(|argument| argument == "--bench");
    let (rounds, alone, each) = if quick { (1, 100, 20) } else { (21, 500_000, 25_000) };
    let here = Builder::new_current_thread().build().expect("it starts");
    let there = Builder::new_multi_thread().worker_threads(2).build().expect("it starts");
    println!("{alone} times: take a lock that is free");
    println!("{}", lock(rounds, alone, &here));
    println!("{each} times each, {TASKS} tasks on 2 threads: take one lock");
    println!("{}", contended_lock(rounds, each, &there));
    println!("{alone} times: take a permit that is free");
    println!("{}", permit(rounds, alone, &here));
    println!("{each} times each, {TASKS} tasks on 2 threads: take one of 2 permits");
    println!("{}", contended_permit(rounds, each, &there));
    println!("{alone} items: put one, get one");
    println!("{}", item(rounds, alone, &here));
    for capacity in [1, 64] {
        println!("{each} items from each of {TASKS} tasks to one, on 2 threads, with room for {capacity}");
        println!("{}", items(rounds, each, capacity, &there));
    }
}

fn lock(rounds: usize, times: usize, on: &Runtime) -> Paired {
    let (ours, tokio) = (Lock::new(0_usize), tokio::sync::Mutex::new(0_usize));
    Paired::measure(
        rounds,
        vec![
            (
                "tokio Mutex",
                Box::new(|| {
                    on.block_on(async {
                        *tokio.lock().await = 0;
                        for _ in 0..times {
                            *black_box(tokio.lock().await) += 1;
                        }
                        assert_eq!(*tokio.lock().await, times);
                    });
                }),
            ),
            (
                "Lock",
                Box::new(|| {
                    on.block_on(async {
                        *ours.lock().await = 0;
                        for _ in 0..times {
                            *black_box(ours.lock().await) += 1;
                        }
                        assert_eq!(*ours.lock().await, times);
                    });
                }),
            ),
        ],
    )
}

fn contended_lock(rounds: usize, each: usize, on: &Runtime) -> Paired {
    Paired::measure(
        rounds,
        vec![
            (
                "tokio Mutex",
                Box::new(|| {
                    let lock = Arc::new(tokio::sync::Mutex::new(0_usize));
                    on.block_on(tasks(|_| {
                        let lock = Arc::clone(&lock);
                        async move {
                            for _ in 0..each {
                                *lock.lock().await += 1;
                            }
                        }
                    }));
                    assert_eq!(*lock.try_lock().expect("it is free"), TASKS * each);
                }),
            ),
            (
                "Lock",
                Box::new(|| {
                    let lock = Arc::new(Lock::new(0_usize));
                    on.block_on(tasks(|_| {
                        let lock = Arc::clone(&lock);
                        async move {
                            for _ in 0..each {
                                *lock.lock().await += 1;
                            }
                        }
                    }));
                    assert_eq!(*lock.try_lock().expect("it is free"), TASKS * each);
                }),
            ),
        ],
    )
}

fn permit(rounds: usize, times: usize, on: &Runtime) -> Paired {
    let (ours, tokio) = (Semaphore::new(3), tokio::sync::Semaphore::new(3));
    Paired::measure(
        rounds,
        vec![
            (
                "tokio Semaphore",
                Box::new(|| {
                    on.block_on(async {
                        for _ in 0..times {
                            drop(black_box(tokio.acquire().await.expect("it is never closed")));
                        }
                    });
                    assert_eq!(tokio.available_permits(), 3);
                }),
            ),
            (
                "Semaphore",
                Box::new(|| {
                    on.block_on(async {
                        for _ in 0..times {
                            drop(black_box(ours.acquire().await));
                        }
                    });
                    assert_eq!(ours.available(), 3);
                }),
            ),
        ],
    )
}

fn contended_permit(rounds: usize, each: usize, on: &Runtime) -> Paired {
    let (ours, tokio) = (Arc::new(Semaphore::new(2)), Arc::new(tokio::sync::Semaphore::new(2)));
    Paired::measure(
        rounds,
        vec![
            (
                "tokio Semaphore",
                Box::new(|| {
                    on.block_on(tasks(|_| {
                        let semaphore = Arc::clone(&tokio);
                        async move {
                            for _ in 0..each {
                                drop(semaphore.acquire().await.expect("it is never closed"));
                            }
                        }
                    }));
                    assert_eq!(tokio.available_permits(), 2);
                }),
            ),
            (
                "Semaphore",
                Box::new(|| {
                    on.block_on(tasks(|_| {
                        let semaphore = Arc::clone(&ours);
                        async move {
                            for _ in 0..each {
                                drop(semaphore.acquire().await);
                            }
                        }
                    }));
                    assert_eq!(ours.available(), 2);
                }),
            ),
        ],
    )
}

fn item(rounds: usize, times: usize, on: &Runtime) -> Paired {
    let (sender, mut receiver) = mpsc::channel(64);
    let queue = Queue::bounded(64);
    Paired::measure(
        rounds,
        vec![
            (
                "tokio mpsc",
                Box::new(|| {
                    on.block_on(async {
                        for item in 0..times {
                            sender.send(item).await.expect("it is open");
                            assert_eq!(receiver.recv().await, Some(item));
                        }
                    });
                }),
            ),
            (
                "Queue",
                Box::new(|| {
                    on.block_on(async {
                        for item in 0..times {
                            queue.put(item).await.expect("it is open");
                            assert_eq!(queue.get().await, Ok(item));
                        }
                    });
                }),
            ),
        ],
    )
}

fn items(rounds: usize, each: usize, capacity: usize, on: &Runtime) -> Paired {
    let sum = TASKS * (each * (each - 1) / 2);
    Paired::measure(
        rounds,
        vec![
            (
                "tokio mpsc",
                Box::new(|| {
                    let (sender, mut receiver) = mpsc::channel(capacity);
                    let got = on.block_on(async {
                        let receives = tokio::spawn(async move {
                            let mut sum = 0;
                            while let Some(item) = receiver.recv().await {
                                sum += item;
                            }
                            sum
                        });
                        tasks(|_| {
                            let sender = sender.clone();
                            async move {
                                for item in 0..each {
                                    sender.send(item).await.expect("it is open");
                                }
                            }
                        })
                        .await;
                        drop(sender);
                        receives.await.expect("it does not panic")
                    });
                    assert_eq!(got, sum);
                }),
            ),
            (
                "Queue",
                Box::new(|| {
                    let queue = Arc::new(Queue::bounded(capacity));
                    let got = on.block_on(async {
                        let takes = Arc::clone(&queue);
                        let takes = tokio::spawn(async move {
                            let mut sum = 0;
                            while let Ok(item) = takes.get().await {
                                sum += item;
                            }
                            sum
                        });
                        tasks(|_| {
                            let queue = Arc::clone(&queue);
                            async move {
                                for item in 0..each {
                                    queue.put(item).await.expect("it is open");
                                }
                            }
                        })
                        .await;
                        queue.shutdown(par_core::QueueShutdown::Drain);
                        takes.await.expect("it does not panic")
                    });
                    assert_eq!(got, sum);
                }),
            ),
        ],
    )
}
