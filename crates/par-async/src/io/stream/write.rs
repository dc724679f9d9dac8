//! Writing.

use std::future::poll_fn;
use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Buf;
use tokio::io::AsyncWrite;

use super::Stream;
use crate::io::StreamError;
use crate::task::waiting;

impl<T: AsyncWrite + Unpin> Stream<T> {
    /// Hands all of `bytes` to the operating system; waits while the other side does not read, so a slow reader slows
    /// down its writer.
    ///
    /// # Errors
    /// [`StreamError::Broken`]: the other side is gone, and has read some of it or nothing.
    ///
    /// # Cancel safety
    /// Dropped before its end, it has taken all of `bytes` or nothing, never a part. What it took and could not write
    /// stays in the stream ([`unwritten`](Self::unwritten)) and goes out with the next write, or with
    /// [`drain`](Self::drain).
    #[track_caller]
    pub fn write_all(&mut self, bytes: &[u8]) -> impl Future<Output = Result<(), StreamError>> {
        let mut taken = false;
        let write = move |cx: &mut Context<'_>| {
            if !taken {
                ready!(self.poll_unwritten(cx))?;
                self.accept(cx, bytes)?;
                taken = true;
            }
            self.poll_unwritten(cx).map_err(StreamError::from)
        };
        waiting("Stream::write_all", Location::caller(), poll_fn(write))
    }

    /// Waits until everything that was taken is written.
    ///
    /// # Errors
    /// [`StreamError::Broken`].
    ///
    /// # Cancel safety
    /// It may be dropped at any time, and called again.
    #[track_caller]
    pub fn drain(&mut self) -> impl Future<Output = Result<(), StreamError>> {
        let drain =
            move |cx: &mut Context<'_>| Pin::new(&mut *self).poll_flush(cx).map_err(StreamError::from);
        waiting("Stream::drain", Location::caller(), poll_fn(drain))
    }

    /// Writes what is left, and tells the other side that nothing more comes; reading goes on.
    ///
    /// # Errors
    /// [`StreamError::Broken`].
    ///
    /// # Cancel safety
    /// It may be dropped at any time, and called again.
    #[track_caller]
    pub fn finish(&mut self) -> impl Future<Output = Result<(), StreamError>> {
        let finish =
            move |cx: &mut Context<'_>| Pin::new(&mut *self).poll_shutdown(cx).map_err(StreamError::from);
        waiting("Stream::finish", Location::caller(), poll_fn(finish))
    }

    /// Takes all of `bytes`: writes what can be written at once, and keeps the rest. The buffer is empty before.
    fn accept(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            match Pin::new(&mut self.io).poll_write(cx, rest) {
                Poll::Ready(written) => rest = &rest[some(written?)?..],
                Poll::Pending => break,
            }
        }
        self.left.extend_from_slice(rest);
        Ok(())
    }

    pub(super) fn poll_unwritten(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.left.is_empty() {
            let written = ready!(Pin::new(&mut self.io).poll_write(cx, &self.left))?;
            self.left.advance(some(written)?);
        }
        Poll::Ready(Ok(()))
    }
}

/// A writer that takes nothing never will.
fn some(written: usize) -> io::Result<usize> {
    if written == 0 { Err(io::ErrorKind::WriteZero.into()) } else { Ok(written) }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Stream<T> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_unwritten(cx))?;
        Pin::new(&mut this.io).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_unwritten(cx))?;
        Pin::new(&mut this.io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_unwritten(cx))?;
        Pin::new(&mut this.io).poll_shutdown(cx)
    }
}
