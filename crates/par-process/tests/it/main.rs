//! Everything about worker processes; the program is its own worker, hence no libtest.
fn main() {
    par_process::init();
}
