//! The model of a world under the suite that every world passes.

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
