//! The server.

use std::convert::Infallible;
use std::fmt::{self, Debug, Display};
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::net::{TcpListener, ToSocketAddrs};
use tokio::sync::Semaphore;

use super::ConnectionFailure;
use super::accept::{Acceptor, Report};
use super::connection::Connection;
use super::handle::ServerHandle;
use super::phase::{Counts, Shared};
use crate::group::TaskGroup;
use crate::io::StreamError;

/// A TCP server: every connection is a task that ends before [`serve`](Self::serve) does.
///
/// # Examples
/// ```
/// use std::num::NonZeroUsize;
/// use std::time::Duration;
/// use par_async::{Connection, Server, StreamError, TaskGroup, connect};
///
/// async fn echo(mut client: Connection) -> Result<(), StreamError> {
///     while let Some(line) = client.read_line().await? {
///         client.write_all(format!("{line}\n").as_bytes()).await?;
///     }
///     Ok(())
/// }
///
/// # par_async::run(async {
/// let server = Server::bind("127.0.0.1:0").await?.limit(NonZeroUsize::new(64).ok_or("not zero")?);
/// let handle = server.handle();
/// TaskGroup::<StreamError>::scope(|group| async move {
///     group.task("echo").spawn(async move { Ok(server.serve(echo).await) });
///     let mut client = connect(handle.local_addr()).await?;
///     client.write_all(b"hello\n").await?;
///     assert_eq!(client.read_line().await?.as_deref(), Some("hello"));
///     drop(client);
///     assert_eq!(handle.close(Duration::from_secs(5)).await, 0, "nobody is aborted");
///     Ok(())
/// }).await?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap().unwrap();
/// ```
#[must_use = "a server accepts nobody until `serve` is awaited"]
pub struct Server<E: Debug + Display = StreamError> {
    listener: TcpListener,
    handle: ServerHandle,
    limit: usize,
    refuse: bool,
    report: Arc<Report<E>>,
    /// Says that it has ended, however it did.
    ended: Ended,
}

/// What a server did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Served {
    /// How many clients were accepted.
    pub accepted: u64,
    /// How many were turned away, because there were too many.
    pub refused: u64,
    /// How many handlers failed or panicked.
    pub failed: u64,
    /// How many connections were aborted, by a deadline or by [`ServerHandle::abort_clients`].
    pub aborted: u64,
}

impl Served {
    fn of(counts: &Counts) -> Self {
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Self {
            accepted: load(&counts.accepted),
            refused: load(&counts.refused),
            failed: load(&counts.failed),
            aborted: load(&counts.aborted),
        }
    }
}

struct Ended(Arc<Shared>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl<E: Debug + Display + Send + 'static> Server<E> {
    /// How many connections there may be if nothing else is said.
    pub const CONNECTIONS: usize = 1_000;

    /// Listens at `address`; with port 0 at a free one. Clients that come are kept waiting by the operating system until
    /// [`serve`](Self::serve) accepts them.
    ///
    /// # Errors
    /// What the operating system says, e.g. that somebody listens there already.
    ///
    /// # Cancel safety
    /// Dropped before its end, it does not listen.
    pub async fn bind(address: impl ToSocketAddrs) -> io::Result<Self> {
        Self::listening(TcpListener::bind(address).await?)
    }

    /// A server for a socket that listens already.
    ///
    /// # Errors
    /// If the socket has no address.
    pub fn listening(listener: TcpListener) -> io::Result<Self> {
        let shared = Arc::new(Shared::new());
        let handle = ServerHandle { address: listener.local_addr()?, shared: Arc::clone(&shared) };
        let report: Arc<Report<E>> = Arc::new(|failure| eprintln!("server: {failure}"));
        Ok(Self { listener, handle, limit: Self::CONNECTIONS, refuse: false, report, ended: Ended(shared) })
    }

    /// At most so many connections at once; further clients wait until one ends.
    pub fn limit(self, connections: NonZeroUsize) -> Self {
        Self { limit: connections.get().min(u32::MAX as usize).min(Semaphore::MAX_PERMITS), ..self }
    }

    /// Turns clients beyond the limit away, instead of keeping them waiting.
    pub fn refusing(self) -> Self {
        Self { refuse: true, ..self }
    }

    /// Whom to tell what goes wrong; without one, it is printed to stderr. It is called by the task that failed, and must
    /// not block.
    pub fn on_failure(self, report: impl Fn(ConnectionFailure<E>) + Send + Sync + 'static) -> Self {
        Self { report: Arc::new(report), ..self }
    }

    /// Where it listens.
    pub const fn local_addr(&self) -> SocketAddr {
        self.handle.local_addr()
    }

    /// The server for others: to close it.
    pub fn handle(&self) -> ServerHandle {
        self.handle.clone()
    }

    /// Accepts clients, and runs `handler` for each in a task of its own, until it is closed through its
    /// [`handle`](Self::handle); returns when every connection has ended.
    ///
    /// A handler that fails or panics ends its own connection, and is reported. When the process is out of file
    /// descriptors, or the like, that is reported, too, and the server tries again, after up to a second.
    ///
    /// # Cancel safety
    /// Dropped before its end, it accepts nobody any more, and cancels its connections; the task, timeout or runner of
    /// this crate that it is in waits for them.
    #[track_caller]
    pub fn serve<H, F>(self, handler: H) -> impl Future<Output = Served> + Send
    where
        H: Fn(Connection) -> F + Send + Sync + 'static,
        F: Future<Output = Result<(), E>> + Send + 'static,
    {
        let at = Location::caller();
        async move {
            let Self { listener, handle, limit, refuse, report, ended: _ended } = self;
            let acceptor = Acceptor {
                slots: Arc::new(Semaphore::new(limit)),
                limit,
                refuse,
                at,
                closing: handle.shared.watch(),
                shared: handle.shared,
                handler: Arc::new(handler),
                report,
            };
            let shared = Arc::clone(&acceptor.shared);
            let name = format!("server {}", handle.address);
            let scope = TaskGroup::<Infallible>::builder().name(name).scope(|group| async move {
                acceptor.run(listener, &group).await;
                Ok(())
            });
            // No task of it fails. That it was cancelled matters to the scope around it, which ends this future.
            scope.await.ok();
            Served::of(&shared.counts)
        }
    }
}

impl<E: Debug + Display> fmt::Debug for Server<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("address", &self.handle.local_addr())
            .field("limit", &self.limit)
            .field("refuse", &self.refuse)
            .finish_non_exhaustive()
    }
}
