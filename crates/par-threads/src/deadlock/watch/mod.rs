//! The explainer itself: see the README beside this module for why it is right.
#![doc = include_str!("README.md")]

mod announce;
#[cfg_attr(not(test), expect(dead_code, reason = "for the joins of threads of our own"))]
mod mark;
mod order;
mod reduce;
mod resource;
mod tasks;
mod thread;
mod tracked;
mod waits;

pub(super) use announce::{on_report, reports};
pub(super) use tasks::observe;
pub(crate) use tracked::{Hold, Tracked};
pub(super) use waits::waits;
