//! Other programs (Python's `asyncio.create_subprocess_exec`): a pipe in both directions, a dialogue, and an end for each.
//!
//! `communicate` writes and reads at the same time, so a megabyte passes through pipes that hold 64 KiB. A program that does
//! not end is asked to, and then killed, with what it started. One that floods is stopped. One whose task is cancelled is
//! gone when the task is, and no zombie is left of it.
//!
//! Run it: `cargo run -p par-async --example async_subprocess`
//!
//! Expected output:
//! ```text
//! a megabyte through `cat`: 1048576 bytes came back
//! a dialogue with `cat`: you said: 6 * 7; then it was ended by SIGTERM
//! `sh` was not done within 200ms; it was asked to end, and was ended by SIGKILL
//! `yes` wrote more than 1000 bytes to its stdout, and was killed; raise its `output_limit`
//! `sh` ended with code 3; its last words: no coffee
//! cancelled: the program is gone
//! ```

use std::time::Duration;

use par_async::{Command, ProcessError, TaskGroup, run, sleep};

/// In no shell, and with no way around its end.
fn deaf() -> Command {
    Command::new("sh").args(["-c", "trap '' TERM; while :; do sleep 0.05; done"])
}

async fn bounds() -> Result<(), Box<dyn std::error::Error>> {
    let passed = Command::new("cat").communicate(vec![b'x'; 1 << 20]).await?;
    println!("a megabyte through `cat`: {} bytes came back", passed.stdout.len());
    assert_eq!(passed.stdout.len(), 1 << 20);

    let mut cat = Command::new("cat").spawn()?;
    let mut to = cat.stdin.take().ok_or("it has a pipe")?;
    let mut from = cat.stdout.take().ok_or("it has a pipe")?;
    to.write_all(b"6 * 7\n").await?;
    let said = from.read_line().await?.unwrap_or_default();
    let ended = cat.stop().await?;
    println!("a dialogue with `cat`: you said: {said}; then it {ended}");
    assert_eq!((&*said, &*ended.to_string()), ("6 * 7", "was ended by SIGTERM"));

    let short = Duration::from_millis(200);
    let late = deaf().timeout(short).grace(short).communicate("").await.expect_err("it never ends");
    println!("{late}");
    assert!(matches!(late, ProcessError::TimedOut { .. }) && late.to_string().ends_with("SIGKILL"));

    let flood = Command::new("yes").output_limit(1_000).communicate("").await.expect_err("it never ends");
    println!("{flood}");
    assert!(matches!(flood, ProcessError::TooMuchOutput { pipe: "stdout", .. }));

    let failed = Command::new("sh").args(["-c", "echo no coffee >&2; exit 3"]).communicate("").await;
    let failed = failed.expect_err("code 3");
    println!("{failed}");
    assert!(failed.to_string().ends_with("no coffee"));
    Ok(())
}

async fn cancelled() -> Result<(), Box<dyn std::error::Error>> {
    let (told, pid) = tokio::sync::oneshot::channel();
    TaskGroup::<ProcessError>::scope(|group| async move {
        let task = group.task("waits for ever").spawn(async move {
            let mut child = deaf().spawn()?;
            told.send(child.id()).ok();
            child.wait().await
        });
        let pid = pid.await.ok().flatten().expect("it has started");
        sleep(Duration::from_millis(20)).await;
        task.cancel("nobody needs the answer");
        assert!(task.await.is_err());
        // Linux keeps a zombie there; elsewhere there is nothing to see.
        assert!(!std::fs::exists(format!("/proc/{pid}")).unwrap_or(false));
        Ok(())
    })
    .await?;
    println!("cancelled: the program is gone");
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    run(async {
        bounds().await?;
        cancelled().await
    })?
}
