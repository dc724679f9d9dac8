//! Who gets the reports.

use std::collections::VecDeque;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use parking_lot::Mutex;

use super::thread;
use crate::deadlock::Report;

/// How many of the latest reports are kept.
const KEPT: usize = 64;

type Handler = Arc<dyn Fn(&Report) + Send + Sync>;

static HANDLER: Mutex<Option<Handler>> = Mutex::new(None);
static LATEST: Mutex<VecDeque<Report>> = Mutex::new(VecDeque::new());

pub(in crate::deadlock) fn on_report(handler: Handler) {
    let former = HANDLER.lock().replace(handler);
    drop(former);
}

pub(in crate::deadlock) fn reports() -> Vec<Report> {
    LATEST.lock().iter().cloned().collect()
}

/// Keeps a report, and gives it to the handler; called with none of the explainer's own locks held.
pub(crate) fn announce(report: &Report) {
    {
        let mut latest = LATEST.lock();
        if latest.len() == KEPT {
            latest.pop_front();
        }
        latest.push_back(report.clone());
    }
    let handler = HANDLER.lock().clone();
    thread::unwatched(|| match handler {
        // The payload's destructor is the user's, too.
        Some(handler) => catch_unwind(AssertUnwindSafe(|| handler(report))).unwrap_or_else(std::mem::forget),
        // A program without a stderr has nobody to tell.
        None => writeln!(std::io::stderr(), "{report}").unwrap_or_default(),
    });
}
