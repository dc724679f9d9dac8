//! What every executor does, whatever the number of ranks.

use par_core::testing;

use crate::hosted::Hosted;

fn conforms(ranks: usize) {
    let conformance = testing::check(&Hosted::new(ranks));
    println!("{conformance}");
    testing::check_shutdown(|| Hosted::new(ranks));
}

#[test]
fn a_rank_alone() {
    conforms(1);
}

#[test]
fn one_worker() {
    conforms(2);
}

#[test]
fn two_workers() {
    conforms(3);
}

#[test]
fn four_workers() {
    conforms(5);
}
