//! Bytes in both directions, through buffers that lose nothing when a future is dropped.
//!
//! What was read and not yet returned is in the stream, not in a future: a dropped `read_line` has taken nothing. What was
//! handed over for writing is either written or in the stream: a dropped `write_all` has taken all of it or nothing.

mod connect;
mod frames;
mod lines;
mod read;
mod write;

pub use connect::{connect, connect_unix};
pub use frames::Frames;
pub use lines::Lines;

use std::fmt;

use bytes::BytesMut;
use tokio::net::TcpStream;

/// A connection, or a pipe, with a buffer for what was read, and one for what is to be written.
///
/// Over anything that tokio reads or writes: a [`TcpStream`], half of one, a pipe to a [`Child`](crate::Child),
/// `tokio::io::duplex`. It is itself such a thing, so tokio's own adapters take it.
///
/// Every future of it may be dropped at any time, by a timeout or by a group, and nothing of the stream is lost or torn.
///
/// # Examples
/// ```
/// use par_async::Stream;
///
/// # par_async::testing::run(async {
/// let (ours, theirs) = tokio::io::duplex(64);
/// let (mut ours, mut theirs) = (Stream::new(ours), Stream::new(theirs));
/// ours.write_all(b"hello\nand so on").await?;
/// assert_eq!(theirs.read_line().await?.as_deref(), Some("hello"));
/// assert_eq!(&theirs.read_exactly(3).await?[..], b"and");
/// drop(ours);
/// let error = theirs.read_exactly(10).await.expect_err("it is cut off");
/// assert!(error.to_string().starts_with("the stream ended after 6 bytes of 10"), "{error}");
/// # Ok::<(), par_async::StreamError>(())
/// # }).unwrap().unwrap();
/// ```
pub struct Stream<T = TcpStream> {
    io: T,
    /// Read, and not yet returned.
    came: BytesMut,
    /// Whether the other side has ended.
    ended: bool,
    /// How much of `came` was searched for a delimiter, and for which.
    searched: (usize, u8),
    /// Taken, and not yet written.
    left: BytesMut,
    /// How long a line may be.
    limit: usize,
}

impl<T> Stream<T> {
    /// How long a line may be if nothing else is said: 64 KiB, as in asyncio.
    pub const LINE: usize = 64 * 1024;

    /// A stream over anything that reads or writes.
    pub fn new(io: T) -> Self {
        Self {
            io,
            came: BytesMut::new(),
            ended: false,
            searched: (0, 0),
            left: BytesMut::new(),
            limit: Self::LINE,
        }
    }

    /// A line, or what [`read_until`](Self::read_until) returns, may be so many bytes long, with its end.
    #[must_use]
    pub fn with_limit(self, limit: usize) -> Self {
        Self { limit, ..self }
    }

    /// How long a line may be.
    pub const fn limit(&self) -> usize {
        self.limit
    }

    /// What came and was not yet read from the stream.
    pub fn buffered(&self) -> &[u8] {
        &self.came
    }

    /// How many bytes were taken for writing, and are not written: after a write that was dropped.
    pub fn unwritten(&self) -> usize {
        self.left.len()
    }

    /// What it reads from and writes to.
    pub const fn get_ref(&self) -> &T {
        &self.io
    }

    /// What it reads from and writes to; what is in the buffers is dropped.
    pub fn into_inner(self) -> T {
        self.io
    }

    /// The same buffers over something else.
    pub(crate) fn divide<R, W>(self, halves: impl FnOnce(T) -> (R, W)) -> (Stream<R>, Stream<W>) {
        let (reads, writes) = halves(self.io);
        let reads = Stream {
            io: reads,
            came: self.came,
            ended: self.ended,
            searched: self.searched,
            left: BytesMut::new(),
            limit: self.limit,
        };
        (reads, Stream { left: self.left, limit: self.limit, ..Stream::new(writes) })
    }
}

impl<T> fmt::Debug for Stream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream")
            .field("buffered", &self.came.len())
            .field("ended", &self.ended)
            .field("unwritten", &self.left.len())
            .finish_non_exhaustive()
    }
}
