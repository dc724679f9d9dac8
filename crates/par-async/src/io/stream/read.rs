//! Reading.

use std::future::poll_fn;
use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, ReadBuf};
use tokio_util::io::poll_read_buf;

use super::{Lines, Stream};
use crate::io::StreamError;
use crate::task::waiting;

/// How much room there is at least for what comes next.
const ROOM: usize = 8 * 1024;

impl<T: AsyncRead + Unpin> Stream<T> {
    /// The next line without its end (`\n` or `\r\n`); `None` at the end of the stream.
    ///
    /// A stream that ends within a line is an error, not a line: half of a command must not be taken for a whole one.
    /// Where the last line may lack its end, [`read_to_end`](Self::read_to_end) yields it after the error.
    ///
    /// # Errors
    /// [`StreamError::Truncated`], [`StreamError::TooLong`] and [`StreamError::Broken`], which come again at the next
    /// call; [`StreamError::NotText`], after which the next call reads the next line.
    ///
    /// # Cancel safety
    /// Dropped before its end, it has taken nothing from the stream.
    #[track_caller]
    pub fn read_line(&mut self) -> impl Future<Output = Result<Option<String>, StreamError>> {
        waiting("Stream::read_line", Location::caller(), poll_fn(|cx| self.poll_line(cx)))
    }

    /// What comes up to the next `delimiter`, with it; `None` at the end of the stream.
    ///
    /// # Errors
    /// As [`read_line`](Self::read_line), but that it takes any bytes.
    ///
    /// # Cancel safety
    /// Dropped before its end, it has taken nothing from the stream.
    #[track_caller]
    pub fn read_until(&mut self, delimiter: u8) -> impl Future<Output = Result<Option<Bytes>, StreamError>> {
        waiting("Stream::read_until", Location::caller(), poll_fn(move |cx| self.poll_until(cx, delimiter)))
    }

    /// The next `wanted` bytes; memory is taken as they come, not for what was announced.
    ///
    /// # Errors
    /// [`StreamError::Truncated`], [`StreamError::Broken`].
    ///
    /// # Cancel safety
    /// Dropped before its end, it has taken nothing from the stream.
    #[track_caller]
    pub fn read_exactly(&mut self, wanted: usize) -> impl Future<Output = Result<Bytes, StreamError>> {
        let exactly = move |cx: &mut Context<'_>| {
            while self.came.len() < wanted {
                if !ready!(self.poll_more(cx))? {
                    return Poll::Ready(Err(StreamError::Truncated {
                        came: self.came.len(),
                        wanted: Some(wanted),
                    }));
                }
            }
            Poll::Ready(Ok(self.take(wanted)))
        };
        waiting("Stream::read_exactly", Location::caller(), poll_fn(exactly))
    }

    /// What is there, as much of it as fits; waits while there is nothing, and is 0 at the end of the stream.
    ///
    /// # Errors
    /// [`StreamError::Broken`].
    ///
    /// # Cancel safety
    /// Dropped before its end, it has taken nothing from the stream.
    #[track_caller]
    pub fn read(&mut self, into: &mut [u8]) -> impl Future<Output = Result<usize, StreamError>> {
        let read = move |cx: &mut Context<'_>| {
            let mut into = ReadBuf::new(into);
            ready!(Pin::new(&mut *self).poll_read(cx, &mut into))?;
            Poll::Ready(Ok(into.filled().len()))
        };
        waiting("Stream::read", Location::caller(), poll_fn(read))
    }

    /// Everything up to the end of the stream, if that is at most `limit` bytes.
    ///
    /// # Errors
    /// [`StreamError::TooLong`], [`StreamError::Broken`]; what came stays in the stream.
    ///
    /// # Cancel safety
    /// Dropped before its end, it has taken nothing from the stream.
    #[track_caller]
    pub fn read_to_end(&mut self, limit: usize) -> impl Future<Output = Result<Bytes, StreamError>> {
        let to_end = move |cx: &mut Context<'_>| {
            loop {
                if self.came.len() > limit {
                    return Poll::Ready(Err(StreamError::TooLong { limit }));
                }
                if !ready!(self.poll_more(cx))? {
                    return Poll::Ready(Ok(self.take(self.came.len())));
                }
            }
        };
        waiting("Stream::read_to_end", Location::caller(), poll_fn(to_end))
    }

    /// The lines of the stream, one after the other.
    pub fn lines(&mut self) -> Lines<'_, T> {
        Lines::new(self)
    }

    pub(super) fn poll_line(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<String>, StreamError>> {
        let Some(line) = ready!(self.poll_until(cx, b'\n'))? else { return Poll::Ready(Ok(None)) };
        let line = line.strip_suffix(b"\n").unwrap_or(&line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        Poll::Ready(match std::str::from_utf8(line) {
            Ok(line) => Ok(Some(line.to_owned())),
            Err(error) => Err(StreamError::NotText { valid: error.valid_up_to() }),
        })
    }

    fn poll_until(
        &mut self,
        cx: &mut Context<'_>,
        delimiter: u8,
    ) -> Poll<Result<Option<Bytes>, StreamError>> {
        loop {
            // A search for another delimiter may have been dropped.
            let seen = if self.searched.1 == delimiter { self.searched.0 } else { 0 };
            let found = self.came[seen..].iter().position(|byte| *byte == delimiter);
            let length = found.map_or(self.came.len(), |at| seen + at + 1);
            if length > self.limit {
                return Poll::Ready(Err(StreamError::TooLong { limit: self.limit }));
            }
            if found.is_some() {
                return Poll::Ready(Ok(Some(self.take(length))));
            }
            self.searched = (length, delimiter);
            if !ready!(self.poll_more(cx))? {
                return Poll::Ready(match self.came.len() {
                    0 => Ok(None),
                    came => Err(StreamError::Truncated { came, wanted: None }),
                });
            }
        }
    }

    /// Reads what is there into the buffer; false: the stream has ended.
    pub(super) fn poll_more(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, StreamError>> {
        if self.ended {
            return Poll::Ready(Ok(false));
        }
        self.came.reserve(ROOM);
        let read = ready!(poll_read_buf(Pin::new(&mut self.io), cx, &mut self.came))?;
        self.ended = read == 0;
        Poll::Ready(Ok(read > 0))
    }

    /// The first bytes of the buffer.
    pub(super) fn take(&mut self, length: usize) -> Bytes {
        self.searched = (0, 0);
        self.came.split_to(length).freeze()
    }
}

/// What is in the buffer first, then past it: a large read costs no copy.
impl<T: AsyncRead + Unpin> AsyncRead for Stream<T> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.came.is_empty() {
            return if this.ended { Poll::Ready(Ok(())) } else { Pin::new(&mut this.io).poll_read(cx, into) };
        }
        let length = into.remaining().min(this.came.len());
        into.put_slice(&this.came[..length]);
        this.came.advance(length);
        this.searched = (0, 0);
        Poll::Ready(Ok(()))
    }
}
