//! Clients that come, and what becomes of them.

use std::convert::Infallible;
use std::fmt::{Debug, Display};
use std::io;
use std::net::SocketAddr;
use std::panic::Location;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::{Either, select};
use par_core::plumbing::catch_panic;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Instant;

use super::ConnectionFailure;
use super::connection::{Accepted, Connection, Seen};
use super::phase::{Gate, Phase, Shared};
use crate::group::TaskGroup;
use crate::io::Stream;
use crate::task::{Caught, waiting};

/// How long the server waits after an error, the first time and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(5), Duration::from_secs(1));

/// Whom to tell what goes wrong.
pub(super) type Report<E> = dyn Fn(ConnectionFailure<E>) + Send + Sync;

/// What a server does while it serves.
pub(super) struct Acceptor<H, E: Debug + Display> {
    pub(super) slots: Arc<Semaphore>,
    pub(super) limit: usize,
    pub(super) refuse: bool,
    pub(super) at: &'static Location<'static>,
    pub(super) closing: watch::Receiver<Phase>,
    pub(super) shared: Arc<Shared>,
    pub(super) handler: Arc<H>,
    pub(super) report: Arc<Report<E>>,
}

impl<H, F, E> Acceptor<H, E>
where
    H: Fn(Connection) -> F + Send + Sync + 'static,
    F: Future<Output = Result<(), E>> + Send + 'static,
    E: Debug + Display + Send + 'static,
{
    /// Accepts clients until the server is closing, then waits for them.
    pub(super) async fn run(mut self, listener: TcpListener, group: &TaskGroup<Infallible>) {
        let mut pause = PAUSE.0;
        while let Some((slot, accepted)) = self.next(&listener).await {
            match accepted {
                Ok((socket, peer)) => {
                    pause = PAUSE.0;
                    let Some(slot) = slot else {
                        self.shared.counts.refused.fetch_add(1, Ordering::Relaxed);
                        continue;
                    };
                    self.start(group, slot, socket, peer);
                }
                // The client has gone again.
                Err(error) if gone(&error) => {}
                Err(error) => {
                    tell(&self.report, ConnectionFailure::NotAccepted(error));
                    let until = Instant::now() + pause;
                    self.unless_closing(crate::combine::sleep_until(until)).await;
                    pause = (pause * 2).min(PAUSE.1);
                }
            }
        }
        // From here on clients are refused by the operating system.
        drop(listener);
        self.drain().await;
    }

    /// The next client, with a slot for it, if there is one; `None` when the server is closing.
    async fn next(
        &mut self,
        listener: &TcpListener,
    ) -> Option<(Option<OwnedSemaphorePermit>, io::Result<(TcpStream, SocketAddr)>)> {
        let (slots, at, refuse) = (Arc::clone(&self.slots), self.at, self.refuse);
        self.unless_closing(async move {
            if refuse {
                let accepted = waiting("Server::accept", at, listener.accept()).await;
                return (slots.try_acquire_owned().ok(), accepted);
            }
            let slot = waiting("Server::limit", at, slots.acquire_owned()).await.expect("nobody closes it");
            (Some(slot), waiting("Server::accept", at, listener.accept()).await)
        })
        .await
    }

    async fn unless_closing<T>(&mut self, future: impl Future<Output = T>) -> Option<T> {
        // An error would say that the server is gone.
        let closing = pin!(self.closing.wait_for(|phase| *phase != Phase::Open));
        match select(closing, pin!(future)).await {
            Either::Left(_) => None,
            Either::Right((output, _)) => Some(output),
        }
    }

    fn start(
        &self,
        group: &TaskGroup<Infallible>,
        slot: OwnedSemaphorePermit,
        socket: TcpStream,
        peer: SocketAddr,
    ) {
        let number = self.shared.counts.accepted.fetch_add(1, Ordering::Relaxed) + 1;
        // That fails for a client that has gone already; its handler will see.
        socket.set_nodelay(true).ok();
        let gate = Arc::new(Gate::default());
        let seat = self.shared.enter(&gate);
        let key = seat.key;
        let seen = Seen { number, peer, gate: Arc::clone(&gate), phase: self.closing.clone() };
        let connection = Stream::new(Accepted::new(socket, Arc::new(seen)));
        let (handler, report, shared) =
            (Arc::clone(&self.handler), Arc::clone(&self.report), Arc::clone(&self.shared));
        let task = group.task(format!("connection {number} ({peer})")).spawn(async move {
            // Dropped in reverse, whatever happens: when all slots are back, all seats are.
            let _slot = slot;
            let _seat = seat;
            let failure = match Caught::new(async move { handler(connection).await }).await {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(error)) => ConnectionFailure::Failed { number, peer, error },
                Err(panic) => ConnectionFailure::Panicked { number, peer, panic },
            };
            shared.counts.failed.fetch_add(1, Ordering::Relaxed);
            tell(&report, failure);
            Ok(())
        });
        if let Some(task) = task.task() {
            self.shared.started(key, &gate, task);
        }
    }

    /// Waits for the connections; when their time is over, aborts them.
    async fn drain(&mut self) {
        let all = u32::try_from(self.limit).expect("`limit` sees to that");
        let mut phase = self.closing.clone();
        loop {
            let Phase::Closing(deadline) = *phase.borrow_and_update() else { return };
            let over = pin!(waiting("Server::drain", self.at, self.slots.acquire_many(all)));
            // The deadline may be brought forward.
            let sooner = pin!(phase.changed());
            match tokio::time::timeout_at(deadline, select(over, sooner)).await {
                Ok(Either::Left(_)) => return,
                Ok(Either::Right(_)) => {}
                Err(_) => {
                    self.shared.abort_clients();
                    return;
                }
            }
        }
    }
}

/// A report that panics is its own affair: the panic hook has told of it, and the other clients are served on.
fn tell<E: Debug + Display>(report: &Arc<Report<E>>, failure: ConnectionFailure<E>) {
    catch_panic(|| report(failure)).ok();
}

/// Whether it says something of a client, and nothing of the server.
fn gone(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}
