//! Looking inside (Python 3.14's `asyncio pstree`): what every task of a small service waits for, since when, and where.
//!
//! The tree comes from inside, by a call; the ages are those of the clock of a test. And it comes from outside: after
//! `dump_on_signal`, `kill -USR1` makes a process print it to stderr, from a thread of its own, even while every worker is
//! blocked, as in the second half.
//!
//! Run it: `cargo run -p par-async --example async_snapshot`
//!
//! Expected output (with other numbers of tasks, perhaps):
//! ```text
//! main 1 `service` (65.0s) at crates/par-async/examples/async_snapshot.rs:64
//! └─ TaskGroup `tasks` (65.0s) at crates/par-async/examples/async_snapshot.rs:44
//!    ├─ task 3 `reader` (65.0s) at crates/par-async/examples/async_snapshot.rs:45
//!    │  └─ Stream::read_line (65.0s) at crates/par-async/examples/async_snapshot.rs:35
//!    ├─ task 4 `clerk` (65.0s) at crates/par-async/examples/async_snapshot.rs:46
//!    │  └─ timeout (65.0s) at crates/par-async/examples/async_snapshot.rs:40
//!    │     └─ sleep (65.0s) at crates/par-async/examples/async_snapshot.rs:40
//!    └─ task 5 `beat` (65.0s) at crates/par-async/examples/async_snapshot.rs:47
//!       └─ Interval::tick (5.0s) at crates/par-async/examples/async_snapshot.rs:50
//! asked from outside while it is blocked, the service answers: 9 lines
//! ```

use std::convert::Infallible;
use std::time::Duration;

use par_async::{
    Command, Runner, Signal, Stream, TaskGroup, dump_on_signal, interval, run, sleep, tasks_snapshot, timeout,
};

/// A service of three tasks; `look` is called when it has run for 65 seconds.
async fn service(look: impl FnOnce()) {
    let (pipe, _open) = tokio::io::duplex(64);
    let reader = async move {
        let mut stream = Stream::new(pipe);
        stream.read_line().await.ok(); // a line that never comes
        Ok(())
    };
    let clerk = || async {
        let hour = Duration::from_hours(1);
        timeout(hour, sleep(hour)).await.ok();
        Ok(())
    };
    let tasks = TaskGroup::<Infallible>::builder().name("tasks");
    let scope = tasks.scope(|group| async move {
        group.task("reader").spawn(reader);
        group.task("clerk").spawn(clerk());
        group.task("beat").spawn(async {
            let mut ticks = interval(Duration::from_secs(10));
            loop {
                ticks.tick().await;
            }
            #[expect(unreachable_code, reason = "it says of which type the task is")]
            Ok(())
        });
        sleep(Duration::from_secs(65)).await;
        look();
        group.cancel("seen");
        Ok(())
    });
    scope.await.ok();
}

fn serve(look: impl FnOnce()) -> Result<(), par_async::RunnerError> {
    Runner::builder().paused_clock().name("service").build()?.run(service(look))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    if std::env::args().nth(1).as_deref() == Some("blocked") {
        dump_on_signal()?;
        serve(|| {
            println!("blocked");
            // What no task should do: the only worker stands still.
            std::thread::sleep(Duration::from_secs(30));
        })?;
        return Ok(());
    }

    let mut tree = String::new();
    serve(|| tree = tasks_snapshot().to_string())?;
    println!("{tree}");
    for part in [
        "`service` (65.0s)",
        "`reader`",
        "Stream::read_line (65.0s)",
        "timeout (65.0s)",
        "Interval::tick (5.0s)",
    ] {
        assert!(tree.contains(part), "no {part}");
    }

    let dumped = run(async {
        let mut process = Command::new(std::env::current_exe()?).arg("blocked").spawn()?;
        let mut said = process.stdout.take().ok_or("it has a pipe")?;
        assert_eq!(said.read_line().await?.as_deref(), Some("blocked"));
        process.signal(Signal::USER_1)?;
        let mut dump = process.stderr.take().ok_or("it has a pipe")?;
        let mut lines = vec![dump.read_line().await?.ok_or("it answers")?];
        while lines.len() <= tree.lines().count() {
            lines.push(dump.read_line().await?.ok_or("it answers")?);
        }
        // Dropped here, the process is killed.
        Ok::<_, Box<dyn std::error::Error>>(lines)
    })??;
    assert!(dumped[0].starts_with("--- SIGUSR1: the tasks of process"));
    assert!(dumped.iter().any(|line| line.contains("Stream::read_line (")), "{dumped:?}");
    println!("asked from outside while it is blocked, the service answers: {} lines", dumped.len() - 1);
    Ok(())
}
