//! One iterator for many threads.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

use parking_lot::ReentrantMutex;

/// One iterator that many threads take from: every item goes to exactly one of them. Clones are the same iterator.
///
/// Python's `threading.serialize_iterator`. The items come in order, each to whichever thread asks next; one thread at a
/// time is inside the iterator. After its end every thread gets `None`, whatever the iterator would do.
/// If the iterator panics, the panic goes on in the thread that had asked, and for the others it is the end.
///
/// For work that is worth a lock per item. Where the items can be split beforehand, a parallel `map` of a pool is faster.
///
/// # Panics
/// `next` panics when the iterator asks itself for an item, which would wait for ever.
///
/// # Examples
/// ```
/// use par_threads::{SharedIterator, thread};
///
/// let lines = SharedIterator::new("to be or not to be".split(' '));
/// let lengths = thread::scope(|s| {
///     let readers = [(); 3].map(|()| s.spawn(|| lines.clone().map(str::len).sum::<usize>()));
///     readers.into_iter().map(|reader| reader.join()).sum::<Result<usize, _>>()
/// });
/// assert_eq!(lengths?, 13);
/// # Ok::<(), par_threads::thread::ThreadPanic>(())
/// ```
pub struct SharedIterator<I> {
    /// Reentrant, so that an iterator which asks itself is found out instead of waiting.
    source: Arc<ReentrantMutex<RefCell<Source<I>>>>,
}

struct Source<I> {
    iterator: I,
    ended: bool,
}

impl<I: Iterator> SharedIterator<I> {
    /// Shares an iterator.
    ///
    /// # Examples
    /// ```
    /// use par_threads::SharedIterator;
    /// let mut one = SharedIterator::new(1..=3);
    /// let mut other = one.clone();
    /// assert_eq!((one.next(), other.next(), one.next(), other.next()), (Some(1), Some(2), Some(3), None));
    /// ```
    pub fn new(iterator: impl IntoIterator<IntoIter = I>) -> Self {
        let source = Source { iterator: iterator.into_iter(), ended: false };
        Self { source: Arc::new(ReentrantMutex::new(RefCell::new(source))) }
    }
}

impl<I: Iterator> Iterator for SharedIterator<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        let source = self.source.lock();
        let Ok(mut source) = source.try_borrow_mut() else {
            panic!("the iterator of a SharedIterator asks itself for an item, which would wait for ever");
        };
        if source.ended {
            return None;
        }
        // What a panic leaves behind is not asked again.
        source.ended = true;
        let item = source.iterator.next();
        source.ended = item.is_none();
        item
    }
}

impl<I> Clone for SharedIterator<I> {
    fn clone(&self) -> Self {
        Self { source: Arc::clone(&self.source) }
    }
}

impl<I> fmt::Debug for SharedIterator<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedIterator").finish_non_exhaustive()
    }
}
