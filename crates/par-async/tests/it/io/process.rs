//! Other programs, and that nothing is left of them.

use std::cell::Cell;
use std::fs;
use std::time::{Duration, Instant};

use par_async::testing::cancel_everywhere;
use par_async::{Command, Exit, ProcessError, Redirect, Signal, TaskGroup, sleep, timeout};

use super::live;

fn sh(script: &str) -> Command {
    Command::new("sh").args(["-c", script])
}

/// Whether there is such a process, be it a zombie.
fn there(pid: u32) -> bool {
    fs::exists(format!("/proc/{pid}")).expect("there is /proc")
}

async fn gone(pid: u32) {
    timeout(Duration::from_secs(10), async {
        while there(pid) {
            sleep(Duration::from_millis(2)).await;
        }
    })
    .await
    .expect("it is gone in time");
}

#[test]
fn both_pipes_are_read_while_the_input_is_written() {
    live("a conversation", async {
        // Each pipe holds 64 KiB: written one after the other, these would stand still.
        let input = vec![b'x'; 1 << 20];
        let output = sh("tee /dev/stderr").communicate(&input).await.expect("no failure");
        assert_eq!(
            (output.exit, output.stdout.len(), output.stderr.len()),
            (Exit::Code(0), 1 << 20, 1 << 20)
        );
        let unread = sh("exit 0").communicate(&input).await.expect("it need not read");
        assert!(unread.stdout.is_empty());
    });
}

#[test]
fn failures_say_what_happened() {
    live("failures", async {
        let error = sh("echo something else >&2; echo it is broken >&2; exit 3")
            .communicate("")
            .await
            .expect_err("3");
        assert_eq!(error.to_string(), "`sh` ended with code 3; its last words: it is broken");
        assert!(matches!(error, ProcessError::Failed { output, .. } if output.exit == Exit::Code(3)));
        let error = sh("kill -SEGV $$").communicate("").await.expect_err("a fault");
        assert_eq!(error.to_string(), "`sh` was ended by SIGSEGV; it wrote nothing to its stderr");
        let error = Command::new("no-such-program").communicate("").await.expect_err("missing");
        assert_eq!(error.to_string(), "there is no program `no-such-program`; install it, or give its path");
        let error = sh("exit 0").directory("/no/such/place").communicate("").await.expect_err("missing");
        assert!(error.to_string().contains("`/no/such/place`, where it was to start"), "{error}");
        let error = Command::new("/etc/passwd").communicate("").await.expect_err("no program");
        assert!(matches!(error, ProcessError::Start { .. }), "{error}");
    });
}

