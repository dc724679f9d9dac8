//! The suite on the two executors that need no worker.

use par_core::testing::{check, check_shutdown};
use par_core::{LoopbackExecutor, SerialExecutor};

#[test]
fn serial_executor() {
    print!("{}", check(&SerialExecutor::new()));
    check_shutdown(SerialExecutor::new);
}

#[test]
fn loopback_executor() {
    print!("{}", check(&LoopbackExecutor::new()));
    check_shutdown(LoopbackExecutor::new);
}
