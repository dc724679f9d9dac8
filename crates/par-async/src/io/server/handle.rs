//! A server from outside.

use std::net::SocketAddr;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::Instant;

use super::phase::{Phase, Shared};
use crate::task::waiting;

/// A server, for whoever is to end it. Clones are of the same server.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use par_async::{Server, StreamError, TaskGroup, connect};
///
/// # par_async::run(async {
/// let server = Server::bind("127.0.0.1:0").await?;
/// let handle = server.handle();
/// TaskGroup::<StreamError>::scope(|group| async move {
///     let served = group.spawn(async move {
///         // It waits for a line that never comes.
///         Ok(server.serve(async |mut client| client.read_line().await.map(drop)).await)
///     });
///     let mut client = connect(handle.local_addr()).await?;
///     while handle.connections() == 0 {
///         par_async::sleep(Duration::from_millis(1)).await;
///     }
///     assert_eq!(handle.close(Duration::from_millis(20)).await, 1, "one was aborted");
///     assert!(client.read_line().await.is_err(), "reset");
///     assert_eq!(served.await.unwrap().accepted, 1);
///     Ok(())
/// }).await?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap().unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct ServerHandle {
    pub(super) shared: Arc<Shared>,
    pub(super) address: SocketAddr,
}

impl ServerHandle {
    /// Where it listens; after `bind` to port 0, the port that it got.
    pub const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// How many clients are connected now.
    pub fn connections(&self) -> usize {
        self.shared.len()
    }

    /// Whether [`close`](Self::close) was called.
    pub fn is_closing(&self) -> bool {
        self.shared.phase() != Phase::Open
    }

    /// Accepts nobody any more, gives the handlers so long to finish, aborts those that have not, and returns when the
    /// server has ended: how many were aborted.
    ///
    /// A handler that waits for the next request of an idle client does not know that there is none to come, unless it
    /// looks at `closing` of its connection; [`close_clients`](Self::close_clients) before it tells them all.
    ///
    /// # Cancel safety
    /// Dropped before its end, the server closes all the same.
    #[track_caller]
    pub fn close(&self, timeout: Duration) -> impl Future<Output = u64> + Send + use<> {
        let at = Location::caller();
        let shared = Arc::clone(&self.shared);
        let deadline = Instant::now().checked_add(timeout);
        // A deadline past the end of the clock is far away.
        shared.close(deadline.unwrap_or_else(|| Instant::now() + Duration::from_secs(1 << 30)));
        waiting("ServerHandle::close", at, async move {
            // An error says that the server is gone, which is an end, too.
            shared.watch().wait_for(|phase| *phase == Phase::Ended).await.ok();
            shared.counts.aborted.load(Ordering::Relaxed)
        })
    }

    /// Every handler reads the end of its stream, as if the client had finished; what it writes still goes out. New
    /// clients are accepted.
    pub fn close_clients(&self) {
        self.shared.close_clients();
    }

    /// Resets every connection, and cancels its handler; returns how many. New clients are accepted.
    pub fn abort_clients(&self) -> usize {
        self.shared.abort_clients()
    }
}
