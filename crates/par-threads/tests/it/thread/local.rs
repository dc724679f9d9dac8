//! TH-08: values per thread that belong to an object.

use std::cell::Cell;
use std::sync::{Arc, Barrier};

use par_threads::{ThreadLocal, thread};

#[test]
fn every_thread_has_its_own_and_the_owner_sees_all() {
    let (hits, misses) =
        (Arc::new(ThreadLocal::<Cell<u32>>::new()), Arc::new(ThreadLocal::<Cell<u32>>::new()));
    // All live at once, so none is given the place of another.
    let together = Arc::new(Barrier::new(4));
    let threads = (1..=4).map(|n| {
        let (hits, misses, together) = (Arc::clone(&hits), Arc::clone(&misses), Arc::clone(&together));
        thread::spawn(move || {
            assert!(hits.get().is_none(), "nothing is there before it is made");
            for _ in 0..n {
                let mine = hits.get_or_default();
                mine.set(mine.get() + 1);
            }
            together.wait();
            (hits.get_or_default().get(), misses.get().is_none())
        })
    });
    for (n, handle) in (1..=4).zip(threads.collect::<Vec<_>>()) {
        assert_eq!(handle.join(), Ok((n, true)), "one object's values are not the other's");
    }
    let hits = Arc::into_inner(hits).expect("the threads have ended");
    assert_eq!(hits.into_iter().map(Cell::into_inner).sum::<u32>(), 10, "values outlive their threads");
}
