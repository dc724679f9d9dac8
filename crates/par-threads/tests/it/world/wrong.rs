//! Programs that are wrong, and what a checked world says of them.

use std::time::Duration;

use par_core::testing::{Wrong, within};
use par_threads::ThreadWorld;

/// A wrong program ends within this.
const LIMIT: Duration = Duration::from_secs(10);

#[test]
fn every_wrong_program_ends_with_what_is_wrong() {
    let world = ThreadWorld::builder().ranks(Wrong::RANKS).checked(true).build().unwrap();
    for wrong in Wrong::ALL {
        let outcome = within(LIMIT, "a wrong program", || world.run(&wrong));
        wrong.check(&outcome.expect_err("a wrong program fails")).unwrap();
    }
}