#[test]
fn arguments_and_surroundings_arrive() {
    live("arguments", async {
        let command =
            Command::new("sh").args(["-c", r#"echo "$1|$TOLD|$HOME|$(pwd)""#, "sh", "a  b*"]).env_clear();
        let command = command.env("TOLD", "yes").env("HOME", "x").env_remove("HOME").directory("/");
        let output = command.communicate("").await.expect("no failure");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "a  b*|yes||/\n");
        let output =
            sh("echo away; cat").stdout(Redirect::Null).stdin(Redirect::Null).communicate("in").await;
        assert!(output.expect("no failure").stdout.is_empty());
    });
}

#[test]
fn a_flood_of_output_is_stopped() {
    live("a flood", async {
        for (script, expected) in [("yes", "stdout"), ("yes >&2", "stderr")] {
            let error = sh(script).output_limit(100_000).communicate("").await.expect_err("it floods");
            assert!(
                matches!(error, ProcessError::TooMuchOutput { limit: 100_000, pipe, .. } if pipe == expected),
                "{error}"
            );
        }
    });
}

#[test]
fn a_timeout_asks_first_and_then_kills() {
    live("timeouts", async {
        let short = Duration::from_millis(200);
        let error = Command::new("sleep").arg("50").timeout(short).communicate("").await.expect_err("slow");
        assert!(
            matches!(error, ProcessError::TimedOut { ended: Exit::Signal(Signal::TERMINATE), .. }),
            "{error}"
        );
        let deaf = sh("trap '' TERM; while :; do sleep 0.1; done").timeout(short).grace(short);
        let begun = Instant::now();
        let error = deaf.communicate("").await.expect_err("slow");
        assert!(matches!(error, ProcessError::TimedOut { ended: Exit::Signal(Signal::KILL), .. }), "{error}");
        assert!(begun.elapsed() >= 2 * short);
        let polite = sh("trap 'exit 7' TERM; while :; do sleep 0.1; done").timeout(short);
        let error = polite.communicate("").await.expect_err("slow");
        assert!(matches!(error, ProcessError::TimedOut { ended: Exit::Code(7), .. }), "{error}");
    });
}

#[test]
fn a_grandchild_that_holds_the_pipes_is_ended_too() {
    live("a grandchild", async {
        let mut child = sh("sleep 50 & echo $!; wait").spawn().expect("a shell");
        let told = child.stdout.as_mut().expect("a pipe").read_line().await.expect("a line").expect("a line");
        let grandchild = told.parse().expect("a number");
        assert!(there(grandchild));
        child.stop().await.expect("it ends");
        gone(grandchild).await;

        // The shell is gone at once; what it left in the background holds the pipes.
        let command = sh("sleep 50 & exit 0").timeout(Duration::from_millis(200));
        let begun = Instant::now();
        let error = command.communicate("").await.expect_err("somebody may still write");
        assert!(matches!(error, ProcessError::TimedOut { ended: Exit::Code(0), .. }), "{error}");
        assert!(begun.elapsed() < Duration::from_secs(20));
    });
}

#[test]
fn wait_can_be_dropped_and_called_again() {
    live("waits", async {
        let mut child = sh("read line; exit 5").spawn().expect("a shell");
        assert!(there(child.id().expect("it runs")));
        let mut stdin = child.stdin.take().expect("a pipe");
        timeout(Duration::from_millis(20), child.wait()).await.expect_err("it waits for a line");
        stdin.write_all(b"line\n").await.expect("it reads");
        for _ in 0..2 {
            assert_eq!(child.wait().await.expect("it ends"), Exit::Code(5));
        }
        assert_eq!(child.id(), None);
        child.kill().expect("nobody is hit");
    });
}

#[test]
fn nothing_is_left_of_a_cancelled_program() {
    live("cancellations", async {
        for round in 0..50 {
            let (told, pid) = tokio::sync::oneshot::channel();
            TaskGroup::<ProcessError>::scope(|group| async move {
                let task = group.task(format!("round {round}")).spawn(async move {
                    let mut child = sh("trap '' TERM; sleep 50").spawn()?;
                    told.send(child.id().expect("it runs")).ok();
                    child.wait().await
                });
                // In the middle of a wait, or right after the start.
                let pid = pid.await.expect("it starts");
                task.cancel("no longer wanted");
                assert!(task.await.is_err());
                // The task is over, so the program is: no zombie either.
                assert!(!there(pid), "round {round}: {pid} is left");
                Ok(())
            })
            .await
            .expect("no failure");
        }
    });
}

#[test]
fn a_dialogue_may_be_cancelled_anywhere() {
    par_core::testing::within(Duration::from_mins(1), "a dialogue", || {
        let polls = cancel_everywhere(async |cancel| {
            let started = Cell::new(0);
            let victim = async {
                let mut child = Command::new("cat").spawn().expect("it is there");
                started.set(child.id().expect("it runs"));
                let (mut to, mut from) =
                    (child.stdin.take().expect("a pipe"), child.stdout.take().expect("a pipe"));
                to.write_all(b"line\n").await.expect("it reads");
                assert_eq!(from.read_line().await.expect("it writes").as_deref(), Some("line"));
                drop(to);
                assert_eq!(child.wait().await.expect("it ends"), Exit::Code(0));
            };
            // Around it, so that this waits for what is left of it.
            let scope = TaskGroup::<ProcessError>::scope(|_| async { Ok(cancel.run(victim).await) });
            scope.await.expect("no failure");
            assert!(started.get() == 0 || !there(started.get()), "{} is left", started.get());
        });
        assert!(polls >= 2, "{polls}");
    });
}

#[test]
fn fifty_rounds_leave_no_descriptor_and_no_child() {
    if !super::is_child() {
        // Alone in a process: other tests have descriptors and children, too.
        return live("rounds", async {
            let name = "io::process::fifty_rounds_leave_no_descriptor_and_no_child";
            let output = super::again(name).communicate("").await.expect("it passes");
            assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
        });
    }
    live("rounds", async {
        let descriptors = || fs::read_dir("/proc/self/fd").expect("there is /proc").count();
        let round = async |round: u32| {
            sh("cat").communicate("x").await.expect("no failure");
            sh("sleep 50").timeout(Duration::from_millis(1)).communicate("").await.expect_err("slow");
            timeout(Duration::from_millis(u64::from(round % 3)), sh("sleep 50").communicate(""))
                .await
                .expect_err("slow");
            sh("yes").output_limit(10).communicate("").await.expect_err("a flood");
        };
        round(0).await;
        let before = descriptors();
        for number in 0..50 {
            round(number).await;
        }
        assert_eq!(descriptors(), before);
        let children = fs::read_to_string(format!("/proc/self/task/{0}/children", std::process::id()));
        let all = fs::read_dir("/proc/self/task")
            .expect("there is /proc")
            .filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("children")).ok());
        assert_eq!(all.collect::<String>().trim(), "", "{children:?}");
    });
}

#[test]
fn what_was_waited_for_gets_no_signal_for_its_number_may_be_somebody_elses() {
    live("a stop after the end", async {
        // What is left of the group shows who gets the signal.
        let mut child = sh("sleep 60 >/dev/null 2>&1 & echo $!").spawn().expect("it starts");
        let line = child.stdout.as_mut().expect("a pipe").read_line().await.expect("no error");
        let left: u32 = line.expect("a line").parse().expect("a number");
        assert_eq!(child.wait().await.expect("it ends"), Exit::Code(0));
        assert_eq!(child.stop().await.expect("it has ended"), Exit::Code(0));
        sleep(Duration::from_millis(50)).await;
        let state = fs::read_to_string(format!("/proc/{left}/stat"));
        let lives = state.is_ok_and(|state| !state.contains(") Z "));
        Command::new("kill").arg(left.to_string()).communicate("").await.ok();
        gone(left).await;
        assert!(lives, "it was sent a signal");
    });
}

#[test]
fn a_signal_that_cannot_be_sent_is_named() {
    live("a signal", async {
        let child = Command::new("sleep").arg("60").spawn().expect("it starts");
        let error = child.signal(Signal::from_raw(40)).expect_err("a real-time one");
        let says = "the way to `sleep` broke: signal 40 cannot be sent; send one that is not real-time";
        assert_eq!(error.to_string(), says);
    });
}
