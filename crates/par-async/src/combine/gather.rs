//! Many futures at once, all of them.

use std::future::Future;
use std::panic::Location;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use crate::task::scoped_as;

/// Runs many futures at once in this task, and yields their outputs in the order in which they were given.
///
/// The first error ends the others: they are dropped, and what ran under them has ended when this returns. Python's
/// `asyncio.gather` lets them go on, unobserved. To let all of them finish, [`gather_all`]; for futures of different
/// types, `tokio::try_join!`; to run them on several threads, a [`TaskGroup`](crate::TaskGroup).
///
/// # Errors
/// The first error that comes.
///
/// # Cancel safety
/// As that of the futures, which are dropped with it.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use par_async::{gather, sleep};
///
/// async fn checked(number: u32) -> Result<u32, String> {
///     sleep(Duration::from_secs(u64::from(10 - number))).await;
///     if number < 5 { Ok(number * number) } else { Err(format!("{number} is too large")) }
/// }
///
/// # par_async::testing::run(async {
/// assert_eq!(gather([1, 2, 3].map(checked)).await, Ok(vec![1, 4, 9]));
/// assert_eq!(gather([1, 5, 6].map(checked)).await, Err("6 is too large".to_owned()));
/// # }).unwrap();
/// ```
#[track_caller]
pub fn gather<T, E, I>(futures: I) -> impl Future<Output = Result<Vec<T>, E>>
where
    I: IntoIterator,
    I::Item: Future<Output = Result<T, E>>,
{
    let (at, futures) = (Location::caller(), numbered(futures));
    scoped_as("gather", at, async move {
        let mut left = futures;
        let mut outputs: Vec<Option<T>> = std::iter::repeat_with(|| None).take(left.len()).collect();
        while let Some((index, output)) = left.next().await {
            outputs[index] = Some(output?);
        }
        Ok(outputs.into_iter().flatten().collect())
    })
}

/// As [`gather`], for futures that need not succeed: it waits for all, whatever they yield.
///
/// It is Python's `gather(…, return_exceptions=True)`.
///
/// # Cancel safety
/// As that of the futures, which are dropped with it.
///
/// # Examples
/// ```
/// # par_async::testing::run(async {
/// let outputs = par_async::gather_all((1..=3).map(|number| async move { 10 / (2 - number % 2) })).await;
/// assert_eq!(outputs, [10, 5, 10]);
/// # }).unwrap();
/// ```
#[track_caller]
pub fn gather_all<I>(futures: I) -> impl Future<Output = Vec<<I::Item as Future>::Output>>
where
    I: IntoIterator,
    I::Item: Future,
{
    let (at, futures) = (Location::caller(), numbered(futures));
    scoped_as("gather_all", at, async move {
        let mut left = futures;
        let mut outputs: Vec<Option<_>> = std::iter::repeat_with(|| None).take(left.len()).collect();
        while let Some((index, output)) = left.next().await {
            outputs[index] = Some(output);
        }
        outputs.into_iter().flatten().collect()
    })
}

/// The futures, each with its place.
fn numbered<I>(futures: I) -> FuturesUnordered<impl Future<Output = (usize, <I::Item as Future>::Output)>>
where
    I: IntoIterator,
    I::Item: Future,
{
    let number = |(index, future): (usize, I::Item)| async move { (index, future.await) };
    futures.into_iter().enumerate().map(number).collect()
}
