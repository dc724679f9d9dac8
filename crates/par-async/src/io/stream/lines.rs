//! Line after line.

use std::future::poll_fn;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::AsyncRead;

use super::Stream;
use crate::io::StreamError;
use crate::task::waiting;

/// The lines of a [`Stream`]; from [`Stream::lines`]. Also a `futures` stream, for its combinators.
///
/// # Examples
/// ```
/// use par_async::Stream;
///
/// # par_async::testing::run(async {
/// let mut stream = Stream::new(&b"one\r\n\ntwo\nth"[..]);
/// let mut lines = stream.lines();
/// let mut seen = Vec::new();
/// let error = loop {
///     match lines.next().await {
///         Ok(Some(line)) => seen.push(line),
///         Ok(None) => panic!("the last line has no end"),
///         Err(error) => break error,
///     }
/// };
/// assert_eq!(seen, ["one", "", "two"]);
/// assert!(error.to_string().contains("after 2 bytes"), "{error}");
/// assert_eq!(&stream.read_to_end(100).await?[..], b"th");
/// # Ok::<(), par_async::StreamError>(())
/// # }).unwrap().unwrap();
/// ```
#[derive(Debug)]
pub struct Lines<'s, T> {
    stream: &'s mut Stream<T>,
    /// Whether there was an error: as a `futures` stream it is over then.
    failed: bool,
}

impl<'s, T: AsyncRead + Unpin> Lines<'s, T> {
    pub(super) const fn new(stream: &'s mut Stream<T>) -> Self {
        Self { stream, failed: false }
    }

    /// The next line; see [`Stream::read_line`].
    ///
    /// # Errors
    /// As [`Stream::read_line`].
    ///
    /// # Cancel safety
    /// Dropped before its end, it has taken nothing from the stream.
    #[track_caller]
    #[expect(clippy::should_implement_trait, reason = "an asynchronous one; the name is the usual one")]
    pub fn next(&mut self) -> impl Future<Output = Result<Option<String>, StreamError>> {
        waiting("Lines::next", Location::caller(), poll_fn(|cx| self.stream.poll_line(cx)))
    }
}

impl<T: AsyncRead + Unpin> futures_util::Stream for Lines<'_, T> {
    type Item = Result<String, StreamError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.failed {
            return Poll::Ready(None);
        }
        this.stream.poll_line(cx).map(|line| {
            this.failed = line.is_err();
            line.transpose()
        })
    }
}
