//! Debug mode: who blocks a thread, and what was forgotten.
//!
//! A [`Runner`](crate::Runner) or an [`EventLoop`](crate::EventLoop) that was built with `debug(true)` has a thread, the
//! watchdog, that looks several times within the limit (100 ms, if nothing else is said) at what each of its threads
//! polls. What polls for longer is reported while it still blocks, and once more when it is over, with the total.
//!
//! Without debug mode a poll costs one relaxed load more.

mod awaited;
mod report;
mod stint;
mod watchdog;

pub(crate) use awaited::{Awaited, never_awaited};
pub(crate) use report::{Handler, send};
pub use report::{Report, Work, set_report_handler};
pub(crate) use stint::Stint;
pub(crate) use watchdog::{Shift, Watch, Watchdog, on};
