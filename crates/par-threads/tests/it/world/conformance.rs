//! The suite that every communicator passes.

use std::time::Duration;

use par_core::testing::comm::check_communicator;
use par_threads::ThreadWorld;

#[test]
fn worlds_of_1_2_3_4_and_7_ranks() {
    for ranks in [1, 2, 3, 4, 7] {
        for checked in [false, true] {
            let world = ThreadWorld::builder().ranks(ranks).checked(checked).build().unwrap();
            check_communicator("ThreadWorld", |suite| world.run(suite));
        }
    }
}

/// Every send waits for its receive, or for next to nothing.
#[test]
fn without_eager_messages() {
    for limit in [0, 8, 100] {
        let world = ThreadWorld::builder().ranks(3).eager_limit(limit).unexpected_limit(2 * limit);
        let world = world.wait_limit(Some(Duration::from_secs(50))).build().unwrap();
        check_communicator("ThreadWorld without eager messages", |suite| world.run(suite));
    }
}
