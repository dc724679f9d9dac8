//! A process that hangs says where.

use std::time::Duration;

use par_async::{Redirect, Runner, Signal, TaskGroup, dump_on, dump_on_signal, sleep, timeout};

use super::{again, is_child, live};

/// In the child: a task waits, and the only worker is blocked for good.
fn hang() {
    dump_on_signal().expect("it listens");
    dump_on_signal().expect("again");
    dump_on(Signal::HANGUP).expect("another one");
    Runner::builder()
        .current_thread()
        .name("the service")
        .build()
        .expect("it starts")
        .run(async {
            TaskGroup::<std::convert::Infallible>::builder()
                .name("workers")
                .scope(|group| async move {
                    group.task("sleeper").spawn(async {
                        sleep(Duration::from_hours(1)).await;
                        Ok(())
                    });
                    sleep(Duration::from_millis(1)).await;
                    eprintln!("blocked");
                    // What nobody should do, and what a dump is for.
                    std::thread::sleep(Duration::from_secs(50));
                    Ok(())
                })
                .await
        })
        .expect("it ends")
        .expect("no failure");
}

#[test]
fn a_blocked_process_prints_its_tree() {
    if is_child() {
        return hang();
    }
    live("a dump", async {
        let command = again("io::dump::a_blocked_process_prints_its_tree").stdout(Redirect::Null);
        let mut child = command.spawn().expect("this program runs");
        let mut stderr = child.stderr.take().expect("a pipe");
        let tree = timeout(Duration::from_secs(20), async {
            while stderr.read_line().await.expect("text").as_deref() != Some("blocked") {}
            let mut tree = String::new();
            for signal in [Signal::USER_1, Signal::HANGUP] {
                child.signal(signal).expect("it runs");
                while !tree.contains("sleep (") || !tree.contains(&format!("--- {signal}")) {
                    tree.push_str(&stderr.read_line().await.expect("text").expect("more"));
                    tree.push('\n');
                }
            }
            tree
        })
        .await
        .expect("it answers while it is blocked");
        let file = file!().rsplit('/').next().expect("a name");
        for part in ["main ", "`the service` (", "TaskGroup `workers` (", "`sleeper` (", "sleep (", file] {
            assert!(tree.contains(part), "no {part} in\n{tree}");
        }
        assert!(
            tree.starts_with(&format!("--- SIGUSR1: the tasks of process {}", child.id().expect("it runs")))
        );
        assert_eq!(tree.matches("--- SIGUSR1").count(), 1, "one thread answers:\n{tree}");
    });
}
