#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod affinity;
mod config;
pub mod deadlock;
mod error;
mod panics;
mod pool;
mod probe;
mod queue;
mod rayon_pool;
mod start;
mod sync;
pub mod thread;
mod world;

pub use affinity::Affinity;
pub use config::Builder;
pub use error::{BuildError, ResizeError};
pub use panics::{PanicPolicy, TaskPanic};
pub use par_core::{
    BreakCause, BrokenBarrier, DoneTooOften, GetError, JoinTimedOut, PutError, QueueShutdown,
    ReleasedTooOften,
};
pub use pool::{TaskSpan, ThreadPool, Timeline, WorkerMetrics, WorkerState};
pub use probe::{Threads, probe};
pub use queue::{LifoQueue, PriorityQueue, Queue, QueueIter, Taken};
pub use rayon_pool::RayonPool;
pub use sync::{
    Barrier, BarrierTurn, BoundedSemaphore, Condvar, Event, Latch, MappedMutexGuard, MappedRwLockReadGuard,
    MappedRwLockWriteGuard, Mutex, MutexGuard, OwnedPermit, Party, Permit, ReentrantMutex,
    ReentrantMutexGuard, RwLock, RwLockReadGuard, RwLockUpgradableReadGuard, RwLockWriteGuard, Semaphore,
    WaitTimeoutResult,
};
pub use thread::shared_iterator::SharedIterator;
pub use thread::timer::Timer;
/// A value per thread that belongs to an object, as Python's `threading.local`; how it differs from `thread_local!` is
/// said in [`thread`](crate::thread#thread-locals).
#[doc(no_inline)]
pub use thread_local::ThreadLocal;
pub use world::{ThreadComm, ThreadTransport, ThreadWorld, ThreadWorldBuilder, Words};
