//! A blocked loop is reported while it still blocks, with the line that spawned what blocks it.
//!
//! Debug mode watches an event loop from a thread of its own. A task that computes, or waits, without awaiting keeps
//! everybody else on the loop waiting, silently without debug mode. What failed or was never awaited is reported, too.
//!
//! Run it: `cargo run -p par-async --example async_debug`
//!
//! Expected output:
//! ```text
//! blocked while it runs: task `greedy`
//! slow in the end: task `greedy`
//! never awaited: sleep
//! failed, and nobody looked: task `careless`
//! ```

use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use par_async::{EventLoop, Report, Work, sleep};

fn name(work: &Work) -> String {
    // Its place is known, too: this file.
    assert_eq!(work.at.file(), file!());
    work.name.as_ref().map_or_else(|| work.what.to_owned(), |name| format!("{} `{name}`", work.what))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A panic is expected here, and its message would only be in the way.
    std::panic::set_hook(Box::new(|_| {}));
    let (sender, reports) = channel();
    let report_to = move |report: &Report| drop(sender.send(report.clone()));
    let events = EventLoop::builder().debug(true).report_to(report_to).build()?;

    // It ends when it is reported, so the report came while it blocked.
    let greedy = events.create_named_task("greedy", async move {
        let begun = Instant::now();
        let report = reports.recv_timeout(Duration::from_secs(10));
        (report, begun.elapsed(), reports)
    })?;
    let (report, after, reports) = events.run_until_complete(greedy)??;
    let Report::Blocked { work, elapsed } = report? else { return Err("it blocks".into()) };
    println!("blocked while it runs: {}", name(&work));
    assert!(elapsed >= Duration::from_millis(100) && after < Duration::from_secs(1));
    let Report::Slow { work, .. } = reports.recv()? else { return Err("it was slow".into()) };
    println!("slow in the end: {}", name(&work));

    events.run_until_complete(async { drop(sleep(Duration::from_secs(1))) })?;
    let Report::NeverAwaited { work } = reports.recv()? else { return Err("nobody awaits it".into()) };
    println!("never awaited: {}", name(&work));

    drop(events.create_named_task("careless", async { panic!("out of luck") })?);
    events.run_until_complete(sleep(Duration::ZERO))?;
    // With RUST_BACKTRACE the panic itself is slow, and is reported as such before.
    let unseen = reports.iter().find_map(|report| match report {
        Report::NeverRetrieved { work, failure } => Some((work, failure)),
        _ => None,
    });
    let (work, failure) = unseen.ok_or("nobody looks")?;
    assert!(failure.contains("out of luck"));
    println!("failed, and nobody looked: {}", name(&work));
    events.close()?;
    assert!(reports.try_recv().is_err(), "nothing else is wrong");
    Ok(())
}
