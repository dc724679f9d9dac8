//! TH-24: one iterator for many threads.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::channel;

use par_core::testing::within;
use par_threads::{SharedIterator, thread};

use super::LIMIT;

#[test]
fn every_item_goes_to_one_thread_in_order() {
    let shared = SharedIterator::new(0..20_000);
    let shares = within(LIMIT, "the threads", || {
        thread::scope(|s| {
            let takers = [(); 4].map(|()| s.spawn(|| shared.clone().collect::<Vec<u32>>()));
            takers.map(|taker| taker.join().expect("it does not panic"))
        })
    });
    assert!(shares.iter().all(|share| share.is_sorted()), "each thread sees its items in order");
    let mut all = shares.concat();
    all.sort_unstable();
    assert!(all.into_iter().eq(0..20_000));
}

#[test]
fn the_end_is_the_end() {
    let mut gaps = SharedIterator::new([Some(1), None, Some(3)].into_iter().scan((), |(), item| item));
    assert_eq!((gaps.next(), gaps.next(), gaps.next(), gaps.clone().next()), (Some(1), None, None, None));
}

#[test]
fn a_panic_in_the_iterator_is_the_end_for_the_others() {
    let shared = SharedIterator::new((0..10).inspect(|n| assert!(*n != 3, "no threes here")));
    let mut theirs = shared.clone();
    let unlucky = thread::spawn(move || theirs.by_ref().count());
    let error = within(LIMIT, "the unlucky one", || unlucky.join()).expect_err("it asks for the three");
    assert_eq!(error.panic.message, "no threes here");
    assert_eq!(within(LIMIT, "the other", || shared.clone().next()), None);
}

#[test]
fn an_iterator_that_asks_itself_is_found_out() {
    let (send, receive) = channel::<SharedIterator<Box<dyn Iterator<Item = u32> + Send>>>();
    let myself = std::iter::from_fn(move || receive.recv().ok().and_then(|mut myself| myself.next()));
    let mut shared = SharedIterator::new(Box::new(myself) as Box<dyn Iterator<Item = u32> + Send>);
    send.send(shared.clone()).expect("it listens");
    let asked = within(LIMIT, "asking oneself", || catch_unwind(AssertUnwindSafe(|| shared.next())));
    assert!(asked.is_err());
}
