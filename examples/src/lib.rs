//! Examples of par that need several crates; the workspace's page, whose program must compile.
#![doc = include_str!("../../README.md")]
#![forbid(unsafe_code)]

pub mod worlds;
