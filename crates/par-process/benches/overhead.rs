//! The price of one task.
fn main() {
    par_process::init();
}
