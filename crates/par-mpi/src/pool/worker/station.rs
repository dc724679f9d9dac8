//! What the two threads of a worker share.

use std::num::NonZeroUsize;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{JoinHandle, Thread};
use std::time::{Duration, Instant};

use par_core::Registry;
use par_core::plumbing::{RemoteTask, Reply, catch_panic, enter_worker};

use super::GRACE;
use super::forward::Forward;
use super::helper::Helping;
use super::inbox::{Inbox, Next, Waiting};
use crate::pool::PoolError;
use crate::pool::builder::{Initializer, MpiPoolBuilder};
use crate::pool::wire::{Garbled, Kind, Outbox, Record, Records};

/// Tasks that wait lie on one stack, so it is large; memory is taken only for what is used.
const STACK: usize = 256 << 20;

/// How often it is looked whether the computing thread has ended.
const LOOK: Duration = Duration::from_millis(1);

/// A call that runs, or is blocked below the one that runs.
struct Running {
    id: u64,
    task: RemoteTask,
    /// How far rank 0 knows it to be.
    published: f32,
}

/// What the communicating and the computing thread of a worker share.
pub(in crate::pool) struct Station {
    pub(super) inbox: Arc<Inbox>,
    pub(super) forward: Arc<Forward>,
    outbox: Mutex<Outbox>,
    running: Mutex<Vec<Running>>,
    /// How many tasks wait for others.
    blocked: AtomicUsize,
    /// What rank 0 knows of `blocked`.
    published: AtomicUsize,
    /// The thread that sends.
    sender: Thread,
    registry: Registry,
}

impl Station {
    /// Starts the computing thread of worker `index`; this thread is the one that sends.
    pub(in crate::pool) fn start(
        index: usize,
        workers: NonZeroUsize,
        builder: MpiPoolBuilder,
    ) -> Result<Resident, PoolError> {
        par_core::plumbing::record_panics();
        let registry = match builder.registry {
            Some(registry) => registry,
            None => Registry::global()?.clone(),
        };
        let station = Arc::new_cyclic(|this| Self {
            inbox: Arc::default(),
            forward: Forward::new(this, workers, builder.settings),
            outbox: Mutex::default(),
            running: Mutex::default(),
            blocked: AtomicUsize::new(0),
            published: AtomicUsize::new(0),
            sender: std::thread::current(),
            registry,
        });
        let (computing, initializer) = (Arc::clone(&station), builder.initializer);
        let thread = std::thread::Builder::new()
            .name(format!("mpi-worker-{index}"))
            .stack_size(STACK)
            .spawn(move || compute(&computing, initializer))
            .map_err(PoolError::Thread)?;
        Ok(Resident { station, thread: Some(thread) })
    }

    fn running(&self) -> MutexGuard<'_, Vec<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    // The communicating thread.

    /// Does what a message of rank 0 says; `true`: it is over.
    pub(in crate::pool) fn accept(&self, message: Vec<u8>) -> Result<bool, Garbled> {
        let mut over = false;
        for record in Records::of(message) {
            let record = record?;
            match record.kind {
                Kind::Call => self.inbox.push(Waiting { id: record.id, call: record.body }),
                Kind::Recall => {
                    self.give_back(record.id);
                }
                Kind::Cancel => {
                    if !self.give_back(record.id) {
                        let task = self
                            .running()
                            .iter()
                            .find(|running| running.id == record.id)
                            .map(|r| r.task.clone());
                        task.iter().for_each(RemoteTask::cancel);
                    }
                }
                Kind::NestedReply => self.forward.complete(record.id, &record.body),
                Kind::Quit => {
                    self.quit();
                    over = true;
                }
                _ => return Err(Garbled),
            }
        }
        Ok(over)
    }

    fn give_back(&self, id: u64) -> bool {
        let taken = self.inbox.take_back(id);
        if taken {
            self.outbox().push(&Record::new(Kind::Recalled, id));
        }
        taken
    }

    /// What is to be sent, with the news of the tasks that run.
    pub(in crate::pool) fn collect(&self, into: &mut Outbox) {
        for running in self.running().iter_mut() {
            let progress = running.task.progress();
            if progress > running.published {
                running.published = progress;
                let first = u64::from(progress.to_bits());
                into.push(&Record { first, ..Record::new(Kind::Progress, running.id) });
            }
        }
        let blocked = self.blocked();
        if self.published.swap(blocked, Ordering::AcqRel) != blocked {
            into.push(&Record { first: blocked as u64, ..Record::new(Kind::Blocked, 0) });
        }
        into.append(&mut self.outbox());
    }

