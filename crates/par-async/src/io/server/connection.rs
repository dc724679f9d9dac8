//! What a handler is given.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::watch;

use super::phase::{Gate, Phase};
use crate::io::Stream;
use crate::task::waiting;

/// A client of a [`Server`](crate::Server), as its handler gets it: a [`Stream`] that the server can end, too.
pub type Connection = Stream<Accepted<TcpStream>>;

/// A socket, or half of one, that a server can end from outside.
pub struct Accepted<S = TcpStream> {
    /// There until it is dropped or divided.
    socket: Option<S>,
    seen: Arc<Seen>,
    tcp: fn(&S) -> &TcpStream,
}

/// What both halves of a connection know.
pub(super) struct Seen {
    pub(super) number: u64,
    pub(super) peer: SocketAddr,
    pub(super) gate: Arc<Gate>,
    pub(super) phase: watch::Receiver<Phase>,
}

impl Accepted {
    pub(super) fn new(socket: TcpStream, seen: Arc<Seen>) -> Self {
        Self { socket: Some(socket), seen, tcp: |socket| socket }
    }
}

impl<S> Accepted<S> {
    /// How many clients came before it, and one.
    pub fn number(&self) -> u64 {
        self.seen.number
    }

    /// Where the client is.
    pub fn peer_addr(&self) -> SocketAddr {
        self.seen.peer
    }

    /// The socket.
    pub fn socket(&self) -> &TcpStream {
        (self.tcp)(self.there())
    }

    fn there(&self) -> &S {
        self.socket.as_ref().expect("it is there until this is dropped or divided")
    }

    fn there_mut(&mut self) -> &mut S {
        self.socket.as_mut().expect("it is there until this is dropped or divided")
    }

    fn take(&mut self) -> S {
        self.socket.take().expect("it is there until this is dropped or divided")
    }
}

impl<S> Stream<Accepted<S>> {
    /// How many clients came before it, and one.
    pub fn number(&self) -> u64 {
        self.get_ref().number()
    }

    /// Where the client is.
    pub fn peer_addr(&self) -> SocketAddr {
        self.get_ref().peer_addr()
    }

    /// Whether the server is closing: what the client has asked for is to be finished, and nothing more to be begun.
    pub fn closing(&self) -> Closing {
        Closing { phase: self.get_ref().seen.phase.clone() }
    }
}

/// Says when a server is closing; from [`Connection`]'s `closing`.
#[derive(Debug, Clone)]
pub struct Closing {
    phase: watch::Receiver<Phase>,
}

impl Closing {
    /// Whether it is.
    pub fn is_closing(&self) -> bool {
        *self.phase.borrow() != Phase::Open
    }

    /// Waits until it is.
    ///
    /// # Cancel safety
    /// It may be dropped at any time.
    #[track_caller]
    pub fn wait(&mut self) -> impl Future<Output = ()> + Send {
        waiting("Closing::wait", Location::caller(), async {
            // An error says that the server is gone.
            self.phase.wait_for(|phase| *phase != Phase::Open).await.ok();
        })
    }
}

impl Connection {
    /// The half that reads and the half that writes, for two tasks. Dropping the half that writes tells the client that
    /// nothing more comes.
    pub fn into_halves(self) -> (Stream<Accepted<OwnedReadHalf>>, Stream<Accepted<OwnedWriteHalf>>) {
        self.divide(|mut accepted| {
            let (reads, writes) = accepted.take().into_split();
            let seen = Arc::clone(&accepted.seen);
            (
                Accepted { socket: Some(reads), seen: Arc::clone(&seen), tcp: |half| half.as_ref() },
                Accepted { socket: Some(writes), seen, tcp: |half| half.as_ref() },
            )
        })
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Accepted<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.seen.gate.closed() {
            return Poll::Ready(Ok(()));
        }
        let read = Pin::new(this.there_mut()).poll_read(cx, into);
        if read.is_pending() && this.seen.gate.closed_or_wake(cx.waker()) {
            return Poll::Ready(Ok(()));
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Accepted<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(self.get_mut().there_mut()).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.get_mut().there_mut()).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.get_mut().there_mut()).poll_shutdown(cx)
    }
}

impl<S> fmt::Debug for Accepted<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accepted")
            .field("number", &self.number())
            .field("peer", &self.peer_addr())
            .finish_non_exhaustive()
    }
}

impl<S> Drop for Accepted<S> {
    fn drop(&mut self) {
        // An aborted connection is not said goodbye to: the client is to see a reset, not an orderly end.
        if let Some(socket) = self.socket.as_ref().filter(|_| self.seen.gate.aborted()) {
            (self.tcp)(socket).set_zero_linger().ok();
        }
    }
}
