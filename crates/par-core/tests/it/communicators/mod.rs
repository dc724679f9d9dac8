//! The model of a world under the suite that every world passes.

mod faulty;
mod laws;

use par_core::testing::ModelWorld;
use par_core::testing::comm::check_communicator;

#[test]
fn the_model_of_1_rank() {
    print!("{}", check_communicator("ModelWorld", |suite| ModelWorld::new(1).run(suite)));
}

#[test]
fn the_model_of_2_ranks() {
    check_communicator("ModelWorld", |suite| ModelWorld::new(2).run(suite));
}

#[test]
fn the_model_of_3_ranks() {
    check_communicator("ModelWorld", |suite| ModelWorld::new(3).run(suite));
}

#[test]
fn the_model_of_4_ranks() {
    check_communicator("ModelWorld", |suite| ModelWorld::new(4).run(suite));
}

#[test]
fn the_model_of_7_ranks() {
    check_communicator("ModelWorld", |suite| ModelWorld::new(7).run(suite));
}

/// Every send waits for its receive: what counts on the transport's memory hangs here.
#[test]
fn the_model_without_memory_for_messages() {
    for ranks in [2, 3, 6] {
        check_communicator("ModelWorld", |suite| ModelWorld::new(ranks).eager_limit(0).run(suite));
    }
}

/// Enough ranks for the algorithms of many.
#[test]
fn the_model_of_many_ranks() {
    check_communicator("ModelWorld", |suite| ModelWorld::new(11).run(suite));
}
