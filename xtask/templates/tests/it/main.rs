//! The integration tests of par-foo; a new chapter is a `mod` here, not another binary.

use par_foo::{FooConfig, FooExecutor};

#[test]
fn conformance() {
    par_core::testing::check(&FooExecutor::new(FooConfig::default()).unwrap());
}
