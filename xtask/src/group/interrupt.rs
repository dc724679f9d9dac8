//! Ctrl-C, as a flag that every wait looks at, so that a command can still write down what it has.

use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::exit::Exit;

static ASKED: AtomicBool = AtomicBool::new(false);
static INSTALL: Once = Once::new();

/// From here on Ctrl-C, SIGTERM and SIGHUP end the child that runs, and no other one starts.
///
/// The second one ends xtask at once, and its guardian what is left.
pub(crate) fn install() {
    INSTALL.call_once(|| {
        let handler = || {
            if ASKED.swap(true, Ordering::SeqCst) {
                std::process::exit(i32::from(Exit::Interrupted.code()));
            }
        };
        if let Err(error) = ctrlc::set_handler(handler) {
            eprintln!("warning: Ctrl-C will leave the clearing up to the guardian: {error}");
        }
    });
}

/// Whether somebody wants this to stop.
pub(crate) fn is_asked() -> bool {
    ASKED.load(Ordering::SeqCst)
}
