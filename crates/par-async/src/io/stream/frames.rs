//! Messages with their length in front.

use std::future::poll_fn;
use std::panic::Location;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BufMut, Bytes};
use tokio::io::{AsyncRead, AsyncWrite};

use super::Stream;
use crate::io::StreamError;
use crate::task::waiting;

/// How long the length in front of a frame is.
const HEAD: usize = 4;

/// Messages over a [`Stream`], each behind its length as a big-endian `u32`, and none longer than a limit.
///
/// # Examples
/// ```
/// use par_async::{Stream, StreamError};
///
/// # par_async::testing::run(async {
/// let (ours, theirs) = tokio::io::duplex(64);
/// let (mut ours, mut theirs) = (Stream::new(ours).frames(16), Stream::new(theirs).frames(16));
/// ours.write(b"one").await?;
/// ours.write(b"").await?;
/// assert_eq!(theirs.read().await?.as_deref(), Some(&b"one"[..]));
/// assert_eq!(theirs.read().await?.as_deref(), Some(&b""[..]));
/// assert!(matches!(ours.write(&[7; 17]).await, Err(StreamError::TooLong { limit: 16 })));
/// drop(ours);
/// assert_eq!(theirs.read().await?, None);
/// # Ok::<(), StreamError>(())
/// # }).unwrap().unwrap();
/// ```
#[derive(Debug)]
pub struct Frames<T> {
    stream: Stream<T>,
    limit: usize,
}

impl<T> Stream<T> {
    /// Messages of at most `limit` bytes each, with their lengths in front.
    pub fn frames(self, limit: usize) -> Frames<T> {
        Frames { stream: self, limit: limit.min(u32::MAX as usize) }
    }
}

impl<T> Frames<T> {
    /// The stream, with what came of the next message in its buffer.
    pub fn into_stream(self) -> Stream<T> {
        self.stream
    }

    /// How long the next message is, once its head is there.
    fn announced(&self) -> Option<usize> {
        // The head stays in the buffer until all of its message is there, so a dropped read forgets nothing.
        self.stream.came.first_chunk::<HEAD>().map(|head| u32::from_be_bytes(*head) as usize)
    }
}

impl<T: AsyncRead + Unpin> Frames<T> {
    /// The next message; `None` at the end of the stream. Memory is taken as it comes, not for what was announced.
    ///
    /// # Errors
    /// [`StreamError::TooLong`], for what the length in front announces; [`StreamError::Truncated`], if the stream ends
    /// within a message, head included; [`StreamError::Broken`]. They come again at the next call.
    ///
    /// # Cancel safety
    /// Dropped before its end, it has taken nothing from the stream.
    #[track_caller]
    pub fn read(&mut self) -> impl Future<Output = Result<Option<Bytes>, StreamError>> {
        waiting("Frames::read", Location::caller(), poll_fn(|cx| self.poll_frame(cx)))
    }

    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, StreamError>> {
        loop {
            let announced = self.announced();
            if announced.is_some_and(|length| length > self.limit) {
                return Poll::Ready(Err(StreamError::TooLong { limit: self.limit }));
            }
            let wanted = HEAD + announced.unwrap_or(0);
            let came = self.stream.came.len();
            if announced.is_some() && came >= wanted {
                let mut frame = self.stream.take(wanted);
                frame.advance(HEAD);
                return Poll::Ready(Ok(Some(frame)));
            }
            if !ready!(self.stream.poll_more(cx))? {
                return Poll::Ready(match came {
                    0 => Ok(None),
                    came => Err(StreamError::Truncated { came, wanted: Some(wanted) }),
                });
            }
        }
    }
}

impl<T: AsyncWrite + Unpin> Frames<T> {
    /// Hands a message to the operating system; waits while the other side does not read.
    ///
    /// # Errors
    /// [`StreamError::TooLong`], and nothing is written; [`StreamError::Broken`].
    ///
    /// # Cancel safety
    /// Dropped before its end, it has taken the whole message or nothing; see [`Stream::write_all`].
    #[track_caller]
    pub fn write(&mut self, message: &[u8]) -> impl Future<Output = Result<(), StreamError>> {
        let at = Location::caller();
        let mut taken = false;
        let write = move |cx: &mut Context<'_>| {
            if !taken {
                let Some(length) = u32::try_from(message.len()).ok().filter(|_| message.len() <= self.limit)
                else {
                    return Poll::Ready(Err(StreamError::TooLong { limit: self.limit }));
                };
                ready!(self.stream.poll_unwritten(cx))?;
                self.stream.left.reserve(HEAD + message.len());
                self.stream.left.put_u32(length);
                self.stream.left.put_slice(message);
                taken = true;
            }
            self.stream.poll_unwritten(cx).map_err(StreamError::from)
        };
        waiting("Frames::write", at, poll_fn(write))
    }

    /// See [`Stream::finish`].
    ///
    /// # Errors
    /// [`StreamError::Broken`].
    ///
    /// # Cancel safety
    /// It may be dropped at any time, and called again.
    #[track_caller]
    pub fn finish(&mut self) -> impl Future<Output = Result<(), StreamError>> {
        self.stream.finish()
    }
}
