//! Ctrl-C, as a flag that every wait looks at.

use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

static ASKED: AtomicBool = AtomicBool::new(false);
static INSTALL: Once = Once::new();

/// From here on Ctrl-C, SIGTERM and SIGHUP set the flag instead of ending the process.
pub(super) fn install() {
    INSTALL.call_once(|| {
        // A handler that is there already stays: then Ctrl-C does what that one says.
        if let Err(error) = ctrlc::set_handler(|| ASKED.store(true, Ordering::SeqCst)) {
            eprintln!("warning: Ctrl-C will not write a report: {error}");
        }
    });
}

/// Whether somebody wants this to stop.
pub(super) fn asked() -> bool {
    ASKED.load(Ordering::SeqCst)
}
