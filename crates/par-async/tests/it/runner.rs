//! The runner's end: SIGINT, leftovers, blocking work.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use par_async::{Runner, RunnerError, TaskGroup, sleep};
use par_core::testing::within;

const LIMIT: Duration = Duration::from_secs(30);

/// Which part of `child` a process of this binary plays.
const PART: &str = "PAR_ASYNC_RUNNER_CHILD";

fn say(what: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{what}").and_then(|()| out.flush()).expect("somebody listens");
}

struct Says(&'static str);

impl Drop for Says {
    fn drop(&mut self) {
        say(self.0);
    }
}

fn block_for_ever() {
    let begun = Instant::now();
    // But not longer than anybody waits.
    while begun.elapsed() < LIMIT {
        thread::sleep(Duration::from_millis(5));
    }
    std::process::exit(99);
}

/// Not a test but for the process that a test below starts.
#[test]
fn child() {
    let Ok(part) = std::env::var(PART) else { return };
    let runner = Runner::builder().workers(2).build().expect("a runner");
    match part.as_str() {
        "cancel" => {
            let ended = runner.run(async {
                let _main = Says("main dropped");
                TaskGroup::<String>::scope(|group| async move {
                    group.spawn(async {
                        let _task = Says("task dropped");
                        say("ready");
                        sleep(LIMIT).await;
                        Ok(())
                    });
                    sleep(LIMIT).await;
                    Ok(())
                })
                .await
            });
            assert!(matches!(ended, Err(RunnerError::Interrupted)), "{ended:?}");
            say("interrupted");
            std::process::exit(7);
        }
        "blocked" => drop(runner.run(async {
            say("ready");
            block_for_ever();
        })),
        "after" => {
            runner.run(async {}).expect("it runs");
            say("ready");
            block_for_ever();
        }
        other => panic!("no such part: {other}"),
    }
}

fn start(part: &str) -> (Child, BufReader<impl Read>) {
    let mut child = Command::new(std::env::current_exe().expect("this binary"))
        .args(["--exact", "runner::child", "--nocapture"])
        .env(PART, part)
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(child.stdout.take().expect("it is piped"));
    let mut line = String::new();
    while !line.trim_end().ends_with("ready") {
        line.clear();
        assert!(lines.read_line(&mut line).expect("text") > 0, "it ended before it was ready");
    }
    (child, lines)
}

fn interrupt(child: &Child) {
    let status = Command::new("kill").args(["-INT", &child.id().to_string()]).stderr(Stdio::null()).status();
    status.expect("kill runs");
}

#[cfg(unix)]
fn signal(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(unix)]
#[test]
fn sigint_cancels_the_main_future_and_all_under_it() {
    let (text, status) = within(LIMIT, "an interrupted process", || {
        let (mut child, mut lines) = start("cancel");
        interrupt(&child);
        let mut text = String::new();
        lines.read_to_string(&mut text).expect("text");
        (text, child.wait().expect("it ends"))
    });
    let mut lines: Vec<_> = text.lines().collect();
    // On two threads either may be first; the runner is last.
    lines[..2].sort_unstable();
    assert_eq!(lines, ["main dropped", "task dropped", "interrupted"]);
    assert_eq!(status.code(), Some(7));
}

#[cfg(unix)]
#[test]
fn the_second_sigint_ends_even_a_blocked_process() {
    let (sent, status) = within(LIMIT, "a blocked process", || {
        let (mut child, _lines) = start("blocked");
        let mut sent = 0;
        loop {
            interrupt(&child);
            sent += 1;
            thread::sleep(Duration::from_millis(50));
            if let Some(status) = child.try_wait().expect("it is ours") {
                return (sent, status);
            }
        }
    });
    assert!(sent >= 2, "the first one only asks");
    assert_eq!(signal(status), Some(2), "as by default, which a shell shows as 130");
}

#[cfg(unix)]
#[test]
fn after_the_run_sigint_does_what_it_does_by_default() {
    let status = within(LIMIT, "a process", || {
        let (mut child, _lines) = start("after");
        interrupt(&child);
        child.wait().expect("it ends")
    });
    assert_eq!(signal(status), Some(2));
}

#[test]
fn blocking_work_is_waited_for_within_a_bound() {
    within(LIMIT, "two drops", || {
        let done = Arc::new(AtomicBool::new(false));
        let runner = Runner::builder().workers(1).build().expect("a runner");
        let (does, (go, goes)) = (Arc::clone(&done), channel::<()>());
        let work = async move {
            tokio::task::spawn_blocking(move || {
                goes.recv().ok();
                thread::sleep(Duration::from_millis(20));
                does.store(true, Ordering::SeqCst);
            });
        };
        runner.run(work).expect("it runs");
        drop(go);
        drop(runner);
        assert!(done.load(Ordering::SeqCst), "it is done when the runner is gone");

        let runner = Runner::builder().workers(1).shutdown_timeout(Duration::from_millis(50)).build();
        let runner = runner.expect("a runner");
        let (go, goes) = channel::<()>();
        let (ended, ends) = channel();
        let work = async move {
            tokio::task::spawn_blocking(move || {
                goes.recv().ok();
                ended.send(()).ok();
            });
        };
        runner.run(work).expect("it runs");
        drop(runner);
        assert!(ends.try_recv().is_err(), "it was not waited for any longer");
        drop(go);
        ends.recv().expect("it goes on in the background");
    });
}
