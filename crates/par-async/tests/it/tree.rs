//! The tree of tasks.

use std::convert::Infallible;
use std::time::Duration;

use par_async::{Runner, TaskGroup, all_tasks, current, sleep, tasks_snapshot, timeout};
use tokio::time::sleep as raw_sleep;

/// The lines of the tree, without what is before the last folder of a path, nor the numbers of tasks.
fn shown() -> Vec<String> {
    let all = tasks_snapshot();
    let mine = all.roots.iter().filter(|root| root.name.as_deref() == Some("the tree"));
    let tree = par_async::Snapshot { roots: mine.cloned().collect() }.to_string();
    tree.lines().map(str::to_owned).collect()
}

#[test]
fn who_waits_for_whom_since_when_and_where() {
    let lines = Runner::builder()
        .paused_clock()
        .name("the tree")
        .build()
        .expect("it starts")
        .run(async {
            TaskGroup::<Infallible>::scope(|group| async move {
                group.task("one").spawn(async {
                    raw_sleep(Duration::from_secs(2)).await;
                    timeout(Duration::from_mins(1), sleep(Duration::from_secs(30))).await.ok();
                    Ok(())
                });
                let other = group.spawn(async {
                    current().expect("it is one").set_name("two");
                    sleep(Duration::from_secs(10)).await;
                    Ok(())
                });
                raw_sleep(Duration::from_secs(5)).await;
                let lines = shown();
                other.cancel("seen");
                Ok(lines)
            })
            .await
            .expect("infallible")
        })
        .expect("it runs");
    let ends = |line: usize, what: &str, age: &str| {
        let line = &lines[line];
        assert!(line.contains(what) && line.contains(&format!(" ({age}) at ")), "{what}: {lines:#?}");
        assert!(line.contains("tests/it/tree.rs:"), "{line}");
    };
    assert_eq!(lines.len(), 7, "{lines:#?}");
    ends(0, "main ", "5.0s");
    ends(1, "└─ TaskGroup", "5.0s");
    ends(2, "   ├─ task ", "5.0s");
    ends(3, "   │  └─ timeout", "3.0s");
    ends(4, "   │     └─ sleep", "3.0s");
    ends(5, "   └─ task ", "5.0s");
    ends(6, "      └─ sleep", "5.0s");
}

#[test]
fn tasks_are_listed_while_they_are() {
    let runner = Runner::builder().workers(2).build().expect("it starts");
    let before = runner.run(async {
        TaskGroup::<Infallible>::scope(|group| async move {
            let task = group.task("listed").spawn(async {
                sleep(Duration::from_mins(10)).await;
                Ok(())
            });
            let me = task.task().expect("its group runs").clone();
            assert!(all_tasks().contains(&me));
            task.cancel("listed");
            drop(task.await);
            Ok(me)
        })
        .await
        .expect("infallible")
    });
    assert!(!all_tasks().contains(&before.expect("it runs")));
}

/// Each level is a task in a group of its own, so it is on no stack; nor may its end be.
#[test]
fn a_task_at_the_end_of_a_long_line_may_be_kept() {
    fn down(levels: u32) -> std::pin::Pin<Box<dyn Future<Output = Result<par_async::Task, String>> + Send>> {
        Box::pin(async move {
            if levels == 0 {
                // Nor is the tree read, written or dropped to the bottom.
                let tree = tasks_snapshot().to_string();
                assert!(tree.lines().any(|line| line.trim_start().starts_with("└─ deeper (")), "{tree}");
                return current().ok_or_else(|| "it is one".to_owned());
            }
            let below = TaskGroup::<String>::scope(|group| async move {
                group.spawn(down(levels - 1)).await.map_err(|error| error.to_string())
            });
            below.await.map_err(|error| error.to_string())
        })
    }
    let last = Runner::builder()
        .workers(2)
        .build()
        .expect("it starts")
        .run(async { down(50_000).await })
        .expect("it runs")
        .expect("nobody fails");
    assert!(!all_tasks().contains(&last));
    drop(last);
}
