//! Checked communicators: wrong programs are explained, right ones are let alone.

mod ending;
mod lines;
mod right;

use std::time::{Duration, Instant};

use par_core::comm::Checked;
use par_core::testing::comm::check_communicator;
use par_core::testing::{ModelWorld, Wrong, within};

const LIMIT: Duration = Duration::from_secs(10);

#[test]
fn every_wrong_program_is_explained() {
    for wrong in Wrong::ALL {
        within(LIMIT, &format!("{wrong:?}"), || {
            let begun = Instant::now();
            let outcome = ModelWorld::new(Wrong::RANKS).run_fn(|comm| Checked::run(&wrong, comm));
            let error = outcome.expect_err("the program is wrong");
            println!("{wrong:?} after {:?}\n{error}\n", begun.elapsed());
            wrong.check(&error).expect("the report says what is wrong");
        });
    }
}

#[test]
fn a_checked_model_of_3_ranks_passes_the_suite() {
    check_communicator("Checked<ModelWorld>", |suite| {
        ModelWorld::new(3).run_fn(|comm| Checked::run(suite, comm))
    });
}

#[test]
fn a_checked_model_of_7_ranks_passes_the_suite() {
    check_communicator("Checked<ModelWorld>", |suite| {
        ModelWorld::new(7).run_fn(|comm| Checked::run(suite, comm))
    });
}
