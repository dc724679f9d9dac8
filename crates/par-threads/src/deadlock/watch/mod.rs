//! The explainer itself: see the README beside this module for why it is right.
#![doc = include_str!("README.md")]

mod announce;
mod mark;
mod notices;
mod order;
mod reduce;
mod resource;
mod roll;
mod scope;
mod stall;
mod target;
mod tasks;
mod thread;
mod tracked;
mod waits;

#[cfg(not(loom))]
pub(crate) use announce::announce;
pub(super) use announce::{on_report, reports};
pub(crate) use mark::ThreadMark;
pub(crate) use notices::Notices;
pub(crate) use roll::{Came, Member, Roll};
pub(crate) use scope::ScopeEnd;
#[cfg(not(loom))]
pub(crate) use stall::{slice, stalled};
pub(super) use tasks::observe;
pub(crate) use tracked::{Asleep, Hold, Tracked};
pub(super) use waits::waits;
