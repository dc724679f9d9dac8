//! Threads that tell: what they are called, whether they live, that they should stop, and why they died.
//!
//! The names are those of [`std::thread`]; what is behind them is Python's `threading`, without its traps.
//!
//! | Python | here | what is better |
//! |---|---|---|
//! | `Thread(target=f, name=…).start()` | [`spawn`], [`Builder`] | starting twice does not compile, and neither does sharing data without a lock |
//! | subclass with `run` | [`Runnable`] | the result has a type |
//! | `t.join()` | [`JoinHandle::join`] | yields the result, or the [`ThreadPanic`] that Python loses |
//! | `t.join(timeout)` and `is_alive()` | [`JoinHandle::join_timeout`] | one answer, and it cannot be forgotten |
//! | `threading.excepthook` | [`Builder::on_panic`], [`set_panic_hook`] | also per thread |
//! | `current_thread`, `main_thread`, `enumerate` | [`current`], [`main_thread`], [`enumerate`] | identifiers are never used again |
//! | nothing | [`Thread::cancel`], [`cancelled`], [`sleep`] | every thread carries a token, and a sleep ends when it is cancelled |
//! | waiting for all at exit | [`join_all`] | has a timeout, and names those that still run |
//! | `Timer` | [`Timer`](crate::Timer) | `cancel` says whether it came in time |
//! | nothing | [`scope`] | threads that borrow, and whose panics cannot vanish |
//! | `serialize_iterator` (3.15) | [`SharedIterator`](crate::SharedIterator) | a panic in it is the end for all |
//! | `threading.local` | [`ThreadLocal`](crate::ThreadLocal), or `thread_local!` | see below |
//!
//! # Examples
//! ```
//! use par_threads::thread;
//!
//! let greeter = thread::Builder::new().name("greeter").spawn(|| {
//!     format!("hello from {}", thread::current().name())
//! })?;
//! assert_eq!(greeter.join()?, "hello from greeter");
//!
//! let careless = thread::spawn(|| -> u32 { panic!("out of cheese") });
//! let panic = careless.join().expect_err("it panicked");
//! assert_eq!(panic.panic.message, "out of cheese");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Stopping a thread
//! Nothing can end a thread from outside: it might hold a lock, or be half way through a change. So it is asked.
//! [`Thread::cancel`] sets the thread's token; the thread looks at [`cancelled`], and its [`sleep`]s end at once.
//! ```
//! use std::time::Duration;
//! use par_threads::thread;
//!
//! let poller = thread::spawn(|| {
//!     let mut polls = 0;
//!     // A sleep of an hour, which ends when somebody asks for it.
//!     while thread::sleep(Duration::from_secs(3600)).is_ok() {
//!         polls += 1;
//!     }
//!     polls
//! });
//! poller.cancel();
//! assert_eq!(poller.join()?, 0);
//! # Ok::<(), thread::ThreadPanic>(())
//! ```
//!
//! # The end of the process
//! When `main` returns, the process ends, and with it every thread, wherever it is, without its destructors.
//! Python waits for threads that are not daemons first; a Rust program that wants that calls [`join_all`] last.
//!
//! # Thread-locals
//! `std`'s `thread_local!` is a static: one value per thread, dropped when the thread ends.
//! Python's `threading.local` is an object: many may exist, and each has its values. That is
//! [`ThreadLocal`](crate::ThreadLocal), which belongs in a field, lets its owner iterate over the values of all threads,
//! and drops them when it is dropped itself. One twist: a value outlives its thread, and a thread that starts later may
//! be given the place, and with it the value, of one that has ended.
//! So it suits caches and counters that are summed up at the end, and not what must begin anew with each thread.
//! ```
//! use std::cell::Cell;
//! use par_threads::{ThreadLocal, thread};
//!
//! let hits: ThreadLocal<Cell<u32>> = ThreadLocal::new();
//! thread::scope(|s| {
//!     for _ in 0..4 {
//!         s.spawn(|| (0..100).for_each(|_| {
//!             let mine = hits.get_or_default();
//!             mine.set(mine.get() + 1);
//!         }));
//!     }
//! });
//! assert_eq!(hits.into_iter().map(Cell::into_inner).sum::<u32>(), 400);
//! ```
//!
//! # What does not compile
//! A builder is used up by [`spawn`](Builder::spawn), so a thread starts once:
//! ```compile_fail,E0382
//! let builder = par_threads::thread::Builder::new();
//! builder.spawn(|| ());
//! builder.spawn(|| ()); // use of moved value
//! ```
//! A runnable is used up, too:
//! ```compile_fail,E0382
//! use par_threads::thread::Runnable;
//! struct Job;
//! impl Runnable for Job {
//!     type Output = ();
//!     fn run(&mut self) {}
//! }
//! let job = Job;
//! job.start();
//! job.start(); // use of moved value
//! ```
//! What is not started cannot be joined:
//! ```compile_fail,E0599
//! par_threads::thread::Builder::new().join();
//! ```
//! A result is taken once:
//! ```compile_fail,E0382
//! let handle = par_threads::thread::spawn(|| 7);
//! handle.join();
//! handle.join(); // use of moved value
//! ```
//! What a thread has been given is the thread's:
//! ```compile_fail,E0382
//! let numbers = vec![1, 2, 3];
//! let handle = par_threads::thread::spawn(move || numbers.len());
//! println!("{numbers:?}"); // borrow of moved value
//! ```
//! A thread that may outlive its creator borrows nothing from it; [`scope`] is for that:
//! ```compile_fail,E0373
//! let numbers = vec![1, 2, 3];
//! let handle = par_threads::thread::spawn(|| numbers.len()); // may outlive `numbers`
//! ```

mod builder;
mod error;
mod flag;
mod hook;
mod join_all;
mod join_handle;
mod outcome;
mod record;
mod registry;
mod runnable;
mod scope;
pub(crate) mod shared_iterator;
mod sleep;
pub(crate) mod timer;

pub use builder::{Builder, spawn};
pub use error::{Cancelled, SpawnError, StillRunning, ThreadPanic};
pub use hook::{PanicHook, set_panic_hook, take_panic_hook};
pub use join_all::join_all;
pub use join_handle::JoinHandle;
pub use record::{Thread, ThreadId};
pub use registry::{active_count, current, enumerate, main_thread};
pub use runnable::Runnable;
pub use scope::{Scope, ScopedBuilder, ScopedJoinHandle, scope};
pub use sleep::{cancelled, sleep};

pub(crate) use builder::{LARGEST_STACK, LEAST_STACK};
pub(crate) use registry::{native_id, register_worker};
