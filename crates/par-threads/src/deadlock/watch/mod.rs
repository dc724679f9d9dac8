//! The explainer itself: see the README beside this module for why it is right.
#![doc = include_str!("README.md")]

mod announce;
mod order;
mod reduce;
mod resource;
mod tasks;
mod thread;
mod tracked;
mod waits;

pub(super) use announce::{on_report, reports};
pub(crate) use tracked::{Hold, Tracked};
pub(super) use waits::waits;
