//! What a rank that fails says, in one line that names it.

use std::io::Write;
use std::sync::Once;

use par_core::comm::Rank;

/// Prints `rank 2: …` as one line, in one piece, so that those of several ranks do not mix.
pub(crate) fn say(rank: Rank, what: &str) {
    let line = format!("rank {rank}: {}\n", what.trim_end().replace('\n', "; "));
    // A closed pipe is no reason not to end.
    std::io::stderr().write_all(line.as_bytes()).ok();
}

/// Has every panic, after what is said about it anyway, told in a line that names the rank.
///
/// The end of the job is not brought about here: a panic that somebody catches is no end.
pub(crate) fn name_rank_in_panics(rank: Rank, size: usize) {
    static ONCE: Once = Once::new();
    if size == 1 {
        return;
    }
    ONCE.call_once(|| {
        let former = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            former(info);
            let message = info.payload_as_str().unwrap_or("a value that is not text");
            let place = info.location().map(|place| format!(" at {place}")).unwrap_or_default();
            say(rank, &format!("panicked{place}: {message}"));
        }));
    });
}
