//! Drives par.
fn main() {}
