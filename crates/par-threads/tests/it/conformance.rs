//! The suite that every executor passes.

use par_core::testing::{check, check_shutdown};
use par_threads::ThreadPool;

#[test]
fn thread_pool() {
    for workers in [1, 2, 4] {
        let make = || ThreadPool::builder().workers(workers).queue_bound(500).build().expect("threads start");
        print!("{}", check(&make()));
        check_shutdown(make);
    }
}

#[test]
fn rayon_pool() {
    for workers in [1, 2, 4] {
        let builder = || ThreadPool::builder().workers(workers).queue_bound(500);
        let make = || builder().build_rayon().expect("threads start");
        print!("{}", check(&make()));
        check_shutdown(make);
    }
}
