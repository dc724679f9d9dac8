//! A worker's state, and how it runs a call.

use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use ipc_channel::ipc::{IpcBytesReceiver, IpcBytesSender};
use par_core::plumbing::{RemoteTask, enter_worker};
use par_core::{Registry, TaskError};

use super::forward::Forward;
use super::heart::Heart;
use super::helper::Helping;
use super::inbox::{Inbox, Next, Waiting};
use super::link::Link;
use super::{heart, listener};
use crate::board::Board;
use crate::segment::Incoming;
use crate::spawn::EXIT_NO_CHANNEL;
use crate::wire::{Message, Setup};

/// A call that runs, or is blocked below the one that runs.
pub(super) struct Running {
    pub(super) slot: u16,
    pub(super) id: u64,
    pub(super) task: RemoteTask,
}

/// What all threads of a worker share.
pub(super) struct Life {
    pub(super) link: Arc<Link>,
    pub(super) inbox: Arc<Inbox>,
    pub(super) incoming: Incoming,
    pub(super) forward: Arc<Forward>,
    registry: Registry,
    running: Mutex<Vec<Running>>,
    pub(super) heart: Heart,
    pub(super) heartbeat: Option<Duration>,
}

impl Life {
    pub(super) fn new(
        setup: &Setup,
        sender: IpcBytesSender,
        registry: Option<Registry>,
    ) -> Result<Arc<Self>, String> {
        let board = Board::open(setup.pid, setup.board)
            .map_err(|error| format!("the pool's memory cannot be opened through /proc: {error}"))?;
        let link = Link::new(sender, board, setup.idle_segment_bytes as usize);
        let registry = match registry {
            Some(registry) => registry,
            None => Registry::global().map_err(|error| error.to_string())?.clone(),
        };
        let releasing = Arc::clone(&link);
        let release = Arc::new(move |segment| releasing.send(&Message::Release { segment }));
        Ok(Arc::new(Self {
            incoming: Incoming::new(setup.pid, release),
            forward: Forward::new(setup, Arc::clone(&link)),
            inbox: Arc::default(),
            registry,
            running: Mutex::default(),
            heart: Heart::default(),
            heartbeat: setup.heartbeat_ms.map(Duration::from_millis),
            link,
        }))
    }

    pub(super) fn running(&self) -> MutexGuard<'_, Vec<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs the call that every worker runs first.
    pub(super) fn initialise(self: &Arc<Self>, call: &[u8]) -> Result<(), TaskError> {
        let reply = match self.registry.accept(&Bytes::copy_from_slice(call)) {
            Ok(invocation) => invocation.run(),
            Err(refusal) => refusal,
        };
        reply.into_error().map_or(Ok(()), Err)
    }

    /// Runs calls until the pool says that it is enough; on the main thread.
    pub(super) fn run(self: Arc<Self>, receiver: IpcBytesReceiver) -> ! {
        let (listening, beating) = (Arc::clone(&self), Arc::clone(&self));
        let spawn = |name: &str, run: Box<dyn FnOnce() + Send>| {
            let spawned = std::thread::Builder::new().name(name.to_owned()).spawn(run);
            // Without the listener nobody would ever hear the pool: better no worker than a deaf one.
            spawned.unwrap_or_else(|_| std::process::exit(EXIT_NO_CHANNEL))
        };
        spawn("par-listener", Box::new(move || listener::listen(&listening, &receiver)));
        spawn("par-heart", Box::new(move || heart::beat(&beating)));
        let _worker = enter_worker(Rc::new(Helping { life: Arc::clone(&self) }));
        self.link.send(&Message::Ready);
        loop {
            match self.inbox.next(None) {
                Next::Call(call) => self.execute(call),
                Next::Look => {}
                Next::Quit => std::process::exit(0),
            }
        }
    }

    /// Runs a call, unless the pool has taken it back.
    pub(super) fn execute(&self, waiting: Waiting) {
        let Waiting { slot, id, call } = waiting;
        let accepted = self.registry.accept(&call);
        drop(call);
        match accepted {
            Ok(invocation) => {
                // Listed before it is claimed: a cancellation comes only for a call that is claimed.
                self.running().push(Running { slot, id, task: invocation.remote_task() });
                self.heart.quicken();
                let reply = self.link.board.claim(slot, id).then(|| invocation.run());
                self.running().retain(|running| running.id != id);
                if let Some(reply) = reply {
                    self.link.reply(slot, id, reply);
                }
            }
            Err(refusal) => {
                if self.link.board.claim(slot, id) {
                    self.link.reply(slot, id, refusal);
                }
            }
        }
    }
}