    /// Runs nothing more, and asks what runs to stop.
    pub(in crate::pool) fn quit(&self) {
        self.inbox.quit();
        let tasks: Vec<RemoteTask> = self.running().iter().map(|running| running.task.clone()).collect();
        tasks.iter().for_each(RemoteTask::cancel);
        self.forward.end();
    }

    // The computing thread.

    /// Runs a call.
    pub(super) fn execute(&self, waiting: Waiting) {
        let Waiting { id, call } = waiting;
        let accepted = self.registry.accept(&call);
        drop(call);
        let reply = match accepted {
            Ok(invocation) => {
                let task = invocation.remote_task();
                self.running().push(Running { id, task, published: 0.0 });
                let reply = invocation.run();
                self.running().retain(|running| running.id != id);
                reply
            }
            Err(refusal) => Reply::failed(refusal),
        };
        self.reply(id, reply);
    }

    fn reply(&self, id: u64, mut reply: Reply) {
        let mut outbox = Outbox::default();
        let size = reply.encoded_size();
        let mut encode = |reply: &Reply, size: usize| {
            outbox.push_with(Kind::Reply, [id, 0, 0], size, |buffer| reply.encode(buffer))
        };
        if let Err(error) = encode(&reply, size) {
            // An output that measures one size and writes another, or panics while it is written.
            let mut failed = Reply::failed(error);
            let size = failed.encoded_size();
            encode(&failed, size).expect("an error of the machinery can be encoded");
        }
        self.send(&mut outbox);
    }

    /// Counts a task that begins to wait.
    pub(super) fn block(&self) {
        self.blocked.fetch_add(1, Ordering::AcqRel);
        self.sender.unpark();
    }

    /// How many tasks wait for others, one on top of the other.
    pub(super) fn blocked(&self) -> usize {
        self.blocked.load(Ordering::Acquire)
    }

    /// Counts a task that waits no more.
    pub(super) fn unblock(&self) {
        self.blocked.fetch_sub(1, Ordering::AcqRel);
    }

    // Both, and threads that cancel handles.

    pub(super) fn post(&self, record: &Record) {
        self.outbox().push(record);
        self.sender.unpark();
    }

    pub(super) fn send(&self, messages: &mut Outbox) {
        self.outbox().append(messages);
        self.sender.unpark();
    }
}

/// Runs calls until the pool has ended.
fn compute(station: &Arc<Station>, initializer: Option<Initializer>) {
    let _worker = enter_worker(Rc::new(Helping { station: Arc::clone(station) }));
    match initialise(initializer) {
        Ok(()) => station.post(&Record::new(Kind::Ready, 0)),
        Err(reason) => {
            let body = reason.into_bytes().into();
            station.post(&Record { body, ..Record::new(Kind::Unfit, 0) });
            return;
        }
    }
    loop {
        match station.inbox.next(None) {
            Next::Call(call) => station.execute(call),
            Next::Look => {}
            Next::Quit => return,
        }
    }
}

fn initialise(initializer: Option<Initializer>) -> Result<(), String> {
    let Some(initializer) = initializer else { return Ok(()) };
    match catch_panic(initializer) {
        Ok(outcome) => outcome.map_err(|error| error.to_string()),
        Err(panic) => Err(format!("it panicked: {panic}")),
    }
}

/// A computing thread that ends with this value, however that ends.
pub(in crate::pool) struct Resident {
    pub(in crate::pool) station: Arc<Station>,
    thread: Option<JoinHandle<()>>,
}

impl Resident {
    /// Waits for the computing thread to end, for at most `GRACE`; a task that does not listen is left to itself.
    pub(in crate::pool) fn let_go(&mut self) {
        self.station.quit();
        let Some(thread) = self.thread.take() else { return };
        let begun = Instant::now();
        while !thread.is_finished() {
            if begun.elapsed() >= GRACE {
                return;
            }
            std::thread::park_timeout(LOOK);
        }
        // What a panic of ours would have said was said by the panic hook.
        let _ = thread.join();
    }
}

impl Drop for Resident {
    fn drop(&mut self) {
        self.let_go();
    }
}
