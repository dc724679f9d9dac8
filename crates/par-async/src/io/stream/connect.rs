//! The way to a stream.

use std::fmt::Display;
use std::panic::Location;
use std::path::Path;

use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpStream, ToSocketAddrs, UnixStream, unix};

use super::Stream;
use crate::io::StreamError;
use crate::task::waiting;

/// A TCP connection to `address`, e.g. `"localhost:80"`; what is written is sent at once (`TCP_NODELAY`).
///
/// # Errors
/// [`StreamError::Connect`]. There is no deadline but the operating system's; wrap it in [`timeout`](crate::timeout).
///
/// # Cancel safety
/// Dropped before its end, it leaves no connection.
///
/// # Examples
/// ```
/// use par_async::{Server, TaskGroup, connect};
///
/// # par_async::testing::run(async {
/// let server = Server::bind("127.0.0.1:0").await?;
/// let (at, handle) = (server.local_addr(), server.handle());
/// TaskGroup::<par_async::StreamError>::scope(|group| async move {
///     group.spawn(async move { Ok(server.serve(async |mut peer| peer.write_all(b"welcome\n").await).await) });
///     let mut stream = connect(at).await?;
///     assert_eq!(stream.read_line().await?.as_deref(), Some("welcome"));
///     handle.close(std::time::Duration::from_secs(1)).await;
///     Ok(())
/// }).await?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap().unwrap();
/// ```
#[track_caller]
pub fn connect<A>(address: A) -> impl Future<Output = Result<Stream, StreamError>> + Send
where
    A: ToSocketAddrs + Display + Send,
    A::Future: Send,
{
    waiting("connect", Location::caller(), async move {
        let shown = address.to_string();
        let failed = |source| StreamError::Connect { address: shown.clone(), source };
        let stream = TcpStream::connect(address).await.map_err(&failed)?;
        stream.set_nodelay(true).map_err(&failed)?;
        Ok(Stream::new(stream))
    })
}

/// A connection to the Unix socket at `path`.
///
/// # Errors
/// [`StreamError::Connect`].
///
/// # Cancel safety
/// Dropped before its end, it leaves no connection.
#[track_caller]
pub fn connect_unix(
    path: impl AsRef<Path> + Send,
) -> impl Future<Output = Result<Stream<UnixStream>, StreamError>> + Send {
    waiting("connect_unix", Location::caller(), async move {
        let path = path.as_ref();
        let connected = UnixStream::connect(path).await;
        let failed = |source| StreamError::Connect { address: path.display().to_string(), source };
        connected.map(Stream::new).map_err(failed)
    })
}

impl Stream<TcpStream> {
    /// The half that reads and the half that writes, for two tasks. Dropping the half that writes tells the other side
    /// that nothing more comes.
    pub fn into_halves(self) -> (Stream<OwnedReadHalf>, Stream<OwnedWriteHalf>) {
        self.divide(TcpStream::into_split)
    }
}

impl Stream<UnixStream> {
    /// The half that reads and the half that writes, for two tasks. Dropping the half that writes tells the other side
    /// that nothing more comes.
    pub fn into_halves(self) -> (Stream<unix::OwnedReadHalf>, Stream<unix::OwnedWriteHalf>) {
        self.divide(UnixStream::into_split)
    }
}
