//! Groups of tasks.

use std::time::Duration;

use par_async::{TaskGroup, sleep, testing};

#[test]
fn a_failure_cancels_the_siblings() {
    let error = testing::run(async {
        TaskGroup::<String>::scope(|group| async move {
            let slow = group.spawn(async {
                sleep(Duration::from_secs(3600)).await;
                Ok(1)
            });
            group.task("bad").spawn(async { Err::<(), _>("no".to_owned()) });
            Ok(slow.await)
        })
        .await
        .expect_err("it fails")
    })
    .expect("it runs");
    assert_eq!(error.failures.len(), 1);
}
